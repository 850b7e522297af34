import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { post, type SmallGateway, startTransports } from '../support/transports.ts';
import { until } from '../support/until.ts';

/** When an operation takes a slot, when it releases it, and what bounds requests that have not arrived. */

let gateway: SmallGateway;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  gateway.probe.release();
  await gateway.close();
});

const start = async (env: Record<string, string>) => {
  gateway = await startTransports(env);
};
const HELLO = JSON.stringify({ query: '{ hello }' });

/** A connection on which these bytes were sent; what it receives is added to `received`. */
async function connection(bytes: string) {
  const socket = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1');
  sockets.push(socket);
  const state = { socket, received: '', isClosed: false };
  socket.on('error', () => {});
  socket.on('close', () => {
    state.isClosed = true;
  });
  socket.on('data', (chunk) => {
    state.received += String(chunk);
  });
  await once(socket, 'connect');
  socket.write(bytes);
  return state;
}

const head = (length: number, { line = 'POST /graphql', headers = '' } = {}) =>
  `${line} HTTP/1.1\r\nHost: a\r\nX-Auth-Token: good\r\nContent-Type: application/json\r\n${headers}Content-Length: ${length}\r\n\r\n`;

/** An operation that runs until the probe releases it. */
async function runningOperation() {
  const { waiting } = gateway.probe;
  const response = post(gateway.url, { query: '{ waits }' });
  await until(() => gateway.probe.waiting > waiting);
  return response;
}

describe('a slot', () => {
  test('requests without a complete body, and with an invalid token -> take none', async () => {
    await start({ MAX_IN_FLIGHT: '1' });
    for (let i = 0; i < 5; i++) await connection(`${head(100)}{`);
    await post(gateway.url, { query: '{ hello }' }, { 'x-auth-token': 'bad' });
    expect((await post(gateway.url, { query: '{ hello }' })).status).toBe(200);
  });

  test.each([
    ['by its path', {}],
    ['with an Upgrade header', { headers: 'Upgrade: x\r\n' }],
    ['by an encoded path', { line: 'POST /%67raphql' }],
    ['with parameters', { line: 'POST /graphql?a=b' }],
  ])('all slots taken, a request %s -> 503 with Retry-After', async (_situation, how) => {
    await start({ MAX_IN_FLIGHT: '1' });
    const running = runningOperation();
    await until(() => gateway.probe.waiting === 1);
    const other = await connection(head(HELLO.length, how) + HELLO);
    await until(() => other.received !== '');
    expect(other.received).toMatch(/^HTTP\/1.1 503 .*retry-after: 5.*LIMIT_EXCEEDED/is);
    gateway.probe.release();
    expect((await running).status).toBe(200);
  });

  test('a response that the client does not read -> its slot is released', async () => {
    await start({ MAX_IN_FLIGHT: '1' });
    const body = JSON.stringify({ query: '{ big(bytes: 15000000) }' });
    const { socket } = await connection('');
    socket.pause();
    socket.write(head(body.length) + body);
    await until(async () => (await post(gateway.url, { query: '{ hello }' })).status === 200);
    expect((await post(gateway.url, { query: '{ hello }' })).status).toBe(200);
  });

  test('a client disconnects from a query -> its signal aborts and its slot is released', async () => {
    await start({ MAX_IN_FLIGHT: '1' });
    const body = JSON.stringify({ query: '{ hangs }' });
    const { socket } = await connection(head(body.length) + body);
    await until(async () => (await post(gateway.url, { query: '{ hello }' })).status === 503);
    socket.destroy();
    await until(async () => (await post(gateway.url, { query: '{ hello }' })).status === 200);
  });
});

