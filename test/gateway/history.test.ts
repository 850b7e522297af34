import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/seed.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';

const LOG_LENGTH = 12;
const EVENTS =
  'nodes { type reason attachment { status serverId } cursor } pageInfo { hasNextPage endCursor isTruncated }';
const HISTORY = `query ($first: Int, $after: String, $filter: ShareAttachmentHistoryFilter) {
  shareAttachmentHistory(first: $first, after: $after, filter: $filter) { ${EVENTS} edges { cursor } } }`;
const ATTACH = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id } } }';
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { id } } }';

interface Page {
  nodes: { type: string; cursor: string; attachment: { serverId: string } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null; isTruncated: boolean };
}

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ env: { EVENT_LOG_LENGTH: String(LOG_LENGTH) } });
});
afterAll(() => gateway.close());

async function history(variables: object = {}): Promise<Page> {
  const { data, errors } = await gateway.query(HISTORY, { ...variables });
  if (errors) throw new Error(errors.map(({ message }) => message).join());
  return data.shareAttachmentHistory;
}

const types = ({ nodes }: Page) => nodes.map(({ type }) => type);
const latest = async (serverId: string) => types(await history({ filter: { serverId } }))[0];

async function attachAndDetach(input: { serverId: string; shareId: string }): Promise<void> {
  await gateway.query(ATTACH, { input });
  await until(async () => (await latest(input.serverId)) === 'ATTACHED');
  await gateway.query(DETACH, { input });
  await until(async () => (await latest(input.serverId)) === 'DETACHED');
}

const LIFE = ['DETACHED', 'DETACH_STARTED', 'ATTACHED', 'ATTACH_STARTED'];
const one = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };
const two = { serverId: DEMO.twoNetworkServerId, shareId: DEMO.storageShareId };

describe('shareAttachmentHistory', () => {
  test('nothing happened -> an empty page, nothing is gone', async () => {
    expect(await history()).toMatchObject({ nodes: [], pageInfo: { hasNextPage: false, isTruncated: false } });
  });

  test('attached and detached -> newest first, with what the attachment was after each; in pages; by server and share', async () => {
    await attachAndDetach(one);
    await attachAndDetach(two);
    expect(types(await history())).toEqual([...LIFE, ...LIFE]);
    const all: string[] = [];
    for (let after: string | null = null; ; ) {
      const page: Page = await history({ first: 3, after });
      all.push(...page.nodes.map(({ cursor }) => cursor));
      if (!page.pageInfo.hasNextPage) break;
      after = page.pageInfo.endCursor;
    }
    expect(all).toEqual((await history()).nodes.map(({ cursor }) => cursor));
    const ofOne = await history({ filter: { serverId: one.serverId } });
    expect(types(ofOne)).toEqual(LIFE);
    expect(ofOne.nodes.every(({ attachment }) => attachment.serverId === one.serverId)).toBe(true);
    expect(types(await history({ filter: { serverId: one.serverId, shareId: two.shareId } }))).toEqual([]);
  });

  test('the log has dropped events -> isTruncated, and the page ends with the oldest that is left', async () => {
    await attachAndDetach(one);
    expect((await history()).pageInfo.isTruncated).toBe(false);
    await attachAndDetach(one);
    const page = await history({ filter: { serverId: one.serverId } });
    expect(page.pageInfo).toMatchObject({ hasNextPage: false, isTruncated: true });
    expect(types(await history())).toHaveLength(LOG_LENGTH);
    const oldest = (await history()).nodes.at(-1)?.cursor;
    expect(await history({ after: oldest })).toMatchObject({ nodes: [], pageInfo: { isTruncated: true } });
  });

  test.each(['tomorrow', '1-2-3'])('after %j -> BAD_USER_INPUT', async (after) => {
    const { errors } = await gateway.query(HISTORY, { after });
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('another project -> its own events only', async () => {
    const other = gateway.sandbox.issueToken('other');
    const { data } = await gateway.query(HISTORY, {}, other);
    expect(data.shareAttachmentHistory.nodes).toEqual([]);
  });
});

test('ShareAttachment.history -> of its server and share, also what came before it', async () => {
  await gateway.query(ATTACH, { input: two });
  await until(async () => (await latest(two.serverId)) === 'ATTACHED');
  const { data } = await gateway.query(`{ shareAttachments { nodes { serverId history(first: 3) { ${EVENTS} } } } }`);
  const [found] = data.shareAttachments.nodes;
  expect(types(found.history)).toEqual(['ATTACHED', 'ATTACH_STARTED', 'DETACHED']);
});

describe('Server.actions', () => {
  const ACTIONS = `query ($id: ID!, $first: Int, $after: String) { server(id: $id) { actions(first: $first, after: $after) {
    nodes { action openstackRequestId userId message createdAt updatedAt } pageInfo { hasNextPage endCursor isTruncated } } } }`;
  const start = 'mutation ($id: ID!) { startServer(input: {serverId: $id}) { openstackRequestId } }';
  const stop = 'mutation ($id: ID!) { stopServer(input: {serverId: $id}) { openstackRequestId } }';
  const id = DEMO.shutoffServerId;

  async function actions(variables: object) {
    const { data, errors } = await gateway.query(ACTIONS, { id, ...variables });
    if (errors) throw new Error(errors.map(({ message }) => message).join());
    return data.server.actions;
  }

  test('started and stopped -> newest first, with the request id that the mutation gave; in pages', async () => {
    const { data } = await gateway.query(start, { id });
    await gateway.sandbox.waitUntil(() => gateway.sandbox.server(id)?.status === 'ACTIVE');
    await gateway.query(stop, { id });
    const all = await actions({});
    expect(all.nodes.map(({ action }: { action: string }) => action)).toEqual(['stop', 'start', 'create']);
    expect(all.nodes[1].openstackRequestId).toBe(data.startServer.openstackRequestId);
    expect(all.pageInfo).toMatchObject({ hasNextPage: false, isTruncated: null });
    const first = await actions({ first: 2 });
    expect(first.pageInfo.hasNextPage).toBe(true);
    const rest = await actions({ first: 2, after: first.pageInfo.endCursor });
    expect([...first.nodes, ...rest.nodes]).toEqual(all.nodes);
    expect(rest.pageInfo.hasNextPage).toBe(false);
  });

  test('a cursor of another server -> BAD_USER_INPUT', async () => {
    const { pageInfo } = await actions({ first: 1 });
    const { errors } = await gateway.query(ACTIONS, { id: DEMO.serverId, after: pageInfo.endCursor });
    expect(errors?.[0]?.message).toContain('of an action of this server');
  });
});
