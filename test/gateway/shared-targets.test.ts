import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import pLimit from 'p-limit';
import { pino } from 'pino';
import { createRedisStore } from '../../src/attachments/store/redis.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { DEMO } from '../../src/sandbox/index.ts';
import { anAttachment } from '../support/attachments.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { testRedisUrl } from '../support/redis.ts';
import { until } from '../support/until.ts';

const ATTACH = `mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }`;
const DETACH = `mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status } } }`;
const SEE = `query ($serverId: ID!, $shareId: ID!) {
  shareAttachment(serverId: $serverId, shareId: $shareId) { status fault { code } }
}`;
const SHARE = { shareId: DEMO.nfsShareId };
const accessTo = ['10.99.0.1'];

let gateway: TestGateway;
afterEach(() => gateway.close());

const statusOf = async (serverId: string) =>
  (await gateway.query(SEE, { ...SHARE, serverId })).data.shareAttachment?.status ?? null;
const rules = () => gateway.sandbox.rulesOf(SHARE.shareId).filter((rule) => rule.accessTo === accessTo[0]);

async function attached(): Promise<string> {
  const { id: serverId } = gateway.sandbox.addServer({ ports: [] });
  const { errors } = await gateway.query(ATTACH, { input: { ...SHARE, serverId, accessTo } });
  expect(errors).toBeUndefined();
  await until(async () => (await statusOf(serverId)) === 'ATTACHED');
  return serverId;
}

async function detached(serverId: string): Promise<void> {
  const { errors } = await gateway.query(DETACH, { input: { ...SHARE, serverId } });
  expect(errors).toBeUndefined();
  await until(async () => (await statusOf(serverId)) === null);
}

/** Records of older attachments of the share, with the given target. */
async function addRecords(prefix: string, count: number, target: string | null): Promise<void> {
  const log = pino({ level: 'silent' });
  const redis = connectRedis(testRedisUrl(), log);
  await redis.ready();
  const store = await createRedisStore({ redis, prefix, logLength: 10, log });
  const projectId = gateway.sandbox.server(DEMO.serverId)?.projectId ?? '';
  const record = (i: number) => {
    const own = { ruleId: null, isOwned: true, state: null };
    const targets = [{ accessTo: target ?? `10.98.${Math.floor(i / 250)}.${(i % 250) + 1}`, ...own }];
    return anAttachment({ projectId, ...SHARE, targets, status: target ? 'error_detaching' : 'attached' });
  };
  // some at a time: a thousand commands at once exceed the store's timeout on a busy machine
  const numbers = Array.from({ length: count }, (_, i) => i);
  await pLimit(20).map(numbers, (i) => store.create(record(i), null, null));
  await store.close();
  await redis.close();
}

test.each([
  ['attached to other targets', null],
  ['that no longer need the target', '10.99.0.1'],
])(
  'a share with 1,001 older attachments %s, two of one target, one is detached -> the other keeps its rule',
  async (_what, target) => {
    const REDIS_PREFIX = `test-${randomUUID()}:`;
    gateway = await startGateway({ env: { REDIS_PREFIX, SWEEP_INTERVAL_MS: '0' } });
    await addRecords(REDIS_PREFIX, 1001, target);
    const one = await attached();
    const other = await attached();
    const [rule] = rules();
    await detached(one);
    expect(rules()).toMatchObject([{ id: rule?.id, state: 'active', metadata: { server_id: other } }]);
    expect(await statusOf(other)).toBe('ATTACHED');
    await detached(other);
    expect(rules()).toEqual([]);
  },
);

test('1,001 attachments of one target, one is detached -> the rule stays for the others', async () => {
  const REDIS_PREFIX = `test-${randomUUID()}:`;
  gateway = await startGateway({ env: { REDIS_PREFIX, SWEEP_INTERVAL_MS: '0' } });
  const one = await attached();
  const shared = await Promise.all(Array.from({ length: 3 }, () => attached()));
  await addRecords(REDIS_PREFIX, 1001, '10.99.0.1');
  await detached(one);
  for (const serverId of shared) expect(await statusOf(serverId)).toBe('ATTACHED');
  expect(rules()).toHaveLength(1);
});
