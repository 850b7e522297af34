import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Attachments } from '../../src/attachments/service.ts';
import { readConfig } from '../../src/config.ts';
import { type Cloud, closeCloud, createCloud } from '../../src/openstack/cloud.ts';
import { singleFlight } from '../../src/openstack/http/single-flight.ts';
import type { Authenticate } from '../../src/transport/authenticate.ts';
import { registerComputeApi } from '../../src/transport/compute-api/index.ts';
import { callRest, type RestCall } from '../support/compute-api.ts';
import { fakeAuthenticate, type SmallGateway, startTransports } from '../support/transports.ts';
import { until } from '../support/until.ts';

/** What is proxied to Nova, byte for byte, and what is not: with a Nova that records its requests. */

let nova: Server;
let novaUrl: string;
let asked: { method: string; url: string; rawHeaders: string[]; body: string }[];
let respond: (request: IncomingMessage, response: ServerResponse) => void;
let cloud: Cloud;
let gateway: SmallGateway;
let origin: string;

async function start(env: Record<string, string> = {}): Promise<void> {
  cloud = createCloud({
    authUrl: 'http://keystone.example.org/v3',
    region: null,
    interface: 'public',
    endpointOverrides: {},
    timeoutMs: 5000,
    connections: 8,
  });
  // the catalog of a cloud that still has the project's id in its addresses, and another address for insiders
  const endpoints = [`${novaUrl}/compute/v2.1/p1`, 'http://inside.example.org:8774/v2.1'].map((url, i) => ({
    ...{ interface: i === 0 ? 'public' : 'internal', region: 'one', region_id: 'one' },
    url,
  }));
  const known = fakeAuthenticate();
  const authenticate: Authenticate = async (token, meta) => {
    const session = await known(token, meta);
    const projectId = token === OTHER_PROJECT ? 'p2' : 'p1';
    return {
      ...session,
      cloud,
      identity: { ...session.identity, projectId },
      catalog: [{ type: 'compute', endpoints }],
    };
  };
  gateway = await startTransports(env, {
    transport: (app, { addresses }) =>
      registerComputeApi(app, {
        ...{ config: readConfig(env), cloud, authenticate, addresses, attachments: NONE },
        account: null,
      }),
  });
  origin = new URL(gateway.url).origin;
}

/** A token of another project. */
const OTHER_PROJECT = 'good-of-p2';

const NONE = {
  listForServers: async (_session: unknown, ids: readonly string[]) => ids.map(() => []),
} as unknown as Attachments;

beforeEach(async () => {
  asked = [];
  respond = (_request, response) => response.end('{}');
  nova = createServer(async (request, response) => {
    const { method = '', url = '', rawHeaders } = request;
    const entry = { method, url, rawHeaders, body: '' };
    asked.push(entry);
    request.on('data', (chunk: Buffer) => {
      entry.body += chunk.toString('latin1');
    });
    request.on('error', () => undefined);
    await once(request, 'end').catch(() => undefined);
    if (request.complete) respond(request, response);
  }).listen(0, '127.0.0.1');
  await once(nova, 'listening');
  novaUrl = `http://127.0.0.1:${(nova.address() as AddressInfo).port}`;
  await start();
});
afterEach(async () => {
  await gateway.close();
  await closeCloud(cloud);
  nova.closeAllConnections();
  nova.close();
});

async function restart(env: Record<string, string>): Promise<void> {
  await gateway.close();
  await closeCloud(cloud);
  await start(env);
}

/** A POST whose body a test sends. */
function openPost(headers: Record<string, string>) {
  const { hostname, port } = new URL(origin);
  const request = httpRequest({
    ...{ hostname, port, path: '/v2.1/servers', method: 'POST', agent: false },
    headers: { 'x-auth-token': 'good', 'content-type': 'application/json', ...headers },
  });
  request.on('error', () => undefined);
  return request;
}

const call = (path: string, given: RestCall = {}) => callRest(origin, path, { token: 'good', ...given });
const headersOf = (index = 0) => {
  const raw = asked[index]?.rawHeaders ?? [];
  return Object.fromEntries(raw.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1]]] : [])));
};

