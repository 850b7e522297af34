import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { callRest, type RestCall } from '../support/compute-api.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { type Listener, listen } from '../support/listener.ts';

/** The three calls of the proposal, over the same attachments that GraphQL shows. */

const ACTION = `/v2.1/servers/${DEMO.serverId}/action`;
const ATTACH_BODY = { share_id: DEMO.nfsShareId, mount_point: '/net/mymount' };
const FIELD = 'os-extended-shares:shares_attached';

let gateway: TestGateway;
let origin: string;
let listener: Listener;

beforeEach(async () => {
  gateway = await startGateway();
  origin = new URL(gateway.url).origin;
  listener = listen(gateway, { after: '0-0' });
});
afterEach(async () => {
  await listener.close();
  await gateway.close();
});

const post = (body: unknown, path = ACTION, call: RestCall = {}) =>
  callRest(origin, path, { method: 'POST', token: gateway.token, body, ...call });
const ourRules = () => gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((rule) => rule.metadata.managed_by);
const SEE = '{ shareAttachments { nodes { serverId shareId mountPoint status } } }';

describe('share_attach and share_detach', () => {
  test.each([
    ['without a project in the path', ACTION],
    ['with the project in the path', `/v2.1/${DEMO.projectId}/servers/${DEMO.serverId}/action`],
  ])('%s -> 202 without a body, seen in GraphQL and by listeners; detached again', async (_how, path) => {
    const attached = await post({ share_attach: ATTACH_BODY }, path);
    expect(attached).toMatchObject({ status: 202, text: '' });
    expect((await listener.until('ATTACHED')).map(({ type }) => type)).toEqual(['ATTACH_STARTED', 'ATTACHED']);
    const seen = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId, mountPoint: '/net/mymount', status: 'ATTACHED' };
    expect((await gateway.query(SEE)).data.shareAttachments.nodes).toEqual([seen]);
    expect(ourRules()).toMatchObject([{ state: 'active', accessLevel: 'rw' }]);

    expect(await post({ share_detach: ATTACH_BODY }, path)).toMatchObject({ status: 202, text: '' });
    expect((await listener.until('DETACHED')).map(({ type }) => type)).toEqual(['DETACH_STARTED', 'DETACHED']);
    expect(ourRules()).toEqual([]);
  });

  test('every answer has a request id, under both of its names; Manila hears it too', async () => {
    const { headers } = await post({ share_attach: ATTACH_BODY });
    expect(headers['x-openstack-request-id']).toMatch(/^req-[0-9a-f-]{36}$/);
    expect(headers['x-compute-request-id']).toBe(headers['x-openstack-request-id']);
    const granted = gateway.sandbox.requests.find(({ service, method }) => service === 'manila' && method === 'POST');
    expect(granted?.requestId).toBe(headers['x-openstack-request-id']);
  });

  test('attached twice with the same arguments -> 202 and one rule; with another mount point -> 409', async () => {
    expect((await post({ share_attach: ATTACH_BODY })).status).toBe(202);
    await listener.until('ATTACHED');
    expect((await post({ share_attach: ATTACH_BODY })).status).toBe(202);
    expect(ourRules()).toHaveLength(1);
    const other = await post({ share_attach: { ...ATTACH_BODY, mount_point: '/other' } });
    expect(other.status).toBe(409);
    expect(other.body).toEqual({ conflictingRequest: { code: 409, message: expect.stringContaining('/net/mymount') } });
  });

  test('the mount point left out -> attached without one; a share id in another spelling is the same share', async () => {
    const shareId = `{${DEMO.nfsShareId.toUpperCase()}}`;
    expect((await post({ share_attach: { share_id: shareId } })).status).toBe(202);
    await listener.until('ATTACHED');
    expect((await gateway.query(SEE)).data.shareAttachments.nodes).toMatchObject([
      { shareId: DEMO.nfsShareId, mountPoint: null },
    ]);
    expect((await post({ share_detach: { share_id: DEMO.nfsShareId.replaceAll('-', '') } })).status).toBe(202);
    await listener.until('DETACHED');
  });

  test('attached over GraphQL -> shown and detached over REST', async () => {
    const document = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }';
    await gateway.query(document, { input: { serverId: DEMO.serverId, shareId: DEMO.nfsShareId } });
    await listener.until('ATTACHED');
    const { body } = await callRest(origin, `/v2.1/servers/${DEMO.serverId}`, { token: gateway.token });
    expect(body.server[FIELD]).toEqual([
      { id: DEMO.nfsShareId, mount_point: null, status: 'attached', via: 'access_rule', tag: null },
    ]);
    expect((await post({ share_detach: { share_id: DEMO.nfsShareId } })).status).toBe(202);
    await listener.until('DETACHED');
  });

  test('no type, or text/plain -> read as JSON; a form -> Nova judges it, nothing is attached', async () => {
    const body = JSON.stringify({ share_attach: ATTACH_BODY });
    expect((await post(body, ACTION, { headers: { 'content-type': 'text/plain' } })).status).toBe(202);
    await listener.until('ATTACHED');
    await post({ share_detach: ATTACH_BODY });
    await listener.until('DETACHED');
    const form = await post(body, ACTION, { headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    expect(form.status).not.toBe(202);
    expect(ourRules()).toEqual([]);
  });
});

