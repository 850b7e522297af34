/** Performs one decided action against Manila, each call safe to repeat, and commits what it changed. */
import { randomUUID } from 'node:crypto';
import { type FaultCode, GatewayError } from '../../errors.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { orNull } from '../../openstack/http/request.ts';
import {
  allowAccess,
  denyAccess,
  isDuplicateRule,
  listMessages,
  updateAccessLevel,
} from '../../openstack/manila/client.ts';
import type { Session } from '../../openstack/session.ts';
import { isSameTarget } from '../access-targets.ts';
import {
  type Attachment,
  type AttachmentView,
  type EventType,
  elapsedMs,
  type Fault,
  isInProgress,
  newEvent,
  type Reason,
  withStatus,
} from '../attachment.ts';
import { tellGuest } from '../guest/tell-guest.ts';
import { fromStored, toStored } from '../pending.ts';
import { completeRetarget, isRetargeting } from '../retarget.ts';
import { readRules, untilNextList } from '../rule-lists.ts';
import {
  isOwner,
  MANAGED_BY,
  readHolders,
  ruleMetadata,
  sharedTargets,
  targetLockKey,
  transferRules,
} from '../rule-metadata.ts';
import type { CommitOptions } from '../store/contract.ts';
import { type Action, type ObservedRule, pollDelay } from './decide.ts';
import {
  LeaseLost,
  leasedSession,
  type Observed,
  observe,
  type ReconcileContext,
  remainingLeaseMs,
  toObservedRule,
  withObserved,
} from './observe.ts';

/** How much longer other processes leave a record to the one with its caller's token, in ms: only that may grant. */
const TOKEN_HOLDER_HEAD_START_MS = 3000;

/** How a reconcile left the attachment, and in how many ms it is reconciled again; null: at the next request. */
export interface ReconcileResult {
  attachment: AttachmentView;
  requeueAfterMs: number | null;
}

/** The result that ends the reconcile; or the record and what is observed now, null when that must be read again. */
export type Step = { result: ReconcileResult } | { record: Attachment; observed: Observed | null };

/** Performs an action other than waiting. */
export async function perform(
  context: ReconcileContext,
  record: Attachment,
  observed: Observed,
  action: Exclude<Action, { do: 'wait' }>,
): Promise<Step> {
  switch (action.do) {
    case 'idle':
      return { result: await commitAndRelease(context, record, { dueInMs: null }) };
    case 'accept':
      return { record: await commitAccepted(context, record), observed };
    case 'authorize':
      // no rule has this id: Manila checks its policy first, then says 404
      await deny(leasedSession(context), record, randomUUID());
      return { record: await commitAccepted(context, record), observed };
    case 'announce':
      return { record: await announce(context, record), observed };
    case 'restore':
      return { result: await restore(context, record) };
    case 'allow':
      return await performAllow(context, record, observed, action.target);
    case 'deny':
      return await performDeny(context, record, observed, action);
    case 'update':
      return await performUpdate(context, record, observed, action);
    case 'transition':
      return await performTransition(context, record, observed, action);
    case 'remove':
      return { result: await performRemove(context, record, observed, action.reason ?? record.reason) };
  }
}

/** Runs `work` under the lock of one target (targetLockKey); null when another reconcile holds it. */
async function withTargetLock<T>(
  context: ReconcileContext,
  record: Attachment,
  target: number,
  work: () => Promise<T>,
): Promise<{ value: T } | null> {
  const { store, owner } = context;
  const { projectId, shareId, accessType, targets } = record;
  const lock = targetLockKey(shareId, accessType, targets[target]?.accessTo ?? '');
  const left = remainingLeaseMs(context);
  if (left <= 0) throw new LeaseLost();
  if (!(await store.lockTarget(projectId, lock, owner, left))) return null;
  try {
    return { value: await work() };
  } finally {
    await store.unlockTarget(projectId, lock, owner);
  }
}

async function performAllow(
  context: ReconcileContext,
  record: Attachment,
  observed: Observed,
  target: number,
): Promise<Step> {
  const granted = await withTargetLock(context, record, target, async () => {
    // a rule that exists, and is gone when it is looked for, was being denied: only one that stays unseen is hidden
    for (let tries = 0; tries < 2; tries++) {
      const rule = await allow(context, record, target);
      const isOwner = observed.isOwner.with(target, true);
      const granted = rule && { ...observed, isOwner, rules: observed.rules.with(target, rule) };
      const now = granted ?? (await observe(context, record));
      if (now.rules[target]) return { record: withObserved(record, now), observed: now };
    }
    throw hiddenRule(record, target);
  });
  return granted?.value ?? (await requeueSoon(context, record));
}

