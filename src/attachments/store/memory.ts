import { randomBytes, randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Attachment, isInProgress, type NewEvent, STATUSES } from '../attachment.ts';
import {
  type AttachmentPage,
  type AttachmentStore,
  type DeletedMapping,
  GUEST_SEEN_DAYS,
  type Lease,
  type ListOptions,
  MAX_DELETED_MAPPINGS,
  MAX_LEASE_MS,
  MAX_UNSETTLED_PROJECTS,
} from './contract.ts';
import { createMemoryLog, frozenCopy, type MemoryLog } from './memory-log.ts';
import {
  createProjectRecords,
  type IndexName,
  type ProjectRecords,
  type Scheduled,
  type Stored,
} from './memory-records.ts';
import { createMemoryShareOperations } from './memory-shares.ts';
import { comparePositions, LOG_START, MAX_SCANNED } from './order.ts';
import { createSortedList } from './sorted-list.ts';
import { targetName } from './targets.ts';

/** Number of servers of which the in-process store knows when their guests were seen. */
const MAX_GUESTS = 100_000;

export interface MemoryStoreOptions {
  /** Number of events that a project's log keeps. */
  logLength: number;
  /** The store's clock, ms since the epoch. */
  now?: () => number;
  /** The key that signs rule metadata; default a random one. */
  signingKey?: string | undefined;
}

interface Lock {
  owner: string;
  until: number;
  /** Its time to live: one that ends later was taken before the clock was set back. */
  ms: number;
}

interface Project {
  records: ProjectRecords;
  log: MemoryLog;
  isRecovered: boolean;
  checkpoint: string | null;
}

/**
 * The in-process store: the whole contract on Maps. Every method does its work before it returns its promise, so each
 * is atomic. Records are frozen, so that all callers share them.
 */
