/** Who owns an access rule: what its metadata says, who else needs it, and how it passes to another attachment. */
import { orNull } from '../openstack/http/request.ts';
import { updateAccessRuleMetadata } from '../openstack/manila/client.ts';
import type { AccessRule } from '../openstack/manila/types.ts';
import type { Session } from '../openstack/session.ts';
import { isSameTarget } from './access-targets.ts';
import { type AccessType, type Attachment, holdsTarget, type Target } from './attachment.ts';
import type { AttachmentStore } from './store/contract.ts';
import { targetName } from './store/targets.ts';

/** The `managed_by` of rules that a gateway made. No microversion redacts metadata (manila share_access view). */
export const MANAGED_BY = 'nova-manila-gateway';

/** Values for pairs that an attachment lacks: Manila rejects an empty value, and removes no pair in an update. */
/** The pair that marks a rule whose detach waits for the guest to unmount: until when. */
export const DETACH_MARK = 'detach_after';
export const NO_DETACH_MARK = 'none';

const NONE = { mount_point: 'none', access_to_given: 'false', user_id: 'none', [DETACH_MARK]: NO_DETACH_MARK };

/** Whether a gateway made the rule. */
export function isManaged(rule: AccessRule): boolean {
  return rule.metadata?.managed_by === MANAGED_BY;
}

/** The metadata from which the record can be rebuilt. Manila takes values of 1 to 1,023 characters. */
export function ruleMetadata(record: Attachment): Record<string, string> {
  return {
    managed_by: MANAGED_BY,
    attachment_id: record.id,
    server_id: record.serverId,
    ...(record.mountPoint ? { mount_point: record.mountPoint } : {}),
    ...(record.requestedAccessTo ? { access_to_given: 'true' } : {}),
    ...(record.userId ? { user_id: record.userId } : {}),
  };
}

/** What a rule's metadata says about its attachment. Older rules call the store's id `deployment`. */
export function readRuleMetadata(metadata: Readonly<Record<string, string>> | undefined) {
  const { mount_point: mountPoint, user_id: userId, attachment_id: attachmentId = null } = metadata ?? {};
  return {
    attachmentId,
    serverId: metadata?.server_id ?? null,
    storeId: metadata?.store_id ?? metadata?.deployment ?? null,
    mountPoint: mountPoint?.startsWith('/') ? mountPoint : null,
    userId: userId && userId !== NONE.user_id ? userId : null,
    isAccessToGiven: metadata?.access_to_given === 'true',
    detachAfter: isTime(metadata?.[DETACH_MARK]) ? (metadata?.[DETACH_MARK] ?? null) : null,
  };
}

function isTime(text: string | undefined): boolean {
  return text !== undefined && /^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/.test(text);
}

/**
 * The name under which a store locks the target of an access rule. Two grants of one target must not cross, as Manila
 * checks, then inserts; neither must a denial and a grant to another attachment behind the same address.
 */
export function targetLockKey(shareId: string, accessType: string, accessTo: string): string {
  return targetName({ shareId, accessType: accessType as AccessType, accessTo });
}

/** An attachment's rules as Manila sent them, and another attachment that holds each: both aligned with its targets. */
export interface RuleOwnership {
  wire: readonly (AccessRule | null)[];
  holders: readonly (Attachment | null)[];
}

/**
 * For each of these targets of a record, another attachment that holds it, or null. Exact however many attachments the
 * share has: the store's index by target lists holders first, and at most one of the first two is the record itself.
 */
export async function readHolders(
  store: AttachmentStore,
  record: Attachment,
  targets: readonly Pick<Target, 'accessTo'>[] = record.targets,
): Promise<(Attachment | null)[]> {
  const { projectId, shareId, accessType } = record;
  const names = targets.map(({ accessTo }) => ({ shareId, accessType, accessTo }));
  const lists = await store.listForTargets(projectId, names, 2);
  return targets.map(({ accessTo }, i) => {
    const isHolder = (other: Attachment) => other.id !== record.id && holds(other, accessTo);
    return lists[i]?.find(isHolder) ?? null;
  });
}

function holds(other: Attachment, accessTo: string): boolean {
  const isSame = (target: Target) => isSameTarget(other.accessType, target.accessTo, accessTo);
  return other.targets.some((target) => isSame(target) && holdsTarget(other, target));
}

/** The targets whose rules another attachment made and may therefore revoke. Not those that are being removed. */
export function sharedTargets(record: Attachment, { wire }: RuleOwnership): number[] {
  return wire.flatMap((rule, i) => {
    const isTheirs = rule !== null && isManaged(rule) && rule.metadata?.attachment_id !== record.id;
    return isTheirs && record.targets[i]?.change !== 'removing' ? [i] : [];
  });
}

/**
 * Writes a new owner into the metadata of rules that other attachments still hold. This happens before the record, or
 * the target, goes: what recovery then finds in Manila is an attachment that exists.
 * @param isGivenUp which of the targets the attachment no longer needs
 */
export async function transferRules(
  session: Session,
  record: Attachment,
  { wire, holders }: RuleOwnership,
  isGivenUp: (target: number) => boolean = () => true,
): Promise<void> {
  for (const [i, rule] of wire.entries()) {
    if (rule?.metadata?.attachment_id !== record.id || !isGivenUp(i)) continue;
    const newOwner = holders[i];
    // Manila merges the pairs: without NONE the new owner would take over what only the old one has
    // null: the rule is gone, which the new owner notices itself
    const metadata = newOwner && { ...NONE, ...ruleMetadata(newOwner) };
    if (metadata) await orNull(updateAccessRuleMetadata(session, rule.id, metadata));
  }
}
