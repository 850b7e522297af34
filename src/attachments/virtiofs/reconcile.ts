/** Reconciles one virtiofs attachment: observe Nova's mapping, decide, POST or DELETE with the caller's token, commit. */
import { randomUUID } from 'node:crypto';
import { OpenStackError } from '../../openstack/errors.ts';
import { getServer } from '../../openstack/nova/client.ts';
import { attachServerShare, detachServerShare, getServerShare } from '../../openstack/nova/shares.ts';
import {
  type Attachment,
  type AttachmentView,
  elapsedMs,
  type Fault,
  isInProgress,
  newEvent,
  newVirtiofsState,
  type Reason,
  type VirtiofsState,
  withStatus,
  withSuccess,
} from '../attachment.ts';
import { tellGuest } from '../guest/tell-guest.ts';
import { LeaseLost, leasedSession, type ReconcileContext, remainingLeaseMs } from '../reconcile/observe.ts';
import {
  announce,
  commit,
  commitAndRelease,
  commitEvent,
  type ReconcileResult,
  requeueLater,
  restore,
} from '../reconcile/perform.ts';
import {
  decideVirtiofs,
  isDeletable,
  isStoppedAndIdle,
  type VirtiofsAction,
  type VirtiofsFault,
  type VirtiofsObservation,
} from './decide.ts';
import { observeAction, observeVirtiofs } from './observe.ts';
import { isStarting, LANDS_MS, withServerLock } from './server-lock.ts';

/** Maximum actions of one reconcile: POST and DELETE a few times each. */
const MAX_STEPS = 20;

/** When a record whose server another gateway starts or changes now is observed again, in ms. */
const LOCKED_RETRY_MS = 250;
/** The same while a start without an answer may still land, in ms. */
const STARTING_RETRY_MS = 2000;

/** What becomes of a failed call: the same for every way to attach. */
export type CommitFailure = (record: Attachment, error: unknown, phase: 'read' | 'change') => Promise<ReconcileResult>;

/** The result that ends the reconcile; or the record, of which Nova must be observed again. */
type Step = { result: ReconcileResult } | { record: Attachment };

/**
 * Works on a leased virtiofs record until it has to wait, is idle, or is removed; commits and releases the lease.
 * Rejects as `reconcile` does.
 * @param commitFailure called with the record as it stands when a call fails
 */
export async function reconcileVirtiofs(
  context: ReconcileContext,
  claimed: Attachment,
  commitFailure: CommitFailure,
): Promise<ReconcileResult> {
  const startedAt = performance.now();
  let record = claimed;
  let phase: 'read' | 'change' = 'read';
  try {
    for (let step = 0; step < MAX_STEPS; step++) {
      const session = leasedSession(context);
      const shown = await observeVirtiofs(session, record, { observesServer: context.observesServer ?? false });
      const observed = await withDetails(context, record, shown);
      record = withMapping(withSuccess(record, 'read'), observed);
      const action = decideVirtiofs(record, observed, rightsOf(context), {
        isOverdue: elapsedMs(record) > context.deadlineMs,
        isPostSettled: isSettled(record.virtiofs?.postedAt, session.cloud.settings.timeoutMs),
        isDeleteSettled: isSettled(record.virtiofs?.deletedAt, session.cloud.settings.timeoutMs),
      });
      phase = 'change';
      if (record.pending && !isChange(action)) {
        if (!context.rights.mayGrant && !isBegun(record)) return await restore(context, record);
        if (context.rights.mayGrant) await authorize(context, record);
        record = await announce(context, record);
        continue;
      }
      if (action.do === 'wait') return await requeueLater(context, record, performance.now() - startedAt);
      const done = await performVirtiofs(context, record, action, (next) => {
        record = next;
      });
      if ('result' in done) return done.result;
      record = await announce(context, withSuccess(done.record, 'change'));
      phase = 'read';
    }
    return await commitAndRelease(context, record, { dueInMs: 1000 });
  } catch (error) {
    return await commitFailure(record, error, phase);
  }
}

/** Whether Nova's policy decides on the action itself, or the request is rejected without asking Nova. */
function isChange({ do: what }: VirtiofsAction): boolean {
  return what === 'post' || what === 'delete' || what === 'reject';
}

/** Whether Nova has taken a pending request: its process crashed before that was committed. */
function isBegun({ status, virtiofs, pending }: Attachment): boolean {
  if (status === 'attaching') return pending?.before === null && Boolean(virtiofs?.status || virtiofs?.postedAt);
  return virtiofs?.status === 'detaching' || virtiofs?.status === null || Boolean(virtiofs?.deletedAt);
}

