import { afterEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { hearingLog } from '../support/log.ts';
import { testRedisUrl } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** The target of Nova's dynamic vendor data, called as Nova calls it (rig recording metadata-001-vendordata-request). */

const ATTACH =
  'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status guestSeenAt } } }';
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status } } }';
const READ =
  'query ($server: ID!, $share: ID!) { shareAttachment(serverId: $server, shareId: $share) { status guestSeenAt } }';
const NFS = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId, mountPoint: '/srv/home dirs' };
const CEPH = { serverId: DEMO.serverId, shareId: DEMO.cephfsShareId };

const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function start(options: Parameters<typeof startGateway>[0] = {}): Promise<TestGateway> {
  const gateway = await startGateway({ ...options, env: { VENDORDATA: 'true', ...options.env } });
  open.push(gateway);
  return gateway;
}

interface Call {
  user?: string | null;
  path?: string;
  body?: unknown;
}

/** A POST with the body that Nova sends for the demo server. */
async function ask(gateway: TestGateway, { user = 'nova', path = '', body = {} }: Call = {}) {
  const url = gateway.url.replace(/graphql$/, `vendordata${path}`);
  const sent = {
    'project-id': DEMO.projectId,
    'instance-id': DEMO.serverId,
    'image-id': DEMO.serverId,
    'user-data': 'c2VjcmV0LXVzZXItZGF0YQ==',
    hostname: 'web-01',
    metadata: { note: 'secret-metadata' },
    'boot-roles': 'reader,member',
  };
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(user === null ? {} : { 'x-auth-token': gateway.sandbox.issueToken(user) }),
    },
    body: typeof body === 'string' ? body : JSON.stringify({ ...sent, ...(body as object) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: text === '' ? null : JSON.parse(text) };
}

async function attached(gateway: TestGateway, pair: { serverId: string; shareId: string }): Promise<void> {
  const { errors } = await gateway.query(ATTACH, { input: pair });
  expect(errors).toBeUndefined();
  await until(async () => {
    const { data } = await gateway.query(READ, { server: pair.serverId, share: pair.shareId });
    return data.shareAttachment.status === 'ATTACHED';
  });
}

/** Asks until the project is recovered. */
async function recovered(gateway: TestGateway) {
  return await until(async () => {
    const response = await ask(gateway);
    return response.status === 200 && response;
  });
}

test('off unless it is switched on', async () => {
  const gateway = await start({ env: { VENDORDATA: 'false' } });
  expect((await ask(gateway)).status).toBe(404);
});

