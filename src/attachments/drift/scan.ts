/**
 * One drift scan: compares servers, shares, addresses and rules with the records, and repairs what the service account
 * may.
 */
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
import { sweepVirtiofs } from './virtiofs.ts';

/** Budget of a scan by a running gateway. */
export const SCAN_BUDGET: SweepBudget = {
  confirmations: 200,
  ruleLists: 200,
  exportLists: 20,
  reconciles: 100,
  records: 200_000,
};
/** Every so many scans list all servers, not only those changed: Nova's lists omit cells that are down. */
const FULL_EVERY = 10;

export interface ScanOptions extends SweepOptions {
  /** The service account's, for which `canSweep` is true. */
  session: Session;
  signal: AbortSignal;
  budget: SweepBudget;
  memory: SweepMemory;
  /** Reads only: nothing is written to the store or the cloud. */
  isDryRun: boolean;
}

/** Whether a session sees every project: to any other a 404 would wrongly mean deleted. */
export function canSweep({ identity }: Session): boolean {
  return identity.roles.includes('admin');
}

/**
 * Scans once. Maximum number of upstream calls, with S servers (in a full scan; otherwise those changed since 5 minutes
 * before the last scan) and M shares:
 *
 *     ⌈S/200⌉ + 1  +  ⌈M/1000⌉ + 1  +  ruleLists  +  confirmations  +  3 × reconciles
 *
 * (708 in a cloud of 1,000 servers and 1,000 shares with the budget of a running gateway), whatever the number of
 * attachments and projects, and the queue's revocations for at most `reconciles` attachments. The next scan continues
 * beyond the budget. When a service is down its part is skipped, which the report's `unfinished` notes. So it does when
 * there are more records than the budget: each scan then compares some of them, and lists all servers.
 * @throws OpenStackError 401 when the token is no longer valid; GatewayError STATE_UNAVAILABLE
 */
export async function sweepOnce(options: ScanOptions): Promise<SweepReport> {
  const { memory } = options;
  if ((await options.store.bind(!options.isDryRun)) !== null) {
    throw new GatewayError('STATE_UNAVAILABLE', 'The attachment store belongs to another cloud');
  }
  const snapshot = await readSnapshot(options.store, options.budget.records, memory.recordsFrom);
  memory.recordsFrom = snapshot.next;
  // a change may be listed in a scan that does not hold the record: with an incomplete snapshot all servers are listed
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
  for (const part of [sweepServers, sweepShares, sweepAddresses, sweepRules, sweepVirtiofs])
    await attempt(context, part);
  memory.scans++;
  return report;
}

function tooMany({ count, next }: AttachmentSnapshot): string {
  const others = next ? 'the next scan continues with the others' : 'the scans before read the others';
  return `More attachments than one scan reads: ${count} are compared, ${others}; rules without an attachment, and rules for an address of another server, are not checked`;
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