/**
 * Asks Nova whether the caller may request the change, though there is nothing to change: no share has this id, and Nova checks
 * its policy before anything else. Any answer but a rejection of the caller is acceptance.
 */
async function authorize(context: ReconcileContext, { serverId, status }: Attachment): Promise<void> {
  const session = leasedSession(context);
  try {
    const noShare = randomUUID();
    if (status === 'detaching') await detachServerShare(session, serverId, noShare);
    else await attachServerShare(session, serverId, { shareId: noShare, tag: noShare });
  } catch (error) {
    const isAccepted = error instanceof OpenStackError && (error.status === 404 || error.status === 409);
    if (!isAccepted) throw error;
  }
}

/** The observation with Nova's words of a failure, which most clouds show to administrators only. */
async function withDetails(
  { ownSession }: ReconcileContext,
  record: Attachment,
  observed: VirtiofsObservation,
): Promise<VirtiofsObservation> {
  const { action, mapping } = observed;
  const hasFailed = action?.result === 'error' || (typeof mapping === 'object' && mapping.status === 'error');
  if (!hasFailed || action?.details) return observed;
  const own = await ownSession?.();
  const seen = own ? await observeAction(own, record).catch(() => null) : null;
  return { ...observed, action: seen ?? action };
}

function rightsOf({ rights, rethrowFinal }: ReconcileContext) {
  return { mayChange: rights.mayGrant, isInMutation: rethrowFinal };
}

/** The record with Nova's status of the mapping. Once it is seen, the POST has landed. */
function withMapping(record: Attachment, { mapping }: VirtiofsObservation): Attachment {
  const observedAt = new Date().toISOString();
  if (mapping === 'not_visible') return withState(record, { observedAt });
  if (mapping === 'none') return withState(record, { status: null, observedAt });
  return withState(record, { status: mapping.status, tag: mapping.tag, postedAt: null, observedAt });
}

function withState(record: Attachment, change: Partial<VirtiofsState>): Attachment {
  const state = record.virtiofs ?? newVirtiofsState(record.shareId);
  return { ...record, virtiofs: { ...state, ...change } };
}

function isSettled(sentAt: string | null | undefined, timeoutMs: number): boolean {
  return !sentAt || Date.now() - Date.parse(sentAt) > LANDS_MS + timeoutMs;
}

/** Performs an action other than waiting. `onCommitted` takes each commit on the way, for when a later call fails. */
async function performVirtiofs(
  context: ReconcileContext,
  record: Attachment,
  action: Exclude<VirtiofsAction, { do: 'wait' }>,
  onCommitted: (record: Attachment) => void,
): Promise<Step> {
  switch (action.do) {
    case 'idle':
      return { result: await commitAndRelease(context, record, { dueInMs: null }) };
    case 'post':
      return await performPost(context, record, onCommitted);
    case 'delete':
      return await performDelete(context, record, onCommitted);
    case 'reject':
      throw new OpenStackError(action.message, { service: 'nova', kind: 'refused', status: 409 });
    case 'transition': {
      const fault = action.fault ? describeFault(record, action.fault) : null;
      const isToTell = action.event === 'ATTACHED' && record.tellGuest;
      const caller = context.rights.mayGrant ? leasedSession(context) : null;
      const informed = isToTell ? await tellGuest(caller, record) : record;
      const changed = withStatus(informed, action.status, { fault, reason: action.reason ?? record.reason });
      const dueInMs = isInProgress(action.status) ? 0 : null;
      return { result: await commitEvent(context, changed, action.event, dueInMs) };
    }
    case 'remove':
      return { result: await performRemove(context, record, action.reason ?? record.reason) };
  }
}

/**
 * Runs a POST or DELETE while no gateway starts the server, which is read once more before: a change during a start leaves
 * the server in ERROR. What is no longer so, or is locked, is observed again later.
 */
async function whileIdle(
  context: ReconcileContext,
  record: Attachment,
  isIdle: typeof isDeletable,
  work: () => Promise<Step>,
): Promise<Step> {
  const { store, owner } = context;
  const ms = remainingLeaseMs(context);
  if (ms <= 0) throw new LeaseLost();
  const done = await withServerLock(store, record, { owner, ms }, async () => {
    if (await isStarting(store, record)) {
      return { result: await commitAndRelease(context, record, { dueInMs: STARTING_RETRY_MS }) };
    }
    const server = await getServer(leasedSession(context), record.serverId);
    const vmState = server?.['OS-EXT-STS:vm_state'] ?? null;
    const taskState = server?.['OS-EXT-STS:task_state'] ?? null;
    return isIdle({ vmState, taskState }) ? await work() : { record };
  });
  return done?.value ?? { result: await commitAndRelease(context, record, { dueInMs: LOCKED_RETRY_MS }) };
}

