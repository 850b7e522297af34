import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type App, createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { request } from '../../src/openstack/http/request.ts';
import { issueToken } from '../../src/openstack/keystone/client.ts';
import { denyAccess, listAccessRules } from '../../src/openstack/manila/client.ts';
import { getServer, listServers } from '../../src/openstack/nova/client.ts';
import {
  attachServerShare,
  detachServerShare,
  getServerShare,
  hasServerShares,
  listServerShares,
  powerServer,
} from '../../src/openstack/nova/shares.ts';
import { MANILA } from '../../src/openstack/services.ts';
import { testRedisUrl } from '../support/redis.ts';
import { ask, eventually, type OpenCloud, openCloud } from './cloud.ts';

/**
 * What Nova and Manila leave to their users, each once on the cloud that OS_CLOUD names, and what the gateway does instead. One
 * server is stopped, used and started again. SLOW_ADDRESS is an address for which the share driver takes long.
 */

const { SLOW_ADDRESS = '203.0.113.99' } = process.env;
let cloud: OpenCloud;
let app: App;
let url: string;
let serverId: string;
/** Another server, which stays as it is. */
let otherId: string;

const query = (document: string, variables = {}, token = cloud.session.token) => ask(url, token, document, variables);
const ATTACH = `mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }`;
const DETACH = `mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status } } }`;
const START = 'mutation ($input: ServerActionInput!) { startServer(input: $input) { server { status } } }';
const STOP = 'mutation ($input: ServerActionInput!) { stopServer(input: $input) { server { status } } }';
const SEE = `query ($serverId: ID!, $shareId: ID!) {
  shareAttachment(serverId: $serverId, shareId: $shareId) { status fault { code message } virtiofs { tag status } } }`;
const LIST = `query ($id: ID!) { server(id: $id) { sharesAttached(inNova: true) {
  origin via status createdAt virtiofs { tag status } } } }`;

const attach = (shareId: string, input = {}, token?: string) =>
  query(ATTACH, { input: { serverId, shareId, via: 'VIRTIOFS', ...input } }, token);
const detach = (shareId: string, input = {}) => query(DETACH, { input: { serverId, shareId, ...input } });
const see = async (shareId: string, id = serverId) => (await query(SEE, { serverId: id, shareId })).shareAttachment;
const rulesOf = async (shareId: string) => (await listAccessRules(cloud.session, shareId)) ?? [];
const stateOf = async () => {
  const server = await getServer(cloud.session, serverId);
  return `${server?.status} ${server?.['OS-EXT-STS:task_state']}`;
};

async function untilAttached(shareId: string, id = serverId): Promise<void> {
  await eventually(async () => {
    const { status, fault } = await see(shareId, id);
    if (status === 'ERROR_ATTACHING') throw new Error(fault.message);
    return status === 'ATTACHED';
  });
}

async function detached(shareId: string): Promise<void> {
  await detach(shareId);
  await eventually(async () => (await see(shareId)) === null);
}

beforeAll(async () => {
  cloud = await openCloud();
  if (!(await hasServerShares(cloud.session)).isSupported) throw new Error('test:cloud: expected Nova 2.97 or later');
  const config = readConfig({ PORT: '0', REDIS_URL: testRedisUrl(), REDIS_PREFIX: `cloud-${randomUUID()}:` });
  app = await createApp(config, { settings: cloud.settings, credentials: null, sandbox: null }, cloud.log);
  url = `${await app.listen()}/graphql`;
  const { servers } = await listServers(cloud.session, { limit: 100, filters: { status: ['ACTIVE'] } });
  [serverId = '', otherId = ''] = servers.map(({ id }) => id).reverse();
  await query(STOP, { input: { serverId } });
  await eventually(async () => (await stateOf()) === 'SHUTOFF null');
}, 300_000);

afterAll(async () => {
  await powerServer(cloud.session, serverId, { 'os-start': null }).catch(() => undefined);
  await app.close();
  await cloud.close();
}, 120_000);

test('Nova takes an attach and a detach while it starts a server -> the gateway rejects both, and the server becomes ACTIVE', async () => {
  const [one, two] = [await cloud.makeShare('NFS'), await cloud.makeShare('NFS')];
  await attach(one, { tag: 'x'.repeat(36) });
  await untilAttached(one);
  await query(START, { input: { serverId } });
  const results = await Promise.allSettled([attach(two), detach(one)]);
  for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { message: /stopped/ } });
  await eventually(async () => (await stateOf()) === 'ACTIVE null');
  expect(await listServerShares(cloud.session, serverId)).toMatchObject([{ share_id: one, status: 'active' }]);
  await query(STOP, { input: { serverId } });
  await eventually(async () => (await stateOf()) === 'SHUTOFF null');
  await detached(one);
}, 300_000);

