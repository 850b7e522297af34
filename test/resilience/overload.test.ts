import { afterEach, expect, test } from '@jest/globals';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { connect, type WsClient } from '../support/ws-client.ts';

const SERVERS = '{ servers(first: 1) { nodes { id } } }';

let gateway: TestGateway;
const sockets: WsClient[] = [];

afterEach(async () => {
  await Promise.all(sockets.splice(0).map((socket) => socket.close()));
  await gateway.close();
});

const codeOf = (response: { errors?: { extensions: Record<string, unknown> }[] }) =>
  response.errors?.[0]?.extensions.code;
const novaRequests = () => gateway.sandbox.requests.filter((one) => one.service === 'nova').length;

/** Different queries, each waiting for its own slow response of Nova. */
function slowQueries(count: number) {
  gateway.sandbox.clearRequests();
  return Array.from({ length: count }, (_, i) => gateway.query(`{ servers(first: ${i + 1}) { nodes { id } } }`));
}

test('more concurrent requests than MAX_IN_FLIGHT -> 503 with Retry-After at once; accepted requests finish', async () => {
  gateway = await startGateway({ env: { MAX_IN_FLIGHT: '5' } });
  await gateway.query(SERVERS);
  const slow = gateway.sandbox.faults.add({ service: 'nova', path: /detail/, kind: 'delay', delayMs: 1000 });
  const accepted = slowQueries(5);
  await until(() => novaRequests() === 5);

  const rejected = await gateway.query(SERVERS);
  expect(rejected.status).toBe(503);
  expect(codeOf(rejected)).toBe('LIMIT_EXCEEDED');
  expect(rejected.headers.get('retry-after')).toBe('5');
  expect((await fetch(gateway.url.replace('/graphql', '/healthz'))).status).toBe(200);

  const socket = await connect(gateway.wsUrl, { 'X-Auth-Token': gateway.token });
  sockets.push(socket);
  socket.subscribe('1', SERVERS);
  expect(JSON.stringify(await socket.nextOf('next', '1'))).toContain('LIMIT_EXCEEDED');

  expect((await Promise.all(accepted)).map((response) => response.status)).toEqual([200, 200, 200, 200, 200]);
  slow.remove();
  expect((await gateway.query(SERVERS)).status).toBe(200);
});

test('a client disconnects -> its slot is released', async () => {
  gateway = await startGateway({ env: { MAX_IN_FLIGHT: '1' } });
  await gateway.query(SERVERS);
  const slow = gateway.sandbox.faults.add({ service: 'nova', path: /detail/, kind: 'hang' });
  gateway.sandbox.clearRequests();
  const leaving = new AbortController();
  const headers = { 'content-type': 'application/json', 'x-auth-token': gateway.token };
  const body = JSON.stringify({ query: SERVERS });
  const aborted = fetch(gateway.url, { method: 'POST', headers, body, signal: leaving.signal }).catch(() => null);
  await until(() => novaRequests() === 1);
  expect((await gateway.query(SERVERS)).status).toBe(503);
  leaving.abort();
  await aborted;
  slow.remove();
  await until(async () => (await gateway.query('{ viewer { user { name } } }')).status === 200);
});

test('2,000 idle sockets and 200 queries at once -> each query gets data or LIMIT_EXCEEDED, every socket stays open, memory is bounded', async () => {
  gateway = await startGateway({
    env: {
      MAX_IN_FLIGHT: '100',
      MAX_IN_FLIGHT_PER_TOKEN: '100',
      MAX_IN_FLIGHT_PER_PROJECT: '100',
      WS_MAX_SOCKETS_PER_ADDRESS: '2500',
      WS_MAX_SOCKETS_PER_TOKEN: '2500',
      MAX_UNFINISHED_REQUESTS_PER_ADDRESS: '200',
    },
  });
  await gateway.query(SERVERS);
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 20; i++) {
    const some = Array.from({ length: 100 }, () => connect(gateway.wsUrl, { 'X-Auth-Token': gateway.token }));
    sockets.push(...(await Promise.all(some)));
  }
  expect(sockets).toHaveLength(2000);

  const responses = await Promise.all(slowQueries(200));
  const statuses = responses.map((response) => response.status);
  expect(new Set([...statuses, 200, 503])).toEqual(new Set([200, 503]));
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(100);
  for (const response of responses)
    expect(codeOf(response)).toBe(response.status === 503 ? 'LIMIT_EXCEEDED' : undefined);

  await Promise.all(sockets.map((socket) => socket.ping()));
  // both ends of each socket are in this process
  expect(process.memoryUsage().rss - before).toBeLessThan(512 * 1024 * 1024);
}, 60_000);
