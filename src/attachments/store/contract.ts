import type { Attachment, AttachmentEvent, AttachmentStatus, NewEvent } from '../attachment.ts';
import type { ShareEvent } from '../shares/operation.ts';
import type { ShareOperationStore } from './share-operations.ts';
import type { RuleTarget } from './targets.ts';

/** An entry of a project's log: a change of an attachment, or of a share that this gateway works on. */
export type LogEvent = AttachmentEvent | ShareEvent;

/** Whether an entry of the log is about an attachment. */
export function isAttachmentEvent(event: LogEvent): event is AttachmentEvent {
  return 'attachment' in event;
}

/** An exclusive hold on one record that ends by itself. Times are the store's clock, given as a remaining span. */
export interface Lease {
  /** A random id, new for each claim. */
  owner: string;
  /** Remaining time, in ms. */
  ms: number;
}

/**
 * The longest lease, in ms: three calls of the longest UPSTREAM_TIMEOUT_MS. A lease that seems to end later was taken
 * before the store's clock was set back, and counts as ended.
 */
export const MAX_LEASE_MS = 1_800_000;

export interface CommitOptions {
  /** Appended to the project's log and published in the same atomic step. */
  event?: NewEvent;
  /** When the record is due for reconciling, in ms from now; null: not scheduled. */
  dueInMs: number | null;
  /** The lease under which this is written: refused as `stale` when another owner holds the record. */
  owner?: string;
  /** Whether the lease continues after this commit; by default the commit ends it. */
  keepLease?: boolean;
}

/** `stale`: the version moved on, or another owner holds the lease. `gone`: there is no such record. */
export type WriteConflict = 'stale' | 'gone';

export interface ListOptions {
  /** Maximum number of attachments in the page. */
  first: number;
  /** The `position` after which the page begins; null: at the oldest. */
  after: string | null;
  status?: readonly AttachmentStatus[];
  serverId?: string;
  shareId?: string;
}

export interface AttachmentPage {
  items: { position: string; attachment: Attachment }[];
  hasMore: boolean;
  /** Number of attachments in the project; null when a filter is set. */
  totalCount: number | null;
  /** The end of the log before the page was read. */
  cursor: string;
  /**
   * Set when MAX_SCANNED ended the page, which only a status filter of one server or share can cause: more matches may
   * follow this position, whatever the last item's is.
   */
  endPosition?: string;
}

/** The numbers of a store, over all projects. */
export interface StoreCounts {
  byStatus: Record<AttachmentStatus, number>;
  /** Number of records that are scheduled for reconciling, due or not. */
  scheduled: number;
  /** Some of the projects with an attachment that is attaching or detaching, at most MAX_UNSETTLED_PROJECTS. */
  unsettledProjects: string[];
}

export const MAX_UNSETTLED_PROJECTS = 100;

/** For how long a store knows when a guest was last seen. */
export const GUEST_SEEN_DAYS = 7;

/** A share that Nova had attached to a server when that was deleted: Nova is about to revoke its own access rule. */
export interface DeletedMapping {
  projectId: string;
  serverId: string;
  shareId: string;
  /** When its attachment was removed, ms since the epoch. */
  at: number;
}

/**
 * How many of them a store keeps; the oldest go first. Only a finding of the sweep depends on them, so that one project's
 * cannot do more to the others' than hide it.
 */
export const MAX_DELETED_MAPPINGS = 10_000;

/** Ends the subscription that returned it. */
export interface Unsubscribe {
  (): Promise<void>;
  /** The end of the log when the subscription began: the first event delivered is later than this cursor. */
  readonly after: string;
}

/**
 * The contract of an attachment store. Every write is atomic, compares the version first, and appends its event in the
 * same step: no observer sees one without the other. test/store/ runs against each implementation.
 * While the store cannot be reached, every method rejects with a GatewayError STATE_UNAVAILABLE.
 */
export interface AttachmentStore {
  /**
   * Writes the record unless its pair has one or another attachment of its server has its mount point; indexes it,
   * schedules it for the end of the lease, holds it under the lease, appends the event.
   * `version` of the given record is ignored; the stored one starts at 1.
   * With `unlessLoggedAfter`, a cursor, the outcome is `logged` when the log may have an event of this attachment after
   * that cursor: what the caller read before may be out of date.
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

  /** Writes the record if `attachment.version` is the stored one; returns the record with its new version. */
  commit(attachment: Attachment, options: CommitOptions): Promise<Attachment | WriteConflict>;

  /**
   * Gives a record its `mountPoint`, unless another attachment of its server has it, under the conditions of `commit`;
   * the lease goes on.
   */
  moveMount(attachment: Attachment, owner: string): Promise<Attachment | WriteConflict | { takenBy: string }>;

  /** Deletes the record and its index entries under the conditions of `commit`; appends the event. */
  remove(attachment: Attachment, options: { event?: NewEvent; owner?: string }): Promise<'removed' | WriteConflict>;

  /** Holds the record unless it is held; bumps its version (a fence) and schedules it for the end of the lease. */
  claim(projectId: string, id: string, lease: Lease): Promise<Attachment | 'held' | 'gone'>;

  /**
   * Ends a lease early without changing the record; due again in `dueInMs`. No effect unless `owner` holds the lease.
   */
  release(projectId: string, id: string, owner: string, dueInMs: number | null): Promise<void>;

  /** Attachments and operations on shares of any project that are due now, at most `limit`; earliest first within a shard. */
  due(limit: number): Promise<{ projectId: string; id: string }[]>;

  /** The projects that have attachments, each once, unordered. One round trip; reads no record. */
  projects(): Promise<string[]>;

