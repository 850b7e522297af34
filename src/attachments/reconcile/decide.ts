/**
 * The life of an attachment, as one pure decision: what the record says and what upstream shows -> what to do next.
 * No clock, no I/O, no package. design: observe, decide, perform, commit.
 */
import type { FaultCode } from '../../errors.ts';
import type { AccessLevel, Attachment, AttachmentStatus, EventType, Reason } from '../attachment.ts';

/** What Manila shows of one target's access rule. */
export interface ObservedRule {
  id: string;
  /** Manila's word; null for an orphan. */
  state: string | null;
  level: AccessLevel;
  /** Whether its metadata says that this gateway made it. */
  isOurs: boolean;
  /** Whether another attachment of ours, not on its way out, needs this rule too. */
  isShared: boolean;
}

/** What upstream shows now. */
export interface Observation {
  /** `gone`: Nova answered 404. `unasked`: nobody looked. */
  server: 'present' | 'gone' | 'unasked';
  /** `gone`: Manila does not know the share. */
  share: 'present' | 'gone';
  /** Aligned with the record's targets; null: no such rule. */
  rules: readonly (ObservedRule | null)[];
  /** Whether the share has an export location; null: nobody looked. */
  isExported: boolean | null;
}

/** What may be done in this pass, and whose rights there are. */
export interface Rights {
  /** The caller's own token is at hand: the only one that ever grants. */
  mayGrant: boolean;
  /** A token is at hand that may revoke: the caller's, or the gateway's own for what a caller was accepted for or whose server is gone. */
  mayRevoke: boolean;
}

export type Action =
  /** Nothing to do now; look again later. */
  | { do: 'wait' }
  /** Nothing to do until somebody asks. */
  | { do: 'rest' }
  | { do: 'allow'; target: number }
  | { do: 'deny'; target: number; ruleId: string }
  /** Commit: the detach counts as accepted. */
  | { do: 'accept' }
  /** Commit a new status, with its event. */
  | {
      do: 'settle';
      status: AttachmentStatus;
      event: EventType;
      reason?: Reason;
      fault?: { code: FaultCode; message: string; target?: number };
    }
  /** Commit the end. */
  | { do: 'remove'; reason?: Reason };

/** Grants that are renewed for a rule in error before giving up: a neighbour's bad rule can fail ours. */
export const MAX_GRANTS = 3;
/** Denials of one attachment's rules before giving up. */
export const MAX_DENIALS = 5;

const DENYING_STATES = new Set(['queued_to_deny', 'denying']);

/**
 * The next step of one attachment.
 * @param isOverdue whether the status has lasted longer than its deadline
 */
export function decide(record: Attachment, seen: Observation, rights: Rights, isOverdue: boolean): Action {
  if (seen.share === 'gone') return { do: 'remove', reason: 'SHARE_DELETED' };
  // also after a revocation that failed: access must not outlive the server
  if (seen.server === 'gone' && record.status !== 'detaching') {
    return { do: 'settle', status: 'detaching', event: 'DETACH_STARTED', reason: 'SERVER_DELETED' };
  }
  switch (record.status) {
    case 'attaching':
      return decideAttaching(record, seen, rights, isOverdue);
    case 'attached':
      return decideAttached(record, seen, rights, isOverdue);
    case 'detaching':
      return decideDetaching(record, seen, rights);
    case 'error_attaching':
    case 'error_detaching':
      return { do: 'rest' };
  }
}

function decideAttaching(record: Attachment, seen: Observation, rights: Rights, isOverdue: boolean): Action {
  const { mayGrant } = rights;
  for (const [target, rule] of seen.rules.entries()) {
    if (isRemoving(record, target)) continue;
    if (!rule) return mayGrant ? { do: 'allow', target } : failed('RULE_MISSING', target);
    if (DENYING_STATES.has(rule.state ?? '')) continue;
    if (rule.level !== record.accessLevel) return failed('LEVEL_CONFLICT', target);
    if (rule.state !== 'error') continue;
    return mayRenew(record, rule, rights) ? { do: 'deny', target, ruleId: rule.id } : failed('RULE_ERROR', target);
  }
  if (seen.rules.every((rule, i) => isRemoving(record, i) || rule?.state === 'active') && seen.isExported) {
    const left = decideRemoving(record, seen, rights);
    // what nobody may take away now goes on leaving: the attachment is there, and stale
    return left && left.do !== 'rest' ? left : { do: 'settle', status: 'attached', event: 'ATTACHED' };
  }
  return isOverdue ? failed('DEADLINE_EXCEEDED') : { do: 'wait' };
}

function decideAttached(record: Attachment, seen: Observation, rights: Rights, isOverdue: boolean): Action {
  for (const [target, rule] of seen.rules.entries()) {
    if (record.targets[target]?.change) continue;
    if (!rule) return failed('RULE_MISSING', target);
    if (rule.state === 'error') return failed('RULE_ERROR', target);
  }
  // a rule that somebody is denying is looked at again until it is gone
  const isDenied = seen.rules.some((rule, i) => !record.targets[i]?.change && DENYING_STATES.has(rule?.state ?? ''));
  if (isDenied) return { do: 'wait' };
  if (!record.targets.some((target) => target.change)) return { do: 'rest' };
  return decideRetarget(record, seen, rights, isOverdue);
}

