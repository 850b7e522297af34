/** detachShare: the wish, and what is left when Manila refuses it. */
import { GatewayError } from '../errors.ts';
import { getServer } from '../openstack/nova/client.ts';
import type { Session } from '../openstack/session.ts';
import { type Attachment, type AttachmentView, attachmentId } from './attachment.ts';
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
import { checkMountPoint } from './mount-point.ts';
import { FinalError } from './reconcile/context.ts';
import { resumeOnRead } from './reconcile/resume-on-read.ts';
import { faultOf, inStatus, isUnsettled } from './record.ts';
import type { DetachRequest } from './service-contract.ts';

/** @throws NOT_FOUND, CONFLICT, OpenStackError for a refusal, STATE_UNAVAILABLE */
export async function detach(
  options: CommandOptions,
  ensureKnown: EnsureRecovered,
  session: Session,
  request: DetachRequest,
): Promise<AttachmentView> {
  const id = attachmentId(request.serverId, request.shareId);
  const mountPoint = request.mountPoint === null ? null : checkMountPoint(request.mountPoint);
  const projectId = await projectOf(options, ensureKnown, session, request.serverId, id);

  return await untilFree(id, async () => {
    const record = await options.store.get(projectId, id);
    if (!record)
      throw new GatewayError('NOT_FOUND', `Share ${request.shareId} is not attached to server ${request.serverId}`);
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
    return await startDetach(options, session, record);
  });
}

async function startDetach(
  options: CommandOptions,
  session: Session,
  record: Attachment,
): Promise<AttachmentView | null> {
  const pass = newReconcileContext(options, session);
  const claimed = await claim(options, pass, record);
  if (!claimed) return null;
  if (claimed.status === 'detaching') {
    await options.store.release(claimed.projectId, claimed.id, pass.owner, 0);
    return claimed;
  }
  const started = withRequest(session, inStatus(claimed, 'detaching'));
  try {
    return await work(options, pass, await commit(options, pass, started, 'DETACH_STARTED', { keepLease: true }));
  } catch (error) {
    if (!(error instanceof FinalError)) throw error;
    const { record: refused, cause } = error;
    // what Manila accepted goes on; what it refused at once is as it was
    const status = refused.isAccepted ? 'error_detaching' : (refused.previousStatus ?? 'attached');
    const restored = inStatus(refused, status, { fault: faultOf(cause) });
    await commit(options, pass, restored, 'DETACH_FAILED', { dueInMs: isUnsettled(status) ? 0 : null });
    throw cause;
  }
}

// an admin may detach from another project's server: the record is that project's
async function projectOf(
  { store }: CommandOptions,
  ensureKnown: EnsureRecovered,
  session: Session,
  serverId: string,
  id: string,
): Promise<string> {
  const own = session.identity.projectId;
  if (await store.get(own, id)) return own;
  const server = await getServer(session, serverId);
  if (!server || server.tenant_id === own) return own;
  await ensureKnown(session, server.tenant_id);
  return server.tenant_id;
}
