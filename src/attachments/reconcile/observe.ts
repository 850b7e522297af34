/** What is done to Manila for an attachment, each call safe to repeat, and what Nova and Manila show of it. */
import { GatewayError } from '../../errors.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import {
  allowAccess,
  denyAccess,
  isDuplicateRule,
  listAccessRules,
  listExportLocations,
  listMessages,
  updateAccessRuleMetadata,
} from '../../openstack/manila/client.ts';
import type { AccessRule } from '../../openstack/manila/types.ts';
import { getServer } from '../../openstack/nova/client.ts';
import type { Session } from '../../openstack/session.ts';
import { isSameTarget } from '../access-targets.ts';
import type { Attachment } from '../attachment.ts';
import type { Observation, ObservedRule } from './decide.ts';

/** What marks a rule as ours. Metadata is never redacted, at any microversion (manila share_access view). */
export const MANAGED_BY = 'nova-manila-gateway';

/** What upstream shows, and the rules as Manila sent them, aligned with the targets. */
export interface Observed extends Observation {
  rules: (ObservedRule | null)[];
  wire: (AccessRule | null)[];
  /** Other attachments of ours on the same share. */
  others: readonly Attachment[];
}

/** Attachments that keep needing their rules. */
const HOLDING_STATUSES = new Set<string>(['attaching', 'attached', 'error_attaching']);

/**
 * Looks at everything the next decision needs. Costs one request; three when every rule is active, or the work takes long: then the server is looked at too.
 * @param others the share's other attachments, from the store
 * @param look `observesServer`: the server is looked at whatever the rules show, which takes a token that can see it
 */
export async function observe(
  session: Session,
  record: Attachment,
  others: readonly Attachment[],
  look: { isSlow: boolean; observesServer: boolean },
): Promise<Observed> {
  const rules = await listAccessRules(session, record.shareId);
  const seen = matchRules(record, rules ?? [], others);
  if (!rules) return { ...seen, share: 'gone' };
  const isActive = seen.rules.every((rule, i) => rule?.state === 'active' || record.targets[i]?.change === 'leaving');
  const asksExports = record.status === 'attaching' && (isActive || look.isSlow);
  const [server, locations] = await Promise.all([
    asksExports || look.observesServer ? getServer(session, record.serverId) : undefined,
    asksExports ? listExportLocations(session, record.shareId) : undefined,
  ]);
  return {
    ...seen,
    server: server === undefined ? 'unasked' : server ? 'present' : 'gone',
    isExported: asksExports ? (locations?.length ?? 0) > 0 : null,
  };
}

/** The record's targets found among a share's rules. A redacted rule is told by our metadata only. */
export function matchRules(record: Attachment, rules: readonly AccessRule[], others: readonly Attachment[]): Observed {
  const wire = record.targets.map(
    (target) =>
      rules.find(
        (rule) =>
          rule.access_type === record.accessType && isSameTarget(record.accessType, rule.access_to, target.accessTo),
      ) ??
      rules.find((rule) => rule.id === target.ruleId) ??
      null,
  );
  const stayers = holders(record, others);
  return {
    server: 'unasked',
    share: 'present',
    isExported: null,
    others: stayers,
    wire,
    rules: wire.map((rule, i) => rule && toObservedRule(rule, isNeeded(record, i, stayers))),
  };
}

/** The record with what was last seen of its rules. */
export function withObserved(record: Attachment, seen: Observed): Attachment {
  const targets = record.targets.map((target, i) => {
    const rule = seen.rules[i];
    return rule
      ? { ...target, ruleId: rule.id, isOwned: rule.isOurs, state: rule.state }
      : { ...target, ruleId: null, state: null };
  });
  return { ...record, targets };
}

/**
 * Grants one target. Gives what Manila made; null when a rule for it exists already and must be looked at.
 * @param deployment the store's word: a rule that carries it and has no record is this store's to take away
 */
export async function allow(
  session: Session,
  record: Attachment,
  target: number,
  deployment: string,
): Promise<ObservedRule | null> {
  const accessTo = record.targets[target]?.accessTo ?? '';
  try {
    const rule = await allowAccess(session, record.shareId, {
      access_type: record.accessType,
      access_to: accessTo,
      access_level: record.accessLevel,
      metadata: { ...ruleMetadata(record), deployment },
    });
    return toObservedRule(rule, false);
  } catch (error) {
    if (isDuplicateRule(error)) return null;
    throw error;
  }
}

