import type { Attachment, AttachmentEvent, AttachmentStatus, NewEvent } from '../attachment.ts';

/** A hold on one record: until it ends nobody else may act on it. Times are the store's clock, handed out as a remaining span. */
export interface Lease {
  /** A random word, new for each claim. */
  owner: string;
  /** For how long, in ms. */
  ms: number;
}

export interface CommitOptions {
  /** Appended to the project's log and published in the same atomic step. */
  event?: NewEvent;
  /** When the record must be looked at again, in ms from now; null: not before somebody asks. */
  dueInMs: number | null;
  /** The lease under which this is written: refused as `stale` when another holds the record. */
  owner?: string;
  /** Whether the lease ends with this commit (the default) or goes on. */
  keepLease?: boolean;
}

/** `stale`: the version moved on, or another holds the lease. `gone`: there is no such record. */
export type WriteConflict = 'stale' | 'gone';

export interface ListOptions {
  /** How many at the most. */
  first: number;
  /** The `position` of the last one seen; null from the start. */
  after: string | null;
  status?: readonly AttachmentStatus[];
  serverId?: string;
  shareId?: string;
}

export interface AttachmentPage {
  items: { position: string; attachment: Attachment }[];
  hasMore: boolean;
  /** All in the project; null when a filter is set. */
  totalCount: number | null;
  /** Where the log stood before the page was read. */
  cursor: string;
  /** Set when the scan limit ended the page: there may be more after this position, whatever the last item's is. */
  endPosition?: string;
}

/** Ends the following that gave it. */
export interface Unsubscribe {
  (): Promise<void>;
  /** Where the log stood when the following began: events up to here are not told. */
  readonly after: string;
}

/**
 * What a store of attachments must mean. Every write is atomic, compares the version first, and appends its
 * event in the same step: no observer sees one without the other. Both stores pass test/store/.
 * When the store cannot be reached every method rejects with a GatewayError STATE_UNAVAILABLE.
 */
export interface AttachmentStore {
  /**
   * Writes the record if there is none for its pair and no other attachment of its server has its mount point,
   * indexes it, makes it due when the lease ends, holds it under the lease, appends the event.
   * `version` of the given record is ignored; the stored one starts at 1.
   * With `unlessLoggedAfter`, a cursor, it is `told` instead when the log may have an event of the attachment after that:
   * whoever read of it before does not know the latest.
   */
  create(
    attachment: Attachment,
    event: NewEvent | null,
    lease: Lease | null,
    dueInMs?: number | null,
    unlessLoggedAfter?: string | null,
  ): Promise<
    | { outcome: 'created'; attachment: Attachment }
    | { outcome: 'exists'; attachment: Attachment }
    | { outcome: 'mount_point_taken'; attachmentId: string }
    | { outcome: 'logged' }
  >;

  /** Writes the record if `attachment.version` is the stored one; answers the record with its new version. */
  commit(attachment: Attachment, options: CommitOptions): Promise<Attachment | WriteConflict>;

  /** commit's twin for the end: deletes the record and its indexes, appends the event. */
  remove(attachment: Attachment, options: { event?: NewEvent; owner?: string }): Promise<'removed' | WriteConflict>;

  /** Holds the record if nobody does; bumps its version (a fence) and makes it due when the lease ends. `held`: somebody else does. */
  claim(projectId: string, id: string, lease: Lease): Promise<Attachment | 'held' | 'gone'>;

  /** Ends a lease early without changing the record; due again in `dueInMs`. Nothing happens when the lease is no longer ours. */
  release(projectId: string, id: string, owner: string, dueInMs: number | null): Promise<void>;

  /** Records that are due now, in any project, at the most `limit`; soonest first within a shard. */
  due(limit: number): Promise<{ projectId: string; id: string }[]>;

  /** The projects that have attachments, each once, in no order. One round trip, without reading a record. */
  projects(): Promise<string[]>;

  get(projectId: string, id: string): Promise<Attachment | null>;
  /** One list a server, in the order asked, oldest first; one round trip. */
  listForServers(projectId: string, serverIds: readonly string[]): Promise<Attachment[][]>;
  /** One list a share, in the order asked, oldest first; one round trip. */
  listForShares(projectId: string, shareIds: readonly string[]): Promise<Attachment[][]>;
  /** A page of the project's attachments, oldest first. Never reads more than about `first` records unless a filter drops some; then at most `scanLimit` (1,000) a call. */
  list(projectId: string, options: ListOptions): Promise<AttachmentPage>;

  /**
   * A short lock on one access rule's target, so that two gateways do not grant it twice: Manila checks, then inserts.
   * True when `owner` holds it now (again). Ends by itself after `ms`.
   */
  lockTarget(projectId: string, target: string, owner: string, ms: number): Promise<boolean>;
  /** Ends the lock if `owner` holds it. */
  unlockTarget(projectId: string, target: string, owner: string): Promise<void>;

  /** Whether the project's records are complete: set once they were rebuilt from Manila. False after the store lost its state, or may have lost some of it. */
  isRecovered(projectId: string): Promise<boolean>;
  markRecovered(projectId: string): Promise<void>;

  /**
   * A random word, one for all gateways on this store: it marks the access rules that they make, as gateways with another store may stand before the
   * same cloud. A store that lost its state has a new one: what was marked before is then nobody's.
   */
  storeId(): Promise<string>;

  /** The cursor of the log's end: `0-0` for a log that never had an entry. */
  lastCursor(projectId: string): Promise<string>;
  /**
   * Events after the cursor, at most `limit`, oldest first. `expired`: the log does not have the cursor's entry any more
   * (or never had); `0-0` is the start of a log that has dropped nothing yet. null: from the oldest that the log has.
   */
  readEvents(projectId: string, after: string | null, limit: number): Promise<AttachmentEvent[] | 'expired'>;
  /**
   * Calls `listener` with each event of the project appended from now on, in order, each once, also across a lost
   * connection (it reads the log from where it was). Resolves when live: events appended after that are seen. However many follow a project in this
   * process, the store holds one subscription for it. `onLost` is called when events can no longer be delivered without a gap.
   */
  subscribe(
    projectId: string,
    listener: (event: AttachmentEvent) => void,
    onLost: (error: Error) => void,
  ): Promise<Unsubscribe>;

  /** Projects whose log goes on after their bookmark, at most about `limit`, in no order. One round trip. */
  pendingProjects(limit: number): Promise<string[]>;
  /** The cursor up to which the project's log was told elsewhere (src/notifications/); null: nothing was yet. */
  checkpoint(projectId: string): Promise<string | null>;
  /** Sets it; at the log's end the project has no more news. */
  setCheckpoint(projectId: string, cursor: string): Promise<void>;

  /** Rejects unless the store answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
