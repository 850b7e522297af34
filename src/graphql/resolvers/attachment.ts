import type { AttachmentEvent } from '../../attachments/attachment.ts';
import { mountCommands } from '../../attachments/mount-commands.ts';
import { optionalUuid, uuid } from '../arguments.ts';
import type { GatewayContext } from '../context.ts';
import type {
  MutationResolvers,
  ShareAttachmentEventResolvers,
  ShareAttachmentResolvers,
  ShareAttachmentStatus,
  SubscriptionResolvers,
} from '../generated.ts';
import { recordedRules } from './access-rule.ts';

/** ShareAttachment's fields from the store's record. */
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
    const [share, locations, rules] = await Promise.all([
      loaders.share.load(attachment.shareId),
      loaders.exportLocations.load(attachment.shareId),
      attachment.accessType === 'cephx' ? loaders.accessRules.load(attachment.shareId) : [],
    ]);
    return share ? mountCommands(attachment, share, locations, rules) : [];
  },
  isStale: (attachment) => Boolean(attachment.staleSince),
  fault: (attachment) => attachment.fault,
  createdAt: (attachment) => attachment.createdAt,
  updatedAt: (attachment) => attachment.updatedAt,
};

/** One change, as the log has it. */
export const ShareAttachmentEvent: ShareAttachmentEventResolvers = {
  cursor: (event) => event.cursor,
  type: (event) => event.type,
  at: (event) => event.at,
  attachment: (event) => event.attachment,
  reason: (event) => event.reason,
  requestId: (event) => event.requestId,
};

/** attachShare and detachShare. What the request has read so far of both sides is forgotten, so that the answer shows the change. */
export const Mutation: MutationResolvers = {
  attachShare: async (_root, { input }, { session, attachments, loaders }) => {
    const request = {
      serverId: uuid('serverId', input.serverId),
      shareId: uuid('shareId', input.shareId),
      mountPoint: input.mountPoint ?? null,
      accessLevel: input.accessLevel === 'READ_ONLY' ? ('ro' as const) : ('rw' as const),
      accessTo: input.accessTo ?? null,
    };
    try {
      return { attachment: await attachments.attach(session, request) };
    } finally {
      invalidate(loaders, request);
    }
  },
  detachShare: async (_root, { input }, { session, attachments, loaders }) => {
    const request = {
      serverId: uuid('serverId', input.serverId),
      shareId: uuid('shareId', input.shareId),
      mountPoint: input.mountPoint ?? null,
    };
    try {
      return { attachment: await attachments.detach(session, request) };
    } finally {
      invalidate(loaders, request);
    }
  },
};

function invalidate(
  loaders: GatewayContext['loaders'],
  { serverId, shareId }: { serverId: string; shareId: string },
): void {
  loaders.attachmentsOfServer.clear(serverId);
  loaders.attachmentsOfShare.clear(shareId);
  loaders.accessRules.clear(shareId);
  loaders.share.clear(shareId);
}

export const Subscription: SubscriptionResolvers = {
  shareAttachmentEvents: {
    subscribe: (_root, args, { session, attachments }) =>
      attachments.subscribe(session, {
        serverId: optionalUuid('serverId', args.serverId),
        shareId: optionalUuid('shareId', args.shareId),
        after: args.after ?? null,
      }),
    resolve: (event: AttachmentEvent) => event,
  },
};
