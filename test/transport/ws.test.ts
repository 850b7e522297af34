import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { exchange, fakeAuthenticate, type SmallGateway, startTransports } from '../support/transports.ts';
import { until } from '../support/until.ts';
import { connect, connectWs, type UpgradeError, type WsClient, type WsClientOptions } from '../support/ws-client.ts';

const PARAMS = { 'X-Auth-Token': 'good' };

let gateway: SmallGateway;
const others: SmallGateway[] = [];
beforeAll(async () => {
  gateway = await startTransports({ WS_INIT_TIMEOUT_MS: '100' });
});
afterEach(async () => {
  await Promise.all(others.splice(0).map((other) => other.close()));
});
afterAll(() => gateway.close());

/** A gateway with other settings, closed after the test. */
async function other(...args: Parameters<typeof startTransports>): Promise<SmallGateway> {
  const started = await startTransports(...args);
  others.push(started);
  return started;
}

const open = (options?: WsClientOptions) => connectWs(gateway.wsUrl, options);
const ready = () => connect(gateway.wsUrl, PARAMS);

describe('the protocol', () => {
  test.each([
    ['the legacy subprotocol', 'graphql-ws'],
    ['another subprotocol', ['mqtt', 'graphql-ws']],
    ['no subprotocol', null],
  ])('%s -> 4406 with the expected one', async (_situation, protocol) => {
    const client = await open({ protocol });
    const { code, reason } = await client.waitForClose();
    expect([code, reason]).toEqual([4406, expect.stringContaining('Expected the subprotocol graphql-transport-ws')]);
  });

  test('several subprotocols with the expected one -> acknowledged', async () => {
    const client = await open({ protocol: ['graphql-ws', 'graphql-transport-ws'] });
    await client.init(PARAMS);
    await client.close();
  });

  test('an empty operationName -> as without one', async () => {
    const client = await ready();
    client.send({ type: 'subscribe', id: '1', payload: { query: 'query A { hello }', operationName: '' } });
    expect(await client.nextData('1')).toEqual({ hello: 'hello you' });
    const query = 'subscription A { count(to: 1) { value } }';
    client.send({ type: 'subscribe', id: '2', payload: { query, operationName: '' } });
    expect((await client.nextOf('next', '2')).payload.data).toEqual({ count: { value: 1 } });
    await client.close();
  });

  test.each([
    ['not JSON', 'nonsense'],
    ['JSON that is not a message', '[]'],
    ['an unknown type', '{"type":"start"}'],
    ['a subscribe without id', '{"type":"subscribe","payload":{"query":"{ hello }"}}'],
    ['a subscribe without query', '{"type":"subscribe","id":"1","payload":{}}'],
    [
      'variables that are not an object',
      '{"type":"subscribe","id":"1","payload":{"query":"{ hello }","variables":[]}}',
    ],
    ['a message that only a server sends', '{"type":"connection_ack"}'],
    ['bytes', Buffer.from([0, 255, 254])],
  ])('%s -> 4400', async (_situation, sent) => {
    const client = await ready();
    client.send(sent);
    expect(await client.waitForClose()).toMatchObject({ code: 4400 });
  });

  test('subscribe before connection_init -> 4401', async () => {
    const client = await open();
    client.subscribe('1', '{ hello }');
    expect(await client.waitForClose()).toMatchObject({ code: 4401 });
  });

  test('no connection_init in time -> 4408', async () => {
    expect(await (await open()).waitForClose()).toMatchObject({ code: 4408 });
  });

  test('connection_init twice -> 4429', async () => {
    const client = await ready();
    client.send({ type: 'connection_init', payload: PARAMS });
    expect(await client.waitForClose()).toMatchObject({ code: 4429 });
  });

  test('an id that is in use -> 4409', async () => {
    const client = await ready();
    client.subscribe('1', 'subscription { never }');
    client.subscribe('1', 'subscription { never }');
    expect(await client.waitForClose()).toMatchObject({ code: 4409 });
  });

  test('ping with a payload -> pong with it', async () => {
    const client = await ready();
    client.send({ type: 'ping', payload: { a: 1 } });
    expect(await client.nextOf('pong')).toEqual({ type: 'pong', payload: { a: 1 } });
    await client.close();
  });

  test('an unknown field -> error with the id and an array, the socket stays open', async () => {
    const client = await ready();
    client.subscribe('1', 'subscription { count(to: 1) { nothing } }');
    expect(await client.next()).toEqual({
      id: '1',
      type: 'error',
      payload: [
        expect.objectContaining({
          message: expect.stringContaining('nothing'),
          extensions: { code: 'GRAPHQL_VALIDATION_FAILED', requestId: expect.stringMatching(/^req-/) },
        }),
      ],
    });
    await client.ping();
    await client.close();
  });

  test('a query and a mutation -> one next and complete each', async () => {
    const client = await ready();
    client.subscribe('q', '{ hello }');
    expect([await client.next(), await client.next()]).toEqual([
      { id: 'q', type: 'next', payload: { data: { hello: 'hello you' } } },
      { id: 'q', type: 'complete' },
    ]);
    client.subscribe('m', 'mutation($v: Int!) { set(value: $v) }', { v: 7 });
    expect(await client.nextData('m')).toEqual({ set: 7 });
    await client.close();
  });

  test('a subscription -> its events in order, each in a context of its own, then complete; the id is free again', async () => {
    const client = await ready();
    client.subscribe('1', 'subscription { count(to: 3) { value context } }');
    const first = (await client.nextData('1')).count;
    expect(first.value).toBe(1);
    expect((await client.nextData('1')).count).toEqual({ value: 2, context: first.context + 1 });
    expect((await client.nextData('1')).count).toEqual({ value: 3, context: first.context + 2 });
    expect(await client.next()).toEqual({ id: '1', type: 'complete' });
    client.subscribe('1', '{ hello }');
    expect(await client.nextData('1')).toEqual({ hello: 'hello you' });
    await client.close();
  });

  test('complete while the source waits -> the source is returned at once', async () => {
    const client = await ready();
    const returned = new Promise<void>((resolve) => {
      gateway.probe.onReturned = resolve;
    });
    client.subscribe('1', 'subscription { never }');
    client.send({ id: '1', type: 'complete' });
    await returned;
    client.subscribe('1', '{ hello }');
    expect(await client.nextData('1')).toEqual({ hello: 'hello you' });
    await client.close();
  });

  test('the client goes away -> its sources are returned', async () => {
    const client = await ready();
    const before = gateway.probe.returned;
    const returned = new Promise<void>((resolve) => {
      gateway.probe.onReturned = () => {
        if (gateway.probe.returned === before + 2) resolve();
      };
    });
    client.subscribe('1', 'subscription { never }');
    client.subscribe('2', 'subscription { a: never }');
    await client.ping();
    client.socket.terminate();
    await returned;
    expect(gateway.probe.returned).toBe(before + 2);
  });
});

