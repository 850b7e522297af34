/** The work queue: claims the records that are due, reconciles them, and schedules them again. */
import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { OpenStackError } from '../../openstack/errors.ts';
import { newRequestId } from '../../openstack/session.ts';
import { isInProgress, parseAttachmentId } from '../attachment.ts';
import { hasPending } from '../pending.ts';
import type { AttachmentStore } from '../store/contract.ts';
import { isOperationId } from '../store/share-operations.ts';
import { isInterruption } from './observe.ts';
import { backOff, reconcile } from './reconcile.ts';
import type { ActingSession, SessionRegistry } from './sessions.ts';
import { createSlots } from './slots.ts';

/** How often the due lists are read, in ms. This process schedules its own work sooner. */
const TICK_MS = 1000;
/** Maximum concurrent reconciles, and those of one project: a slow share leaves slots for the other projects. */
const MAX_CONCURRENT = 32;
const MAX_CONCURRENT_PER_PROJECT = 16;
/** Maximum records scheduled in this process; the due lists hold the rest. */
const MAX_SCHEDULED = 10_000;
/** How far apart, as parts of their delay, records of one share may become due to be reconciled at the same time. */
const TOGETHER = 0.2;
/** When to retry a record for which there is no token, in ms; an authenticated read comes sooner. */
const NO_TOKEN_RETRY_MS = 60_000;

export interface ReconcileQueue {
  start(): void;
  /** Reconciles a record in `delayMs`, in this process. */
  enqueueAfter(projectId: string, id: string, delayMs: number): void;
  /** Whether a reconcile of the record runs or is scheduled in this process. */
  has(projectId: string, id: string): boolean;
  /** Takes no new work, interrupts what runs, and releases it. */
  stop(): Promise<void>;
}

export interface QueueOptions {
  store: AttachmentStore;
  sessions: SessionRegistry;
  log: Logger;
  /** How long a record is leased, in ms: longer than a few upstream calls. */
  leaseMs: number;
  deadlineMs: number;
  /** Called after each reconcile. */
  onReconcile?: ((outcome: ReconcileOutcome) => void) | undefined;
  /** Claims and reconciles work on a share; returns in how many ms this process does so again. */
  reconcileShare?: (projectId: string, id: string, signal: AbortSignal) => Promise<number | null>;
}

/**
 * How a reconcile ended: `settled`: nothing is left to do; `requeued`: it continues later; `held`: another gateway has
 * the record; `no_token`: no user's token is at hand; `interrupted`: this process stops, or its lease ended.
 */
export type ReconcileOutcome = 'settled' | 'requeued' | 'held' | 'no_token' | 'interrupted' | 'failed';

/** The queue of this process. */
export function createQueue(options: QueueOptions): ReconcileQueue {
  const { store, log } = options;
  const running = new Map<string, Promise<void>>();
  const scheduled = new Map<string, NodeJS.Timeout>();
  const slots = createSlots(MAX_CONCURRENT, MAX_CONCURRENT_PER_PROJECT);
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  const together = createAlignment();

  const run = (projectId: string, id: string) => {
    if (stopping.signal.aborted || running.has(id) || !slots.take(projectId, id)) return;
    const done = reconcileDue(options, stopping.signal, projectId, id)
      .then((requeueAfterMs) => {
        releaseSlot(projectId, id);
        if (requeueAfterMs !== null) enqueueAfter(projectId, id, requeueAfterMs);
      })
      .catch((error: unknown) => {
        releaseSlot(projectId, id);
        log.warn({ err: error, attachmentId: id }, 'reconcile of an attachment failed; it becomes due again');
      });
    running.set(id, done);
  };

  const releaseSlot = (projectId: string, id: string) => {
    running.delete(id);
    const next = slots.release(projectId);
    if (next) run(next.projectId, next.id);
  };

  const enqueueAfter = (projectId: string, id: string, delayMs: number) => {
    if (stopping.signal.aborted || slots.isWaiting(projectId, id)) return;
    const earlier = scheduled.get(id);
    if (!earlier && scheduled.size >= MAX_SCHEDULED) return;
    clearTimeout(earlier);
    const fire = () => {
      scheduled.delete(id);
      run(projectId, id);
    };
    scheduled.set(id, setTimeout(fire, together(id, delayMs)).unref());
  };

  const tick = async () => {
    try {
      const free = MAX_CONCURRENT - running.size;
      const due = free > 0 ? await store.due(free) : [];
      for (const { projectId, id } of due)
        if (!scheduled.has(id) && !slots.isWaiting(projectId, id)) run(projectId, id);
    } catch (error) {
      log.warn({ err: error }, 'the due lists cannot be read');
    }
    if (!stopping.signal.aborted) timer = setTimeout(tick, TICK_MS).unref();
  };

  return {
    start() {
      timer ??= setTimeout(tick, 0).unref();
    },
    enqueueAfter,
    has: (projectId, id) => running.has(id) || scheduled.has(id) || slots.isWaiting(projectId, id),
    async stop() {
      stopping.abort(new Error('The gateway stops'));
      if (timer) clearTimeout(timer);
      for (const one of scheduled.values()) clearTimeout(one);
      scheduled.clear();
      await Promise.allSettled(running.values());
    },
  };
}

