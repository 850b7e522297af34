/** What resolvers call about shares: creating, resizing, deleting, and what is in progress. */
import { randomUUID } from 'node:crypto';
import { OpenStackError } from '../../openstack/errors.ts';
import type { Share, Snapshot } from '../../openstack/manila/types.ts';
import { newRequestId, type Session } from '../../openstack/session.ts';
import { type LogEventStream, openShareEventStream } from '../events.ts';
import { isInterruption } from '../reconcile/observe.ts';
import {
  type CreateSnapshotRequest,
  changeShare,
  removeSnapshot,
  takeSnapshot,
  type UpdateShareRequest,
} from './changes.ts';
import {
  type CreateShareRequest,
  createShare,
  type DeleteShareRequest,
  deleteShare,
  resizeShare,
  resumeOperations,
  type ShareCommandOptions,
  type ShareCommandResult,
} from './commands.ts';
import { waitForToken } from './decide.ts';
import { type ShareEvent, type ShareOperation, type ShareOperationView, viewOf } from './operation.ts';
import { end, FinalShareError, reconcileOperation, type ShareContext, toShareFault } from './reconcile.ts';

/** When to reconcile again after an interruption, in ms. */
const RETRY_MS = 1000;
/** When to look for a token again, in ms; a read of the user's comes sooner. */
const NO_TOKEN_RETRY_MS = 60_000;

/** Work on shares. Every method acts with the session's token, and throws GatewayError or OpenStackError. */
export interface Shares {
  create(session: Session, request: CreateShareRequest): Promise<ShareCommandResult>;
  resize(session: Session, request: { shareId: string; sizeGib: number }): Promise<ShareCommandResult>;
  delete(session: Session, request: DeleteShareRequest): Promise<ShareCommandResult>;
  /** Changes a share's name, description and metadata. */
  update(session: Session, request: UpdateShareRequest): Promise<Share>;
  createSnapshot(session: Session, request: CreateSnapshotRequest): Promise<Snapshot>;
  /** Null: it is gone already. */
  deleteSnapshot(session: Session, id: string): Promise<Snapshot | null>;
  /** The project's work in progress, oldest first. Work of this user goes on with this token. */
  list(session: Session): Promise<ShareOperationView[]>;
  /** The events of the shares that this gateway works on, as `Attachments.subscribe` returns those of attachments. */
  subscribe(
    session: Session,
    filter: { shareId: string | null; after: string | null },
  ): Promise<LogEventStream<ShareEvent>>;
  /** Claims and reconciles one operation. Returns in how many ms this process reconciles it again; null: it does not. */
  reconcile(projectId: string, id: string, signal?: AbortSignal): Promise<number | null>;
}

/** Creates the service over a store, a session registry and a queue. */
export function createShares(given: Omit<ShareCommandOptions, 'reconcileShare'>): Shares {
  const options: ShareCommandOptions = {
    ...given,
    reconcileShare: async (projectId, id, session) => {
      const present = await given.store.shareOperations.get(projectId, id);
      if (present?.userId === session.identity.userId) given.sessions.add(id, session);
      await reconcile(given, projectId, id);
    },
  };
  const { store } = options;
  return {
    create: (session, request) => createShare(options, session, request),
    resize: (session, request) => resizeShare(options, session, request),
    delete: (session, request) => deleteShare(options, session, request),
    update: changeShare,
    createSnapshot: takeSnapshot,
    deleteSnapshot: removeSnapshot,
    async list(session) {
      const operations = await store.shareOperations.list(session.identity.projectId);
      resumeOperations(options, session, operations);
      return operations.map((operation) => viewOf(operation, 'in_progress'));
    },
    async subscribe(session, filter) {
      const { projectId } = session.identity;
      resumeOperations(options, session, await store.shareOperations.list(projectId));
      return await openShareEventStream(store, projectId, filter);
    },
    reconcile: (projectId, id, signal) => reconcile(options, projectId, id, signal),
  };
}

type WorkerOptions = Pick<ShareCommandOptions, 'store' | 'sessions' | 'log' | 'leaseMs' | 'detach'>;

async function reconcile(
  options: WorkerOptions,
  projectId: string,
  id: string,
  signal?: AbortSignal,
): Promise<number | null> {
  const { store, sessions, log, leaseMs } = options;
  const owner = randomUUID();
  const leaseEnds = performance.now() + leaseMs;
  const claimed = await store.shareOperations.claim(projectId, id, { owner, ms: leaseMs });
  if (claimed === 'gone') {
    sessions.remove(id);
    return null;
  }
  if (claimed === 'held') return sessions.has(id) ? RETRY_MS : null;
  let session: Session | null = null;
  try {
    const acting = await actingSession(options, claimed);
    if (!acting) return await withoutToken(options, claimed, owner);
    session = acting.session;
    const { detach } = options;
    const context: ShareContext = { store, ...acting, owner, leaseMs, leaseEnds, rethrowFinal: false, detach };
    const { operation, requeueAfterMs } = await reconcileOperation(signal ? { ...context, signal } : context, claimed);
    log.debug({ operationId: id, type: operation.type, status: operation.status }, 'share reconciled');
    if (requeueAfterMs === null) sessions.remove(id);
    // a read may have brought the user's token while another session held the operation
    else if (!acting.maySend && (await actingSession(options, claimed))?.maySend) return 0;
    return requeueAfterMs;
  } catch (error) {
    if (error instanceof FinalShareError) return await endRefused(options, owner, error);
    if (session && error instanceof OpenStackError && error.status === 401) sessions.evict(id, session);
    await store.shareOperations.release(projectId, id, owner, RETRY_MS).catch(() => undefined);
    if (isInterruption(error) || error instanceof OpenStackError || signal?.aborted) return null;
    throw error;
  }
}

/** The session of the user who asked, else the gateway's own, which only observes; null: neither is here. */
async function actingSession({ sessions }: WorkerOptions, { id, projectId, requestId }: ShareOperation) {
  const acting = await sessions
    .rightsFor({ id, projectId, status: 'attaching', isAccepted: false }, requestId || newRequestId())
    .catch(() => null);
  return acting && { session: acting.session, maySend: acting.rights.mayGrant };
}

/** No session can look: work that Manila has not accepted ends with the token of the user who asked. */
async function withoutToken({ store, sessions }: WorkerOptions, operation: ShareOperation, owner: string) {
  const { id, projectId } = operation;
  const action = operation.isAccepted
    ? null
    : waitForToken(operation, { now: Date.now() }, 'whether the share was changed is unknown');
  if (action?.do === 'fail') {
    await end({ store, owner }, operation, 'failed', toShareFault(action.failure, { openstackRequestId: null }));
    return null;
  }
  await store.shareOperations.release(projectId, id, owner, NO_TOKEN_RETRY_MS);
  // a read may have brought a token meanwhile
  return sessions.has(id) ? 0 : null;
}

async function endRefused(
  { store, sessions }: WorkerOptions,
  owner: string,
  { operation, cause }: FinalShareError,
): Promise<null> {
  const isUpstream = cause instanceof OpenStackError;
  const code = isUpstream ? 'UPSTREAM_REFUSED' : 'DETACH_FAILED';
  const openstackRequestId = isUpstream ? cause.openstackRequestId : null;
  await end(
    { store, owner },
    operation,
    'failed',
    toShareFault({ code, message: cause.message }, { openstackRequestId }),
  );
  sessions.remove(operation.id);
  return null;
}
