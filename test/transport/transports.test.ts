import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { DEMO } from '../../src/sandbox/index.ts';
import { examples } from '../../src/transport/graphiql/examples.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connect, connectWs } from '../support/ws-client.ts';

/** All transports of the real gateway in front of the sandbox cloud. */
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ env: { UPSTREAM_TIMEOUT_MS: '2000', ALLOWED_ORIGINS: 'https://dash.example' } });
});
afterAll(() => gateway.close());

const VIEWER = '{ viewer { user { name } project { name } roles } }';
const paths = (path: string) => gateway.url.replace(/\/graphql$/, path);

describe('tokens', () => {
  test('a valid one -> its user and project', async () => {
    const { status, data } = await gateway.query(VIEWER);
    expect([status, data.viewer.user.name, data.viewer.project.name]).toEqual([200, 'demo', 'demo']);
  });

  test('the same one over a socket -> the same', async () => {
    const client = await connect(gateway.wsUrl, { 'X-Auth-Token': gateway.token });
    client.subscribe('1', VIEWER);
    expect((await client.nextData('1')).viewer.user.name).toBe('demo');
    await client.close();
  });

  test('many requests with one token -> one call to Keystone, with the request id of one of them', async () => {
    const token = gateway.sandbox.issueToken('demo');
    gateway.sandbox.clearRequests();
    const responses = await Promise.all(Array.from({ length: 10 }, () => gateway.query(VIEWER, {}, token)));
    const validations = gateway.sandbox.requests.filter(({ service }) => service === 'keystone');
    expect(validations).toHaveLength(1);
    const requestIds = responses.map(({ headers }) => headers.get('x-openstack-request-id'));
    expect(new Set(requestIds).size).toBe(10);
    expect(requestIds).toContain(validations[0]?.requestId);
  });

  test.each([
    ['none', () => null],
    ['one that is unknown to Keystone', () => 'gAAAAA-unknown'],
    ['an expired one', () => gateway.sandbox.issueToken('demo', { expiresInMs: -1000 })],
  ])('%s -> 401 UNAUTHENTICATED, 4401 on a socket', async (_situation, tokenOf) => {
    const token = tokenOf();
    const { status, errors, data } = await gateway.query(VIEWER, {}, token);
    expect([status, errors?.[0]?.extensions.code, data]).toEqual([401, 'UNAUTHENTICATED', undefined]);
    const client = await connectWs(gateway.wsUrl);
    await expect(client.init({ 'X-Auth-Token': token })).rejects.toThrow(/4401/);
  });

  test('one that expires while the socket is open -> 4403', async () => {
    const token = gateway.sandbox.issueToken('demo', { expiresInMs: 1500 });
    const client = await connect(gateway.wsUrl, { 'X-Auth-Token': token });
    client.subscribe('1', 'subscription { shareAttachmentEvents { type } }');
    expect(await client.waitForClose()).toEqual({ code: 4403, reason: 'Token expired' });
  });

  test('Keystone away -> 503 UPSTREAM_UNAVAILABLE with the service, 1013 on a socket; a cached token still works', async () => {
    await gateway.query(VIEWER);
    gateway.sandbox.down('keystone');
    try {
      const token = gateway.sandbox.issueToken('demo');
      const { status, errors } = await gateway.query(VIEWER, {}, token);
      expect([status, errors?.[0]?.extensions]).toEqual([
        503,
        { code: 'UPSTREAM_UNAVAILABLE', service: 'keystone', requestId: expect.stringMatching(/^req-/) },
      ]);
      const client = await connectWs(gateway.wsUrl);
      await expect(client.init({ 'X-Auth-Token': token })).rejects.toThrow(/1013/);
      expect((await gateway.query(VIEWER)).status).toBe(200);
    } finally {
      gateway.sandbox.up('keystone');
    }
  });
});

