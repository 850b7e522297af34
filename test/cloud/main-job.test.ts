import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type App, createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { supportedMicroversion } from '../../src/openstack/http/microversions.ts';
import { listAccessRules, listExportLocations, listShares } from '../../src/openstack/manila/client.ts';
import { getServer, listInterfaces } from '../../src/openstack/nova/client.ts';
import { MANILA, NOVA } from '../../src/openstack/services.ts';
import { listen } from '../support/listener.ts';
import { testRedisUrl } from '../support/redis.ts';
import { ask, type OpenCloud, openCloud } from './cloud.ts';

/** Attach, detach and the clients' contracts on the cloud that OS_CLOUD names, as its user. Creates shares and deletes them. */

let cloud: OpenCloud;
let app: App;
let url: string;

beforeAll(async () => {
  cloud = await openCloud();
  const config = readConfig({ PORT: '0', REDIS_URL: testRedisUrl(), REDIS_PREFIX: `cloud-${randomUUID()}:` });
  app = await createApp(config, { settings: cloud.settings, credentials: null, sandbox: null }, cloud.log);
  url = `${await app.listen()}/graphql`;
}, 60_000);

afterAll(async () => {
  await app.close();
  await cloud.close();
}, 60_000);

const query = (document: string, variables = {}) => ask(url, cloud.session.token, document, variables);

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
      const serverId = await cloud.findServer();
      const shareId = await cloud.makeShare(protocol);
      const { shareAttachments } = await query('{ shareAttachments { eventCursor } }', {});
      const after = shareAttachments.eventCursor;
      const listener = listen({ wsUrl: url.replace(/^http/, 'ws'), token: cloud.session.token }, { shareId, after });

      const input = { serverId, shareId, mountPoint: '/mnt/gateway-test', ...(accessTo ? { accessTo } : {}) };
      const { attachShare } = await query(ATTACH, { input });
      expect(attachShare.attachment.accessRules[0].accessType).toBe(accessType);
      expect((await listener.until('ATTACHED')).map((event) => event.type)).toEqual(['ATTACH_STARTED', 'ATTACHED']);

      const rules = (await listAccessRules(cloud.session, shareId)) ?? [];
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
      expect(await listAccessRules(cloud.session, shareId)).toEqual([]);
      await listener.close();
    },
    120_000,
  );
});

describe('the clients', () => {
  test('microversions are negotiated between those of the gateway and those of the cloud', async () => {
    expect(await supportedMicroversion(cloud.session, NOVA)).toMatch(/^2\.(79|8\d|9[0-6])$/);
    expect(await supportedMicroversion(cloud.session, MANILA)).toMatch(/^2\.(4[5-9]|[5-7]\d|8[0-2])$/);
  });

  test('a server has its id, addresses and ports', async () => {
    const id = await cloud.findServer();
    expect(await getServer(cloud.session, id)).toMatchObject({
      id,
      status: 'ACTIVE',
      tenant_id: cloud.session.identity.projectId,
    });
    const ports = await listInterfaces(cloud.session, id);
    expect(ports[0]).toMatchObject({ net_id: expect.any(String), fixed_ips: expect.any(Array) });
    expect(await getServer(cloud.session, randomUUID())).toBeNull();
  });

  test('shares are listed with a count, export locations and rules by share', async () => {
    const { shares, count } = await listShares(cloud.session, { limit: 2, offset: 0, withCount: true });
    expect(count).toBeGreaterThanOrEqual(shares.length);
    const available = shares.find((share) => share.status === 'available');
    if (available) expect(await listExportLocations(cloud.session, available.id)).toEqual(expect.any(Array));
    expect(await listAccessRules(cloud.session, randomUUID())).toBeNull();
  });
});
