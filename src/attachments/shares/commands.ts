/** createShare, resizeShare and deleteShare: what is rejected before anything is written, and the recorded intent. */
import { createHash, randomUUID } from 'node:crypto';
import { GatewayError } from '../../errors.ts';
import { isAtLeast, supportedMicroversion } from '../../openstack/http/microversions.ts';
import { getShare, listAccessRules } from '../../openstack/manila/client.ts';
import { listDeletionLocks, type NewShare } from '../../openstack/manila/shares.ts';
import { listSnapshots } from '../../openstack/manila/snapshots.ts';
import type { Share } from '../../openstack/manila/types.ts';
import { MANILA } from '../../openstack/services.ts';
import type { Session } from '../../openstack/session.ts';
import type { AttachmentView } from '../attachment.ts';
import { isVirtiofs } from '../attachment.ts';
import { type CommandOptions, type EnsureRecovered, untilFree } from '../command.ts';
import { LeaseLost } from '../reconcile/observe.ts';
import { isManaged, isMasked } from '../rule-metadata.ts';
import type { DetachRequest } from '../service.ts';
import { MAX_SHARE_OPERATIONS } from '../store/share-operations.ts';
import { assertDetachable } from '../virtiofs/detachable.ts';
import type { ShareObservation } from './decide.ts';
import {
  type ShareOperation,
  type ShareOperationType,
  type ShareOperationView,
  shareEvent,
  viewOf,
} from './operation.ts';
import {
  DIGEST_KEY,
  end,
  FinalShareError,
  findCreated,
  reconcileOperation,
  type ShareContext,
  toShareFault,
} from './reconcile.ts';

/** What a command on a share works with. */
export interface ShareCommandOptions extends CommandOptions {
  ensureRecovered: EnsureRecovered;
  detach(session: Session, request: DetachRequest): Promise<AttachmentView>;
  /** Reconciles an operation at once, with this session's token where its user asked. */
  reconcileShare(projectId: string, id: string, session: Session): Promise<void>;
}

/** What a command has done: the work, null if there was none to do, and the share if it is known. */
export interface ShareCommandResult {
  operation: ShareOperationView | null;
  shareId: string | null;
}

/** The arguments of `createShare`. */
export interface CreateShareRequest {
  share: NewShare;
  /** Null: each request makes a share. */
  idempotencyKey: string | null;
}

/** The arguments of `deleteShare`. */
export interface DeleteShareRequest {
  shareId: string;
  detach: boolean;
  unmountGraceSeconds: number;
}

/**
 * Creates a share. With an idempotency key, repeating it with the same arguments returns the share that there is.
 * @throws CONFLICT, OpenStackError for a final upstream error, LIMIT_EXCEEDED, STATE_UNAVAILABLE
 */
export async function createShare(
  options: ShareCommandOptions,
  session: Session,
  { share, idempotencyKey }: CreateShareRequest,
): Promise<ShareCommandResult> {
  const { projectId, userId } = session.identity;
  const digest = idempotencyKey === null ? null : hash(JSON.stringify(share));
  const id = idempotencyKey === null ? randomUUID() : uuidOf(hash(JSON.stringify([projectId, userId, idempotencyKey])));
  const operation = newOperation(session, projectId, { id, type: 'create', create: share, ...(digest && { digest }) });
  if (digest !== null) {
    const present = await options.store.shareOperations.get(projectId, id);
    if (present) return repeated(options, session, present, digest);
    const [made] = await findCreated(session, operation);
    if (made) {
      assertSameDigest(made.metadata[DIGEST_KEY], digest);
      return { operation: null, shareId: made.id };
    }
  }
  return await start(options, session, operation, { share: null, attachments: [] });
}

function repeated(
  options: ShareCommandOptions,
  session: Session,
  present: ShareOperation,
  digest: string,
): ShareCommandResult {
  assertSameDigest(present.digest, digest);
  resumeOperations(options, session, [present]);
  return { operation: viewOf(present, 'in_progress'), shareId: present.shareId };
}

function assertSameDigest(present: string | undefined, digest: string): void {
  if (present === digest) return;
  throw new GatewayError('CONFLICT', 'idempotencyKey: it was used for a share with other arguments');
}

/**
 * Extends or shrinks a share. Idempotent: a share that has the size already, or is on its way to it, is returned.
 * @throws NOT_FOUND, CONFLICT, OpenStackError for a final upstream error, STATE_UNAVAILABLE
 */
export async function resizeShare(
  options: ShareCommandOptions,
  session: Session,
  { shareId, sizeGib }: { shareId: string; sizeGib: number },
): Promise<ShareCommandResult> {
  const share = await requireShare(session, shareId);
  const isSame = ({ type, resize }: ShareOperation) => type === 'resize' && resize?.to === sizeGib;
  const present = await otherWork(options, session, share, isSame);
  if (present) return { operation: viewOf(present, 'in_progress'), shareId };
  if (share.size === sizeGib) return { operation: null, shareId };
  const resize = { from: share.size, to: sizeGib };
  return await start(
    options,
    session,
    newOperation(session, share.project_id, { id: shareId, shareId, type: 'resize', resize }),
    { share: { id: share.id, status: share.status, size: share.size }, attachments: [] },
  );
}

