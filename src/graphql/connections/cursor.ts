import { z } from 'zod';
import { GatewayError } from '../../errors.ts';

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Where reading goes on after a row, for each kind of list. */
const POSITIONS = {
  /** Nova pages by the id of the last server seen. */
  server: z.object({ marker: z.guid() }),
  /** Manila pages by offset; the last share's id and how many were seen keep a page right when rows moved meanwhile. */
  share: z.object({ offset: count, id: z.guid(), seen: count }),
  /** The store's own word for a place in its list. */
  attachment: z.object({ position: z.string().min(1).max(256) }),
};

export type CursorKind = keyof typeof POSITIONS;
export type Position<K extends CursorKind> = z.output<(typeof POSITIONS)[K]>;

const VERSION = 1;
/** Longer than any cursor that we make. */
const MAX_LENGTH = 1024;

/** The opaque cursor of a place in a list: base64url of versioned JSON, so that a later version can tell it is not its own. */
export function encodeCursor<K extends CursorKind>(kind: K, position: Position<K>): string {
  return Buffer.from(JSON.stringify([VERSION, kind, position])).toString('base64url');
}

/** The place behind a cursor; BAD_USER_INPUT for one that we did not make, or that belongs to another list. */
export function decodeCursor<K extends CursorKind>(kind: K, cursor: string): Position<K> {
  const [version, itsKind, position] = parse(cursor);
  const parsed = POSITIONS[kind].safeParse(position);
  if (version === VERSION && itsKind === kind && parsed.success) return parsed.data as Position<K>;
  const came = typeof itsKind === 'string' && itsKind in POSITIONS ? `one of a list of ${itsKind}s` : 'something else';
  throw new GatewayError('BAD_USER_INPUT', `after: expected a cursor from a list of ${kind}s, got ${came}`);
}

function parse(cursor: string): unknown[] {
  if (cursor.length > MAX_LENGTH) return [];
  try {
    const read: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(read) ? read : [];
  } catch {
    return [];
  }
}
