/** The order of a list, which its cursors carry. */
import { GatewayError } from '../../errors.ts';
import type { OrderDirection } from '../generated.ts';
import { decodeCursor, type Position } from './cursor.ts';

/** The order as a cursor carries it; undefined: newest first. */
export function orderOf(
  orderBy: { readonly field: string; readonly direction?: OrderDirection | null | undefined } | null | undefined,
): string | undefined {
  return orderBy ? `${orderBy.field} ${orderBy.direction ?? 'ASC'}` : undefined;
}

/** The position of a cursor. Throws BAD_USER_INPUT for a foreign cursor, or one from a list in another order. */
export function decodeOrdered<K extends 'server' | 'share'>(
  kind: K,
  cursor: string,
  order: string | undefined,
): Position<K> {
  const position = decodeCursor(kind, cursor);
  if (position.order === order) return position;
  const [expected, got] = [order, position.order].map((one) => one ?? 'the default order');
  throw new GatewayError('BAD_USER_INPUT', `after: expected a cursor from a list in ${expected}, got one in ${got}`);
}