describe('errors have the form that they have over HTTP', () => {
  test.each([
    ['a document that does not parse', '{ hello', 'GRAPHQL_PARSE_FAILED'],
    ['a variable that is missing', 'query($n: Int!) { big(bytes: $n) }', 'BAD_USER_INPUT'],
    ['an error of the gateway', '{ rejected(code: "CONFLICT") }', 'CONFLICT'],
    ['a bug', '{ boom }', 'INTERNAL_SERVER_ERROR'],
    ['two operations and no name', 'query A { hello } query B { hello }', 'OPERATION_RESOLUTION_FAILURE'],
    ['a subscription that cannot start', 'subscription { sized(size: LARGE) }', 'FORBIDDEN'],
    [
      'a variable of a subscription that is missing',
      'subscription($n: Int!) { count(to: $n) { value } }',
      'BAD_USER_INPUT',
    ],
    ['a source that fails', 'subscription { fails(code: "CURSOR_EXPIRED") }', 'CURSOR_EXPIRED'],
  ])('%s', async (_situation, query, code) => {
    const client = await ready();
    client.subscribe('1', query);
    const { payload } = await client.next();
    const [error] = Array.isArray(payload) ? payload : payload.errors;
    expect(error.extensions).toMatchObject({ code, requestId: expect.stringMatching(/^req-/) });
    expect(JSON.stringify(payload)).not.toMatch(/secret|stacktrace|10\.0\.0\.1/);
    await client.close();
  });
});