// the server's addresses changed: the new ones are granted and active before an old one goes; the status stays `attached` meanwhile
function decideRetarget(record: Attachment, seen: Observation, rights: Rights, isOverdue: boolean): Action {
  let pending: Action | null = null;
  for (const [target, rule] of seen.rules.entries()) {
    if (record.targets[target]?.change !== 'coming') continue;
    if (!rule && rights.mayGrant) return { do: 'allow', target };
    if (rule && !DENYING_STATES.has(rule.state ?? '')) {
      if (rule.level !== record.accessLevel) return failed('LEVEL_CONFLICT', target);
      if (rule.state === 'active') continue;
      if (rule.state === 'error' && mayRenew(record, rule, rights)) return { do: 'deny', target, ruleId: rule.id };
      if (rule.state === 'error' && rights.mayGrant) return failed('RULE_ERROR', target);
    }
    const isMoving = rule !== null && rule.state !== 'error' && !isOverdue;
    pending = isMoving ? { do: 'wait' } : (pending ?? { do: 'rest' });
  }
  return pending ?? decideRemoving(record, seen, rights) ?? { do: 'settle', status: 'attached', event: 'ATTACHED' };
}

/** What the rules on their way out need, now that all others are active: `rest` when nobody may revoke them, null when none of ours is left. */
function decideRemoving(record: Attachment, seen: Observation, { mayRevoke }: Rights): Action | null {
  let pending: Action | null = null;
  for (const [target, rule] of seen.rules.entries()) {
    if (!isRemoving(record, target) || !rule?.isOurs || rule.isShared) continue;
    const isGoing = DENYING_STATES.has(rule.state ?? '');
    const mayDeny = mayRevoke && record.attempts < MAX_DENIALS;
    if (!isGoing && mayDeny) return { do: 'deny', target, ruleId: rule.id };
    pending = isGoing ? { do: 'wait' } : (pending ?? { do: 'rest' });
  }
  return pending;
}

function isRemoving(record: Attachment, target: number): boolean {
  return record.targets[target]?.change === 'leaving';
}

// a rule in error is denied to be granted again: ours alone, and not for ever
function mayRenew(record: Attachment, rule: ObservedRule, { mayGrant }: Rights): boolean {
  return mayGrant && rule.isOurs && !rule.isShared && record.attempts < MAX_GRANTS;
}

function decideDetaching(record: Attachment, seen: Observation, { mayRevoke }: Rights): Action {
  const ours = seen.rules.map((rule) => (rule?.isOurs && !rule.isShared ? rule : null));
  const left = ours.findIndex((rule) => rule && !DENYING_STATES.has(rule.state ?? ''));
  const rule = ours[left];
  if (!rule) {
    // every rule of ours is gone or going: Manila took the denial, whatever became of its answer
    if (ours.some((one) => one)) return record.isAccepted ? { do: 'wait' } : { do: 'accept' };
    // one that stays for others must be given to them first, which takes the same right as a denial
    if (mayRevoke || !seen.rules.some((one) => one?.isOurs)) return { do: 'remove' };
  }
  if (!mayRevoke || !rule) return record.isAccepted ? { do: 'wait' } : abandoned(record);
  if (record.attempts >= MAX_DENIALS) return stuck(left);
  return { do: 'deny', target: left, ruleId: rule.id };
}

/** A detach that Manila never accepted, and whose caller is no longer here: back to what it was. */
function abandoned(record: Attachment): Action {
  return {
    do: 'settle',
    status: record.previousStatus ?? 'attached',
    event: 'DETACH_FAILED',
    fault: { code: 'DETACH_ABANDONED', message: 'The request to detach ended before Manila accepted it: detach again' },
  };
}

const MESSAGES = {
  RULE_ERROR: 'Manila could not apply the access rule',
  LEVEL_CONFLICT: 'An access rule for the same client exists with another access level',
  DEADLINE_EXCEEDED: 'Manila did not finish in time',
  RULE_MISSING: 'The access rule is not there (any more), and only a user may grant it: attach again',
  DENY_FAILED: 'The access rule is still there after repeated denials',
} as const;

function failed(code: Exclude<keyof typeof MESSAGES, 'DENY_FAILED'>, target?: number): Action {
  return transitionToError('error_attaching', 'ATTACH_FAILED', code, target);
}

function stuck(target: number): Action {
  return transitionToError('error_detaching', 'DETACH_FAILED', 'DENY_FAILED', target);
}

function transitionToError(
  status: AttachmentStatus,
  event: EventType,
  code: keyof typeof MESSAGES,
  target: number | undefined,
): Action {
  const message = MESSAGES[code];
  return { do: 'settle', status, event, fault: target === undefined ? { code, message } : { code, message, target } };
}

/** How much of the time that a pass took counts as waited already, in ms: a busy cloud gets the whole pause. */
const MAX_SPENT_MS = 50;

/**
 * When to look again at work that goes well, in ms: every 100 ms at first, then after a quarter of the time it has taken so far, at
 * most 5 s, and up to a tenth more so that those who began together part.
 * @param spentMs how long the pass has taken so far
 * @param random in [0, 1)
 */
export function pollDelay(elapsedMs: number, spentMs: number, random: number): number {
  const pause = Math.min(5000, Math.max(100, elapsedMs / 4)) * (1 + random / 10);
  return pause - Math.min(spentMs, MAX_SPENT_MS);
}

/**
 * When to try again after an uncertain outcome, in ms, with jitter: from 250 ms doubling to 5 s in the first minute, while a caller waits, to 60 s later.
 * @param random in [0, 1)
 */
export function backoffDelay(failures: number, elapsedMs: number, random: number): number {
  const most = elapsedMs < 60_000 ? 5000 : 60_000;
  const span = Math.min(most, 250 * 2 ** Math.min(failures, 10));
  return span / 2 + (span / 2) * random;
}
