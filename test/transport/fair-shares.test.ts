import { afterEach, describe, expect, test } from '@jest/globals';
import { exchange, post, type SmallGateway, startTransports } from '../support/transports.ts';
import { until } from '../support/until.ts';
import { connect, connectWs, type WsClient } from '../support/ws-client.ts';

/** What one token or one project can use up, and what that leaves to the others. */

let gateway: SmallGateway;
const clients: WsClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await gateway.close();
});

const start = async (env: Record<string, string>) => {
  gateway = await startTransports({ WS_INIT_TIMEOUT_MS: '60000', ...env });
};
const hello = async (token: string) => post(gateway.url, { query: '{ hello }' }, { 'x-auth-token': token });

async function open(token: string): Promise<WsClient> {
  const client = await connect(gateway.wsUrl, { 'X-Auth-Token': token });
  clients.push(client);
  return client;
}

/** Starts operations that never end by themselves, over HTTP and over a socket in turn. */
async function occupy(tokens: string[]): Promise<void> {
  for (const [i, token] of tokens.entries()) {
    const before = gateway.probe.waiting;
    if (i % 2 === 0) post(gateway.url, { query: '{ waits }' }, { 'x-auth-token': token }).catch(() => {});
    else (await open(token)).subscribe('w', '{ waits }');
    await until(() => gateway.probe.waiting > before);
  }
}

describe('operations in flight, over HTTP and sockets together', () => {
  const tokens = ['good 1@p1', 'good 1@p1', 'good 2@p1', 'good 2@p1'].map((token) => token.replace(' ', ''));

  test('a token at its limit -> 429 for it, data for another token of the project', async () => {
    await start({ MAX_IN_FLIGHT_PER_TOKEN: '2', REQUEST_TIMEOUT_MS: '60000', SHUTDOWN_MS: '0' });
    await occupy(tokens.slice(0, 2));
    const rejected = await hello('good1@p1');
    expect([rejected.status, rejected.headers.get('retry-after')]).toEqual([429, '5']);
    expect(rejected.body.errors[0]).toMatchObject({
      message: expect.stringContaining('of this token'),
      extensions: { code: 'LIMIT_EXCEEDED' },
    });
    expect((await hello('good2@p1')).status).toBe(200);
  });

  test('a project at its limit -> 429 for all its tokens, data for another project', async () => {
    await start({ MAX_IN_FLIGHT_PER_PROJECT: '4', REQUEST_TIMEOUT_MS: '60000', SHUTDOWN_MS: '0' });
    await occupy(tokens);
    expect((await hello('good3@p1')).status).toBe(429);
    expect((await hello('good1@p2')).status).toBe(200);
    const client = await open('good3@p1');
    client.subscribe('1', '{ hello }');
    expect((await client.nextOf('next', '1')).payload.errors).toMatchObject([
      { extensions: { code: 'LIMIT_EXCEEDED' } },
    ]);
  });

  test('the same over the fast path -> 429', async () => {
    await start({ MAX_IN_FLIGHT_PER_TOKEN: '1', REQUEST_TIMEOUT_MS: '60000', SHUTDOWN_MS: '0' });
    for (let times = 0; times < 3; times++) expect((await hello('good1@p1')).status).toBe(200);
    await occupy(['good1@p1']);
    const { status, headers } = await hello('good1@p1');
    expect([status, headers.get('retry-after')]).toEqual([429, '5']);
  });
});

describe('operations of a project run MAX_RUNNING_PER_PROJECT at a time', () => {
  const waits = (token: string) => post(gateway.url, { query: '{ waits }' }, { 'x-auth-token': token });

  test('one more -> it waits, those of another project run; one ends -> it runs', async () => {
    await start({ MAX_RUNNING_PER_PROJECT: '1' });
    const first = waits('good1@p1');
    await until(() => gateway.probe.waiting === 1);
    const { release } = gateway.probe;
    const second = waits('good2@p1');
    const socket = await open('good3@p1');
    socket.subscribe('1', '{ hello }');
    expect((await hello('good1@p2')).status).toBe(200);
    await socket.ping();
    expect([gateway.probe.waiting, socket.unread]).toEqual([1, []]);
    release();
    expect((await first).status).toBe(200);
    await until(() => gateway.probe.waiting === 2);
    gateway.probe.release();
    expect((await second).status).toBe(200);
    expect(await socket.nextData('1')).toEqual({ hello: 'hello you' });
  });

  test('the deadline passes while it waits -> UPSTREAM_TIMEOUT, and it never runs', async () => {
    await start({ MAX_RUNNING_PER_PROJECT: '1', REQUEST_TIMEOUT_MS: '100' });
    const first = waits('good1@p1');
    await until(() => gateway.probe.waiting === 1);
    const { release, contexts } = gateway.probe;
    const second = await waits('good2@p1');
    expect([second.status, second.body.errors[0].extensions.code]).toEqual([504, 'UPSTREAM_TIMEOUT']);
    release();
    await first;
    expect((await hello('good1@p1')).status).toBe(200);
    expect([gateway.probe.waiting, gateway.probe.contexts]).toEqual([1, contexts + 1]);
  });
});

