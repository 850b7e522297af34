import type { NewShareEvent, ShareOperation } from '../shares/operation.ts';
import { type Lease, MAX_LEASE_MS } from './contract.ts';
import { frozenCopy } from './memory-log.ts';
import type { Scheduled } from './memory-records.ts';
import { compareOperations, MAX_SHARE_OPERATIONS, type ShareOperationStore } from './share-operations.ts';

interface StoredOperation extends Scheduled {
  operation: ShareOperation;
  lease: { owner: string; until: number } | null;
}

interface MemorySharesOptions {
  /** The store's clock, ms since the epoch. */
  now: () => number;
  schedule(stored: Scheduled, dueAt: number | null): void;
  append(projectId: string, event: NewShareEvent): void;
}

/** The operations on shares in process, with the same promises as in Redis. */
export function createMemoryShareOperations({ now, schedule, append }: MemorySharesOptions): ShareOperationStore {
  const projects = new Map<string, Map<string, StoredOperation>>();

  const operationsOf = (projectId: string) => projects.get(projectId) ?? new Map<string, StoredOperation>();
  const stored = (projectId: string, id: string) => operationsOf(projectId).get(id);
  const ofShare = (projectId: string, shareId: string | null) =>
    shareId === null
      ? undefined
      : [...operationsOf(projectId).values()].find(({ operation }) => operation.shareId === shareId);
  const isHeld = ({ lease }: StoredOperation) =>
    lease !== null && lease.until > now() && lease.until <= now() + MAX_LEASE_MS;
  const hold = ({ owner, ms }: Lease) => ({ owner, until: now() + ms });

  function log(projectId: string, event: NewShareEvent | undefined, version: number) {
    if (event) append(projectId, { ...event, operation: { ...event.operation, version } });
  }

  function writable(operation: ShareOperation, owner: string | undefined): StoredOperation | 'stale' | 'gone' {
    const found = stored(operation.projectId, operation.id);
    if (!found) return 'gone';
    if (found.operation.version !== operation.version) return 'stale';
    return isHeld(found) && found.lease?.owner !== owner ? 'stale' : found;
  }

  return {
    async create(given, event, lease) {
      const { projectId, id, shareId } = given;
      const present = stored(projectId, id) ?? ofShare(projectId, shareId);
      if (present) return { outcome: 'exists', operation: present.operation };
      const operations = operationsOf(projectId);
      if (operations.size >= MAX_SHARE_OPERATIONS) return { outcome: 'full' };
      const operation = frozenCopy({ ...given, version: 1 });
      const added: StoredOperation = { id, projectId, operation, lease: hold(lease), dueAt: null };
      operations.set(id, added);
      projects.set(projectId, operations);
      schedule(added, now() + lease.ms);
      log(projectId, event, 1);
      return { outcome: 'created', operation };
    },

    async commit(operation, { event, dueInMs, owner, keepLease = false }) {
      const found = writable(operation, owner);
      if (typeof found === 'string') return found;
      found.operation = frozenCopy({ ...operation, version: operation.version + 1 });
      if (!(keepLease && isHeld(found))) found.lease = null;
      schedule(found, found.lease?.until ?? now() + dueInMs);
      log(operation.projectId, event, operation.version + 1);
      return found.operation;
    },

    async remove(operation, { event, owner }) {
      const found = writable(operation, owner);
      if (typeof found === 'string') return found;
      schedule(found, null);
      operationsOf(operation.projectId).delete(operation.id);
      log(operation.projectId, event, operation.version + 1);
      return 'removed';
    },

    async claim(projectId, id, lease) {
      const found = stored(projectId, id);
      if (!found) return 'gone';
      if (isHeld(found)) return 'held';
      found.operation = frozenCopy({ ...found.operation, version: found.operation.version + 1 });
      found.lease = hold(lease);
      schedule(found, found.lease.until);
      return found.operation;
    },

    async release(projectId, id, owner, dueInMs) {
      const found = stored(projectId, id);
      if (!found || !isHeld(found) || found.lease?.owner !== owner) return;
      found.lease = null;
      schedule(found, now() + dueInMs);
    },

    async get(projectId, id) {
      return stored(projectId, id)?.operation ?? null;
    },
    async ofShares(projectId, shareIds) {
      return shareIds.map((shareId) => ofShare(projectId, shareId)?.operation ?? null);
    },
    async list(projectId) {
      return [...operationsOf(projectId).values()].map(({ operation }) => operation).sort(compareOperations);
    },
  };
}
