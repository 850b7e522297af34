/** One pass over one attachment: observe, decide, perform, commit, until there is nothing to do but wait. */
import { GatewayError } from '../errors.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { getShare } from '../openstack/manila/client.ts';
import { getServer } from '../openstack/nova/client.ts';
import type { Session } from '../openstack/session.ts';
import { arrived, isInChange, isOutdated, retarget } from './aim.ts';
import {
  allow,
  bequeath,
  borrowedTargets,
  deny,
  explain,
  isNeededByOthers,
  observe,
  type Seen,
  withSeen,
} from './attacher.ts';
import type { Attachment, EventType, Fault, Reason, SeenAttachment } from './attachment.ts';
import { type Action, backoffDelay, decide, pollDelay, type Rights } from './machine.ts';
import type { AttachmentStore, CommitOptions } from './store/contract.ts';
import { findAddresses } from './targets.ts';

/** Steps of one pass at the most: each target granted and denied a few times. */
const MAX_STEPS = 100;
/** After how long the server is looked at in every pass, in ms. */
const SLOW_AFTER_MS = 10_000;
/** A call is not started with less than this left of the lease, in ms. */
const MARGIN_MS = 500;

/** How much longer other processes leave a record to the one that has its caller's token, in ms: only that one may grant. */
const HEAD_START_MS = 3000;

/** What a pass works with. */
export interface Pass {
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
  readonly isStrict: boolean;
  /** Nova is asked for the server in any status: only with a token that sees every project, as a 404 reads as deleted. */
  readonly asksServer?: boolean;
  /** What was seen just before the pass: it begins with that instead of a look. */
  readonly seen?: Seen;
}

/** How a pass left the attachment, and in how many ms it is to be looked at again; null: when somebody asks. */
export interface Driven {
  attachment: SeenAttachment;
  dueInMs: number | null;
}

/** A refusal in a strict pass: the record is still leased and uncommitted. */
export class Refused extends Error {
  constructor(
    readonly record: Attachment,
    override readonly cause: OpenStackError,
  ) {
    super(cause.message, { cause });
  }
}

/** Somebody else has the record now, or it is gone: what this pass knew is void. */
export class Overtaken extends Error {}

/**
 * Works on a record under a lease until it waits, rests, or ends; commits and gives the lease back.
 * An uncertain outcome is committed with a backoff, never taken for a failure.
 * @throws Refused in a strict pass; Overtaken; GatewayError STATE_UNAVAILABLE; OpenStackError 401 when the token died
 */
export async function drive(pass: Pass, claimed: Attachment): Promise<Driven> {
  const startedAt = performance.now();
  let record = claimed;
  let seen = pass.seen ?? null;
  try {
    record = await follow(pass, record);
    for (let step = 0; step < MAX_STEPS; step++) {
      if (!seen) {
        seen = await look(pass, record);
        record = { ...withSeen(record, seen), failures: 0 };
      }
      const action = decide(record, seen, pass.rights, elapsed(record) > pass.deadlineMs);
      const done: Step =
        action.do === 'wait'
          ? { end: await finishLater(pass, record, performance.now() - startedAt) }
          : await take(pass, record, seen, action);
      if ('end' in done) return done.end;
      record = done.record;
      seen = done.seen;
    }
    return await finish(pass, record, { dueInMs: 1000 });
  } catch (error) {
    return await settleError(pass, record, error);
  }
}

// the intent first, as ever: the record names the new targets before one is granted, and keeps the old ones until they are revoked
async function follow(pass: Pass, record: Attachment): Promise<Attachment> {
  if (record.staleSince === null || record.status !== 'attached' || !pass.rights.mayGrant) return record;
  const session = current(pass);
  const [server, share] = await Promise.all([getServer(session, record.serverId), getShare(session, record.shareId)]);
  const wanted = server && share ? await findAddresses(session, server, share) : [];
  // without an address there is nothing to grant: it stays stale
  if (wanted.length === 0) return record;
  const isSettled = !isOutdated(record, wanted);
  if (isSettled && isInChange(record)) return record;
  const updatedAt = new Date().toISOString();
  const next = isSettled
    ? { ...record, staleSince: null, updatedAt }
    : { ...record, targets: retarget(record.targets, wanted), attempts: 0, fault: null, updatedAt };
  return await commit(pass, next, { dueInMs: null, keepLease: true });
}

