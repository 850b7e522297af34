import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../src/config.ts';
import { describeCloud } from '../../src/openstack/cloud.ts';
import { DEMO, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { buildGateway, startGatewayProcess } from '../support/gateway-process.ts';
import { testRedisUrl } from '../support/redis.ts';

/** A store belongs to one cloud: another one's gateways must not take its attachments for their own. */

const ATTACH = 'mutation ($i: AttachShareInput!) { attachShare(input: $i) { attachment { id } } }';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function openSandbox(): Promise<Sandbox> {
  const sandbox = await startSandbox({ accessDelayMs: 5 });
  opened.push(sandbox);
  return sandbox;
}

async function open(sandbox: Sandbox, REDIS_PREFIX: string): Promise<TestGateway> {
  const gateway = await startGateway({ sandbox, env: { REDIS_PREFIX, SWEEP_INTERVAL_MS: '20' } });
  opened.push(gateway);
  return gateway;
}

test('a gateway for another cloud -> does not start and says why; the first cloud’s rules stay', async () => {
  const REDIS_PREFIX = `test-${randomUUID()}:`;
  const sandbox = await openSandbox();
  const first = await open(sandbox, REDIS_PREFIX);
  await first.query(ATTACH, { i: { serverId: DEMO.serverId, shareId: DEMO.nfsShareId } });
  await sandbox.waitForRules(DEMO.nfsShareId, (rules) => rules.some(({ state }) => state === 'active'));
  const other = await openSandbox();
  const failure = open(other, REDIS_PREFIX);
  await expect(failure).rejects.toBeInstanceOf(ConfigError);
  await expect(failure).rejects.toThrow(new URL(sandbox.authUrl).host);
  expect(other.requests).toEqual([]);
  // the same cloud again, and another cloud with another prefix
  await open(sandbox, REDIS_PREFIX);
  await open(other, `test-${randomUUID()}:`);
  expect(sandbox.rulesOf(DEMO.nfsShareId)).not.toEqual([]);
});

test.each([
  ['http://Keystone.example:80/identity/v3/', null, 'http://keystone.example/identity (default region)'],
  ['http://keystone.example/identity', null, 'http://keystone.example/identity (default region)'],
  ['https://keystone.example:5000', 'RegionOne', 'https://keystone.example:5000 (region RegionOne)'],
  ['https://keystone.example:5000/v3', 'RegionTwo', 'https://keystone.example:5000 (region RegionTwo)'],
])('%s, region %s -> %s', (authUrl, region, text) => {
  expect(describeCloud({ authUrl, region })).toBe(text);
});

describe('the process', () => {
  beforeAll(buildGateway, 60_000);

  async function run(settings: Record<string, string>) {
    const env = { PATH: process.env.PATH ?? '', PORT: '0', SANDBOX_PORT: '0', REDIS_URL: testRedisUrl(), ...settings };
    const child = spawn(process.execPath, ['dist/main.js'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    const [error, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    return { error, status };
  }

  test('REDIS_URL without a cloud -> does not start, the sandbox does not use it', async () => {
    const { error, status } = await run({});
    expect(status).toBe(1);
    expect(error).toContain('OS_CLOUD or OS_AUTH_URL: expected with REDIS_URL');
  });

  test('with SANDBOX_REDIS -> starts', async () => {
    const REDIS_PREFIX = `test-${randomUUID()}:`;
    const gateway = await startGatewayProcess({ REDIS_URL: testRedisUrl(), REDIS_PREFIX, SANDBOX_REDIS: 'true' });
    expect(await gateway.stop()).toBe(0);
  });

  test('a cloud to which the store does not belong -> does not start, with one line that names both', async () => {
    const REDIS_PREFIX = `test-${randomUUID()}:`;
    const sandbox = await openSandbox();
    await open(sandbox, REDIS_PREFIX);
    const other = await openSandbox();
    const { error, status } = await run({ REDIS_PREFIX, OS_AUTH_URL: other.authUrl });
    expect(status).toBe(1);
    expect(error).toMatch(/^Invalid settings:\n {2}- REDIS_URL, REDIS_PREFIX: the store/);
    for (const { authUrl } of [sandbox, other]) expect(error).toContain(new URL(authUrl).host);
    expect(error).not.toContain(' at ');
  });
});
