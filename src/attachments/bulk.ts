/** attachShares and detachShares: many pairs with one request, each with an outcome of its own. */
import pLimit from 'p-limit';
import { abortable, type Deadline, startDeadline } from '../deadline.ts';
import { GatewayError } from '../errors.ts';
import { type Session, signalOf } from '../openstack/session.ts';
import { type AttachmentView, attachmentId } from './attachment.ts';
import type { CommandOptions } from './command.ts';
import type { ReconcileQueue } from './reconcile/queue.ts';

/** Maximum number of pairs of one request. */
export const MAX_PAIRS = 100;
/** Pairs that are worked on at the same time: as many as a project has connections to a service by default. */
const PAIRS_AT_ONCE = 16;
const DEFAULT_REQUEST_MS = 30_000;
/** The part of the request's time in which pairs begin. The rest is for those that have begun. */
const BEGIN_IN = 0.6;
/** The part of the request's time after which what is not done is reported as going on. */
const REPORT_IN = 0.95;

/** What became of one pair. */
export type PairOutcome = { readonly attachment: AttachmentView } | { readonly error: unknown };

interface Pair {
  readonly serverId: string;
  readonly shareId: string;
}

/**
 * Works on all pairs, those of one share together so that Manila applies their rules in few batches, and returns their
 * outcomes in the order of the pairs. A pair that is given twice is worked on one after the other. When the time is nearly
 * up no further pair begins: its outcome is LIMIT_EXCEEDED, and nothing was changed for it. Never rejects.
 */
export async function workOnPairs<P extends Pair>(
  options: CommandOptions,
  session: Session,
  pairs: readonly P[],
  work: (options: CommandOptions, pair: P) => Promise<AttachmentView>,
): Promise<PairOutcome[]> {
  const timeoutMs = options.requestMs ?? DEFAULT_REQUEST_MS;
  const queues = createHeldQueues(options.queue, pairs);
  const limit = pLimit(PAIRS_AT_ONCE);
  const begin = startDeadline(timeoutMs * BEGIN_IN, signalOf(session));
  const report = startDeadline(timeoutMs * REPORT_IN, signalOf(session), stillRunning);
  const earlier = new Map<string, Promise<unknown>>();
  const outcomes = new Map<P, Promise<PairOutcome>>();
  try {
    for (const pair of pairs.toSorted((a, b) => (a.shareId < b.shareId ? -1 : Number(a.shareId > b.shareId)))) {
      const id = attachmentId(pair.serverId, pair.shareId);
      const before = earlier.get(id);
      const outcome = limit(async () => {
        await before;
        const held = { ...options, queue: queues.of(pair) };
        return await outcomeOf(begin, report, () => work(held, pair)).finally(() => queues.done(pair));
      });
      earlier.set(id, outcome);
      outcomes.set(pair, outcome);
    }
    return await Promise.all(pairs.map((pair) => outcomes.get(pair) as Promise<PairOutcome>));
  } finally {
    begin.end();
    report.end();
  }
}

/**
 * Queues that keep what is enqueued until all pairs of a share are done: one list of the share's rules then shows all of
 * them. What a crash loses of it is in the store's due lists.
 */
function createHeldQueues(queue: ReconcileQueue, pairs: readonly Pair[]) {
  const left = new Map<string, number>();
  const held = new Map<string, Parameters<ReconcileQueue['enqueueAfter']>[]>();
  for (const { shareId } of pairs) left.set(shareId, (left.get(shareId) ?? 0) + 1);
  return {
    of: ({ shareId }: Pair): ReconcileQueue => ({
      ...queue,
      enqueueAfter(...entry) {
        if ((left.get(shareId) ?? 0) > 0) held.set(shareId, [...(held.get(shareId) ?? []), entry]);
        else queue.enqueueAfter(...entry);
      },
    }),
    done({ shareId }: Pair): void {
      const remaining = (left.get(shareId) ?? 0) - 1;
      left.set(shareId, remaining);
      if (remaining > 0) return;
      for (const entry of held.get(shareId) ?? []) queue.enqueueAfter(...entry);
      held.delete(shareId);
    },
  };
}

async function outcomeOf(begin: Deadline, report: Deadline, work: () => Promise<AttachmentView>): Promise<PairOutcome> {
  if (begin.signal.aborted) return { error: notBegun() };
  try {
    return { attachment: await abortable(work(), report.signal) };
  } catch (error) {
    return { error };
  }
}

function notBegun(): GatewayError {
  const message = 'Not begun in the time of one request, and nothing was changed: repeat the request for this pair';
  return new GatewayError('LIMIT_EXCEEDED', message);
}

function stillRunning(): GatewayError {
  const message = 'Begun, and not done in the time of one request; it may still happen: read the attachment';
  return new GatewayError('UPSTREAM_TIMEOUT', message);
}
