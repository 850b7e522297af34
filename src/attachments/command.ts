/** What attach and detach share: a claimed record, reconciled with the caller's token. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';
import type { ServiceAccount } from '../openstack/keystone/service-account.ts';
import type { Session } from '../openstack/session.ts';
import { type Attachment, type AttachmentView, type EventType, newEvent } from './attachment.ts';
import { fromStored, hasPending, isVisible, toStored, withPending } from './pending.ts';
import { LeaseLost, type ReconcileContext } from './reconcile/observe.ts';
import { restore } from './reconcile/perform.ts';
import type { ReconcileQueue } from './reconcile/queue.ts';
import { FinalError, reconcile } from './reconcile/reconcile.ts';
import { resumeOnRead, type SessionRegistry } from './reconcile/sessions.ts';
import type { AttachmentStore, CommitOptions } from './store/contract.ts';

/** How long a mutation waits for another worker to release the record, in ms. */
const BUSY_MS = 10_000;
const BUSY_POLL_MS = 100;
/** The rights of a reconcile that only observes. */
const NO_RIGHTS = { mayGrant: false, mayRevoke: false };

export interface CommandOptions {
  store: AttachmentStore;
  sessions: SessionRegistry;
  queue: ReconcileQueue;
  log: Logger;
  leaseMs: number;
  deadlineMs: number;
  /** The time that one request may take, in ms; left out: 30 s. */
  requestMs?: number;
  /** The gateway's own; null without credentials. */
  account?: ServiceAccount | null;
  /** Whether CephX keys are written into the lists that guests read. */
  guestSecrets?: 'none' | 'inline';
}

/** Makes sure that the records of a project are complete. */
export type EnsureRecovered = (session: Session, projectId: string) => Promise<void>;

/** A context with the caller's token but not the request's signal: a client that disconnects stops no started work. */
export function newReconcileContext(
  { store, sessions, leaseMs, deadlineMs }: CommandOptions,
  session: Session,
): ReconcileContext {
  return {
    store,
    session,
    ownSession: () => sessions.own(session.requestId),
    rights: { mayGrant: true, mayRevoke: true },
    owner: randomUUID(),
    leaseEnds: performance.now() + leaseMs,
    signal: new AbortController().signal,
    deadlineMs,
    rethrowFinal: true,
  };
}

/** The record under the context's lease; null when another worker has it, or it was removed. */
export async function claim(
  options: CommandOptions,
  context: ReconcileContext,
  record: Attachment,
): Promise<Attachment | null> {
  const lease = { owner: context.owner, ms: options.leaseMs };
  const claimed = await options.store.claim(record.projectId, record.id, lease);
  return typeof claimed === 'string' ? null : claimed;
}

/**
 * Commits the intent of a request, without an event and not shown to clients: it takes effect when its first call is
 * accepted. Throws CONFLICT when another worker has the record.
 */
export async function commitPending(
  { store }: CommandOptions,
  context: ReconcileContext,
  before: Attachment,
  changed: Attachment,
): Promise<Attachment> {
  const event = changed.status === 'detaching' ? 'DETACH_STARTED' : 'ATTACH_STARTED';
  const stored = toStored(withPending(before, changed, event));
  const committed = await store.commit(stored, { dueInMs: null, keepLease: true, owner: context.owner });
  if (typeof committed === 'string') throw busyError(before.id);
  return fromStored(committed);
}

/**
 * Waits for another request that has not been accepted yet, or, where its process has crashed, observes whether it was.
 * Returns when to read the record again: null, after a pause.
 */
export async function resolvePending(
  options: CommandOptions,
  session: Session,
  record: Attachment,
): Promise<'again' | null> {
  const context = { ...newReconcileContext(options, session), rights: NO_RIGHTS, rethrowFinal: false };
  const claimed = await claim(options, context, record);
  if (!claimed) return null;
  if (hasPending(claimed)) await reconcile(context, claimed);
  else await options.store.release(claimed.projectId, claimed.id, context.owner, 0);
  return 'again';
}

/**
 * Undoes what a rejected request has recorded, where none of its calls was accepted; false where one was. The session
 * that worked on the attachment before continues.
 */
export async function undoPending(
  { queue }: CommandOptions,
  context: ReconcileContext,
  record: Attachment,
): Promise<boolean> {
  if (!record.pending) return false;
  try {
    const { requeueAfterMs } = await restore(context, record);
    if (requeueAfterMs !== null) queue.enqueueAfter(record.projectId, record.id, requeueAfterMs);
  } catch (error) {
    // the lease ended: who claims the record next undoes it
    if (!(error instanceof LeaseLost)) throw error;
  }
  return true;
}

/** Commits with an event. Throws CONFLICT when another worker has the record. */
export async function commit(
  { store }: CommandOptions,
  context: ReconcileContext,
  record: Attachment,
  type: EventType,
  options: Partial<CommitOptions>,
): Promise<Attachment> {
  const event = newEvent(type, record);
  const committed = await store.commit(record, { dueInMs: null, ...options, event, owner: context.owner });
  if (typeof committed === 'string') throw busyError(record.id);
  return committed;
}

/** Reconciles the record with the caller's token, and leaves the rest to the queue with that token. */
export async function reconcileNow(
  options: CommandOptions,
  context: ReconcileContext,
  record: Attachment,
): Promise<AttachmentView> {
  try {
    const { attachment, requeueAfterMs } = await reconcile(context, record);
    // only now: a request that is rejected must not take the place of the session that works on the attachment
    options.sessions.add(record.id, context.session);
    if (requeueAfterMs === null) options.sessions.remove(record.id);
    else options.queue.enqueueAfter(record.projectId, record.id, requeueAfterMs);
    return attachment;
  } catch (error) {
    // interrupted, not rejected: the queue goes on with this token, unless another one works on the attachment
    const isRejected = error instanceof FinalError;
    if (!isRejected && !options.sessions.has(record.id)) options.sessions.add(record.id, context.session);
    if (!(error instanceof LeaseLost)) throw error;
    const now = await options.store.get(record.projectId, record.id);
    if (now && isVisible(now)) {
      resumeOnRead(options, context.session, [now]);
      return now;
    }
    const message = `Attachment ${record.id} was changed by another request meanwhile: read it again`;
    throw new GatewayError('CONFLICT', message, {}, { cause: error });
  }
}

/** The record with this caller's request and user. */
export function withRequest(session: Session, record: Attachment): Attachment {
  return { ...record, requestId: session.requestId, userId: session.identity.userId };
}

/**
 * Repeats an attempt until it returns a result: null means that another worker has the record, `again` that it is free
 * now. Throws CONFLICT when that lasts for BUSY_MS.
 */
export async function untilFree<T extends object>(id: string, attempt: () => Promise<T | 'again' | null>): Promise<T> {
  for (const giveUpAt = Date.now() + BUSY_MS; ; ) {
    const done = await attempt();
    if (done && done !== 'again') return done;
    if (Date.now() > giveUpAt) throw busyError(id);
    if (done === null) await sleep(BUSY_POLL_MS);
  }
}

function busyError(id: string): GatewayError {
  return new GatewayError('CONFLICT', `Attachment ${id} is being changed by another request: try again`);
}