describe('requests', () => {
  test.each([
    ['GET', '/v2.1/flavors/detail?is_public=None&limit=2', undefined],
    ['HEAD', '/v2.1/servers/x', undefined],
    ['POST', '/v2.1/servers', '{ "server" : {"name":"caf\u00e9", "n": 1.0} }'],
    ['PUT', '/v2.1/servers/x/metadata/a%20key', '{"meta": {}}'],
    ['PATCH', '/v2.1/x', '{}'],
    ['DELETE', '/v2.1/p1/servers/x/tags/t%C3%A9', undefined],
    ['POST', '/v2.1/servers/x/action', ' {"os-stop" : null}\n'],
    ['GET', '/v2.1/os-keypairs/my.key..pub?user_id=%2e%2e%2f', undefined],
  ])('%s %s -> the same method, path, query and body', async (method, path, body) => {
    const { status } = await call(path, { method, body });
    expect(status).toBe(200);
    expect(asked).toMatchObject([{ method, url: `/compute${path}`, body: Buffer.from(body ?? '').toString('latin1') }]);
  });

  test('end-to-end headers are forwarded, with the token; hop-by-hop headers and those they name are not; Host is Nova’s', async () => {
    await call('/v2.1/limits', {
      headers: {
        'openstack-api-version': 'compute 2.90',
        'x-openstack-nova-api-version': '2.90',
        'x-service-token': 'service',
        'x-openstack-request-id': 'req-15e59938-07d5-11e1-90e3-e3dffe0c5983',
        'user-agent': 'openstacksdk/4',
        connection: 'keep-alive, x-mine',
        'x-mine': 'hop',
        te: 'trailers',
        'keep-alive': 'timeout=5',
        'proxy-authorization': 'Basic x',
        'x-forwarded-host': 'evil.example.org',
        forwarded: 'host=evil.example.org',
        'accept-encoding': 'gzip',
      },
    });
    const headers = headersOf();
    expect(headers).toMatchObject({
      'x-auth-token': 'good',
      'openstack-api-version': 'compute 2.90',
      'x-openstack-nova-api-version': '2.90',
      'x-service-token': 'service',
      'x-openstack-request-id': 'req-15e59938-07d5-11e1-90e3-e3dffe0c5983',
      'user-agent': 'openstacksdk/4',
      host: new URL(novaUrl).host,
    });
    for (const name of ['x-mine', 'te', 'keep-alive', 'proxy-authorization', 'forwarded', 'x-forwarded-host']) {
      expect(headers).not.toHaveProperty(name);
    }
    expect(headers).not.toHaveProperty('accept-encoding');
  });

  test('without an id of its own a request has the gateway’s upstream', async () => {
    const { headers } = await call('/v2.1/limits');
    expect(headersOf()['x-openstack-request-id']).toBe(headers['x-openstack-request-id']);
  });

  test('a body without an announced length -> Nova is asked when it is complete, with its length', async () => {
    const request = openPost({ 'transfer-encoding': 'chunked' });
    request.write('{"server":');
    expect((await call('/v2.1/flavors')).status).toBe(200);
    expect(asked.map(({ method }) => method)).toEqual(['GET']);
    request.end('{}}');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(asked[1]).toMatchObject({ method: 'POST', body: '{"server":{}}' });
    expect(headersOf(1)).toMatchObject({ 'content-length': '13', 'content-type': 'application/json' });
  });

  test.each(['x_forwarded_for', 'X_Forwarded_Host', 'x-forwarded_proto', 'X-Forwarded-User', 'x-real-ip', 'Forwarded'])(
    '%s, which WSGI reads as a proxy’s header -> not forwarded',
    async (name) => {
      await call('/v2.1/limits', { headers: { [name]: 'evil', 'x-other_name': 'kept' } });
      expect(asked[0]?.rawHeaders).not.toContain('evil');
      expect(asked[0]?.rawHeaders).toContain('kept');
    },
  );

  test.each([
    ['/%762.1/servers/x', '/compute/v2.1/servers/x'],
    ['/v2%2E1/servers/x', '/compute/v2.1/servers/x'],
    ['/%76%32%2e%31/flavors?limit=1', '/compute/v2.1/flavors?limit=1'],
    ['/%762.1', '/compute/v2.1'],
  ])('%s -> below Nova’s /v2.1', async (path, url) => {
    await call(path);
    expect(asked.map((request) => request.url)).toEqual([url]);
  });

  test('clients that send their bodies slowly -> hold no connection to Nova', async () => {
    const slow = Array.from({ length: 40 }, () => openPost({ 'content-length': '1000' }));
    for (const request of slow) request.write('{');
    await Promise.all(slow.map((request) => once(request, 'socket')));
    expect((await call('/v2.1/flavors')).status).toBe(200);
    expect(asked.map(({ method }) => method)).toEqual(['GET']);
    for (const request of slow) request.destroy();
  });

  test('a project’s requests to Nova hang -> other projects’ are answered, its own wait in turn', async () => {
    await restart({ PROXY_CONNECTIONS_PER_PROJECT: '2' });
    const waiting: ServerResponse[] = [];
    respond = (request, response) => {
      if (request.url?.includes('slow')) waiting.push(response);
      else response.end('{}');
    };
    const slow = [1, 2, 3].map((n) => call(`/v2.1/slow/${n}`));
    await until(() => waiting.length === 2);
    const own = call('/v2.1/flavors');
    expect((await call('/v2.1/flavors', { token: OTHER_PROJECT })).status).toBe(200);
    expect(asked.map(({ url }) => url)).toEqual(
      ['/slow/1', '/slow/2', '/flavors'].map((path) => `/compute/v2.1${path}`),
    );
    waiting[0]?.end('{}');
    await until(() => waiting.length === 3);
    waiting[1]?.end('{}');
    expect((await own).status).toBe(200);
    waiting[2]?.end('{}');
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('Nova keeps failing a project’s writes -> 503 at once with the reason; reads and other projects go on', async () => {
    respond = ({ method }, response) => response.writeHead(method === 'POST' ? 500 : 200).end('{}');
    const post = (token?: string) => call('/v2.1/servers', { method: 'POST', body: {}, ...(token && { token }) });
    for (let i = 0; i < 5; i++) expect((await post()).status).toBe(500);
    const { status, body, headers } = await post();
    expect({ status, body }).toEqual({
      status: 503,
      body: {
        serviceUnavailable: { code: 503, message: expect.stringContaining('responded with 500'), retryAfter: '1' },
      },
    });
    expect(headers['retry-after']).toBe('1');
    expect((await call('/v2.1/servers')).status).toBe(200);
    expect((await post(OTHER_PROJECT)).status).toBe(500);
  });
});

describe('answers', () => {
  test('status, headers and body come back; Location and links lead to the gateway; hop-by-hop headers end here', async () => {
    respond = (_request, response) => {
      response.writeHead(202, {
        'content-type': 'application/json',
        location: `${novaUrl}/compute/v2.1/servers/x`,
        'openstack-api-version': 'compute 2.90',
        'x-openstack-request-id': 'req-nova',
        'x-compute-request-id': 'req-nova',
        vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
        'proxy-authenticate': 'Basic',
      });
      response.end(`{"links": [{"href": "${novaUrl}/compute/v2.1/servers/x", "rel": "self"}], "n": 1.0}`);
    };
    const { status, headers, text } = await call('/v2.1/servers', { method: 'POST', body: {} });
    expect(status).toBe(202);
    expect(headers).toMatchObject({
      location: `${origin}/v2.1/servers/x`,
      'openstack-api-version': 'compute 2.90',
      'x-openstack-request-id': 'req-nova',
      'x-compute-request-id': 'req-nova',
      vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
    });
    expect(headers).not.toHaveProperty('proxy-authenticate');
    expect(text).toBe(`{"links": [{"href": "${origin}/v2.1/servers/x", "rel": "self"}], "n": 1.0}`);
  });

  test('links at another address of Nova’s in the catalog -> the gateway as well; elsewhere -> as they are', async () => {
    respond = (_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(
        '{"href": "http://inside.example.org:8774/v2.1/x", "links": [{"href": "http://inside.example.org:87745/v2.1/x"}]}',
      );
    };
    const { body } = await call('/v2.1/flavors');
    expect(body).toEqual({
      href: `${origin}/v2.1/x`,
      links: [{ href: 'http://inside.example.org:87745/v2.1/x' }],
    });
  });

  test('what is no JSON -> byte for byte', async () => {
    const bytes = Buffer.from([0, 255, 128, 10, 34]);
    const page = Buffer.concat([Buffer.from(`{"href": "${novaUrl}/compute/v2.1/x"}`), bytes]);
    respond = (_request, response) => {
      response.setHeader('content-type', 'application/octet-stream');
      response.end(page);
    };
    const { text, headers } = await call('/v2.1/x');
    expect(text).toBe(page.toString('utf8'));
    expect(headers['content-length']).toBe(String(page.length));
  });

  test('204, 304 and HEAD -> no body, as Nova answers', async () => {
    for (const [method, status] of [
      ['DELETE', 204],
      ['GET', 304],
      ['HEAD', 200],
    ] as const) {
      respond = (_request, response) => response.writeHead(status, { 'content-type': 'application/json' }).end();
      expect(await call('/v2.1/servers/x', { method })).toMatchObject({ status, text: '' });
    }
  });

  test('a redirect -> the client’s to follow, never the gateway’s: the token would go along', async () => {
    respond = (_request, response) => response.writeHead(302, { location: 'http://elsewhere.example.org/' }).end();
    const { status, headers } = await call('/v2.1/x');
    expect(status).toBe(302);
    expect(headers.location).toBe('http://elsewhere.example.org/');
    expect(asked).toHaveLength(1);
  });

  test('the first part of an answer is there before Nova has ended it', async () => {
    let end = () => {};
    respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('first');
      end = () => response.end(' last');
    };
    const response = await fetch(`${origin}/v2.1/x`, { headers: { 'x-auth-token': 'good' } });
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('first');
    end();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(' last');
  });

  test('Nova says 503 to a read -> that answer, once: nothing is tried again', async () => {
    respond = (_request, response) => response.writeHead(503, { 'retry-after': '7' }).end('away');
    const { status, text, headers } = await call('/v2.1/x');
    expect({ status, text, retry: headers['retry-after'] }).toEqual({ status: 503, text: 'away', retry: '7' });
    expect(asked).toHaveLength(1);
  });

  test('Nova breaks off in the middle of JSON -> the client’s connection breaks too, and does not look whole', async () => {
    respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"a": ');
      setImmediate(() => response.destroy());
    };
    await expect(call('/v2.1/x')).rejects.toThrow(/socket hang up|aborted|ECONNRESET/);
  });
});