export function createMemoryStore(options: MemoryStoreOptions): AttachmentStore {
  const { logLength, now = Date.now, signingKey = randomBytes(32).toString('base64') } = options;
  const storeId = randomUUID();
  const projects = new Map<string, Project>();
  const scheduled = createSortedList<Scheduled>(
    (a, b) => dueOrder(a) - dueOrder(b) || comparePositions(dueName(a), dueName(b)),
  );
  const locks = new Map<string, Lock>();
  const deletedMappings = new Map<string, DeletedMapping>();
  // made with its first entry: a cache of this size takes 10 ms and some megabytes
  let guestsSeen: LRUCache<string, string> | null = null;

  function project(id: string): Project {
    const present = projects.get(id) ?? {
      records: createProjectRecords(),
      log: createMemoryLog(logLength, now),
      isRecovered: false,
      checkpoint: null,
    };
    projects.set(id, present);
    return present;
  }

  const record = (projectId: string, id: string) => projects.get(projectId)?.records.get(id);
  const listed = (projectId: string, name: IndexName, first: number) =>
    (projects.get(projectId)?.records.list(name, null, first) ?? []).map(({ attachment }) => attachment);
  const isHeld = ({ lease }: Stored) => lease !== null && lease.until > now() && lease.until <= now() + MAX_LEASE_MS;
  const isHeldBy = (stored: Stored, owner: string | undefined) => isHeld(stored) && stored.lease?.owner === owner;

  function schedule(stored: Scheduled, dueAt: number | null) {
    if (stored.dueAt !== null) scheduled.remove(stored);
    stored.dueAt = dueAt;
    if (dueAt !== null) scheduled.add(stored);
  }

  const inMs = (ms: number | null) => (ms === null ? null : now() + ms);

  function append(projectId: string, event: NewEvent | null | undefined, version: number) {
    if (event) project(projectId).log.append({ ...event, attachment: { ...event.attachment, version } });
  }

  /** The record if `owner` may write it, else the conflict. */
  function writable(attachment: Attachment, owner: string | undefined): Stored | 'stale' | 'gone' {
    const stored = record(attachment.projectId, attachment.id);
    if (!stored) return 'gone';
    if (stored.attachment.version !== attachment.version) return 'stale';
    return isHeld(stored) && !isHeldBy(stored, owner) ? 'stale' : stored;
  }

  const shareOperations = createMemoryShareOperations({
    now,
    schedule,
    append: (projectId, event) => project(projectId).log.append(event),
  });

  return {
    shareOperations,

    async create(given, event, lease, dueInMs = null, unlessLoggedAfter = null) {
      const { records, log } = project(given.projectId);
      const present = records.get(given.id);
      if (present) return { outcome: 'exists', attachment: present.attachment };
      const mounted = given.mountPoint === null ? undefined : records.mountedAt(given.serverId, given.mountPoint);
      if (mounted !== undefined) return { outcome: 'mount_point_taken', attachmentId: mounted };
      if (unlessLoggedAfter !== null && log.hasEventOf(given.id, unlessLoggedAfter)) return { outcome: 'logged' };
      const attachment = frozenCopy({ ...given, version: 1 });
      const stored = records.add(attachment, lease && holdUntil(lease, now()));
      schedule(stored, inMs(dueInMs ?? lease?.ms ?? null));
      append(given.projectId, event, 1);
      return { outcome: 'created', attachment };
    },

    async commit(attachment, { event, dueInMs, owner, keepLease = false }) {
      const stored = writable(attachment, owner);
      if (typeof stored === 'string') return stored;
      project(attachment.projectId).records.update(
        stored,
        frozenCopy({ ...attachment, version: attachment.version + 1 }),
      );
      const continuesLease = keepLease && isHeldBy(stored, owner);
      if (!continuesLease) stored.lease = null;
      schedule(stored, stored.lease?.until ?? inMs(dueInMs));
      append(attachment.projectId, event, attachment.version + 1);
      return stored.attachment;
    },

    async moveMount(attachment, owner) {
      const stored = writable(attachment, owner);
      if (typeof stored === 'string') return stored;
      const { records } = project(attachment.projectId);
      const { serverId, mountPoint } = attachment;
      const takenBy = mountPoint === null ? undefined : records.mountedAt(serverId, mountPoint);
      if (takenBy !== undefined && takenBy !== attachment.id) return { takenBy };
      records.update(stored, frozenCopy({ ...attachment, version: attachment.version + 1 }));
      return stored.attachment;
    },

    async remove(attachment, { event, owner }) {
      const stored = writable(attachment, owner);
      if (typeof stored === 'string') return stored;
      schedule(stored, null);
      project(attachment.projectId).records.remove(stored);
      append(attachment.projectId, event, attachment.version + 1);
      return 'removed';
    },

    async claim(projectId, id, lease) {
      const stored = record(projectId, id);
      if (!stored) return 'gone';
      if (isHeld(stored)) return 'held';
      stored.attachment = frozenCopy({ ...stored.attachment, version: stored.attachment.version + 1 });
      stored.lease = holdUntil(lease, now());
      schedule(stored, stored.lease.until);
      return stored.attachment;
    },

    async release(projectId, id, owner, dueInMs) {
      const stored = record(projectId, id);
      if (!stored || !isHeldBy(stored, owner)) return;
      stored.lease = null;
      schedule(stored, inMs(dueInMs));
    },

    async due(limit) {
      const time = now();
      // After the clock was set back, the last ones may be due further ahead than any can be: those are due now.
      const far = scheduled.last(limit).filter(({ dueAt }) => dueAt !== null && dueAt > time + MAX_LEASE_MS);
      const near = scheduled.slice(null, limit).filter(({ dueAt }) => dueAt !== null && dueAt <= time);
      return [...near, ...far].slice(0, limit).map(({ projectId, id }) => ({ projectId, id }));
    },

    async projects() {
      return [...projects].flatMap(([id, { records }]) => (records.size > 0 ? [id] : []));
    },

    async counts() {
      const byStatus = { attaching: 0, attached: 0, detaching: 0, error_attaching: 0, error_detaching: 0 };
      const unsettled = new Set<string>();
      for (const [projectId, { records }] of projects) {
        for (const status of STATUSES) {
          const count = records.count(`status:${status}`);
          byStatus[status] += count;
          if (count > 0 && isInProgress(status)) unsettled.add(projectId);
        }
      }
      const unsettledProjects = [...unsettled].slice(0, MAX_UNSETTLED_PROJECTS);
      return { byStatus, scheduled: scheduled.size, unsettledProjects };
    },

    async get(projectId, id) {
      return record(projectId, id)?.attachment ?? null;
    },

    async listForServers(projectId, serverIds, first = Number.POSITIVE_INFINITY) {
      return serverIds.map((id) => listed(projectId, `server:${id}`, first));
    },

    async listForShares(projectId, shareIds, first = Number.POSITIVE_INFINITY) {
      return shareIds.map((id) => listed(projectId, `share:${id}`, first));
    },

    async listForTargets(projectId, targets, first) {
      return targets.map((target) => {
        const name = targetName(target);
        const holders = listed(projectId, `held:${name}`, first);
        return [...holders, ...listed(projectId, `unheld:${name}`, first - holders.length)];
      });
    },

    async list(projectId, options) {
      const found = projects.get(projectId);
      return page(found?.records ?? createProjectRecords(), options, found?.log.last() ?? LOG_START);
    },

    async lockTarget(projectId, target, owner, ms) {
      const isOver = (lock: Lock) => lock.until <= now() || lock.until > now() + lock.ms;
      for (const [key, lock] of locks) if (isOver(lock)) locks.delete(key);
      const key = JSON.stringify([projectId, target]);
      const lock = locks.get(key);
      if (lock && lock.owner !== owner) return false;
      locks.set(key, { owner, until: now() + ms, ms });
      return true;
    },

    async unlockTarget(projectId, target, owner) {
      const key = JSON.stringify([projectId, target]);
      if (locks.get(key)?.owner === owner) locks.delete(key);
    },

    async isRecovered(projectId) {
      return projects.get(projectId)?.isRecovered ?? false;
    },
    async markRecovered(projectId) {
      project(projectId).isRecovered = true;
    },

    signingKey: async () => signingKey,
    storeId: async () => storeId,
    bind: async () => null,

    async lastCursor(projectId) {
      return projects.get(projectId)?.log.last() ?? LOG_START;
    },
    async readEvents(projectId, after, limit) {
      return project(projectId).log.read(after, limit);
    },
    async readAvailable(projectId, after, limit) {
      const events = project(projectId).log.readAvailable(after, limit);
      return { events, last: events.at(-1)?.cursor ?? null };
    },
    async readBefore(projectId, before, limit) {
      const { log } = project(projectId);
      const events = log.readBefore(before, limit);
      return { events, last: events.at(-1)?.cursor ?? null, isTruncated: log.isTruncated() };
    },
    async subscribe(projectId, listener, onExpired) {
      const { log } = project(projectId);
      const unsubscribe = log.subscribe(listener, onExpired);
      return Object.assign(async () => unsubscribe(), { after: log.last() });
    },

    async pendingProjects(limit) {
      const isPending = ({ log, checkpoint }: Project) => log.last() !== (checkpoint ?? LOG_START);
      return [...projects].flatMap(([id, each]) => (isPending(each) ? [id] : [])).slice(0, limit);
    },
    async checkpoint(projectId) {
      return projects.get(projectId)?.checkpoint ?? null;
    },
    async setCheckpoint(projectId, cursor) {
      project(projectId).checkpoint = cursor;
    },

    async markGuestSeen(projectId, serverId, at) {
      guestsSeen ??= new LRUCache({ max: MAX_GUESTS, ttl: GUEST_SEEN_DAYS * 86_400_000 });
      guestsSeen.set(`${projectId} ${serverId}`, at);
    },
    async guestsSeenAt(projectId, serverIds) {
      return serverIds.map((serverId) => guestsSeen?.get(`${projectId} ${serverId}`) ?? null);
    },

    async noteDeletedMapping(mapping) {
      const name = deletedMappingName(mapping);
      deletedMappings.delete(name);
      deletedMappings.set(name, mapping);
      const [oldest] = deletedMappings.keys();
      if (deletedMappings.size > MAX_DELETED_MAPPINGS && oldest !== undefined) deletedMappings.delete(oldest);
    },
    async deletedMappings() {
      return [...deletedMappings.values()].sort((one, other) => one.at - other.at);
    },
    async forgetDeletedMapping(mapping) {
      deletedMappings.delete(deletedMappingName(mapping));
    },

    async ping() {},
    async close() {
      projects.clear();
    },
  };
}

