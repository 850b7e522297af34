/** Positions of records and cursors of events: how they are made and compared. Both stores use the same ones. */

/** Maximum number of records that one script reads: Redis does nothing else meanwhile. */
export const PAGE_RECORDS = 1000;

/** Maximum number of records that one call of `list` reads. */
export const MAX_SCANNED = 100 * PAGE_RECORDS;

/** The cursor of a log that never had an entry. */
export const LOG_START = '0-0';

const MS_DIGITS = 15;

/**
 * A record's position in its project: `<created, ms, 15 digits>-<id>`. As text it sorts by creation, then id, so
 * one lexicographic index serves paging and every list. Throws a TypeError for a `createdAt` that is not a time.
 */
export function positionOf(attachment: { id: string; createdAt: string }): string {
  const created = Date.parse(attachment.createdAt);
  if (Number.isNaN(created) || created < 0) {
    throw new TypeError(
      `createdAt of attachment ${attachment.id}: expected an ISO 8601 time, got ${attachment.createdAt}`,
    );
  }
  return `${String(created).padStart(MS_DIGITS, '0')}-${attachment.id}`;
}

/** Orders positions oldest first: by code unit, which for them is by byte, as in Redis. */
export function comparePositions(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether a text can be a cursor: `<ms>-<sequence>`, as Redis writes a stream's ids. */
export function isCursor(text: string): boolean {
  return /^(0|[1-9]\d{0,15})-(0|[1-9]\d{0,15})$/.test(text);
}

/** Orders cursors of one log: negative when `a` is the older one. */
export function compareCursors(a: string, b: string): number {
  const [aMs, aSequence] = parts(a);
  const [bMs, bSequence] = parts(b);
  return aMs - bMs || aSequence - bSequence;
}

function parts(cursor: string): [number, number] {
  const dash = cursor.indexOf('-');
  return [Number(cursor.slice(0, dash)), Number(cursor.slice(dash + 1))];
}
