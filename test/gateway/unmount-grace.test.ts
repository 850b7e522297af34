import { afterEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { testRedisUrl } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** detachShare with a grace: the rules stay until the guest has read its list, or the time is over. */

const ATTACH = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }';
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status } } }';
const PAIR = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };

const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function attachedGateway(options: Parameters<typeof startGateway>[0] = {}): Promise<TestGateway> {
  const gateway = await startGateway({ ...options, env: { VENDORDATA: 'true' } });
  open.push(gateway);
  await gateway.query(ATTACH, { input: PAIR });
  await until(async () => (await status(gateway)) === 'ATTACHED');
  denied = [];
  gateway.sandbox.onRuleChange(({ rule, state }) => {
    if (state === 'queued_to_deny') denied.push(rule.id);
  });
  return gateway;
}

async function status(gateway: TestGateway): Promise<string | null> {
  const query = 'query ($server: ID!, $share: ID!) { shareAttachment(serverId: $server, shareId: $share) { status } }';
  const { data } = await gateway.query(query, { server: PAIR.serverId, share: PAIR.shareId });
  return data.shareAttachment?.status ?? null;
}

async function detach(gateway: TestGateway, unmountGraceSeconds: number, token?: string) {
  return await gateway.query(DETACH, { input: { ...PAIR, unmountGraceSeconds } }, token);
}

/** The guest reads its list, through Nova. */
async function guestReads(gateway: TestGateway): Promise<string> {
  const response = await fetch(gateway.url.replace(/graphql$/, 'vendordata'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-auth-token': gateway.sandbox.issueToken('nova') },
    body: JSON.stringify({ 'project-id': DEMO.projectId, 'instance-id': DEMO.serverId }),
  });
  return ((await response.json()) as { fstab: string }).fstab;
}

/** The rules that were denied. */
let denied: string[] = [];

test('while the grace lasts -> DETACHING, not in the guest’s list, and no rule is denied', async () => {
  const gateway = await attachedGateway();
  const { data } = await detach(gateway, 600);
  expect(data.detachShare.attachment.status).toBe('DETACHING');
  expect(await guestReads(gateway)).toBe('');
  expect(await status(gateway)).toBe('DETACHING');
  expect(denied.length).toBe(0);
});

test('the time is over -> the rules are revoked', async () => {
  const gateway = await attachedGateway();
  await detach(gateway, 1);
  await until(async () => (await status(gateway)) === null);
  expect(denied.length).toBeGreaterThan(0);
});

test('Redis is flushed in between -> Manila has the mark: still DETACHING, and nothing is listed', async () => {
  const gateway = await attachedGateway();
  await detach(gateway, 600);
  const redis = new Redis(testRedisUrl());
  await redis.del(await redis.keys(`${gateway.config.REDIS_PREFIX}*`));
  redis.disconnect();
  expect(await status(gateway)).toBe('DETACHING');
  expect(await guestReads(gateway)).toBe('');
  expect(denied.length).toBe(0);
});

test('attachShare again -> the detach is taken back, also after Redis is flushed', async () => {
  const gateway = await attachedGateway();
  await detach(gateway, 600);
  await gateway.query(ATTACH, { input: PAIR });
  await until(async () => (await status(gateway)) === 'ATTACHED');
  const redis = new Redis(testRedisUrl());
  await redis.del(await redis.keys(`${gateway.config.REDIS_PREFIX}*`));
  redis.disconnect();
  expect(await status(gateway)).toBe('ATTACHED');
  expect(denied.length).toBe(0);
});

test('a caller whom Manila does not let change the rule -> an error, and the attachment is as it was', async () => {
  const gateway = await attachedGateway();
  const { errors } = await detach(gateway, 600, gateway.sandbox.issueToken('reader'));
  expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  expect(await status(gateway)).toBe('ATTACHED');
});

test.each([-1, 601])('%s seconds -> BAD_USER_INPUT', async (seconds) => {
  const gateway = await attachedGateway();
  const { errors } = await detach(gateway, seconds);
  expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  expect(await status(gateway)).toBe('ATTACHED');
});
