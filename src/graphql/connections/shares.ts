import { GatewayError } from '../../errors.ts';
import type { Share } from '../../openstack/manila/types.ts';
import type { Sort } from '../../openstack/sort.ts';
import { anyOf, nameText } from '../arguments.ts';
import {
  type QuerySharesArgs,
  type ShareFilter,
  type ShareOrderField,
  ShareProtocol,
  ShareStatus,
} from '../generated.ts';
import { enumValue } from '../resolvers/upstream-value.ts';
import type { Position } from './cursor.ts';
import { decodeOrdered, orderOf } from './order.ts';
import { type Batch, collect, type FindAttached, keepAttached, MAX_PAGE, pageSize, toConnection } from './paging.ts';

/** One page of Manila's detail list, with the number of shares that match the filters. */
export type ReadShares = (page: {
  limit: number;
  offset: number;
  withCount: true;
  filters: ManilaFilters;
  sort: Sort | null;
}) => Promise<{ shares: Share[]; count: number | null }>;

interface ManilaFilters {
  'name~'?: string;
  status?: string;
  metadata?: Readonly<Record<string, string>>;
  export_location_path?: string;
}

/** Manila's names of the fields. */
const SORT_KEYS: Readonly<Record<ShareOrderField, string>> = {
  CREATED_AT: 'created_at',
  UPDATED_AT: 'updated_at',
  NAME: 'name',
  SIZE: 'size',
};

const MAX_METADATA_LENGTH = 4096;
/** The length of Manila's column (share_instance_export_locations.path). */
const MAX_PATH_LENGTH = 2000;

/**
 * The project's shares as a connection. Manila cannot filter by protocol, nor by more than one status: such a filter is
 * applied here to larger pages, and there is no total; so is `isAttached`, which is asked of the store.
 * @param findAttached which of some shares have attachments
 */
export async function listShares(
  read: ReadShares,
  { first, after, filter, orderBy }: Partial<QuerySharesArgs>,
  findAttached: FindAttached,
) {
  const size = pageSize(first);
  const order = orderOf(orderBy);
  const position = after ? decodeOrdered('share', after, order) : null;
  const { isAttached = null } = filter ?? {};
  const sort = orderBy ? { key: SORT_KEYS[orderBy.field], direction: orderBy.direction ?? 'ASC' } : null;
  const { filters, matches } = splitFilter(filter ?? {});
  const isFiltered = matches !== null || isAttached !== null;
  const limit = isFiltered ? Math.max(size + 1, MAX_PAGE) : size + 1;
  let total: number | null = null;
  const readBatch = async (after: Position<'share'> | null) => {
    const { shares, count } = await read({ limit, offset: after?.offset ?? 0, withCount: true, filters, sort });
    total = count;
    const batch = toBatch(shares, count, after, order);
    return isAttached === null ? batch : await keepAttached(batch, isAttached, findAttached);
  };
  const page = await collect(size, position, readBatch, matches ?? undefined);
  return toConnection('share', page, isFiltered ? null : total);
}

/** Splits a filter into Manila's query parameters and a predicate for the rest; null when nothing is left. */
function splitFilter({ name, status, protocol, metadata, exportPath }: ShareFilter) {
  const text = nameText(name);
  const statuses = anyOf(status);
  const protocols = anyOf(protocol);
  const only = statuses?.length === 1 && statuses[0] !== 'UNKNOWN' ? statuses[0] : null;
  const filters: ManilaFilters = {
    ...(text && { 'name~': escapeLike(text) }),
    ...(only && { status: only.toLowerCase() }),
    ...(exportPath && { export_location_path: pathText(exportPath) }),
    ...(metadata && Object.keys(metadata).length > 0 && { metadata: checkLength(metadata) }),
  };
  const matches = (share: Share) =>
    (!statuses || statuses.includes(enumValue(ShareStatus, share.status))) &&
    (!protocols || protocols.includes(enumValue(ShareProtocol, share.share_proto)));
  return { filters, matches: protocols || (statuses && !only) ? matches : null };
}

/**
 * Manila counts offset and limit in rows of shares joined with instances: a share with replicas takes several rows, and
 * a page can be short or start with the last share again. A cloud may also cap the limit below ours (`osapi_max_limit`).
 * So each position is the earliest possible next row, and shares up to the last one seen are dropped from a page. The
 * list ends with an empty page, or when the number of shares seen reaches the count.
 */
export function toBatch<T extends { id: string }>(
  items: T[],
  count: number | null,
  position: Position<'share'> | null,
  order?: string,
): Batch<T, Position<'share'>> {
  const { offset, id, seen } = position ?? { offset: 0, id: null, seen: 0 };
  const repeated = items.findIndex((item) => item.id === id) + 1;
  const rows = items.slice(repeated).map((node, index) => ({
    node,
    after: { offset: offset + repeated + index + 1, id: node.id, seen: seen + index + 1, order },
  }));
  const last = rows.at(-1)?.after ?? position;
  const isEnd = items.length === 0 || (count !== null && last !== null && last.seen >= count);
  return { rows, next: isEnd || !last ? null : { ...last, offset: offset + items.length } };
}

/** Escapes the wildcards of SQL's LIKE, which Manila uses for `name~`. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

function pathText(path: string): string {
  if (path.length <= MAX_PATH_LENGTH) return path;
  const message = `filter.exportPath: expected at most ${MAX_PATH_LENGTH} characters, got ${path.length}`;
  throw new GatewayError('BAD_USER_INPUT', message);
}

function checkLength(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { length } = JSON.stringify(metadata);
  if (length <= MAX_METADATA_LENGTH) return metadata;
  throw new GatewayError(
    'BAD_USER_INPUT',
    `filter.metadata: expected at most ${MAX_METADATA_LENGTH} characters as JSON, got ${length}`,
  );
}
