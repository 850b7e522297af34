import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildSchema, isSpecifiedScalarType } from 'graphql';
import { FAULT_CODES } from '../../src/errors.ts';
import { AttachmentFaultCode } from '../../src/graphql/generated.ts';
import { DEMO } from '../../src/sandbox/seed.ts';
import { startGateway, type TestGateway, untilAtRest } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';
const ATTACH =
  'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id serverId shareId } } }';

/** The calls to a service while `work` ran, as method and path. */
async function callsOf<T>(work: () => Promise<T>): Promise<{ result: T; calls: string[] }> {
  const from = gateway.sandbox.requests.length;
  const result = await work();
  const calls = gateway.sandbox.requests
    .slice(from)
    .map(({ service, method, path }) => `${service} ${method} ${path.split('?')[0]}`)
    .filter((call) => !call.startsWith('keystone'));
  return { result, calls };
}

describe('node', () => {
  const NODE = `query ($id: ID!) { node(id: $id) { __typename id
    ... on Server { name serverStatus: status } ... on Share { name shareStatus: status }
    ... on ShareAttachment { server { name } attachmentStatus: status } } }`;

  test('a server, a share, an attachment -> each by its id alone, its services asked at the same time', async () => {
    const input = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };
    const { attachment } = (await gateway.query(ATTACH, { input })).data.attachShare;
    const asked = await callsOf(() => gateway.query(NODE, { id: DEMO.serverId }));
    expect(asked.result.data.node).toEqual({
      __typename: 'Server',
      id: DEMO.serverId,
      name: 'web-01',
      serverStatus: 'ACTIVE',
    });
    expect(asked.calls).toHaveLength(2);
    const share = await gateway.query(NODE, { id: DEMO.nfsShareId.toUpperCase() });
    expect(share.data.node).toMatchObject({ __typename: 'Share', id: DEMO.nfsShareId, shareStatus: 'AVAILABLE' });
    const found = await gateway.query(NODE, { id: attachment.id });
    expect(found.data.node).toMatchObject({ __typename: 'ShareAttachment', server: { name: 'web-01' } });
  });

  test('no such id -> null; another project’s server -> null; no id -> BAD_USER_INPUT', async () => {
    expect((await gateway.query(NODE, { id: UNKNOWN_ID })).data).toEqual({ node: null });
    expect((await gateway.query(NODE, { id: DEMO.otherServerId })).data).toEqual({ node: null });
    expect((await gateway.query(NODE, { id: `${UNKNOWN_ID}:${DEMO.nfsShareId}` })).data).toEqual({ node: null });
    const { errors } = await gateway.query(NODE, { id: 'server-1' });
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('Manila fails -> a server is found, and what Nova does not have is an error, never null', async () => {
    const fault = gateway.sandbox.faults.add({ service: 'manila', kind: 'status', status: 500 });
    const server = await gateway.query(NODE, { id: DEMO.serverId });
    const unknown = await gateway.query(NODE, { id: UNKNOWN_ID });
    fault.remove();
    expect(server.data.node.__typename).toBe('Server');
    expect(unknown.errors?.[0]?.extensions).toMatchObject({ code: 'UPSTREAM_ERROR', service: 'manila' });
  });
});

describe('nodes', () => {
  test('forty servers and ten shares -> one list per service, in the order of the ids', async () => {
    await untilAtRest(gateway);
    const { data } = await gateway.query('{ servers(first: 40) { nodes { id } } shares(first: 10) { nodes { id } } }');
    const ids = [...data.shares.nodes, ...data.servers.nodes].map(({ id }: { id: string }) => id);
    const QUERY = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }';
    const { result, calls } = await callsOf(() => gateway.query(QUERY, { ids }));
    expect(result.errors).toBeUndefined();
    expect(result.data.nodes.map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(calls.sort()).toEqual(['manila GET /shares/detail', 'nova GET /servers/detail']);
  });

  test('unknown ids among them -> null in their places; too many -> BAD_USER_INPUT', async () => {
    const QUERY = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }';
    const ids = [UNKNOWN_ID, DEMO.nfsShareId, DEMO.serverId, UNKNOWN_ID];
    const { data } = await gateway.query(QUERY, { ids });
    expect(data.nodes).toEqual([null, { __typename: 'Share' }, { __typename: 'Server' }, null]);
    const { errors } = await gateway.query(QUERY, { ids: Array(201).fill(UNKNOWN_ID) });
    expect(errors?.[0]).toMatchObject({ message: expect.stringContaining('at most 200, got 201') });
  });
});

test('several mutations in one document, one refused -> its error at its alias, and the data of the others', async () => {
  const attach = (alias: string, serverId: string) =>
    `${alias}: attachShare(input: {serverId: "${serverId}", shareId: "${DEMO.nfsShareId}"}) { attachment { serverId } }`;
  const { data, errors } = await gateway.query(
    `mutation { ${attach('one', DEMO.serverId)} ${attach('two', UNKNOWN_ID)} ${attach('three', DEMO.serverId)} }`,
  );
  const done = { attachment: { serverId: DEMO.serverId } };
  expect(data).toEqual({ one: done, two: null, three: done });
  expect(errors).toMatchObject([{ path: ['two'], extensions: { code: 'NOT_FOUND' } }]);
});

describe('the schema', () => {
  const sdl = (url: string) => fetch(url.replace(/\/graphql$/, '/graphql/schema.graphql'));

  test('without a token -> the schema’s document, with its descriptions and the specification of DateTime', async () => {
    const response = await sdl(gateway.url);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    const text = await response.text();
    const schema = buildSchema(text);
    expect(schema.getMutationType()?.getFields().attachShare?.description).toContain('idempotent');
    expect(schema.getType('DateTime')).toMatchObject({ specifiedByURL: expect.stringContaining('date-time') });
    expect(await (await fetch(`${gateway.url}/schema`)).text()).toBe(text);
    const own = Object.values(schema.getTypeMap()).filter((type) => !isSpecifiedScalarType(type as never));
    expect(own.filter(({ name, description }) => !name.startsWith('__') && !description)).toEqual([]);
  });

  test('introspection is off -> 404', async () => {
    const closed = await startGateway({ sandbox: gateway.sandbox, env: { INTROSPECTION: 'false' }, store: 'memory' });
    const response = await sdl(closed.url);
    await closed.close();
    expect(response.status).toBe(404);
  });

  test('the codes of faults -> those of the code, and UNKNOWN', () => {
    expect(Object.keys(AttachmentFaultCode).sort()).toEqual([...Object.keys(FAULT_CODES), 'UNKNOWN'].sort());
  });
});