type Step = { end: Driven } | { record: Attachment; seen: Seen | null };

async function take(
  pass: Pass,
  record: Attachment,
  seen: Seen,
  action: Exclude<Action, { do: 'wait' }>,
): Promise<Step> {
  switch (action.do) {
    case 'rest':
      return { end: await finish(pass, record, { dueInMs: null }) };
    case 'accept':
      return { record: await commit(pass, { ...record, isAccepted: true }, { dueInMs: null, keepLease: true }), seen };
    case 'allow':
      return await takeAllow(pass, record, seen, action.target);
    case 'deny':
      return await takeDeny(pass, record, seen, action.target, action.ruleId);
    case 'settle':
      return (
        (action.event === 'ATTACHED' && (await confirmBorrowed(pass, record, seen))) || {
          end: await takeSettle(pass, record, seen, action),
        }
      );
    case 'remove':
      return { end: await takeRemove(pass, record, seen, action.reason ?? record.reason) };
  }
}

/**
 * Does what must not cross with another pass over the same target: two grants, as Manila checks, then inserts; or a denial, and a grant
 * to somebody else behind the same address. Null when another pass has the target now.
 */
async function withTarget<T>(
  pass: Pass,
  record: Attachment,
  target: number,
  work: () => Promise<T>,
): Promise<{ done: T } | null> {
  const lock = `${record.shareId}:${record.accessType}:${record.targets[target]?.accessTo}`;
  const left = remaining(pass);
  if (left <= 0) throw new Overtaken();
  if (!(await pass.store.lockTarget(record.projectId, lock, pass.owner, left))) return null;
  try {
    return { done: await work() };
  } finally {
    await pass.store.unlockTarget(record.projectId, lock, pass.owner);
  }
}

async function lookAgainSoon(pass: Pass, record: Attachment): Promise<Step> {
  return { end: await finish(pass, record, { dueInMs: Math.round(pollDelay(0, 0, Math.random())) }) };
}

async function finishLater(pass: Pass, record: Attachment, spentMs: number): Promise<Driven> {
  return await finish(pass, record, { dueInMs: Math.round(pollDelay(elapsed(record), spentMs, Math.random())) });
}

async function takeAllow(pass: Pass, record: Attachment, seen: Seen, target: number): Promise<Step> {
  const granted = await withTarget(pass, record, target, async () => {
    const deployment = await pass.store.deployment();
    const rule = await allow(current(pass), record, target, deployment);
    if (!rule) {
      const again = await look(pass, record);
      if (!again.rules[target]) throw hiddenRule(record, target);
      return { record: withSeen(record, again), seen: again };
    }
    const next = { ...seen, rules: seen.rules.with(target, rule) };
    return { record: withSeen(record, next), seen: next };
  });
  return granted?.done ?? (await lookAgainSoon(pass, record));
}

// who else needs the rule is asked under the lock: an attachment that came after we looked must not lose what it found there
async function takeDeny(pass: Pass, record: Attachment, seen: Seen, target: number, ruleId: string): Promise<Step> {
  const denied = await withTarget(pass, record, target, async () => {
    const [others = []] = await pass.store.listForShares(record.projectId, [record.shareId]);
    if (isNeededByOthers(record, target, others)) return 'needed';
    return (await deny(current(pass), record, ruleId)) ? 'taken' : 'gone';
  });
  if (!denied) return await lookAgainSoon(pass, record);
  if (denied.done === 'needed') return { record, seen: null };
  return await countDenial(pass, record, seen, target, denied.done === 'taken');
}

// Manila's yes to the first denial is what makes the detach accepted, so it is committed before anything else happens
async function countDenial(
  pass: Pass,
  record: Attachment,
  seen: Seen,
  target: number,
  wasThere: boolean,
): Promise<Step> {
  const rule = seen.rules[target];
  const next = {
    ...seen,
    rules: seen.rules.with(target, wasThere && rule ? { ...rule, state: 'queued_to_deny' } : null),
  };
  const counted = { ...withSeen(record, next), attempts: record.attempts + 1 };
  if (record.status !== 'detaching' || record.isAccepted) return { record: counted, seen: next };
  return {
    record: await commit(pass, { ...counted, isAccepted: true }, { dueInMs: null, keepLease: true }),
    seen: next,
  };
}