describe('upstream', () => {
  test('a server that does not exist -> null, no error', async () => {
    const query = 'query($id: ID!) { server(id: $id) { name } }';
    const { data, errors } = await gateway.query(query, { id: '00000000-0000-4000-8000-000000000000' });
    expect([data, errors]).toEqual([{ server: null }, undefined]);
  });

  test('Nova away -> UPSTREAM_UNAVAILABLE on its path, the data of Manila is there', async () => {
    gateway.sandbox.down('nova');
    try {
      const { status, data, errors } = await gateway.query(
        'query($id: ID!) { server(id: $id) { name } shares(first: 1) { nodes { id } } }',
        {
          id: DEMO.serverId,
        },
      );
      expect([status, data.server, data.shares.nodes.length]).toEqual([200, null, 1]);
      expect(errors).toEqual([
        expect.objectContaining({
          path: ['server'],
          extensions: expect.objectContaining({ code: 'UPSTREAM_UNAVAILABLE', service: 'nova' }),
        }),
      ]);
    } finally {
      gateway.sandbox.up('nova');
    }
  });

  test('a proxy’s HTML page -> an error without its content', async () => {
    const fault = gateway.sandbox.faults.add({ service: 'nova', kind: 'html' });
    try {
      const response = await gateway.query('query($id: ID!) { server(id: $id) { name } }', { id: DEMO.serverId });
      expect(response.errors?.[0]?.extensions).toMatchObject({ service: 'nova' });
      expect(JSON.stringify(response)).not.toMatch(/<html|127\.0\.0\.1/);
    } finally {
      fault.remove();
    }
  });

  test('no response in time -> UPSTREAM_TIMEOUT', async () => {
    const fault = gateway.sandbox.faults.add({ service: 'nova', kind: 'hang' });
    try {
      const { errors } = await gateway.query('query($id: ID!) { server(id: $id) { name } }', { id: DEMO.serverId });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'UPSTREAM_TIMEOUT', service: 'nova' });
    } finally {
      fault.remove();
    }
  });
});

describe('with default limits', () => {
  test('GraphiQL’s introspection -> data', async () => {
    const { data } = await gateway.query(getIntrospectionQuery());
    expect(data.__schema.queryType.name).toBe('Query');
  });

  test.each(
    examples({ serverId: DEMO.serverId, stoppedServerId: DEMO.shutoffServerId, shareId: DEMO.nfsShareId }).filter(
      ({ query }) => query.includes('query '),
    ),
  )('an example of GraphiQL -> data', async ({ query, variables }) => {
    const { status, errors } = await gateway.query(query, variables ? JSON.parse(variables) : {});
    expect([status, errors]).toEqual([200, undefined]);
  });

  test('the whole dashboard of 200 servers -> data', async () => {
    const { status, errors } = await gateway.query(`{ servers(first: 200) { nodes {
      id name status addresses { network address } flavor { name vcpus } createdAt metadata tags
      sharesAttached { status mountPoint mountCommands accessRules { state accessTo }
        share { name sizeGib status protocol exportLocations { path preferred } accessRules { accessTo state } } } }
      pageInfo { hasNextPage endCursor } } }`);
    expect([status, errors]).toEqual([200, undefined]);
  });

  test('servers of shares of servers, as deep as MAX_DEPTH allows -> LIMIT_EXCEEDED, no call to Nova', async () => {
    gateway.sandbox.clearRequests();
    const { status, errors } = await gateway.query(`{ servers(first: 200) { nodes {
      sharesAttached { share { serversAttached { server { sharesAttached { share { serversAttached { server { id } } } } } } } } } } }`);
    expect([status, errors?.[0]?.extensions.code]).toEqual([422, 'LIMIT_EXCEEDED']);
    expect(gateway.sandbox.requests.filter(({ service }) => service !== 'keystone')).toEqual([]);
  });
});

describe('operators', () => {
  test('/healthz -> ok; /readyz -> every check', async () => {
    const [health, ready] = await Promise.all([fetch(paths('/healthz')), fetch(paths('/readyz'))]);
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ok', checks: { store: 'ok', keystone: 'ok' } },
    ]);
  });
});

describe('CORS', () => {
  const preflight = (origin: string, names = 'content-type,x-auth-token') =>
    fetch(gateway.url, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': names,
      },
    });

  test('preflight of an allowed origin -> its pages may send a token and read the request id', async () => {
    const { status, headers } = await preflight('https://dash.example');
    expect([status, headers.get('access-control-allow-origin')]).toEqual([204, 'https://dash.example']);
    expect(headers.get('access-control-allow-headers')).toContain('x-auth-token');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  test.each(['apollographql-client-name', 'x-apollo-operation-name', 'traceparent', 'sentry-trace'])(
    'preflight with %s, which clients add by themselves -> allowed',
    async (name) => {
      const { headers } = await preflight('https://dash.example', `content-type,x-auth-token,${name}`);
      expect(headers.get('access-control-allow-headers')).toContain(name);
    },
  );

  test('a response to an allowed origin -> its pages may read Retry-After', async () => {
    const { headers } = await fetch(gateway.url, { headers: { origin: 'https://dash.example' } });
    expect(headers.get('access-control-expose-headers')).toContain('retry-after');
  });

  test('preflight of another origin -> no Access-Control-Allow-Origin', async () => {
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  });
});