/** The POST's intent is committed first: without an answer it may land later, and its record must still be there. */
async function performPost(
  context: ReconcileContext,
  record: Attachment,
  onCommitted: (record: Attachment) => void,
): Promise<Step> {
  return await whileIdle(context, record, isStoppedAndIdle, async () => {
    const postedAt = new Date().toISOString();
    const posting = withState({ ...record, attempts: record.attempts + 1 }, { postedAt, openstackRequestId: null });
    const intended = await commit(context, posting, { dueInMs: null, keepLease: true });
    onCommitted(intended);
    return await post(context, intended, onCommitted);
  });
}

async function post(
  context: ReconcileContext,
  intended: Attachment,
  onCommitted: (record: Attachment) => void,
): Promise<Step> {
  const { serverId, shareId, virtiofs } = intended;
  const session = leasedSession(context);
  try {
    const tag = virtiofs?.tag ?? shareId;
    const { share, openstackRequestId } = await attachServerShare(session, serverId, { shareId, tag });
    const posted = withState(intended, { status: share.status, postedAt: null, openstackRequestId });
    return { record: await commit(context, posted, { dueInMs: null, keepLease: true }) };
  } catch (error) {
    if (!(error instanceof OpenStackError) || error.outcome === 'uncertain') throw error;
    const settled = withState(intended, { postedAt: null });
    onCommitted(settled);
    // Nova's one text for two causes: a mapping of this share is adopted, one of another share under the same tag is not
    const isMapped = error.status === 409 && /already associated/.test(error.upstreamMessage);
    const mapping = isMapped ? await getServerShare(session, serverId, shareId) : null;
    if (mapping) return { record: settled };
    throw error;
  }
}

/**
 * The DELETE is committed before it is sent, as it may land after its answer is lost, and Nova's acceptance of it before the
 * next call.
 */
async function performDelete(
  context: ReconcileContext,
  record: Attachment,
  onCommitted: (record: Attachment) => void,
): Promise<Step> {
  return await whileIdle(context, record, isDeletable, async () => {
    const { serverId, shareId } = record;
    const deleting = withState(record, { deletedAt: new Date().toISOString() });
    const intended = await commit(context, deleting, { dueInMs: null, keepLease: true });
    onCommitted(intended);
    const { isGone, openstackRequestId } = await detachServerShare(leasedSession(context), serverId, shareId).catch(
      (error: unknown) => {
        const isFinal = error instanceof OpenStackError && error.outcome !== 'uncertain';
        if (isFinal) onCommitted(withState(intended, { deletedAt: null }));
        throw error;
      },
    );
    const isDetaching = record.status === 'detaching';
    const deleted = withState(
      // the tries of an attach are its POSTs, those of a detach its DELETEs
      isDetaching ? { ...intended, isAccepted: true, attempts: record.attempts + 1 } : intended,
      {
        ...{ status: isGone ? null : 'detaching', postedAt: null, deletedAt: null },
        // the end of a DELETE does not tell how the attach ends
        openstackRequestId: isDetaching && !isGone ? openstackRequestId : null,
      },
    );
    const committed = await commit(context, deleted, { dueInMs: null, keepLease: true });
    onCommitted(committed);
    return { record: committed };
  });
}

async function performRemove(
  context: ReconcileContext,
  given: Attachment,
  reason: Reason | null,
): Promise<ReconcileResult> {
  const record = await announce(context, given);
  const now = new Date().toISOString();
  const attachment: AttachmentView = {
    ...withState(record, { status: null, postedAt: null }),
    status: 'detached',
    reason,
    fault: null,
    updatedAt: now,
    statusSince: now,
  };
  const event = newEvent('DETACHED', attachment);
  // before the record goes: the sweep then looks whether Nova has revoked its rule
  if (reason === 'SERVER_DELETED') {
    const { projectId, serverId, shareId } = record;
    await context.store.noteDeletedMapping({ projectId, serverId, shareId, at: Date.now() });
  }
  if ((await context.store.remove(record, { event, owner: context.owner })) !== 'removed') throw new LeaseLost();
  return { attachment, requeueAfterMs: null };
}

function describeFault({ virtiofs, requestId }: Attachment, { code, message }: VirtiofsFault): Fault {
  return {
    code,
    message,
    at: new Date().toISOString(),
    openstackRequestId: virtiofs?.openstackRequestId ?? requestId,
  };
}
