import { MAX_TARGETS } from '../../attachments/access-targets.ts';
import { isVirtiofs } from '../../attachments/attachment.ts';
import { mountCommands } from '../../attachments/mount-commands.ts';
import { historyConnection } from '../connections/history.ts';
import { pageSize } from '../connections/paging.ts';
import type {
  AttachmentFaultResolvers,
  AttachShareOptionResolvers,
  ShareAttachmentEventResolvers,
  ShareAttachmentResolvers,
  ShareAttachmentStatus,
  VirtiofsAttachmentResolvers,
} from '../generated.ts';
import { AttachmentFaultCode, ShareAttachmentEventReason, VirtiofsStatus } from '../generated.ts';
import { recordedRules } from './access-rule.ts';
import { enumValue, upstreamReaders } from './upstream-value.ts';

const { text } = upstreamReaders('nova');

/** ShareAttachment's fields from the record in the store. */
export const ShareAttachment: ShareAttachmentResolvers = {
  id: (attachment) => attachment.id,
  server: (attachment, _args, { loaders }) => loaders.server.load(attachment.serverId),
  share: (attachment, _args, { loaders }) => loaders.share.load(attachment.shareId),
  serverId: (attachment) => attachment.serverId,
  shareId: (attachment) => attachment.shareId,
  mountPoint: (attachment) => attachment.mountPoint,
  via: (attachment) => (isVirtiofs(attachment) ? 'VIRTIOFS' : 'ACCESS_RULE'),
  origin: (attachment) => (attachment.isOfNova ? 'NOVA' : 'GATEWAY'),
  virtiofs: (attachment) => attachment.virtiofs ?? null,
  warnings: (attachment) => attachment.warnings ?? [],
  isProtected: (attachment) => attachment.isProtected ?? false,
  isHidden: (attachment) => attachment.isHidden ?? false,
  status: (attachment) => attachment.status.toUpperCase() as ShareAttachmentStatus,
  accessLevel: (attachment) => (attachment.accessLevel === 'ro' ? 'READ_ONLY' : 'READ_WRITE'),
  accessRules: (attachment, { first }) => recordedRules(attachment).slice(0, pageSize(first, MAX_TARGETS)),
  mountCommands: async (attachment, _args, { loaders }) => {
    const [share, locations] = await Promise.all([
      loaders.share.load(attachment.shareId),
      isVirtiofs(attachment) ? [] : loaders.exportLocations.load(attachment.shareId),
    ]);
    return share ? mountCommands(attachment, share, locations) : [];
  },
  isStale: (attachment) => Boolean(attachment.staleSince),
  guestSeenAt: (attachment, _args, { loaders }) => loaders.guestSeenAt.load(attachment),
  fault: (attachment) => attachment.fault,
  history: async ({ serverId, shareId, projectId }, { first, after }, { loaders }) =>
    historyConnection(
      await loaders.history({ first: pageSize(first, 20), after: after ?? null, serverId, shareId, projectId }),
    ),
  createdAt: (attachment) => (attachment.isOfNova ? null : attachment.createdAt),
  updatedAt: (attachment) => (attachment.isOfNova ? null : attachment.updatedAt),
};

/** AttachmentFault's fields from the record: one written by a later version may have a code that this one lacks. */
export const AttachmentFault: AttachmentFaultResolvers = {
  code: ({ code }) => enumValue(AttachmentFaultCode, code),
  codeRaw: ({ code }) => code,
  message: ({ message }) => message,
  at: ({ at }) => at,
  openstackRequestId: (fault) => fault.openstackRequestId,
};

/** VirtiofsAttachment's fields from the record, or from what Nova shows. */
export const VirtiofsAttachment: VirtiofsAttachmentResolvers = {
  tag: (virtiofs) => text(virtiofs, 'tag'),
  status: ({ status }) => enumValue(VirtiofsStatus, status),
  statusRaw: (virtiofs) => text(virtiofs, 'status') ?? '',
};

/** AttachShareOption's fields from the check. */
export const AttachShareOption: AttachShareOptionResolvers = {
  via: ({ via }) => (via === 'virtiofs' ? 'VIRTIOFS' : 'ACCESS_RULE'),
  isOpen: (option) => option.isOpen,
  problems: ({ problems }) => problems,
  accessTo: ({ accessTo }) => accessTo,
  mountCommands: (option) => option.mountCommands,
};

/** ShareAttachmentEvent's fields from the event log. */
export const ShareAttachmentEvent: ShareAttachmentEventResolvers = {
  cursor: (event) => event.cursor,
  type: (event) => event.type,
  at: (event) => event.at,
  attachment: (event) => event.attachment,
  reason: ({ reason }) => (reason === null ? null : enumValue(ShareAttachmentEventReason, reason)),
  reasonRaw: (event) => event.reason,
  requestId: (event) => event.requestId,
};
