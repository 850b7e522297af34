/** attachShare: a new attachment, one that failed or is being detached, or one whose server has new addresses. */
import { GatewayError } from '../errors.ts';
import type { AccessRule, Share } from '../openstack/manila/types.ts';
import type { Session } from '../openstack/session.ts';
import {
  type Attachment,
  type AttachmentView,
  attachmentId,
  isVirtiofs,
  newEvent,
  newVirtiofsState,
  type Target,
  toFault,
  withStatus,
} from './attachment.ts';
import { withCanonicalMountPoint } from './check.ts';
import {
  type CommandOptions,
  claim,
  commit,
  commitPending,
  type EnsureRecovered,
  newReconcileContext,
  reconcileNow,
  resolvePending,
  undoPending,
  untilFree,
  withRequest,
} from './command.ts';
import { exportedAs } from './guest/exported-as.ts';
import { unmarkDetaching } from './guest/unmount-grace.ts';
import { type ObservedState, readObservedState, readRecorded, viaOf } from './observed-state.ts';
import { hasPending } from './pending.ts';
import { accessRuleProblems, desiredTargets, isCarriedOut, mountPointTaken } from './preconditions.ts';
import { type Problem, rejectFirst, warningsAmong } from './problems.ts';
import type { Reads } from './reads.ts';
import { matchRules, type ReconcileContext } from './reconcile/observe.ts';
import { FinalError } from './reconcile/reconcile.ts';
import { resumeOnRead } from './reconcile/sessions.ts';
import { followsAddresses, isRetargeting, isStale, retarget } from './retarget.ts';
import type { AttachRequest } from './service.ts';
import { virtiofsProblems } from './virtiofs/check.ts';

/**
 * Attaches a share. Idempotent: repeating it with the same arguments returns the existing attachment, or retries one
 * that failed.
 * @param reads what many pairs of one request share
 * @throws NOT_FOUND, CONFLICT, BAD_USER_INPUT, OpenStackError for a final upstream error, STATE_UNAVAILABLE
 */
export async function attach(
  options: CommandOptions,
  ensureRecovered: EnsureRecovered,
  session: Session,
  given: AttachRequest,
  reads?: Reads,
): Promise<AttachmentView> {
  const request = withCanonicalMountPoint(given);
  const isByRule = viaOf(request) === 'access_rule';
  const observed = await readObservedState(session, request, { accessRule: isByRule, virtiofs: !isByRule }, reads);
  const { server, share, rules } = observed;
  if (server.tenant_id !== session.identity.projectId) await ensureRecovered(session, server.tenant_id);
  await assertStays(options.store, share);

  return await untilFree(attachmentId(server.id, share.id), async () => {
    const recorded = await readRecorded(options.store, observed);
    const problems = (isByRule ? accessRuleProblems : virtiofsProblems)(observed, recorded, request);
    const { existing } = recorded;
    // another request is not accepted yet, and may be rejected
    if (existing && hasPending(existing)) return await resolvePending(options, session, existing);
    rejectFirst(problems);
    if (!existing) {
      const record = newRecord(session, observed, request, warningsAmong(problems));
      return await create(options, session, record, isByRule ? rules : null);
    }
    if (isCarriedOut(existing, observed)) {
      resumeOnRead(options, session, [existing]);
      return existing;
    }
    const desiredAddresses = followsAddresses(existing) ? (observed.addresses?.addresses ?? []) : null;
    return existing.status === 'attached'
      ? await repair(options, session, existing)
      : await attachAgain(options, session, existing, desiredAddresses);
  });
}

/** Rejects a share that this gateway was asked to delete: `deleteShare` detaches it from all servers, and not from a new one. */
async function assertStays(store: CommandOptions['store'], share: Share): Promise<void> {
  const [operation] = await store.shareOperations.ofShares(share.project_id, [share.id]);
  if (operation?.type === 'delete') throw new GatewayError('CONFLICT', `Share ${share.id} is being deleted`);
}

/**
 * Records the intent, with the lease already held, before the first call that changes anything. Null: another request
 * created the record first.
 */
async function create(
  options: CommandOptions,
  session: Session,
  record: Attachment,
  rules: readonly AccessRule[] | null,
): Promise<AttachmentView | null> {
  const observed = matchRules(record, rules ?? [], [], null);
  // without a rule there is nothing to observe again: one made meanwhile is a duplicate to Manila, and observed then
  const isFree = rules !== null && observed.rules.every((rule) => rule === null);
  const context = { ...newReconcileContext(options, session), ...(isFree && { observed }) };
  const pending = { event: 'ATTACH_STARTED', before: null } as const;
  const lease = { owner: context.owner, ms: options.leaseMs };
  const created = await options.store.create({ ...record, pending }, null, lease);
  if (created.outcome === 'mount_point_taken') {
    const otherShare = created.attachmentId.split(':')[1];
    throw new GatewayError('CONFLICT', mountPointTaken(record.serverId, record.mountPoint, otherShare));
  }
  if (created.outcome !== 'created') return null;
  try {
    return await reconcileNow(options, context, created.attachment);
  } catch (error) {
    if (error instanceof FinalError && !(await undoPending(options, context, error.record))) {
      await rollBack(options, context, error);
    }
    throw error instanceof FinalError ? error.cause : error;
  }
}

