import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { listAccessRules } from '../../src/openstack/manila/client.ts';
import { buildGateway, type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { testRedisUrl } from '../support/redis.ts';
import { type RedisProxy, startRedisProxy } from '../support/redis-proxy.ts';
import { until } from '../support/until.ts';
import { ask, type OpenCloud, openCloud } from './cloud.ts';

/** A gateway process with the cloud that OS_CLOUD names, killed between two side effects. */

const ATTACH = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }';
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status } } }';
const STATUS = `query ($serverId: ID!, $shareId: ID!) {
  shareAttachment(serverId: $serverId, shareId: $shareId) { status fault { message } }
}`;

let cloud: OpenCloud;
let proxy: RedisProxy;
let gateway: GatewayProcess;

beforeAll(async () => {
  buildGateway();
  cloud = await openCloud();
  proxy = await startRedisProxy(testRedisUrl());
}, 120_000);

afterAll(async () => {
  await gateway.stop();
  await proxy.close();
  await cloud.close();
}, 60_000);

test('killed after allow_access and before the commit -> the rule exists; another gateway completes the attachment, and detaches it', async () => {
  const pair = { serverId: await cloud.findServer(), shareId: await cloud.makeShare('NFS') };
  const { token } = cloud.session;
  const settings = {
    OS_AUTH_URL: cloud.settings.authUrl,
    REDIS_PREFIX: `cloud-${randomUUID()}:`,
    UPSTREAM_TIMEOUT_MS: '3000',
    LEASE_MS: '9000',
  };
  const rules = async () => (await listAccessRules(cloud.session, pair.shareId)) ?? [];
  const status = async () => (await ask(gateway.graphiql, token, STATUS, pair)).shareAttachment?.status ?? null;

  gateway = await startGatewayProcess({ ...settings, REDIS_URL: proxy.url });
  const reached = new Promise<void>((resolve) => proxy.stopAt({ script: 'commit', side: 'before' }, resolve));
  const hungUp = ask(gateway.graphiql, token, ATTACH, { input: pair }).then(
    () => 'answered',
    () => 'hung up',
  );
  await reached;
  await gateway.kill();
  expect(await hungUp).toBe('hung up');
  expect(await rules()).toMatchObject([{ metadata: { managed_by: 'nova-manila-gateway' } }]);

  gateway = await startGatewayProcess({ ...settings, REDIS_URL: testRedisUrl() });
  expect(await status()).toBe('ATTACHING');
  await until(async () => (await status()) === 'ATTACHED');
  expect(await rules()).toMatchObject([{ state: 'active' }]);

  await ask(gateway.graphiql, token, DETACH, { input: pair });
  await until(async () => (await status()) === null);
  expect(await rules()).toEqual([]);
}, 120_000);
