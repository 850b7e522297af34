import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { findServers, insertFields } from '../../src/transport/compute-api/servers.ts';
import { callRest } from '../support/compute-api.ts';
import { type GatewayOptions, startGateway, type TestGateway } from '../support/gateway.ts';
import { listen } from '../support/listener.ts';
import { startRedisServer } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** `os-extended-shares:shares_attached` in Nova's responses about servers, which are otherwise unchanged. */

const FIELD = 'os-extended-shares:shares_attached';
const BY_RULE = { status: 'attached', via: 'access_rule', tag: null };
const MICROVERSION = { 'openstack-api-version': 'compute 2.96' };

let gateway: TestGateway;
let origin: string;

async function start(options: GatewayOptions = {}): Promise<void> {
  gateway = await startGateway(options);
  origin = new URL(gateway.url).origin;
}
beforeEach(() => start());
afterEach(() => gateway.close());

const get = (path: string, headers: Record<string, string> = MICROVERSION, token = gateway.token) =>
  callRest(origin, path, { token, headers });
const fromNova = (path: string, headers: Record<string, string> = MICROVERSION, token = gateway.token) =>
  callRest(gateway.sandbox.url, `/compute${path}`, { token, headers });

async function attach(shareId: string, mountPoint: string | null = null): Promise<void> {
  const listener = listen(gateway, { after: '0-0', shareId });
  const share_attach = { share_id: shareId, ...(mountPoint === null ? {} : { mount_point: mountPoint }) };
  await callRest(origin, `/v2.1/servers/${DEMO.serverId}/action`, {
    method: 'POST',
    token: gateway.token,
    body: { share_attach },
  });
  await listener.until('ATTACHED');
  await listener.close();
}

/** Nova's response as the gateway returns it: its links lead to the gateway. */
const rewritten = (json: unknown) =>
  JSON.parse(JSON.stringify(json).replaceAll(`"${gateway.sandbox.url}/compute`, `"${origin}`)) as Record<
    string,
    unknown
  >;

describe('a server', () => {
  test.each([
    ['without a project in the path', `/v2.1/servers/${DEMO.serverId}`],
    ['with the project in the path', `/v2.1/${DEMO.projectId}/servers/${DEMO.serverId}`],
  ])('%s -> as Nova gives it, and what is attached', async (_how, path) => {
    await attach(DEMO.nfsShareId, '/mnt/home');
    await attach(DEMO.cephfsShareId);
    const plain = await fromNova(`/v2.1/servers/${DEMO.serverId}`);
    const response = await get(path);
    expect(response.status).toBe(200);
    const { [FIELD]: attached, ...server } = response.body.server;
    expect({ server }).toEqual(rewritten(plain.body));
    expect(attached).toEqual([
      { ...BY_RULE, id: DEMO.nfsShareId, mount_point: '/mnt/home' },
      { ...BY_RULE, id: DEMO.cephfsShareId, mount_point: null },
    ]);
  });

  test('attached by virtiofs -> with its tag', async () => {
    const listener = listen(gateway, { after: '0-0' });
    const input = { serverId: DEMO.shutoffServerId, shareId: DEMO.nfsShareId, via: 'VIRTIOFS', tag: 'data' };
    await gateway.query('mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id } } }', {
      input,
    });
    await listener.until('ATTACHED');
    await listener.close();
    const { body } = await get(`/v2.1/servers/${DEMO.shutoffServerId}`);
    expect(body.server[FIELD]).toEqual([
      { id: DEMO.nfsShareId, mount_point: null, status: 'attached', via: 'virtiofs', tag: 'data' },
    ]);
  });

  test('nothing attached -> an empty list', async () => {
    expect((await get(`/v2.1/servers/${DEMO.serverId}`)).body.server[FIELD]).toEqual([]);
  });

  test.each([
    ['the header of today', MICROVERSION, '2.96'],
    ['the header of before', { 'x-openstack-nova-api-version': '2.30' }, '2.30'],
    ['none', {}, '2.1'],
  ])(
    "the caller's microversion in %s -> Nova's answer at that one, its headers passed",
    async (_how, headers, version) => {
      const plain = await fromNova(`/v2.1/servers/${DEMO.serverId}`, headers);
      const response = await get(`/v2.1/servers/${DEMO.serverId}`, headers);
      const { [FIELD]: attached, ...server } = response.body.server;
      expect({ server }).toEqual(rewritten(plain.body));
      expect(attached).toEqual([]);
      expect(response.headers['openstack-api-version']).toBe(`compute ${version}`);
      expect(response.headers['x-openstack-nova-api-version']).toBe(version);
      expect(response.headers.vary).toBe(plain.headers.vary);
      expect(response.headers['content-type']).toBe(plain.headers['content-type']);
      expect(response.headers['content-length']).toBe(String(Buffer.byteLength(response.text)));
    },
  );

  test("Nova's request id is returned, not the gateway's", async () => {
    const response = await get(`/v2.1/servers/${DEMO.serverId}`);
    expect(response.headers['x-openstack-request-id']).toMatch(/^req-/);
    expect(response.headers['x-compute-request-id']).toBe(response.headers['x-openstack-request-id']);
    const sent = gateway.sandbox.requests.find(({ path }) => path === `/servers/${DEMO.serverId}`);
    expect(sent?.requestId).toMatch(/^req-/);
    expect(sent?.requestId).not.toBe(response.headers['x-openstack-request-id']);
  });

  test.each([
    ['unknown', '/v2.1/servers/15e59938-07d5-11e1-90e3-e3dffe0c5983', MICROVERSION],
    [
      'at a microversion that Nova does not have',
      `/v2.1/servers/${DEMO.serverId}`,
      { 'openstack-api-version': 'compute 2.999' },
    ],
    ["of another project's", `/v2.1/servers/${DEMO.otherServerId}`, MICROVERSION],
  ])('%s -> Nova’s refusal as it is', async (_what, path, headers) => {
    const [plain, response] = [await fromNova(path, headers), await get(path, headers)];
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response).toMatchObject({ status: plain.status, text: plain.text });
  });
});

