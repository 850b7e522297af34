/** attachShare: a new attachment, one that failed or is on its way out, or one whose server has other addresses. */
import { GatewayError } from '../errors.ts';
import { getShare, listAccessRules } from '../openstack/manila/client.ts';
import type { AccessRule, Share } from '../openstack/manila/types.ts';
import { getServer } from '../openstack/nova/client.ts';
import type { NovaServer } from '../openstack/nova/types.ts';
import type { Session } from '../openstack/session.ts';
import { accessTypeOf, findAddresses, findTargets, requestedTargets } from './access-targets.ts';
import { type Attachment, type AttachmentView, attachmentId } from './attachment.ts';
import {
  type CommandOptions,
  claim,
  commit,
  type EnsureRecovered,
  eventOf,
  newReconcileContext,
  untilFree,
  withRequest,
  work,
} from './command.ts';
import { checkMountPoint } from './mount-point.ts';
import { assertSameRequest, checkLevels, checkUsable } from './preconditions.ts';
import { FinalError, type ReconcileContext } from './reconcile/context.ts';
import { matchRules } from './reconcile/observe.ts';
import { resumeOnRead } from './reconcile/resume-on-read.ts';
import { faultOf, inStatus } from './record.ts';
import { followsAddresses, isInChange, isStale, retarget } from './retarget.ts';
import type { AttachRequest } from './service-contract.ts';

/** @throws NOT_FOUND, CONFLICT, BAD_USER_INPUT, OpenStackError for a refusal, STATE_UNAVAILABLE */
export async function attach(
  options: CommandOptions,
  ensureKnown: EnsureRecovered,
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
  if (server.tenant_id !== session.identity.projectId) await ensureKnown(session, server.tenant_id);
  checkUsable(server, share);
  const accessType = accessTypeOf(share);
  const requestedAccessTo = request.accessTo && requestedTargets(accessType, request.accessTo);
  const wish = { mountPoint, accessLevel: request.accessLevel, requestedAccessTo };
  const id = attachmentId(server.id, share.id);

  return await untilFree(id, async () => {
    const existing = await options.store.get(server.tenant_id, id);
    if (!existing) {
      const found = requestedAccessTo ?? (await findTargets(session, accessType, server, share));
      const targets = found.map((accessTo) => ({ accessTo, ruleId: null, isOwned: false, state: null }));
      const record = newRecord(session, server, share, { ...wish, accessType, targets });
      return await create(options, session, record, rules);
    }
    assertSameRequest(existing, wish);
    const now = await desiredAddressesNow(session, existing, server, share);
    const isCurrent = existing.staleSince === null && (now === null || !isStale(existing, now));
    if (existing.status === 'attaching' || (existing.status === 'attached' && isCurrent)) {
      resumeOnRead(options, session, [existing]);
      return existing;
    }
    return existing.status === 'attached'
      ? await repair(options, session, existing)
      : await attachAgain(options, session, existing, now);
  });
}

// the intent is recorded, with the lease already held, before the first call that changes anything; null: somebody was faster
async function create(
  options: CommandOptions,
  session: Session,
  record: Attachment,
  rules: readonly AccessRule[] | null,
): Promise<AttachmentView | null> {
  const seen = matchRules(record, rules ?? [], []);
  checkLevels(record, seen);
  // where there is no rule yet, there is none to look at again: one that came meanwhile is Manila's `exists`, and looked at then
  const isFree = rules !== null && seen.rules.every((rule) => rule === null);
  const pass = { ...newReconcileContext(options, session), ...(isFree && { observed: seen }) };
  const event = eventOf('ATTACH_STARTED', record);
  const lease = { owner: pass.owner, ms: options.leaseMs };
  const made = await options.store.create(record, event, lease);
  if (made.outcome === 'mount_point_taken') {
    throw new GatewayError(
      'CONFLICT',
      `mountPoint ${record.mountPoint} is taken on server ${record.serverId} by share ${made.attachmentId.split(':')[1]}`,
    );
  }
  if (made.outcome !== 'created') return null;
  try {
    return await work(options, pass, made.attachment);
  } catch (error) {
    if (error instanceof FinalError) await rollBack(options, pass, error);
    throw error instanceof FinalError ? error.cause : error;
  }
}

