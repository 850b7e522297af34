/** Reconciles work on a share: observe, decide, perform, commit, until there is nothing to do but wait. */
import pLimit from 'p-limit';
import { startDeadline } from '../../deadline.ts';
import { GatewayError } from '../../errors.ts';
import { isConnectionFailure, OpenStackError } from '../../openstack/errors.ts';
import { getShare, listMessages, listShares } from '../../openstack/manila/client.ts';
import { createShare, deleteShare, resizeShare } from '../../openstack/manila/shares.ts';
import type { Share } from '../../openstack/manila/types.ts';
import type { Session } from '../../openstack/session.ts';
import { type AttachmentView, parseAttachmentId } from '../attachment.ts';
import { backoffDelay, pollDelay } from '../reconcile/decide.ts';
import { LeaseLost } from '../reconcile/observe.ts';
import type { DetachRequest } from '../service.ts';
import type { AttachmentStore } from '../store/contract.ts';
import {
  decideShare,
  type Failure,
  isTransitional,
  type ObservedShare,
  type ShareAction,
  type ShareObservation,
} from './decide.ts';
import {
  operationAgeMs,
  type ShareFault,
  type ShareOperation,
  type ShareOperationView,
  shareEvent,
  viewOf,
} from './operation.ts';

/** Metadata of a created share: the operation's id, by which the share is found when Manila's answer was lost. */
export const REQUEST_KEY = 'nmg_request';
/** Metadata of a share created with an idempotency key: a hash of the arguments. */
export const DIGEST_KEY = 'nmg_digest';

/** Maximum actions of one reconcile. */
const MAX_STEPS = 20;
/** Maximum detaches that run at the same time. */
const CONCURRENT_DETACHES = 8;
/** No call starts with less than this left of the lease, in ms. */
const MARGIN_MS = 500;
/** When to look for the caller's token again, in ms. */
const NO_TOKEN_RETRY_MS = 60_000;

/** What one reconcile of one operation works with. */
export interface ShareContext {
  readonly store: AttachmentStore;
  /** Whose token makes the calls. */
  readonly session: Session;
  /** Whether the session is of the user who asked. */
  readonly maySend: boolean;
  /** The random value under which the operation is leased. */
  readonly owner: string;
  /** How long the operation is leased, in ms: several times the timeout of a call. */
  readonly leaseMs: number;
  /** When the lease ends, on this process's monotonic clock. */
  readonly leaseEnds: number;
  /** Ends the reconcile early: the process stops. */
  readonly signal?: AbortSignal;
  /** A token that is not accepted is a FinalShareError: the caller who waits has no other one. */
  readonly rethrowFinal: boolean;
  readonly detach: (session: Session, request: DetachRequest) => Promise<AttachmentView>;
  /** What is known without reading: a creation that was not sent before has made no share. */
  readonly observed?: ShareObservation;
}

export interface ShareResult {
  operation: ShareOperationView;
  /** When this process reconciles it again, in ms; null: it has ended. */
  requeueAfterMs: number | null;
}

/** A change that was rejected: the operation is still leased and uncommitted. */
export class FinalShareError extends Error {
  constructor(
    readonly operation: ShareOperation,
    override readonly cause: OpenStackError | GatewayError,
  ) {
    super(cause.message, { cause });
  }
}

/**
 * Works on a leased operation until it has to wait or has ended; commits and releases the lease.
 * @throws FinalShareError for a change that was rejected; LeaseLost; GatewayError STATE_UNAVAILABLE; OpenStackError 401 for a
 * token that OpenStack no longer accepts
 */
export async function reconcileOperation(context: ShareContext, claimed: ShareOperation): Promise<ShareResult> {
  const lease = startDeadline(remainingMs(context), context.signal, () => new LeaseLost());
  try {
    return await reconcileLeased({ ...context, session: { ...context.session, signal: lease.signal } }, claimed);
  } finally {
    lease.end();
  }
}

