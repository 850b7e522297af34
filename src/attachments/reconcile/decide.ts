/**
 * The life of an attachment as one pure decision: from the record and what upstream shows to the next action.
 * No clock, no I/O, no package. Reconciling is: observe, decide, perform, commit.
 */
import type { FaultCode } from '../../errors.ts';
import type { AccessLevel, Attachment, AttachmentStatus, EventType, Reason } from '../attachment.ts';

/** What Manila shows of one target's access rule. */
export interface ObservedRule {
  id: string;
  /** Manila's `state`; null for a rule without one. */
  state: string | null;
  level: AccessLevel;
  /** Whether its metadata says that the gateway made it. */
  isOurs: boolean;
  /** Whether another attachment that is not being detached needs this rule too. */
  isShared: boolean;
}

/** What upstream shows now. */
export interface Observation {
  /** `gone`: Nova answered 404. `unasked`: Nova was not asked. */
  server: 'present' | 'gone' | 'unasked';
  /** `gone`: Manila answered 404 for the share. */
  share: 'present' | 'gone';
  /** Aligned with the record's targets; null: no such rule. */
  rules: readonly (ObservedRule | null)[];
  /** Aligned with the targets: whether the rule's metadata names this attachment. Absent: none does. */
  isOwner?: readonly boolean[];
  /** Whether the share has an export location; null: Manila was not asked. */
  isExported: boolean | null;
}

/** What the session of a reconcile may do. */
export interface Rights {
  /** The session is the caller's own: the only one that ever grants. */
  mayGrant: boolean;
  /** The session may revoke: the caller's, or the gateway's own once a caller was authorised or the server deleted. */
  mayRevoke: boolean;
}

export type Action =
  /** Nothing to do now; reconcile again later. */
  | { do: 'wait' }
  /** Nothing to do until the next request. */
  | { do: 'idle' }
  | { do: 'allow'; target: number }
  | { do: 'deny'; target: number; ruleId: string }
  /** Give the rule the record's access level. */
  | { do: 'update'; target: number; ruleId: string }
  /** Commit: Manila accepted the revocation. */
  | { do: 'accept' }
  /** Ask Manila whether the session may revoke, where the detach has nothing to revoke. */
  | { do: 'authorize' }
  /** Commit: Manila accepted the request before a crash. */
  | { do: 'announce' }
  /** Commit the record as it was before a request that Manila never accepted. */
  | { do: 'restore' }
  /** Commit a new status, with its event. */
  | {
      do: 'transition';
      status: AttachmentStatus;
      event: EventType;
      reason?: Reason;
      fault?: { code: FaultCode; message: string; target?: number };
    }
  /** Commit the removal of the record. */
  | { do: 'remove'; reason?: Reason };

/** Renewed grants for a rule in error before giving up: an invalid rule of another client can fail this one. */
export const MAX_GRANTS = 3;
/** Denials of one attachment's rules before giving up. */
export const MAX_DENIALS = 5;

const DENYING_STATES = new Set<string | null | undefined>(['queued_to_deny', 'denying']);

/** Whether Manila has accepted the removal of a rule in this state. */
export function isBeingDenied(state: string | null | undefined): boolean {
  return DENYING_STATES.has(state);
}

/**
 * The next action for one attachment.
 * @param isOverdue whether the status has lasted longer than its deadline
 */
export function decide(record: Attachment, observed: Observation, rights: Rights, isOverdue: boolean): Action {
  if (observed.share === 'gone') return { do: 'remove', reason: 'SHARE_DELETED' };
  // this also retries a failed revocation: access must not outlive the server
  if (observed.server === 'gone' && record.status !== 'detaching') {
    return { do: 'transition', status: 'detaching', event: 'DETACH_STARTED', reason: 'SERVER_DELETED' };
  }
  if (record.pending) return decidePending(record, observed, rights);
  switch (record.status) {
    case 'attaching':
      return decideAttaching(record, observed, rights, isOverdue);
    case 'attached':
      return decideAttached(record, observed, rights, isOverdue);
    case 'detaching':
      return decideDetaching(record, observed, rights);
    case 'error_attaching':
    case 'error_detaching':
      return { do: 'idle' };
  }
}

/**
 * A request whose caller Manila has not accepted yet. The first call is one that takes the right to grant, or to revoke,
 * also where a rule exists already, or none has to go: Manila's policy decides. Without the caller's session, as after a
 * crash, the request is accepted where a call of it has been, and forgotten otherwise.
 */