/**
 * Moves the delays of records of one share to the same moment, if they are nearly the same: their reads of the share's rules
 * are then in flight together, and one call answers all of them.
 */
function createAlignment(): (id: string, delayMs: number) => number {
  /** By share, when the last of its records that were scheduled is due, on performance.now's clock. */
  const dueAt = new LRUCache<string, number>({ max: MAX_SCHEDULED });
  return (id, delayMs) => {
    const shareId = parseAttachmentId(id)?.shareId ?? id;
    const now = performance.now();
    const delay = (dueAt.get(shareId) ?? 0) - now;
    if (Math.abs(delay - delayMs) <= TOGETHER * delayMs) return delay;
    dueAt.set(shareId, now + delayMs);
    return delayMs;
  };
}

/** Reconciles what a due list names: an attachment, or work on a share. */
function reconcileDue(options: QueueOptions, signal: AbortSignal, projectId: string, id: string) {
  if (!isOperationId(id)) return reconcileOne(options, signal, projectId, id);
  return options.reconcileShare?.(projectId, id, signal) ?? Promise.resolve(null);
}

/** Claims and reconciles one record. Returns in how many ms this process reconciles it again; null: it does not. */
async function reconcileOne(
  { store, sessions, log, leaseMs, deadlineMs, onReconcile = () => {} }: QueueOptions,
  signal: AbortSignal,
  projectId: string,
  id: string,
): Promise<number | null> {
  const owner = randomUUID();
  const leaseEnds = performance.now() + leaseMs;
  const claimed = await store.claim(projectId, id, { owner, ms: leaseMs });
  if (claimed === 'gone') {
    sessions.remove(id);
    return null;
  }
  // the holder continues, or its lease expires and the record becomes due; but it may lack the token that is here
  if (claimed === 'held') onReconcile('held');
  if (claimed === 'held') return sessions.has(id) ? TICK_MS : null;
  let acting: ActingSession | null = null;
  try {
    const requestId = claimed.requestId ?? newRequestId();
    acting = await sessions.rightsFor(claimed, requestId);
    if (!acting) {
      onReconcile('no_token');
      const isUnfinished = isInProgress(claimed.status) || hasPending(claimed);
      await store.release(projectId, id, owner, isUnfinished ? NO_TOKEN_RETRY_MS : null);
      // a read may have brought a token while this reconcile held the record
      return sessions.has(id) ? 0 : null;
    }
    const context = {
      store,
      ...acting,
      ownSession: () => sessions.own(requestId),
      owner,
      leaseEnds,
      signal,
      deadlineMs,
      rethrowFinal: false,
    };
    const { attachment, requeueAfterMs } = await reconcile(context, claimed);
    log.debug({ attachmentId: id, status: attachment.status, requestId }, 'attachment reconciled');
    onReconcile(requeueAfterMs === null ? 'settled' : 'requeued');
    if (requeueAfterMs === null) sessions.remove(id);
    return requeueAfterMs;
  } catch (error) {
    onReconcile(isInterruption(error) || signal.aborted ? 'interrupted' : 'failed');
    if (acting && error instanceof OpenStackError && error.status === 401) sessions.evict(id, acting.session);
    // Keystone does not issue the gateway's own token: like any failed read
    if (!acting && error instanceof OpenStackError) {
      const context = { store, owner, rights: { mayGrant: false, mayRevoke: false } };
      return (await backOff(context, claimed, error, 'read')).requeueAfterMs;
    }
    await store.release(projectId, id, owner, signal.aborted ? 0 : TICK_MS).catch(() => undefined);
    if (isInterruption(error) || signal.aborted) return null;
    throw error;
  }
}
