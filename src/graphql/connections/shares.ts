import { GatewayError } from '../../errors.ts';
import type { Share } from '../../openstack/manila/types.ts';
import { anyOf, nameText } from '../arguments.ts';
import { enumValue } from '../enum.ts';
import { type QuerySharesArgs, type ShareFilter, ShareProtocol, ShareStatus } from '../generated.ts';
import { decodeCursor, type Position } from './cursor.ts';
import { type Batch, collect, MAX_PAGE, pageSize, toConnection } from './paging.ts';

/** One page of Manila's detail list, with the count of all that the filters match. */
export type ReadShares = (page: {
  limit: number;
  offset: number;
  withCount: true;
  filters: ManilaFilters;
}) => Promise<{ shares: Share[]; count: number | null }>;

interface ManilaFilters {
  'name~'?: string;
  status?: string;
  metadata?: Readonly<Record<string, string>>;
}

const MAX_METADATA_LENGTH = 4096;

/**
 * The shares of the project as a connection. Manila has no filter by protocol and takes one status only: for more, its
 * list is read on in larger pages and picked from here, and there is no total.
 */
export async function listShares(read: ReadShares, { first, after, filter }: QuerySharesArgs) {
  const size = pageSize(first);
  const from = after ? decodeCursor('share', after) : null;
  const { filters, isWanted } = split(filter ?? {});
  const limit = isWanted ? Math.max(size + 1, MAX_PAGE) : size + 1;
  let total: number | null = null;
  const readBatch = async (position: Position<'share'> | null) => {
    const { shares, count } = await read({ limit, offset: position?.offset ?? 0, withCount: true, filters });
    total = count;
    return toBatch(shares, count, position);
  };
  const page = await collect(size, from, readBatch, isWanted ?? undefined);
  return toConnection('share', page, isWanted ? null : total);
}

/** What of a filter Manila can do, and what is left to do here. */
function split({ name, status, protocol, metadata }: ShareFilter) {
  const text = nameText(name);
  const statuses = anyOf(status);
  const protocols = anyOf(protocol);
  const only = statuses?.length === 1 && statuses[0] !== 'UNKNOWN' ? statuses[0] : null;
  const filters: ManilaFilters = {
    ...(text && { 'name~': likeLiterally(text) }),
    ...(only && { status: only.toLowerCase() }),
    ...(metadata && Object.keys(metadata).length > 0 && { metadata: bounded(metadata) }),
  };
  const isWanted = (share: Share) =>
    (!statuses || statuses.includes(enumValue(ShareStatus, share.status))) &&
    (!protocols || protocols.includes(enumValue(ShareProtocol, share.share_proto)));
  return { filters, isWanted: protocols || (statuses && !only) ? isWanted : null };
}

/**
 * Manila counts offset and limit in rows of share and instance, so a share with replicas takes several places, and a page
 * can be short or begin with the last share again; a cloud may also cap the limit below ours (`osapi_max_limit`). So each
 * place is the earliest that can follow, and what a read repeats up to the last share seen is dropped. The list ends on
 * an empty page or when as many were seen as are counted.
 */
function toBatch(
  shares: Share[],
  count: number | null,
  position: Position<'share'> | null,
): Batch<Share, Position<'share'>> {
  const { offset, id, seen } = position ?? { offset: 0, id: null, seen: 0 };
  const repeated = shares.findIndex((share) => share.id === id) + 1;
  const rows = shares.slice(repeated).map((node, index) => ({
    node,
    after: { offset: offset + repeated + index + 1, id: node.id, seen: seen + index + 1 },
  }));
  const last = rows.at(-1)?.after ?? position;
  const isEnd = shares.length === 0 || (count !== null && last !== null && last.seen >= count);
  return { rows, next: isEnd || !last ? null : { ...last, offset: offset + shares.length } };
}

/** Manila looks for `name~` with SQL's LIKE: its two wildcards and the escape sign stand for themselves. */
function likeLiterally(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

function bounded(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { length } = JSON.stringify(metadata);
  if (length <= MAX_METADATA_LENGTH) return metadata;
  throw new GatewayError(
    'BAD_USER_INPUT',
    `filter.metadata: expected at most ${MAX_METADATA_LENGTH} characters as JSON, got ${length}`,
  );
}
