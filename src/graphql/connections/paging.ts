import { GatewayError } from '../../errors.ts';
import { type CursorKind, encodeCursor, type Position } from './cursor.ts';

/** One item of a list, and the position after it. */
export interface Row<T, P> {
  node: T;
  after: P;
}

/** The result of one read of an upstream list. `next`: the position of the next read; null at the end of the list. */
export interface Batch<T, P> {
  rows: Row<T, P>[];
  next: P | null;
}

/** The content of a connection. `end`: the position of the next page, for an empty page too. */
export interface Page<T, P> {
  rows: Row<T, P>[];
  hasNextPage: boolean;
  end: P | null;
}

export const DEFAULT_PAGE = 50;
export const MAX_PAGE = 200;

/**
 * Maximum number of upstream reads for one page. It is reached only when a filter drops most of what upstream lists: the
 * page is then shorter than `first`, has a next page, and its `endCursor` continues.
 */
export const MAX_READS = 10;

/** The page size: `first`, or the default when it is absent or null. Throws BAD_USER_INPUT outside 1 to 200. */
export function pageSize(first: number | null | undefined, defaultSize = DEFAULT_PAGE): number {
  const size = first ?? defaultSize;
  if (size >= 1 && size <= MAX_PAGE) return size;
  throw new GatewayError('BAD_USER_INPUT', `first: expected 1 to ${MAX_PAGE}, got ${size}`);
}

/**
 * Reads until there are `first` + 1 matching rows, the list ends, or MAX_READS is reached. The extra row tells whether
 * there is a next page, because the services' own signs do not: Nova shows a next link on a last page that is exactly
 * full, and a short page of Manila need not be its last.
 */
export async function collect<T, P>(
  first: number,
  after: P | null,
  read: (after: P | null) => Promise<Batch<T, P>>,
  matches: (node: T) => boolean = () => true,
): Promise<Page<T, P>> {
  const rows: Row<T, P>[] = [];
  let position = after;
  for (let reads = 0; reads < MAX_READS; reads++) {
    const batch = await read(position);
    rows.push(...batch.rows.filter(({ node }) => matches(node)));
    if (rows.length > first) {
      const page = rows.slice(0, first);
      return { rows: page, hasNextPage: true, end: page.at(-1)?.after ?? null };
    }
    if (batch.next === null) return { rows, hasNextPage: false, end: rows.at(-1)?.after ?? null };
    position = batch.next;
  }
  return { rows, hasNextPage: true, end: position };
}

/** Which of some servers or shares have attachments. */
export type FindAttached = (ids: readonly string[]) => Promise<ReadonlySet<string>>;

/** The rows of a batch that have attachments, or those that have none; the batch after it is the same. */
export async function keepAttached<T extends { id: string }, P>(
  { rows, next }: Batch<T, P>,
  isAttached: boolean,
  findAttached: FindAttached,
): Promise<Batch<T, P>> {
  const attached = await findAttached(rows.map(({ node }) => node.id));
  return { rows: rows.filter(({ node }) => attached.has(node.id) === isAttached), next };
}

/** A page as a Relay connection. Paging is forward only, so `hasPreviousPage` is always false. */
export function toConnection<T, K extends CursorKind>(
  kind: K,
  page: Page<T, Position<K>>,
  totalCount: number | null = null,
) {
  const edges = page.rows.map(({ node, after }) => ({ cursor: encodeCursor(kind, after), node }));
  return {
    edges,
    nodes: page.rows.map(({ node }) => node),
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: false,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: page.end === null ? null : encodeCursor(kind, page.end),
    },
    totalCount,
  };
}
