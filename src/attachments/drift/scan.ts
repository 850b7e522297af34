/** One pass of the sweep: what changed behind our back, compared with the records, and put right as far as the gateway's own credentials may. */
import { GatewayError } from '../../errors.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import type { Session } from '../../openstack/session.ts';
import { sweepAddresses } from './addresses.ts';
import type { SweepBudget, SweepContext, SweepMemory, SweepOptions } from './context.ts';
import { newReport, type SweepReport } from './report.ts';
import { sweepRules } from './rules.ts';
import { sweepServers } from './servers.ts';
import { sweepShares } from './shares.ts';
import { type AttachmentSnapshot, readSnapshot } from './snapshot.ts';

/** What a pass of a running gateway may cost. */
export const SCAN_BUDGET: SweepBudget = { confirmations: 200, ruleLists: 200, reconciles: 100, records: 200_000 };
/** Every so many passes all servers are listed, not only those changed: its lists leave out cells that are down. */
const FULL_EVERY = 10;

export interface ScanOptions extends SweepOptions {
  /** The gateway's own; `canSweep` says whether it will do. */
  session: Session;
  signal: AbortSignal;
  budget: SweepBudget;
  memory: SweepMemory;
  /** Reads only: nothing is written to the store or the cloud. */
  isDryRun: boolean;
}

/** Whether a session sees every project: to another a 404 would read as deleted. */
export function canSweep({ identity }: Session): boolean {
  return identity.roles.includes('admin');
}

/**
 * Sweeps once. Upstream calls, with S servers (of a full pass; else those changed since the last pass and 5 minutes before it) and M shares, at the most
 *
 *     ⌈S/200⌉ + 1  +  ⌈M/1000⌉ + 1  +  ruleLists  +  confirmations  +  3 × looks
 *
 * (708 in a cloud of 1,000 servers and 1,000 shares and the budget of a running gateway), whatever the number of attachments and projects, and the worker's revocations for at most `looks` attachments; what the budget leaves over has its turn in the next pass. A service that is away costs its part: the report's `unfinished` says it. So does more than the budget's records: each pass then compares some of them, and lists all servers.
 * @throws OpenStackError 401 when the token died; GatewayError STATE_UNAVAILABLE
 */
export async function sweepOnce(options: ScanOptions): Promise<SweepReport> {
  const { memory } = options;
  const snapshot = await readSnapshot(options.store, options.budget.records, memory.recordsFrom);
  memory.recordsFrom = snapshot.next;
  // a change may be told in a pass that does not hold the record: with some of them only, all servers are listed each time
  const isFull = memory.since === null || memory.scans % FULL_EVERY === 0 || !snapshot.isComplete;
  const report = newReport(options.isDryRun, isFull);
  report.attachments = snapshot.count;
  if (!snapshot.isComplete) report.unfinished.push(tooMany(snapshot));
  const session = { ...options.session, signal: options.signal };
  const context: SweepContext = {
    ...options,
    session,
    budget: { ...options.budget },
    report,
    snapshot,
    shares: new Map(),
    observed: new Map(),
    failures: 0,
  };
  for (const part of [sweepServers, sweepShares, sweepAddresses, sweepRules]) await attempt(context, part);
  memory.scans++;
  return report;
}

function tooMany({ count, next }: AttachmentSnapshot): string {
  const rest = next ? 'the next pass goes on with the others' : 'the passes before read the others';
  return `More attachments than one pass reads: ${count} are compared, ${rest}; rules without an attachment, and rules that let in another server, are not looked for`;
}

async function attempt(context: SweepContext, part: (context: SweepContext) => Promise<void>): Promise<void> {
  context.failures = 0;
  try {
    await part(context);
  } catch (error) {
    const isFatal =
      context.signal.aborted || !isUpstream(error) || (error instanceof OpenStackError && error.status === 401);
    if (isFatal) throw error;
    context.report.unfinished.push(error.message);
  }
}

function isUpstream(error: unknown): error is OpenStackError | GatewayError {
  return error instanceof OpenStackError || (error instanceof GatewayError && error.code !== 'STATE_UNAVAILABLE');
}
