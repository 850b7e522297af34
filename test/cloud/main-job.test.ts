import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { type App, createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { type Cloud, closeCloud, createCloud } from '../../src/openstack/cloud.ts';
import { type CloudConfig, readCloudConfig } from '../../src/openstack/cloud-config.ts';
import { issueToken } from '../../src/openstack/keystone/client.ts';
import { listAccessRules, listExportLocations, listShares } from '../../src/openstack/manila/client.ts';
import type { Share } from '../../src/openstack/manila/types.ts';
import { supportedMicroversion } from '../../src/openstack/microversions.ts';
import { getServer, listInterfaces, listServers } from '../../src/openstack/nova/client.ts';
import { request } from '../../src/openstack/request.ts';
import { MANILA, NOVA } from '../../src/openstack/services.ts';
import type { Session } from '../../src/openstack/session.ts';
import { listen } from '../support/listener.ts';
import { testRedisUrl } from '../support/redis.ts';

/** The main job and the clients' contracts on the cloud that OS_CLOUD names, as its user. Makes shares of its own and takes them away. */

const named: CloudConfig = readCloudConfig(process.env, { cwd: process.cwd(), home: homedir() });
if (named.kind !== 'cloud' || !named.credentials) {
  throw new Error('test:cloud: expected OS_CLOUD to name a cloud of clouds.yaml with credentials of a project member');
}
const { settings, credentials } = named;

const log = pino({ level: 'silent' });
let app: App;
let url: string;
let cloud: Cloud;
let session: Session;
const made: string[] = [];

beforeAll(async () => {
  const config = readConfig({ PORT: '0', REDIS_URL: testRedisUrl(), REDIS_PREFIX: `cloud-${randomUUID()}:` });
  app = await createApp(config, { settings, credentials: null, sandbox: null }, log);
  url = `${await app.listen()}/graphql`;
  cloud = createCloud({ ...settings, timeoutMs: 30_000, connections: 8 });
  const requestId = `req-${randomUUID()}`;
  session = { cloud, requestId, log, ...(await issueToken(cloud, credentials, requestId, log)) };
}, 60_000);

afterAll(async () => {
  for (const id of made) await request(session, MANILA, { method: 'DELETE', path: `/shares/${id}` });
  await app.close();
  await closeCloud(cloud);
}, 60_000);

async function query(document: string, variables: Record<string, unknown>) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-auth-token': session.token },
    body: JSON.stringify({ query: document, variables }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: an answer has the shape that its query asks for
  const { data, errors } = (await response.json()) as { data: any; errors?: { message: string }[] };
  if (errors) throw new Error(errors.map((error) => error.message).join('; '));
  return data;
}

async function findServer(): Promise<string> {
  const { servers } = await listServers(session, { limit: 1, filters: { status: ['ACTIVE'] } });
  if (!servers[0]) throw new Error('test:cloud: expected an ACTIVE server in the project');
  return servers[0].id;
}

/** A new share, once it is available. The time limit is the test's. */
async function makeShare(protocol: string): Promise<string> {
  const body = { share: { name: `gateway-test-${randomUUID()}`, share_proto: protocol, size: 1 } };
  const { body: answer } = await request<{ share: Share }>(session, MANILA, { method: 'POST', path: '/shares', body });
  made.push(answer.share.id);
  for (;;) {
    const { body: now } = await request<{ share: Share }>(session, MANILA, { path: `/shares/${answer.share.id}` });
    if (now.share.status === 'available') return now.share.id;
    if (now.share.status === 'error') throw new Error(`Share ${now.share.id} of ${protocol} ended in error`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const ATTACH = `mutation ($input: AttachShareInput!) {
  attachShare(input: $input) { attachment { status accessRules { accessTo accessType } } }
}`;
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status } } }';
const SEE = `query ($serverId: ID!, $shareId: ID!) {
  server(id: $serverId) { name sharesAttached { shareId status mountPoint mountCommands accessRules { state accessTo } share { name sizeGib } } }
  share(id: $shareId) { serversAttached { serverId status } accessRules { accessTo accessLevel state metadata } exportLocations { path } }
}`;
describe('the main job', () => {
  test.each([
    ['NFS', undefined, 'IP'],
    ['CIFS', ['alice'], 'USER'],
    ['CEPHFS', undefined, 'CEPHX'],
  ])(
    '%s: attach -> the rule is in Manila and active; detach -> it is gone; every change is heard',
    async (protocol, accessTo, accessType) => {
      const serverId = await findServer();
      const shareId = await makeShare(protocol);
      const { shareAttachments } = await query('{ shareAttachments { eventCursor } }', {});
      const after = shareAttachments.eventCursor;
      const listener = listen({ wsUrl: url.replace(/^http/, 'ws'), token: session.token }, { shareId, after });

      const input = { serverId, shareId, mountPoint: '/mnt/gateway-test', ...(accessTo ? { accessTo } : {}) };
      const { attachShare } = await query(ATTACH, { input });
      expect(attachShare.attachment.accessRules[0].accessType).toBe(accessType);
      expect((await listener.until('ATTACHED')).map((event) => event.type)).toEqual(['ATTACH_STARTED', 'ATTACHED']);

      const rules = (await listAccessRules(session, shareId)) ?? [];
      expect(rules.length).toBeGreaterThan(0);
      for (const rule of rules) {
        expect(rule).toMatchObject({
          state: 'active',
          metadata: { managed_by: 'nova-manila-gateway', server_id: serverId },
        });
      }
      const seen = await query(SEE, { serverId, shareId });
      const attached = seen.server.sharesAttached.find((one: { shareId: string }) => one.shareId === shareId);
      expect(attached).toMatchObject({ status: 'ATTACHED', mountPoint: '/mnt/gateway-test' });
      expect(attached.mountCommands.length).toBe(seen.share.exportLocations.length);
      expect(seen.share.serversAttached).toEqual([{ serverId, status: 'ATTACHED' }]);

      await query(DETACH, { input: { serverId, shareId } });
      expect((await listener.until('DETACHED')).map((event) => event.type)).toEqual(['DETACH_STARTED', 'DETACHED']);
      expect(await listAccessRules(session, shareId)).toEqual([]);
      await listener.close();
    },
    120_000,
  );
});

describe('the clients', () => {
  test('microversions are negotiated within what we know and what the cloud has', async () => {
    expect(await supportedMicroversion(session, NOVA)).toMatch(/^2\.(79|8\d|9[0-6])$/);
    expect(await supportedMicroversion(session, MANILA)).toMatch(/^2\.(4[5-9]|[5-7]\d|8[0-2])$/);
  });

  test('a server has its id, addresses and ports', async () => {
    const id = await findServer();
    expect(await getServer(session, id)).toMatchObject({ id, status: 'ACTIVE', tenant_id: session.identity.projectId });
    const ports = await listInterfaces(session, id);
    expect(ports[0]).toMatchObject({ net_id: expect.any(String), fixed_ips: expect.any(Array) });
    expect(await getServer(session, randomUUID())).toBeNull();
  });

  test('shares are listed with a count; export locations and rules are had by share', async () => {
    const { shares, count } = await listShares(session, { limit: 2, offset: 0, withCount: true });
    expect(count).toBeGreaterThanOrEqual(shares.length);
    const available = shares.find((share) => share.status === 'available');
    if (available) expect(await listExportLocations(session, available.id)).toEqual(expect.any(Array));
    expect(await listAccessRules(session, randomUUID())).toBeNull();
  });
});