/** Attaches again after an error, or during a detach: reconciling waits for the denial, then grants again. */
async function attachAgain(
  options: CommandOptions,
  session: Session,
  existing: Attachment,
  desiredAddresses: readonly string[] | null,
): Promise<AttachmentView | null> {
  const context = newReconcileContext(options, session);
  const claimed = await claim(options, context, existing);
  if (!claimed) return null;
  if (claimed.status === 'attaching' || claimed.status === 'attached') {
    await options.store.release(claimed.projectId, claimed.id, context.owner, 0);
    return claimed;
  }
  const started = withRequest(session, withStatus(retargetTo(claimed, desiredAddresses), 'attaching'));
  try {
    const committed = await commitPending(options, context, claimed, started);
    if (claimed.graceUntil) await unmark(options, context, committed);
    return await reconcileNow(options, context, committed);
  } catch (error) {
    if (!(error instanceof FinalError)) throw error;
    if (await undoPending(options, context, error.record)) throw error.cause;
    const failed = withStatus(error.record, 'error_attaching', { fault: toFault(error.cause) });
    await commit(options, context, failed, 'ATTACH_FAILED', {});
    throw error.cause;
  }
}

/** Takes the mark of a detach off the rules. Where that fails, the detach goes on, and the request is rejected. */
async function unmark(options: CommandOptions, context: ReconcileContext, record: Attachment): Promise<void> {
  try {
    await unmarkDetaching(context.session, record);
  } catch (error) {
    await undoPending(options, context, record);
    throw error;
  }
}

/** Moves the rules to the server's new addresses with this caller's token; the attachment stays attached meanwhile. */
async function repair(options: CommandOptions, session: Session, existing: Attachment): Promise<AttachmentView | null> {
  const context = newReconcileContext(options, session);
  const claimed = await claim(options, context, existing);
  if (!claimed) return null;
  if (claimed.status !== 'attached') {
    await options.store.release(claimed.projectId, claimed.id, context.owner, 0);
    return null;
  }
  const staleSince = claimed.staleSince ?? new Date().toISOString();
  try {
    return await reconcileNow(
      options,
      context,
      withRequest(session, { ...claimed, staleSince, attempts: 0, fault: null }),
    );
  } catch (error) {
    if (!(error instanceof FinalError)) throw error;
    const { record, cause } = error;
    // with nothing granted, the request has changed nothing
    const isGranted = record.targets.some(({ change, ruleId }) => change === 'adding' && ruleId !== null);
    const left = isGranted ? { ...record, fault: toFault(cause) } : { ...claimed, version: record.version };
    await options.store.commit(left, { dueInMs: null, owner: context.owner });
    throw cause;
  }
}

function retargetTo(record: Attachment, desiredAddresses: readonly string[] | null): Attachment {
  if (!desiredAddresses || desiredAddresses.length === 0) return record;
  if (!isStale(record, desiredAddresses)) return isRetargeting(record) ? record : { ...record, staleSince: null };
  const staleSince = record.staleSince ?? new Date().toISOString();
  return { ...record, staleSince, targets: retarget(record.targets, desiredAddresses) };
}

/** Removes the record when nothing was granted; otherwise detaches: the record stays until the rules are gone. */
async function rollBack(
  options: CommandOptions,
  context: ReconcileContext,
  { record, cause }: FinalError,
): Promise<void> {
  const fault = toFault(cause);
  const failed: AttachmentView = { ...record, status: 'detached', fault, updatedAt: fault.at };
  const event = newEvent('ATTACH_FAILED', failed);
  if (isVirtiofs(record) && record.virtiofs?.openstackRequestId) {
    // Nova took the POST: the mapping, or its error, is observed when the attachment is read
    const attempted = withStatus(record, 'error_attaching', { fault });
    await options.store.commit(attempted, {
      event: newEvent('ATTACH_FAILED', attempted),
      dueInMs: null,
      owner: context.owner,
    });
    return;
  }
  if (!record.targets.some((target) => target.ruleId && target.isOwned)) {
    await options.store.remove(record, { event, owner: context.owner });
    options.sessions.remove(record.id);
    return;
  }
  const undo: Attachment = { ...withStatus(record, 'detaching'), fault, isAccepted: true };
  await options.store.commit(undo, { event: { ...event, attachment: undo }, dueInMs: 0, owner: context.owner });
  options.sessions.add(record.id, context.session);
  options.queue.enqueueAfter(record.projectId, record.id, 0);
}

function newRecord(
  session: Session,
  observed: ObservedState,
  request: AttachRequest,
  warnings: readonly Problem[],
): Attachment {
  const { server, share, requestedAccessTo } = observed;
  const now = new Date().toISOString();
  return {
    id: attachmentId(server.id, share.id),
    projectId: server.tenant_id,
    serverId: server.id,
    shareId: share.id,
    ...(share.project_id !== server.tenant_id && { isForeignShare: true }),
    exportedAs: exportedAs(share),
    mountPoint: request.mountPoint,
    accessLevel: request.accessLevel,
    accessType: observed.accessType ?? 'ip',
    requestedAccessTo,
    ...(viaOf(request) === 'virtiofs'
      ? { via: 'virtiofs', virtiofs: newVirtiofsState(request.tag ?? share.id), targets: [] }
      : { via: 'access_rule', targets: desiredTargets(observed).map(newTarget) }),
    ...(request.isProtected && { isProtected: true }),
    ...(request.isHidden && { isHidden: true }),
    ...(request.tellGuest && { tellGuest: true }),
    ...(warnings.length > 0 && { warnings }),
    status: 'attaching',
    isAccepted: false,
    previousStatus: null,
    reason: null,
    attempts: 0,
    failures: 0,
    fault: null,
    staleSince: null,
    requestId: session.requestId,
    userId: session.identity.userId,
    createdAt: now,
    updatedAt: now,
    statusSince: now,
    version: 0,
  };
}

function newTarget(accessTo: string): Target {
  return { accessTo, ruleId: null, isOwned: false, state: null };
}
