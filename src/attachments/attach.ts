/** attachShare: a new attachment, one that failed or is being detached, or one whose server has new addresses. */
import { GatewayError } from '../errors.ts';
import { getShare, listAccessRules } from '../openstack/manila/client.ts';
import type { AccessRule, Share } from '../openstack/manila/types.ts';
import { getServer } from '../openstack/nova/client.ts';
import type { NovaServer } from '../openstack/nova/types.ts';
import type { Session } from '../openstack/session.ts';
import { accessTypeOf, checkTargetCount, findAddresses, findTargets, requestedTargets } from './access-targets.ts';
import { type Attachment, type AttachmentView, attachmentId, newEvent, toFault, withStatus } from './attachment.ts';
import {
  type CommandOptions,
  claim,
  commit,
  type EnsureRecovered,
  newReconcileContext,
  untilFree,
  withRequest,
  work,
} from './command.ts';
import { exportedAs } from './exported-as.ts';
import { assertSameRequest, checkLevels, checkMountPoint, checkUsable, isUsable } from './preconditions.ts';
import { matchRules, type ReconcileContext } from './reconcile/observe.ts';
import { FinalError } from './reconcile/reconcile.ts';
import { resumeOnRead } from './reconcile/sessions.ts';
import { followsAddresses, isRetargeting, isStale, retarget } from './retarget.ts';
import type { AttachRequest } from './service.ts';
import { unmarkDetaching } from './unmount-grace.ts';

/**
 * Attaches a share. Idempotent: repeating it with the same arguments returns the existing attachment, or retries one
 * that failed.
 * @throws NOT_FOUND, CONFLICT, BAD_USER_INPUT, OpenStackError for a final upstream error, STATE_UNAVAILABLE
 */
export async function attach(
  options: CommandOptions,
  ensureRecovered: EnsureRecovered,
  session: Session,
  request: AttachRequest,
): Promise<AttachmentView> {
  const mountPoint = request.mountPoint === null ? null : checkMountPoint(request.mountPoint);
  const [server, share, rules] = await Promise.all([
    getServer(session, request.serverId),
    getShare(session, request.shareId),
    listAccessRules(session, request.shareId),
  ]);
  if (!server) throw new GatewayError('NOT_FOUND', `Server ${request.serverId} does not exist in your project`);
  if (!share) throw new GatewayError('NOT_FOUND', `Share ${request.shareId} does not exist, or you cannot see it`);
  if (server.tenant_id !== session.identity.projectId) await ensureRecovered(session, server.tenant_id);
  const accessType = accessTypeOf(share);
  const requestedAccessTo = request.accessTo && requestedTargets(accessType, request.accessTo);
  const desired = { mountPoint, accessLevel: request.accessLevel, requestedAccessTo };
  const id = attachmentId(server.id, share.id);

  return await untilFree(id, async () => {
    const existing = await options.store.get(server.tenant_id, id);
    if (!existing) {
      checkUsable(server, share);
      const accessTos = requestedAccessTo ?? (await findTargets(session, accessType, server, share));
      const targets = accessTos.map((accessTo) => ({ accessTo, ruleId: null, isOwned: false, state: null }));
      const record = newRecord(session, server, share, { ...desired, accessType, targets });
      return await create(options, session, record, rules);
    }
    assertSameRequest(existing, desired);
    const desiredAddresses = followsAddresses(existing) ? await findAddresses(session, server, share) : null;
    const isCurrent =
      existing.staleSince === null && (desiredAddresses === null || !isStale(existing, desiredAddresses));
    // whatever has become of the server or the share since: the request has been carried out
    const isDone = existing.status === 'attached' && (isCurrent || !isUsable(server, share));
    if (existing.status === 'attaching' || isDone) {
      resumeOnRead(options, session, [existing]);
      return existing;
    }
    checkUsable(server, share);
    if (desiredAddresses) checkTargetCount(server, desiredAddresses);
    return existing.status === 'attached'
      ? await repair(options, session, existing)
      : await attachAgain(options, session, existing, desiredAddresses);
  });
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
  checkLevels(record, observed);
  // without a rule there is nothing to observe again: one made meanwhile is a duplicate to Manila, and observed then
  const isFree = rules !== null && observed.rules.every((rule) => rule === null);
  const context = { ...newReconcileContext(options, session), ...(isFree && { observed }) };
  const event = newEvent('ATTACH_STARTED', record);
  const created = await options.store.create(record, event, { owner: context.owner, ms: options.leaseMs });
  if (created.outcome === 'mount_point_taken') {
    const otherShare = created.attachmentId.split(':')[1];
    throw new GatewayError(
      'CONFLICT',
      `mountPoint ${record.mountPoint} is taken on server ${record.serverId} by share ${otherShare}`,
    );
  }
  if (created.outcome !== 'created') return null;
  try {
    return await work(options, context, created.attachment);
  } catch (error) {
    if (error instanceof FinalError) await rollBack(options, context, error);
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
  if (claimed.graceUntil) await unmarkDetaching(session, claimed);
  const started = withRequest(session, withStatus(retargetTo(claimed, desiredAddresses), 'attaching'));
  try {
    const committed = await commit(options, context, started, 'ATTACH_STARTED', { keepLease: true });
    return await work(options, context, committed);
  } catch (error) {
    if (!(error instanceof FinalError)) throw error;
    const failed = withStatus(error.record, 'error_attaching', { fault: toFault(error.cause) });
    await commit(options, context, failed, 'ATTACH_FAILED', {});
    throw error.cause;
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
    return await work(options, context, withRequest(session, { ...claimed, staleSince, attempts: 0, fault: null }));
  } catch (error) {
    if (!(error instanceof FinalError)) throw error;
    const { record, cause } = error;
    await options.store.commit({ ...record, fault: toFault(cause) }, { dueInMs: null, owner: context.owner });
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
  if (!record.targets.some((target) => target.ruleId && target.isOwned)) {
    await options.store.remove(record, { event, owner: context.owner });
    options.sessions.remove(record.id);
    return;
  }
  const undo: Attachment = { ...withStatus(record, 'detaching'), fault, isAccepted: true };
  await options.store.commit(undo, { event: { ...event, attachment: undo }, dueInMs: 0, owner: context.owner });
  options.queue.enqueueAfter(record.projectId, record.id, 0);
}

function newRecord(
  session: Session,
  server: NovaServer,
  share: Share,
  desired: Pick<Attachment, 'mountPoint' | 'accessLevel' | 'accessType' | 'requestedAccessTo' | 'targets'>,
): Attachment {
  const now = new Date().toISOString();
  return {
    ...desired,
    id: attachmentId(server.id, share.id),
    projectId: server.tenant_id,
    serverId: server.id,
    shareId: share.id,
    ...(share.project_id !== server.tenant_id && { isForeignShare: true }),
    exportedAs: exportedAs(share),
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