/**
 * Deletes a share that is attached to no server, or detaches it first. Idempotent while the deletion is in progress.
 * @throws NOT_FOUND, CONFLICT while it is attached, OpenStackError for a final upstream error, STATE_UNAVAILABLE
 */
export async function deleteShare(
  options: ShareCommandOptions,
  session: Session,
  { shareId, detach, unmountGraceSeconds }: DeleteShareRequest,
): Promise<ShareCommandResult> {
  const share = await requireShare(session, shareId);
  await options.ensureRecovered(session, share.project_id);
  const present = await otherWork(options, session, share, ({ type }) => type === 'delete');
  if (present) return { operation: viewOf(present, 'in_progress'), shareId };
  const observed = await observeAttachments(options, session, share, detach);
  const deletion = { detach, unmountGraceSeconds, shareGroupId: share.share_group_id ?? null, started: [] };
  const operation = newOperation(session, share.project_id, { id: shareId, shareId, type: 'delete', deletion });
  return await start(options, session, operation, observed);
}

/** What the deletion of a share would tear down. Throws CONFLICT where that was not asked for, or is not possible. */
async function observeAttachments(
  options: ShareCommandOptions,
  session: Session,
  share: Share,
  detach: boolean,
): Promise<ShareObservation> {
  const [attachments = []] = await options.store.listForShares(share.project_id, [share.id]);
  if (attachments.length > 0 && !detach) {
    const servers = attachments.slice(0, 5).map(({ serverId }) => serverId);
    const more = attachments.length > servers.length ? ` and ${attachments.length - servers.length} more` : '';
    throw new GatewayError(
      'CONFLICT',
      `Share ${share.id} is attached to ${servers.join(', ')}${more}, which would lose it: detach it first, or pass detach: true`,
    );
  }
  const known = new Set(attachments.map(({ id }) => id));
  const rules = (await listAccessRules(session, share.id)) ?? [];
  if (rules.some((rule) => isManaged(rule) && !known.has(rule.metadata?.['attachment_id'] ?? '') && isForeign(rule))) {
    throw new GatewayError(
      'CONFLICT',
      `Share ${share.id} is attached to a server of another project, or by another gateway, which alone can detach it`,
    );
  }
  if (rules.some(isMasked) && !attachments.some(isVirtiofs)) {
    throw new GatewayError('CONFLICT', `Share ${share.id} has a hidden access rule: Nova has it attached to a server`);
  }
  if (attachments.length > 0) await assertDeletable(session, share);
  for (const record of attachments) if (isVirtiofs(record)) await assertDetachable(session, record);
  return { share: { id: share.id, status: share.status, size: share.size }, attachments };
}

/**
 * Rejects what Manila will reject, before the share is detached from its servers in vain: one in a wrong state, with
 * snapshots, replicas or locks.
 */
async function assertDeletable(session: Session, share: Share): Promise<void> {
  const version = await supportedMicroversion(session, MANILA);
  const [{ snapshots }, locks] = await Promise.all([
    listSnapshots(session, { limit: 1, filters: { share_id: share.id } }),
    isAtLeast(version, '2.81') ? listDeletionLocks(session, share.id) : [],
  ]);
  const problem =
    (!DELETABLE.includes(share.status) && `its status is ${share.status}, expected ${DELETABLE.join(', ')}`) ||
    (share.has_replicas && 'it has replicas: remove them first') ||
    (snapshots.length > 0 && 'it has snapshots: delete them first') ||
    (locks.length > 0 && `locks prevent it: ${locks.join(', ')}`);
  if (problem) throw new GatewayError('CONFLICT', `Share ${share.id} cannot be deleted: ${problem}`);
}

/** The statuses in which Manila deletes a share (manila/share/api.py). */
const DELETABLE = ['available', 'error', 'inactive'];

/** Whether a managed rule stays: it is not being denied. */
function isForeign({ state }: { state: string | null }): boolean {
  return state !== 'queued_to_deny' && state !== 'denying';
}

/**
 * The work in progress on a share if it is the same; null if there is none any more. Throws CONFLICT for other work: a
 * share does one thing at a time, in Manila too.
 */
async function otherWork(
  options: ShareCommandOptions,
  session: Session,
  share: Share,
  isSame: (operation: ShareOperation) => boolean,
): Promise<ShareOperation | null> {
  const read = async () => (await options.store.shareOperations.ofShares(share.project_id, [share.id]))[0] ?? null;
  let present = await read();
  if (!present) return null;
  if (isSame(present)) {
    resumeOperations(options, session, [present]);
    return present;
  }
  // it may be done in Manila, and not observed yet
  await options.reconcileShare(share.project_id, present.id, session);
  present = await read();
  if (!present) return null;
  throw new GatewayError('CONFLICT', `Share ${share.id}: a request to ${present.type} it is in progress`);
}

