/** What resolvers call: attach, detach, and reading what is attached. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';
import { getShare, listAccessRules } from '../openstack/manila/client.ts';
import type { AccessRule, Share } from '../openstack/manila/types.ts';
import { getServer } from '../openstack/nova/client.ts';
import type { NovaServer } from '../openstack/nova/types.ts';
import type { Session } from '../openstack/session.ts';
import { followsAddresses, isInChange, isOutdated, retarget } from './aim.ts';
import { match } from './attacher.ts';
import { type Attachment, attachmentId, type EventType, type SeenAttachment } from './attachment.ts';
import type { Callers } from './callers.ts';
import { drive, faultOf, inStatus, isUnsettled, Overtaken, type Pass, Refused } from './drive.ts';
import type { Observation } from './machine.ts';
import { checkMountPoint } from './mount-point.ts';
import { createRebuild } from './rebuild.ts';
import type { Reconciler } from './reconciler.ts';
import type { Attachments, AttachRequest, DetachRequest } from './service-contract.ts';
import type { AttachmentStore, CommitOptions } from './store/contract.ts';
import { accessTypeOf, findAddresses, findTargets, requestedTargets } from './targets.ts';
import { watchEvents } from './watch.ts';

/** How long a mutation waits for another that has the record, in ms. */
const BUSY_MS = 10_000;
const BUSY_POLL_MS = 100;
/** After how long somebody else's look may observe an attachment that its own user left unsettled, in ms. */
const LEFT_AFTER_MS = 60_000;
/** How long after a refusal the same user's look does not try again to repair a stale attachment, in ms; attachShare does. */
const REFUSED_FOR_MS = 60_000;

/** Servers that cannot be given anything, as Nova's own volume attach refuses them. */
const UNUSABLE_SERVERS = new Set(['BUILD', 'DELETED', 'ERROR', 'SOFT_DELETED', 'UNKNOWN']);

export interface ServiceOptions {
  store: AttachmentStore;
  callers: Callers;
  reconciler: Reconciler;
  log: Logger;
  leaseMs: number;
  deadlineMs: number;
}

/** The attachments of this gateway. */
export function createAttachments(options: ServiceOptions): Attachments {
  const { store, log } = options;
  const ensureKnown = createRebuild(store, log);
  // the marker and the records come in one round trip; the records are read again in the rare case that they were not complete
  const complete = async <T>(session: Session, read: () => Promise<T>): Promise<T> => {
    const { projectId } = session.identity;
    session.onRead?.();
    const [isKnown, answer] = await Promise.all([store.isKnown(projectId), read()]);
    if (isKnown) return answer;
    await ensureKnown(session, projectId);
    return await read();
  };

  return {
    async attach(session, request) {
      // before anything goes upstream: a store that is away refuses here
      await ensureKnown(session, session.identity.projectId);
      return await attach(options, ensureKnown, session, request);
    },
    async detach(session, request) {
      await ensureKnown(session, session.identity.projectId);
      return await detach(options, ensureKnown, session, request);
    },
    async get(session, serverId, shareId) {
      const id = attachmentId(serverId, shareId);
      const record = await complete(session, () => store.get(session.identity.projectId, id));
      if (record) pickUp(options, session, [record]);
      return record;
    },
    async list(session, listOptions) {
      const page = await complete(session, () => store.list(session.identity.projectId, listOptions));
      pickUp(
        options,
        session,
        page.items.map((item) => item.attachment),
      );
      return page;
    },
    async listForServers(session, serverIds) {
      const lists = await complete(session, () => store.listForServers(session.identity.projectId, serverIds));
      pickUp(options, session, lists.flat());
      return lists;
    },
    async listForShares(session, shareIds) {
      const lists = await complete(session, () => store.listForShares(session.identity.projectId, shareIds));
      pickUp(options, session, lists.flat());
      return lists;
    },
    async watch(session, filter) {
      await ensureKnown(session, session.identity.projectId);
      return await watchEvents(store, session.identity.projectId, filter);
    },
  };
}

type EnsureKnown = (session: Session, projectId: string) => Promise<void>;