describe('refusals, in the shapes of Nova and keystonemiddleware', () => {
  const badRequest = (message: unknown) => ({ badRequest: { code: 400, message } });

  test("the proposal's own example, with its trailing comma -> 400 that says so, and where", async () => {
    const body = `{
    "share_attach": {
        "share_id": "15e59938-07d5-11e1-90e3-e3dffe0c5983",
        "mount_point": "/net/mymount",
    }
}`;
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(response.body).toEqual(
      badRequest('Malformed request body: trailing comma at line 4 column 38: JSON has none after the last property'),
    );
  });

  test.each([
    [null, "Invalid input for field/attribute share_attach. Value: None. None is not of type 'object'"],
    ['x', "Invalid input for field/attribute share_attach. Value: x. 'x' is not of type 'object'"],
    [{}, "Invalid input for field/attribute share_attach. Value: {}. 'share_id' is a required property"],
    [{ share_id: 'x' }, "Invalid input for field/attribute share_id. Value: x. 'x' is not a 'uuid'"],
    [{ share_id: 5 }, "Invalid input for field/attribute share_id. Value: 5. 5 is not of type 'string'"],
    [
      { ...ATTACH_BODY, tag: 'x' },
      `Invalid input for field/attribute share_attach. Value: {'share_id': '${DEMO.nfsShareId}', 'mount_point': '/net/mymount', 'tag': 'x'}. Additional properties are not allowed ('tag' was unexpected)`,
    ],
    [
      { ...ATTACH_BODY, mount_point: null },
      "Invalid input for field/attribute mount_point. Value: None. None is not of type 'string'",
    ],
    [
      { ...ATTACH_BODY, mount_point: 'relative' },
      "Invalid input for field/attribute mount_point. Value: relative. 'relative' is not an absolute path below '/' without '..'",
    ],
    [{ ...ATTACH_BODY, mount_point: `/${'x'.repeat(255)}` }, expect.stringMatching(/ is too long$/)],
  ])('share_attach %j -> 400 in the words of Nova’s validator', async (share_attach, message) => {
    const response = await post({ share_attach });
    expect(response).toMatchObject({ status: 400, body: badRequest(message) });
    expect(response.headers['content-type']).toBe('application/json; charset=UTF-8');
    expect(response.headers['x-compute-request-id']).toMatch(/^req-/);
  });

  test("another project's id in the path -> 400, as Nova refuses it", async () => {
    const path = `/v2.1/${DEMO.otherProjectId}/servers/${DEMO.serverId}/action`;
    const response = await post({ share_attach: ATTACH_BODY }, path);
    expect(response).toMatchObject({
      status: 400,
      body: badRequest(expect.stringMatching(/^Malformed request URL: /)),
    });
    expect(ourRules()).toEqual([]);
  });

  test.each([
    ['an unknown server', randomUUID(), DEMO.nfsShareId],
    ['what is no server id', 'web-01', DEMO.nfsShareId],
    ["another project's server", DEMO.otherServerId, DEMO.nfsShareId],
    ['an unknown share', DEMO.serverId, randomUUID()],
    ["another project's share", DEMO.serverId, DEMO.otherShareId],
  ])('%s -> 404 itemNotFound', async (_what, serverId, shareId) => {
    const response = await post({ share_attach: { share_id: shareId } }, `/v2.1/servers/${serverId}/action`);
    expect(response).toMatchObject({ status: 404, body: { itemNotFound: { code: 404, message: expect.any(String) } } });
  });

  test('detached what is not attached -> 404', async () => {
    expect(await post({ share_detach: ATTACH_BODY })).toMatchObject({
      status: 404,
      body: { itemNotFound: { code: 404 } },
    });
  });

  test('a share that is not available -> 409 conflictingRequest', async () => {
    const response = await post({ share_attach: { share_id: DEMO.creatingShareId } });
    expect(response).toMatchObject({ status: 409, body: { conflictingRequest: { code: 409 } } });
  });

  test('a reader -> 403 forbidden, and nothing is left behind', async () => {
    const response = await post({ share_attach: ATTACH_BODY }, ACTION, { token: gateway.sandbox.issueToken('reader') });
    expect(response).toMatchObject({ status: 403, body: { forbidden: { code: 403, message: expect.any(String) } } });
    expect((await gateway.query(SEE)).data.shareAttachments.nodes).toEqual([]);
  });

  test.each([
    ['no token', () => null],
    ['an unknown token', () => 'gAAAAAunknown'],
    ['an expired token', (one: TestGateway) => one.sandbox.issueToken('demo', { expiresInMs: -1 })],
  ])('%s -> 401 as keystonemiddleware answers it', async (_what, tokenOf) => {
    const response = await post({ share_attach: ATTACH_BODY }, ACTION, { token: tokenOf(gateway) });
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe(`Keystone uri="${gateway.sandbox.authUrl}"`);
    expect(response.body).toEqual({
      error: { code: 401, title: 'Unauthorized', message: expect.stringMatching(/requires authentication/) },
    });
  });

  test.each([
    ['keystone', 503, 'serviceUnavailable'],
    ['nova', 503, 'serviceUnavailable'],
    ['manila', 503, 'serviceUnavailable'],
  ] as const)('%s away -> %i %s', async (service, status, name) => {
    // only a token that is not cached is validated by Keystone
    const token = service === 'keystone' ? gateway.sandbox.issueToken('demo') : gateway.token;
    await callRest(origin, '/v2.1/servers', { token: gateway.token });
    gateway.sandbox.down(service);
    const response = await post({ share_attach: ATTACH_BODY }, ACTION, { token });
    expect(response).toMatchObject({ status, body: { [name]: { code: status, message: expect.any(String) } } });
  });

  test('a body past the limit -> 413 overLimit', async () => {
    const response = await post(Buffer.alloc(1_100_000, 0x20));
    expect(response).toMatchObject({ status: 413, body: { overLimit: { code: 413 } } });
  });
});

describe('other actions of a server', () => {
  test('os-stop and os-start -> Nova does them', async () => {
    expect((await post({ 'os-stop': null })).status).toBe(202);
    await gateway.sandbox.waitUntil(() => gateway.sandbox.server(DEMO.serverId)?.status === 'SHUTOFF');
    expect((await post({ 'os-start': null })).status).toBe(202);
    await gateway.sandbox.waitUntil(() => gateway.sandbox.server(DEMO.serverId)?.status === 'ACTIVE');
    expect(gateway.sandbox.server(DEMO.serverId)?.status).toBe('ACTIVE');
  });

  test.each([
    ['an unknown action', { frobnicate: {} }],
    ['two actions in one, one of them share_attach', { share_attach: ATTACH_BODY, 'os-stop': null }],
    ['an action that only mentions share_attach', { rebuild: { name: 'share_attach' } }],
    ['what is no JSON', '{"os-stop": null,}'],
  ])('%s -> Nova’s own refusal', async (_what, body) => {
    gateway.sandbox.clearRequests();
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(
      gateway.sandbox.requests.filter(({ service, method }) => service === 'nova' && method === 'POST'),
    ).toHaveLength(1);
    expect(ourRules()).toEqual([]);
  });
});
