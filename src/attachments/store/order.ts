/** Where positions and cursors come from and how they compare. Both stores speak of the same ones. */

/** How many records a filtered `list` looks at in one call, at the most. */
export const SCAN_LIMIT = 1000;

/** The cursor of a log that never had an entry. */
export const LOG_START = '0-0';

const MS_DIGITS = 15;

/**
 * A record's place among its project's: `<created, ms, 15 digits>-<id>`. As text it sorts by creation, then id, so
 * one lexicographic index serves paging and every list. Throws a TypeError on a `createdAt` that is no time.
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

/** Orders positions oldest first: by code unit, which for them is by byte, as Redis does. */
export function comparePositions(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether a text can be a cursor: `<ms>-<sequence>` as Redis writes a stream's ids. Anything else no log ever had. */
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
