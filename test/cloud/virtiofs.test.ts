import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type App, createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { listAccessRules } from '../../src/openstack/manila/client.ts';
import { getServer, listServers } from '../../src/openstack/nova/client.ts';
import { hasServerShares, listServerShares } from '../../src/openstack/nova/shares.ts';
import { testRedisUrl } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { ask, type OpenCloud, openCloud } from './cloud.ts';

/** Nova's virtiofs on the cloud that OS_CLOUD names, as its user: one server is stopped, used and left as it was found. */

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
const ATTACH =
  'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status mountCommands } } }';
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status } } }';
const START = 'mutation ($input: ServerActionInput!) { startServer(input: $input) { server { status } } }';
const STOP = 'mutation ($input: ServerActionInput!) { stopServer(input: $input) { server { status } } }';
const SEE = `query ($serverId: ID!, $shareId: ID!) {
  shareAttachment(serverId: $serverId, shareId: $shareId) { status fault { code message } virtiofs { tag status } } }`;
const LIST = 'query ($id: ID!) { server(id: $id) { sharesAttached(inNova: true) { origin virtiofs { status } } } }';
const CHECK = `query ($input: AttachShareCheckInput!) { attachShareCheck(input: $input) { via isOpen problems { code } } }`;

test('attach to a stopped server -> start -> active -> stop -> detach -> attach at once -> detach -> the rule is gone', async () => {
  const { session } = cloud;
  const shareId = await cloud.makeShare('NFS');
  const { servers } = await listServers(session, { limit: 100, filters: { status: ['ACTIVE'] } });
  const serverId = servers.at(-1)?.id ?? '';
  const input = { serverId, shareId, via: 'VIRTIOFS', tag: 'data', mountPoint: '/mnt/data' };
  if (!(await hasServerShares(session)).isSupported) {
    await expect(query(ATTACH, { input })).rejects.toThrow(/2\.97/);
    return;
  }
  const stateOf = async () => {
    const server = await getServer(session, serverId);
    return `${server?.status} ${server?.['OS-EXT-STS:task_state']}`;
  };
  const see = async () => (await query(SEE, { serverId, shareId })).shareAttachment;
  const attached = () =>
    until(async () => {
      const attachment = await see();
      if (attachment.status === 'ERROR_ATTACHING') throw new Error(attachment.fault.message);
      return attachment.status === 'ATTACHED';
    });

  await expect(query(ATTACH, { input })).rejects.toThrow(/stopped/);
  const { attachShareCheck } = await query(CHECK, { input: { serverId, shareId } });
  expect(attachShareCheck).toMatchObject([
    { via: 'ACCESS_RULE', isOpen: true },
    { via: 'VIRTIOFS', isOpen: false, problems: expect.arrayContaining([{ code: 'SERVER_NOT_STOPPED' }]) },
  ]);
  await query(STOP, { input: { serverId } });
  await until(async () => (await stateOf()) === 'SHUTOFF null');

  const { attachShare } = await query(ATTACH, { input });
  expect(attachShare.attachment.mountCommands).toEqual(['mkdir -p /mnt/data && mount -t virtiofs data /mnt/data']);
  // without the gateway this start ends in ERROR
  await expect(query(START, { input: { serverId } })).rejects.toThrow(/being attached/);
  await attached();
  expect(await stateOf()).toBe('SHUTOFF null');
  const masked = await listAccessRules(session, shareId);
  expect(masked).toMatchObject([{ access_to: '******', state: 'active' }]);

  await query(START, { input: { serverId } });
  await until(async () => (await stateOf()) === 'ACTIVE null');
  const { server } = await query(LIST, { id: serverId });
  expect(server.sharesAttached).toEqual([{ origin: 'GATEWAY', virtiofs: { status: 'ACTIVE' } }]);
  await expect(query(DETACH, { input: { serverId, shareId } })).rejects.toThrow(/stopped/);
  await query(STOP, { input: { serverId } });
  await until(async () => (await stateOf()) === 'SHUTOFF null');

  await query(DETACH, { input: { serverId, shareId } });
  await until(async () => (await see()) === null);
  // without the gateway this attach ends in error, as Nova's old rule is still being denied
  await query(ATTACH, { input });
  await attached();
  await query(DETACH, { input: { serverId, shareId } });
  await until(async () => (await see()) === null);
  await until(async () => ((await listAccessRules(session, shareId)) ?? []).length === 0);
  expect(await listServerShares(session, serverId)).toEqual([]);
  await query(START, { input: { serverId } });
  await until(async () => (await stateOf()) === 'ACTIVE null');
}, 300_000);