/** Grants one target. Null when Manila has a rule for it already, which must be observed. */
async function allow(context: ReconcileContext, record: Attachment, target: number): Promise<ObservedRule | null> {
  const accessTo = record.targets[target]?.accessTo ?? '';
  const metadata = await ruleMetadata(context.store, record, accessTo);
  try {
    const rule = await allowAccess(leasedSession(context), record.shareId, {
      access_type: record.accessType,
      access_to: accessTo,
      access_level: record.accessLevel,
      metadata,
      ...locksOf(record),
    });
    return toObservedRule(rule, true, false);
  } catch (error) {
    if (isDuplicateRule(error)) return null;
    if (isLocked(record) && isFinal(error)) await denyUnlocked(context, record, accessTo);
    throw error;
  }
}

/**
 * Denies one rule. Who else needs it is read under the target's lock: an attachment created since the observation must
 * not lose the rule that it found.
 */
async function performDeny(
  context: ReconcileContext,
  record: Attachment,
  observed: Observed,
  { target, ruleId }: Extract<Action, { do: 'deny' }>,
): Promise<Step> {
  const denied = await withTargetLock(context, record, target, async () => {
    const [holder] = await readHolders(context.store, record, record.targets.slice(target, target + 1));
    if (holder) return 'needed';
    return (await deny(leasedSession(context), record, ruleId)) ? 'denied' : 'gone';
  });
  if (!denied) return await requeueSoon(context, record);
  if (denied.value === 'needed') return { record, observed: null };
  return await countDenial(context, record, observed, target, denied.value === 'gone');
}

/** Gives one rule the record's access level. Manila's answer says `active` at once: the next observation tells. */
async function performUpdate(
  context: ReconcileContext,
  record: Attachment,
  observed: Observed,
  { target, ruleId }: Extract<Action, { do: 'update' }>,
): Promise<Step> {
  const updated = await withTargetLock(context, record, target, async () => {
    const [holder] = await readHolders(context.store, record, record.targets.slice(target, target + 1));
    if (holder) return 'needed';
    await updateAccessLevel(leasedSession(context), ruleId, record.accessLevel);
    return 'updated';
  });
  if (!updated) return await requeueSoon(context, record);
  const rule = observed.rules[target];
  if (updated.value === 'needed' || !rule) return { record, observed: null };
  const queued = { ...rule, level: record.accessLevel, state: 'queued_to_update' };
  return {
    record: { ...record, attempts: record.attempts + 1 },
    observed: { ...observed, rules: observed.rules.with(target, queued) },
  };
}

function isLocked({ isProtected, isHidden }: Attachment): boolean {
  return Boolean(isProtected || isHidden);
}

/** The locks that the request asked for. */
function locksOf({ isProtected, isHidden, serverId }: Attachment) {
  if (!isProtected && !isHidden) return {};
  return {
    ...(isProtected && { lock_deletion: true }),
    ...(isHidden && { lock_visibility: true }),
    lock_reason: `Attached to server ${serverId} by ${MANAGED_BY}`,
  };
}

/**
 * Denies the rule that a rejected grant left: when Manila cannot place a lock it answers 400, and the rule exists (manila
 * 20.0.0, api/v2/shares.py). What this fails to deny is an orphan, which the sweep finds.
 */
async function denyUnlocked(context: ReconcileContext, record: Attachment, accessTo: string): Promise<void> {
  const session = leasedSession(context);
  const [key, rules] = await Promise.all([context.store.signingKey(), readRules(session, record.shareId)]);
  const rule = rules?.find(
    (one) =>
      isOwner(key, record, one) &&
      one.access_type === record.accessType &&
      isSameTarget(record.accessType, one.access_to, accessTo),
  );
  if (rule) await deny(session, record, rule.id);
}

/** Revokes one rule; false when it was gone already: a 404 is success. The record's own locks are lifted. */
async function deny(session: Session, record: Attachment, ruleId: string): Promise<boolean> {
  const options = { unrestrict: isLocked(record) };
  try {
    return (await orNull(denyAccess(session, record.shareId, ruleId, options).then(() => true))) ?? false;
  } catch (error) {
    throw isForeignLock(error) ? lockedError(record, error) : error;
  }
}

function isFinal(error: unknown): error is OpenStackError {
  return error instanceof OpenStackError && error.outcome === 'final';
}

/** Whether Manila rejected a denial because of a lock (manila/share/api.py, share_manager). */
function isForeignLock(error: unknown): error is OpenStackError {
  if (!(error instanceof OpenStackError) || error.status !== 403) return false;
  return /has been locked|not placed by you/.test(error.upstreamMessage);
}

