import { GatewayError } from '../../errors.ts';
import { detailsOf, OpenStackError } from '../../openstack/errors.ts';
import type { NovaServer } from '../../openstack/nova/types.ts';
import { anyOf, nameText } from '../arguments.ts';
import { type QueryServersArgs, ServerStatus } from '../generated.ts';
import { enumValue } from '../resolvers/upstream-value.ts';
import { decodeCursor, type Position } from './cursor.ts';
import { type Batch, collect, pageSize, toConnection } from './paging.ts';

/** One page of Nova's detail list. */
export type ReadServers = (page: {
  limit: number;
  marker: string | null;
  filters: { name?: string; status?: readonly string[] };
}) => Promise<{ servers: NovaServer[]; hasNext: boolean }>;

/**
 * The project's servers as a connection, without a total, as Nova has no count. Throws BAD_USER_INPUT for an invalid
 * `first`, a foreign cursor, or a cursor whose server Nova has purged.
 */
export async function listServers(read: ReadServers, { first, after, filter }: QueryServersArgs) {
  const size = pageSize(first);
  const position = after ? decodeCursor('server', after) : null;
  const name = nameText(filter?.name);
  const statuses = anyOf(filter?.status);
  // Nova cannot filter by UNKNOWN.
  const upstreamStatuses = statuses?.includes('UNKNOWN') ? null : statuses;
  const filters = { ...(name && { name: escapeRegExp(name) }), ...(upstreamStatuses && { status: upstreamStatuses }) };
  const page = await collect(
    size,
    position,
    (after) => readBatch(read, after, size + 1, filters),
    // Nova filters by vm_state alone: ACTIVE also lists servers that reboot.
    (server) => !statuses || statuses.includes(enumValue(ServerStatus, server.status)),
  );
  return toConnection('server', page);
}

async function readBatch(
  read: ReadServers,
  position: Position<'server'> | null,
  limit: number,
  filters: Parameters<ReadServers>[0]['filters'],
): Promise<Batch<NovaServer, Position<'server'>>> {
  const marker = position?.marker ?? null;
  const { servers, hasNext } = await read({ limit, marker, filters }).catch((error: unknown) => {
    throw marker && isMarkerNotFound(error) ? purgedServerError(error) : error;
  });
  const rows = servers.map((server) => ({ node: server, after: { marker: server.id } }));
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
