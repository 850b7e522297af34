/** One pass over one attachment: with what it works, how long it may, and how it leaves the record. */
import { GatewayError } from '../../errors.ts';
import type { OpenStackError } from '../../openstack/errors.ts';
import type { Session } from '../../openstack/session.ts';
import type { Attachment, AttachmentView, EventType } from '../attachment.ts';
import { elapsed } from '../record.ts';
import type { AttachmentStore, CommitOptions } from '../store/contract.ts';
import { pollDelay, type Rights } from './decide.ts';
import { type Observed, observe } from './observe.ts';

/** After how long the server is looked at in every context, in ms. */
const SLOW_AFTER_MS = 10_000;
/** A call is not started with less than this left of the lease, in ms. */
const MARGIN_MS = 500;

/** How much longer other processes leave a record to the one that has its caller's token, in ms: only that one may grant. */
const TOKEN_HOLDER_HEAD_START_MS = 3000;

/** What a pass works with. */
export interface ReconcileContext {
  readonly store: AttachmentStore;
  /** Whose token makes the calls. Its signal is replaced by the pass's own. */
  readonly session: Session;
  readonly rights: Rights;
  /** The word under which the record is leased. */
  readonly owner: string;
  /** When the lease ends, on this process's monotonic clock (performance.now). No call starts after it. */
  readonly leaseEnds: number;
  /** Ends the pass early: the process stops. */
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** A refusal rises to the caller, with the record as it then stands, instead of becoming a fault. */
  readonly rethrowFinal: boolean;
  /** Nova is asked for the server in any status: only with a token that sees every project, as a 404 reads as deleted. */
  readonly observesServer?: boolean;
  /** What was seen just before the context: it begins with that instead of a look. */
  readonly observed?: Observed;
}

/** How a pass left the attachment, and in how many ms it is to be looked at again; null: when somebody asks. */
export interface ReconcileResult {
  attachment: AttachmentView;
  requeueAfterMs: number | null;
}

/** A refusal in a strict context: the record is still leased and uncommitted. */
export class FinalError extends Error {
  constructor(
    readonly record: Attachment,
    override readonly cause: OpenStackError,
  ) {
    super(cause.message, { cause });
  }
}

/** Somebody else has the record now, or it is gone: what this pass knew is void. */
export class LeaseLost extends Error {}

/** Whether an error says that a store or a pass was interrupted rather than that the work failed. */
export function isInterruption(error: unknown): boolean {
  return error instanceof LeaseLost || (error instanceof GatewayError && error.code === 'STATE_UNAVAILABLE');
}

/** The session of a context. No call starts after its lease, and none outlives it: `reconcile` aborts the signal then. */
export function leasedSession(context: ReconcileContext): Session {
  if (remainingLeaseMs(context) <= 0) throw new LeaseLost();
  context.signal.throwIfAborted();
  return { ...context.session, signal: context.signal };
}

/** How long a pass may still start calls, in ms. */
export function remainingLeaseMs(context: ReconcileContext): number {
  return Math.floor(context.leaseEnds - performance.now() - MARGIN_MS);
}

/** What Manila and Nova say of the attachment now. */
export async function observeRecord(context: ReconcileContext, record: Attachment): Promise<Observed> {
  const [others = []] = await context.store.listForShares(record.projectId, [record.shareId]);
  const isSlow = elapsed(record) > SLOW_AFTER_MS;
  return await observe(leasedSession(context), record, others, {
    isSlow,
    observesServer: context.observesServer ?? false,
  });
}

/** Writes the record under the lease. Throws Overtaken when somebody else has it. */
export async function commit(
  context: ReconcileContext,
  record: Attachment,
  options: Omit<CommitOptions, 'owner'>,
): Promise<Attachment> {
  const committed = await context.store.commit(record, { ...options, owner: context.owner });
  if (typeof committed === 'string') throw new LeaseLost();
  return committed;
}

/** Commits, and gives the lease back. */
export async function commitAndRelease(
  context: ReconcileContext,
  record: Attachment,
  options: Omit<CommitOptions, 'owner'>,
): Promise<ReconcileResult> {
  const { dueInMs } = options;
  const headStart = context.rights.mayGrant ? TOKEN_HOLDER_HEAD_START_MS : 0;
  const attachment = await commit(context, record, {
    ...options,
    dueInMs: dueInMs === null ? null : dueInMs + headStart,
  });
  return { attachment, requeueAfterMs: dueInMs };
}

/** Commits with an event, and gives the lease back. */
export async function commitEvent(
  context: ReconcileContext,
  record: Attachment,
  type: EventType,
  dueInMs: number | null,
): Promise<ReconcileResult> {
  const { updatedAt: at, requestId, reason } = record;
  return await commitAndRelease(context, record, {
    event: { type, at, requestId, reason, attachment: record },
    dueInMs,
  });
}

/** Commits for a look after the usual pause: `spentMs` of it have passed already. */
export async function requeueLater(
  context: ReconcileContext,
  record: Attachment,
  spentMs: number,
): Promise<ReconcileResult> {
  return await commitAndRelease(context, record, {
    dueInMs: Math.round(pollDelay(elapsed(record), spentMs, Math.random())),
  });
}
