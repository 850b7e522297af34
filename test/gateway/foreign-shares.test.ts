import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';

/** A server of one project with a public share of another one, attached by an administrator. */

const ATTACH = `mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }`;
const DETACH = `mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status } } }`;
const SEE = `query ($serverId: ID!, $shareId: ID!) {
  shareAttachment(serverId: $serverId, shareId: $shareId) { status mountPoint fault { code } }
}`;
const MOUNT_POINT = '/srv/secret-project';

let gateway: TestGateway;
let shareId: string;
let admin: string;
let other: string;

beforeEach(async () => {
  gateway = await startGateway({ env: { SWEEP_INTERVAL_MS: '50' } });
  shareId = gateway.sandbox.addShare({ project: 'demo', isPublic: true }).id;
  admin = gateway.sandbox.issueToken('admin');
  other = gateway.sandbox.issueToken('other');
});
afterEach(() => gateway.close());

const see = async (serverId: string, token = other) =>
  (await gateway.query(SEE, { serverId, shareId }, token)).data.shareAttachment;
const rules = () => gateway.sandbox.rulesOf(shareId);
const scans = () => gateway.sandbox.requests.filter(({ path }) => path.endsWith('/servers/detail')).length;

async function attached(serverId: string, token = admin, accessTo = ['10.99.0.1']): Promise<void> {
  const input = { serverId, shareId, accessTo, mountPoint: MOUNT_POINT };
  expect((await gateway.query(ATTACH, { input }, token)).errors).toBeUndefined();
  const own = token === admin ? other : token;
  await until(async () => (await see(serverId, own))?.status === 'ATTACHED');
}
const addServer = (project: string) => gateway.sandbox.addServer({ project, ports: [] }).id;

test('the rule’s metadata, which the share’s project reads, names no server, user or mount point', async () => {
  const serverId = addServer('other');
  await attached(serverId);
  const [rule] = rules();
  const text = JSON.stringify(rule?.metadata);
  for (const secret of [serverId, MOUNT_POINT, String(rule?.userId)]) expect(text).not.toContain(secret);
  expect(Object.keys(rule?.metadata ?? {}).sort()).toEqual(['attachment_ref', 'managed_by', 'signature', 'store_id']);
  // its own project still reads all of it
  expect(await see(serverId)).toMatchObject({ status: 'ATTACHED', mountPoint: MOUNT_POINT });
});

test('detached -> the rule is revoked; scans before that leave it', async () => {
  const serverId = addServer('other');
  await attached(serverId);
  const before = scans();
  await until(() => scans() >= before + 3);
  expect(rules()).toMatchObject([{ state: 'active' }]);
  const detached = await gateway.query(DETACH, { input: { serverId, shareId } }, admin);
  expect(detached.errors).toBeUndefined();
  await gateway.sandbox.waitForRules(shareId, (left) => left.length === 0);
  await until(async () => (await see(serverId)) === null);
});

test('two of its servers behind one address -> the rule passes from one to the other', async () => {
  const [one, two] = [addServer('other'), addServer('other')];
  await attached(one);
  await attached(two);
  const [rule] = rules();
  await gateway.query(DETACH, { input: { serverId: one, shareId } }, admin);
  await until(async () => (await see(one)) === null);
  expect(rules()).toMatchObject([{ id: rule?.id, state: 'active' }]);
  expect(rules()[0]?.metadata.attachment_ref).not.toBe(rule?.metadata.attachment_ref);
  await gateway.query(DETACH, { input: { serverId: two, shareId } }, admin);
  await gateway.sandbox.waitForRules(shareId, (left) => left.length === 0);
});

test('a server of each project behind one address -> neither project’s detach revokes the rule of the other', async () => {
  const [own, foreign] = [addServer('demo'), addServer('other')];
  await attached(own, gateway.token);
  await attached(foreign);
  await gateway.query(DETACH, { input: { serverId: foreign, shareId } }, admin);
  await until(async () => (await see(foreign)) === null);
  expect(rules()).toMatchObject([{ state: 'active', metadata: { server_id: own } }]);

  await attached(foreign);
  gateway.sandbox.deleteServer(foreign);
  await until(async () => (await see(foreign)) === null);
  expect(rules()).toMatchObject([{ state: 'active', metadata: { server_id: own } }]);
  expect(await see(own, gateway.token)).toMatchObject({ status: 'ATTACHED' });
});

test('the state is lost -> the share’s project recovers no attachment of a server of another project', async () => {
  const serverId = addServer('other');
  await attached(serverId);
  const env = { REDIS_PREFIX: `test-${randomUUID()}:` };
  const again = await startGateway({ sandbox: gateway.sandbox, env });
  const { data } = await again.query('{ shareAttachments { nodes { serverId } } }', {}, again.token);
  expect(data.shareAttachments.nodes).toEqual([]);
  await again.close();
});