  /** Counts all attachments, from the indexes: one read per project and status. */
  counts(): Promise<StoreCounts>;

  get(projectId: string, id: string): Promise<Attachment | null>;
  /**
   * One list per server, in the order requested, oldest first: complete, or the `first` oldest. One round trip per
   * PAGE_RECORDS records.
   */
  listForServers(projectId: string, serverIds: readonly string[], first?: number): Promise<Attachment[][]>;
  /** One list per share, like listForServers. */
  listForShares(projectId: string, shareIds: readonly string[], first?: number): Promise<Attachment[][]>;
  /**
   * One list per target: the attachments that have the target, at most `first`, those that hold it (`holdsTarget`)
   * before those that do not, each oldest first. Read from an index that every write keeps, so it is exact however many
   * attachments the share has. Whether another attachment holds a target takes `first: 2`, its own record being one.
   */
  listForTargets(projectId: string, targets: readonly RuleTarget[], first: number): Promise<Attachment[][]>;
  /**
   * A page of the project's attachments, oldest first. Exact: by status alone, by server and by share from an index; a
   * status of one server or share by reading that list, at most MAX_SCANNED records per call.
   */
  list(projectId: string, options: ListOptions): Promise<AttachmentPage>;

  /**
   * A short lock on one access rule's target, so that two gateways do not grant it twice: Manila checks, then inserts.
   * True when `owner` holds it now (taken or renewed). It expires after `ms`.
   */
  lockTarget(projectId: string, target: string, owner: string, ms: number): Promise<boolean>;
  /** Ends the lock if `owner` holds it. */
  unlockTarget(projectId: string, target: string, owner: string): Promise<void>;

  /** Whether the project's records are complete: recovered from Manila, and not lost or possibly lost since. */
  isRecovered(projectId: string): Promise<boolean>;
  markRecovered(projectId: string): Promise<void>;

  /**
   * A random id, the same for all gateways on this store. It marks the access rules that they make, because gateways
   * with another store may use the same cloud. A store that lost its state has a new id: rules with the old one have no
   * owner.
   */
  storeId(): Promise<string>;

  /**
   * The key that signs rule metadata, the same for all gateways on this store: the setting's, else a random one made at
   * first use. A store that lost its state has a new one: signatures made before are then unknown, not invalid.
   */
  signingKey(): Promise<string>;

  /**
   * Binds the store to the cloud of this gateway at first use, unless `mayWrite` is false. Returns null, or the other
   * cloud to which the store belongs: then its records are not this gateway's, and no work on them may begin.
   */
  bind(mayWrite?: boolean): Promise<string | null>;

  /** The cursor of the log's end: `0-0` for a log that never had an entry. */
  lastCursor(projectId: string): Promise<string>;
  /**
   * Events after the cursor, at most `limit`, oldest first; none only at the end of the log. `expired`: the log no
   * longer has (or never had) the cursor's entry, or the next one is unreadable. `0-0` is the start of a log that has
   * dropped nothing yet.
   */
  readEvents(projectId: string, after: string, limit: number): Promise<LogEvent[] | 'expired'>;
  /**
   * The events after the cursor that there are, whatever the log has dropped or cannot read; null: from the oldest one.
   * `last`: the cursor of the last entry read, readable or not; null: there is none.
   */
  readAvailable(
    projectId: string,
    after: string | null,
    limit: number,
  ): Promise<{ events: LogEvent[]; last: string | null }>;
  /**
   * The events before the cursor, newest first; null: from the newest one. `last`: the cursor of the last entry read,
   * readable or not; null: there is none before. `isTruncated`: the log has dropped entries that it once had.
   */
  readBefore(
    projectId: string,
    before: string | null,
    limit: number,
  ): Promise<{ events: LogEvent[]; last: string | null; isTruncated: boolean }>;
  /**
   * Calls `listener` with each event of the project appended from now on, in order, each once, also across a lost
   * connection (it reads the log from its last cursor). Resolves when live: every event appended after that is
   * delivered. The store holds one subscription per project, however many subscribers this process has. `onExpired` is
   * called when events can no longer be delivered without a gap.
   */
  subscribe(
    projectId: string,
    listener: (event: LogEvent) => void,
    onExpired: (error: Error) => void,
  ): Promise<Unsubscribe>;

  /** Projects whose log has events after their checkpoint, about `limit` at most, unordered. One round trip. */
  pendingProjects(limit: number): Promise<string[]>;
  /** The cursor up to which src/notifications/ has published the project's log; null: nothing yet. */
  checkpoint(projectId: string): Promise<string | null>;
  /** Sets it; at the log's end the project is no longer pending. */
  setCheckpoint(projectId: string, cursor: string): Promise<void>;

  /** Notes when a server's guest last read its list of mounts, ISO 8601; kept for GUEST_SEEN_DAYS. */
  markGuestSeen(projectId: string, serverId: string, at: string): Promise<void>;
  /**
   * When the servers' guests last read their lists, in the order of the ids; null: never, or too long ago. One round
   * trip.
   */
  guestsSeenAt(projectId: string, serverIds: readonly string[]): Promise<(string | null)[]>;

  /** The work on shares. */
  readonly shareOperations: ShareOperationStore;

  /** Notes a mapping whose server is deleted; noted again, it is as old as it is now. */
  noteDeletedMapping(mapping: DeletedMapping): Promise<void>;
  /** All that are noted, oldest first. One round trip. */
  deletedMappings(): Promise<DeletedMapping[]>;
  forgetDeletedMapping(mapping: DeletedMapping): Promise<void>;

  /** Rejects unless the store responds. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
