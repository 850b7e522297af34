/** The periodic drift scan of the running gateways: by one leader at a time, with the service account. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { startDeadline } from '../../deadline.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import type { ServiceAccount } from '../../openstack/keystone/service-account.ts';
import { newRequestId, type Session } from '../../openstack/session.ts';
import type { AttachmentStore } from '../store/contract.ts';
import { newMemory, type SweepOptions } from './context.ts';
import type { SweepReport } from './report.ts';
import { canSweep, SCAN_BUDGET, sweepOnce } from './scan.ts';

/** How many times a running scan renews its lock within the lock's time to live. */
const RENEWALS = 3;
/** Time to live of the leadership after a scan: this many intervals, and at least `MIN_LEADER_MS`. */
const LEADER_INTERVALS = 2.5;
const MIN_LEADER_MS = 5000;
/** Deadline of one scan, in ms. */
const SCAN_MS = 600_000;
/** The locks of the sweep: in the place of a project, and of a target. */
const SWEEP = 'sweep';
const LEADER_LOCK = 'role';
const SCAN_LOCK = 'pass';

export interface Sweeper {
  start(): void;
  /** Ends a running scan, and resigns as leader. */
  stop(): Promise<void>;
}

export interface SweeperOptions extends SweepOptions {
  account: ServiceAccount | null;
  intervalMs: number;
  /** Time to live of the scan lock, in ms. */
  lockMs: number;
  /** Called after each scan of this process, with its report, or null if it failed. */
  onScan?: ((report: SweepReport | null, seconds: number) => void) | undefined;
}

/**
 * Scans every `intervalMs` (0: never). Without an account, or with one that does not see all projects, logs that once
 * and does nothing.
 */
export function createSweeper(options: SweeperOptions): Sweeper {
  const { store, log, account, intervalMs, lockMs } = options;
  const owner = randomUUID();
  const memory = newMemory();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  let hasWarned = false;

  const scanAsLeader = async (own: ServiceAccount) => {
    const session = await own.session(newRequestId());
    if (!canSweep(session)) {
      if (!hasWarned) log.warn('the service account lacks the role admin: no drift detection');
      hasWarned = true;
      return;
    }
    // the leader stays the same while it lives: it remembers since when it has read changes
    const leaderMs = Math.max(MIN_LEADER_MS, LEADER_INTERVALS * intervalMs);
    if (!(await store.lockTarget(SWEEP, LEADER_LOCK, owner, leaderMs))) return;
    await withScanLock({ store, owner, lockMs, stop: stopping.signal }, async (signal) => {
      await scan(own, session, signal);
    });
  };

  const scan = async (own: ServiceAccount, session: Session, signal: AbortSignal) => {
    const startedAt = performance.now();
    const seconds = () => (performance.now() - startedAt) / 1000;
    try {
      const report = await sweepOnce({ ...options, session, signal, memory, budget: SCAN_BUDGET, isDryRun: false });
      options.onScan?.(report, seconds());
      const { findings, unfinished, ...counts } = report;
      log[unfinished.length > 0 ? 'warn' : 'debug'](
        { ...counts, findings: findings.length, unfinished },
        'drift scan done',
      );
    } catch (error) {
      options.onScan?.(null, seconds());
      if (error instanceof OpenStackError && error.status === 401) own.invalidate(session);
      throw error;
    }
  };

  const schedule = (own: ServiceAccount) => {
    if (stopping.signal.aborted) return;
    // spread: gateways that start together do not scan together
    timer = setTimeout(
      () => {
        running = scanAsLeader(own)
          .catch((error: unknown) => logFailure(log, stopping.signal, error))
          .finally(() => schedule(own));
      },
      intervalMs * (0.5 + Math.random() / 2),
    ).unref();
  };

  return {
    start() {
      if (intervalMs === 0 || timer) return;
      if (account) schedule(account);
      else log.info('no service account: no drift detection');
    },
    async stop() {
      stopping.abort(new Error('The gateway stops'));
      if (timer) clearTimeout(timer);
      await running;
      if (timer) await store.unlockTarget(SWEEP, LEADER_LOCK, owner).catch(() => undefined);
    },
  };
}

function logFailure(log: Logger, { aborted }: AbortSignal, error: unknown): void {
  if (!aborted) log.warn({ err: error }, 'drift scan failed; the next one is scheduled');
}

/** The scan lock of a store as one process takes it. */
export interface ScanLock {
  store: AttachmentStore;
  /** A random id of the process. */
  owner: string;
  /** Time to live, in ms. */
  lockMs: number;
  /** Ends the scan. */
  stop: AbortSignal;
}

/**
 * Runs `work` under the scan lock; false when another process holds it. The signal that `work` gets aborts when the
 * lock is lost, the deadline passes, or `stop` aborts.
 */
export async function withScanLock(
  { store, owner, lockMs, stop }: ScanLock,
  work: (signal: AbortSignal) => Promise<void>,
  scanMs = SCAN_MS,
): Promise<boolean> {
  if (!(await store.lockTarget(SWEEP, SCAN_LOCK, owner, lockMs))) return false;
  const deadline = startDeadline(scanMs, stop);
  const renew = async () => {
    if (!(await store.lockTarget(SWEEP, SCAN_LOCK, owner, lockMs)))
      throw new Error('The scan lock is lost to another process');
  };
  const timer = setInterval(() => renew().catch((error: unknown) => deadline.abort(error)), lockMs / RENEWALS).unref();
  try {
    await work(deadline.signal);
    return true;
  } finally {
    clearInterval(timer);
    deadline.end();
    await store.unlockTarget(SWEEP, SCAN_LOCK, owner).catch(() => undefined);
  }
}