describe('requests that have not arrived', () => {
  test('one more than MAX_UNFINISHED_REQUESTS_PER_ADDRESS -> 429; one ends -> accepted', async () => {
    await start({ MAX_UNFINISHED_REQUESTS_PER_ADDRESS: '2' });
    const [first] = [await connection(`${head(100)}{`), await connection(`${head(100)}{`)];
    const rejected = await until(async () => {
      const response = await post(gateway.url, { query: '{ hello }' });
      return response.status === 429 ? response : null;
    });
    expect(rejected.headers.get('retry-after')).toBe('5');
    first?.socket.destroy();
    await until(async () => (await post(gateway.url, { query: '{ hello }' })).status === 200);
  });

  test('behind a trusted proxy -> counted by the client that it names', async () => {
    await start({ MAX_UNFINISHED_REQUESTS_PER_ADDRESS: '1' });
    const from = (address: string) => ({ headers: `X-Forwarded-For: ${address}\r\n` });
    await connection(`${head(100, from('203.0.113.1'))}{`);
    const status = async (address: string) =>
      (await post(gateway.url, { query: '{ hello }' }, { 'x-forwarded-for': address })).status;
    await until(async () => (await status('203.0.113.1')) === 429);
    expect(await status('203.0.113.2')).toBe(200);
  });

  test('behind a proxy that is not trusted -> counted by its own address', async () => {
    await start({ MAX_UNFINISHED_REQUESTS_PER_ADDRESS: '1', TRUSTED_PROXIES: 'none' });
    await connection(`${head(100, { headers: 'X-Forwarded-For: 203.0.113.1\r\n' })}{`);
    await until(async () => {
      const headers = { 'x-forwarded-for': '203.0.113.2' };
      return (await post(gateway.url, { query: '{ hello }' }, headers)).status === 429;
    });
  });

  test('one more than MAX_UNFINISHED_REQUESTS -> 503', async () => {
    await start({ MAX_UNFINISHED_REQUESTS: '1' });
    await connection(`${head(100)}{`);
    await until(async () => (await post(gateway.url, { query: '{ hello }' })).status === 503);
  });

  test.each([
    ['headers', 'POST /graphql HTTP/1.1\r\nHost: a\r\n'],
    ['a body', `${head(100)}{`],
    ['the next headers on a connection', 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\n'],
  ])('%s not complete after RECEIVE_TIMEOUT_MS -> 408, and the connection ended', async (_situation, bytes) => {
    await start({ RECEIVE_TIMEOUT_MS: '1000' });
    const slow = await connection(bytes);
    await until(() => slow.isClosed);
    expect(slow.received).toContain('HTTP/1.1 408 ');
  });

  test('one connection more than MAX_CONNECTIONS_PER_ADDRESS -> 429 and ended', async () => {
    await start({ MAX_CONNECTIONS_PER_ADDRESS: '2', TRUSTED_PROXIES: 'none' });
    const [first] = [await connection(''), await connection('')];
    const third = await connection('');
    await until(() => third.isClosed);
    expect(third.received).toMatch(/^HTTP\/1.1 429 .*LIMIT_EXCEEDED/s);
    first?.socket.destroy();
    await until(async () => {
      const again = await connection('GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      await until(() => again.isClosed);
      return again.received.startsWith('HTTP/1.1 200 ');
    });
  });
});

test('a client reads nothing of its response for SEND_TIMEOUT_MS -> its connection is closed', async () => {
  await start({ SEND_TIMEOUT_MS: '200', MAX_RESULT_BYTES: '100000000' });
  // more than the system's buffers take (tcp_rmem may be 32 MiB): else the response is sent, and Node waits for the next request
  const body = JSON.stringify({ query: '{ big(bytes: 48000000) }' });
  const { socket } = await connection('');
  socket.pause();
  const accepted = new Promise<Socket>((resolve) => {
    gateway.server.app.server.once('request', (request) => resolve(request.socket));
  });
  socket.write(head(body.length) + body);
  const peer = await accepted;
  await once(peer, 'close');
  expect(peer.bytesWritten).toBeGreaterThan(1_000_000);
});
