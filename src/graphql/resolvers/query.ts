import { attachRequest, uuid } from '../arguments.ts';
import { listAttachments } from '../connections/attachments.ts';
import type { QueryResolvers } from '../generated.ts';

/** The root fields of queries. */
export const Query: QueryResolvers = {
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
};