describe('authentication', () => {
  test.each([
    ['no token', undefined, 4401],
    ['an unknown token', { 'X-Auth-Token': 'bad' }, 4401],
    ['a token that is not text', { 'X-Auth-Token': 7 }, 4401],
    ['Keystone away', { 'X-Auth-Token': 'away' }, 1013],
  ])('%s -> closed before any operation', async (_situation, params, code) => {
    const client = await open();
    await expect(client.init(params)).rejects.toThrow(String(code));
  });

  test('the key in lower case -> acknowledged', async () => {
    const client = await connect(gateway.wsUrl, { 'x-auth-token': 'good' });
    await client.close();
    expect(client.unread).toEqual([]);
  });

  test('the token expires -> 4403 with a reason', async () => {
    const client = await connect(gateway.wsUrl, { 'X-Auth-Token': 'short150' });
    expect(await client.waitForClose()).toEqual({ code: 4403, reason: 'Token expired' });
  });

  test('the token is revoked, one more operation -> 4403', async () => {
    const revoked = new Set<string>();
    const { wsUrl } = await other({}, { authenticate: fakeAuthenticate(revoked) });
    const client = await connect(wsUrl, PARAMS);
    revoked.add('good');
    client.subscribe('1', '{ hello }');
    expect(await client.waitForClose()).toMatchObject({ code: 4403 });
  });

  test('Keystone is away for one more operation -> an error for it, the socket stays open', async () => {
    const authenticate = fakeAuthenticate();
    let isAway = false;
    const { wsUrl } = await other(
      {},
      {
        authenticate: (token, meta) => authenticate(isAway ? 'away' : token, meta),
      },
    );
    const client = await connect(wsUrl, PARAMS);
    isAway = true;
    client.subscribe('1', '{ hello }');
    expect(await client.next()).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }],
    });
    await client.ping();
    await client.close();
  });

  test('a close with 4403 -> the graphql-ws client reconnects with a new token', async () => {
    const tokens = ['short150', 'good'];
    const client = createClient({
      url: gateway.wsUrl,
      webSocketImpl: WebSocket,
      lazy: false,
      retryWait: async () => {},
      connectionParams: () => ({ 'X-Auth-Token': tokens.shift() }),
    });
    await new Promise<void>((resolve) => {
      client.on('closed', () => client.on('connected', () => resolve()));
    });
    expect(tokens).toEqual([]);
    await client.dispose();
  });
});

describe('upgrades', () => {
  const upgrade = (url: string, origin?: string) => connectWs(url, origin === undefined ? {} : { origin });

  test.each(['http://evil.example', 'null', 'http://127.0.0.1:1'])('a page of %s -> 403', async (origin) => {
    await expect(upgrade(gateway.wsUrl, origin)).rejects.toMatchObject({ status: 403 });
  });

  test('a rejected upgrade -> an error in the form that it has over HTTP', async () => {
    const refused = await upgrade(gateway.wsUrl, 'http://evil.example').catch((error: UpgradeError) => error);
    expect(JSON.parse((refused as UpgradeError).body)).toMatchObject({
      errors: [{ extensions: { code: 'FORBIDDEN' } }],
    });
  });

  test('pages of the gateway’s own origin and of allowed ones -> a socket', async () => {
    const { wsUrl, url } = await other({ ALLOWED_ORIGINS: 'https://dash.example, http://b.example' });
    for (const origin of [new URL(url).origin, 'https://dash.example', 'http://b.example']) {
      const client = await upgrade(wsUrl, origin);
      await client.init(PARAMS);
      await client.close();
    }
    await expect(upgrade(wsUrl, 'https://dash.example.evil')).rejects.toMatchObject({ status: 403 });
  });

  test('PUBLIC_URL -> its origin is the gateway’s own, as behind a proxy that sends another Host', async () => {
    const { wsUrl } = await other({ PUBLIC_URL: 'https://gw.example/nova' });
    await (await upgrade(wsUrl, 'https://gw.example')).close();
    for (const origin of ['http://gw.example', 'https://gw.example:8443', 'https://gw.example.evil']) {
      await expect(upgrade(wsUrl, origin)).rejects.toMatchObject({ status: 403 });
    }
  });

  test('ALLOWED_ORIGINS with a slash, capital letters or a default port -> the origins that browsers send', async () => {
    const { wsUrl } = await other({ ALLOWED_ORIGINS: 'https://a.example/,https://B.Example,http://c.example:80' });
    for (const origin of ['https://a.example', 'https://b.example', 'http://c.example']) {
      await (await upgrade(wsUrl, origin)).close();
    }
  });

  test('ALLOWED_ORIGINS is * -> every origin', async () => {
    const { wsUrl } = await other({ ALLOWED_ORIGINS: '*' });
    await (await upgrade(wsUrl, 'https://any.example')).close();
  });

  test('behind a trusted proxy -> sockets counted by the client that it names', async () => {
    const { wsUrl } = await other({ WS_MAX_SOCKETS_PER_ADDRESS: '1' });
    const from = (address: string) => connectWs(wsUrl, { headers: { 'x-forwarded-for': address } });
    const sockets = [await from('203.0.113.1'), await from('203.0.113.2'), await from('2001:db8:1:1::1')];
    for (const address of ['203.0.113.2', '198.51.100.9, 203.0.113.2', '2001:db8:1:1:ffff::9']) {
      await expect(from(address)).rejects.toMatchObject({ status: 429 });
    }
    await Promise.all(sockets.map((socket) => socket.close()));
  });

  test('one socket too many from one address -> 429; one closes -> a socket again', async () => {
    const { wsUrl } = await other({ WS_MAX_SOCKETS_PER_ADDRESS: '2' });
    const [first] = await Promise.all([connect(wsUrl, PARAMS), connect(wsUrl, PARAMS)]);
    await expect(connectWs(wsUrl)).rejects.toMatchObject({ status: 429 });
    await first?.close();
    const again = await connect(wsUrl, PARAMS);
    expect(again.unread).toEqual([]);
  });

  const upgradeTo = (line: string, headers: string) =>
    exchange(gateway.url, `${line} HTTP/1.1\r\n${headers}Connection: Upgrade\r\n\r\n`);
  const HOST = 'Host: 127.0.0.1\r\n';
  const WEBSOCKET =
    'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

  test.each([
    ['on another path', 'GET /healthz', HOST + WEBSOCKET, 404],
    ['on a path that cannot be decoded', 'GET /%ff', HOST + WEBSOCKET, 404],
    ['by POST', 'POST /graphql', HOST + WEBSOCKET, 400],
    ['to HTTP/2', 'GET /graphql', `${HOST}Upgrade: h2c\r\n`, 400],
    ['with an invalid Host', 'GET /graphql', `Host: [\r\n${WEBSOCKET}`, 400],
    ['without a key', 'GET /graphql', `${HOST}Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`, 400],
    ['of another version', 'GET /graphql', `${HOST}${WEBSOCKET.replace('13', '7')}`, 400],
  ])('an upgrade %s -> rejected in JSON, and the connection ended', async (_situation, line, headers, status) => {
    const response = await upgradeTo(line, headers);
    expect(response).toMatch(new RegExp(`^HTTP/1.1 ${status} .*application/json.*"errors"`, 's'));
  });

  test('an upgrade on another path, by a client -> 404', async () => {
    await expect(connectWs(gateway.wsUrl.replace('/graphql', '/other'))).rejects.toMatchObject({ status: 404 });
  });
});