function lockedError({ userId }: Attachment, cause: OpenStackError): OpenStackError {
  const who = userId ? `user ${userId}, who attached it` : 'the user who attached it';
  const message = `${cause.message} (only ${who}, an administrator or a service may detach it)`;
  const { service, kind, upstreamMessage, openstackRequestId } = cause;
  const details = { service, kind, status: 403, faultName: 'forbidden', upstreamMessage };
  return new OpenStackError(message, { ...details, ...(openstackRequestId && { openstackRequestId }) }, { cause });
}

/** Manila's acceptance of the first denial makes the detach accepted, so it is committed before the next call. */
async function countDenial(
  context: ReconcileContext,
  record: Attachment,
  observed: Observed,
  target: number,
  isGone: boolean,
): Promise<Step> {
  const rule = observed.rules[target];
  const denied = isGone || !rule ? null : { ...rule, state: 'queued_to_deny' };
  const now = { ...observed, rules: observed.rules.with(target, denied) };
  const counted = { ...withObserved(record, now), attempts: record.attempts + 1 };
  const isFirst = record.status === 'detaching' && !record.isAccepted;
  return { record: isFirst ? await commitAccepted(context, counted) : counted, observed: now };
}

/** Commits that the detach is accepted: from here on the gateway's own account may finish it. */
export async function commitAccepted(context: ReconcileContext, record: Attachment): Promise<Attachment> {
  const accepted = { ...record, isAccepted: true };
  if (record.pending) return await announce(context, accepted);
  return await commit(context, accepted, { dueInMs: null, keepLease: true });
}

/** Commits a pending change with its event: it is accepted, or may have been. Any other record stays as it is. */
export async function announce(
  context: Pick<ReconcileContext, 'store' | 'owner'>,
  { pending, ...record }: Attachment,
): Promise<Attachment> {
  if (!pending) return record;
  return await commit(context, record, { event: newEvent(pending.event, record), dueInMs: null, keepLease: true });
}

/** Commits the record as it was before a change that was rejected, without an event; removes it where there was none. */
export async function restore(
  { store, owner }: Pick<ReconcileContext, 'store' | 'owner'>,
  record: Attachment,
): Promise<ReconcileResult> {
  const before = record.pending?.before ?? null;
  if (before) {
    const requeueAfterMs = isInProgress(before.status) ? 0 : null;
    const restored = { ...before, version: record.version };
    return { attachment: await commit({ store, owner }, restored, { dueInMs: requeueAfterMs }), requeueAfterMs };
  }
  if ((await store.remove(record, { owner })) !== 'removed') throw new LeaseLost();
  const { pending: _, ...attachment } = record;
  return { attachment: { ...attachment, status: 'detached' }, requeueAfterMs: null };
}

async function performTransition(
  context: ReconcileContext,
  given: Attachment,
  observed: Observed,
  { status, event, ...action }: Extract<Action, { do: 'transition' }>,
): Promise<Step> {
  const record = await announce(context, given);
  const isAttached = status === 'attached' && event === 'ATTACHED';
  const interrupted = isAttached ? await confirmShared(context, record, observed) : null;
  if (interrupted) return interrupted;
  const fault = action.fault ? await describeFault(context, record, observed, action.fault) : null;
  if (isAttached && context.rights.mayRevoke) await transferRemoved(context, record, observed);
  const retargeted = isAttached ? completeRetarget(record, observed) : record;
  const caller = context.rights.mayGrant ? leasedSession(context) : null;
  const informed = isAttached && record.tellGuest ? await tellGuest(caller, retargeted) : retargeted;
  const changed = withStatus(informed, status, { fault, reason: action.reason ?? record.reason });
  return { result: await commitEvent(context, changed, event, isInProgress(status) ? 0 : null) };
}

/**
 * Observes each rule that another attachment made once more under its lock: a reconcile that read the holders before
 * this record existed may be about to deny it. Under the lock the rule is denied by now, or will not be, as every later
 * reconcile sees this record. Null when all of them stay.
 */
async function confirmShared(context: ReconcileContext, record: Attachment, observed: Observed): Promise<Step | null> {
  for (const target of sharedTargets(record, observed)) {
    const confirmed = await withTargetLock(context, record, target, () => observe(context, record));
    if (!confirmed) return await requeueSoon(context, record);
    const now = confirmed.value;
    if (now.rules[target]?.state !== 'active') return { record: withObserved(record, now), observed: now };
  }
  return null;
}

async function transferRemoved(context: ReconcileContext, record: Attachment, observed: Observed): Promise<void> {
  if (!isRetargeting(record)) return;
  const isRemoving = (target: number) => record.targets[target]?.change === 'removing';
  await transferRules(context.store, leasedSession(context), record, observed, isRemoving);
}

