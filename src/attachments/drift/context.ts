/** What a pass of the sweep works with: whose rights, how many calls it may make, and what it remembers of the pass before. */
import type { Logger } from 'pino';
import { OpenStackError } from '../../openstack/errors.ts';
import type { Share } from '../../openstack/manila/types.ts';
import type { NovaServer } from '../../openstack/nova/types.ts';
import type { Session } from '../../openstack/session.ts';
import type { AttachmentStore } from '../store/contract.ts';
import type { SweepFinding, SweepReport } from './report.ts';
import type { AttachmentSnapshot, SnapshotPosition } from './snapshot.ts';

/** How much of each kind one pass does at the most; what is left over has its turn in the next. */
export interface SweepBudget {
  /** GETs of single servers, shares and rules, to confirm what a list says, and calls for a server's ports. */
  confirmations: number;
  /** Lists of a share's access rules. */
  ruleLists: number;
  /** Attachments that are looked at closely, as something is wrong with them: three requests each, and one a rule for the denial. */
  reconciles: number;
  /** Records read, which are held in memory meanwhile: about 1 KiB each. */
  records: number;
}

export interface SweepOptions {
  store: AttachmentStore;
  log: Logger;
  leaseMs: number;
  deadlineMs: number;
  /** Has the worker go on with an attachment. */
  enqueueAfter(projectId: string, id: string, delayMs: number): void;
}

/** A server as far as the sweep compares it. */
export type ObservedServer = Pick<NovaServer, 'id' | 'tenant_id' | 'created' | 'addresses'>;

/** What one process remembers from pass to pass. Losing it costs one full pass. */
export interface SweepMemory {
  /** When the last pass that saw all changes of servers began, ms since the epoch; null before the first. */
  since: number | null;
  scans: number;
  /** Servers that may be gone, and are not confirmed or not dealt with. */
  candidates: Set<string>;
  /** Attachments of deleted servers whose revocation failed: how often it was tried again, and from which pass on it is next. */
  retries: Map<string, { retries: number; fromPass: number }>;
  /** Every server by id, since the first full pass. */
  servers: Map<string, ObservedServer>;
  /** Where the next pass begins to read records; null at the first. */
  recordsFrom: SnapshotPosition | null;
  /** Where each rotation stands. */
  rotation: Map<string, string>;
  /** Findings that were logged already. */
  reported: Set<string>;
}

export interface SweepContext extends SweepOptions {
  /** The gateway's own, with a view of every project. */
  session: Session;
  signal: AbortSignal;
  budget: SweepBudget;
  memory: SweepMemory;
  report: SweepReport;
  snapshot: AttachmentSnapshot;
  /** The shares of all projects, as listed in this pass. */
  shares: Map<string, Share>;
  /** The servers that this pass has seen as they are now. */
  observed: Map<string, NovaServer>;
  failures: number;
}

/** Findings that are remembered as told; then all are told again. */
const MAX_REPORTED = 10_000;
/** Calls at the same time. */
const PARALLEL = 8;
/** Failed calls after which a pass gives up: the service is away. */
const MAX_FAILURES = 5;

/** The memory of a process that has not swept yet. */
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

/** Takes a server as seen now. One whose cell is down shows no addresses: what was known of them stays. */
export function rememberServer({ memory, observed }: SweepContext, server: NovaServer): void {
  const { id, tenant_id, created, addresses } = server;
  observed.set(id, server);
  if (addresses) memory.servers.set(id, { id, tenant_id, created, addresses });
}

/** Takes from the budget; false when it is used up, which the report says. */
export function consume({ budget, report }: SweepContext, what: keyof SweepBudget, calls = 1): boolean {
  if (budget[what] >= calls) {
    budget[what] -= calls;
    return true;
  }
  const note = `More ${what} than one pass makes: the next pass goes on`;
  if (!report.unfinished.includes(note)) report.unfinished.push(note);
  return false;
}

/** Puts a finding into the report, and into the log the first time it is found. */
export function report({ report, memory, log }: SweepContext, finding: SweepFinding): void {
  report.findings.push(finding);
  const key = [finding.kind, finding.outcome, finding.serverId, finding.shareId, finding.ruleId].join(' ');
  if (memory.reported.has(key) && finding.outcome === 'left') return;
  if (memory.reported.size >= MAX_REPORTED) memory.reported.clear();
  memory.reported.add(key);
  log[finding.outcome === 'left' ? 'warn' : 'info'](finding, 'the sweep found something');
}

/** Works on each item, a few at the same time. A call that fails costs its item only; a refused token, or the sixth failure, ends the pass. */
export async function forEach<T>(
  context: SweepContext,
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items].values();
  const worker = async () => {
    for (const item of queue) {
      context.signal.throwIfAborted();
      await work(item).catch((error: unknown) => note(context, error));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

function note(context: SweepContext, error: unknown): void {
  if (!(error instanceof OpenStackError) || error.status === 401 || ++context.failures > MAX_FAILURES) throw error;
  context.report.unfinished.push(error.message);
}

/** Items that take so many confirmations each, as many as the budget still has calls for, each in its turn. The report says when some were left out. */
export function withinBudget<T>(context: SweepContext, name: string, items: Map<string, T>, calls = 1): T[] {
  const count = Math.floor(context.budget.confirmations / calls);
  if (items.size <= count) return [...items.values()];
  context.report.unfinished.push(`${items.size - count} of ${name} have their turn in the next pass`);
  return rotate(context, name, items, count);
}

/** The items after the one that had its turn last, by id, round and round: at most `count`. */
export function rotate<T>({ memory }: SweepContext, name: string, items: Map<string, T>, count: number): T[] {
  const ids = [...items.keys()].sort();
  const last = memory.rotation.get(name) ?? '';
  const next = ids.findIndex((id) => id > last);
  const chosen = [...ids.slice(Math.max(next, 0)), ...ids.slice(0, Math.max(next, 0))].slice(0, count);
  const end = chosen.at(-1);
  if (end !== undefined) memory.rotation.set(name, end);
  return chosen.flatMap((id) => items.get(id) ?? []);
}
