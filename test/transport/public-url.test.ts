import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { callRest } from '../support/compute-api.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connect, connectWs } from '../support/ws-client.ts';

/** A gateway behind a proxy: the prefix and the origin of PUBLIC_URL, and the scheme in X-Forwarded-Proto. */

const ORIGIN = 'https://cloud.example';
const PUBLIC_URL = `${ORIGIN}/gateway`;

let gateway: TestGateway;
let origin: string;

beforeAll(async () => {
  gateway = await startGateway({ store: 'memory', env: { PUBLIC_URL, ALLOWED_ORIGINS: 'https://dash.example' } });
  origin = new URL(gateway.url).origin;
});
afterAll(() => gateway.close());

describe.each([
  ['removes the prefix', ''],
  ['passes the prefix on', '/gateway'],
])('a proxy that %s', (_what, prefix) => {
  test('-> GraphQL, health and the compute API respond', async () => {
    const headers = { 'x-auth-token': gateway.token, 'content-type': 'application/json' };
    const body = JSON.stringify({ query: '{ viewer { user { name } } }' });
    const response = await fetch(`${origin}${prefix}/graphql?x=1`, { method: 'POST', headers, body });
    expect(await response.json()).toEqual({ data: { viewer: { user: { name: 'demo' } } } });
    expect((await fetch(`${origin}${prefix}/healthz`)).status).toBe(200);
    const { body: page } = await callRest(origin, `${prefix}/v2.1/servers/detail?limit=1`, { token: gateway.token });
    expect(page.servers_links[0].href).toMatch(/^https:\/\/cloud\.example\/gateway\/v2\.1\/servers\/detail\?/);
  });

  test('-> a WebSocket', async () => {
    const client = await connect(`${origin.replace('http', 'ws')}${prefix}/graphql`, { 'X-Auth-Token': gateway.token });
    client.subscribe('1', '{ viewer { user { name } } }');
    expect(await client.nextData('1')).toEqual({ viewer: { user: { name: 'demo' } } });
    await client.close();
  });

  test('-> GraphiQL, whose files are relative to the page', async () => {
    const response = await fetch(`${origin}${prefix}/graphql`, { headers: { accept: 'text/html' } });
    expect(response.status).toBe(200);
    expect(await response.text()).not.toMatch(/(src|href)="\//);
  });
});

test('a path that only begins with the same letters as the prefix -> not found', async () => {
  expect((await fetch(`${origin}/gatewayish/healthz`)).status).toBe(404);
  await expect(connectWs(`${origin.replace('http', 'ws')}/gatewayish/graphql`)).rejects.toMatchObject({ status: 404 });
});

describe('origins mean the same for HTTP and WebSocket', () => {
  const isReadable = async (from: string) => {
    const response = await fetch(gateway.url, { method: 'OPTIONS', headers: preflight(from) });
    return response.headers.get('access-control-allow-origin') === from;
  };
  const isOpened = (from: string) =>
    connectWs(gateway.wsUrl, { origin: from }).then(
      async (client) => Boolean(await client.close()),
      ({ status }: { status: number }) => status !== 403,
    );

  test.each([
    [ORIGIN, true],
    ['https://dash.example', true],
    ['http://cloud.example', false],
    ['https://cloud.example:8443', false],
    ['https://dash.example.evil', false],
    ['null', false],
  ])('%s -> %s', async (from, expected) => {
    expect([await isReadable(from), await isOpened(from)]).toEqual([expected, expected]);
  });
});

const preflight = (from: string) => ({
  origin: from,
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type,x-auth-token',
});

describe('X-Forwarded-Proto without PUBLIC_URL', () => {
  const HTTPS = { 'x-forwarded-proto': 'https' };
  const nextPage = async ({ url, token }: TestGateway, headers: Record<string, string>) => {
    const { body } = await callRest(new URL(url).origin, '/v2.1/servers/detail?limit=1', { token, headers });
    return body.servers_links[0].href as string;
  };

  test('of a trusted proxy -> the scheme of links, and of the origin that may open a WebSocket', async () => {
    const trusting = await startGateway({ store: 'memory', sandbox: gateway.sandbox });
    const { host } = new URL(trusting.url);
    expect(await nextPage(trusting, HTTPS)).toMatch(`https://${host}/v2.1/`);
    expect(await nextPage(trusting, { 'x-forwarded-proto': 'http, HTTPS' })).toMatch(`https://${host}/v2.1/`);
    expect(await nextPage(trusting, { 'x-forwarded-proto': 'gopher' })).toMatch(`http://${host}/v2.1/`);
    await (await connectWs(trusting.wsUrl, { origin: `https://${host}`, headers: HTTPS })).close();
    const plain = connectWs(trusting.wsUrl, { origin: `http://${host}`, headers: HTTPS });
    await expect(plain).rejects.toMatchObject({ status: 403 });
    await trusting.close();
  });

  test('of any other client -> ignored', async () => {
    const env = { TRUSTED_PROXIES: 'none' };
    const direct = await startGateway({ store: 'memory', sandbox: gateway.sandbox, env });
    const { host } = new URL(direct.url);
    expect(await nextPage(direct, HTTPS)).toMatch(`http://${host}/v2.1/`);
    await (await connectWs(direct.wsUrl, { origin: `http://${host}`, headers: HTTPS })).close();
    await direct.close();
  });
});