// a rule that another attachment made may be about to be denied by a pass that looked before this record was there. Under the lock it is
// either denied by now, or will not be: every later pass sees this record. Null when all are there to stay
async function confirmBorrowed(pass: Pass, record: Attachment, seen: Seen): Promise<Step | null> {
  for (const target of borrowedTargets(record, seen)) {
    const looked = await withTarget(pass, record, target, () => look(pass, record));
    if (!looked) return await lookAgainSoon(pass, record);
    const again = looked.done;
    if (again.rules[target]?.state !== 'active') return { record: withSeen(record, again), seen: again };
  }
  return null;
}

async function takeSettle(
  pass: Pass,
  record: Attachment,
  seen: Seen,
  action: Extract<Action, { do: 'settle' }>,
): Promise<Driven> {
  const fault = action.fault ? await describe(pass, record, seen, action.fault) : null;
  const isAttached = action.status === 'attached' && action.event === 'ATTACHED';
  if (isAttached && pass.rights.mayRevoke) await bequeathLeft(pass, record, seen);
  const moved = isAttached ? arrived(record, seen) : record;
  const settled = inStatus(moved, action.status, { fault, reason: action.reason ?? record.reason });
  return await commitEvent(pass, settled, action.event, isUnsettled(action.status) ? 0 : null);
}

async function bequeathLeft(pass: Pass, record: Attachment, seen: Seen): Promise<void> {
  if (!isInChange(record)) return;
  await bequeath(current(pass), record, seen, (target) => record.targets[target]?.change === 'leaving');
}

async function takeRemove(pass: Pass, record: Attachment, seen: Seen, reason: Reason | null): Promise<Driven> {
  if (pass.rights.mayRevoke) await bequeath(current(pass), record, seen);
  const now = new Date().toISOString();
  const attachment: SeenAttachment = {
    ...record,
    status: 'detached',
    reason,
    fault: null,
    staleSince: null,
    targets: record.targets.map((target) => ({ ...target, ruleId: null, state: null })),
    updatedAt: now,
    statusSince: now,
  };
  const event = { type: 'DETACHED' as const, at: now, requestId: record.requestId, reason, attachment };
  if ((await pass.store.remove(record, { event, owner: pass.owner })) !== 'removed') throw new Overtaken();
  return { attachment, dueInMs: null };
}

// what a failed step leaves: a refusal is final, all else is looked at again
async function settleError(pass: Pass, record: Attachment, error: unknown): Promise<Driven> {
  if (!(error instanceof OpenStackError)) throw error;
  if (error.status === 401 && !pass.isStrict) throw error;
  if (error.outcome === 'uncertain') return await backOff(pass, record, error);
  if (pass.isStrict) throw new Refused(record, error);
  const fault = faultOf(error);
  if (record.status === 'attaching') {
    return await commitEvent(pass, inStatus(record, 'error_attaching', { fault }), 'ATTACH_FAILED', null);
  }
  // the user may not grant the new address: the attachment stays as it is, stale, until somebody who may comes
  if (record.status === 'attached' && record.staleSince !== null && pass.rights.mayGrant) {
    return await finish(pass, { ...record, fault }, { dueInMs: null });
  }
  if (record.status !== 'detaching') return await backOff(pass, record, error);
  const status = record.isAccepted ? 'error_detaching' : (record.previousStatus ?? 'attached');
  const failed = inStatus(record, status, { fault, reason: record.reason });
  return await commitEvent(pass, failed, 'DETACH_FAILED', isUnsettled(status) ? 0 : null);
}

async function backOff(pass: Pass, record: Attachment, error: OpenStackError): Promise<Driven> {
  const failures = record.failures + 1;
  const delay = Math.max(
    backoffDelay(failures, elapsed(record), Math.random()),
    Math.min(error.retryAfterMs ?? 0, 60_000),
  );
  return await finish(pass, { ...record, failures }, { dueInMs: delay });
}

