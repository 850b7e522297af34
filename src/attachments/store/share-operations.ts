import type { NewShareEvent, ShareOperation } from '../shares/operation.ts';
import type { Lease, WriteConflict } from './contract.ts';

/** Maximum operations of one project that are in progress at the same time. */
export const MAX_SHARE_OPERATIONS = 1000;

export interface ShareCommitOptions {
  /** Appended to the project's log and published in the same atomic step. */
  event?: NewShareEvent;
  /** When the operation is due, in ms from now. */
  dueInMs: number;
  /** The lease under which this is written. */
  owner?: string;
  /** Whether the lease continues after this commit; by default the commit ends it. */
  keepLease?: boolean;
}

/**
 * Work on shares: the same promises as for attachments. Every write is atomic, compares the version first, and appends
 * its event in the same step. Operations come due in the same lists as attachments; their ids have no colon.
 */
export interface ShareOperationStore {
  /**
   * Writes the operation, held under the lease, unless there is one with its id or one for its share (`exists`), or the
   * project has MAX_SHARE_OPERATIONS (`full`).
   */
  create(
    operation: ShareOperation,
    event: NewShareEvent,
    lease: Lease,
  ): Promise<
    | { outcome: 'created'; operation: ShareOperation }
    | { outcome: 'exists'; operation: ShareOperation }
    | { outcome: 'full' }
  >;
  /** Writes the operation if its version is the stored one; returns it with its new version. */
  commit(operation: ShareOperation, options: ShareCommitOptions): Promise<ShareOperation | WriteConflict>;
  /** Deletes the operation under the conditions of `commit`; appends the event. */
  remove(
    operation: ShareOperation,
    options: { event?: NewShareEvent; owner?: string },
  ): Promise<'removed' | WriteConflict>;
  /** Holds the operation unless it is held; bumps its version and schedules it for the end of the lease. */
  claim(projectId: string, id: string, lease: Lease): Promise<ShareOperation | 'held' | 'gone'>;
  /** Ends a lease early without changing the operation. No effect unless `owner` holds the lease. */
  release(projectId: string, id: string, owner: string, dueInMs: number): Promise<void>;
  get(projectId: string, id: string): Promise<ShareOperation | null>;
  /** The operation in progress of each share, in the order of the ids. */
  ofShares(projectId: string, shareIds: readonly string[]): Promise<(ShareOperation | null)[]>;
  /** The project's operations in progress, oldest first; at most MAX_SHARE_OPERATIONS. */
  list(projectId: string): Promise<ShareOperation[]>;
}

/** Whether an id in a due list is that of an operation on a share: attachments' ids have a colon. */
export function isOperationId(id: string): boolean {
  return !id.includes(':');
}

/** Orders operations oldest first. */
export function compareOperations(a: ShareOperation, b: ShareOperation): number {
  return a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.id < b.id) ? -1 : 1;
}
