/** The loop that takes attachments to where they belong: claim what is due, drive it, give it back. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { OpenStackError } from '../../openstack/errors.ts';
import { newRequestId } from '../../openstack/session.ts';
import { isUnsettled } from '../record.ts';
import type { AttachmentStore } from '../store/contract.ts';
import { isInterruption } from './context.ts';
import { reconcile } from './reconcile.ts';
import type { ActingSession, SessionRegistry } from './sessions.ts';

/** How often the due-lists are looked at, in ms. This process's own work is scheduled sooner. */
const TICK_MS = 1000;
/** Passes at once. */
const MAX_CONCURRENT = 32;
/** Records that this process has scheduled itself, and as many whose pass waits for a place; beyond that the due-lists do. */
const MAX_SCHEDULED = 10_000;
/** When nobody's token is at hand: the next authenticated look comes sooner. */
const NO_TOKEN_RETRY_MS = 60_000;

export interface ReconcileQueue {
  start(): void;
  /** Looks at a record in `delayMs`, in this process. */
  enqueueAfter(projectId: string, id: string, delayMs: number): void;
  /** Whether a look at the record runs, or is to come, in this process. */
  has(id: string): boolean;
  /** Takes no new work, interrupts what runs, and gives it back. */
  stop(): Promise<void>;
}

export interface QueueOptions {
  store: AttachmentStore;
  sessions: SessionRegistry;
  log: Logger;
  /** How long a record is leased, in ms: longer than a few upstream calls. */
  leaseMs: number;
  deadlineMs: number;
}

/** The worker of this process. */
export function createQueue(options: QueueOptions): ReconcileQueue {
  const { store, log } = options;
  const running = new Map<string, Promise<void>>();
  const scheduled = new Map<string, NodeJS.Timeout>();
  /** Project by record, first come first: their time came while all places were taken. */
  const waiting = new Map<string, string>();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | null = null;

  const run = (projectId: string, id: string) => {
    if (stopping.signal.aborted || running.has(id)) return;
    if (running.size >= MAX_CONCURRENT) {
      if (waiting.size < MAX_SCHEDULED) waiting.set(id, projectId);
      return;
    }
    const pass = reconcileOne(options, stopping.signal, projectId, id)
      .then((next) => {
        giveUpPlace(id);
        if (next !== null) enqueueAfter(projectId, id, next);
      })
      .catch((error: unknown) => {
        giveUpPlace(id);
        log.warn({ err: error, attachmentId: id }, 'pass over an attachment failed; it comes due again');
      });
    running.set(id, pass);
  };

  const giveUpPlace = (id: string) => {
    running.delete(id);
    const [first] = waiting;
    if (!first) return;
    const [nextId, projectId] = first;
    waiting.delete(nextId);
    run(projectId, nextId);
  };

  const enqueueAfter = (projectId: string, id: string, delayMs: number) => {
    if (stopping.signal.aborted || waiting.has(id)) return;
    const earlier = scheduled.get(id);
    if (!earlier && scheduled.size >= MAX_SCHEDULED) return;
    clearTimeout(earlier);
    const fire = () => {
      scheduled.delete(id);
      run(projectId, id);
    };
    scheduled.set(id, setTimeout(fire, delayMs).unref());
  };

  const tick = async () => {
    try {
      const free = MAX_CONCURRENT - running.size;
      const due = free > 0 ? await store.due(free) : [];
      for (const { projectId, id } of due) if (!scheduled.has(id) && !waiting.has(id)) run(projectId, id);
    } catch (error) {
      log.warn({ err: error }, 'the due-lists cannot be read');
    }
    if (!stopping.signal.aborted) timer = setTimeout(tick, TICK_MS).unref();
  };

  return {
    start() {
      timer ??= setTimeout(tick, 0).unref();
    },
    enqueueAfter,
    has: (id) => running.has(id) || scheduled.has(id) || waiting.has(id),
    async stop() {
      stopping.abort(new Error('The gateway stops'));
      if (timer) clearTimeout(timer);
      for (const one of scheduled.values()) clearTimeout(one);
      scheduled.clear();
      waiting.clear();
      await Promise.allSettled(running.values());
    },
  };
}

/** One claim and one drive. Answers in how many ms this process should look again; null: not of its own accord. */
async function reconcileOne(
  { store, sessions, log, leaseMs, deadlineMs }: QueueOptions,
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
  // whoever holds it goes on with it, and a crashed holder's lease makes it come due; but it may be one without a token, where we have one
  if (claimed === 'held') return sessions.has(id) ? TICK_MS : null;
  let acting: ActingSession | null = null;
  try {
    const requestId = claimed.requestId ?? newRequestId();
    acting = await sessions.rightsFor(claimed, requestId);
    if (!acting) {
      await store.release(projectId, id, owner, isUnsettled(claimed.status) ? NO_TOKEN_RETRY_MS : null);
      // somebody looked meanwhile, and found it held by this pass
      return sessions.has(id) ? 0 : null;
    }
    const pass = { store, ...acting, owner, leaseEnds, signal, deadlineMs, rethrowFinal: false };
    const { attachment, requeueAfterMs } = await reconcile(pass, claimed);
    log.debug({ attachmentId: id, status: attachment.status, requestId }, 'pass over an attachment');
    if (requeueAfterMs === null) sessions.remove(id);
    return requeueAfterMs;
  } catch (error) {
    if (acting && error instanceof OpenStackError && error.status === 401) sessions.evict(id, acting.session);
    await store.release(projectId, id, owner, signal.aborted ? 0 : TICK_MS).catch(() => undefined);
    if (isInterruption(error) || signal.aborted) return null;
    throw error;
  }
}