// from an error, or from a detach that its user takes back: the machine waits for what is being denied, then grants again
async function attachAgain(
  options: CommandOptions,
  session: Session,
  existing: Attachment,
  wanted: readonly string[] | null,
): Promise<AttachmentView | null> {
  const pass = newReconcileContext(options, session);
  const claimed = await claim(options, pass, existing);
  if (!claimed) return null;
  if (claimed.status === 'attaching' || claimed.status === 'attached') {
    await options.store.release(claimed.projectId, claimed.id, pass.owner, 0);
    return claimed;
  }
  const started = withRequest(session, inStatus(retargetTo(claimed, wanted), 'attaching'));
  try {
    return await work(options, pass, await commit(options, pass, started, 'ATTACH_STARTED', { keepLease: true }));
  } catch (error) {
    if (!(error instanceof FinalError)) throw error;
    const failed = inStatus(error.record, 'error_attaching', { fault: faultOf(error.cause) });
    await commit(options, pass, failed, 'ATTACH_FAILED', {});
    throw error.cause;
  }
}

// the server's addresses changed: the rules follow, with this caller's token, and the attachment stays attached meanwhile
async function repair(options: CommandOptions, session: Session, existing: Attachment): Promise<AttachmentView | null> {
  const pass = newReconcileContext(options, session);
  const claimed = await claim(options, pass, existing);
  if (!claimed) return null;
  if (claimed.status !== 'attached') {
    await options.store.release(claimed.projectId, claimed.id, pass.owner, 0);
    return null;
  }
  const staleSince = claimed.staleSince ?? new Date().toISOString();
  try {
    return await work(options, pass, withRequest(session, { ...claimed, staleSince, attempts: 0, fault: null }));
  } catch (error) {
    if (!(error instanceof FinalError)) throw error;
    const { record, cause } = error;
    await options.store.commit({ ...record, fault: faultOf(cause) }, { dueInMs: null, owner: pass.owner });
    throw cause;
  }
}

/** The addresses that an attachment's targets should be; null for one that does not follow its server's addresses. */
async function desiredAddressesNow(
  session: Session,
  record: Attachment,
  server: NovaServer,
  share: Share,
): Promise<string[] | null> {
  return followsAddresses(record) ? await findAddresses(session, server, share) : null;
}

function retargetTo(record: Attachment, wanted: readonly string[] | null): Attachment {
  if (!wanted || wanted.length === 0) return record;
  if (!isStale(record, wanted)) return isInChange(record) ? record : { ...record, staleSince: null };
  const staleSince = record.staleSince ?? new Date().toISOString();
  return { ...record, staleSince, targets: retarget(record.targets, wanted) };
}

// nothing granted: the record goes. Something granted: the record stays until the worker has taken that away
async function rollBack(options: CommandOptions, pass: ReconcileContext, { record, cause }: FinalError): Promise<void> {
  const fault = faultOf(cause);
  const failed: AttachmentView = { ...record, status: 'detached', fault, updatedAt: fault.at };
  const event = eventOf('ATTACH_FAILED', failed);
  if (!record.targets.some((target) => target.ruleId && target.isOwned)) {
    await options.store.remove(record, { event, owner: pass.owner });
    options.sessions.remove(record.id);
    return;
  }
  const undo: Attachment = { ...inStatus(record, 'detaching'), fault, isAccepted: true };
  await options.store.commit(undo, { event: { ...event, attachment: undo }, dueInMs: 0, owner: pass.owner });
  options.queue.enqueueAfter(record.projectId, record.id, 0);
}

function newRecord(
  session: Session,
  server: NovaServer,
  share: Share,
  wish: Pick<Attachment, 'mountPoint' | 'accessLevel' | 'accessType' | 'requestedAccessTo' | 'targets'>,
): Attachment {
  const now = new Date().toISOString();
  return {
    ...wish,
    id: attachmentId(server.id, share.id),
    projectId: server.tenant_id,
    serverId: server.id,
    shareId: share.id,
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
