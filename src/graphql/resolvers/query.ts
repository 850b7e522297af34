import { GatewayError } from '../../errors.ts';
import { addressText, attachRequest, nodeId, nodeIds, optionalUuid, uuid } from '../arguments.ts';
import { listAttachments } from '../connections/attachments.ts';
import { historyConnection } from '../connections/history.ts';
import { pageSize } from '../connections/paging.ts';
import type { QueryResolvers } from '../generated.ts';
import type { FoundNode } from '../nodes.ts';
import { shareOperationQueries } from './share-operations.ts';
import { shareOptionQueries } from './share-options.ts';
import { snapshotQueries } from './snapshot.ts';

/** The root fields of queries. */
export const Query: QueryResolvers = {
  node: (_root, { id }, { loaders }) => loaders.node.load(nodeId('id', id)),
  // an Error among the items is the error of that item
  nodes: (_root, { ids }, { loaders }) => loaders.node.loadMany(nodeIds(ids)) as Promise<(FoundNode | null)[]>,
  viewer: (_root, _args, { identity }) => identity,
  server: (_root, { id }, { loaders }) => loaders.server.load(uuid('id', id)),
  serverByAddress: async (_root, { address }, { loaders }) => {
    const { nodes } = await loaders.servers({ first: 2, filter: { address: addressText(address, 'address') } });
    return theOnly(nodes, address);
  },
  servers: (_root, args, { loaders }) => loaders.servers(args),
  share: (_root, { id }, { loaders }) => loaders.share.load(uuid('id', id)),
  shares: (_root, args, { loaders }) => loaders.shares(args),
  shareAttachment: (_root, { serverId, shareId }, { session, attachments }) =>
    attachments.get(session, uuid('serverId', serverId), uuid('shareId', shareId)),
  shareAttachments: (_root, args, { session, attachments }) =>
    listAttachments((options) => attachments.list(session, options), args),
  shareAttachmentHistory: async (_root, { first, after, filter }, { loaders }) => {
    const serverId = optionalUuid('filter.serverId', filter?.serverId);
    const shareId = optionalUuid('filter.shareId', filter?.shareId);
    return historyConnection(
      await loaders.history({ first: pageSize(first), after: after ?? null, serverId, shareId }),
    );
  },
  attachShareCheck: (_root, { input }, { session, attachments }) => attachments.check(session, attachRequest(input)),
  ...shareOptionQueries,
  ...snapshotQueries,
  ...shareOperationQueries,
};

/** The only server of a list; null when it is empty. Throws CONFLICT for more. */
function theOnly<T extends { id: string }>(servers: readonly T[], address: string): T | null {
  const [server, other] = servers;
  if (!other) return server ?? null;
  const message = `Servers ${server?.id} and ${other.id} have the address ${address}, on different networks: use an id`;
  throw new GatewayError('CONFLICT', message);
}
