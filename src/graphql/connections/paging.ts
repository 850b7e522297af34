import { GatewayError } from '../../errors.ts';
import { type CursorKind, encodeCursor, type Position } from './cursor.ts';

/** One item of a list, and where reading goes on after it. */
export interface Row<T, P> {
  node: T;
  after: P;
}

/** What one read of an upstream list gave. `next`: where the next read starts; null when there is nothing more. */
export interface Batch<T, P> {
  rows: Row<T, P>[];
  next: P | null;
}

/** What a connection shows. `end`: where the next page starts, also for a page without a row. */
export interface Page<T, P> {
  rows: Row<T, P>[];
  hasNextPage: boolean;
  end: P | null;
}

export const DEFAULT_PAGE = 50;
export const MAX_PAGE = 200;

/**
 * How often one page of a connection asks upstream at the most. It only comes to it where a filter drops most of what
 * upstream lists; the page may then be shorter than `first`, says that there is more, and its `endCursor` goes on.
 */
export const MAX_READS = 10;

/** `first` as given, 50 when left out or null; BAD_USER_INPUT outside 1 to 200. */
export function pageSize(first: number | null | undefined): number {
  const size = first ?? DEFAULT_PAGE;
  if (size >= 1 && size <= MAX_PAGE) return size;
  throw new GatewayError('BAD_USER_INPUT', `first: expected 1 to ${MAX_PAGE}, got ${size}`);
}

/**
 * Reads on until `first` wanted rows and one more are there, the list ends, or MAX_READS are spent. The one more tells
 * whether there is a next page: neither service's own sign can be trusted for that (Nova shows a next link on an
 * exactly full last page, a short page of Manila is not its last).
 */
export async function collect<T, P>(
  first: number,
  after: P | null,
  read: (after: P | null) => Promise<Batch<T, P>>,
  isWanted: (node: T) => boolean = () => true,
): Promise<Page<T, P>> {
  const rows: Row<T, P>[] = [];
  let from = after;
  for (let reads = 0; reads < MAX_READS; reads++) {
    const batch = await read(from);
    rows.push(...batch.rows.filter(({ node }) => isWanted(node)));
    if (rows.length > first) {
      const shown = rows.slice(0, first);
      return { rows: shown, hasNextPage: true, end: shown.at(-1)?.after ?? null };
    }
    if (batch.next === null) return { rows, hasNextPage: false, end: rows.at(-1)?.after ?? null };
    from = batch.next;
  }
  return { rows: rows, hasNextPage: true, end: from };
}

/** A page as a Relay connection. Paging goes forward only, so there is never a previous page to offer. */
export function toConnection<T, K extends CursorKind>(kind: K, page: Page<T, Position<K>>, totalCount: number | null) {
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