async function performRemove(
  context: ReconcileContext,
  given: Attachment,
  observed: Observed,
  reason: Reason | null,
): Promise<ReconcileResult> {
  const record = await announce(context, given);
  if (context.rights.mayRevoke) await transferRules(context.store, leasedSession(context), record, observed);
  const now = new Date().toISOString();
  const attachment: AttachmentView = {
    ...record,
    status: 'detached',
    reason,
    fault: null,
    staleSince: null,
    targets: record.targets.map((target) => ({ ...target, ruleId: null, state: null })),
    updatedAt: now,
    statusSince: now,
  };
  const event = newEvent('DETACHED', attachment);
  if ((await context.store.remove(record, { event, owner: context.owner })) !== 'removed') throw new LeaseLost();
  return { attachment, requeueAfterMs: null };
}

/** The fault with its target, Manila's own message, and the rule's id. */
async function describeFault(
  context: ReconcileContext,
  record: Attachment,
  observed: Observed,
  { code, message, target }: { code: FaultCode; message: string; target?: number },
): Promise<Fault> {
  const accessTo = target === undefined ? undefined : record.targets[target]?.accessTo;
  const rule = target === undefined ? null : observed.rules[target];
  const cause = code === 'RULE_ERROR' ? await latestMessage(leasedSession(context), record.shareId) : null;
  const about = accessTo ? ` (${record.accessType} ${accessTo}${rule ? `, rule ${rule.id}` : ''})` : '';
  return {
    code,
    message: `${message}${about}${cause ? `: ${cause}` : ''}`,
    at: new Date().toISOString(),
    openstackRequestId: record.requestId,
  };
}

/** Manila's newest user message about the share's access rules; null when there is none, or it cannot be read. */
async function latestMessage(session: Session, shareId: string): Promise<string | null> {
  try {
    const messages = await listMessages(session, { resourceId: shareId, limit: 10 });
    // manila message/message_field.py: 010 update access rules, 003 delete access rules
    return messages.find((message) => ['010', '003'].includes(message.action_id))?.user_message ?? null;
  } catch (error) {
    if (error instanceof OpenStackError || error instanceof GatewayError) return null;
    throw error;
  }
}

function hiddenRule(record: Attachment, target: number): OpenStackError {
  const accessTo = record.targets[target]?.accessTo;
  const message =
    `Manila says that share ${record.shareId} has an access rule for ${record.accessType} ${accessTo}, ` +
    'but shows none: it is hidden from this token, or an orphan';
  return new OpenStackError(message, { service: 'manila', kind: 'refused', status: 409 });
}

/** Writes the record under the lease. Throws LeaseLost when another worker has it. */
export async function commit(
  context: Pick<ReconcileContext, 'store' | 'owner'>,
  record: Attachment,
  options: Omit<CommitOptions, 'owner'>,
): Promise<Attachment> {
  const committed = await context.store.commit(toStored(record), { ...options, owner: context.owner });
  if (typeof committed === 'string') throw new LeaseLost();
  return fromStored(committed);
}

/** Commits and releases the lease. */
export async function commitAndRelease(
  context: Pick<ReconcileContext, 'store' | 'owner' | 'rights'>,
  record: Attachment,
  options: Omit<CommitOptions, 'owner'>,
): Promise<ReconcileResult> {
  const { dueInMs } = options;
  const headStart = context.rights.mayGrant ? TOKEN_HOLDER_HEAD_START_MS : 0;
  const attachment = await commit(context, await announce(context, record), {
    ...options,
    dueInMs: dueInMs === null ? null : dueInMs + headStart,
  });
  return { attachment, requeueAfterMs: dueInMs };
}

/** Commits with an event, and releases the lease. */
export async function commitEvent(
  context: ReconcileContext,
  record: Attachment,
  type: EventType,
  dueInMs: number | null,
): Promise<ReconcileResult> {
  return await commitAndRelease(context, record, { event: newEvent(type, record), dueInMs });
}

/** Commits, to reconcile again after the usual pause. `spentMs` of it have passed already. */
export async function requeueLater(
  context: ReconcileContext,
  record: Attachment,
  spentMs: number,
): Promise<ReconcileResult> {
  const delay = Math.max(
    pollDelay(elapsedMs(record), spentMs, Math.random()),
    untilNextList(context.session, record.shareId),
  );
  return await commitAndRelease(context, record, { dueInMs: Math.round(delay) });
}

async function requeueSoon(context: ReconcileContext, record: Attachment): Promise<Step> {
  return { result: await commitAndRelease(context, record, { dueInMs: Math.round(pollDelay(0, 0, Math.random())) }) };
}
