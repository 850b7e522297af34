import { createHmac, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { listAccessRules } from '../../src/openstack/manila/client.ts';
import { getServer, listServers } from '../../src/openstack/nova/client.ts';
import { hasServerShares, type PowerAction, powerServer } from '../../src/openstack/nova/shares.ts';
import { buildGateway, type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { type Guest, startGuest } from '../support/guest.ts';
import { testRedisUrl } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { ask, eventually, type OpenCloud, openCloud } from './cloud.ts';

/**
 * From attachShare to a mounted share, through Nova's metadata service of the cloud that OS_CLOUD names. It must call
 * `shares@http://127.0.0.1:4000/vendordata`. METADATA_URL and METADATA_SECRET name the service, as Neutron's metadata agent
 * knows it; GATEWAY_OS_CLOUD has the gateway's own credentials.
 */

const ATTACH = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }';
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status } } }';
const STATUS = `query ($serverId: ID!, $shareId: ID!) {
  shareAttachment(serverId: $serverId, shareId: $shareId) { status guestSeenAt }
}`;
const MOUNT_POINT = '/srv/home';

const {
  GATEWAY_OS_CLOUD = 'rig-gateway',
  METADATA_URL = 'http://127.0.0.1:18775/openstack/latest',
  METADATA_SECRET = 'rig-secret',
  OS_CLIENT_CONFIG_FILE = '',
} = process.env;
const settings = { GATEWAY: GATEWAY_OS_CLOUD, REDIS_PREFIX: `cloud-${randomUUID()}:` };

let cloud: OpenCloud;
let gateway: GatewayProcess;
let metadata: Server;
let guest: Guest;
let pair: { serverId: string; shareId: string };

async function startAgain(): Promise<void> {
  gateway = await startGatewayProcess({
    OS_CLOUD: settings.GATEWAY,
    OS_CLIENT_CONFIG_FILE,
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: settings.REDIS_PREFIX,
    PORT: '4000',
    VENDORDATA: 'true',
  });
}

