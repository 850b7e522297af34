/** What Nova itself has attached: read with the caller's token, and shown beside the store's records. */
import { GatewayError } from '../../errors.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { getServerShare, hasServerShares, listServerShares } from '../../openstack/nova/shares.ts';
import type { ServerShare } from '../../openstack/nova/types.ts';
import type { Session } from '../../openstack/session.ts';
import {
  type Attachment,
  type AttachmentStatus,
  type AttachmentView,
  attachmentId,
  newVirtiofsState,
} from '../attachment.ts';

const STATUS: Record<string, AttachmentStatus> = {
  attaching: 'attaching',
  inactive: 'attached',
  active: 'attached',
  detaching: 'detaching',
  error: 'error_attaching',
};

/**
 * A server's records with what Nova shows now of those attached by virtiofs, then the attachments that Nova has and the store
 * has not. The records alone on a cloud without Nova's share attachments. Rejects with an OpenStackError: a 403 too.
 */
export async function withNova(
  session: Session,
  { id: serverId, projectId }: { id: string; projectId: string },
  records: readonly Attachment[],
): Promise<AttachmentView[]> {
  if (!(await hasServerShares(session)).isSupported) return [...records];
  const mappings = (await listServerShares(session, serverId)) ?? [];
  const byShare = new Map(mappings.map((mapping) => [mapping.share_id, mapping]));
  const managed = records.map((record): AttachmentView => {
    const mapping = byShare.get(record.shareId);
    if (!record.virtiofs) return record;
    const { status = null, tag = record.virtiofs.tag } = mapping ?? {};
    return { ...record, virtiofs: { ...record.virtiofs, status, tag } };
  });
  const known = new Set(records.filter(({ via }) => via === 'virtiofs').map(({ shareId }) => shareId));
  const others = mappings
    .filter((mapping) => !known.has(mapping.share_id))
    .map((mapping) => ({ ...recordOfMapping({ projectId, serverId }, mapping), isOfNova: true }));
  return [...managed, ...others];
}

/** The records at rest of which Nova shows something else now, as if never observed: a read has them observed at once. */
export function changedInNova(records: readonly Attachment[], shown: readonly AttachmentView[]): Attachment[] {
  return records.flatMap((record) => {
    if (!record.virtiofs) return [];
    const now = shown.find(({ id }) => id === record.id)?.virtiofs?.status ?? null;
    return now === record.virtiofs.status ? [] : [{ ...record, virtiofs: { ...record.virtiofs, observedAt: null } }];
  });
}

/** Nova's mapping of a pair, for a caller who may see it; null when there is none. */
export async function findMapping(session: Session, serverId: string, shareId: string): Promise<ServerShare | null> {
  try {
    if (!(await hasServerShares(session)).isSupported) return null;
    return await getServerShare(session, serverId, shareId);
  } catch (error) {
    if (error instanceof OpenStackError && error.status === 403) return null;
    if (error instanceof GatewayError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

/** An attachment that Nova made, as a record would show it. Nova dates none: its times are those of the observation. */
export function recordOfMapping(
  { projectId, serverId }: Pick<Attachment, 'projectId' | 'serverId'>,
  mapping: ServerShare,
): Attachment {
  const now = new Date().toISOString();
  const { share_id: shareId, status, tag } = mapping;
  return {
    id: attachmentId(serverId, shareId),
    projectId,
    serverId,
    shareId,
    mountPoint: null,
    via: 'virtiofs',
    virtiofs: { ...newVirtiofsState(tag), status, observedAt: now },
    accessLevel: 'rw',
    accessType: 'ip',
    requestedAccessTo: null,
    targets: [],
    status: STATUS[status] ?? 'attached',
    isAccepted: false,
    previousStatus: null,
    reason: null,
    attempts: 0,
    failures: 0,
    fault: null,
    staleSince: null,
    requestId: null,
    userId: null,
    createdAt: now,
    updatedAt: now,
    statusSince: now,
    version: 0,
  };
}