describe('reads that are under way in the gateway', () => {
  /** Whether a read that began while Nova worked is still shared once the client has its response, or none. */
  async function isJoinedAfter(method: string, path: string, finish: (response: ServerResponse) => void) {
    const scope = { visibilityKey: 'p1', rights: 'any' };
    const join = () => singleFlight(cloud, scope, 'good', 'x', () => new Promise(() => {}));
    let during: unknown = null;
    respond = (_request, response) => {
      during = join();
      finish(response);
    };
    const body = method === 'GET' ? null : '{}';
    await fetch(origin + path, { method, body, headers: { 'x-auth-token': 'good' } }).catch(() => undefined);
    return join() === during;
  }

  /** The head of a response whose body does not end during the test. */
  const begin = (response: ServerResponse) => {
    response.writeHead(202, { 'content-type': 'text/plain' });
    response.write('first');
  };

  test.each([
    ['POST', '/v2.1/servers'],
    ['POST', '/v2.1/servers/x/action'],
    ['PUT', '/v2.1/servers/x/metadata/a'],
    ['DELETE', '/v2.1/servers/x'],
  ])('Nova begins to answer %s %s -> invalidated', async (method, path) => {
    expect(await isJoinedAfter(method, path, begin)).toBe(false);
  });

  test('Nova breaks off instead of an answer to a write -> invalidated', async () => {
    expect(await isJoinedAfter('POST', '/v2.1/servers', (response) => void response.socket?.destroy())).toBe(false);
  });

  test('Nova answers a GET -> they are joined still', async () => {
    expect(await isJoinedAfter('GET', '/v2.1/servers', begin)).toBe(true);
  });
});