describe('limits', () => {
  test('a message past WS_MAX_PAYLOAD_BYTES -> 1009', async () => {
    const { wsUrl } = await other({ WS_MAX_PAYLOAD_BYTES: '1024' });
    const client = await connect(wsUrl, PARAMS);
    client.subscribe('1', `# ${'x'.repeat(2000)}\n{ hello }`);
    expect(await client.waitForClose()).toMatchObject({ code: 1009 });
  });

  test('one operation too many on a socket -> LIMIT_EXCEEDED; one ends -> data', async () => {
    const { wsUrl } = await other({ WS_MAX_SUBSCRIPTIONS: '2' });
    const client = await connect(wsUrl, PARAMS);
    client.subscribe('1', 'subscription { never }');
    client.subscribe('2', 'subscription { never }');
    client.subscribe('3', '{ hello }');
    expect(await client.next()).toMatchObject({
      id: '3',
      type: 'error',
      payload: [{ extensions: { code: 'LIMIT_EXCEEDED' } }],
    });
    client.send({ id: '1', type: 'complete' });
    client.subscribe('4', '{ hello }');
    expect(await client.nextData('4')).toEqual({ hello: 'hello you' });
    await client.close();
  });

  test('a client that stops reading -> closed with 1013 and a hint, its source returned', async () => {
    const { wsUrl, probe } = await other({ WS_MAX_BUFFER_BYTES: '65536' });
    const client = await connect(wsUrl, PARAMS);
    const returned = new Promise<void>((resolve) => {
      probe.onReturned = resolve;
    });
    client.stall();
    client.subscribe('1', 'subscription { count(to: 1000000, bytes: 50000) { value filler } }');
    await returned;
    client.resume();
    expect(await client.waitForClose()).toEqual({ code: 1013, reason: 'Too slow: resume from your last cursor' });
    expect(client.unread.length).toBeLessThan(1000);
  });

  test('a source whose buffer is full -> closed with 1013', async () => {
    const client = await ready();
    client.subscribe('1', 'subscription { fails(code: "LIMIT_EXCEEDED") }');
    expect(await client.waitForClose()).toEqual({ code: 1013, reason: 'Too slow: resume from your last cursor' });
  });

  test('a result over WS_MAX_BUFFER_BYTES, and events after it -> all received', async () => {
    const { wsUrl } = await other({ WS_MAX_BUFFER_BYTES: '65536' });
    const client = await connect(wsUrl, PARAMS);
    client.subscribe('q', '{ big(bytes: 9000000) }');
    client.subscribe('s', 'subscription { count(to: 3) { value } }');
    expect((await client.nextOf('next', 'q')).payload.data.big).toHaveLength(9_000_000);
    await client.nextOf('complete', 's');
    expect(client.unread.filter(({ id, type }) => id === 's' && type === 'next')).toHaveLength(3);
    await client.close();
  });

  test('results that are not read -> LIMIT_EXCEEDED for new operations, until they are', async () => {
    const { wsUrl, probe } = await other({ WS_MAX_BUFFER_BYTES: '65536' });
    const client = await connect(wsUrl, PARAMS);
    client.stall();
    for (const id of ['1', '2']) client.subscribe(id, '{ big(bytes: 9000000) }');
    await until(() => probe.logged.filter((line) => 'outcome' in line && line.outcome === 'executed').length === 2);
    client.subscribe('3', '{ hello }');
    await until(() => probe.logged.some((line) => 'code' in line && line.code === 'LIMIT_EXCEEDED'));
    client.resume();
    expect((await client.nextOf('error', '3')).payload).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }]);
    await client.nextOf('complete', '2');
    await client.ping();
    client.subscribe('4', '{ hello }');
    expect(await client.nextData('4')).toEqual({ hello: 'hello you' });
    await client.close();
  });

  test('pongs that are not read -> closed with 1013', async () => {
    const { wsUrl } = await other({ WS_MAX_BUFFER_BYTES: '65536' });
    const client = await connect(wsUrl, PARAMS);
    client.stall();
    const closed = once(client.socket, 'close');
    const payload = { filler: 'x'.repeat(100_000) };
    for (let sent = 0; sent < 200; sent++) client.send({ type: 'ping', payload });
    client.resume();
    expect((await closed)[0]).toBe(1013);
  });

  test('a client that does not answer pings -> its connection is cut', async () => {
    const { wsUrl } = await other({ WS_KEEPALIVE_MS: '1000' });
    const client = await connectWs(wsUrl, { autoPong: false });
    await client.init(PARAMS);
    expect(await client.waitForClose()).toMatchObject({ code: 1006 });
  });

  test('a client that answers pings -> its connection stays', async () => {
    const { wsUrl } = await other({ WS_KEEPALIVE_MS: '1000' });
    const client = await connect(wsUrl, PARAMS);
    for (let pings = 0; pings < 3; pings++) await once(client.socket, 'ping');
    await client.ping();
    await client.close();
  });
});