test('tags that Nova takes and QEMU does not, or that do not fit -> rejected', async () => {
  const share = await cloud.makeShare('NFS');
  for (const tag of ['x'.repeat(37), 'x'.repeat(49), 'a.b', '']) {
    await expect(attach(share, { tag })).rejects.toThrow(/tag: expected 1 to 36/);
  }
  expect(await listServerShares(cloud.session, serverId)).toEqual([]);
}, 120_000);

test('an access rule waits behind a slow one, and Nova gives up -> taken away and attached again, without a fault', async () => {
  const share = await cloud.makeShare('NFS');
  const input = { serverId: otherId, shareId: share, accessTo: [SLOW_ADDRESS] };
  await query(ATTACH, { input });
  await attach(share);
  await untilAttached(share);
  expect(await see(share)).toMatchObject({ fault: null, virtiofs: { status: 'INACTIVE' } });
  await detached(share);
  await query(DETACH, { input: { serverId: otherId, shareId: share } });
  await eventually(async () => (await rulesOf(share)).length === 0);
}, 300_000);

test('a token of an application credential, with which Nova answers 500 -> FORBIDDEN, and nothing is posted', async () => {
  const { session, settings, log } = cloud;
  const share = await cloud.makeShare('NFS');
  const path = `${settings.authUrl}/users/${session.identity.userId}/application_credentials`;
  const headers = { 'content-type': 'application/json', 'x-auth-token': session.token };
  const name = `gateway-test-${randomUUID()}`;
  const made = await fetch(path, {
    ...{ method: 'POST', headers, body: JSON.stringify({ application_credential: { name } }) },
  });
  const { application_credential: application } = (await made.json()) as Record<string, { id: string; secret: string }>;
  const { id = '', secret = '' } = application ?? {};
  try {
    const credentials = { method: 'application_credential', application: { id }, secret } as const;
    const { token } = await issueToken(session.cloud, credentials, session.requestId, log);
    await expect(attach(share, {}, token)).rejects.toThrow(/application credential/);
    expect(await listServerShares(session, serverId)).toEqual([]);
  } finally {
    await fetch(`${path}/${id}`, { method: 'DELETE', headers });
  }
}, 120_000);

test('attached in Nova by another client -> listed, adopted by an attach; detached in Nova -> the attachment ends', async () => {
  const { session } = cloud;
  const share = await cloud.makeShare('NFS');
  await attachServerShare(session, serverId, { shareId: share, tag: 'theirs' });
  await eventually(async () => (await getServerShare(session, serverId, share))?.status === 'inactive');
  const ofNova = { origin: 'NOVA', via: 'VIRTIOFS', status: 'ATTACHED', createdAt: null };
  const { server } = await query(LIST, { id: serverId });
  expect(server.sharesAttached).toEqual([{ ...ofNova, virtiofs: { tag: 'theirs', status: 'INACTIVE' } }]);
  await attach(share);
  await untilAttached(share);
  expect((await see(share)).virtiofs).toEqual({ tag: 'theirs', status: 'INACTIVE' });
  await detachServerShare(session, serverId, share);
  await eventually(async () => (await getServerShare(session, serverId, share)) === null);
  await query(LIST, { id: serverId });
  await eventually(async () => (await see(share)) === null);
}, 180_000);

test('isProtected and isHidden -> Manila keeps the rule and the share from being deleted, until detachShare lifts the locks', async () => {
  const { session } = cloud;
  const share = await cloud.makeShare('NFS');
  const locked = { serverId: otherId, shareId: share, via: 'ACCESS_RULE', isProtected: true, isHidden: true };
  await query(ATTACH, { input: locked });
  await untilAttached(share, otherId);
  const [rule] = await rulesOf(share);
  await expect(denyAccess(session, share, rule?.id ?? '')).rejects.toMatchObject({ status: 403 });
  await expect(request(session, MANILA, { method: 'DELETE', path: `/shares/${share}` })).rejects.toThrow();
  const locks = await request<{ resource_locks: { resource_id: string }[] }>(session, MANILA, {
    ...{ path: '/resource-locks', expectsList: 'resource_locks' },
  });
  const ids = locks.body.resource_locks.map(({ resource_id: id }) => id);
  expect(ids.filter((id) => id === rule?.id)).toHaveLength(2);
  expect(ids).toContain(share);
  await query(DETACH, { input: { serverId: otherId, shareId: share } });
  await eventually(async () => (await rulesOf(share)).length === 0);
}, 180_000);
