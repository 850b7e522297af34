import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exchange, post, read, type SmallGateway, startTransports } from '../support/transports.ts';

let gateway: SmallGateway;
beforeAll(async () => {
  gateway = await startTransports();
});
afterAll(() => gateway.close());

const get = async (path: string, init: RequestInit = {}) =>
  read(await fetch(gateway.url.replace('/graphql', path), init));
const codeOf = (body: { errors: { extensions: { code: string } }[] }) => body.errors[0]?.extensions.code;

describe('a good request', () => {
  test('POST of a query -> 200, data, our request id in a header', async () => {
    const { status, headers, body } = await post(gateway.url, { query: '{ hello(name: "a") }' });
    expect(status).toBe(200);
    expect(body).toEqual({ data: { hello: 'hello a' } });
    expect(headers.get('x-openstack-request-id')).toMatch(/^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test('GET with a preflight header -> 200', async () => {
    const headers = { 'x-auth-token': 'good', 'apollo-require-preflight': '1' };
    const { status, body } = await get('/graphql?query={hello}', { headers });
    expect([status, body]).toEqual([200, { data: { hello: 'hello you' } }]);
  });

  test('a request id of the client -> the gateway’s own is used', async () => {
    const clientId = 'req-00000000-0000-4000-8000-000000000000';
    const { headers } = await post(gateway.url, { query: '{ hello }' }, { 'x-openstack-request-id': clientId });
    expect(headers.get('x-openstack-request-id')).not.toBe(clientId);
  });

  test('Accept is application/graphql-response+json -> so is the Content-Type of the response', async () => {
    const accept = 'application/graphql-response+json';
    const { headers } = await post(gateway.url, { query: '{ hello }' }, { accept });
    expect(headers.get('content-type')).toContain(accept);
  });

  test('served -> one log line with operation and project, without the token, header or variable', async () => {
    gateway.probe.logged.length = 0;
    await post(
      gateway.url,
      { query: 'query Who($n: String) { hello(name: $n) }', variables: { n: 'quiet' } },
      { 'x-auth-token': 'good-secret' },
    );
    const lines = gateway.probe.logged.filter((line) => (line as { msg: string }).msg === 'request');
    expect(lines).toEqual([
      expect.objectContaining({
        method: 'POST',
        path: '/graphql',
        status: 200,
        operationName: 'Who',
        operationType: 'query',
        userId: 'u1',
        projectId: 'p1',
        requestId: expect.stringMatching(/^req-/),
      }),
    ]);
    expect(JSON.stringify(gateway.probe.logged)).not.toMatch(/good-secret|quiet/);
  });
});

describe('authentication', () => {
  test.each([
    ['no token', {}, 401, 'UNAUTHENTICATED'],
    ['an unknown token', { 'x-auth-token': 'bad' }, 401, 'UNAUTHENTICATED'],
    ['Keystone away', { 'x-auth-token': 'away' }, 503, 'UPSTREAM_UNAVAILABLE'],
  ])('%s -> %j: %i %s', async (_situation, headers, expected, code) => {
    const { status, body } = await get('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers } as Record<string, string>,
      body: '{"query":"{ nonsense"}',
    });
    expect([status, codeOf(body)]).toEqual([expected, code]);
    expect(body.errors[0].extensions.requestId).toMatch(/^req-/);
    expect(body).not.toHaveProperty('data');
  });

  test('Keystone away -> Retry-After says when to retry', async () => {
    const { headers } = await post(gateway.url, { query: '{ hello }' }, { 'x-auth-token': 'away' });
    expect(headers.get('retry-after')).toBe('5');
  });

  test('no token -> WWW-Authenticate: Keystone', async () => {
    const { headers } = await post(gateway.url, { query: '{ hello }' }, { 'x-auth-token': '' });
    expect(headers.get('www-authenticate')).toBe('Keystone');
  });
});

describe('errors before execution', () => {
  test.each([
    ['a document that does not parse', { query: '{ hello' }, 400, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', { query: '{ nothing }' }, 422, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a variable of another type',
      { query: 'query($n: Int!) { big(bytes: $n) }', variables: { n: 'x' } },
      422,
      'BAD_USER_INPUT',
    ],
    ['a variable that is missing', { query: 'query($n: Int!) { big(bytes: $n) }' }, 422, 'BAD_USER_INPUT'],
    [
      'an unknown operation name',
      { query: 'query A { hello }', operationName: 'B' },
      422,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    [
      'two operations and no name',
      { query: 'query A { hello } query B { hello }' },
      422,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    ['a subscription', { query: 'subscription { never }' }, 422, 'BAD_REQUEST'],
    ['no query', { variables: {} }, 422, 'BAD_REQUEST'],
    ['variables that are not an object', { query: '{ hello }', variables: 'x' }, 422, 'BAD_REQUEST'],
    ['a batch', [{ query: '{ hello }' }, { query: '{ hello }' }], 422, 'BAD_REQUEST'],
  ])('%s -> %j: %i %s', async (_situation, sent, expected, code) => {
    const { status, body } = await post(gateway.url, sent);
    expect([status, codeOf(body)]).toEqual([expected, code]);
    expect(body).not.toHaveProperty('data');
    expect(body.errors[0].extensions.requestId).toMatch(/^req-/);
  });

  test.each([
    ['not JSON', '{"query":', 'application/json', 400],
    ['a prototype in JSON', '{"query":"{ hello }","__proto__":{"a":1}}', 'application/json', 400],
    ['an empty body', '', 'application/json', 400],
    ['text', '{ hello }', 'text/plain', 415],
    ['a form', 'query={hello}', 'application/x-www-form-urlencoded', 415],
    ['a form with files', '--x--', 'multipart/form-data; boundary=x', 415],
    ['bare GraphQL', '{ hello }', 'application/graphql', 415],
  ])('%s -> rejected in JSON', async (_situation, body, type, expected) => {
    const response = await post(gateway.url, body, { 'content-type': type });
    expect([response.status, response.headers.get('content-type')]).toEqual([
      expected,
      expect.stringContaining('json'),
    ]);
    expect(codeOf(response.body)).toBe('BAD_REQUEST');
  });

  test('GET with X-Auth-Token only, which a page of another origin can send after a preflight only -> data', async () => {
    const { status, body } = await get('/graphql?query={hello}', {
      headers: { 'x-auth-token': 'good', accept: '*/*' },
    });
    expect([status, body]).toEqual([200, { data: { hello: 'hello you' } }]);
  });

  test('a plain GET, as a page of another origin can send it -> 400, nothing executed', async () => {
    const { status, body } = await get('/graphql?query={hello}');
    expect([status, codeOf(body)]).toEqual([400, 'BAD_REQUEST']);
    expect(body.errors[0].message).toContain('Cross-Site Request Forgery');
  });

  test('a mutation by GET -> 405, Allow: POST', async () => {
    const headers = { 'x-auth-token': 'good', 'apollo-require-preflight': '1' };
    const { status, headers: received } = await get('/graphql?query=mutation{set(value:1)}', { headers });
    expect([status, received.get('allow')]).toEqual([405, 'POST']);
  });

  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s /graphql -> 405 with Allow', async (method) => {
    const { status, headers, body } = await get('/graphql', { method });
    expect([status, headers.get('allow'), codeOf(body)]).toEqual([405, 'GET, POST', 'BAD_REQUEST']);
  });

  test.each(['/', '/graphql/', '/nothing', '/graphql/../etc', '/%2e'])('GET %s -> 404 in JSON', async (path) => {
    const { status, body } = await get(path);
    expect([status, codeOf(body)]).toEqual([404, 'NOT_FOUND']);
  });

  test('a path that cannot be decoded -> 400 in JSON', async () => {
    const { status, body } = await get('/%ff');
    expect([status, codeOf(body)]).toEqual([400, 'BAD_REQUEST']);
  });

  test('a URL past 8 KiB -> 414', async () => {
    const { status } = await get(`/graphql?query=${'a'.repeat(9000)}`);
    expect(status).toBe(414);
  });
});

describe('errors during execution', () => {
  test('a bug in a resolver -> 200, null, masked, and its stack in the log only', async () => {
    gateway.probe.logged.length = 0;
    const { status, body, text } = await post(gateway.url, { query: '{ boom hello }' });
    expect(status).toBe(200);
    expect(body.data).toEqual({ boom: null, hello: 'hello you' });
    expect(body.errors).toEqual([
      {
        message: 'Internal error',
        locations: [{ line: 1, column: 3 }],
        path: ['boom'],
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.stringMatching(/^req-/) },
      },
    ]);
    expect(text).not.toMatch(/secret|10\.0\.0\.1|\bat \w|stack/);
    expect(JSON.stringify(gateway.probe.logged)).toContain('secret detail');
  });

  test('an error of the gateway -> its message, code, service, status and upstream request id', async () => {
    const { body } = await post(gateway.url, { query: '{ rejected(code: "CONFLICT") }' });
    expect(body.errors[0]).toMatchObject({
      message: 'rejected on request',
      path: ['rejected'],
      extensions: { code: 'CONFLICT', service: 'manila', status: 409, openstackRequestId: 'req-1' },
    });
  });

  test('a quota of Nova -> QUOTA_EXCEEDED', async () => {
    const { body } = await post(gateway.url, { query: '{ quota }' });
    expect(body.errors[0].extensions).toMatchObject({ code: 'QUOTA_EXCEEDED', service: 'nova', status: 403 });
  });

  test('a non-null field is null -> data null, still 200', async () => {
    const { status, body } = await post(gateway.url, { query: '{ notNull }' });
    expect([status, body.data, codeOf(body)]).toEqual([200, null, 'INTERNAL_SERVER_ERROR']);
  });
});

describe('probes of load balancers', () => {
  test.each([
    ['GET /healthz HTTP/1.0\r\n', 200],
    ['HEAD /healthz HTTP/1.0\r\n', 200],
    ['GET /readyz HTTP/1.0\r\n', 200],
    ['GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n', 200],
    ['GET /graphql HTTP/1.0\r\n', 400],
    ['GET /healthz HTTP/1.1\r\n', 400],
    ['GET /healthz HTTP/1.0\r\nHost: [\r\n', 400],
  ])('%j -> %i', async (request, status) => {
    expect(await exchange(gateway.url, `${request}\r\n`)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});

describe('compressed bodies', () => {
  const send = (body: Uint8Array, encoding: string) =>
    fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-auth-token': 'good', 'content-encoding': encoding },
      body,
    }).then(read);
  const QUERY = JSON.stringify({ query: '{ hello }' });

  test.each(['gzip', 'x-gzip', 'GZIP'])('%s -> decompressed', async (encoding) => {
    const { status, body } = await send(gzipSync(QUERY), encoding);
    expect([status, body]).toEqual([200, { data: { hello: 'hello you' } }]);
  });

  test('identity -> as it is', async () => {
    expect((await send(Buffer.from(QUERY), 'identity')).status).toBe(200);
  });

  test.each([
    ['br', brotliCompressSync(QUERY)],
    ['deflate', deflateSync(QUERY)],
    ['gzip, gzip', gzipSync(gzipSync(QUERY))],
  ])('%s -> 415 with the supported encoding', async (encoding, body) => {
    const response = await send(body, encoding);
    expect([response.status, response.headers.get('accept-encoding')]).toEqual([415, 'gzip']);
  });

  test('some kilobytes that become more than MAX_BODY_BYTES -> 413', async () => {
    const bomb = gzipSync(JSON.stringify({ query: `#${' '.repeat(200_000_000)}\n{ hello }` }));
    expect(bomb.length).toBeLessThan(500_000);
    expect((await send(bomb, 'gzip')).status).toBe(413);
  });

  test.each([
    ['no gzip', Buffer.from(QUERY)],
    ['gzip that is cut off', gzipSync(QUERY).subarray(0, 20)],
    ['gzip of no JSON', gzipSync('{')],
  ])('%s -> 400', async (_situation, body) => {
    const response = await send(body, 'gzip');
    expect([response.status, codeOf(response.body)]).toEqual([400, 'BAD_REQUEST']);
  });
});

describe('limits of bytes', () => {
  test('a body past MAX_BODY_BYTES -> 413 LIMIT_EXCEEDED', async () => {
    const { status, body } = await post(gateway.url, { query: `# ${'x'.repeat(1_048_576)}\n{ hello }` });
    expect([status, codeOf(body)]).toEqual([413, 'LIMIT_EXCEEDED']);
  });

  test('headers past 16 KiB -> 431 in JSON', async () => {
    const response = await exchange(gateway.url, `GET / HTTP/1.1\r\nHost: a\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(response).toMatch(/^HTTP\/1.1 431 .*"errors"/s);
  });

  test('bytes that are not HTTP -> 400 in JSON', async () => {
    expect(await exchange(gateway.url, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400 .*"errors"/s);
  });

  test.each(['[', 'a b', 'http://a'])('a Host of %j -> 400', async (host) => {
    expect(await exchange(gateway.url, `GET /graphql HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 400 /,
    );
  });
});

/** GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/), beyond what the audits below check. */
describe('parameters', () => {
  const HEADERS = { 'x-auth-token': 'good', 'apollo-require-preflight': '1' };
  const search = (parameters: [string, string][] | Record<string, string>, headers = {}) =>
    get(`/graphql?${new URLSearchParams(parameters)}`, { headers: { ...HEADERS, ...headers } });
  const QUERY = 'query A($n: String) { hello(name: $n) } query B { __typename }';

  test.each([
    ['variables and a name', { query: QUERY, variables: '{"n":"x"}', operationName: 'A' }, { hello: 'hello x' }],
    ['a name', { query: QUERY, operationName: 'B' }, { __typename: 'Query' }],
    ['an empty name', { query: 'query A { hello }', operationName: '' }, { hello: 'hello you' }],
    ['extensions', { query: '{ hello }', extensions: '{"a":1}' }, { hello: 'hello you' }],
    ['an unknown parameter', { query: '{ hello }', utm: 'x' }, { hello: 'hello you' }],
    ['characters beyond ASCII', { query: '{ hello(name: "ü😀") }' }, { hello: 'hello ü😀' }],
  ])('GET with %s -> data', async (_situation, parameters, data) => {
    const { status, body } = await search(parameters as Record<string, string>);
    expect([status, body]).toEqual([200, { data }]);
  });

  test.each([
    [
      'variables that are not JSON',
      [
        ['query', '{ hello }'],
        ['variables', '{n:1}'],
      ],
    ],
    [
      'variables that are not an object',
      [
        ['query', '{ hello }'],
        ['variables', '[1]'],
      ],
    ],
    [
      'extensions that are not an object',
      [
        ['query', '{ hello }'],
        ['extensions', '"a"'],
      ],
    ],
    [
      'two queries',
      [
        ['query', '{ hello }'],
        ['query', '{ hello }'],
      ],
    ],
    [
      'two names',
      [
        ['query', QUERY],
        ['operationName', 'A'],
        ['operationName', 'B'],
      ],
    ],
    ['no query', [['operationName', 'A']]],
    ['an empty query', [['query', '']]],
    [
      'a mutation among queries',
      [
        ['query', 'query A { hello } mutation M { set(value: 1) }'],
        ['operationName', 'M'],
      ],
    ],
  ])('GET with %s -> 4xx, nothing executed', async (_situation, parameters) => {
    const { contexts } = gateway.probe;
    const { status, body } = await search(parameters as [string, string][]);
    expect([422, 405]).toContain(status);
    expect(body).not.toHaveProperty('data');
    expect(gateway.probe.contexts).toBe(contexts);
  });

  test.each([
    ['variables as JSON text', { query: '{ hello }', variables: '{"n":"x"}' }],
    ['variables that are a list', { query: '{ hello }', variables: [] }],
    ['a query that is a document', { query: { kind: 'Document', definitions: [] } }],
    ['an empty query', { query: '' }],
    ['a name that is a number', { query: '{ hello }', operationName: 1 }],
    ['extensions that are not an object', { query: '{ hello }', extensions: 'a' }],
    ['an empty batch', []],
  ])('POST with %s -> 422, nothing executed', async (_situation, sent) => {
    const { contexts } = gateway.probe;
    const { status, body } = await post(gateway.url, sent);
    expect([status, codeOf(body)]).toEqual([422, 'BAD_REQUEST']);
    expect(gateway.probe.contexts).toBe(contexts);
  });

  test('POST with an empty name, also repeated -> as without one; two operations -> OPERATION_RESOLUTION_FAILURE', async () => {
    for (let times = 0; times < 3; times++) {
      const { body } = await post(gateway.url, { query: 'query Empty { hello }', operationName: '' });
      expect(body).toEqual({ data: { hello: 'hello you' } });
      const two = await post(gateway.url, { query: QUERY, operationName: '' });
      expect(codeOf(two.body)).toBe('OPERATION_RESOLUTION_FAILURE');
    }
  });

  test('a persisted query -> PersistedQueryNotSupported with its code, after which clients send the query', async () => {
    const extensions = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };
    const { body } = await post(gateway.url, { extensions });
    expect(body.errors).toMatchObject([
      { message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } },
    ]);
  });

  test('only media types accepted that the gateway does not have -> 406', async () => {
    expect((await post(gateway.url, { query: '{ hello }' }, { accept: 'text/csv' })).status).toBe(406);
  });
});
