/** What a pass does once it is decided: one step, and what is known after it. */
import type { FaultCode } from '../../errors.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import type { Attachment, AttachmentView, Fault, Reason } from '../attachment.ts';
import { inStatus, isUnsettled } from '../record.ts';
import { completeRetarget, isInChange } from '../retarget.ts';
import {
  commit,
  commitAndRelease,
  commitEvent,
  LeaseLost,
  leasedSession,
  observeRecord,
  type ReconcileContext,
  type ReconcileResult,
  remainingLeaseMs,
} from './context.ts';
import { type Action, pollDelay } from './decide.ts';
import {
  allow,
  deny,
  explain,
  isNeededByOthers,
  type Observed,
  sharedTargets,
  transferRules,
  withObserved,
} from './observe.ts';

/** The end of the pass; or the record and what was seen, null when that must be looked at again. */
export type Step = { end: ReconcileResult } | { record: Attachment; seen: Observed | null };

/** Does what was decided. */
export async function perform(
  pass: ReconcileContext,
  record: Attachment,
  seen: Observed,
  action: Exclude<Action, { do: 'wait' }>,
): Promise<Step> {
  switch (action.do) {
    case 'rest':
      return { end: await commitAndRelease(pass, record, { dueInMs: null }) };
    case 'accept':
      return { record: await commit(pass, { ...record, isAccepted: true }, { dueInMs: null, keepLease: true }), seen };
    case 'allow':
      return await performAllow(pass, record, seen, action.target);
    case 'deny':
      return await performDeny(pass, record, seen, action.target, action.ruleId);
    case 'settle':
      return (
        (action.event === 'ATTACHED' && (await confirmShared(pass, record, seen))) || {
          end: await performTransition(pass, record, seen, action),
        }
      );
    case 'remove':
      return { end: await performRemove(pass, record, seen, action.reason ?? record.reason) };
  }
}

/**
 * Does what must not cross with another pass over the same target: two grants, as Manila checks, then inserts; or a denial, and a grant
 * to somebody else behind the same address. Null when another pass has the target now.
 */
async function withTargetLock<T>(
  pass: ReconcileContext,
  record: Attachment,
  target: number,
  work: () => Promise<T>,
): Promise<{ done: T } | null> {
  const lock = `${record.shareId}:${record.accessType}:${record.targets[target]?.accessTo}`;
  const left = remainingLeaseMs(pass);
  if (left <= 0) throw new LeaseLost();
  if (!(await pass.store.lockTarget(record.projectId, lock, pass.owner, left))) return null;
  try {
    return { done: await work() };
  } finally {
    await pass.store.unlockTarget(record.projectId, lock, pass.owner);
  }
}

async function performAllow(pass: ReconcileContext, record: Attachment, seen: Observed, target: number): Promise<Step> {
  const granted = await withTargetLock(pass, record, target, async () => {
    const deployment = await pass.store.storeId();
    const rule = await allow(leasedSession(pass), record, target, deployment);
    if (!rule) {
      const again = await observeRecord(pass, record);
      if (!again.rules[target]) throw hiddenRule(record, target);
      return { record: withObserved(record, again), seen: again };
    }
    const next = { ...seen, rules: seen.rules.with(target, rule) };
    return { record: withObserved(record, next), seen: next };
  });
  return granted?.done ?? (await requeueSoon(pass, record));
}

// who else needs the rule is asked under the lock: an attachment that came after we looked must not lose what it found there
async function performDeny(
  pass: ReconcileContext,
  record: Attachment,
  seen: Observed,
  target: number,
  ruleId: string,
): Promise<Step> {
  const denied = await withTargetLock(pass, record, target, async () => {
    const [others = []] = await pass.store.listForShares(record.projectId, [record.shareId]);
    if (isNeededByOthers(record, target, others)) return 'needed';
    return (await deny(leasedSession(pass), record, ruleId)) ? 'taken' : 'gone';
  });
  if (!denied) return await requeueSoon(pass, record);
  if (denied.done === 'needed') return { record, seen: null };
  return await countDenial(pass, record, seen, target, denied.done === 'taken');
}

