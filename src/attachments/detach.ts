/** detachShare: the request, and what remains when Manila rejects it. */
import { GatewayError } from '../errors.ts';
import { getServer } from '../openstack/nova/client.ts';
import type { Session } from '../openstack/session.ts';
import {
  type Attachment,
  type AttachmentView,
  attachmentId,
  isInProgress,
  isVirtiofs,
  newEvent,
  toFault,
  withStatus,
} from './attachment.ts';
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
import { untellGuest } from './guest/tell-guest.ts';
import { graceUntil, unmarkDetaching } from './guest/unmount-grace.ts';
import { hasPending } from './pending.ts';
import { checkMountPoint } from './preconditions.ts';
import { FinalError } from './reconcile/reconcile.ts';
import { resumeOnRead } from './reconcile/sessions.ts';
import type { DetachRequest } from './service.ts';
import { assertDetachable } from './virtiofs/detachable.ts';
import { findMapping, recordOfMapping } from './virtiofs/list.ts';

/**
 * Detaches a share. Detaching again while the attachment is being detached returns it.
 * @throws NOT_FOUND, CONFLICT, OpenStackError for a final upstream error, STATE_UNAVAILABLE
 */
export async function detach(
  options: CommandOptions,
  ensureRecovered: EnsureRecovered,
  session: Session,
  request: DetachRequest,
): Promise<AttachmentView> {
  const id = attachmentId(request.serverId, request.shareId);
  const mountPoint = request.mountPoint === null ? null : checkMountPoint(request.mountPoint);
  const grace = graceUntil(request.unmountGraceSeconds ?? 0);
  const projectId = await projectOf(options, ensureRecovered, session, request.serverId, id);

  return await untilFree(id, async () => {
    const record = await options.store.get(projectId, id);
    if (!record) {
      const started = mountPoint === null ? await startDetachOfNova(options, session, projectId, request) : 'none';
      if (started !== 'none') return started;
      throw new GatewayError('NOT_FOUND', `Share ${request.shareId} is not attached to server ${request.serverId}`);
    }
    // another request is not accepted yet, and may be rejected
    if (hasPending(record)) return await resolvePending(options, session, record);
    if (mountPoint !== null && mountPoint !== record.mountPoint) {
      throw new GatewayError(
        'CONFLICT',
        `mountPoint: the attachment's is ${record.mountPoint ?? 'not set'}, got ${mountPoint}`,
      );
    }
    if (record.status === 'detaching') {
      resumeOnRead(options, session, [record]);
      return record;
    }
    if (isVirtiofs(record)) await assertDetachable(session, record);
    // nothing is mounted in a server that is stopped
    const detaching = await startDetach(options, session, record, isVirtiofs(record) ? undefined : grace);
    // once the detach is accepted: one that is rejected leaves the guest's mount
    return detaching && record.tellGuest ? await untellGuest(session, detaching) : detaching;
  });
}

/**
 * Detaches what Nova attached at someone else's request: it gets a record for as long as that takes. `none`: Nova has no
 * such attachment either; null: another request made a record.
 */
async function startDetachOfNova(
  options: CommandOptions,
  session: Session,
  projectId: string,
  { serverId, shareId }: DetachRequest,
): Promise<AttachmentView | 'none' | null> {
  const mapping = await findMapping(session, serverId, shareId);
  if (!mapping) return 'none';
  const attached = recordOfMapping({ projectId, serverId }, mapping);
  await assertDetachable(session, attached);
  const record = withRequest(session, withStatus(attached, 'detaching'));
  const context = newReconcileContext(options, session);
  const lease = { owner: context.owner, ms: options.leaseMs };
  const pending = { event: 'DETACH_STARTED', before: null } as const;
  const created = await options.store.create({ ...record, pending }, null, lease);
  if (created.outcome !== 'created') return null;
  try {
    return await reconcileNow(options, context, created.attachment);
  } catch (error) {
    if (!(error instanceof FinalError)) throw error;
    if (await undoPending(options, context, error.record)) throw error.cause;
    const failed = { ...error.record, fault: toFault(error.cause) };
    await options.store.remove(failed, { event: newEvent('DETACH_FAILED', failed), owner: context.owner });
    throw error.cause;
  }
}

async function startDetach(
  options: CommandOptions,
  session: Session,
  record: Attachment,
  grace: string | undefined,
): Promise<AttachmentView | null> {
  const context = newReconcileContext(options, session);
  const claimed = await claim(options, context, record);
  if (!claimed) return null;
  if (claimed.status === 'detaching') {
    await options.store.release(claimed.projectId, claimed.id, context.owner, 0);
    return claimed;
  }
  const started = { ...withRequest(session, withStatus(claimed, 'detaching')), graceUntil: grace };
  try {
    return await reconcileNow(options, context, await commitPending(options, context, claimed, started));
  } catch (error) {
    if (!(error instanceof FinalError)) throw error;
    const { record: rejected, cause } = error;
    // after an accepted denial the detach has failed; without one, nothing has changed
    const status = rejected.isAccepted ? 'error_detaching' : (rejected.previousStatus ?? 'attached');
    // what was marked is attached again: with this caller's rights if they suffice
    if (rejected.graceUntil) await unmarkDetaching(session, rejected).catch(() => undefined);
    if (await undoPending(options, context, rejected)) throw cause;
    const restored = withStatus(rejected, status, { fault: toFault(cause) });
    await commit(options, context, restored, 'DETACH_FAILED', { dueInMs: isInProgress(status) ? 0 : null });
    throw cause;
  }
}

/** The project of the record: the caller's, or the server's where an admin detaches from another project's server. */
export async function projectOf(
  { store }: CommandOptions,
  ensureRecovered: EnsureRecovered,
  session: Session,
  serverId: string,
  id: string,
): Promise<string> {
  const own = session.identity.projectId;
  if (await store.get(own, id)) return own;
  const server = await getServer(session, serverId);
  if (!server || server.tenant_id === own) return own;
  await ensureRecovered(session, server.tenant_id);
  return server.tenant_id;
}
