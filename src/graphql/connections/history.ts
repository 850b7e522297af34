import type { HistoryPage } from '../../attachments/history.ts';
import { GatewayError } from '../../errors.ts';
import { detailsOf, OpenStackError } from '../../openstack/errors.ts';
import type { InstanceAction } from '../../openstack/nova/types.ts';
import { decodeCursor } from './cursor.ts';
import { pageSize, toConnection } from './paging.ts';

/** A page of the event log as a connection whose cursors are those of the events. */
export function historyConnection({ events, hasMore, endCursor, isTruncated }: HistoryPage) {
  return {
    edges: events.map((node) => ({ cursor: node.cursor, node })),
    nodes: events,
    pageInfo: {
      hasNextPage: hasMore,
      hasPreviousPage: false,
      startCursor: events[0]?.cursor ?? null,
      endCursor,
      isTruncated,
    },
  };
}

/** One page of Nova's list of a server's actions; null for a deleted server. */
export type ReadActions = (page: { limit: number; marker: string | null }) => Promise<InstanceAction[] | null>;

/** The actions of a server as a connection. Throws BAD_USER_INPUT for a cursor that Nova does not know. */
export async function listActions(
  read: ReadActions,
  { first, after }: { first?: number | null | undefined; after?: string | null | undefined },
) {
  const size = pageSize(first, 20);
  const marker = after ? decodeCursor('action', after).marker : null;
  const actions = await read({ limit: size + 1, marker }).catch((error: unknown) => {
    throw marker !== null && error instanceof OpenStackError && error.status === 400 ? unknownMarker(error) : error;
  });
  const rows = (actions ?? []).slice(0, size).map((node) => ({ node, after: { marker: node.request_id } }));
  const hasNextPage = (actions ?? []).length > size;
  return toConnection('action', { rows, hasNextPage, end: rows.at(-1)?.after ?? null });
}

function unknownMarker(cause: OpenStackError): GatewayError {
  const message = 'after: expected the cursor of an action of this server, which Nova still has';
  return new GatewayError('BAD_USER_INPUT', message, detailsOf(cause), { cause });
}
