/** The sweep of a running gateway: every so often, one gateway at a time, with the gateway's own credentials. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { startDeadline } from '../../deadline.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import type { ServiceAccount } from '../../openstack/keystone/service-account.ts';
import { newRequestId, type Session } from '../../openstack/session.ts';
import type { AttachmentStore } from '../store/contract.ts';
import { newMemory, type SweepOptions } from './context.ts';
import { canSweep, SCAN_BUDGET, sweepOnce } from './scan.ts';

/** A lock is held for so long at a time, in ms, and renewed while a pass runs. */
const LOCK_MS = 30_000;
const RENEW_MS = 10_000;
/** How long the gateway that sweeps keeps others from it after a pass: so many intervals, and at least `LEAST_ROLE_MS`. */
const ROLE_INTERVALS = 2.5;
const MIN_ROLE_MS = 5000;
/** How long one pass may take, in ms. */
const SCAN_MS = 600_000;
/** Not a project: under whose name the sweep's locks are. */
const SWEEP = 'sweep';

export interface Sweeper {
  start(): void;
  /** Ends the pass under way, and leaves the sweep to other gateways at once. */
  stop(): Promise<void>;
}

/** Sweeps every `intervalMs`, 0 never. Without an account, or with one that does not see all projects, it says so once and does nothing. */
export function createSweeper(options: SweepOptions & { account: ServiceAccount | null; intervalMs: number }): Sweeper {
  const { store, log, account, intervalMs } = options;
  const owner = randomUUID();
  const memory = newMemory();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  let isBlind = false;

  const turn = async (own: ServiceAccount) => {
    const session = await own.session(newRequestId());
    if (!canSweep(session)) {
      if (!isBlind)
        log.warn('the gateway’s own credentials lack the role admin: what changes behind its back is not seen');
      isBlind = true;
      return;
    }
    // the same gateway goes on with it: it knows since when
    const roleMs = Math.max(MIN_ROLE_MS, ROLE_INTERVALS * intervalMs);
    if (!(await store.lockTarget(SWEEP, 'role', owner, roleMs))) return;
    await withScanLock(store, owner, stopping.signal, async (signal) => {
      await pass(own, session, signal);
    });
  };

  const pass = async (own: ServiceAccount, session: Session, signal: AbortSignal) => {
    try {
      const report = await sweepOnce({ ...options, session, signal, memory, budget: SCAN_BUDGET, isDryRun: false });
      const { findings, unfinished, ...counts } = report;
      log[unfinished.length > 0 ? 'warn' : 'debug']({ ...counts, found: findings.length, unfinished }, 'swept');
    } catch (error) {
      if (error instanceof OpenStackError && error.status === 401) own.invalidate(session);
      throw error;
    }
  };

  const schedule = (own: ServiceAccount) => {
    if (stopping.signal.aborted) return;
    // gateways that start together do not sweep together
    timer = setTimeout(
      () => {
        running = turn(own)
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
      else log.info('without credentials of its own the gateway does not see what changes behind its back: no sweep');
    },
    async stop() {
      stopping.abort(new Error('The gateway stops'));
      if (timer) clearTimeout(timer);
      await running;
      if (timer) await store.unlockTarget(SWEEP, 'role', owner).catch(() => undefined);
    },
  };
}

function logFailure(log: Logger, { aborted }: AbortSignal, error: unknown): void {
  if (!aborted) log.warn({ err: error }, 'the sweep failed; it is tried again');
}

/**
 * Runs `work` while nobody else runs a pass; false when somebody does. The signal it gives ends when the lock is lost, the pass takes too long, or `stop` says so.
 */
export async function withScanLock(
  store: AttachmentStore,
  owner: string,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
  scanMs = SCAN_MS,
): Promise<boolean> {
  if (!(await store.lockTarget(SWEEP, 'pass', owner, LOCK_MS))) return false;
  const deadline = startDeadline(scanMs, stop);
  const renew = async () => {
    if (!(await store.lockTarget(SWEEP, 'pass', owner, LOCK_MS))) throw new Error('Another gateway has the sweep now');
  };
  const timer = setInterval(() => renew().catch((error: unknown) => deadline.abort(error)), RENEW_MS).unref();
  try {
    await work(deadline.signal);
    return true;
  } finally {
    clearInterval(timer);
    deadline.end();
    await store.unlockTarget(SWEEP, 'pass', owner).catch(() => undefined);
  }
}