async function attach(
  options: ServiceOptions,
  ensureKnown: EnsureKnown,
  session: Session,
  request: AttachRequest,
): Promise<SeenAttachment> {
  const mountPoint = request.mountPoint === null ? null : checkMountPoint(request.mountPoint);
  const [server, share, rules] = await Promise.all([
    getServer(session, request.serverId),
    getShare(session, request.shareId),
    listAccessRules(session, request.shareId),
  ]);
  if (!server) throw new GatewayError('NOT_FOUND', `Server ${request.serverId} does not exist in your project`);
  if (!share) throw new GatewayError('NOT_FOUND', `Share ${request.shareId} does not exist, or you cannot see it`);
  if (server.tenant_id !== session.identity.projectId) await ensureKnown(session, server.tenant_id);
  checkUsable(server, share);
  const accessType = accessTypeOf(share);
  const requestedAccessTo = request.accessTo && requestedTargets(accessType, request.accessTo);
  const wish = { mountPoint, accessLevel: request.accessLevel, requestedAccessTo };
  const id = attachmentId(server.id, share.id);

  for (const giveUp = Date.now() + BUSY_MS; ; ) {
    const existing = await options.store.get(server.tenant_id, id);
    if (!existing) {
      const found = requestedAccessTo ?? (await findTargets(session, accessType, server, share));
      const targets = found.map((accessTo) => ({ accessTo, ruleId: null, isOwned: false, state: null }));
      const record = newRecord(session, server, share, { ...wish, accessType, targets });
      const made = await create(options, session, record, rules);
      if (made) return made;
    } else {
      checkSameWish(existing, wish);
      const now = await wantedNow(session, existing, server, share);
      const isCurrent = existing.staleSince === null && (now === null || !isOutdated(existing, now));
      if (existing.status === 'attaching' || (existing.status === 'attached' && isCurrent)) {
        pickUp(options, session, [existing]);
        return existing;
      }
      const again =
        existing.status === 'attached'
          ? await repair(options, session, existing)
          : await attachAgain(options, session, existing, now);
      if (again) return again;
    }
    if (Date.now() > giveUp) throw busy(id);
    await sleep(BUSY_POLL_MS);
  }
}

// the intent is recorded, with the lease already held, before the first call that changes anything; null: somebody was faster
async function create(
  options: ServiceOptions,
  session: Session,
  record: Attachment,
  rules: readonly AccessRule[] | null,
): Promise<SeenAttachment | null> {
  const seen = match(record, rules ?? [], []);
  checkLevels(record, seen);
  // where there is no rule yet, there is none to look at again: one that came meanwhile is Manila's `exists`, and looked at then
  const isFree = rules !== null && seen.rules.every((rule) => rule === null);
  const pass = { ...newPass(options, session), ...(isFree && { seen }) };
  const event = eventOf('ATTACH_STARTED', record);
  const lease = { owner: pass.owner, ms: options.leaseMs };
  const made = await options.store.create(record, event, lease);
  if (made.outcome === 'mount_point_taken') {
    throw new GatewayError(
      'CONFLICT',
      `mountPoint ${record.mountPoint} is taken on server ${record.serverId} by share ${made.attachmentId.split(':')[1]}`,
    );
  }
  if (made.outcome !== 'created') return null;
  try {
    return await work(options, pass, made.attachment);
  } catch (error) {
    if (error instanceof Refused) await rollBack(options, pass, error);
    throw error instanceof Refused ? error.cause : error;
  }
}

