/**
 * The number of servers or shares by id from which on one list replaces a GET each. Neither service filters by several
 * ids (Nova ignores `uuid` for members and lists the whole project; Manila has no such filter). In the gateway's CPU a
 * list of 10 shares costs as much as 2 GETs, one of 50 as 3, of 200 as 8, of 1,000 as about 40.
 */
export const LIST_FROM = 3;
/** The length of that list per id: by the same figures it costs no more than the GETs. */
const LISTED_PER_ID = 25;
/** Nova's default `max_limit`, and a bound on the cost of one list to Manila. */
const LIST_LIMIT = 1000;

/** The length of the list that is read to find `count` resources. */
export function listLimit(count: number): number {
  return Math.min(LIST_LIMIT, LISTED_PER_ID * count);
}