function decidePending(record: Attachment, observed: Observation, rights: Rights): Action {
  if (record.status === 'attaching') {
    const isNew = record.pending?.before === null;
    const isGranted = observed.rules.some((rule, i) => rule && observed.isOwner?.[i]);
    if (!rights.mayGrant) return isNew && isGranted ? { do: 'announce' } : { do: 'restore' };
    const missing = observed.rules.findIndex((rule, i) => !rule && !isRemoving(record, i));
    const kept = record.targets.findIndex((_, i) => !isRemoving(record, i));
    return { do: 'allow', target: missing >= 0 ? missing : Math.max(kept, 0) };
  }
  const action = decideDetaching(record, observed, rights);
  if (rights.mayRevoke) return action.do === 'deny' ? action : { do: 'authorize' };
  return action.do === 'accept' || (action.do === 'remove' && record.targets.some(({ isOwned }) => isOwned))
    ? action
    : { do: 'restore' };
}

function decideAttaching(record: Attachment, observed: Observation, rights: Rights, isOverdue: boolean): Action {
  const { mayGrant } = rights;
  for (const [target, rule] of observed.rules.entries()) {
    if (isRemoving(record, target)) continue;
    if (!rule) return mayGrant ? { do: 'allow', target } : failed('RULE_MISSING', target);
    if (isBeingDenied(rule.state)) continue;
    if (rule.level !== record.accessLevel) return failed('LEVEL_CONFLICT', target);
    if (rule.state !== 'error') continue;
    return mayRenew(record, rule, rights) ? { do: 'deny', target, ruleId: rule.id } : failed('RULE_ERROR', target);
  }
  if (observed.rules.every((rule, i) => isRemoving(record, i) || rule?.state === 'active') && observed.isExported) {
    const removal = decideRemoving(record, observed, rights);
    // a rule that this session may not revoke stays `removing`: the attachment is attached, and stale
    return removal && removal.do !== 'idle' ? removal : { do: 'transition', status: 'attached', event: 'ATTACHED' };
  }
  return isOverdue ? failed('DEADLINE_EXCEEDED') : { do: 'wait' };
}

function decideAttached(record: Attachment, observed: Observation, rights: Rights, isOverdue: boolean): Action {
  for (const [target, rule] of observed.rules.entries()) {
    if (record.targets[target]?.change) continue;
    if (!rule) return failed('RULE_MISSING', target);
    if (rule.state === 'error') return failed('RULE_ERROR', target);
  }
  // another client is denying the rule: reconcile until it is gone
  const isDenied = observed.rules.some((rule, i) => !record.targets[i]?.change && isBeingDenied(rule?.state));
  if (isDenied) return { do: 'wait' };
  if (!record.targets.some((target) => target.change)) return { do: 'idle' };
  return decideUpdating(record, observed, rights) ?? decideRetarget(record, observed, rights, isOverdue);
}

/**
 * The access level changed: each rule gets it, by an update or, with `renewsRules`, denied and granted again. Null when all
 * of them have it. The status stays `attached` meanwhile.
 */
function decideUpdating(record: Attachment, observed: Observation, { mayGrant }: Rights): Action | null {
  const isExhausted = record.attempts >= MAX_DENIALS * record.targets.length;
  let pending: Action | null = null;
  for (const [target, rule] of observed.rules.entries()) {
    if (record.targets[target]?.change !== 'updating') continue;
    if (!rule) return mayGrant ? { do: 'allow', target } : failed('RULE_MISSING', target);
    if (isBeingDenied(rule.state)) pending = { do: 'wait' };
    else if (rule.level !== record.accessLevel) {
      if (rule.isShared || !rule.isOurs || isExhausted) return failed('LEVEL_CONFLICT', target);
      if (mayGrant) return { do: record.renewsRules ? 'deny' : 'update', target, ruleId: rule.id };
      pending ??= { do: 'idle' };
    } else if (rule.state === 'error') return failed('RULE_ERROR', target);
    else if (rule.state !== 'active') pending = { do: 'wait' };
  }
  return pending;
}

/**
 * The server's addresses changed: new rules are granted and active before an old one is revoked. The status stays
 * `attached` meanwhile.
 */
function decideRetarget(record: Attachment, observed: Observation, rights: Rights, isOverdue: boolean): Action {
  let pending: Action | null = null;
  for (const [target, rule] of observed.rules.entries()) {
    if (record.targets[target]?.change !== 'adding') continue;
    if (!rule && rights.mayGrant) return { do: 'allow', target };
    if (rule && !isBeingDenied(rule.state)) {
      if (rule.level !== record.accessLevel) return failed('LEVEL_CONFLICT', target);
      if (rule.state === 'active') continue;
      if (rule.state === 'error' && mayRenew(record, rule, rights)) return { do: 'deny', target, ruleId: rule.id };
      if (rule.state === 'error' && rights.mayGrant) return failed('RULE_ERROR', target);
    }
    const isProgressing = rule !== null && rule.state !== 'error' && !isOverdue;
    pending = isProgressing ? { do: 'wait' } : (pending ?? { do: 'idle' });
  }
  return (
    pending ?? decideRemoving(record, observed, rights) ?? { do: 'transition', status: 'attached', event: 'ATTACHED' }
  );
}

