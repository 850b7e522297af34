/** Reconciles one attachment: observe, decide, perform, commit, until there is nothing to do but wait. */
import { startDeadline } from '../../deadline.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { getShare } from '../../openstack/manila/client.ts';
import { getServer } from '../../openstack/nova/client.ts';
import { findAddresses, MAX_TARGETS } from '../access-targets.ts';
import {
  type Attachment,
  elapsedMs,
  isInProgress,
  toFault,
  toRetryFault,
  withStatus,
  withSuccess,
} from '../attachment.ts';
import { GRACE_POLL_MS, markDetaching, remainingGraceMs } from '../guest/unmount-grace.ts';
import { fromStored } from '../pending.ts';
import { directReads } from '../reads.ts';
import { isRetargeting, isStale, retarget } from '../retarget.ts';
import { reconcileVirtiofs } from '../virtiofs/reconcile.ts';
import { backoffDelay, decide } from './decide.ts';
import {
  LeaseLost,
  leasedSession,
  type Observed,
  observe,
  type ReconcileContext,
  remainingLeaseMs,
  withObserved,
} from './observe.ts';
import {
  announce,
  commit,
  commitAccepted,
  commitAndRelease,
  commitEvent,
  perform,
  type ReconcileResult,
  requeueLater,
  restore,
  type Step,
} from './perform.ts';

/** Maximum actions of one reconcile: each target granted and denied a few times. */
const MAX_STEPS = 100;

/** A final upstream error under `rethrowFinal`: the record is still leased and uncommitted. */
export class FinalError extends Error {
  constructor(
    readonly record: Attachment,
    override readonly cause: OpenStackError,
  ) {
    super(cause.message, { cause });
  }
}

/**
 * Works on a leased record until it has to wait, is idle, or is removed; commits and releases the lease. An uncertain
 * outcome is committed with a backoff and never counts as a failure.
 * @throws FinalError under `rethrowFinal`; LeaseLost; GatewayError STATE_UNAVAILABLE; OpenStackError 401 for a token
 * that OpenStack no longer accepts
 */
export async function reconcile(context: ReconcileContext, claimed: Attachment): Promise<ReconcileResult> {
  const lease = startDeadline(remainingLeaseMs(context), context.signal, () => new LeaseLost());
  try {
    const leased = { ...context, signal: lease.signal };
    const record = fromStored(claimed);
    if (record.via !== 'virtiofs') return await reconcileLeased(leased, record);
    return await reconcileVirtiofs(leased, record, (...failure) => commitFailure(leased, ...failure));
  } finally {
    lease.end();
  }
}

async function reconcileLeased(context: ReconcileContext, claimed: Attachment): Promise<ReconcileResult> {
  const startedAt = performance.now();
  let record = claimed;
  let observed = context.observed ?? null;
  let phase: 'read' | 'change' = 'read';
  try {
    record = await retargetStale(context, record);
    for (let step = 0; step < MAX_STEPS; step++) {
      const graceMs = await remainingGraceMs(context.store, record);
      if (graceMs > 0 && record.isAccepted) {
        return await commitAndRelease(context, record, { dueInMs: Math.min(graceMs, GRACE_POLL_MS) });
      }
      if (!observed) {
        observed = await observe(context, record);
        record = withSuccess(withObserved(record, observed), 'read');
      }
      phase = 'change';
      if (graceMs > 0 && context.rights.mayRevoke && observed.rules.some((rule) => rule?.isOurs && !rule.isShared)) {
        await markDetaching(leasedSession(context), record);
        record = await commitAccepted(context, record);
        continue;
      }
      const action = decide(record, observed, context.rights, elapsedMs(record) > context.deadlineMs);
      if (action.do === 'wait') return await requeueLater(context, record, performance.now() - startedAt);
      const done: Step = await perform(context, record, observed, action);
      if ('result' in done) return done.result;
      const wasPending = record.pending !== undefined;
      // a call of this request has been accepted
      record = await announce(context, withSuccess(done.record, 'change'));
      observed = wasPending && mustReadHolders(record, done.observed) ? null : done.observed;
      phase = 'read';
    }
    return await commitAndRelease(context, record, { dueInMs: 1000 });
  } catch (error) {
    return await commitFailure(context, record, error, phase);
  }
}

