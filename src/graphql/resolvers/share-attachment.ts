import { mountCommands } from '../../attachments/mount-commands.ts';
import type { ShareAttachmentEventResolvers, ShareAttachmentResolvers, ShareAttachmentStatus } from '../generated.ts';
import { recordedRules } from './access-rule.ts';

/** ShareAttachment's fields from the record in the store. */
export const ShareAttachment: ShareAttachmentResolvers = {
  id: (attachment) => attachment.id,
  server: (attachment, _args, { loaders }) => loaders.server.load(attachment.serverId),
  share: (attachment, _args, { loaders }) => loaders.share.load(attachment.shareId),
  serverId: (attachment) => attachment.serverId,
  shareId: (attachment) => attachment.shareId,
  mountPoint: (attachment) => attachment.mountPoint,
  status: (attachment) => attachment.status.toUpperCase() as ShareAttachmentStatus,
  accessLevel: (attachment) => (attachment.accessLevel === 'ro' ? 'READ_ONLY' : 'READ_WRITE'),
  accessRules: (attachment) => recordedRules(attachment),
  mountCommands: async (attachment, _args, { loaders }) => {
    const [share, locations] = await Promise.all([
      loaders.share.load(attachment.shareId),
      loaders.exportLocations.load(attachment.shareId),
    ]);
    return share ? mountCommands(attachment, share, locations) : [];
  },
  isStale: (attachment) => Boolean(attachment.staleSince),
  guestSeenAt: (attachment, _args, { loaders }) => loaders.guestSeenAt.load(attachment),
  fault: (attachment) => attachment.fault,
  createdAt: (attachment) => attachment.createdAt,
  updatedAt: (attachment) => attachment.updatedAt,
};

/** ShareAttachmentEvent's fields from the event log. */
export const ShareAttachmentEvent: ShareAttachmentEventResolvers = {
  cursor: (event) => event.cursor,
  type: (event) => event.type,
  at: (event) => event.at,
  attachment: (event) => event.attachment,
  reason: (event) => event.reason,
  requestId: (event) => event.requestId,
};
