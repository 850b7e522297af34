import { uuid } from '../arguments.ts';
import type { GatewayContext } from '../context.ts';
import type { MutationResolvers } from '../generated.ts';

/** attachShare and detachShare. Both clear the loaders of server and share, so that the payload shows the change. */
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
      clearLoaders(loaders, request);
    }
  },
  detachShare: async (_root, { input }, { session, attachments, loaders }) => {
    const request = {
      serverId: uuid('serverId', input.serverId),
      shareId: uuid('shareId', input.shareId),
      mountPoint: input.mountPoint ?? null,
      unmountGraceSeconds: input.unmountGraceSeconds ?? 0,
    };
    try {
      return { attachment: await attachments.detach(session, request) };
    } finally {
      clearLoaders(loaders, request);
    }
  },
};

function clearLoaders(
  loaders: GatewayContext['loaders'],
  { serverId, shareId }: { serverId: string; shareId: string },
): void {
  loaders.attachmentsOfServer.clear(serverId);
  loaders.attachmentsOfShare.clear(shareId);
  loaders.accessRules.clear(shareId);
  loaders.share.clear(shareId);
}