/**
 * Whether who else needs the rules must be read again once a detach is announced: until then, each of two attachments
 * that share a rule and detach at the same time counts as a holder, and they would leave the rule to each other.
 */
function mustReadHolders({ status }: Attachment, observed: Observed | null): boolean {
  return status === 'detaching' && (observed?.rules ?? []).some((rule) => rule?.isShared);
}

/**
 * Sets new targets for a stale attachment when the session may grant them. The intent is committed first: the record
 * names the new targets before one is granted, and keeps the old ones until they are revoked.
 */
async function retargetStale(context: ReconcileContext, record: Attachment): Promise<Attachment> {
  if (record.staleSince === null || record.status !== 'attached' || !context.rights.mayGrant) return record;
  const session = leasedSession(context);
  const [server, share] = await Promise.all([getServer(session, record.serverId), getShare(session, record.shareId)]);
  const desired = server && share ? (await findAddresses(directReads(session), server, share)).addresses : [];
  // without an address there is nothing to grant, and too many are not granted in part: the attachment stays stale
  if (desired.length === 0 || desired.length > MAX_TARGETS) return record;
  const isCurrent = !isStale(record, desired);
  if (isCurrent && isRetargeting(record)) return record;
  const updatedAt = new Date().toISOString();
  const next = isCurrent
    ? { ...record, staleSince: null, updatedAt }
    : { ...record, targets: retarget(record.targets, desired), attempts: 0, fault: null, updatedAt };
  return await commit(context, next, { dueInMs: null, keepLease: true });
}

/** Commits what a failed action leaves: a final error ends the work, any other is retried. */
async function commitFailure(
  context: ReconcileContext,
  record: Attachment,
  error: unknown,
  phase: 'read' | 'change',
): Promise<ReconcileResult> {
  if (!(error instanceof OpenStackError)) throw error;
  if (error.status === 401 && !context.rethrowFinal) throw error;
  if (error.outcome === 'uncertain') return await backOff(context, record, error, phase);
  if (context.rethrowFinal) throw new FinalError(record, error);
  if (record.pending) return await restore(context, record);
  const fault = toFault(error);
  if (record.status === 'attaching') {
    return await commitEvent(context, withStatus(record, 'error_attaching', { fault }), 'ATTACH_FAILED', null);
  }
  // this user may not grant the new address: the attachment stays attached, and stale until a user who may grants it
  if (record.status === 'attached' && record.staleSince !== null && context.rights.mayGrant) {
    return await commitAndRelease(context, { ...record, fault }, { dueInMs: null });
  }
  if (record.status !== 'detaching') return await backOff(context, record, error, phase);
  const status = record.isAccepted ? 'error_detaching' : (record.previousStatus ?? 'attached');
  const failed = withStatus(record, status, { fault, reason: record.reason });
  return await commitEvent(context, failed, 'DETACH_FAILED', isInProgress(status) ? 0 : null);
}

/**
 * Commits a failure that may pass, to retry later: 250 ms doubling to 5 s in the first minute, then to 60 s. Failed reads and
 * failed changes are counted apart: a successful read does not make the next change come sooner. From the second failure
 * on, the fault says what the service answered.
 */
export async function backOff(
  context: Pick<ReconcileContext, 'store' | 'owner' | 'rights'>,
  record: Attachment,
  error: OpenStackError,
  phase: 'read' | 'change',
): Promise<ReconcileResult> {
  const failures = record.failures + (phase === 'read' ? 1 : 0);
  const changeFailures = (record.changeFailures ?? 0) + (phase === 'change' ? 1 : 0);
  const count = Math.max(failures, changeFailures);
  const backoff = backoffDelay(count, elapsedMs(record), Math.random());
  const dueInMs = Math.round(Math.max(backoff, Math.min(error.retryAfterMs ?? 0, 60_000)));
  const retryAt = new Date(Date.now() + dueInMs).toISOString();
  const fault = count > 1 ? toRetryFault(error) : record.fault;
  const failing = { ...record, failures, changeFailures, retryAt, fault };
  return await commitAndRelease(context, failing, { dueInMs });
}