/** A record in a new status: counters and deadline start anew. */
export function inStatus(
  record: Attachment,
  status: Attachment['status'],
  change: { fault?: Fault | null; reason?: Reason | null } = {},
): Attachment {
  const now = new Date().toISOString();
  return {
    ...record,
    status,
    fault: change.fault ?? null,
    reason: change.reason ?? null,
    previousStatus: status === 'detaching' ? record.status : null,
    // a server that is gone needs nobody's yes
    isAccepted: status === 'detaching' && change.reason === 'SERVER_DELETED',
    attempts: 0,
    failures: 0,
    updatedAt: now,
    statusSince: now,
  };
}

/** Whether a record in this status still has work to do. */
export function isUnsettled(status: SeenAttachment['status']): boolean {
  return status === 'attaching' || status === 'detaching';
}

/** A fault for a refusal or a lost answer. */
export function faultOf(error: OpenStackError): Fault {
  return {
    code: 'UPSTREAM_REFUSED',
    message: error.message,
    at: new Date().toISOString(),
    openstackRequestId: error.openstackRequestId,
  };
}

async function commitEvent(pass: Pass, record: Attachment, type: EventType, dueInMs: number | null): Promise<Driven> {
  const { updatedAt: at, requestId, reason } = record;
  return await finish(pass, record, { event: { type, at, requestId, reason, attachment: record }, dueInMs });
}

async function finish(pass: Pass, record: Attachment, options: Omit<CommitOptions, 'owner'>): Promise<Driven> {
  const { dueInMs } = options;
  const headStart = pass.rights.mayGrant ? HEAD_START_MS : 0;
  const attachment = await commit(pass, record, { ...options, dueInMs: dueInMs === null ? null : dueInMs + headStart });
  return { attachment, dueInMs };
}

async function commit(pass: Pass, record: Attachment, options: Omit<CommitOptions, 'owner'>): Promise<Attachment> {
  const committed = await pass.store.commit(record, { ...options, owner: pass.owner });
  if (typeof committed === 'string') throw new Overtaken();
  return committed;
}

async function look(pass: Pass, record: Attachment): Promise<Seen> {
  const [others = []] = await pass.store.listForShares(record.projectId, [record.shareId]);
  const isSlow = elapsed(record) > SLOW_AFTER_MS;
  return await observe(current(pass), record, others, { isSlow, asksServer: pass.asksServer ?? false });
}

// a fault's message with whose rule it is, Manila's own words, and the rule's id to look it up by
async function describe(
  pass: Pass,
  record: Attachment,
  seen: Seen,
  fault: { code: string; message: string; target?: number },
): Promise<Fault> {
  const target = fault.target === undefined ? null : record.targets[fault.target];
  const rule = fault.target === undefined ? null : seen.rules[fault.target];
  const reason = fault.code === 'RULE_ERROR' ? await explain(current(pass), record.shareId) : null;
  const whose = target ? ` (${record.accessType} ${target.accessTo}${rule ? `, rule ${rule.id}` : ''})` : '';
  return {
    code: fault.code,
    message: `${fault.message}${whose}${reason ? `: ${reason}` : ''}`,
    at: new Date().toISOString(),
    openstackRequestId: record.requestId,
  };
}

function hiddenRule(record: Attachment, target: number): OpenStackError {
  const accessTo = record.targets[target]?.accessTo;
  const message = `Manila says that share ${record.shareId} has an access rule for ${record.accessType} ${accessTo}, but shows none: it is hidden from this token, or an orphan`;
  return new OpenStackError(message, { service: 'manila', kind: 'refused', status: 409 });
}

// no call starts after the lease, and none outlives it
function current(pass: Pass): Session {
  pass.signal.throwIfAborted();
  const left = remaining(pass);
  if (left <= 0) throw new Overtaken();
  return { ...pass.session, signal: AbortSignal.any([pass.signal, AbortSignal.timeout(left)]) };
}

function remaining(pass: Pass): number {
  return Math.floor(pass.leaseEnds - performance.now() - MARGIN_MS);
}

// a stale attachment's work begins long after its status did
function elapsed(record: Attachment): number {
  return Date.now() - Math.max(Date.parse(record.statusSince), Date.parse(record.updatedAt));
}

/** Whether an error says that a store or a pass was interrupted rather than that the work failed. */
export function isInterruption(error: unknown): boolean {
  return error instanceof Overtaken || (error instanceof GatewayError && error.code === 'STATE_UNAVAILABLE');
}