describe('an attached share', () => {
  test('NFS -> a line of fstab, and the share with all its sources; version and fstab come first', async () => {
    const gateway = await start();
    await attached(gateway, NFS);
    const { status, json, text } = await ask(gateway);
    expect(status).toBe(200);
    expect(text).toMatch(/^\{"version":1,"fstab":"/);
    const [share] = json.shares;
    expect(json).toMatchObject({ version: 1, refreshSeconds: 60 });
    expect(share).toMatchObject({
      id: DEMO.nfsShareId,
      status: 'attached',
      via: 'access_rule',
      protocol: 'NFS',
      accessLevel: 'rw',
      mountPoint: '/srv/home dirs',
      type: 'nfs',
      options: [],
    });
    expect(json.fstab).toBe(`${share.sources[0]} /srv/home\\040dirs nfs rw,nosuid,nodev,_netdev 0 0\n`);
    const locations = await gateway.query('query ($id: ID!) { share(id: $id) { exportLocations { path } } }', {
      id: DEMO.nfsShareId,
    });
    expect(share.sources).toEqual(locations.data.share.exportLocations.map(({ path }: { path: string }) => path));
  });

  test('virtiofs -> its tag as the source, no network and no options; while it is being attached it is not in fstab', async () => {
    const gateway = await start();
    const pair = { serverId: DEMO.shutoffServerId, shareId: DEMO.nfsShareId };
    gateway.sandbox.setAccessDelay(600_000);
    await gateway.query(ATTACH, { input: { ...pair, via: 'VIRTIOFS', tag: 'data', mountPoint: '/srv/data' } });
    const body = { 'instance-id': pair.serverId };
    const share = {
      ...{ id: pair.shareId, via: 'virtiofs', accessLevel: 'rw', mountPoint: '/srv/data' },
      ...{ type: 'virtiofs', sources: ['data'], options: [] },
    };
    expect((await ask(gateway, { body })).json).toMatchObject({
      fstab: '',
      shares: [{ ...share, status: 'attaching' }],
    });
    gateway.sandbox.setAccessDelay(20);
    gateway.sandbox.step();
    const { json } = await until(async () => {
      const response = await ask(gateway, { body });
      return response.json.shares[0].status === 'attached' && response;
    });
    expect(json.shares).toMatchObject([share]);
    expect(json.fstab).toBe('data /srv/data virtiofs rw,nosuid,nodev 0 0\n');
  });

  test('CephFS -> a file for the key, and no key', async () => {
    const gateway = await start();
    await attached(gateway, CEPH);
    const { json } = await ask(gateway);
    expect(json.shares[0].options).toContain(`secretfile=/etc/ceph/srv-${DEMO.serverId}.secret`);
    expect(json.fstab).toMatch(/ \/mnt\/\S+ ceph rw,nosuid,nodev,_netdev,name=srv-\S+,secretfile=\S+ 0 0\n$/);
    expect(json.fstab).not.toMatch(/[,=]secret=/);
  });

  test('CephFS with GUEST_SECRETS=inline -> the key, read with the gateway’s own account', async () => {
    const gateway = await start({ env: { GUEST_SECRETS: 'inline' } });
    await attached(gateway, CEPH);
    const { json } = await ask(gateway);
    expect(json.fstab).toMatch(/,secret=[\w+/=]+/);
    expect(json.fstab).not.toContain('secretfile');
  });

  test('detached -> an empty fstab of version 1: the guest unmounts', async () => {
    const gateway = await start();
    await attached(gateway, NFS);
    await gateway.query(DETACH, { input: { serverId: NFS.serverId, shareId: NFS.shareId } });
    const { json } = await ask(gateway);
    expect(json).toMatchObject({ version: 1, fstab: '' });
  });

  test('the guest reads its list -> guestSeenAt is set; for another server it is not', async () => {
    const gateway = await start();
    await attached(gateway, NFS);
    const seen = async () => {
      const { data } = await gateway.query(READ, { server: NFS.serverId, share: NFS.shareId });
      return data.shareAttachment.guestSeenAt;
    };
    expect(await seen()).toBeNull();
    await ask(gateway, { body: { 'instance-id': DEMO.twoNetworkServerId } });
    expect(await seen()).toBeNull();
    await ask(gateway);
    expect(Date.parse(await seen())).toBeGreaterThan(Date.now() - 60_000);
  });
});

describe('who may ask', () => {
  test.each([
    ['no token', null, 401],
    ['a member of the server’s project', 'demo', 403],
    ['Nova’s own user', 'nova', 200],
  ])('%s -> %s', async (_who, user, status) => {
    const gateway = await start();
    await attached(gateway, NFS);
    const response = await ask(gateway, { user });
    expect(response.status).toBe(status);
    if (status !== 200) expect(response.text).not.toContain(DEMO.nfsShareId);
  });

  test('VENDORDATA_USERS without the user -> 403; with the user’s name -> 200', async () => {
    const gateway = await start({ env: { VENDORDATA_USERS: 'gateway' } });
    await attached(gateway, NFS);
    expect((await ask(gateway)).status).toBe(403);
    expect((await ask(gateway, { user: 'gateway' })).status).toBe(200);
  });

  test('another project’s id -> nothing of the server', async () => {
    const gateway = await start();
    await attached(gateway, NFS);
    const foreign = { 'project-id': DEMO.otherProjectId };
    const { json } = await until(async () => {
      const response = await ask(gateway, { body: foreign });
      return response.status === 200 && response;
    });
    expect(json).toMatchObject({ version: 1, fstab: '', shares: [] });
  });
});

describe('an unknown list is an error, which Nova shows the guest as {}', () => {
  test('a project that the store has not recovered -> 503, recovery starts, then the list', async () => {
    const gateway = await start();
    const first = await ask(gateway);
    expect(first).toMatchObject({ status: 503, json: {} });
    expect(first.headers.get('retry-after')).toBe('5');
    expect((await recovered(gateway)).json).toMatchObject({ version: 1, fstab: '' });
  });

  test('Redis is flushed -> 503, never an empty list; then the same list again', async () => {
    const gateway = await start();
    await attached(gateway, NFS);
    const before = (await ask(gateway)).json;
    const redis = new Redis(testRedisUrl());
    const keys = await redis.keys(`${gateway.config.REDIS_PREFIX}*`);
    await redis.del(keys);
    redis.disconnect();
    expect((await ask(gateway)).status).toBe(503);
    const after = await recovered(gateway);
    expect(after.json.fstab).toBe(before.fstab);
  });

  test('export locations that are not known -> 503', async () => {
    const gateway = await start();
    await attached(gateway, NFS);
    const redis = new Redis(testRedisUrl());
    const [key = ''] = await redis.keys(`${gateway.config.REDIS_PREFIX}*record*${DEMO.nfsShareId}`);
    const record = JSON.parse((await redis.hget(key, 'record')) ?? '');
    await redis.hset(key, 'record', JSON.stringify({ ...record, exportedAs: undefined }));
    redis.disconnect();
    expect((await ask(gateway)).status).toBe(503);
  });
});

describe('the body', () => {
  test.each([
    ['no JSON', 'secret-user-data {'],
    ['no object', '"secret-user-data"'],
    ['no server', { 'instance-id': undefined }],
    ['a server that is no UUID', { 'instance-id': '../../x' }],
    ['a project that is no id', { 'project-id': 'a b' }],
    ['a project of another type', { 'project-id': ['secret-user-data'] }],
  ])('%s -> 400 in words, and nothing of it is logged', async (_what, body) => {
    const { log, lines } = hearingLog();
    const gateway = await start({ log });
    const response = await ask(gateway, { body });
    expect(response.status).toBe(400);
    await until(() => lines.some(({ msg }) => String(msg).startsWith('vendor data:')));
    expect(JSON.stringify(lines)).not.toMatch(/secret|c2VjcmV0/);
    expect(response.text).not.toMatch(/secret/);
  });

  test('too large -> 413', async () => {
    const gateway = await start();
    const response = await ask(gateway, { body: { 'user-data': 'x'.repeat(300_000) } });
    expect(response.status).toBe(413);
  });
});

describe('/vendordata/cloud-init', () => {
  test('the installer of the agent as one JSON string, which cloud-init runs', async () => {
    const gateway = await start();
    const { status, json } = await ask(gateway, { path: '/cloud-init' });
    expect(status).toBe(200);
    expect(json).toMatch(/^#!\/bin\/sh\n/);
    expect(json).toContain('manila-guest-agent.timer');
  });

  test('a member -> 403', async () => {
    expect((await ask(await start(), { path: '/cloud-init', user: 'demo' })).status).toBe(403);
  });
});
