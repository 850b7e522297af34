import type { Attachment } from '../attachment.ts';
import { comparePositions, positionOf } from './order.ts';
import { createSortedList, type SortedList } from './sorted-list.ts';
import { targetEntries } from './targets.ts';

/** What the in-process store schedules. */
export interface Scheduled {
  readonly id: string;
  readonly projectId: string;
  /** When it is due, ms of the store's clock; null: not scheduled. */
  dueAt: number | null;
}

/** A record of the in-process store. */
export interface Stored extends Scheduled {
  readonly position: string;
  /** Replaced by `update` only, which keeps the indexes. */
  attachment: Attachment;
  lease: { owner: string; until: number } | null;
}

/** A project's records, with an index for each list that the contract promises. */
export interface ProjectRecords {
  get(id: string): Stored | undefined;
  add(attachment: Attachment, lease: Stored['lease']): Stored;
  update(stored: Stored, attachment: Attachment): void;
  remove(stored: Stored): void;
  /** The attachment of the server that has this mount point. */
  mountedAt(serverId: string, mountPoint: string): string | undefined;
  /** At most `count` records of a list after a position, oldest first. */
  list(name: IndexName, after: string | null, count: number): Stored[];
  /** Number of records in a list. */
  count(name: IndexName): number;
  readonly size: number;
}

/** The name of an index: all records, those of a server, a share or a status, and those that have a target. */
export type IndexName = 'all' | `${'server' | 'share' | 'status' | 'held' | 'unheld'}:${string}`;

/** Makes a project without records. */
export function createProjectRecords(): ProjectRecords {
  const records = new Map<string, Stored>();
  const indexes = new Map<string, SortedList<Pick<Stored, 'position'>>>();
  const mounts = new Map<string, string>();

  function index(stored: Stored, names: Iterable<IndexName>) {
    for (const name of names) {
      const list = indexes.get(name) ?? createSortedList((a, b) => comparePositions(a.position, b.position));
      list.add(stored);
      indexes.set(name, list);
    }
  }

  function unindex(stored: Stored, names: Iterable<IndexName>) {
    for (const name of names) {
      const list = indexes.get(name);
      list?.remove(stored);
      if (list?.size === 0) indexes.delete(name);
    }
  }

  return {
    get: (id) => records.get(id),
    count: (name) => indexes.get(name)?.size ?? 0,
    add(attachment, lease) {
      const { id, projectId } = attachment;
      const stored: Stored = { id, projectId, position: positionOf(attachment), attachment, lease, dueAt: null };
      records.set(id, stored);
      index(stored, indexesOf(attachment));
      if (attachment.mountPoint !== null) mounts.set(mountName(attachment.serverId, attachment.mountPoint), id);
      return stored;
    },
    update(stored, attachment) {
      const before = indexesOf(stored.attachment);
      const now = indexesOf(attachment);
      unindex(
        stored,
        [...before].filter((name) => !now.has(name)),
      );
      index(
        stored,
        [...now].filter((name) => !before.has(name)),
      );
      const { serverId, mountPoint } = stored.attachment;
      if (mountPoint !== attachment.mountPoint) {
        if (mountPoint !== null) mounts.delete(mountName(serverId, mountPoint));
        if (attachment.mountPoint !== null) mounts.set(mountName(serverId, attachment.mountPoint), stored.id);
      }
      stored.attachment = attachment;
    },
    remove(stored) {
      const { serverId, mountPoint } = stored.attachment;
      records.delete(stored.id);
      unindex(stored, indexesOf(stored.attachment));
      if (mountPoint !== null) mounts.delete(mountName(serverId, mountPoint));
    },
    mountedAt: (serverId, mountPoint) => mounts.get(mountName(serverId, mountPoint)),
    list(name, after, count) {
      const from = after === null ? null : { position: after };
      return (indexes.get(name)?.slice(from, count) ?? []) as Stored[];
    },
    get size() {
      return records.size;
    },
  };
}

function indexesOf(attachment: Attachment): Set<IndexName> {
  const { serverId, shareId, status } = attachment;
  const targets = Object.entries(targetEntries(attachment)).map(
    ([name, rank]): IndexName => `${rank === 0 ? 'held' : 'unheld'}:${name}`,
  );
  return new Set<IndexName>(['all', `server:${serverId}`, `share:${shareId}`, `status:${status}`, ...targets]);
}

function mountName(serverId: string, mountPoint: string): string {
  return `${serverId}:${mountPoint}`;
}
