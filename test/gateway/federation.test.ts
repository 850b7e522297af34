import { diff } from '@graphql-inspector/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { composeServices, compositionHasErrors } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { createSubgraphSchema, subgraphSdl } from '../../src/graphql/federation.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway, untilAtRest } from '../support/gateway.ts';
import { connect } from '../support/ws-client.ts';

/** The gateway as a subgraph of Apollo Federation (FEDERATION=true). */

const ENTITIES = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on Server { id name }
    ... on Share { id protocol createdAt }
    ... on ShareAttachment { id status server { name } }
  }
}`;

/** A subgraph of another team: it knows servers by their id, and adds what they cost. */
const COSTS = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])
  type Server @key(fields: "id") { id: ID! costPerHour: Float }
  type Report { server: Server! pageInfo: PageInfo! }
  type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  interface Node { id: ID! }
  type Query { reports: [Report!]! node(id: ID!): Node nodes(ids: [ID!]!): [Node] }
`;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ env: { FEDERATION: 'true' } });
});
afterAll(() => gateway.close());

const entities = (representations: readonly unknown[]) => gateway.query(ENTITIES, { representations });

describe('_entities', () => {
  test('a server, a share and an attachment by their ids', async () => {
    const { serverId, nfsShareId: shareId } = DEMO;
    const attach = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id } } }';
    const { data } = await gateway.query(attach, { input: { serverId, shareId } });
    const { id } = data.attachShare.attachment;
    const result = await entities([
      { __typename: 'ShareAttachment', id },
      { __typename: 'Server', id: serverId },
      { __typename: 'Share', id: shareId.toUpperCase() },
    ]);
    expect(result.errors).toBeUndefined();
    expect(result.data._entities).toEqual([
      { __typename: 'ShareAttachment', id, status: expect.stringMatching('ATTACH'), server: { name: 'web-01' } },
      { __typename: 'Server', id: serverId, name: 'web-01' },
      { __typename: 'Share', id: shareId, protocol: 'NFS', createdAt: expect.stringMatching(/Z$/) },
    ]);
  });

  test('one of another project, one of another type -> null; a malformed one -> an error of its own', async () => {
    const { data, errors } = await entities([
      { __typename: 'Server', id: DEMO.otherServerId },
      { __typename: 'ShareSnapshot', id: DEMO.nfsShareId },
      { __typename: 'Server', id: 'web-01' },
      { __typename: 'Volume', id: DEMO.serverId },
      { __typename: 'constructor', id: DEMO.serverId },
      { __typename: 'Server', id: DEMO.serverId },
    ]);
    expect(data._entities.map((one: { name: string } | null) => one?.name)).toEqual([
      ...[undefined, undefined, undefined, undefined, undefined, 'web-01'],
    ]);
    expect(errors?.map(({ path, extensions }) => [path?.[1], extensions.code])).toEqual([
      [2, 'BAD_USER_INPUT'],
      [3, 'BAD_USER_INPUT'],
      [4, 'BAD_USER_INPUT'],
    ]);
  });

  test('many servers -> one list, not a call for each', async () => {
    const { data } = await gateway.query('{ servers(first: 20) { nodes { id } } }');
    await untilAtRest(gateway);
    const before = gateway.sandbox.requests.length;
    const ids = data.servers.nodes.map(({ id }: { id: string }) => id);
    const result = await entities(ids.map((id: string) => ({ __typename: 'Server', id })));
    expect(result.data._entities.map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(gateway.sandbox.requests.slice(before).filter(({ path }) => /\/servers/.test(path))).toHaveLength(1);
  });

  test('more than 1,000 representations -> rejected', async () => {
    const { errors } = await entities(Array(1001).fill({ __typename: 'Server', id: DEMO.serverId }));
    expect(errors?.[0]?.message).toContain('expected at most 1000, got 1001');
  });

  test('no token -> UNAUTHENTICATED', async () => {
    const { status } = await gateway.query(ENTITIES, { representations: [] }, null);
    expect(status).toBe(401);
  });
});

describe('the SDL', () => {
  const compose = (sdl: string) =>
    composeServices([
      { name: 'openstack', typeDefs: parse(sdl), url: gateway.url },
      { name: 'costs', typeDefs: parse(COSTS), url: 'http://costs.example/graphql' },
    ]);

  test('composes with a subgraph that extends Server, shares PageInfo and owns node', async () => {
    const { data } = await gateway.query('{ _service { sdl } }');
    expect(data._service.sdl).toBe(subgraphSdl());
    const result = compose(data._service.sdl);
    if (compositionHasErrors(result)) throw new Error(result.errors.map(({ message }) => message).join('\n'));
    const server = /type Server\b[\s\S]*?\n}/.exec(result.supergraphSdl)?.[0];
    expect(server).toMatch(/@join__type\(graph: COSTS, key: "id"\)/);
    expect(server).toMatch(/@join__type\(graph: OPENSTACK, key: "id"\)/);
    expect(server).toMatch(/costPerHour: Float @join__field\(graph: COSTS\)/);
    expect(server).toMatch(/sharesAttached\(/);
  });

  test('without @shareable -> does not compose', () => {
    expect(compositionHasErrors(compose(subgraphSdl().replace('type PageInfo @shareable', 'type PageInfo')))).toBe(
      true,
    );
  });

  test('INTROSPECTION=false -> FORBIDDEN', async () => {
    const closed = await startGateway({
      store: 'memory',
      sandbox: gateway.sandbox,
      env: { FEDERATION: 'true', INTROSPECTION: 'false' },
    });
    const { errors } = await closed.query('{ _service { sdl } }');
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    await closed.close();
  });
});

test('the schema without federation is contained in it, unchanged', async () => {
  const changes = await diff(createSchema(), createSubgraphSchema({ showsSdl: true }));
  const unexpected = changes.filter(({ path = '' }) => !/^(_|@|Query\._|link__|federation__|join__)/.test(path));
  const isDirective = ({ type }: { type: string }) => /DIRECTIVE/.test(type);
  expect(unexpected.filter((change) => !isDirective(change)).map(({ message }) => message)).toEqual([]);
});

test('a subscription over WebSocket', async () => {
  const client = await connect(gateway.wsUrl, { 'X-Auth-Token': gateway.token });
  client.subscribe('1', `subscription { shareAttachmentEvents(after: "0-0") { type attachment { server { name } } } }`);
  expect(await client.nextData('1')).toEqual({
    shareAttachmentEvents: { type: 'ATTACH_STARTED', attachment: { server: { name: 'web-01' } } },
  });
  await client.close();
});

test('FEDERATION is off -> no _entities', async () => {
  const plain = await startGateway({ store: 'memory', sandbox: gateway.sandbox });
  expect((await plain.query('{ _service { sdl } }')).errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  await plain.close();
});
