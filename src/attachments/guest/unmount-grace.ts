/**
 * The grace of a detach: the access rules stay for a while, so that the guest's agent unmounts first. The agent reads its
 * list without the share; the rules are then revoked as in any detach.
 */
import { GatewayError } from '../../errors.ts';
import { orNull } from '../../openstack/http/request.ts';
import { updateAccessRuleMetadata } from '../../openstack/manila/client.ts';
import type { Session } from '../../openstack/session.ts';
import type { Attachment } from '../attachment.ts';
import { DETACH_MARK, NO_DETACH_MARK } from '../rule-metadata.ts';
import type { AttachmentStore } from '../store/contract.ts';

/** Maximum grace, in seconds. */
export const MAX_GRACE_SECONDS = 600;
/** How often a grace is checked for the guest having read its list, in ms. */
export const GRACE_POLL_MS = 2000;
/** After the guest has read its list, how long its agent may take to unmount, in ms (guest/README.md, `unmount_timeout`). */
const UNMOUNT_MS = 15_000;

/** The end of a grace that begins now, ISO 8601; undefined for none. Throws BAD_USER_INPUT. */
export function graceUntil(seconds: number): string | undefined {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_GRACE_SECONDS) {
    const expected = `expected 0 to ${MAX_GRACE_SECONDS}, got ${seconds}`;
    throw new GatewayError('BAD_USER_INPUT', `unmountGraceSeconds: ${expected}`);
  }
  return seconds === 0 ? undefined : new Date(Date.now() + seconds * 1000).toISOString();
}

/** What is left of a record's grace, in ms; 0 when it has none. It ends early once the guest has read its list and had time to unmount. */
export async function remainingGraceMs(store: AttachmentStore, record: Attachment): Promise<number> {
  if (record.status !== 'detaching' || !record.graceUntil) return 0;
  const left = Date.parse(record.graceUntil) - Date.now();
  if (left <= 0) return 0;
  const [seenAt = null] = await store.guestsSeenAt(record.projectId, [record.serverId]);
  if (seenAt === null || seenAt <= record.statusSince) return left;
  return Math.max(0, Math.min(left, Date.parse(seenAt) + UNMOUNT_MS - Date.now()));
}

/**
 * Marks the attachment's own rules in Manila with the caller's token: Manila's policy decides whether the caller may
 * change the rule, and recovery finds the detach. A rule that is gone is left out.
 */
export async function markDetaching(session: Session, record: Attachment): Promise<void> {
  await setMark(session, record, { [DETACH_MARK]: record.graceUntil ?? NO_DETACH_MARK });
}

/** Takes the mark away: the detach is taken back, or was rejected. */
export async function unmarkDetaching(session: Session, record: Attachment): Promise<void> {
  await setMark(session, record, { [DETACH_MARK]: NO_DETACH_MARK });
}

async function setMark(session: Session, { targets }: Attachment, mark: Record<string, string>): Promise<void> {
  for (const { ruleId, isOwned } of targets) {
    if (ruleId && isOwned) await orNull(updateAccessRuleMetadata(session, ruleId, mark));
  }
}