/** Takes one rule away. False when it was gone already: a 404 is success. */
export async function deny(session: Session, record: Attachment, ruleId: string): Promise<boolean> {
  return await unlessGone(denyAccess(session, record.shareId, ruleId));
}

/** The targets whose rules another attachment of ours made: that one may take them away. Not those that are given up. */
export function sharedTargets(record: Attachment, seen: Observed): number[] {
  return seen.wire.flatMap((rule, i) => {
    const isTheirs = rule?.metadata?.managed_by === MANAGED_BY && rule.metadata.attachment_id !== record.id;
    return isTheirs && record.targets[i]?.change !== 'leaving' ? [i] : [];
  });
}

/** Whether another attachment of ours, not on its way out, needs a target's rule too. `others`: the share's attachments now. */
export function isNeededByOthers(record: Attachment, target: number, others: readonly Attachment[]): boolean {
  return isNeeded(record, target, holders(record, others));
}

/**
 * Gives the rules that stay for others a new owner in their metadata, before the record, or the target, goes: what a rebuild finds
 * in Manila then is an attachment that exists.
 * @param isLeft which of the targets are given up
 */
export async function transferRules(
  session: Session,
  record: Attachment,
  seen: Observed,
  isLeft: (target: number) => boolean = () => true,
): Promise<void> {
  for (const [i, rule] of seen.wire.entries()) {
    if (rule?.metadata?.attachment_id !== record.id || !isLeft(i)) continue;
    const heir = seen.others.find((other) => hasTarget(other, record, i));
    // a rule that is gone by now was the heir's to take away
    // Manila adds pairs to what is there: what the heir does not have must be said, or it would inherit that too
    if (heir) await unlessGone(updateAccessRuleMetadata(session, rule.id, { ...NOTHING, ...ruleMetadata(heir) }));
  }
}

/** Manila's newest user message about the share's access rules; null when there is none, or it cannot be read. */
export async function explain(session: Session, shareId: string): Promise<string | null> {
  try {
    const messages = await listMessages(session, { resourceId: shareId, limit: 10 });
    // manila message/message_field.py: 010 update access rules, 003 delete access rules
    return messages.find((message) => ['010', '003'].includes(message.action_id))?.user_message ?? null;
  } catch (error) {
    if (error instanceof OpenStackError || error instanceof GatewayError) return null;
    throw error;
  }
}

/** Words that ruleMetadata never gives, for pairs that an attachment does not have: an empty value is none to Manila. */
const NOTHING = { mount_point: 'none', access_to_given: 'false', user_id: 'none' };

/** What a rule carries, so that the record can be rebuilt from Manila. Values are 1 to 1,023 characters there. */
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

/** What rule metadata says of the record that it was made of. */
export function readRuleMetadata(metadata: Readonly<Record<string, string>>) {
  const { mount_point: mountPoint, user_id: userId } = metadata;
  return {
    mountPoint: mountPoint?.startsWith('/') ? mountPoint : null,
    userId: userId && userId !== NOTHING.user_id ? userId : null,
    isAccessToGiven: metadata['access_to_given'] === 'true',
  };
}

function toObservedRule(rule: AccessRule, isShared: boolean): ObservedRule {
  return {
    id: rule.id,
    state: rule.state,
    level: rule.access_level === 'ro' ? 'ro' : 'rw',
    isOurs: rule.metadata?.managed_by === MANAGED_BY,
    isShared,
  };
}

function holders(record: Attachment, others: readonly Attachment[]): Attachment[] {
  return others.filter((other) => other.id !== record.id && HOLDING_STATUSES.has(other.status));
}

async function unlessGone(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof OpenStackError && error.status === 404) return false;
    throw error;
  }
}

function isNeeded(record: Attachment, target: number, others: readonly Attachment[]): boolean {
  return others.some((other) => hasTarget(other, record, target));
}

function hasTarget(other: Attachment, record: Attachment, target: number): boolean {
  const accessTo = record.targets[target]?.accessTo ?? '';
  return (
    other.accessType === record.accessType &&
    other.targets.some((one) => one.accessTo === accessTo && one.change !== 'leaving')
  );
}
