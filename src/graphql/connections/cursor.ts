import { z } from 'zod';
import { GatewayError } from '../../errors.ts';

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** The order of the list, as `orderOf` writes it; absent: newest first. */
const order = z.string().max(64).optional();

/** Manila pages by offset. The last item's id and the number of items seen correct it when rows moved meanwhile. */
const offsetPosition = z.object({ offset: count, id: z.guid(), seen: count, order });

/** The position after an item, for each kind of list. */
const POSITIONS = {
  /** Nova pages by the id of the last server. */
  server: z.object({ marker: z.guid(), order }),
  share: offsetPosition,
  snapshot: offsetPosition,
  /** Nova pages a server's actions by the request id of the last one. */
  action: z.object({ marker: z.string().regex(/^req-[0-9a-f-]{36}$/) }),
  /** The store's opaque position in its list. */
  attachment: z.object({ position: z.string().min(1).max(256) }),
};

export type CursorKind = keyof typeof POSITIONS;
export type Position<K extends CursorKind> = z.output<(typeof POSITIONS)[K]>;

const VERSION = 1;
/** Longer than any cursor of the gateway. */
const MAX_LENGTH = 1024;

/** The opaque cursor of a position: base64url of versioned JSON, so that a later version can reject it. */
export function encodeCursor<K extends CursorKind>(kind: K, position: Position<K>): string {
  return Buffer.from(JSON.stringify([VERSION, kind, position])).toString('base64url');
}

/** The position of a cursor. Throws BAD_USER_INPUT for a foreign cursor or one of another kind of list. */
export function decodeCursor<K extends CursorKind>(kind: K, cursor: string): Position<K> {
  const [version, cursorKind, position] = parse(cursor);
  const parsed = POSITIONS[kind].safeParse(position);
  if (version === VERSION && cursorKind === kind && parsed.success) return parsed.data as Position<K>;
  const isKnownKind = typeof cursorKind === 'string' && cursorKind in POSITIONS;
  const got = isKnownKind ? `one of a list of ${cursorKind}s` : 'something else';
  throw new GatewayError('BAD_USER_INPUT', `after: expected a cursor from a list of ${kind}s, got ${got}`);
}

function parse(cursor: string): unknown[] {
  if (cursor.length > MAX_LENGTH) return [];
  try {
    const json: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(json) ? json : [];
  } catch {
    return [];
  }
}
