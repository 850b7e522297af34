import { randomUUID } from 'node:crypto';
import type { Attachment, NewEvent } from '../attachment.ts';
import type { AttachmentPage, AttachmentStore, Lease, ListOptions } from './contract.ts';
import { createMemoryLog, frozenCopy, type MemoryLog } from './memory-log.ts';
import { comparePositions, LOG_START, positionOf, SCAN_LIMIT } from './order.ts';

export interface MemoryStoreOptions {
  /** Number of events that a project's log keeps. */
  logLength: number;
  /** The store's clock, ms since the epoch. */
  now?: () => number;
}

interface Stored {
  attachment: Attachment;
  position: string;
  lease: { owner: string; until: number } | null;
  dueAt: number | null;
}

interface Project {
  records: Map<string, Stored>;
  log: MemoryLog;
  isRecovered: boolean;
  checkpoint: string | null;
}

/**
 * The in-process store: the whole contract on Maps. Every method does its work before it returns its promise, so each is
 * atomic. Records are frozen, so that all callers share them.
 */
export function createMemoryStore({ logLength, now = Date.now }: MemoryStoreOptions): AttachmentStore {
  const storeId = randomUUID();
  const projects = new Map<string, Project>();
  const locks = new Map<string, { owner: string; until: number }>();

  function project(id: string): Project {
    const present = projects.get(id) ?? {
      records: new Map(),
      log: createMemoryLog(logLength, now),
      isRecovered: false,
      checkpoint: null,
    };
    projects.set(id, present);
    return present;
  }

  const record = (projectId: string, id: string) => projects.get(projectId)?.records.get(id);
  const isHeld = ({ lease }: Stored) => lease !== null && lease.until > now();
  const isHeldBy = (stored: Stored, owner: string | undefined) => isHeld(stored) && stored.lease?.owner === owner;
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

  return {
    async create(given, event, lease, dueInMs = null, unlessLoggedAfter = null) {
      const { records, log } = project(given.projectId);
      const present = records.get(given.id);
      if (present) return { outcome: 'exists', attachment: present.attachment };
      const holder = given.mountPoint === null ? undefined : findMount(records, given.serverId, given.mountPoint);
      if (holder) return { outcome: 'mount_point_taken', attachmentId: holder.attachment.id };
      if (unlessLoggedAfter !== null && log.hasEventOf(given.id, unlessLoggedAfter)) return { outcome: 'logged' };
      const attachment = frozenCopy({ ...given, version: 1 });
      records.set(given.id, {
        attachment,
        position: positionOf(attachment),
        lease: lease && holdUntil(lease, now()),
        dueAt: inMs(dueInMs ?? lease?.ms ?? null),
      });
      append(given.projectId, event, 1);
      return { outcome: 'created', attachment };
    },

    async commit(attachment, { event, dueInMs, owner, keepLease = false }) {
      const stored = writable(attachment, owner);
      if (typeof stored === 'string') return stored;
      stored.attachment = frozenCopy({ ...attachment, version: attachment.version + 1 });
      const continuesLease = keepLease && isHeldBy(stored, owner);
      if (!continuesLease) stored.lease = null;
      stored.dueAt = stored.lease?.until ?? inMs(dueInMs);
      append(attachment.projectId, event, attachment.version + 1);
      return stored.attachment;
    },

    async remove(attachment, { event, owner }) {
      const stored = writable(attachment, owner);
      if (typeof stored === 'string') return stored;
      project(attachment.projectId).records.delete(attachment.id);
      append(attachment.projectId, event, attachment.version + 1);
      return 'removed';
    },

    async claim(projectId, id, lease) {
      const stored = record(projectId, id);
      if (!stored) return 'gone';
      if (isHeld(stored)) return 'held';
      stored.attachment = frozenCopy({ ...stored.attachment, version: stored.attachment.version + 1 });
      stored.lease = holdUntil(lease, now());
      stored.dueAt = stored.lease.until;
      return stored.attachment;
    },

    async release(projectId, id, owner, dueInMs) {
      const stored = record(projectId, id);
      if (!stored || !isHeldBy(stored, owner)) return;
      stored.lease = null;
      stored.dueAt = inMs(dueInMs);
    },

    async due(limit) {
      const time = now();
      return [...projects.values()]
        .flatMap(({ records }) => [...records.values()])
        .flatMap(({ attachment, dueAt }) => (dueAt !== null && dueAt <= time ? [{ attachment, dueAt }] : []))
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit)
        .map(({ attachment: { projectId, id } }) => ({ projectId, id }));
    },

    async projects() {
      return [...projects].flatMap(([id, { records }]) => (records.size > 0 ? [id] : []));
    },

    async get(projectId, id) {
      return record(projectId, id)?.attachment ?? null;
    },

    async listForServers(projectId, serverIds) {
      return listsFor(projects.get(projectId), serverIds, ({ serverId }) => serverId);
    },

    async listForShares(projectId, shareIds) {
      return listsFor(projects.get(projectId), shareIds, ({ shareId }) => shareId);
    },

    async list(projectId, options) {
      const found = projects.get(projectId);
      return page(inOrder(found), options, found?.log.last() ?? LOG_START);
    },

    async lockTarget(projectId, target, owner, ms) {
      for (const [key, lock] of locks) if (lock.until <= now()) locks.delete(key);
      const key = JSON.stringify([projectId, target]);
      const lock = locks.get(key);
      if (lock && lock.owner !== owner) return false;
      locks.set(key, { owner, until: now() + ms });
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

    storeId: async () => storeId,

    async lastCursor(projectId) {
      return projects.get(projectId)?.log.last() ?? LOG_START;
    },
    async readEvents(projectId, after, limit) {
      return project(projectId).log.read(after, limit);
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

    async ping() {},
    async close() {
      projects.clear();
    },
  };
}

function holdUntil({ owner, ms }: Lease, now: number) {
  return { owner, until: now + ms };
}

function findMount(records: Map<string, Stored>, serverId: string, mountPoint: string): Stored | undefined {
  for (const stored of records.values()) {
    if (stored.attachment.serverId === serverId && stored.attachment.mountPoint === mountPoint) return stored;
  }
  return undefined;
}

function inOrder(project: Project | undefined): Stored[] {
  return [...(project?.records.values() ?? [])].sort((a, b) => comparePositions(a.position, b.position));
}

/** One list per id, in the order of the ids. */
function listsFor(project: Project | undefined, ids: readonly string[], idOf: (attachment: Attachment) => string) {
  const lists = new Map<string, Stored[]>(ids.map((id) => [id, []]));
  for (const stored of project?.records.values() ?? []) lists.get(idOf(stored.attachment))?.push(stored);
  for (const list of lists.values()) list.sort((a, b) => comparePositions(a.position, b.position));
  return ids.map((id) => (lists.get(id) ?? []).slice(0, SCAN_LIMIT).map(({ attachment }) => attachment));
}

/** The page of an index in order, with the scan limit of lua/list.lua. */
function page(
  records: Stored[],
  { first, after, status, serverId, shareId }: ListOptions,
  cursor: string,
): AttachmentPage {
  const isFiltered = status !== undefined || serverId !== undefined || shareId !== undefined;
  const index = records.filter(
    ({ attachment }) =>
      (serverId === undefined || attachment.serverId === serverId) &&
      (shareId === undefined || attachment.shareId === shareId),
  );
  const rest = index.filter(({ position }) => after === null || comparePositions(position, after) > 0);
  const scanned = rest.slice(0, Math.max(SCAN_LIMIT, first + 1));
  const matching = scanned.filter(({ attachment }) => !status || status.includes(attachment.status));
  const hasMoreFound = matching.length > first;
  const stoppedAt = !hasMoreFound && rest.length > scanned.length ? scanned.at(-1)?.position : undefined;
  return {
    items: matching.slice(0, first).map(({ position, attachment }) => ({ position, attachment })),
    hasMore: hasMoreFound || stoppedAt !== undefined,
    totalCount: isFiltered ? null : records.length,
    cursor,
    ...(stoppedAt === undefined ? {} : { endPosition: stoppedAt }),
  };
}