describe('sockets', () => {
  test.each([
    ['a token', 'WS_MAX_SOCKETS_PER_TOKEN', 'good1@p1', 'good2@p1'],
    ['a project', 'WS_MAX_SOCKETS_PER_PROJECT', 'good2@p1', 'good1@p2'],
  ])('one too many of %s -> 1013; another opens; one closes -> acknowledged', async (_whose, setting, same, other) => {
    await start({ [setting]: '2' });
    const first = await open('good1@p1');
    await open('good1@p1');
    const rejected = await connectWs(gateway.wsUrl);
    rejected.send({ type: 'connection_init', payload: { 'X-Auth-Token': same } });
    expect(await rejected.waitForClose()).toMatchObject({ code: 1013, reason: expect.stringContaining('Too many') });
    await open(other);
    await first.close();
    await open(same);
  });

  test('one too many in total -> 503; one closes -> a socket again', async () => {
    await start({ WS_MAX_SOCKETS_TOTAL: '1' });
    const first = await open('good');
    await expect(connectWs(gateway.wsUrl)).rejects.toMatchObject({ status: 503 });
    await first.close();
    await until(() => open('good').catch(() => null));
  });

  test('handshakes that fail -> not counted', async () => {
    await start({ WS_MAX_SOCKETS_TOTAL: '1' });
    for (let i = 0; i < 3; i++) {
      const headers = 'Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n';
      expect(await exchange(gateway.url, `GET /graphql HTTP/1.1\r\n${headers}`)).toContain('HTTP/1.1 400 ');
    }
    await until(() => open('good').catch(() => null));
  });
});

describe('subscriptions', () => {
  let last = 0;
  /** `open`, or the code of the error, as the log says. */
  const outcome = async (client: WsClient, id: string) => {
    last += 1;
    const operationName = `S${last}`;
    client.subscribe(id, `subscription ${operationName} { never }`);
    const line = await until(() => lines().find((one) => one.operationName === operationName));
    return line.outcome === 'started' ? 'open' : line.code;
  };
  const lines = () => gateway.probe.logged as { operationName?: string; outcome?: string; code?: string }[];

  test.each([
    ['a token', 'WS_MAX_SUBSCRIPTIONS_PER_TOKEN', 'good1@p1', 'good2@p1'],
    ['a project', 'WS_MAX_SUBSCRIPTIONS_PER_PROJECT', 'good2@p1', 'good1@p2'],
  ])(
    'one too many of %s, over two sockets -> LIMIT_EXCEEDED; another’s is open',
    async (_whose, setting, same, other) => {
      await start({ [setting]: '2' });
      const [first, second, third] = [await open('good1@p1'), await open(same), await open(other)];
      expect([await outcome(first, '1'), await outcome(second, '2')]).toEqual(['open', 'open']);
      expect(await outcome(second, '3')).toBe('LIMIT_EXCEEDED');
      expect(await outcome(third, '1')).toBe('open');
    },
  );

  test.each([
    ['completes it', (client: WsClient) => client.send({ type: 'complete', id: '1' })],
    ['closes the socket', (client: WsClient) => client.close()],
    ['disappears', (client: WsClient) => client.socket.terminate()],
  ])('the client %s -> its place is free again', async (_how, end) => {
    await start({ WS_MAX_SUBSCRIPTIONS_TOTAL: '1' });
    const first = await open('good');
    expect(await outcome(first, '1')).toBe('open');
    const second = await open('good');
    expect(await outcome(second, '1')).toBe('LIMIT_EXCEEDED');
    await end(first);
    let id = 1;
    await until(async () => (await outcome(second, String(++id))) === 'open');
  });

  test('one that ends by itself or fails -> its place is free again', async () => {
    await start({ WS_MAX_SUBSCRIPTIONS_TOTAL: '1' });
    const client = await open('good');
    for (const query of ['subscription { count(to: 2) { value } }', 'subscription { fails(code: "CURSOR_EXPIRED") }']) {
      client.subscribe('1', query);
      await client.nextOf(query.includes('fails') ? 'error' : 'complete', '1');
      while (client.unread.length > 0) await client.next();
    }
    client.subscribe('2', 'subscription { sized(size: LARGE) }');
    await client.nextOf('complete', '2').catch(() => {});
    while (client.unread.length > 0) await client.next();
    expect(await outcome(client, '3')).toBe('open');
  });
});