async function reconcileLeased(context: ShareContext, claimed: ShareOperation): Promise<ShareResult> {
  let operation = claimed;
  let observed = context.observed ?? null;
  try {
    for (let step = 0; step < MAX_STEPS; step++) {
      observed ??= await observe(context, operation);
      const rights = { maySend: context.maySend, now: Date.now(), resendAfterMs: context.leaseMs };
      const action = decideShare(operation, observed, rights);
      if (action.do === 'wait') return await wait(context, operation);
      if (action.do === 'succeed' && (await hasSurplus(context, operation))) return await wait(context, operation);
      if (action.do === 'succeed') return await end(context, operation, 'succeeded', null);
      if (action.do === 'fail') return await fail(context, operation, action);
      operation = await perform(context, operation, action);
      // Manila has just begun: there is nothing to observe yet
      if (action.do === 'send' && operation.isAccepted) return await wait(context, operation);
      observed = null;
    }
    return await wait(context, operation);
  } catch (error) {
    if (!(error instanceof Uncertain)) throw error;
    return await backOff(context, error.operation ?? operation, error.cause);
  }
}

/** A change or a read whose outcome is unknown. */
class Uncertain extends Error {
  constructor(
    override readonly cause: OpenStackError,
    readonly operation?: ShareOperation,
  ) {
    super(cause.message);
  }
}

async function observe(context: ShareContext, operation: ShareOperation): Promise<ShareObservation> {
  const session = leased(context);
  try {
    if (operation.shareId === null) {
      const [share = null] = await findCreated(session, operation);
      return { share: share && observedShare(share), attachments: [] };
    }
    const share = await getShare(session, operation.shareId);
    const readsAttachments = operation.type === 'delete' && !operation.isAccepted && share !== null;
    const [attachments = []] = readsAttachments
      ? await context.store.listForShares(operation.projectId, [operation.shareId])
      : [];
    return { share: share && observedShare(share), attachments };
  } catch (error) {
    if (error instanceof OpenStackError && error.status !== 401) throw new Uncertain(error);
    throw error;
  }
}

/** The shares that a creation has made, oldest first: more than one when Manila served a request that was given up. */
export async function findCreated(session: Session, operation: Pick<ShareOperation, 'id' | 'projectId'>) {
  const metadata = { [REQUEST_KEY]: operation.id };
  const isForeign = session.identity.projectId !== operation.projectId;
  const all = isForeign ? ({ all_tenants: '1', project_id: operation.projectId } as const) : {};
  const { shares } = await listShares(session, { limit: 10, filters: { metadata, ...all } });
  const made = shares.filter((share) => share.project_id === operation.projectId && share.metadata[REQUEST_KEY]);
  return made.sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
}

/**
 * Deletes what a creation has made besides its share: Manila served a request that was given up, and another one. Returns
 * whether one is left that cannot be deleted yet.
 */
async function hasSurplus(context: ShareContext, operation: ShareOperation): Promise<boolean> {
  if (operation.type !== 'create' || operation.attempts < 2 || !context.maySend) return false;
  const session = leased(context);
  try {
    const surplus = (await findCreated(session, operation)).filter(({ id }) => id !== operation.shareId);
    for (const { id } of surplus.filter(({ status }) => !isTransitional(status))) await deleteShare(session, id, null);
    return surplus.length > 0;
  } catch (error) {
    if (!(error instanceof OpenStackError) || error.status === 401) throw error;
    throw new Uncertain(error);
  }
}

function observedShare({ id, status, size }: Share): ObservedShare {
  return { id, status, size };
}

async function perform(
  context: ShareContext,
  operation: ShareOperation,
  action: Exclude<ShareAction, { do: 'wait' | 'succeed' | 'fail' }>,
): Promise<ShareOperation> {
  switch (action.do) {
    case 'accept':
      return await keep(context, {
        ...operation,
        shareId: action.shareId,
        isAccepted: true,
        sentAt: null,
        fault: null,
      });
    case 'detach':
      return await detachAll(context, operation, action.ids);
    default:
      return await sendChange(context, operation);
  }
}