/**
 * What the `removing` rules need, now that all others are active: `idle` when this session may not revoke them, null
 * when none that the gateway made is left.
 */
function decideRemoving(record: Attachment, observed: Observation, { mayRevoke }: Rights): Action | null {
  let pending: Action | null = null;
  for (const [target, rule] of observed.rules.entries()) {
    if (!isRemoving(record, target) || !rule?.isOurs || rule.isShared) continue;
    const isDenied = isBeingDenied(rule.state);
    const mayDeny = mayRevoke && record.attempts < MAX_DENIALS;
    if (!isDenied && mayDeny) return { do: 'deny', target, ruleId: rule.id };
    pending = isDenied ? { do: 'wait' } : (pending ?? { do: 'idle' });
  }
  return pending;
}

function isRemoving(record: Attachment, target: number): boolean {
  return record.targets[target]?.change === 'removing';
}

/** Whether a rule in error may be denied and granted again: only one that no one else needs, and not for ever. */
function mayRenew(record: Attachment, rule: ObservedRule, { mayGrant }: Rights): boolean {
  return mayGrant && rule.isOurs && !rule.isShared && record.attempts < MAX_GRANTS;
}

function decideDetaching(record: Attachment, observed: Observation, { mayRevoke }: Rights): Action {
  const ours = observed.rules.map((rule) => (rule?.isOurs && !rule.isShared ? rule : null));
  const target = ours.findIndex((rule) => rule && !isBeingDenied(rule.state));
  const rule = ours[target];
  if (!rule) {
    // each of our rules is gone or being denied: Manila accepted the denial, even if its response was lost
    if (ours.some((one) => one)) return record.isAccepted ? { do: 'wait' } : { do: 'accept' };
    // a rule that others need is transferred to them first, which takes the same right as a denial
    if (mayRevoke || !observed.rules.some((one) => one?.isOurs)) return { do: 'remove' };
  }
  if (!mayRevoke || !rule) return record.isAccepted ? { do: 'wait' } : abandoned(record);
  if (record.attempts >= MAX_DENIALS) {
    return toError('error_detaching', 'DETACH_FAILED', 'DENY_FAILED', target);
  }
  return { do: 'deny', target, ruleId: rule.id };
}

/** Manila never accepted this detach and its caller's session is gone: back to the previous status. */
function abandoned(record: Attachment): Action {
  return {
    do: 'transition',
    status: record.previousStatus ?? 'attached',
    event: 'DETACH_FAILED',
    fault: { code: 'DETACH_ABANDONED', message: 'The request to detach ended before Manila accepted it: detach again' },
  };
}

const MESSAGES = {
  RULE_ERROR: 'Manila could not apply the access rule',
  LEVEL_CONFLICT: 'An access rule for the same client exists with another access level',
  DEADLINE_EXCEEDED: 'Manila did not finish in time',
  RULE_MISSING: 'The access rule does not exist, and only a user may grant it: attach again',
  DENY_FAILED: 'The access rule still exists after repeated denials',
} as const;

function failed(code: Exclude<keyof typeof MESSAGES, 'DENY_FAILED'>, target?: number): Action {
  return toError('error_attaching', 'ATTACH_FAILED', code, target);
}

function toError(
  status: AttachmentStatus,
  event: EventType,
  code: keyof typeof MESSAGES,
  target: number | undefined,
): Action {
  const message = MESSAGES[code];
  const fault = target === undefined ? { code, message } : { code, message, target };
  return { do: 'transition', status, event, fault };
}

/** How much of the time that a reconcile took counts as waited already, in ms: a busy cloud gets the whole pause. */
const MAX_SPENT_MS = 50;

/**
 * When to reconcile work that progresses again, in ms: every 100 ms at first, then after a quarter of the time it has
 * taken so far, at most 5 s. Up to a tenth is added, so that attachments that began together do not stay in step.
 * @param spentMs how long the reconcile has taken so far
 * @param random in [0, 1)
 */
export function pollDelay(elapsedMs: number, spentMs: number, random: number): number {
  const pause = Math.min(5000, Math.max(100, elapsedMs / 4)) * (1 + random / 10);
  return pause - Math.min(spentMs, MAX_SPENT_MS);
}

/**
 * When to retry after an uncertain outcome, in ms, with jitter: from 250 ms doubling to 5 s in the first minute, while
 * a caller waits, to 60 s later.
 * @param random in [0, 1)
 */
export function backoffDelay(failures: number, elapsedMs: number, random: number): number {
  const most = elapsedMs < 60_000 ? 5000 : 60_000;
  const span = Math.min(most, 250 * 2 ** Math.min(failures, 10));
  return span / 2 + (span / 2) * random;
}
