import { attachRequest, nodeId, nodeIds, uuid } from '../arguments.ts';
import { listAttachments } from '../connections/attachments.ts';
import type { QueryResolvers } from '../generated.ts';
import type { FoundNode } from '../nodes.ts';
import { shareOptionQueries } from './share-options.ts';
import { snapshotQueries } from './snapshot.ts';

/** The root fields of queries. */
export const Query: QueryResolvers = {
  node: (_root, { id }, { loaders }) => loaders.node.load(nodeId('id', id)),
  // an Error among the items is the error of that item
  nodes: (_root, { ids }, { loaders }) => loaders.node.loadMany(nodeIds(ids)) as Promise<(FoundNode | null)[]>,
  viewer: (_root, _args, { identity }) => identity,
  server: (_root, { id }, { loaders }) => loaders.server.load(uuid('id', id)),
  servers: (_root, args, { loaders }) => loaders.servers(args),
  share: (_root, { id }, { loaders }) => loaders.share.load(uuid('id', id)),
  shares: (_root, args, { loaders }) => loaders.shares(args),
  shareAttachment: (_root, { serverId, shareId }, { session, attachments }) =>
    attachments.get(session, uuid('serverId', serverId), uuid('shareId', shareId)),
  shareAttachments: (_root, args, { session, attachments }) =>
    listAttachments((options) => attachments.list(session, options), args),
  attachShareCheck: (_root, { input }, { session, attachments }) => attachments.check(session, attachRequest(input)),
  ...shareOptionQueries,
  ...snapshotQueries,
};
