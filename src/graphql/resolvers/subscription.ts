import type { AttachmentEvent } from '../../attachments/attachment.ts';
import { optionalUuid } from '../arguments.ts';
import type { SubscriptionResolvers } from '../generated.ts';

/** shareAttachmentEvents: the project's event stream. */
export const Subscription: SubscriptionResolvers = {
  shareAttachmentEvents: {
    subscribe: (_root, args, { session, attachments, resumeAfter }) =>
      attachments.subscribe(session, {
        serverId: optionalUuid('serverId', args.serverId),
        shareId: optionalUuid('shareId', args.shareId),
        after: resumeAfter ?? args.after ?? null,
      }),
    resolve: (event: AttachmentEvent) => event,
  },
};
