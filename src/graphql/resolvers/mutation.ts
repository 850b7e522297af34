import type { PowerRequest, PowerResult } from '../../attachments/virtiofs/power.ts';
import { attachArguments, detachArguments, uuid } from '../arguments.ts';
import type { GatewayContext } from '../context.ts';
import type { MutationResolvers } from '../generated.ts';
import { shareMutations } from './share-operations.ts';

/** Every mutation clears the loaders of what it changes, so that the payload shows the change. */
export const Mutation: MutationResolvers = {
  ...shareMutations,
  attachShare: async (_root, { input }, { session, attachments, loaders }) => {
    const request = attachArguments(input);
    try {
      return { attachment: await attachments.attach(session, request) };
    } finally {
      clearLoaders(loaders, request);
    }
  },
  detachShare: async (_root, { input }, { session, attachments, loaders }) => {
    const request = detachArguments(input);
    try {
      return { attachment: await attachments.detach(session, request) };
    } finally {
      clearLoaders(loaders, request);
    }
  },
  updateShareAttachment: async (_root, { input }, { session, attachments, loaders }) => {
    const { accessLevel, mountPoint, allowOutage } = input;
    const pair = { serverId: uuid('serverId', input.serverId), shareId: uuid('shareId', input.shareId) };
    const level = accessLevel === 'READ_ONLY' ? ('ro' as const) : ('rw' as const);
    try {
      const attachment = await attachments.update(session, {
        ...pair,
        accessLevel: accessLevel ? level : null,
        mountPoint: mountPoint ?? null,
        allowOutage: allowOutage ?? false,
      });
      return { attachment };
    } finally {
      clearLoaders(loaders, pair);
    }
  },
  startServer: (_root, { input }, context) => power(context, input.serverId, 'start'),
  stopServer: (_root, { input }, context) => power(context, input.serverId, 'stop'),
  rebootServer: (_root, { input }, context) =>
    power(context, input.serverId, input.isHard ? 'hard_reboot' : 'soft_reboot'),
};

async function power(
  { session, attachments, loaders }: GatewayContext,
  id: string,
  action: PowerRequest['action'],
): Promise<PowerResult> {
  const serverId = uuid('serverId', id);
  try {
    return await attachments.power(session, { serverId, action });
  } finally {
    loaders.server.clear(serverId);
    loaders.attachmentsWithNova.clearAll();
  }
}

/** Clears what an attach or a detach of the pair changes. */
export function clearLoaders(
  loaders: GatewayContext['loaders'],
  { serverId, shareId }: { serverId: string; shareId: string },
): void {
  loaders.attachmentsOfServer.clear(serverId);
  loaders.attachmentsWithNova.clearAll();
  loaders.attachmentsOfOtherServer.clearAll();
  loaders.attachmentsOfOtherShare.clearAll();
  loaders.attachmentsOfShare.clear(shareId);
  loaders.accessRules.clear(shareId);
  loaders.share.clear(shareId);
}
