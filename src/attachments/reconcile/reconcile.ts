/** One pass over one attachment: observe, decide, perform, commit, until there is nothing to do but wait. */
import { startDeadline } from '../../deadline.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { getShare } from '../../openstack/manila/client.ts';
import { getServer } from '../../openstack/nova/client.ts';
import { findAddresses } from '../access-targets.ts';
import type { Attachment } from '../attachment.ts';
import { elapsed, faultOf, inStatus, isUnsettled } from '../record.ts';
import { isInChange, isStale, retarget } from '../retarget.ts';
import {
  commit,
  commitAndRelease,
  commitEvent,
  FinalError,
  LeaseLost,
  leasedSession,
  observeRecord,
  type ReconcileContext,
  type ReconcileResult,
  remainingLeaseMs,
  requeueLater,
} from './context.ts';
import { backoffDelay, decide } from './decide.ts';
import { withObserved } from './observe.ts';
import { perform, type Step } from './perform.ts';

/** Steps of one pass at the most: each target granted and denied a few times. */
const MAX_STEPS = 100;

/**
 * Works on a record under a lease until it waits, rests, or ends; commits and gives the lease back.
 * An uncertain outcome is committed with a backoff, never taken for a failure.
 * @throws Refused in a strict pass; Overtaken; GatewayError STATE_UNAVAILABLE; OpenStackError 401 when the token died
 */
export async function reconcile(context: ReconcileContext, claimed: Attachment): Promise<ReconcileResult> {
  const lease = startDeadline(remainingLeaseMs(context), context.signal, () => new LeaseLost());
  try {
    return await reconcileLeased({ ...context, signal: lease.signal }, claimed);
  } finally {
    lease.end();
  }
}

async function reconcileLeased(pass: ReconcileContext, claimed: Attachment): Promise<ReconcileResult> {
  const startedAt = performance.now();
  let record = claimed;
  let seen = pass.observed ?? null;
  try {
    record = await retargetStale(pass, record);
    for (let step = 0; step < MAX_STEPS; step++) {
      if (!seen) {
        seen = await observeRecord(pass, record);
        record = { ...withObserved(record, seen), failures: 0 };
      }
      const action = decide(record, seen, pass.rights, elapsed(record) > pass.deadlineMs);
      const done: Step =
        action.do === 'wait'
          ? { end: await requeueLater(pass, record, performance.now() - startedAt) }
          : await perform(pass, record, seen, action);
      if ('end' in done) return done.end;
      record = done.record;
      seen = done.seen;
    }
    return await commitAndRelease(pass, record, { dueInMs: 1000 });
  } catch (error) {
    return await commitFailure(pass, record, error);
  }
}

// the intent first, as ever: the record names the new targets before one is granted, and keeps the old ones until they are revoked
async function retargetStale(pass: ReconcileContext, record: Attachment): Promise<Attachment> {
  if (record.staleSince === null || record.status !== 'attached' || !pass.rights.mayGrant) return record;
  const session = leasedSession(pass);
  const [server, share] = await Promise.all([getServer(session, record.serverId), getShare(session, record.shareId)]);
  const wanted = server && share ? await findAddresses(session, server, share) : [];
  // without an address there is nothing to grant: it stays stale
  if (wanted.length === 0) return record;
  const isSettled = !isStale(record, wanted);
  if (isSettled && isInChange(record)) return record;
  const updatedAt = new Date().toISOString();
  const next = isSettled
    ? { ...record, staleSince: null, updatedAt }
    : { ...record, targets: retarget(record.targets, wanted), attempts: 0, fault: null, updatedAt };
  return await commit(pass, next, { dueInMs: null, keepLease: true });
}

// what a failed step leaves: a refusal is final, all else is looked at again
async function commitFailure(pass: ReconcileContext, record: Attachment, error: unknown): Promise<ReconcileResult> {
  if (!(error instanceof OpenStackError)) throw error;
  if (error.status === 401 && !pass.rethrowFinal) throw error;
  if (error.outcome === 'uncertain') return await backOff(pass, record, error);
  if (pass.rethrowFinal) throw new FinalError(record, error);
  const fault = faultOf(error);
  if (record.status === 'attaching') {
    return await commitEvent(pass, inStatus(record, 'error_attaching', { fault }), 'ATTACH_FAILED', null);
  }
  // the user may not grant the new address: the attachment stays as it is, stale, until somebody who may comes
  if (record.status === 'attached' && record.staleSince !== null && pass.rights.mayGrant) {
    return await commitAndRelease(pass, { ...record, fault }, { dueInMs: null });
  }
  if (record.status !== 'detaching') return await backOff(pass, record, error);
  const status = record.isAccepted ? 'error_detaching' : (record.previousStatus ?? 'attached');
  const failed = inStatus(record, status, { fault, reason: record.reason });
  return await commitEvent(pass, failed, 'DETACH_FAILED', isUnsettled(status) ? 0 : null);
}

async function backOff(pass: ReconcileContext, record: Attachment, error: OpenStackError): Promise<ReconcileResult> {
  const failures = record.failures + 1;
  const delay = Math.max(
    backoffDelay(failures, elapsed(record), Math.random()),
    Math.min(error.retryAfterMs ?? 0, 60_000),
  );
  return await commitAndRelease(pass, { ...record, failures }, { dueInMs: delay });
}
