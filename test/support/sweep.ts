import { randomUUID } from 'node:crypto';
import { type Logger, pino } from 'pino';
import { type Attachment, attachmentId } from '../../src/attachments/attachment.ts';
import { newMemory, type SweepBudget } from '../../src/attachments/drift/context.ts';
import type { SweepReport } from '../../src/attachments/drift/report.ts';
import { SCAN_BUDGET, sweepOnce } from '../../src/attachments/drift/scan.ts';
import { MANAGED_BY } from '../../src/attachments/rule-metadata.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createRedisStore } from '../../src/attachments/store/redis.ts';
import { type Cloud, closeCloud, createCloud } from '../../src/openstack/cloud.ts';
import { createServiceAccount, type ServiceAccount } from '../../src/openstack/keystone/service-account.ts';
import { connectRedis, type RedisConnections } from '../../src/redis/connect.ts';
import { type AccessRule, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { anAttachment } from './attachments.ts';
import { randomPrefix, testRedisUrl } from './redis.ts';

/** Drift scans run by the test: over a real Redis and a sandbox cloud, without a gateway. */
export interface SweepBench {
  sandbox: Sandbox;
  store: AttachmentStore;
  redis: RedisConnections;
  prefix: string;
  cloud: Cloud;
  account: ServiceAccount;
  /** One scan; its memory is kept for the next. */
  sweep(options?: { isDryRun?: boolean; budget?: Partial<SweepBudget> }): Promise<SweepReport>;
  /** An attached pair with its record and its active rule; what is not given is new. */
  attached(given?: Given): Promise<{ record: Attachment; rule: Readonly<AccessRule> }>;
  close(): Promise<void>;
}

interface Given {
  serverId?: string;
  shareId?: string;
  projectId?: string;
  address?: string;
  requestedAccessTo?: string[];
}

/** When everything in the bench's cloud was created: long before any scan asks for changes. */
export const LONG_AGO = Date.UTC(2025, 2, 3, 8, 0, 0);

/** The credentials of a user of the sandbox. */
export function passwordOf(user: string, project: string) {
  const named = (name: string) => ({ name, domain: { name: 'Default' } });
  return { method: 'password' as const, user: named(user), password: 'secret', project: named(project) };
}

/** Starts an empty cloud and a store under a new prefix. */
export async function startBench(log: Logger = pino({ level: 'silent' })): Promise<SweepBench> {
  const sandbox = await startSandbox({ seed: 'empty', accessDelayMs: 5 });
  const redis = connectRedis(testRedisUrl(), log);
  await redis.ready();
  const prefix = randomPrefix();
  const store = await createRedisStore({ redis, prefix, logLength: 1000, log });
  const settings = { authUrl: sandbox.authUrl, region: null, interface: 'public' as const, endpointOverrides: {} };
  const cloud = createCloud({ ...settings, timeoutMs: 10_000, connections: 8 });
  const account = createServiceAccount(cloud, passwordOf('gateway', 'service'), log);
  const memory = newMemory();
  return {
    sandbox,
    store,
    redis,
    prefix,
    cloud,
    account,
    async sweep({ isDryRun = false, budget = {} } = {}) {
      return await sweepOnce({
        ...{ store, log, memory, isDryRun, leaseMs: 30_000, deadlineMs: 600_000 },
        enqueueAfter() {},
        session: await account.session(`req-${randomUUID()}`),
        signal: new AbortController().signal,
        budget: { ...SCAN_BUDGET, ...budget },
      });
    },
    attached: (given = {}) => attach(sandbox, store, given),
    async close() {
      await store.close();
      await redis.close();
      await closeCloud(cloud);
      await sandbox.close();
    },
  };
}

let count = 0;

/** The sandbox's name of a share's export. */
const exportName = (shareId: string) => `share_${shareId.replaceAll('-', '_')}`;

async function attach(sandbox: Sandbox, store: AttachmentStore, given: Given) {
  const { address = `10.10.${(++count >> 8) % 256}.${count % 256}`, requestedAccessTo = null } = given;
  const ports = [{ network: 'private', fixedIps: [address] }];
  const serverId = given.serverId ?? sandbox.addServer({ createdAt: LONG_AGO, ports }).id;
  const shareId = given.shareId ?? sandbox.addShare({ createdAt: LONG_AGO }).id;
  const projectId = given.projectId ?? sandbox.server(serverId)?.projectId ?? '';
  const rule = sandbox.addRule(shareId, {
    accessType: 'ip',
    accessTo: address,
    createdAt: LONG_AGO,
    metadata: {
      managed_by: MANAGED_BY,
      attachment_id: attachmentId(serverId, shareId),
      server_id: serverId,
      ...(requestedAccessTo ? { access_to_given: 'true' } : {}),
    },
  });
  const targets = [{ accessTo: address, ruleId: rule.id, isOwned: true, state: 'active' }];
  const paths = [`10.20.0.11:/shares/${exportName(shareId)}`, `10.20.0.12:/shares/${exportName(shareId)}`];
  const exportedAs = { protocol: 'NFS', paths, fileSystem: null };
  const fields = { serverId, shareId, projectId, requestedAccessTo, targets, exportedAs };
  const attachment = anAttachment({ ...fields, status: 'attached' });
  const created = await store.create(attachment, null, null);
  if (created.outcome !== 'created') throw new Error(`expected created, got ${created.outcome}`);
  await store.markRecovered(projectId);
  return { record: created.attachment, rule };
}
