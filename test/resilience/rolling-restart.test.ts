import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { Agent, request } from 'undici';
import { type ClientOptions, WebSocket } from 'ws';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { type GatewayProcess, startBundledGateway } from '../support/gateway-process.ts';
import { freePort, randomPrefix, testRedisUrl } from '../support/redis.ts';
import { HOST, type ReverseProxy, startHaproxy } from '../support/reverse-proxies.ts';
import { until } from '../support/until.ts';

/** Two gateways behind HAProxy (deploy/haproxy.cfg) are restarted one after the other under load: nothing is lost. */

/** Clients that send requests one after the other, and the number of attachments that each of them makes between two restarts. */
const CLIENTS = 6;
const ATTACHES = 5;

const EVENTS = 'subscription ($after: String) { shareAttachmentEvents(after: $after) { cursor } }';
const ATTACH = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id } } }';
const READ = '{ viewer { user { name } } shareAttachments(first: 5) { nodes { status } } }';

const NO_FAILURE = { failures: [], output: '' };

let sandbox: Sandbox;
let proxy: ReverseProxy;
let agent: Agent;
let ports: [number, number];
let env: Record<string, string>;
let gateways: GatewayProcess[];
let token: string;
let load: ReturnType<typeof startLoad>;
let listener: ReturnType<typeof startListener>;

beforeAll(async () => {
  sandbox = await startSandbox({ accessDelayMs: 5 });
  token = sandbox.issueToken('demo');
  ports = [await freePort(), await freePort()];
  env = {
    OS_AUTH_URL: sandbox.authUrl,
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: randomPrefix(),
    PUBLIC_URL: `https://${HOST}/gateway`,
    // longer than two health checks of deploy/haproxy.cfg, as by default
    DRAIN_MS: '4000',
    SHUTDOWN_SPREAD_MS: '200',
    LOG_LEVEL: 'info',
  };
  gateways = await Promise.all(ports.map((port) => startBundledGateway({ ...env, PORT: String(port) })));
  proxy = await startHaproxy(ports);
  agent = new Agent({ connect: { ca: proxy.ca, servername: HOST }, connections: CLIENTS });
});
afterAll(async () => {
  listener?.stop();
  await load?.stop();
  await agent?.close();
  await proxy?.close();
  await Promise.all(gateways.map((gateway) => gateway.kill()));
  await sandbox.close();
});

/** Sends one operation through the proxy; null when it succeeded, else what came instead. */
async function failureOf(query: string, variables: object = {}): Promise<string | null> {
  try {
    const { statusCode, body } = await request(`https://127.0.0.1:${proxy.port}/gateway/graphql`, {
      ...{ dispatcher: agent, method: 'POST', body: JSON.stringify({ query, variables }) },
      headers: { host: HOST, 'content-type': 'application/json', 'x-auth-token': token },
    });
    const text = await body.text();
    return statusCode === 200 && !text.includes('"errors"') ? null : `${statusCode} ${text}`;
  } catch (error) {
    return String(error);
  }
}

let addresses = 0;
function newPair() {
  const host = ++addresses;
  const fixedIps = [`10.20.${host >> 8}.${host & 255}`];
  const server = sandbox.addServer({ ports: [{ network: 'private', fixedIps }] });
  return { serverId: server.id, shareId: sandbox.addShare().id };
}

/** Clients that send until `stop`: reads, and attachments while `permits` lasts. */
function startLoad() {
  const state = { sent: 0, failures: [] as string[], permits: 0, stop: async () => {} };
  let isStopped = false;
  const client = async () => {
    while (!isStopped) {
      const attaches = state.permits > 0;
      if (attaches) state.permits--;
      const failure = attaches ? await failureOf(ATTACH, { input: newPair() }) : await failureOf(READ);
      state.sent++;
      if (failure !== null) state.failures.push(failure);
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  state.stop = async () => {
    isStopped = true;
    await Promise.all(clients);
  };
  return state;
}

/** A listener that resumes from its last cursor when its connection ends. */
function startListener() {
  const state = { cursors: [] as string[], connections: 0, stop: () => {} };
  let isStopped = false;
  class Socket extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, { ca: proxy.ca, servername: HOST, headers: { host: HOST } } as ClientOptions);
    }
  }
  const run = async () => {
    while (!isStopped) {
      const client = createClient({
        ...{ url: `wss://127.0.0.1:${proxy.port}/gateway/graphql`, webSocketImpl: Socket, retryAttempts: 0 },
        connectionParams: { 'X-Auth-Token': token },
      });
      state.stop = () => {
        isStopped = true;
        void client.dispose();
      };
      state.connections++;
      try {
        const variables = { after: state.cursors.at(-1) ?? '0-0' };
        for await (const { data } of client.iterate<{ shareAttachmentEvents: { cursor: string } }>({
          ...{ query: EVENTS, variables },
        })) {
          if (data) state.cursors.push(data.shareAttachmentEvents.cursor);
        }
      } catch {
        // the connection has ended: the next one resumes
      }
    }
  };
  void run();
  return state;
}

test('each gateway stops and starts while clients send -> no request fails, and no event is lost or repeated', async () => {
  load = startLoad();
  listener = startListener();
  const attachSome = async () => {
    load.permits = CLIENTS * ATTACHES;
    await until(() => load.permits === 0);
  };
  await attachSome();
  for (const [i, port] of ports.entries()) {
    const stopped = gateways[i]?.stop();
    await attachSome();
    expect(await stopped).toBe(0);
    gateways[i] = await startBundledGateway({ ...env, PORT: String(port) });
    await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
    // the proxy has begun to use it again
    await until(() => gateways[i]?.lines.some((line) => line.includes('"path":"/graphql"')));
    await attachSome();
  }
  await load.stop();
  expect({ failures: load.failures, output: load.failures.length > 0 ? proxy.output() : '' }).toEqual(NO_FAILURE);
  const all = await allCursors();
  await until(() => listener.cursors.length >= all.length);
  listener.stop();
  expect(listener.cursors).toEqual(all);
  expect(listener.connections).toBeGreaterThan(1);
  process.stdout.write(`rolling restart: ${load.sent} requests, 0 failed; ${all.length} events, each heard once\n`);
});

/** The log's events once every attachment has settled, read from the beginning. */
async function allCursors(): Promise<string[]> {
  const count = addresses;
  const attached: string[] = [];
  const client = createClient({
    ...{ url: `ws://127.0.0.1:${ports[0]}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 },
    connectionParams: { 'X-Auth-Token': token },
  });
  const cursors: string[] = [];
  const query = EVENTS.replace('{ cursor }', '{ cursor type }');
  for await (const { data } of client.iterate<{ shareAttachmentEvents: { cursor: string; type: string } }>({
    ...{ query, variables: { after: '0-0' } },
  })) {
    if (!data) throw new Error('no data');
    cursors.push(data.shareAttachmentEvents.cursor);
    if (data.shareAttachmentEvents.type === 'ATTACHED') attached.push(data.shareAttachmentEvents.cursor);
    if (attached.length === count) break;
  }
  await client.dispose();
  return cursors;
}
