import { GatewayError } from '../../errors.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import type { NovaServer } from '../../openstack/nova/types.ts';
import { anyOf, nameText } from '../arguments.ts';
import { enumValue } from '../enum.ts';
import { type QueryServersArgs, ServerStatus } from '../generated.ts';
import { decodeCursor, type Position } from './cursor.ts';
import { type Batch, collect, pageSize, toConnection } from './paging.ts';

/** One page of Nova's detail list. */
export type ReadServers = (page: {
  limit: number;
  marker: string | null;
  filters: { name?: string; status?: readonly string[] };
}) => Promise<{ servers: NovaServer[]; hasNext: boolean }>;

/**
 * The servers of the project as a connection. BAD_USER_INPUT for a bad `first`, a foreign cursor, or one whose server is
 * gone. No total: Nova has no count.
 */
export async function listServers(read: ReadServers, { first, after, filter }: QueryServersArgs) {
  const size = pageSize(first);
  const from = after ? decodeCursor('server', after) : null;
  const name = nameText(filter?.name);
  const statuses = anyOf(filter?.status);
  const asked = statuses?.includes('UNKNOWN') ? null : statuses;
  const filters = { ...(name && { name: literally(name) }), ...(asked && { status: asked }) };
  const page = await collect(
    size,
    from,
    (position) => readBatch(read, position, size + 1, filters),
    // Nova's own status filter is by the state of the machine alone: ACTIVE also lists what is rebooting.
    (server) => !statuses || statuses.includes(enumValue(ServerStatus, server.status)),
  );
  return toConnection('server', page, null);
}

async function readBatch(
  read: ReadServers,
  position: Position<'server'> | null,
  limit: number,
  filters: Parameters<ReadServers>[0]['filters'],
): Promise<Batch<NovaServer, Position<'server'>>> {
  const marker = position?.marker ?? null;
  const { servers, hasNext } = await read({ limit, marker, filters }).catch((error: unknown) => {
    throw marker && isLostMarker(error) ? lostCursor(error) : error;
  });
  const rows = servers.map((server) => ({ node: server, after: { marker: server.id } }));
  return { rows, next: hasNext ? (rows.at(-1)?.after ?? null) : null };
}

/** Nova finds its place by the marker's server, also a deleted one: once that is purged, it is `400 marker [..] not found`. */
function isLostMarker(error: unknown): error is OpenStackError {
  return error instanceof OpenStackError && error.status === 400 && /\bmarker\b/i.test(error.upstreamMessage);
}

function lostCursor(cause: OpenStackError): GatewayError {
  return new GatewayError(
    'BAD_USER_INPUT',
    'after: expected the cursor of a server that is still there, got one that was deleted; list again from the start',
    {
      service: cause.service,
      status: 400,
      ...(cause.openstackRequestId && { openstackRequestId: cause.openstackRequestId }),
    },
    { cause },
  );
}

/**
 * A regular expression that finds the text itself, as Nova takes `name` for one. The bar stands in brackets, because Nova
 * puts a backslash before every bar for MySQL (nova/db/utils.py, _safe_regex_mysql), which would undo ours.
 */
function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}]/g, '\\$&').replaceAll('|', '[|]');
}