describe('a page of servers', () => {
  test('every server has its attachments; one look into the store for all of them', async () => {
    await attach(DEMO.nfsShareId, '/mnt/home');
    const { body } = await get('/v2.1/servers/detail?limit=20');
    expect(body.servers).toHaveLength(20);
    const byId = new Map(body.servers.map((server: { id: string }) => [server.id, server]));
    expect(byId.size).toBe(20);
    for (const server of body.servers) {
      const expected = server.id === DEMO.serverId ? [expect.objectContaining({ id: DEMO.nfsShareId })] : [];
      expect(server[FIELD]).toEqual(expected);
    }
  });

  test('the links lead through the gateway, page by page, to all of Nova’s servers', async () => {
    const seen: string[] = [];
    let path: string | undefined = '/v2.1/servers/detail?limit=7';
    while (path) {
      const { body } = await get(path);
      for (const server of body.servers) {
        seen.push(server.id);
        expect(server.links[0].href).toBe(`${origin}/v2.1/servers/${server.id}`);
      }
      const next: string | undefined = body.servers_links?.[0].href;
      expect(next === undefined || next.startsWith(`${origin}/v2.1/servers/detail?`)).toBe(true);
      path = next?.slice(origin.length);
    }
    const all = (await fromNova('/v2.1/servers/detail')).body.servers.map(({ id }: { id: string }) => id);
    expect(seen).toEqual(all);
  });

  test('PUBLIC_URL set -> links begin with it', async () => {
    await gateway.close();
    await start({ env: { PUBLIC_URL: 'https://cloud.example.org/compute/' } });
    const { body } = await get('/v2.1/servers/detail?limit=1');
    expect(body.servers_links[0].href).toMatch(/^https:\/\/cloud\.example\.org\/compute\/v2\.1\/servers\/detail\?/);
  });

  test("an admin's list of all projects -> other projects' servers have the field too", async () => {
    const { body } = await get('/v2.1/servers/detail?all_tenants=1', MICROVERSION, gateway.sandbox.issueToken('admin'));
    const theirs = body.servers.filter((server: { tenant_id: string }) => server.tenant_id === DEMO.projectId);
    expect(theirs.length).toBeGreaterThan(0);
    for (const server of theirs) expect(server[FIELD]).toEqual([]);
  });

  test('the plain list -> passed on as it is', async () => {
    const response = await get('/v2.1/servers?limit=3');
    expect(response.body).toEqual(rewritten((await fromNova('/v2.1/servers?limit=3')).body));
  });
});

