import type { ShareCommandResult } from '../../attachments/shares/commands.ts';
import type { ShareEvent as LoggedShareEvent } from '../../attachments/shares/operation.ts';
import { optionalUuid, uuid } from '../arguments.ts';
import { pageSize } from '../connections/paging.ts';
import type { GatewayContext } from '../context.ts';
import {
  type CreateSharePayloadResolvers,
  type DeleteSharePayloadResolvers,
  type MutationResolvers,
  type QueryResolvers,
  type ResizeSharePayloadResolvers,
  type ShareEventResolvers,
  ShareFaultCode,
  type ShareFaultResolvers,
  type ShareOperationResolvers,
  type ShareOperationStatus,
  type ShareOperationType,
  type SubscriptionResolvers,
} from '../generated.ts';
import {
  createShareRequest,
  createSnapshotRequest,
  deleteShareRequest,
  resizeShareRequest,
  updateShareRequest,
} from '../share-arguments.ts';
import { enumValue } from './upstream-value.ts';

/** The root field that reads work on shares. */
export const shareOperationQueries: Pick<QueryResolvers, 'shareOperations'> = {
  shareOperations: async (_root, { first }, { session, attachments }) => {
    const size = pageSize(first);
    return (await attachments.shares.list(session)).slice(0, size);
  },
};

/** The mutations of shares and snapshots. Each clears the loaders of what it changes. */
export const shareMutations: Pick<
  MutationResolvers,
  'createShare' | 'resizeShare' | 'deleteShare' | 'updateShare' | 'createSnapshot' | 'deleteSnapshot'
> = {
  createShare: (_root, { input }, { session, attachments }) =>
    attachments.shares.create(session, createShareRequest(input)),
  resizeShare: (_root, { input }, context) => {
    const request = resizeShareRequest(input);
    return clearing(context, request.shareId, ({ shares }) => shares.resize(context.session, request));
  },
  deleteShare: (_root, { input }, context) => {
    const request = deleteShareRequest(input);
    return clearing(context, request.shareId, ({ shares }) => shares.delete(context.session, request));
  },
  updateShare: (_root, { input }, context) => {
    const request = updateShareRequest(input);
    return clearing(context, request.shareId, async ({ shares }) => ({
      share: await shares.update(context.session, request),
    }));
  },
  createSnapshot: async (_root, { input }, { session, attachments }) => ({
    snapshot: await attachments.shares.createSnapshot(session, createSnapshotRequest(input)),
  }),
  deleteSnapshot: async (_root, { input }, { session, attachments, loaders }) => {
    const snapshotId = uuid('snapshotId', input.snapshotId);
    const snapshot = await attachments.shares.deleteSnapshot(session, snapshotId);
    loaders.snapshot.clear(snapshotId);
    return { snapshotId, snapshot };
  },
};

async function clearing<T>(
  { attachments, loaders }: GatewayContext,
  shareId: string,
  work: (attachments: GatewayContext['attachments']) => Promise<T>,
): Promise<T> {
  try {
    return await work(attachments);
  } finally {
    loaders.share.clear(shareId);
    loaders.attachmentsOfShare.clear(shareId);
    loaders.accessRules.clear(shareId);
    loaders.snapshotsOfShare.clearAll();
  }
}

/** shareEvents: the project's event stream. */
export const shareSubscriptions: Pick<SubscriptionResolvers, 'shareEvents'> = {
  shareEvents: {
    subscribe: (_root, args, { session, attachments }) =>
      attachments.shares.subscribe(session, {
        shareId: optionalUuid('shareId', args.shareId),
        after: args.after ?? null,
      }),
    resolve: (event: LoggedShareEvent) => event,
  },
};

const shareOf = ({ shareId }: Pick<ShareCommandResult, 'shareId'>, { loaders }: GatewayContext) =>
  shareId === null ? null : loaders.share.load(shareId);

/** ShareOperation's fields from the record in the store. */
export const ShareOperation: ShareOperationResolvers = {
  id: (operation) => operation.id,
  type: (operation) => operation.type.toUpperCase() as ShareOperationType,
  status: (operation) => operation.status.toUpperCase() as ShareOperationStatus,
  shareId: (operation) => operation.shareId,
  share: (operation, _args, context) => shareOf(operation, context),
  sizeGib: ({ create, resize }) => create?.size ?? resize?.to ?? null,
  fault: (operation) => operation.fault,
  createdAt: (operation) => operation.createdAt,
  updatedAt: (operation) => operation.updatedAt,
  requestId: (operation) => operation.requestId,
};

/** ShareFault's fields from the record in the store. */
export const ShareFault: ShareFaultResolvers = {
  message: (fault) => fault.message,
  code: (fault) => enumValue(ShareFaultCode, fault.code),
  at: (fault) => fault.at,
  openstackRequestId: (fault) => fault.openstackRequestId,
};

/** ShareEvent's fields from the event log. */
export const ShareEvent: ShareEventResolvers = {
  cursor: (event) => event.cursor,
  type: (event) => event.type,
  at: (event) => event.at,
  shareId: (event) => event.operation.shareId,
  share: (event, _args, context) => shareOf(event.operation, context),
  operation: (event) => event.operation,
  requestId: (event) => event.requestId,
};

export const CreateSharePayload: CreateSharePayloadResolvers = {
  share: (result, _args, context) => shareOf(result, context),
  operation: (result) => result.operation,
};

export const ResizeSharePayload: ResizeSharePayloadResolvers = {
  share: (result, _args, context) => shareOf(result, context),
  operation: (result) => result.operation,
};

export const DeleteSharePayload: DeleteSharePayloadResolvers = {
  shareId: (result) => result.shareId,
  share: (result, _args, context) => shareOf(result, context),
  operation: (result) => result.operation,
};
