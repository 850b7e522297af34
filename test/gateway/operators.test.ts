import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { listen } from '../support/listener.ts';
import { until } from '../support/until.ts';

/** An operator's token sees the servers and shares of all projects: it is shown which of them are attached. */

const ATTACH = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }';
const SERVER = 'query ($id: ID!) { server(id: $id) { sharesAttached { shareId status } } }';
const SHARE = 'query ($id: ID!) { share(id: $id) { serversAttached { serverId status } } }';
const PAIR = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };
const ATTACHED = { shareId: PAIR.shareId, status: 'ATTACHED' };

let gateway: TestGateway;
let admin: string;
let other: string;

beforeEach(async () => {
  gateway = await startGateway();
  admin = gateway.sandbox.issueToken('admin');
  other = gateway.sandbox.issueToken('other');
});
afterEach(() => gateway.close());

const attach = (input: object, token = gateway.token) => gateway.query(ATTACH, { input }, token);
const ofServer = async (id: string, token: string, at = gateway) =>
  (await at.query(SERVER, { id }, token)).data.server?.sharesAttached ?? null;
const ofShare = async (id: string, token: string) =>
  ((await gateway.query(SHARE, { id }, token)).data.share?.serversAttached ?? [])
    .map(({ serverId }: { serverId: string }) => serverId)
    .sort();

async function attached(input: object = PAIR, token = gateway.token): Promise<void> {
  expect((await attach(input, token)).errors).toBeUndefined();
  const { serverId } = input as typeof PAIR;
  await until(async () => (await ofServer(serverId, admin))?.[0]?.status === 'ATTACHED');
}

test('sharesAttached of a server of another project; who does not see the server sees none', async () => {
  await attached();
  expect(await ofServer(PAIR.serverId, admin)).toEqual([ATTACHED]);
  expect(await ofServer(PAIR.serverId, other)).toBeNull();
});

test('shareAttachment, shareAttachments and events of a server of another project', async () => {
  const events = listen({ wsUrl: gateway.wsUrl, token: admin }, { serverId: PAIR.serverId, after: '0-0' });
  const first = events.next();
  await attached();
  expect(await first).toMatchObject({ type: 'ATTACH_STARTED', attachment: PAIR });
  await events.close();
  const one = `{ shareAttachment(serverId: "${PAIR.serverId}", shareId: "${PAIR.shareId}") { status } }`;
  const list = `{ shareAttachments(filter: { serverId: "${PAIR.serverId}" }) { nodes { shareId status } } }`;
  expect((await gateway.query(one, {}, admin)).data.shareAttachment).toEqual({ status: 'ATTACHED' });
  expect((await gateway.query(list, {}, admin)).data.shareAttachments.nodes).toEqual([ATTACHED]);
  expect((await gateway.query(one, {}, other)).data.shareAttachment).toBeNull();
  expect((await gateway.query(list, {}, other)).data.shareAttachments.nodes).toEqual([]);
});

test('serversAttached of a public share: an operator sees all projects’ servers, a member its own project’s', async () => {
  const shareId = gateway.sandbox.addShare({ project: 'demo', isPublic: true }).id;
  const theirs = gateway.sandbox.addServer({ project: 'other', ports: [] }).id;
  await attached({ serverId: PAIR.serverId, shareId });
  await attached({ serverId: theirs, shareId, accessTo: ['10.99.0.1'] }, admin);
  expect(await ofShare(shareId, admin)).toEqual([PAIR.serverId, theirs].sort());
  expect(await ofShare(shareId, gateway.token)).toEqual([PAIR.serverId]);
  expect(await ofShare(shareId, other)).toEqual([theirs]);
});

test('the compute API shows an operator the shares of another project’s server', async () => {
  await attached();
  const url = gateway.url.replace(/graphql$/, `v2.1/servers/${PAIR.serverId}`);
  const response = await fetch(url, { headers: { 'x-auth-token': admin } });
  const { server } = (await response.json()) as { server: Record<string, unknown> };
  expect(server['os-extended-shares:shares_attached']).toMatchObject([{ id: PAIR.shareId }]);
});

test('the state is lost, and an operator is the first to ask -> filed once, in the server’s project', async () => {
  await attached();
  const again = await startGateway({ sandbox: gateway.sandbox, env: { REDIS_PREFIX: `test-${randomUUID()}:` } });
  expect(await ofServer(PAIR.serverId, admin, again)).toEqual([ATTACHED]);
  const list = '{ shareAttachments { totalCount eventCursor } }';
  const before = (await again.query(list, {}, again.token)).data.shareAttachments;
  expect(before.totalCount).toBe(1);
  expect((await again.query(list, {}, admin)).data.shareAttachments.totalCount).toBe(0);
  expect((await again.query(list, {}, again.token)).data.shareAttachments).toEqual(before);
  await again.close();
});

test('the state is lost, several ask at once, and Manila rejects the first -> the others are answered', async () => {
  await attached();
  const again = await startGateway({
    sandbox: gateway.sandbox,
    hasAccount: false,
    env: { REDIS_PREFIX: `test-${randomUUID()}:` },
  });
  gateway.sandbox.faults.add({ service: 'manila', path: /^\/shares\/detail/, times: 1, kind: 'status', status: 403 });
  const tokens = ['reader', 'colleague', 'demo'].map((user) => gateway.sandbox.issueToken(user));
  const query = `{ shareAttachments { nodes { shareId status } } }`;
  const answers = await Promise.all(tokens.map((token) => again.query(query, {}, token)));
  const codes = answers.map(({ errors }) => errors?.[0]?.extensions.code);
  expect(codes.filter((code) => code === 'FORBIDDEN')).toHaveLength(1);
  const found = answers.filter(({ errors }) => !errors).map(({ data }) => data.shareAttachments.nodes);
  expect(found).toEqual([[ATTACHED], [ATTACHED]]);
  await again.close();
});

test('the same with credentials of its own -> all are answered', async () => {
  await attached();
  const again = await startGateway({ sandbox: gateway.sandbox, env: { REDIS_PREFIX: `test-${randomUUID()}:` } });
  gateway.sandbox.faults.add({ service: 'manila', path: /^\/shares\/detail/, times: 1, kind: 'status', status: 403 });
  expect(await ofServer(PAIR.serverId, again.token, again)).toEqual([ATTACHED]);
  await again.close();
});
