/**
 * `attachShare(input: {tellGuest: true})`: where the operator has not configured Nova's vendor data, the guest reads from its server's
 * own metadata what to mount. Written and removed with the caller's token; a failure is a warning, never a failed attach.
 */
import { OpenStackError } from '../../openstack/errors.ts';
import { deleteShareMetadata, setServerMetadata } from '../../openstack/nova/server-metadata.ts';
import type { Session } from '../../openstack/session.ts';
import type { Attachment, AttachmentView } from '../attachment.ts';
import { likely, type Problem } from '../problems.ts';
import { guestItem } from './document.ts';

/** Writes the item of an attachment that has just become attached, and gives the record with what went wrong, if anything. */
export async function tellGuest(session: Session | null, record: Attachment): Promise<Attachment> {
  const item = guestItem(record);
  if (!item) return withWarning(record, 'The mount cannot be written as a metadata item of 255 printable characters');
  if (!session) return withWarning(record, 'The caller’s token has ended before the share was attached: attach again');
  try {
    await setServerMetadata(session, record.serverId, item.key, item.value);
    return withWarning(record, null);
  } catch (error) {
    if (!(error instanceof OpenStackError)) throw error;
    return withWarning(record, error.message);
  }
}

/** Removes the item of an attachment that is being detached, so that the guest unmounts, and gives it with what went wrong. */
export async function untellGuest(session: Session, record: AttachmentView): Promise<AttachmentView> {
  try {
    await deleteShareMetadata(session, record.serverId, record.shareId);
    return withWarning(record, null);
  } catch (error) {
    if (!(error instanceof OpenStackError)) throw error;
    return withWarning(record, error.message);
  }
}

function withWarning<T extends AttachmentView>(record: T, message: string | null): T {
  const others: readonly Problem[] = (record.warnings ?? []).filter(({ code }) => code !== 'GUEST_NOT_INFORMED');
  const warning =
    message === null
      ? []
      : [likely('GUEST_NOT_INFORMED', `The guest does not learn of the mount: ${message}`, 'tellGuest')];
  return { ...record, warnings: [...others, ...warning] };
}
