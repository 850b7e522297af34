/** `npm run sweep`: one full drift scan with the gateways' settings and store; prints its report. */
import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Logger, pino } from 'pino';
import { newMemory, type SweepBudget } from '../attachments/drift/context.ts';
import { withScanLock } from '../attachments/drift/leader.ts';
import { reportTable, type SweepReport } from '../attachments/drift/report.ts';
import { canSweep, type ScanOptions, sweepOnce } from '../attachments/drift/scan.ts';
import { createQueue } from '../attachments/reconcile/queue.ts';
import { createSessionRegistry } from '../attachments/reconcile/sessions.ts';
import { createRedisStore } from '../attachments/store/redis.ts';
import { type Config, ConfigError, readConfig } from '../config.ts';
import { closeCloud, createCloud, describeCloud } from '../openstack/cloud.ts';
import { type CloudConfig, readCloudConfig } from '../openstack/config/cloud-config.ts';
import { createServiceAccount } from '../openstack/keystone/service-account.ts';
import { newRequestId } from '../openstack/session.ts';
import { connectRedis } from '../redis/connect.ts';

const HELP = `Usage: npm run sweep -- [--dry-run] [--json]

Compares all attachments with the cloud once: attachments of deleted servers and shares, rules that are gone or in error,
changed addresses, rules without an attachment, rules for an address of another server.
Repairs what needs no user's token, and lists what it did and what needs a manual decision. Reads the gateways' settings
(REDIS_URL, REDIS_PREFIX, OS_CLOUD or OS_*, …); needs credentials with the role admin.

  --dry-run  changes nothing: lists what would be done
  --json     one JSON document instead of a table
  --help     this text

Exit status: 0 nothing found, or all of it done; 1 the sweep failed; 2 something needs a manual decision, was not
compared, or, in a dry run, would be done.
`;

/** Budget that covers a whole cloud in one scan; running gateways take a part at a time. */
const WHOLE: SweepBudget = {
  confirmations: 100_000,
  ruleLists: 100_000,
  exportLists: 100_000,
  reconciles: 100_000,
  records: 1_000_000,
};
/** How long to wait for the scan lock, and afterwards for revocations to end, in ms. */
const LOCK_WAIT_MS = 60_000;
const REVOCATION_WAIT_MS = 30_000;
const POLL_MS = 200;
const CALLS_A_LEASE = 3;

type NamedCloud = Extract<CloudConfig, { kind: 'cloud' }>;

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { 'dry-run': { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const config = readConfig(process.env);
  const log = pino({ level: process.env['LOG_LEVEL'] ? config.LOG_LEVEL : 'error' }, pino.destination(2));
  const report = await sweep(config, chooseCloud(config), log, values['dry-run'] ?? false);
  process.stdout.write(`${values.json ? JSON.stringify(report, null, 2) : reportTable(report)}\n`);
  const isClean = report.unfinished.length === 0 && report.findings.every(({ outcome }) => outcome === 'done');
  return isClean ? 0 : 2;
}

function chooseCloud(config: Config): NamedCloud {
  const problems = config.REDIS_URL ? [] : ['REDIS_URL: expected, the gateways keep their attachments there'];
  const named = readCloudConfig(process.env, { cwd: process.cwd(), home: homedir() });
  if (named.kind === 'wrong') problems.push(...named.problems);
  else if (named.kind !== 'cloud') problems.push('OS_CLOUD or OS_AUTH_URL: expected');
  else if (!named.credentials) problems.push('OS_CLOUD or OS_*: expected credentials');
  else if (problems.length === 0) return named;
  throw new ConfigError(problems);
}

async function sweep(
  config: Config,
  { settings, credentials }: NamedCloud,
  log: Logger,
  isDryRun: boolean,
): Promise<SweepReport> {
  const { UPSTREAM_TIMEOUT_MS: timeoutMs, UPSTREAM_CONNECTIONS: connections, ATTACH_DEADLINE_MS: deadlineMs } = config;
  const cloud = createCloud({ ...settings, timeoutMs, connections });
  const redis = connectRedis(config.REDIS_URL ?? '', log);
  const account = credentials && createServiceAccount(cloud, credentials, log);
  const store = await createRedisStore({
    redis,
    prefix: config.REDIS_PREFIX,
    cloud: describeCloud(settings),
    logLength: config.EVENT_LOG_LENGTH,
    replicas: config.REDIS_WAIT_REPLICAS,
    signingKey: config.RULE_SIGNING_KEY,
    log,
  });
  const leaseMs = Math.max(config.LEASE_MS, CALLS_A_LEASE * timeoutMs);
  const work = { store, log, leaseMs, deadlineMs };
  const queue = createQueue({ ...work, sessions: createSessionRegistry(account) });
  try {
    await redis.ready();
    const other = await store.bind(!isDryRun);
    if (other !== null) throw new ConfigError([`REDIS_URL, REDIS_PREFIX: the store belongs to the cloud ${other}`]);
    const session = await account?.session(newRequestId());
    if (!session || !canSweep(session)) {
      throw new ConfigError(['OS_CLOUD or OS_*: expected credentials with the role admin, to see every project']);
    }
    const { enqueueAfter } = queue;
    const signal = new AbortController().signal;
    const scan = { ...work, enqueueAfter, session, signal, budget: WHOLE, memory: newMemory(), isDryRun };
    const report = isDryRun ? await sweepOnce(scan) : await sweepAsLeader(scan, config.SWEEP_LOCK_MS);
    if (!isDryRun) await awaitRevocations(scan, report);
    return report;
  } finally {
    await queue.stop();
    await store.close();
    await redis.close();
    await closeCloud(cloud);
  }
}

async function sweepAsLeader(scan: ScanOptions, lockMs: number): Promise<SweepReport> {
  const lock = { store: scan.store, owner: randomUUID(), lockMs, stop: scan.signal };
  let report: SweepReport | null = null;
  const giveUpAt = performance.now() + LOCK_WAIT_MS;
  while (performance.now() < giveUpAt) {
    await withScanLock(lock, async (signal) => {
      report = await sweepOnce({ ...scan, signal });
    });
    if (report) return report;
    await sleep(POLL_MS);
  }
  throw new Error('Another gateway holds the scan lock for more than a minute: try again');
}

/** Waits until the revocations that this sweep began are done; the gateways finish those that take longer. */
async function awaitRevocations({ store }: ScanOptions, report: SweepReport): Promise<void> {
  const giveUpAt = performance.now() + REVOCATION_WAIT_MS;
  for (const { kind, outcome, projectId, serverId, shareId } of report.findings) {
    if (!['SERVER_DELETED', 'RULE_WITHOUT_ATTACHMENT'].includes(kind) || outcome !== 'done' || !projectId) continue;
    const id = `${serverId}:${shareId}`;
    while ((await store.get(projectId, id))?.status === 'detaching') {
      if (performance.now() > giveUpAt) {
        report.unfinished.push(`The access of ${id} is still being revoked: a gateway continues`);
        break;
      }
      await sleep(POLL_MS);
    }
  }
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  },
);