/** The metadata service as the guest's own address: adds the headers that Neutron's agent adds. */
async function startMetadata(serverId: string, projectId: string): Promise<Server> {
  const signature = createHmac('sha256', METADATA_SECRET).update(serverId).digest('hex');
  const headers = {
    'x-forwarded-for': '192.0.2.1',
    'x-instance-id': serverId,
    'x-tenant-id': projectId,
    'x-instance-id-signature': signature,
  };
  const server = createServer(async (request, response) => {
    const answer = await fetch(METADATA_URL + request.url, { headers });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const metadataUrl = () => `http://127.0.0.1:${(metadata.address() as AddressInfo).port}`;
// biome-ignore lint/suspicious/noExplicitAny: the responses of the vendor data's targets have any shape
const vendorData = async (): Promise<any> => await (await fetch(`${metadataUrl()}/vendor_data2.json`)).json();
const status = async () =>
  (await ask(gateway.graphiql, cloud.session.token, STATUS, pair)).shareAttachment?.status ?? null;
const rules = async () => (await listAccessRules(cloud.session, pair.shareId)) ?? [];

async function runAgent(): Promise<void> {
  const { code, stderr } = await guest.agent();
  expect({ code, stderr }).toMatchObject({ code: 0 });
}

beforeAll(async () => {
  buildGateway();
  cloud = await openCloud();
  pair = { serverId: await cloud.findServer(), shareId: await cloud.makeShare('NFS') };
  metadata = await startMetadata(pair.serverId, cloud.session.identity.projectId);
  guest = await startGuest('dash', metadataUrl());
  guest.configure({});
  await startAgain();
}, 240_000);

afterAll(async () => {
  await gateway.stop();
  await guest.close();
  metadata.close();
  await cloud.close();
}, 60_000);

test('attached -> in vendor_data2.json, and the agent mounts it', async () => {
  await ask(gateway.graphiql, cloud.session.token, ATTACH, { input: { ...pair, mountPoint: MOUNT_POINT } });
  await until(async () => (await status()) === 'ATTACHED');
  const { shares } = await vendorData();
  expect(shares).toMatchObject({ version: 1, shares: [{ id: pair.shareId, mountPoint: MOUNT_POINT }] });
  expect(shares.fstab).toMatch(/ \/srv\/home nfs rw,nosuid,nodev,_netdev 0 0\n$/);
  await runAgent();
  expect(guest.mountPoints()).toEqual([MOUNT_POINT]);
}, 120_000);

test('the gateway is stopped -> {} in the guest, and nothing is unmounted', async () => {
  await gateway.stop();
  expect((await vendorData()).shares).toEqual({});
  await runAgent();
  expect(guest.mountPoints()).toEqual([MOUNT_POINT]);
}, 120_000);

test('the gateway starts with an empty Redis -> {} until the project is recovered, then the same list; nothing is unmounted', async () => {
  const redis = new Redis(testRedisUrl());
  await redis.del(await redis.keys(`${settings.REDIS_PREFIX}*`));
  redis.disconnect();
  await startAgain();
  expect((await vendorData()).shares).toEqual({});
  await runAgent();
  expect(guest.mountPoints()).toEqual([MOUNT_POINT]);
  await until(async () => (await vendorData()).shares.version === 1);
  await runAgent();
  expect(guest.mountPoints()).toEqual([MOUNT_POINT]);
}, 120_000);

test('attached by virtiofs -> listed by its tag beside the other one, mounted; detached -> unmounted', async () => {
  const shareId = await cloud.makeShare('NFS');
  const { servers } = await listServers(cloud.session, { limit: 100, filters: { status: ['ACTIVE'] } });
  const serverId = servers.at(-1)?.id ?? '';
  if (!(await hasServerShares(cloud.session)).isSupported) return;
  const power = async (action: 'os-start' | 'os-stop', state: string) => {
    await powerServer(cloud.session, serverId, { [action]: null } as PowerAction);
    await eventually(async () => {
      const server = await getServer(cloud.session, serverId);
      return server?.status === state && server['OS-EXT-STS:task_state'] === null;
    });
  };
  const of = { serverId, shareId };
  const statusOf = async () => (await ask(gateway.graphiql, cloud.session.token, STATUS, of)).shareAttachment?.status;
  const service = await startMetadata(serverId, cloud.session.identity.projectId);
  const other = await startGuest('dash', `http://127.0.0.1:${(service.address() as AddressInfo).port}`);
  try {
    await power('os-stop', 'SHUTOFF');
    const input = { ...of, via: 'VIRTIOFS', tag: 'data', mountPoint: '/srv/data' };
    await ask(gateway.graphiql, cloud.session.token, ATTACH, { input });
    await eventually(async () => (await statusOf()) === 'ATTACHED');
    await power('os-start', 'ACTIVE');
    expect(await other.agent()).toMatchObject({ code: 0 });
    expect(other.mounts()).toMatchObject([{ mountPoint: '/srv/data', source: 'data' }]);
    await power('os-stop', 'SHUTOFF');
    await ask(gateway.graphiql, cloud.session.token, DETACH, { input: of });
    await eventually(async () => (await statusOf()) === undefined);
    expect(await other.agent()).toMatchObject({ code: 0 });
    expect(other.mounts()).toEqual([]);
    await power('os-start', 'ACTIVE');
  } finally {
    await other.close();
    service.close();
  }
}, 300_000);

test('detached with a grace period -> the agent unmounts while the rule exists; then the rule is removed', async () => {
  const input = { ...pair, unmountGraceSeconds: 120 };
  await ask(gateway.graphiql, cloud.session.token, DETACH, { input });
  expect(await rules()).toMatchObject([{ state: 'active' }]);
  await runAgent();
  expect(guest.mountPoints()).toEqual([]);
  expect(await rules()).toMatchObject([{ state: 'active' }]);
  await until(async () => (await status()) === null);
  expect(await rules()).toEqual([]);
}, 180_000);