// from an error, or from a detach that its user takes back: the machine waits for what is being denied, then grants again
async function attachAgain(
  options: ServiceOptions,
  session: Session,
  existing: Attachment,
  wanted: readonly string[] | null,
): Promise<SeenAttachment | null> {
  const pass = newPass(options, session);
  const claimed = await claim(options, pass, existing);
  if (!claimed) return null;
  if (claimed.status === 'attaching' || claimed.status === 'attached') {
    await options.store.release(claimed.projectId, claimed.id, pass.owner, 0);
    return claimed;
  }
  const started = asked(session, inStatus(aimedAt(claimed, wanted), 'attaching'));
  try {
    return await work(options, pass, await commit(options, pass, started, 'ATTACH_STARTED', { keepLease: true }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const failed = inStatus(error.record, 'error_attaching', { fault: faultOf(error.cause) });
    await commit(options, pass, failed, 'ATTACH_FAILED', {});
    throw error.cause;
  }
}

// the server's addresses changed: the rules follow, with this caller's token, and the attachment stays attached meanwhile
async function repair(options: ServiceOptions, session: Session, existing: Attachment): Promise<SeenAttachment | null> {
  const pass = newPass(options, session);
  const claimed = await claim(options, pass, existing);
  if (!claimed) return null;
  if (claimed.status !== 'attached') {
    await options.store.release(claimed.projectId, claimed.id, pass.owner, 0);
    return null;
  }
  const staleSince = claimed.staleSince ?? new Date().toISOString();
  try {
    return await work(options, pass, asked(session, { ...claimed, staleSince, attempts: 0, fault: null }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { record, cause } = error;
    await options.store.commit({ ...record, fault: faultOf(cause) }, { dueInMs: null, owner: pass.owner });
    throw cause;
  }
}

/** The addresses that an attachment's targets should be; null for one that does not follow its server's addresses. */
async function wantedNow(
  session: Session,
  record: Attachment,
  server: NovaServer,
  share: Share,
): Promise<string[] | null> {
  return followsAddresses(record) ? await findAddresses(session, server, share) : null;
}

function aimedAt(record: Attachment, wanted: readonly string[] | null): Attachment {
  if (!wanted || wanted.length === 0) return record;
  if (!isOutdated(record, wanted)) return isInChange(record) ? record : { ...record, staleSince: null };
  const staleSince = record.staleSince ?? new Date().toISOString();
  return { ...record, staleSince, targets: retarget(record.targets, wanted) };
}

async function detach(
  options: ServiceOptions,
  ensureKnown: EnsureKnown,
  session: Session,
  request: DetachRequest,
): Promise<SeenAttachment> {
  const id = attachmentId(request.serverId, request.shareId);
  const mountPoint = request.mountPoint === null ? null : checkMountPoint(request.mountPoint);
  const projectId = await projectOf(options, ensureKnown, session, request.serverId, id);

  for (const giveUp = Date.now() + BUSY_MS; ; ) {
    const record = await options.store.get(projectId, id);
    if (!record)
      throw new GatewayError('NOT_FOUND', `Share ${request.shareId} is not attached to server ${request.serverId}`);
    if (mountPoint !== null && mountPoint !== record.mountPoint) {
      throw new GatewayError(
        'CONFLICT',
        `mountPoint: the attachment's is ${record.mountPoint ?? 'not set'}, got ${mountPoint}`,
      );
    }
    if (record.status === 'detaching') {
      pickUp(options, session, [record]);
      return record;
    }
    const done = await startDetach(options, session, record);
    if (done) return done;
    if (Date.now() > giveUp) throw busy(id);
    await sleep(BUSY_POLL_MS);
  }
}

async function startDetach(
  options: ServiceOptions,
  session: Session,
  record: Attachment,
): Promise<SeenAttachment | null> {
  const pass = newPass(options, session);
  const claimed = await claim(options, pass, record);
  if (!claimed) return null;
  if (claimed.status === 'detaching') {
    await options.store.release(claimed.projectId, claimed.id, pass.owner, 0);
    return claimed;
  }
  const started = asked(session, inStatus(claimed, 'detaching'));
  try {
    return await work(options, pass, await commit(options, pass, started, 'DETACH_STARTED', { keepLease: true }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { record: refused, cause } = error;
    // what Manila accepted goes on; what it refused at once is as it was
    const status = refused.isAccepted ? 'error_detaching' : (refused.previousStatus ?? 'attached');
    const restored = inStatus(refused, status, { fault: faultOf(cause) });
    await commit(options, pass, restored, 'DETACH_FAILED', { dueInMs: isUnsettled(status) ? 0 : null });
    throw cause;
  }
}

/** Drives the record with the caller's token, and leaves the rest to the worker with that token at hand. */
async function work(options: ServiceOptions, pass: Pass, record: Attachment): Promise<SeenAttachment> {
  options.callers.remember(record.id, pass.session);
  try {
    const { attachment, dueInMs } = await drive(pass, record);
    if (dueInMs === null) options.callers.forget(record.id);
    else options.reconciler.schedule(record.projectId, record.id, dueInMs);
    return attachment;
  } catch (error) {
    if (!(error instanceof Overtaken)) throw error;
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

// nothing granted: the record goes. Something granted: the record stays until the worker has taken that away
async function rollBack(options: ServiceOptions, pass: Pass, { record, cause }: Refused): Promise<void> {
  const fault = faultOf(cause);
  const failed: SeenAttachment = { ...record, status: 'detached', fault, updatedAt: fault.at };
  const event = eventOf('ATTACH_FAILED', failed);
  if (!record.targets.some((target) => target.ruleId && target.isOwned)) {
    await options.store.remove(record, { event, owner: pass.owner });
    options.callers.forget(record.id);
    return;
  }
  const undo: Attachment = { ...inStatus(record, 'detaching'), fault, isAccepted: true };
  await options.store.commit(undo, { event: { ...event, attachment: undo }, dueInMs: 0, owner: pass.owner });
  options.reconciler.schedule(record.projectId, record.id, 0);
}

async function claim(options: ServiceOptions, pass: Pass, record: Attachment): Promise<Attachment | null> {
  const claimed = await options.store.claim(record.projectId, record.id, { owner: pass.owner, ms: options.leaseMs });
  return typeof claimed === 'string' ? null : claimed;
}

async function commit(
  { store }: ServiceOptions,
  pass: Pass,
  record: Attachment,
  type: EventType,
  how: Partial<CommitOptions>,
): Promise<Attachment> {
  const event = eventOf(type, record);
  const committed = await store.commit(record, { dueInMs: null, ...how, event, owner: pass.owner });
  if (typeof committed === 'string') throw busy(record.id);
  return committed;
}

function newPass({ store, leaseMs, deadlineMs }: ServiceOptions, session: Session): Pass {
  return {
    store,
    // a client that hangs up does not stop half-made work
    session,
    rights: { mayGrant: true, mayRevoke: true },
    owner: randomUUID(),
    leaseEnds: performance.now() + leaseMs,
    signal: new AbortController().signal,
    deadlineMs,
    isStrict: true,
  };
}

function newRecord(
  session: Session,
  server: NovaServer,
  share: Share,
  wish: Pick<Attachment, 'mountPoint' | 'accessLevel' | 'accessType' | 'requestedAccessTo' | 'targets'>,
): Attachment {
  const now = new Date().toISOString();
  return {
    ...wish,
    id: attachmentId(server.id, share.id),
    projectId: server.tenant_id,
    serverId: server.id,
    shareId: share.id,
    status: 'attaching',
    isAccepted: false,
    previousStatus: null,
    reason: null,
    attempts: 0,
    failures: 0,
    fault: null,
    staleSince: null,
    requestId: session.requestId,
    userId: session.identity.userId,
    createdAt: now,
    updatedAt: now,
    statusSince: now,
    version: 0,
  };
}

function asked(session: Session, record: Attachment): Attachment {
  return { ...record, requestId: session.requestId, userId: session.identity.userId };
}

function eventOf(type: EventType, attachment: SeenAttachment) {
  return { type, at: attachment.updatedAt, requestId: attachment.requestId, reason: attachment.reason, attachment };
}

function checkUsable(server: NovaServer, share: Share): void {
  if (UNUSABLE_SERVERS.has(server.status)) {
    throw new GatewayError(
      'CONFLICT',
      `Server ${server.id} is ${server.status}: expected one that is built and not deleted`,
    );
  }
  if (share.is_soft_deleted) throw new GatewayError('CONFLICT', `Share ${share.id} is in the recycle bin`);
  if (share.status !== 'available') {
    throw new GatewayError('CONFLICT', `Share ${share.id} is ${share.status}: expected available`);
  }
}

// checked before the intent is recorded, so that this refusal leaves nothing behind
function checkLevels(record: Attachment, seen: Observation): void {
  for (const [i, rule] of seen.rules.entries()) {
    if (!rule || rule.level === record.accessLevel || rule.state?.includes('deny')) continue;
    const to = record.targets[i]?.accessTo;
    throw new GatewayError(
      'CONFLICT',
      `Share ${record.shareId} has an access rule for ${to} with level ${rule.level}, expected ${record.accessLevel}: rule ${rule.id}`,
    );
  }
}

function checkSameWish(
  existing: Attachment,
  wish: Pick<Attachment, 'mountPoint' | 'accessLevel' | 'requestedAccessTo'>,
): void {
  for (const name of ['mountPoint', 'accessLevel', 'requestedAccessTo'] as const) {
    const is = JSON.stringify(existing[name]);
    const asks = JSON.stringify(wish[name]);
    if (is === asks) continue;
    const argument = name === 'requestedAccessTo' ? 'accessTo' : name;
    throw new GatewayError(
      'CONFLICT',
      `The share is attached already with ${argument} ${is}, got ${asks}: detach it first`,
    );
  }
}

// an admin may detach from another project's server: the record is that project's
async function projectOf(
  { store }: ServiceOptions,
  ensureKnown: EnsureKnown,
  session: Session,
  serverId: string,
  id: string,
): Promise<string> {
  const own = session.identity.projectId;
  if (await store.get(own, id)) return own;
  const server = await getServer(session, serverId);
  if (!server || server.tenant_id === own) return own;
  await ensureKnown(session, server.tenant_id);
  return server.tenant_id;
}

/** An authenticated look at an unsettled attachment brings a token with which the worker can go on. */
function pickUp({ callers, reconciler }: ServiceOptions, session: Session, records: readonly Attachment[]): void {
  for (const record of records) {
    const isStale = record.status === 'attached' && record.staleSince !== null && !isRefusedLately(record);
    if (!(isStale || isUnsettled(record.status))) continue;
    const isTheirs = record.userId === session.identity.userId;
    const isLeft = !isStale && Date.now() - Date.parse(record.statusSince) > LEFT_AFTER_MS;
    const isKnown = callers.has(record.id);
    // the token at hand may have ended meanwhile: the user's latest one takes its place
    if (isTheirs) callers.remember(record.id, session);
    else if (isLeft) callers.rememberObserver(record.id, session);
    else continue;
    // with a token at hand the work goes on, unless the pass that it was for broke off
    if (isKnown && reconciler.has(record.id)) continue;
    reconciler.schedule(record.projectId, record.id, 0);
  }
}

function isRefusedLately({ fault }: Attachment): boolean {
  return fault !== null && Date.now() - Date.parse(fault.at) < REFUSED_FOR_MS;
}

function busy(id: string): GatewayError {
  return new GatewayError('CONFLICT', `Attachment ${id} is being changed by another request: try again`);
}
