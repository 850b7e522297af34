/** What attach and detach have in common: a claimed record, driven with its user’s token. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';
import type { Session } from '../openstack/session.ts';
import type { Attachment, AttachmentView, EventType } from './attachment.ts';
import { LeaseLost, type ReconcileContext } from './reconcile/context.ts';
import type { ReconcileQueue } from './reconcile/queue.ts';
import { reconcile } from './reconcile/reconcile.ts';
import type { SessionRegistry } from './reconcile/sessions.ts';
import type { AttachmentStore, CommitOptions } from './store/contract.ts';

/** How long a mutation waits for another that has the record, in ms. */
const BUSY_MS = 10_000;
const BUSY_POLL_MS = 100;

export interface CommandOptions {
  store: AttachmentStore;
  sessions: SessionRegistry;
  queue: ReconcileQueue;
  log: Logger;
  leaseMs: number;
  deadlineMs: number;
}

/** Makes sure that the records of a project are complete. */
export type EnsureRecovered = (session: Session, projectId: string) => Promise<void>;

/** A pass with the caller’s token: a client that hangs up does not stop half-made work. */
export function newReconcileContext(
  { store, leaseMs, deadlineMs }: CommandOptions,
  session: Session,
): ReconcileContext {
  return {
    store,
    session,
    rights: { mayGrant: true, mayRevoke: true },
    owner: randomUUID(),
    leaseEnds: performance.now() + leaseMs,
    signal: new AbortController().signal,
    deadlineMs,
    rethrowFinal: true,
  };
}

/** The record under the pass’s lease; null when somebody else has it, or it is gone. */
export async function claim(
  options: CommandOptions,
  pass: ReconcileContext,
  record: Attachment,
): Promise<Attachment | null> {
  const claimed = await options.store.claim(record.projectId, record.id, { owner: pass.owner, ms: options.leaseMs });
  return typeof claimed === 'string' ? null : claimed;
}

/** Commits with an event. Throws CONFLICT when somebody else has the record. */
export async function commit(
  { store }: CommandOptions,
  pass: ReconcileContext,
  record: Attachment,
  type: EventType,
  how: Partial<CommitOptions>,
): Promise<Attachment> {
  const event = eventOf(type, record);
  const committed = await store.commit(record, { dueInMs: null, ...how, event, owner: pass.owner });
  if (typeof committed === 'string') throw busy(record.id);
  return committed;
}

/** Drives the record with the caller's token, and leaves the rest to the worker with that token at hand. */
export async function work(
  options: CommandOptions,
  pass: ReconcileContext,
  record: Attachment,
): Promise<AttachmentView> {
  options.sessions.add(record.id, pass.session);
  try {
    const { attachment, requeueAfterMs } = await reconcile(pass, record);
    if (requeueAfterMs === null) options.sessions.remove(record.id);
    else options.queue.enqueueAfter(record.projectId, record.id, requeueAfterMs);
    return attachment;
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    const now = await options.store.get(record.projectId, record.id);
    if (now) return now;
    throw new GatewayError(
      'CONFLICT',
      `Attachment ${record.id} was changed by somebody else meanwhile: look again`,
      {},
      { cause: error },
    );
  }
}

/** The record as this caller’s. */
export function withRequest(session: Session, record: Attachment): Attachment {
  return { ...record, requestId: session.requestId, userId: session.identity.userId };
}

/** An event of the record as it is. */
export function eventOf(type: EventType, attachment: AttachmentView) {
  return { type, at: attachment.updatedAt, requestId: attachment.requestId, reason: attachment.reason, attachment };
}

/** The refusal for a record that somebody else works on. */
export function busy(id: string): GatewayError {
  return new GatewayError('CONFLICT', `Attachment ${id} is being changed by another request: try again`);
}

/**
 * Tries until there is an outcome: null means that somebody else has the record. Throws CONFLICT when it stays so for
 * BUSY_MS.
 */
export async function untilFree<T>(id: string, attempt: () => Promise<T | null>): Promise<T> {
  for (const giveUp = Date.now() + BUSY_MS; ; ) {
    const done = await attempt();
    if (done) return done;
    if (Date.now() > giveUp) throw busy(id);
    await sleep(BUSY_POLL_MS);
  }
}
