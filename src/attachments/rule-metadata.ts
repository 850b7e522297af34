/** Who owns an access rule: what its metadata says, who else needs it, and how it passes to another attachment. */
import { orNull } from '../openstack/http/request.ts';
import { updateAccessRuleMetadata } from '../openstack/manila/client.ts';
import type { AccessRule } from '../openstack/manila/types.ts';
import type { Session } from '../openstack/session.ts';
import { isSameTarget } from './access-targets.ts';
import { type AccessType, type Attachment, holdsTarget, type Target } from './attachment.ts';
import { attachmentRef, signRule } from './rule-signature.ts';
import type { AttachmentStore } from './store/contract.ts';
import { targetName } from './store/targets.ts';

/** The `managed_by` of rules that a gateway made. No microversion redacts metadata (manila share_access view). */
export const MANAGED_BY = 'nova-manila-gateway';

/** The pair that marks a rule whose detach waits for the guest to unmount: until when. Not signed: it comes and goes. */
export const DETACH_MARK = 'detach_after';
export const NO_DETACH_MARK = 'none';

/** Values for pairs that an attachment lacks: Manila rejects an empty value, and removes no pair in an update. */
const NONE = {
  attachment_id: 'none',
  attachment_ref: 'none',
  server_id: 'none',
  mount_point: 'none',
  access_to_given: 'false',
  user_id: 'none',
  [DETACH_MARK]: NO_DETACH_MARK,
};

/** Whether a gateway made the rule. */
export function isManaged(rule: AccessRule): boolean {
  return rule.metadata?.managed_by === MANAGED_BY;
}

/** What Manila shows in place of a target that is locked against being seen (manila api/views/share_accesses.py). */
const MASKED = '******';

/** Whether Manila hides the rule's target from this token. */
export function isHiddenTarget(rule: AccessRule): boolean {
  return rule.access_to === MASKED;
}

/** A rule that no gateway made and whose target is hidden is Nova's: the only sign of its work that a member sees. */
export function isMasked(rule: AccessRule): boolean {
  return isHiddenTarget(rule) && !isManaged(rule);
}

/**
 * The signed metadata of a rule, from which its record can be recovered. On a share of another project, whose members
 * read it, it names the attachment by a reference that only this store's gateways understand: such a record cannot be
 * recovered. Manila takes values of 1 to 1,023 characters.
 */
export async function ruleMetadata(
  store: AttachmentStore,
  record: Attachment,
  accessTo: string,
): Promise<Record<string, string>> {
  const [storeId, key] = await Promise.all([store.storeId(), store.signingKey()]);
  const owner = record.isForeignShare ? { attachment_ref: attachmentRef(key, record.id) } : describeOwner(record);
  return signed(key, record, accessTo, { managed_by: MANAGED_BY, ...owner, store_id: storeId });
}

function describeOwner(record: Attachment): Record<string, string> {
  return {
    attachment_id: record.id,
    server_id: record.serverId,
    ...(record.mountPoint ? { mount_point: record.mountPoint } : {}),
    ...(record.requestedAccessTo ? { access_to_given: 'true' } : {}),
    ...(record.userId ? { user_id: record.userId } : {}),
    ...(record.isProtected ? { is_protected: 'true' } : {}),
    ...(record.isHidden ? { is_hidden: 'true' } : {}),
  };
}

function signed(
  key: string,
  { shareId, accessType }: Attachment,
  accessTo: string,
  metadata: Record<string, string>,
): Record<string, string> {
  const rule = { share_id: shareId, access_type: accessType, access_to: accessTo };
  return { ...metadata, signature: signRule(key, rule, metadata) };
}

/** Whether a rule's metadata names the attachment as its owner. */
export function isOwner(key: string | null, { id }: Pick<Attachment, 'id'>, rule: AccessRule): boolean {
  const { attachmentId, attachmentRef: ref } = readRuleMetadata(rule.metadata);
  return isManaged(rule) && (attachmentId === id || (key !== null && ref !== null && ref === attachmentRef(key, id)));
}