describe('what the gateway cannot say does not cost what Nova said', () => {
  test('the store is away -> the field is missing, and a Warning says so; back -> the field is there again', async () => {
    const redis = await startRedisServer();
    await gateway.close();
    await start({ env: { REDIS_URL: redis.url } });
    expect((await get(`/v2.1/servers/${DEMO.serverId}`)).body.server[FIELD]).toEqual([]);
    await redis.stop();
    const response = await get(`/v2.1/servers/${DEMO.serverId}`);
    expect(response.status).toBe(200);
    expect(response.body).toEqual(rewritten((await fromNova(`/v2.1/servers/${DEMO.serverId}`)).body));
    expect(response.headers.warning).toBe(`199 - "${FIELD} is left out: the attachments cannot be read now"`);
    await redis.start();
    const back = await until(async () => {
      const { body } = await get(`/v2.1/servers/${DEMO.serverId}`);
      return body.server[FIELD];
    });
    expect(back).toEqual([]);
    await gateway.close();
    await redis.stop();
    await start();
  });

  test('Manila away while the project is not known yet -> the same', async () => {
    gateway.sandbox.down('manila');
    const response = await get('/v2.1/servers/detail?limit=2');
    expect(response).toMatchObject({ status: 200, headers: { warning: expect.stringMatching(/left out/) } });
    expect(response.body.servers).toHaveLength(2);
  });

  test('Nova breaks the connection -> 503, no address in it', async () => {
    await get('/v2.1/servers');
    gateway.sandbox.down('nova');
    const response = await get(`/v2.1/servers/${DEMO.serverId}`);
    expect(response).toMatchObject({ status: 503, body: { serviceUnavailable: { code: 503 } } });
    expect(response.text).not.toContain('127.0.0.1');
  });

  test('Nova answers with a page of a proxy -> that page', async () => {
    gateway.sandbox.faults.add({ service: 'nova', kind: 'html', status: 502 });
    const response = await get(`/v2.1/servers/${DEMO.serverId}`);
    expect(response.status).toBe(502);
    expect(response.text).toMatch(/<html/i);
  });
});

describe('bytes of Nova’s response', () => {
  const id = DEMO.serverId;
  const server = `{"id": "${id}", "tenant_id": "${DEMO.projectId}", "n": 12345678901234567890, "n": 1.0, "e": {}, "s": "}\\"{"}`;
  const other = '{"id": "x", "tenant_id": "someone"}';
  const field = `, "${FIELD}": []`;
  const withField = (text: string) => `${text.slice(0, -1)}${field}}`;

  test.each([
    ['a server', `{"server": ${server}}`, `{"server": ${withField(server)}}`],
    [
      'a page, with spaces and an unknown key first',
      `\n{ "é": [{"id": "${id}"}, "{"], "servers" : [ ${server} ,${other}] , "n": 0.10 }\n`,
      `\n{ "é": [{"id": "${id}"}, "{"], "servers" : [ ${withField(server)} ,${other}] , "n": 0.10 }\n`,
    ],
    ['an empty page', '{"servers": []}', '{"servers": []}'],
    ['something else', '["servers", {"id": "x"}]', '["servers", {"id": "x"}]'],
    ['text that is not JSON', '{"servers": [{"id": ', '{"servers": [{"id": '],
  ])('%s -> unchanged, but for the inserted field', (_what, text, expected) => {
    const bytes = Buffer.from(text);
    const servers = findServers(bytes).filter(({ tenantId }) => tenantId === DEMO.projectId);
    expect(
      insertFields(
        bytes,
        servers,
        servers.map(() => []),
      ).toString(),
    ).toBe(expected);
  });

  test('braces and quotes in strings, nested lists, escaped keys -> only servers are found', () => {
    const text = `{"a\\"servers": [${other}], "servers": [[${other}], "{", ${server}], "x": {"servers": [${other}]}}`;
    expect(findServers(Buffer.from(text)).map((found) => found.id)).toEqual([id]);
  });
});