describe('what is not proxied', () => {
  test.each([
    '/v2.1/../identity/v3',
    '/v2.1/servers/../../identity',
    '/v2.1/./servers',
    '/v2.1/%2e%2e/identity',
    '/v2.1/%2E%2e/%2e./identity',
    '/v2.1/.%2e/identity',
    '/v2.1/servers/..%2f..%2fidentity',
    '/v2.1/servers%2f..%2f..%2fidentity',
    '/v2.1/%252e%252e/identity',
    '/v2.1/..%252fidentity',
    '/v2.1/..%5cidentity',
    '/v2.1/..\\identity',
    '/v2.1//identity',
    '/v2.1//evil.example.org/x',
    '/v2.1/servers//detail',
    '/v2.1/x/..',
  ])('%s -> 400, Nova hears nothing', async (path) => {
    const { status, body } = await call(path);
    expect(status).toBe(400);
    expect(body).toEqual({ badRequest: { code: 400, message: expect.stringMatching(/^Malformed request URL: /) } });
    expect(asked).toEqual([]);
  });

  test.each([
    ['a path that cannot be decoded', '/v2.1/%zz', {}, 400, 'badRequest', /decoded/],
    ['a query of 9,000 characters', `/v2.1/servers?name=${'a'.repeat(9000)}`, {}, 414, 'computeFault', /at most 8192/],
    ['a Host header that is none', '/v2.1/servers', { host: 'a b' }, 400, 'badRequest', /Host header/],
  ])(
    '%s -> refused in Nova’s form, with the ids that a client quotes',
    async (_what, path, headers, code, name, why) => {
      const { status, body, headers: responseHeaders } = await call(path, { headers });
      expect(status).toBe(code);
      expect(body).toEqual({ [name]: { code, message: expect.stringMatching(why) } });
      expect(responseHeaders['x-compute-request-id']).toMatch(/^req-/);
      expect(responseHeaders['x-openstack-request-id']).toBe(responseHeaders['x-compute-request-id']);
      expect(asked).toEqual([]);
    },
  );

  test('more at once than the gateway takes -> 503 in Nova’s form, and when to come again', async () => {
    await gateway.close();
    await closeCloud(cloud);
    await start({ MAX_IN_FLIGHT: '1' });
    const waiting = new Promise<() => void>((resolve) => {
      respond = (_request, response) => resolve(() => response.end('{}'));
    });
    const first = call('/v2.1/flavors');
    const finish = await waiting;
    const { status, body, headers } = await call('/v2.1/flavors');
    expect({ status, body }).toEqual({
      status: 503,
      body: { serviceUnavailable: { code: 503, message: expect.stringContaining('busy'), retryAfter: '5' } },
    });
    expect(headers['retry-after']).toBe('5');
    finish();
    expect((await first).status).toBe(200);
  });

  test.each(['/v2.10/servers', '/v2/servers', '/v3/auth/tokens', '/servers'])(
    '%s -> not the compute API',
    async (path) => {
      expect((await call(path)).status).toBe(404);
      expect(asked).toEqual([]);
    },
  );

  test.each(['OPTIONS', 'TRACE', 'PROPFIND'])('%s -> 405, 404 or 400, Nova hears nothing', async (method) => {
    expect([400, 404, 405]).toContain((await call('/v2.1/servers', { method })).status);
    expect(asked).toEqual([]);
  });

  test.each([
    ['no token', null, 401],
    ['an unknown token', 'bad', 401],
    ['Keystone away', 'away', 503],
  ])('%s -> %s answered %i by us, Nova hears nothing', async (_what, token, status) => {
    expect((await call('/v2.1/servers', { token })).status).toBe(status);
    expect(asked).toEqual([]);
  });

  test('a body announced past the limit -> 413 before anything goes on', async () => {
    await gateway.close();
    await start({ MAX_BODY_BYTES: '1024' });
    const { status, body } = await call('/v2.1/servers', { method: 'POST', body: 'x'.repeat(1025) });
    expect({ status, body }).toEqual({
      status: 413,
      body: { overLimit: { code: 413, message: expect.stringContaining('too large') } },
    });
    expect(asked).toEqual([]);
  });

  test('a body that grows past the limit -> 413, and Nova is not asked', async () => {
    await gateway.close();
    await start({ MAX_BODY_BYTES: '1024' });
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    const text = collect(socket);
    socket.write(
      'POST /v2.1/servers HTTP/1.1\r\nHost: x\r\nX-Auth-Token: good\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    for (let i = 0; i < 3; i++) socket.write(`200\r\n${'x'.repeat(512)}\r\n`);
    await until(() => text().includes('overLimit'));
    expect(text()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
    expect(asked).toEqual([]);
  });

  test('Nova cuts off a server that attachments are added to -> 502 computeFault', async () => {
    respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"server": {"id": ');
      setImmediate(() => response.destroy());
    };
    expect(await call('/v2.1/servers/x')).toMatchObject({
      status: 502,
      body: { computeFault: { code: 502, message: 'Nova cut off its response' } },
    });
  });

  test('Nova does not answer in time -> 504 computeFault', async () => {
    await gateway.close();
    await start({ REQUEST_TIMEOUT_MS: '100' });
    respond = () => {};
    expect(await call('/v2.1/x')).toMatchObject({
      status: 504,
      body: { computeFault: { code: 504, message: 'Nova did not answer in time' } },
    });
  });

  test('Nova cannot be reached -> 503 serviceUnavailable, without its address', async () => {
    nova.closeAllConnections();
    nova.close();
    const { status, text } = await call('/v2.1/x');
    expect(status).toBe(503);
    expect(text).not.toContain('127.0.0.1');
  });
});

test('the catalog names the gateway itself -> 502 that says what to set, and no request goes round', async () => {
  respond = async ({ url, headers }, response) => {
    const again = await callRest(origin, (url ?? '').replace('/compute', ''), {
      token: 'good',
      headers: { via: String(headers.via) },
    });
    response.writeHead(again.status, { 'content-type': 'application/json' }).end(again.text);
  };
  const { status, body } = await call('/v2.1/servers/x', { headers: { via: '1.1 somewhere' } });
  expect(status).toBe(502);
  expect(body.computeFault.message).toContain('compute_endpoint_override');
  expect(headersOf().via).toBe('1.1 somewhere, 1.1 nova-manila-gateway');
  expect(asked).toHaveLength(1);
});

describe('the version document', () => {
  test('no token before the first token -> 401; after it -> Nova’s', async () => {
    respond = (_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(`{"version": {"links": [{"href": "${novaUrl}/compute/v2.1/"}]}}`);
    };
    expect((await call('/v2.1/', { token: null })).status).toBe(401);
    expect((await call('/v2.1/', { token: 'good' })).status).toBe(200);
    for (const path of ['/v2.1', '/v2.1/']) {
      const { status, body } = await call(path, { token: null });
      expect({ status, body }).toEqual({ status: 200, body: { version: { links: [{ href: `${origin}/v2.1/` }] } } });
    }
    expect(asked.map(({ url }) => url)).toEqual(['/compute/v2.1/', '/compute/v2.1', '/compute/v2.1/']);
  });

  test('a token that is no good -> no obstacle, as it is none to Nova', async () => {
    await call('/v2.1/', { token: 'good' });
    expect((await call('/v2.1/', { token: 'bad' })).status).toBe(200);
  });
});

function collect(socket: Socket): () => string {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  return () => text;
}
