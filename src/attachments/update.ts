/** updateShareAttachment: another access level or mount point for an attachment that is attached. */
import { GatewayError } from '../errors.ts';
import { isAtLeast, supportedMicroversion } from '../openstack/http/microversions.ts';
import { updateAccessRuleMetadata } from '../openstack/manila/client.ts';
import { MANILA } from '../openstack/services.ts';
import type { Session } from '../openstack/session.ts';
import {
  type AccessLevel,
  type Attachment,
  type AttachmentView,
  attachmentId,
  isVirtiofs,
  type Target,
  toFault,
} from './attachment.ts';
import {
  type CommandOptions,
  claim,
  commit,
  type EnsureRecovered,
  newReconcileContext,
  reconcileNow,
  untilFree,
  withRequest,
} from './command.ts';
import { projectOf } from './detach.ts';
import { checkMountPoint, mountPointTaken } from './preconditions.ts';
import type { ReconcileContext } from './reconcile/observe.ts';
import { FinalError } from './reconcile/reconcile.ts';
import { readHolders, ruleMetadata } from './rule-metadata.ts';

/** The Manila that changes the access level of a rule. */
const UPDATE_SINCE = '2.88';

/** The arguments of `updateShareAttachment`; null: no change. */
export interface UpdateAttachmentRequest {
  serverId: string;
  shareId: string;
  accessLevel: AccessLevel | null;
  mountPoint: string | null;
  /** Whether the rules may be denied and granted again. */
  allowOutage: boolean;
}

/**
 * Changes an attachment. Idempotent.
 * @throws NOT_FOUND, CONFLICT, NOT_SUPPORTED, OpenStackError for a final upstream error, STATE_UNAVAILABLE
 */
export async function update(
  options: CommandOptions,
  ensureRecovered: EnsureRecovered,
  session: Session,
  request: UpdateAttachmentRequest,
): Promise<AttachmentView> {
  const { serverId, shareId, accessLevel } = request;
  const id = attachmentId(serverId, shareId);
  const mountPoint = request.mountPoint === null ? null : checkMountPoint(request.mountPoint);
  const projectId = await projectOf(options, ensureRecovered, session, serverId, id);
  return await untilFree(id, async () => {
    const record = await options.store.get(projectId, id);
    if (!record) throw new GatewayError('NOT_FOUND', `Share ${shareId} is not attached to server ${serverId}`);
    const level = accessLevel === null || accessLevel === record.accessLevel ? null : accessLevel;
    const mount = mountPoint === null || mountPoint === record.mountPoint ? null : mountPoint;
    if (level === null && mount === null) return record;
    if (record.status !== 'attached') {
      throw new GatewayError('CONFLICT', `Attachment ${id} is ${record.status.toUpperCase()}, expected ATTACHED`);
    }
    const renewsRules = level !== null && (await assertUpdatable(options, session, record, request.allowOutage));
    const context = newReconcileContext(options, session);
    const claimed = await claim(options, context, record);
    if (!claimed) return null;
    if (claimed.status !== 'attached') {
      await options.store.release(claimed.projectId, claimed.id, context.owner, 0);
      return null;
    }
    const asked = withRequest(session, claimed);
    const moved = mount === null ? asked : await moveMount(options, context, asked, mount);
    if (level === null) return await commit(options, context, touched(moved), 'ATTACHED', {});
    return await changeLevel(options, context, moved, level, renewsRules);
  });
}

/** Whether the rules are denied and granted again. Throws where the level cannot be changed. */
async function assertUpdatable(
  options: CommandOptions,
  session: Session,
  record: Attachment,
  allowOutage: boolean,
): Promise<boolean> {
  if (isVirtiofs(record)) {
    throw new GatewayError('NOT_SUPPORTED', 'accessLevel: Nova attaches by virtiofs with read and write access only');
  }
  const foreign = record.targets.find(({ isOwned }) => !isOwned);
  if (foreign) {
    const message = `accessLevel: the rule for ${foreign.accessTo} is not this attachment's: it existed before, or serves another one`;
    throw new GatewayError('CONFLICT', message);
  }
  const holder = (await readHolders(options.store, record)).find((one) => one !== null);
  if (holder) {
    throw new GatewayError('CONFLICT', `accessLevel: attachment ${holder.id} needs the same access rule as it is`);
  }
  const version = await supportedMicroversion(session, MANILA);
  if (isAtLeast(version, UPDATE_SINCE)) return false;
  if (allowOutage) return true;
  const how = 'with allowOutage: true the rules are revoked and granted again, and the guest loses access meanwhile';
  throw new GatewayError(
    'NOT_SUPPORTED',
    `accessLevel: expected Manila ${UPDATE_SINCE} or later, the cloud has ${version}; ${how}`,
  );
}

/** Records the new level, then gives it to each rule. */
async function changeLevel(
  options: CommandOptions,
  context: ReconcileContext,
  record: Attachment,
  accessLevel: AccessLevel,
  renewsRules: boolean,
): Promise<AttachmentView | null> {
  const targets = record.targets.map((target): Target => ({ ...target, change: 'updating' }));
  const changing = touched({ ...record, accessLevel, targets, attempts: 0, ...(renewsRules && { renewsRules }) });
  const committed = await options.store.commit(changing, { dueInMs: null, owner: context.owner, keepLease: true });
  if (typeof committed === 'string') return null;
  try {
    return await reconcileNow(options, context, committed);
  } catch (error) {
    if (!(error instanceof FinalError)) throw error;
    const { renewsRules: _renews, ...failed } = error.record;
    const fault = toFault(error.cause);
    const restored = { ...failed, accessLevel: record.accessLevel, targets: record.targets, fault };
    await options.store.commit(restored, { dueInMs: 0, owner: context.owner });
    throw error.cause;
  }
}

/** Takes the new mount point on the server, then writes it into the metadata of the rules, from which records recover. */
async function moveMount(
  options: CommandOptions,
  context: ReconcileContext,
  record: Attachment,
  mountPoint: string,
): Promise<Attachment> {
  const moved = await options.store.moveMount({ ...record, mountPoint }, context.owner);
  if (moved === 'stale' || moved === 'gone') {
    throw new GatewayError('CONFLICT', `Attachment ${record.id} is being changed by another request: try again`);
  }
  if ('takenBy' in moved) {
    await options.store.release(record.projectId, record.id, context.owner, null);
    throw new GatewayError('CONFLICT', mountPointTaken(record.serverId, mountPoint, moved.takenBy.split(':')[1]));
  }
  for (const { ruleId, isOwned, accessTo } of moved.targets) {
    if (!ruleId || !isOwned) continue;
    const metadata = await ruleMetadata(options.store, moved, accessTo);
    await updateAccessRuleMetadata(context.session, ruleId, metadata);
  }
  return moved;
}

function touched(record: Attachment): Attachment {
  return { ...record, fault: null, updatedAt: new Date().toISOString() };
}