/** Records that the change is sent, then sends it: a crash between leaves an operation that looks before it sends again. */
async function sendChange(context: ShareContext, operation: ShareOperation): Promise<ShareOperation> {
  const sentAt = new Date().toISOString();
  const sent = await keep(context, { ...operation, sentAt, attempts: operation.attempts + 1 });
  try {
    const shareId = await sendOnce(leased(context), sent);
    return await keep(context, { ...sent, shareId, isAccepted: true, sentAt: null, fault: null, failures: 0 });
  } catch (error) {
    if (!(error instanceof OpenStackError)) throw error;
    // the user may come with another token
    if (error.status === 401 && !context.rethrowFinal) throw error;
    if (error.outcome === 'uncertain') throw new Uncertain(error, isAnswered(error) ? { ...sent, sentAt: null } : sent);
    if (error.status === 404 && sent.type === 'delete') return { ...sent, isAccepted: true };
    // what was sent before may have been served meanwhile, so that Manila refuses the second one
    if (sent.attempts > 1 && (await isEffective(context, sent))) return { ...sent, isAccepted: true, sentAt: null };
    throw new FinalShareError(sent, error);
  }
}

/** Whether the service has finished with the request that failed: it never got it, or said so itself. */
function isAnswered(error: OpenStackError): boolean {
  return isConnectionFailure(error) || error.status === 429 || error.status === 500;
}

async function isEffective(context: ShareContext, { shareId, type, resize }: ShareOperation): Promise<boolean> {
  const share = shareId === null ? null : await getShare(leased(context), shareId);
  if (type === 'delete') return share === null || share.status === 'deleting';
  return share !== null && (share.size === resize?.to || ['extending', 'shrinking'].includes(share.status));
}

async function sendOnce(session: Session, operation: ShareOperation): Promise<string> {
  const { type, shareId, create, resize, deletion, digest, id } = operation;
  if (type === 'create' && create) {
    const metadata = { ...create.metadata, [REQUEST_KEY]: id, ...(digest && { [DIGEST_KEY]: digest }) };
    return (await createShare(session, { ...create, metadata })).id;
  }
  if (shareId === null) throw new TypeError(`operation ${id} has no share`);
  if (resize) await resizeShare(session, shareId, resize.to > resize.from ? 'extend' : 'shrink', resize.to);
  else await deleteShare(session, shareId, deletion?.shareGroupId ?? null);
  return shareId;
}

