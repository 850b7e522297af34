import { canonicalAddress } from '../../attachments/access-targets.ts';
import { GatewayError } from '../../errors.ts';
import { detailsOf, OpenStackError } from '../../openstack/errors.ts';
import type { NovaServer } from '../../openstack/nova/types.ts';
import type { Sort } from '../../openstack/sort.ts';
import { addressText, anyOf, nameText } from '../arguments.ts';
import { type QueryServersArgs, type ServerOrderField, ServerStatus } from '../generated.ts';
import { enumValue } from '../resolvers/upstream-value.ts';
import type { Position } from './cursor.ts';
import { decodeOrdered, orderOf } from './order.ts';
import { type Batch, collect, type FindAttached, keepAttached, MAX_PAGE, pageSize, toConnection } from './paging.ts';

type ServerFilters = { name?: string; status?: readonly string[]; ip?: string; ip6?: string };

/** Nova's names of the fields (schemas/servers.py, VALID_SORT_KEYS). */
const SORT_KEYS: Readonly<Record<ServerOrderField, string>> = {
  CREATED_AT: 'created_at',
  UPDATED_AT: 'updated_at',
  NAME: 'display_name',
};

/** One page of Nova's detail list. */
export type ReadServers = (page: {
  limit: number;
  marker: string | null;
  filters: ServerFilters;
  sort: Sort | null;
}) => Promise<{ servers: NovaServer[]; hasNext: boolean }>;

/**
 * The project's servers as a connection, without a total, as Nova has no count. Throws BAD_USER_INPUT for an invalid
 * `first`, a foreign cursor, one of another order, or a cursor whose server Nova has purged.
 * @param findAttached which of some servers have attachments
 */
export async function listServers(
  read: ReadServers,
  { first, after, filter, orderBy }: Partial<QueryServersArgs>,
  findAttached: FindAttached,
) {
  const size = pageSize(first);
  const order = orderOf(orderBy);
  const position = after ? decodeOrdered('server', after, order) : null;
  const name = nameText(filter?.name);
  const address = addressText(filter?.address);
  const statuses = anyOf(filter?.status);
  // Nova cannot filter by UNKNOWN.
  const upstreamStatuses = statuses?.includes('UNKNOWN') ? null : statuses;
  const filters: ServerFilters = {
    ...(name && { name: escapeRegExp(name) }),
    ...(upstreamStatuses && { status: upstreamStatuses }),
    ...(address && { [address.includes(':') ? 'ip6' : 'ip']: address }),
  };
  const { hasShares = null } = filter ?? {};
  const isFiltered = address !== null || hasShares !== null;
  const sort = orderBy ? { key: SORT_KEYS[orderBy.field], direction: orderBy.direction ?? 'ASC' } : null;
  const options = { limit: isFiltered ? Math.max(size + 1, MAX_PAGE) : size + 1, filters, sort, order };
  const page = await collect(
    size,
    position,
    async (after) => {
      const batch = await readBatch(read, after, options);
      return hasShares === null ? batch : await keepAttached(batch, hasShares, findAttached);
    },
    (server) =>
      // Nova filters by vm_state alone: ACTIVE also lists servers that reboot.
      (!statuses || statuses.includes(enumValue(ServerStatus, server.status))) &&
      (!address || hasFixedAddress(server, address)),
  );
  return toConnection('server', page);
}

/**
 * Whether one of a server's fixed addresses is this one. Nova takes its `ip` filter for a regular expression, or, where
 * Neutron filters by substring, for a part of an address (compute/api.py, _ip_filter_using_neutron): it may list more.
 */
function hasFixedAddress({ addresses }: NovaServer, address: string): boolean {
  const all = Object.values(addresses ?? {}).flatMap((list) => (Array.isArray(list) ? list : []));
  return all.some(
    (one) =>
      one['OS-EXT-IPS:type'] !== 'floating' && typeof one.addr === 'string' && canonicalAddress(one.addr) === address,
  );
}

async function readBatch(
  read: ReadServers,
  position: Position<'server'> | null,
  { order, ...options }: Omit<Parameters<ReadServers>[0], 'marker'> & { order: string | undefined },
): Promise<Batch<NovaServer, Position<'server'>>> {
  const marker = position?.marker ?? null;
  const { servers, hasNext } = await read({ ...options, marker }).catch((error: unknown) => {
    throw marker && isMarkerNotFound(error) ? purgedServerError(error) : error;
  });
  const rows = servers.map((server) => ({ node: server, after: { marker: server.id, order } }));
  return { rows, next: hasNext ? (rows.at(-1)?.after ?? null) : null };
}

/** Nova accepts a deleted server as marker until it is purged; then it responds `400 marker [..] not found`. */
function isMarkerNotFound(error: unknown): error is OpenStackError {
  return error instanceof OpenStackError && error.status === 400 && /\bmarker\b/i.test(error.upstreamMessage);
}

function purgedServerError(cause: OpenStackError): GatewayError {
  return new GatewayError(
    'BAD_USER_INPUT',
    'after: expected the cursor of an existing server, got that of a deleted one; list again from the start',
    detailsOf(cause),
    { cause },
  );
}

/**
 * Escapes a text for Nova's `name` filter, which is a regular expression. A bar is put in brackets, because Nova adds a
 * backslash before every bar for MySQL (nova/db/utils.py, _safe_regex_mysql), which would cancel ours.
 */
function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}]/g, '\\$&').replaceAll('|', '[|]');
}
