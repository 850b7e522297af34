/** The context of a drift scan: its session, its budget of calls, and what the process remembers of earlier scans. */
import type { Logger } from 'pino';
import { OpenStackError } from '../../openstack/errors.ts';
import type { Share } from '../../openstack/manila/types.ts';
import type { NovaServer } from '../../openstack/nova/types.ts';
import type { Session } from '../../openstack/session.ts';
import type { AttachmentStore } from '../store/contract.ts';
import type { SweepFinding, SweepReport } from './report.ts';
import type { AttachmentSnapshot, SnapshotPosition } from './snapshot.ts';

/** Maximum work of one scan; the next scan continues with the rest. */
export interface SweepBudget {
  /** GETs of single servers, shares and rules, which confirm what a list shows, and calls for a server's ports. */
  confirmations: number;
  /** Lists of a share's access rules. */
  ruleLists: number;
  /** Lists of the export locations of attached shares, some in each scan: guests read them from the records. */
  exportLists: number;
  /** Attachments reconciled because something is wrong with them: three requests each, and one per rule denied. */
  reconciles: number;
  /** Records read, and held in memory during the scan: about 1 KiB each. */
  records: number;
}

export interface SweepOptions {
  store: AttachmentStore;
  log: Logger;
  leaseMs: number;
  deadlineMs: number;
  /** Schedules an attachment for reconciling in this process. */
  enqueueAfter(projectId: string, id: string, delayMs: number): void;
}

/** The fields of a server that the sweep compares. */
export type ObservedServer = Pick<NovaServer, 'id' | 'tenant_id' | 'created' | 'addresses'>;

/** What one process remembers between scans. Losing it costs one full scan. */
export interface SweepMemory {
  /** When the last scan that read all changes of servers began, ms since the epoch; null before the first. */
  since: number | null;
  scans: number;
  /** Servers that may be deleted, until that is disproved or their last record is gone. */
  candidates: Set<string>;
  /**
   * Attachments of deleted servers whose revocation failed: number of retries, and the scan from which the next is due.
   */
  retries: Map<string, { retries: number; fromScan: number }>;
  /** Every server by id, since the first full scan. */
  servers: Map<string, ObservedServer>;
  /** Where the next scan begins to read records; null: at the first record. */
  recordsFrom: SnapshotPosition | null;
  /** Last id of each rotation. */
  rotation: Map<string, string>;
  /** Keys of findings that are logged already. */
  reported: Set<string>;
}

export interface SweepContext extends SweepOptions {
  /** The service account's, which sees every project. */
  session: Session;
  signal: AbortSignal;
  budget: SweepBudget;
  memory: SweepMemory;
  report: SweepReport;
  snapshot: AttachmentSnapshot;
  /** The shares of all projects, as listed in this scan. */
  shares: Map<string, Share>;
  /** The servers read in this scan. */
  observed: Map<string, NovaServer>;
  failures: number;
}

/** Number of logged findings remembered; past it all are logged again. */
const MAX_REPORTED = 10_000;
/** Number of concurrent calls. */
const PARALLEL = 8;
/** Failed calls after which a part of the scan ends: the service is down. */
const MAX_FAILURES = 5;

/** The memory of a process before its first scan. */
export function newMemory(): SweepMemory {
  return {
    since: null,
    scans: 0,
    candidates: new Set(),
    retries: new Map(),
    servers: new Map(),
    recordsFrom: null,
    rotation: new Map(),
    reported: new Set(),
  };
}

/** Remembers a server as read now. One whose cell is down shows no addresses: the last known ones stay. */
export function rememberServer({ memory, observed }: SweepContext, server: NovaServer): void {
  const { id, tenant_id, created, addresses } = server;
  observed.set(id, server);
  if (addresses) memory.servers.set(id, { id, tenant_id, created, addresses });
}

/** Takes calls from the budget; false when it is used up, which the report notes. */
export function consume({ budget, report }: SweepContext, what: keyof SweepBudget, calls = 1): boolean {
  if (budget[what] >= calls) {
    budget[what] -= calls;
    return true;
  }
  const note = `More ${what} than the budget of one scan: the next scan continues`;
  if (!report.unfinished.includes(note)) report.unfinished.push(note);
  return false;
}

/** Adds a finding to the report, and logs it the first time. */
export function report({ report, memory, log }: SweepContext, finding: SweepFinding): void {
  report.findings.push(finding);
  const key = [finding.kind, finding.outcome, finding.serverId, finding.shareId, finding.ruleId].join(' ');
  if (memory.reported.has(key) && finding.outcome === 'manual') return;
  if (memory.reported.size >= MAX_REPORTED) memory.reported.clear();
  memory.reported.add(key);
  log[finding.outcome === 'manual' ? 'warn' : 'info'](finding, 'drift found');
}

/**
 * Runs `work` on the items, a few concurrently. A failed call skips its item; a rejected token, or the sixth failure,
 * throws.
 */
export async function forEach<T>(
  context: SweepContext,
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items].values();
  const worker = async () => {
    for (const item of queue) {
      context.signal.throwIfAborted();
      await work(item).catch((error: unknown) => countFailure(context, error));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

function countFailure(context: SweepContext, error: unknown): void {
  if (!(error instanceof OpenStackError) || error.status === 401 || ++context.failures > MAX_FAILURES) throw error;
  context.report.unfinished.push(error.message);
}

/**
 * The items that the remaining confirmations suffice for, at `calls` each; by rotation when not all fit, which the
 * report notes.
 */
export function withinBudget<T>(context: SweepContext, name: string, items: Map<string, T>, calls = 1): T[] {
  const count = Math.floor(context.budget.confirmations / calls);
  if (items.size <= count) return [...items.values()];
  context.report.unfinished.push(`${items.size - count} of ${name} wait for the next scan`);
  return rotate(context, name, items, count);
}

/** At most `count` items by id, beginning after the last of the previous rotation. */
export function rotate<T>({ memory }: SweepContext, name: string, items: Map<string, T>, count: number): T[] {
  const ids = [...items.keys()].sort();
  const last = memory.rotation.get(name) ?? '';
  const next = ids.findIndex((id) => id > last);
  const chosen = [...ids.slice(Math.max(next, 0)), ...ids.slice(0, Math.max(next, 0))].slice(0, count);
  const end = chosen.at(-1);
  if (end !== undefined) memory.rotation.set(name, end);
  return chosen.flatMap((id) => items.get(id) ?? []);
}