// Manila's yes to the first denial is what makes the detach accepted, so it is committed before anything else happens
async function countDenial(
  pass: ReconcileContext,
  record: Attachment,
  seen: Observed,
  target: number,
  wasThere: boolean,
): Promise<Step> {
  const rule = seen.rules[target];
  const next = {
    ...seen,
    rules: seen.rules.with(target, wasThere && rule ? { ...rule, state: 'queued_to_deny' } : null),
  };
  const counted = { ...withObserved(record, next), attempts: record.attempts + 1 };
  if (record.status !== 'detaching' || record.isAccepted) return { record: counted, seen: next };
  return {
    record: await commit(pass, { ...counted, isAccepted: true }, { dueInMs: null, keepLease: true }),
    seen: next,
  };
}

// a rule that another attachment made may be about to be denied by a pass that looked before this record was there. Under the lock it is
// either denied by now, or will not be: every later pass sees this record. Null when all are there to stay
async function confirmShared(pass: ReconcileContext, record: Attachment, seen: Observed): Promise<Step | null> {
  for (const target of sharedTargets(record, seen)) {
    const looked = await withTargetLock(pass, record, target, () => observeRecord(pass, record));
    if (!looked) return await requeueSoon(pass, record);
    const again = looked.done;
    if (again.rules[target]?.state !== 'active') return { record: withObserved(record, again), seen: again };
  }
  return null;
}

async function performTransition(
  pass: ReconcileContext,
  record: Attachment,
  seen: Observed,
  action: Extract<Action, { do: 'settle' }>,
): Promise<ReconcileResult> {
  const fault = action.fault ? await describeFault(pass, record, seen, action.fault) : null;
  const isAttached = action.status === 'attached' && action.event === 'ATTACHED';
  if (isAttached && pass.rights.mayRevoke) await transferRemoved(pass, record, seen);
  const moved = isAttached ? completeRetarget(record, seen) : record;
  const settled = inStatus(moved, action.status, { fault, reason: action.reason ?? record.reason });
  return await commitEvent(pass, settled, action.event, isUnsettled(action.status) ? 0 : null);
}

async function transferRemoved(pass: ReconcileContext, record: Attachment, seen: Observed): Promise<void> {
  if (!isInChange(record)) return;
  await transferRules(leasedSession(pass), record, seen, (target) => record.targets[target]?.change === 'leaving');
}

async function performRemove(
  pass: ReconcileContext,
  record: Attachment,
  seen: Observed,
  reason: Reason | null,
): Promise<ReconcileResult> {
  if (pass.rights.mayRevoke) await transferRules(leasedSession(pass), record, seen);
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
  const event = { type: 'DETACHED' as const, at: now, requestId: record.requestId, reason, attachment };
  if ((await pass.store.remove(record, { event, owner: pass.owner })) !== 'removed') throw new LeaseLost();
  return { attachment, requeueAfterMs: null };
}

async function requeueSoon(pass: ReconcileContext, record: Attachment): Promise<Step> {
  return { end: await commitAndRelease(pass, record, { dueInMs: Math.round(pollDelay(0, 0, Math.random())) }) };
}

// a fault's message with whose rule it is, Manila's own words, and the rule's id to look it up by
async function describeFault(
  pass: ReconcileContext,
  record: Attachment,
  seen: Observed,
  fault: { code: FaultCode; message: string; target?: number },
): Promise<Fault> {
  const target = fault.target === undefined ? null : record.targets[fault.target];
  const rule = fault.target === undefined ? null : seen.rules[fault.target];
  const reason = fault.code === 'RULE_ERROR' ? await explain(leasedSession(pass), record.shareId) : null;
  const whose = target ? ` (${record.accessType} ${target.accessTo}${rule ? `, rule ${rule.id}` : ''})` : '';
  return {
    code: fault.code,
    message: `${fault.message}${whose}${reason ? `: ${reason}` : ''}`,
    at: new Date().toISOString(),
    openstackRequestId: record.requestId,
  };
}

function hiddenRule(record: Attachment, target: number): OpenStackError {
  const accessTo = record.targets[target]?.accessTo;
  const message = `Manila says that share ${record.shareId} has an access rule for ${record.accessType} ${accessTo}, but shows none: it is hidden from this token, or an orphan`;
  return new OpenStackError(message, { service: 'manila', kind: 'refused', status: 409 });
}
