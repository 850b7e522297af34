/** Loaders of servers and shares by id: few with a GET each, many with one list. */
import DataLoader from 'dataloader';

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

type Loader<T> = DataLoader<string, T | null>;

/** Resources by id. */
export interface ById<T> {
  readonly loader: Loader<T>;
  /**
   * Reads the list in which `count` resources are probably found, unless there are few of them or it was read before, and
   * primes the loader with it. Returns what it read.
   */
  list(count: number): Promise<ReadonlyMap<string, T>>;
}

/**
 * Loads few resources with a GET each, many with one list. One that is missing from the list still gets a GET: it may be
 * another project's public share, in a cell that is down, or beyond the limit.
 */
export function byId<T extends { id: string }>(read: {
  get: (id: string) => Promise<T | null>;
  list: (limit: number) => Promise<T[]>;
}): ById<T> {
  /** The longest list read so far; infinite when it was complete. */
  let listed = 0;
  const loader: Loader<T> = new DataLoader(async (ids) => {
    const found = await list(ids.length);
    return Promise.all(ids.map((id) => found.get(id) ?? read.get(id).catch(asError)));
  });

  async function list(count: number): Promise<ReadonlyMap<string, T>> {
    const limit = listLimit(count);
    if (count < LIST_FROM || limit <= listed) return new Map();
    const items = await read.list(limit);
    listed = items.length < limit ? Number.POSITIVE_INFINITY : limit;
    prime(loader, items);
    return new Map(items.map((item) => [item.id, item]));
  }

  return { loader, list };
}

/** Gives a loader the items of a list. */
export function prime<T extends { id: string }>(loader: Loader<T>, items: readonly T[]): void {
  for (const item of items) loader.prime(item.id, item);
}

/** DataLoader treats an Error among its values as the failure of that key. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
