import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { freePort } from '../support/redis.ts';
import { HOST, type ReverseProxy, startHaproxy, startNginx } from '../support/reverse-proxies.ts';
import { connect, connectWs, type WsClient, type WsClientOptions } from '../support/ws-client.ts';

/** The examples in deploy/, run by Debian's nginx and HAProxy in front of a gateway. */

const ORIGIN = `https://${HOST}`;

let gateway: TestGateway;
let gatewayPort: number;

beforeAll(async () => {
  gatewayPort = await freePort();
  gateway = await startGateway({
    store: 'memory',
    env: {
      PORT: String(gatewayPort),
      PUBLIC_URL: `${ORIGIN}/gateway`,
      TRUSTED_PROXIES: '127.0.0.1/32',
      WS_MAX_SOCKETS_PER_ADDRESS: '1',
    },
  });
});
afterAll(() => gateway.close());

describe.each([
  ['nginx', startNginx],
  ['HAProxy', startHaproxy],
])('%s', (_name, start) => {
  let proxy: ReverseProxy;
  let agent: Agent;
  const sockets: WsClient[] = [];

  beforeAll(async () => {
    // the second gateway of the example is down
    proxy = await start([gatewayPort, await freePort()]);
    const { port, ca } = proxy;
    agent = new Agent({ connect: { ca, host: '127.0.0.1', port, servername: HOST } as never });
  });
  afterEach(async () => {
    await Promise.all(sockets.splice(0).map((socket) => socket.close()));
  });
  afterAll(async () => {
    await agent?.close();
    await proxy?.close();
  });

  const call = (path: string, options: { headers?: Record<string, string>; body?: string } = {}) =>
    request(`https://127.0.0.1:${proxy.port}${path}`, {
      dispatcher: agent,
      method: options.body === undefined ? 'GET' : 'POST',
      body: options.body ?? null,
      headers: {
        host: HOST,
        'x-auth-token': gateway.token,
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
    });

  /** Options of a socket from an address of loopback, as from another host. */
  const from = (localAddress: string, options: WsClientOptions = {}): WsClientOptions => ({
    ...{ localAddress, ca: proxy.ca, servername: HOST, origin: ORIGIN, headers: { host: HOST } },
    ...options,
  });
  const wsUrl = () => `wss://127.0.0.1:${proxy.port}/gateway/graphql`;

  test('GraphQL over TLS below the prefix, and nothing beside it', async () => {
    const { statusCode, body } = await call('/gateway/graphql', { body: '{"query": "{ viewer { user { name } } }"}' });
    expect([statusCode, await body.json()]).toEqual([200, { data: { viewer: { user: { name: 'demo' } } } }]);
    const beside = await call('/graphql');
    await beside.body.dump();
    expect(beside.statusCode).not.toBe(200);
  });

  test('the pages of the compute API link to each other', async () => {
    let path: string | undefined = '/gateway/v2.1/servers/detail?limit=20';
    const names: string[] = [];
    while (path) {
      const { body } = await call(path);
      // biome-ignore lint/suspicious/noExplicitAny: Nova's response
      const page = (await body.json()) as any;
      names.push(...page.servers.map((server: { name: string }) => server.name));
      const next: string | undefined = page.servers_links?.[0].href;
      expect(next ?? ORIGIN).toMatch(new RegExp(`^${ORIGIN}`));
      path = next?.slice(ORIGIN.length);
    }
    expect(names.length).toBeGreaterThan(20);
  });

  test('a WebSocket: an attach is heard through the proxy', async () => {
    const listener = await connect(wsUrl(), { 'X-Auth-Token': gateway.token }, from('127.0.0.2'));
    sockets.push(listener);
    const shareId = DEMO.nfsShareId;
    listener.subscribe('1', `subscription { shareAttachmentEvents(shareId: "${shareId}", after: "0-0") { type } }`);
    const input = { serverId: DEMO.serverId, shareId };
    const query = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }';
    const { body } = await call('/gateway/graphql', { body: JSON.stringify({ query, variables: { input } }) });
    expect(await body.json()).not.toHaveProperty('errors');
    expect(await listener.nextData('1')).toEqual({ shareAttachmentEvents: { type: 'ATTACH_STARTED' } });
  });

  test('sockets are counted by the client’s address; the one that a client names is not believed', async () => {
    sockets.push(await connectWs(wsUrl(), from('127.0.0.2')), await connectWs(wsUrl(), from('127.0.0.3')));
    const forged = from('127.0.0.2', { headers: { host: HOST, 'x-forwarded-for': '203.0.113.9' } });
    await expect(connectWs(wsUrl(), forged)).rejects.toMatchObject({ status: 429 });
  });

  test('a page of another origin -> no WebSocket', async () => {
    const evil = from('127.0.0.2', { origin: 'https://evil.example' });
    await expect(connectWs(wsUrl(), evil)).rejects.toMatchObject({ status: 403 });
  });

  test('GraphiQL, whose files load below the prefix', async () => {
    const { statusCode, body } = await call('/gateway/graphql', { headers: { accept: 'text/html' } });
    expect(statusCode).toBe(200);
    expect(await body.text()).not.toMatch(/(src|href)="\//);
  });

  test('a body over the limit -> 413', async () => {
    const { statusCode, body } = await call('/gateway/graphql', { body: `"${'x'.repeat(2_000_000)}"` });
    await body.dump();
    expect(statusCode).toBe(413);
  });
});