describe('shutdown', () => {
  test('sockets -> closed with 1012, their sources returned; no upgrades afterwards', async () => {
    const stopping = await startTransports({ SHUTDOWN_SPREAD_MS: '50' });
    const clients: WsClient[] = [];
    for (let number = 0; number < 5; number++) {
      const client = await connect(stopping.wsUrl, PARAMS);
      client.subscribe('1', 'subscription { never }');
      await client.ping();
      clients.push(client);
    }
    const closed = stopping.close();
    const codes = await Promise.all(clients.map((client) => client.waitForClose()));
    await closed;
    expect(codes.map(({ code }) => code)).toEqual([1012, 1012, 1012, 1012, 1012]);
    expect(stopping.probe.returned).toBe(5);
    await expect(connectWs(stopping.wsUrl)).rejects.toThrow();
  });

  test('a running request -> its response before the end', async () => {
    const stopping = await startTransports();
    const isWaiting = new Promise<void>((resolve) => {
      stopping.probe.onWaiting = resolve;
    });
    const response = fetch(stopping.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-auth-token': 'good' },
      body: '{"query":"{ waits }"}',
    });
    await isWaiting;
    const closed = stopping.close();
    stopping.probe.release();
    expect(await (await response).json()).toEqual({ data: { waits: 'released' } });
    await closed;
  });

  test('a request that never ends -> cut after SHUTDOWN_MS', async () => {
    const stopping = await startTransports({ SHUTDOWN_MS: '50' });
    const isWaiting = new Promise<void>((resolve) => {
      stopping.probe.onWaiting = resolve;
    });
    const response = fetch(stopping.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-auth-token': 'good' },
      body: '{"query":"{ waits }"}',
    });
    const lost = expect(response).rejects.toThrow();
    await isWaiting;
    await stopping.close();
    await lost;
    stopping.probe.release();
  });
});