async function requireShare(session: Session, id: string): Promise<Share> {
  const share = await getShare(session, id);
  if (share) return share;
  throw new GatewayError('NOT_FOUND', `Share ${id} does not exist, or is not visible to this token`);
}

/** Records the intent, with the lease already held, and makes the first calls with the caller's token. */
async function start(
  options: ShareCommandOptions,
  session: Session,
  operation: ShareOperation,
  observed: ShareObservation,
): Promise<ShareCommandResult> {
  return await untilFree(operation.id, async () => {
    const context = { ...newContext(options, session), observed };
    const event = shareEvent(viewOf(operation, 'in_progress'));
    const lease = { owner: context.owner, ms: options.leaseMs };
    const created = await options.store.shareOperations.create(operation, event, lease);
    if (created.outcome === 'full') {
      const message = `At most ${MAX_SHARE_OPERATIONS} shares of a project are created, resized or deleted at the same time`;
      throw new GatewayError('LIMIT_EXCEEDED', message);
    }
    if (created.outcome === 'exists') {
      if (created.operation.type !== operation.type) {
        const message = `Share ${operation.shareId}: a request to ${created.operation.type} it is in progress`;
        throw new GatewayError('CONFLICT', message);
      }
      if (operation.digest) assertSameDigest(created.operation.digest, operation.digest);
      return { operation: viewOf(created.operation, 'in_progress'), shareId: created.operation.shareId };
    }
    return await work(options, session, context, created.operation);
  });
}

async function work(
  options: ShareCommandOptions,
  session: Session,
  context: ShareContext,
  operation: ShareOperation,
): Promise<ShareCommandResult> {
  options.sessions.add(operation.id, session);
  try {
    const { operation: view, requeueAfterMs } = await reconcileOperation(context, operation);
    if (requeueAfterMs === null) options.sessions.remove(operation.id);
    else options.queue.enqueueAfter(operation.projectId, operation.id, requeueAfterMs);
    return { operation: view, shareId: view.shareId };
  } catch (error) {
    if (error instanceof FinalShareError) {
      options.sessions.remove(operation.id);
      const { operation: failed, cause } = error;
      const code = cause instanceof GatewayError ? ('DETACH_FAILED' as const) : ('UPSTREAM_REFUSED' as const);
      const openstackRequestId = cause instanceof GatewayError ? null : cause.openstackRequestId;
      const fault = toShareFault({ code, message: cause.message }, { openstackRequestId });
      await end(context, failed, 'failed', fault);
      throw cause;
    }
    if (!(error instanceof LeaseLost)) throw error;
    const now = await options.store.shareOperations.get(operation.projectId, operation.id);
    return { operation: now && viewOf(now, 'in_progress'), shareId: now?.shareId ?? operation.shareId };
  }
}

function newContext(options: ShareCommandOptions, session: Session): ShareContext {
  // a client that disconnects stops no started work
  const { signal: _signal, onRead: _onRead, ...durable } = session;
  return {
    store: options.store,
    session: durable,
    maySend: true,
    owner: randomUUID(),
    leaseMs: options.leaseMs,
    leaseEnds: performance.now() + options.leaseMs,
    rethrowFinal: true,
    detach: options.detach,
  };
}

/** Lets the user who asked bring a token: work that waits for one goes on. */
export function resumeOperations(
  { sessions, queue }: Pick<ShareCommandOptions, 'sessions' | 'queue'>,
  session: Session,
  operations: readonly ShareOperation[],
): void {
  for (const { id, projectId, userId } of operations) {
    const hadSession = sessions.has(id);
    if (userId === session.identity.userId) sessions.add(id, session);
    else sessions.addObserver(id, session);
    if (!(hadSession && queue.has(projectId, id))) queue.enqueueAfter(projectId, id, 0);
  }
}

function newOperation(
  session: Session,
  projectId: string,
  given: Pick<ShareOperation, 'id'> & { type: ShareOperationType } & Partial<ShareOperation>,
): ShareOperation {
  const now = new Date().toISOString();
  return {
    projectId,
    shareId: null,
    isAccepted: false,
    sentAt: null,
    attempts: 0,
    failures: 0,
    fault: null,
    requestId: session.requestId,
    userId: session.identity.userId,
    tokenExpiresAt: new Date(session.identity.expiresAt).toISOString(),
    createdAt: now,
    updatedAt: now,
    version: 0,
    ...given,
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A UUID (version 8: of one's own making) from a hash. */
function uuidOf(hex: string): string {
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`];
  return `${parts.join('-')}-${hex.slice(20, 32)}`;
}
