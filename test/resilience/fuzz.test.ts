import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { checkProperty, runsOf } from '../support/property.ts';
import { exchange } from '../support/transports.ts';
import { connect, connectWs } from '../support/ws-client.ts';

/** Any input: a status below 500, a response without internals, and a gateway that keeps running. */
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ store: 'memory', env: { WS_INIT_TIMEOUT_MS: '60000' } });
});
afterAll(() => gateway.close());

/** The number of requests and frames that all tests sent. */
let sent = 0;
/** What a run sends at least. */
const LEAST = runsOf(10_000);

/** The number of concurrent requests. Smaller groups take longer, since each waits for its slowest. */
const CONCURRENCY = 10;
async function each<T>(group: readonly T[], send: (one: T) => Promise<void>): Promise<void> {
  sent += group.length;
  await Promise.all(group.map(send));
}
const group = <T>(one: fc.Arbitrary<T>, size = CONCURRENCY) => fc.array(one, { minLength: size, maxLength: size });

const INTERNALS = /INTERNAL_SERVER_ERROR|node_modules|\bat [\w.<>]+ \(|file:\/\/|stacktrace/;

const text = fc.oneof(
  fc.string({ maxLength: 60, unit: 'binary' }),
  fc.constantFrom('', '..', '/', '\0', "'", '"', '\\', "{'a': 'b'}", '%00', '\r\nX: y', '‮', '0-0', '9'.repeat(400)),
);
const id = fc.oneof(
  fc.constantFrom<string>(DEMO.serverId, DEMO.nfsShareId, DEMO.cifsShareId, DEMO.cephfsShareId),
  fc.uuid(),
  text,
);
const number = fc.oneof(fc.integer({ min: -2, max: 250 }), fc.integer(), fc.double());
const status = fc.constantFrom('ACTIVE', 'ERROR', 'AVAILABLE', 'ATTACHED', 'UNKNOWN', 'nonsense');
const word = fc.dictionary(text, text, { maxKeys: 3 });
const input = fc.record(
  {
    serverId: id,
    shareId: id,
    mountPoint: fc.oneof(text, fc.constant(null)),
    accessLevel: fc.constantFrom('READ_WRITE', 'READ_ONLY', 'nonsense'),
    accessTo: fc.array(fc.oneof(text, fc.ipV4(), fc.ipV6(), fc.constant('10.0.0.0/8')), { maxLength: 20 }),
  },
  { requiredKeys: ['serverId', 'shareId'] },
);

/** Operations of the schema with any values for their variables. */
const operation = fc.oneof(
  fc.record({
    query: fc.constant(
      'query($id: ID!) { server(id: $id) { name sharesAttached { id } } share(id: $id) { name accessRules { id } serversAttached { id } } }',
    ),
    variables: fc.record({ id }),
  }),
  fc.record({
    query: fc.constant(
      'query($n: Int, $a: String, $f: ServerFilter) { servers(first: $n, after: $a, filter: $f) { nodes { id } pageInfo { endCursor } } }',
    ),
    variables: fc.record(
      {
        n: number,
        a: text,
        f: fc.record({ name: text, status: fc.array(status, { maxLength: 3 }) }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    ),
  }),
  fc.record({
    query: fc.constant(
      'query($n: Int, $a: String, $f: ShareFilter) { shares(first: $n, after: $a, filter: $f) { totalCount nodes { id } pageInfo { endCursor } } }',
    ),
    variables: fc.record(
      {
        n: number,
        a: text,
        f: fc.record({ name: text, status: fc.array(status, { maxLength: 3 }), metadata: word }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    ),
  }),
  fc.record({
    query: fc.constant(
      'query($n: Int, $a: String, $f: ShareAttachmentFilter) { shareAttachments(first: $n, after: $a, filter: $f) { nodes { id } eventCursor } }',
    ),
    variables: fc.record(
      {
        n: number,
        a: text,
        f: fc.record({ serverId: id, shareId: id, status: fc.array(status, { maxLength: 3 }) }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    ),
  }),
  fc.record({
    query: fc.constant(
      'query($s: ID!, $h: ID!) { shareAttachment(serverId: $s, shareId: $h) { id accessRules { id } } }',
    ),
    variables: fc.record({ s: id, h: id }),
  }),
  fc.record({
    query: fc.constant(
      'mutation($i: AttachShareInput!) { attachShare(input: $i) { attachment { id status mountCommands } } }',
    ),
    variables: fc.record({ i: input }),
  }),
  fc.record({
    query: fc.constant('mutation($i: DetachShareInput!) { detachShare(input: $i) { attachment { id status } } }'),
    variables: fc.record({
      i: fc.record({ serverId: id, shareId: id, mountPoint: text }, { requiredKeys: ['serverId', 'shareId'] }),
    }),
  }),
);

/** A document with a part removed, inserted or replaced. */
const broken = fc.tuple(operation, fc.nat(300), fc.nat(20), text).map(([{ query, variables }, at, length, put]) => ({
  query: query.slice(0, at) + put + query.slice(at + length),
  variables,
}));

const body = fc.oneof(
  { weight: 4, arbitrary: operation.map((one) => JSON.stringify(one)) },
  { weight: 3, arbitrary: broken.map((one) => JSON.stringify(one)) },
  { weight: 1, arbitrary: fc.json() },
  {
    weight: 1,
    arbitrary: fc
      .record(
        { query: fc.jsonValue(), variables: fc.jsonValue(), operationName: fc.jsonValue(), extensions: fc.jsonValue() },
        { requiredKeys: [] },
      )
      .map((one) => JSON.stringify(one)),
  },
  { weight: 1, arbitrary: text },
);

const headerWord = fc.string({ maxLength: 40 }).map((word) => word.replace(/[^\x21-\x7e]/g, ''));

describe('over HTTP', () => {
  test('any body -> status below 500, JSON, no internals', async () => {
    await checkProperty(
      fc.asyncProperty(group(body), (bodies) =>
        each(bodies, async (one) => {
          const response = await fetch(gateway.url, {
            method: 'POST',
            headers: { 'content-type': 'application/json', 'x-auth-token': gateway.token },
            body: one,
          });
          const text = await response.text();
          expect(response.status).toBeLessThan(500);
          expect(text).not.toMatch(INTERNALS);
          expect(JSON.parse(text)).toBeInstanceOf(Object);
        }),
      ),
      { numRuns: 400 },
    );
  });

  test('any method, path and headers -> status below 500, no internals', async () => {
    const path = fc.oneof(
      text.map((query) => `/graphql?query=${encodeURIComponent(Buffer.from(query).toString())}`),
      text.map((word) => `/${encodeURI(Buffer.from(word).toString())}`),
      headerWord.map((word) => `/${word}`),
      text.map((word) => `/v2.1/${encodeURI(Buffer.from(word).toString())}`),
      headerWord.map((word) => `/v2.1/servers/${word}`),
      fc.constantFrom(
        '/graphql',
        '/readyz',
        '/healthz',
        '//',
        '//[',
        '/graphql?variables=[',
        '/graphql?query={viewer{roles}}&variables=%7B',
        '*',
      ),
    );
    const request = fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS', 'HEAD', 'TRACE', 'PROPFIND', 'DELETE'),
      path,
      host: fc.oneof(fc.constant('127.0.0.1'), headerWord),
      headers: fc.dictionary(
        fc.constantFrom(
          'accept',
          'content-type',
          'origin',
          'x-auth-token',
          'upgrade',
          'connection',
          'sec-websocket-key',
          'accept-encoding',
          'apollo-require-preflight',
          'content-length',
          'transfer-encoding',
        ),
        fc.oneof(
          headerWord,
          fc.constantFrom('text/html', 'application/json', '*/*', 'websocket', 'Upgrade', '0', '5', 'chunked'),
        ),
      ),
    });
    await checkProperty(
      fc.asyncProperty(group(request), (requests) =>
        each(requests, async ({ method, path: target, host, headers }) => {
          const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
          const response = await exchange(
            gateway.url,
            `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${lines.join('')}Connection: close\r\n\r\n`,
          );
          expect(response).toMatch(/^(HTTP\/1\.1 (?!5)\d|$)/);
          expect(response).not.toMatch(INTERNALS);
        }),
      ),
      { numRuns: 300 },
    );
  });

  test('any bytes -> a 4xx, or the connection ends', async () => {
    await checkProperty(
      fc.asyncProperty(group(fc.uint8Array({ maxLength: 200 })), (all) =>
        each(all, async (bytes) => {
          expect(await exchange(gateway.url, bytes)).toMatch(/^(HTTP\/1\.1 4\d\d|$)/);
        }),
      ),
      { numRuns: 160 },
    );
  });
});

describe('over WebSocket', () => {
  const message = fc.oneof(
    fc.record({
      type: fc.constant('subscribe'),
      id: fc.oneof(text, fc.constantFrom('1', '__proto__', 'constructor')),
      payload: fc.oneof(operation, broken),
    }),
    fc.record({
      type: fc.constantFrom(
        'connection_init',
        'subscribe',
        'complete',
        'ping',
        'pong',
        'next',
        'error',
        'connection_ack',
        'start',
        '',
      ),
      id: fc.jsonValue(),
      payload: fc.jsonValue(),
    }),
    fc.jsonValue(),
  );
  const subscription = fc.record({ serverId: id, shareId: id, after: text }, { requiredKeys: [] }).map((variables) => ({
    type: 'subscribe',
    id: '1',
    payload: {
      query:
        'subscription($serverId: ID, $shareId: ID, $after: String) { shareAttachmentEvents(serverId: $serverId, shareId: $shareId, after: $after) { type } }',
      variables,
    },
  }));
  const frame = fc.oneof(
    message.map((one) => JSON.stringify(one)),
    subscription.map((one) => JSON.stringify(one)),
    text,
  );

  test('any frames on an open socket -> it stays open, or is closed with a client error', async () => {
    await checkProperty(
      fc.asyncProperty(group(fc.array(frame, { minLength: 1, maxLength: 5 }), 5), (sockets) =>
        each(sockets, async (frames) => {
          const client = await connect(gateway.wsUrl, { 'X-Auth-Token': gateway.token });
          for (const one of frames) client.send(one);
          sent += frames.length - 1;
          await client.ping().catch(() => {});
          const { code } = await client.close();
          expect([1005, 4400, 4401, 4409, 4429]).toContain(code);
          expect(JSON.stringify(client.unread)).not.toMatch(INTERNALS);
        }),
      ),
      { numRuns: 120 },
    );
  });

  test('any first frame -> acknowledged, or closed with a client error', async () => {
    const params = fc.record({
      type: fc.constant('connection_init'),
      payload: fc.dictionary(fc.constantFrom('X-Auth-Token', 'x-auth-token', '__proto__'), fc.jsonValue()),
    });
    await checkProperty(
      fc.asyncProperty(
        group(
          fc.oneof(
            frame,
            params.map((one) => JSON.stringify(one)),
          ),
        ),
        (frames) =>
          each(frames, async (first) => {
            const client = await connectWs(gateway.wsUrl);
            client.send(first);
            await client.ping().catch(() => {});
            const { code } = await client.close();
            expect([1005, 4400, 4401]).toContain(code);
          }),
      ),
      { numRuns: 80 },
    );
  });
});

test(`after at least ${LEAST} of these -> the gateway still responds`, async () => {
  expect(sent).toBeGreaterThanOrEqual(LEAST);
  const { data, errors } = await gateway.query('{ viewer { project { name } } }');
  expect({ data, errors }).toEqual({ data: { viewer: { project: { name: 'demo' } } }, errors: undefined });
});