/**
 * Whether a gateway made the rule for an attachment of the record's project, which may therefore revoke it: on a share of
 * that project any rule but those made for servers of others, on a share of another project only the record's own.
 */
export function isOwn(key: string | null, record: Attachment, rule: AccessRule): boolean {
  if (record.isForeignShare) return isOwner(key, record, rule);
  return isManaged(rule) && (readRuleMetadata(rule.metadata).attachmentRef === null || isOwner(key, record, rule));
}

/** What a rule's metadata says about its attachment. Older rules call the store's id `deployment`. */
export function readRuleMetadata(metadata: Readonly<Record<string, string>> | undefined) {
  const { mount_point: mountPoint, user_id: userId } = metadata ?? {};
  return {
    attachmentId: unlessNone(metadata?.attachment_id),
    attachmentRef: unlessNone(metadata?.attachment_ref),
    serverId: unlessNone(metadata?.server_id),
    storeId: metadata?.store_id ?? metadata?.deployment ?? null,
    mountPoint: mountPoint?.startsWith('/') ? mountPoint : null,
    userId: unlessNone(userId),
    isAccessToGiven: metadata?.access_to_given === 'true',
    isProtected: metadata?.is_protected === 'true',
    isHidden: metadata?.is_hidden === 'true',
    detachAfter: isTime(metadata?.[DETACH_MARK]) ? (metadata?.[DETACH_MARK] ?? null) : null,
  };
}

function isTime(text: string | undefined): boolean {
  return text !== undefined && /^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/.test(text);
}

function unlessNone(value: string | undefined): string | null {
  return value && value !== 'none' ? value : null;
}

/**
 * The name under which a store locks the target of an access rule. Two grants of one target must not cross, as Manila
 * checks, then inserts; neither must a denial and a grant to another attachment behind the same address.
 */
export function targetLockKey(shareId: string, accessType: string, accessTo: string): string {
  return targetName({ shareId, accessType: accessType as AccessType, accessTo });
}

/** An attachment's rules as Manila sent them, with their ownership: all aligned with its targets. */
export interface RuleOwnership {
  wire: readonly (AccessRule | null)[];
  /** Whether the rule's metadata names this attachment. */
  isOwner: readonly boolean[];
  /** Another attachment that holds the target. */
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
export function sharedTargets(record: Attachment, { wire, isOwner }: RuleOwnership): number[] {
  return wire.flatMap((rule, i) => {
    const isTheirs = rule !== null && isManaged(rule) && !isOwner[i];
    return isTheirs && record.targets[i]?.change !== 'removing' ? [i] : [];
  });
}

/**
 * Writes a new owner into the metadata of rules that other attachments still hold. This happens before the record, or
 * the target, goes: what recovery then finds in Manila is an attachment that exists.
 * @param isGivenUp which of the targets the attachment no longer needs
 */
export async function transferRules(
  store: AttachmentStore,
  session: Session,
  record: Attachment,
  { wire, isOwner, holders }: RuleOwnership,
  isGivenUp: (target: number) => boolean = () => true,
): Promise<void> {
  for (const [i, rule] of wire.entries()) {
    const newOwner = holders[i];
    if (!rule || !newOwner || !isOwner[i] || !isGivenUp(i)) continue;
    // not the rule's own text, which Manila may hide from this token
    const metadata = await transferMetadata(store, newOwner, record.targets[i]?.accessTo ?? '');
    // null: the rule is gone, which the new owner notices itself
    await orNull(updateAccessRuleMetadata(session, rule.id, metadata));
  }
}

/** Manila merges the pairs: without NONE the new owner would take over what only the old one has. */
async function transferMetadata(store: AttachmentStore, newOwner: Attachment, accessTo: string) {
  const { signature: _, ...metadata } = await ruleMetadata(store, newOwner, accessTo);
  return signed(await store.signingKey(), newOwner, accessTo, { ...NONE, ...metadata });
}
