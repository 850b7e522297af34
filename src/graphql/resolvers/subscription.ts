import type { AttachmentEvent } from '../../attachments/attachment.ts';
import { optionalUuid } from '../arguments.ts';
import type { SubscriptionResolvers } from '../generated.ts';
import { shareSubscriptions } from './share-operations.ts';

/** The project's event stream: of its attachments, and of the shares that the gateway works on. */
export const Subscription: SubscriptionResolvers = {
  ...shareSubscriptions,
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
