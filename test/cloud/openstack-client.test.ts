import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { type App, createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { type Cloud, closeCloud, createCloud } from '../../src/openstack/cloud.ts';
import { type CloudConfig, readCloudConfig } from '../../src/openstack/config/cloud-config.ts';
import { issueToken } from '../../src/openstack/keystone/client.ts';
import { listShares } from '../../src/openstack/manila/client.ts';
import { listServers } from '../../src/openstack/nova/client.ts';
import type { Session } from '../../src/openstack/session.ts';
import { callRest } from '../support/compute-api.ts';
import { type CatalogFront, openstackClient, startCatalogFront } from '../support/openstack-client.ts';

/** The `openstack` client on the cloud that OS_CLOUD names, with the gateway in its catalog in place of Nova. */

const named: CloudConfig = readCloudConfig(process.env, { cwd: process.cwd(), home: homedir() });
if (named.kind !== 'cloud' || !named.credentials) {
  throw new Error('test:cloud: expected OS_CLOUD to name a cloud of clouds.yaml with credentials of a project member');
}
const { settings, credentials } = named;

const logged: { msg?: string; method?: string; path?: string; status?: number }[] = [];
const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
let app: App;
let origin: string;
let cloud: Cloud;
let session: Session;
let front: CatalogFront;

beforeAll(async () => {
  app = await createApp(readConfig({ PORT: '0' }), { settings, credentials: null, sandbox: null }, log);
  origin = await app.listen();
  front = await startCatalogFront(settings.authUrl, `${origin}/v2.1`);
  cloud = createCloud({ ...settings, timeoutMs: 30_000, connections: 8 });
  const requestId = `req-${randomUUID()}`;
  session = { cloud, requestId, log, ...(await issueToken(cloud, credentials, requestId, log)) };
}, 300_000);

afterAll(async () => {
  await front.close();
  await app.close();
  await closeCloud(cloud);
}, 60_000);

/** Status and path of the requests to the gateway since then. */
const passed = (from: number) =>
  logged
    .slice(from)
    .flatMap(({ msg, method, path, status }) => (msg === 'request' ? [`${method} ${path} ${status}`] : []));

async function anActiveServer(): Promise<{ id: string; name: string }> {
  const { servers } = await listServers(session, { limit: 100, filters: { status: ['ACTIVE'] } });
  const server = servers.at(-1);
  if (!server) throw new Error('test:cloud: expected an ACTIVE server in the project');
  return { id: server.id, name: server.name ?? '' };
}

test('lists, shows, stops and starts servers through the gateway', async () => {
  const { id, name } = await anActiveServer();
  const client = openstackClient(front.authUrl);
  const from = logged.length;
  const status = async () => (await client.run('server', 'show', id, '-f', 'value', '-c', 'status')).trim();
  const becomes = async (expected: string) => {
    for (let seen = await status(); seen !== expected; seen = await status()) {
      if (seen === 'ERROR') throw new Error(`Server ${id} is in ERROR, expected ${expected}`);
      await sleep(500);
    }
  };

  const listed = (await client.json('server', 'list')) as { ID: string; Name: string; Status: string }[];
  expect(listed.find((server) => server.ID === id)).toMatchObject({ Name: name, Status: 'ACTIVE' });
  expect(await client.json('server', 'show', id)).toMatchObject({ id, name, status: 'ACTIVE' });
  try {
    await client.run('server', 'stop', id);
    await becomes('SHUTOFF');
  } finally {
    await client.run('server', 'start', id);
    await becomes('ACTIVE');
  }
  const seen = passed(from).map((line) => line.replace(`/${session.identity.projectId}/`, '/'));
  expect(seen).toContain('GET /v2.1/servers/detail 200');
  expect(seen).toContain(`GET /v2.1/servers/${id} 200`);
  expect(seen.filter((line) => line === `POST /v2.1/servers/${id}/action 202`)).toHaveLength(2);
}, 300_000);

test('share_attach of the 2016 proposal -> shown by the server; share_detach removes it', async () => {
  const { id } = await anActiveServer();
  const { shares } = await listShares(session, { limit: 100, offset: 0, withCount: false });
  const share = shares.find(({ status, share_proto }) => status === 'available' && share_proto === 'NFS');
  if (!share) throw new Error('test:cloud: expected an available NFS share in the project');
  const attachment = { share_id: share.id, mount_point: `/net/${randomUUID()}` };
  const act = (body: unknown) =>
    callRest(origin, `/v2.1/${session.identity.projectId}/servers/${id}/action`, {
      ...{ method: 'POST', token: session.token, body },
    });
  const attached = async () => {
    const { body } = await callRest(origin, `/v2.1/servers/${id}`, { token: session.token });
    const all: { id: string; status: string }[] = body.server['os-extended-shares:shares_attached'];
    return all.find((one) => one.id === share.id);
  };
  expect(await act({ share_attach: attachment })).toMatchObject({ status: 202, text: '' });
  try {
    while ((await attached())?.status === 'attaching') await sleep(200);
    expect(await attached()).toMatchObject({
      mount_point: attachment.mount_point,
      status: 'attached',
      via: 'access_rule',
    });
  } finally {
    expect(await act({ share_detach: attachment })).toMatchObject({ status: 202, text: '' });
  }
  while ((await attached()) !== undefined) await sleep(200);
  expect(await act({ share_detach: attachment })).toMatchObject({ status: 404, body: { itemNotFound: { code: 404 } } });
}, 120_000);

test('a response of Nova through the gateway -> the same except for links and attached shares', async () => {
  const { id } = await anActiveServer();
  const headers = { 'openstack-api-version': 'compute 2.79' };
  const nova = session.catalog.find(({ type }) => type === 'compute')?.endpoints[0]?.url ?? '';
  const base = nova.replace(/\/v2\.1.*$/, '');
  for (const path of [`/servers/${id}`, '/servers/detail?limit=3', '/flavors/detail', '/os-keypairs', '/limits']) {
    const plain = await callRest(base, `${new URL(base).pathname.replace(/\/$/, '')}/v2.1${path}`, {
      ...{ token: session.token, headers },
    });
    const through = await callRest(origin, `/v2.1${path}`, { token: session.token, headers });
    expect(through.status).toBe(plain.status);
    for (const name of ['openstack-api-version', 'x-openstack-nova-api-version', 'content-type']) {
      expect(through.headers[name]).toBe(plain.headers[name]);
    }
    const servers = through.body.servers ?? (through.body.server ? [through.body.server] : []);
    for (const server of servers) {
      expect(server['os-extended-shares:shares_attached']).toEqual(expect.any(Array));
      delete server['os-extended-shares:shares_attached'];
    }
    expect(through.body).toEqual(JSON.parse(plain.text.replaceAll(`"href": "${base}`, `"href": "${origin}`)));
  }
}, 60_000);