/** Starts the detach of each attachment. Each records its own intent, and goes on if this gateway is killed. */
async function detachAll(
  context: ShareContext,
  operation: ShareOperation,
  ids: readonly string[],
): Promise<ShareOperation> {
  const { deletion } = operation;
  if (!deletion) return operation;
  const started = [...new Set([...deletion.started, ...ids])];
  const next = await keep(context, {
    ...operation,
    attempts: operation.attempts + 1,
    deletion: { ...deletion, started },
  });
  const limit = pLimit(CONCURRENT_DETACHES);
  const outcomes = await Promise.allSettled(
    ids.map((id) =>
      limit(async () => {
        const pair = parseAttachmentId(id);
        const { unmountGraceSeconds } = deletion;
        if (pair) await context.detach(leased(context), { ...pair, mountPoint: null, unmountGraceSeconds });
      }),
    ),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throwUnlessDetached(next, outcome.reason);
  return next;
}

function throwUnlessDetached(operation: ShareOperation, error: unknown): void {
  if (error instanceof GatewayError) {
    if (error.code === 'NOT_FOUND') return;
    throw error.code === 'STATE_UNAVAILABLE' ? error : new FinalShareError(operation, error);
  }
  if (!(error instanceof OpenStackError)) throw error;
  throw error.outcome === 'uncertain' ? new Uncertain(error, operation) : new FinalShareError(operation, error);
}

/** Commits under the lease, which goes on. Throws LeaseLost. */
async function keep({ store, owner }: ShareContext, operation: ShareOperation): Promise<ShareOperation> {
  const updated = { ...operation, updatedAt: new Date().toISOString() };
  const committed = await store.shareOperations.commit(updated, { dueInMs: 0, owner, keepLease: true });
  if (typeof committed === 'string') throw new LeaseLost();
  return committed;
}

/** Commits and releases, to look again later: soon at first, then after a quarter of the time that it has taken. */
async function wait(context: ShareContext, operation: ShareOperation): Promise<ShareResult> {
  const isStuck = !operation.isAccepted && !context.maySend;
  const untilExpiry = Date.parse(operation.tokenExpiresAt) - Date.now() + 1000;
  const delay = isStuck
    ? Math.min(NO_TOKEN_RETRY_MS, Math.max(untilExpiry, 1000))
    : pollDelay(operationAgeMs(operation), 0, Math.random());
  return await release(context, { ...operation, failures: 0 }, Math.round(delay));
}

/** Commits a failure that may pass, to retry later. */
async function backOff(context: ShareContext, operation: ShareOperation, error: OpenStackError): Promise<ShareResult> {
  const failures = operation.failures + 1;
  const delay = Math.max(backoffDelay(failures, operationAgeMs(operation), Math.random()), error.retryAfterMs ?? 0);
  const fault = failures > 1 ? toShareFault({ code: 'UPSTREAM_FAILING', message: error.message }, error) : null;
  return await release(context, { ...operation, failures, fault }, Math.round(Math.min(delay, 60_000)));
}

async function release(
  { store, owner }: ShareContext,
  operation: ShareOperation,
  dueInMs: number,
): Promise<ShareResult> {
  const committed = await store.shareOperations.commit(operation, { dueInMs, owner });
  if (typeof committed === 'string') throw new LeaseLost();
  return { operation: viewOf(committed, 'in_progress'), requeueAfterMs: dueInMs };
}

/** Ends the operation with Manila's own words, where Manila has some. */
async function fail(
  context: ShareContext,
  operation: ShareOperation,
  { failure, asksManila }: Extract<ShareAction, { do: 'fail' }>,
): Promise<ShareResult> {
  const said = asksManila && operation.shareId ? await readMessage(context, operation) : null;
  const message = said ? `${failure.message}. Manila: ${said.user_message}` : failure.message;
  const fault = toShareFault({ ...failure, message }, { openstackRequestId: said?.request_id ?? null });
  return await end(context, operation, 'failed', fault);
}

/** Manila's newest message about the share since the operation began; null when it has none, or does not say. */
async function readMessage(context: ShareContext, { shareId, createdAt }: ShareOperation) {
  try {
    const [message] = await listMessages(leased(context), { resourceId: shareId, limit: 1 });
    // Manila's clock may be a little behind
    const isNew = message && Date.parse(`${message.created_at}Z`) > Date.parse(createdAt) - 60_000;
    return isNew ? message : null;
  } catch {
    return null;
  }
}

/** Removes the operation, and tells subscribers how it ended. */
export async function end(
  context: Pick<ShareContext, 'store' | 'owner'>,
  operation: ShareOperation,
  status: 'succeeded' | 'failed',
  fault: ShareFault | null,
): Promise<ShareResult> {
  const view = viewOf({ ...operation, updatedAt: new Date().toISOString() }, status, fault);
  const { store, owner } = context;
  const removed = await store.shareOperations.remove(operation, { event: shareEvent(view), owner });
  if (removed !== 'removed') throw new LeaseLost();
  return { operation: view, requeueAfterMs: null };
}

/** A failure as clients see it. */
export function toShareFault(
  { code, message }: Failure,
  { openstackRequestId }: { openstackRequestId: string | null },
): ShareFault {
  return { code, message, at: new Date().toISOString(), openstackRequestId };
}

/** The session for the next call: none starts after the lease, and none outlives it. Throws LeaseLost. */
function leased(context: ShareContext): Session {
  if (remainingMs(context) <= 0) throw new LeaseLost();
  context.signal?.throwIfAborted();
  return context.session;
}

function remainingMs({ leaseEnds }: ShareContext): number {
  return Math.max(0, Math.floor(leaseEnds - performance.now() - MARGIN_MS));
}