function deletedMappingName({ projectId, serverId, shareId }: DeletedMapping): string {
  return [projectId, serverId, shareId].join(' ');
}

function holdUntil({ owner, ms }: Lease, now: number) {
  return { owner, until: now + ms };
}

function dueOrder({ dueAt }: Scheduled): number {
  return dueAt ?? Number.POSITIVE_INFINITY;
}

function dueName({ projectId, id }: Scheduled): string {
  return `${projectId} ${id}`;
}

/** The records that may be in a page, in order, from a position on: the index that the filter names. */
function candidates(records: ProjectRecords, { serverId, shareId, status }: ListOptions) {
  const name: IndexName =
    serverId === undefined ? (shareId === undefined ? 'all' : `share:${shareId}`) : `server:${serverId}`;
  if (name !== 'all' || status === undefined)
    return (after: string | null, count: number) => records.list(name, after, count);
  return (after: string | null, count: number) =>
    [...new Set(status)]
      .flatMap((one) => records.list(`status:${one}`, after, count))
      .sort((a, b) => comparePositions(a.position, b.position))
      .slice(0, count);
}

/** A page of the index, with the limit of lua/list.lua. */
function page(records: ProjectRecords, options: ListOptions, cursor: string): AttachmentPage {
  const { first, after, status, serverId, shareId } = options;
  const isFiltered = status !== undefined || serverId !== undefined || shareId !== undefined;
  const read = candidates(records, options);
  const isMatch = ({ attachment }: Stored) =>
    (shareId === undefined || attachment.shareId === shareId) && (!status || status.includes(attachment.status));
  const needsScan = isFiltered && (serverId !== undefined || shareId !== undefined);
  const scanned = read(after, needsScan ? Math.max(MAX_SCANNED, first + 1) : first + 1);
  const matching = scanned.filter(isMatch);
  const last = scanned.at(-1)?.position;
  const stoppedAt = needsScan && matching.length <= first && last && read(last, 1).length > 0 ? last : undefined;
  return {
    items: matching.slice(0, first).map(({ position, attachment }) => ({ position, attachment })),
    hasMore: matching.length > first || stoppedAt !== undefined,
    totalCount: isFiltered ? null : records.size,
    cursor,
    ...(stoppedAt === undefined ? {} : { endPosition: stoppedAt }),
  };
}
