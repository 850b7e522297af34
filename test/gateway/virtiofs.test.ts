import { afterEach, describe, expect, test } from '@jest/globals';
import { DEMO, SLOW_ADDRESS, startSandbox } from '../../src/sandbox/index.ts';
import { type GatewayOptions, type GatewayResponse, startGateway, type TestGateway } from '../support/gateway.ts';
import { type HeardEvent, type Listener, listen } from '../support/listener.ts';

const FIELDS = `id via origin status mountPoint mountCommands accessRules { id } virtiofs { tag status statusRaw }
  warnings { code } fault { code message openstackRequestId } createdAt`;
const ATTACH = `mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { ${FIELDS} } } }`;
const DETACH = `mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { ${FIELDS} } } }`;
const SEE = `query ($serverId: ID!, $shareId: ID!) { shareAttachment(serverId: $serverId, shareId: $shareId) { ${FIELDS} } }`;
const LIST = `query ($id: ID!, $inNova: Boolean) { server(id: $id) { sharesAttached(inNova: $inNova) { ${FIELDS} share { name } } } }`;
const START = `mutation ($input: ServerActionInput!) { startServer(input: $input) { server { status taskState } openstackRequestId } }`;
const STOP = `mutation ($input: ServerActionInput!) { stopServer(input: $input) { server { taskState } } }`;
const REBOOT = `mutation ($input: RebootServerInput!) { rebootServer(input: $input) { server { taskState } } }`;

const SHARE = DEMO.nfsShareId;
/** The address of the compute host, for which Nova makes its rule. */
const HOST = '192.0.2.10';
let gateway: TestGateway;
let listener: Listener;
let serverId: string;

async function start(options: GatewayOptions = {}): Promise<void> {
  gateway = await startGateway(options);
  serverId = gateway.sandbox.addServer({ status: 'SHUTOFF' }).id;
  listener = listen(gateway, { after: '0-0' });
}

afterEach(async () => {
  await listener.close();
  await gateway.close();
  await gateway.sandbox.close();
});

const attach = (input: Record<string, unknown> = {}, token = gateway.token) =>
  gateway.query(ATTACH, { input: { serverId, shareId: SHARE, via: 'VIRTIOFS', ...input } }, token);
const detach = (input: Record<string, unknown> = {}, token = gateway.token) =>
  gateway.query(DETACH, { input: { serverId, shareId: SHARE, ...input } }, token);
const see = async () => (await gateway.query(SEE, { serverId, shareId: SHARE })).data.shareAttachment;
const list = async (inNova = true) => (await gateway.query(LIST, { id: serverId, inNova })).data.server.sharesAttached;
const power = (document: string, input: Record<string, unknown> = {}) =>
  gateway.query(document, { input: { serverId, ...input } });
/** Another client's request to Nova. */
async function askNova(method: string, path: string, body?: object): Promise<void> {
  const response = await fetch(`${gateway.sandbox.url}/compute/v2.1/servers/${serverId}${path}`, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      'x-auth-token': gateway.token,
      'openstack-api-version': 'compute 2.97',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(await response.text());
}
const attachInNova = (shareId: string, tag = shareId) =>
  askNova('POST', '/shares', { share: { share_id: shareId, tag } });
const detachInNova = () => askNova('DELETE', `/shares/${SHARE}`);
const types = (events: HeardEvent[]) => events.map((event) => event.type);
const codeOf = (result: GatewayResponse) => result.errors?.[0]?.extensions.code;
const inNova = () => gateway.sandbox.mappingsOf(serverId);
const serverStatus = () => gateway.sandbox.server(serverId)?.status;
/** The attaches that Nova took. Those that only ask for the right name no share, and are a 404 or a 409. */
const posts = () =>
  gateway.sandbox.requests.filter(
    ({ method, path, status }) => method === 'POST' && path.endsWith('/shares') && status !== 404 && status !== 409,
  );

/** A gateway before a cloud whose share driver does not finish with one client until `sandbox.step()`. */
async function startBusy(): Promise<void> {
  await start({ sandbox: await startSandbox({ accessDelayMs: 20, slowAccessMs: 600_000 }) });
}

/** Makes the driver of the share busy: what comes next waits behind it. */
async function makeBusy(): Promise<void> {
  await attach({ serverId: DEMO.serverId, via: 'ACCESS_RULE', accessTo: [SLOW_ADDRESS] });
  await gateway.sandbox.waitForRules(SHARE, (rules) => rules.some(({ state }) => state === 'applying'));
}

/** The next event of the test's own server with this type. */
async function untilEventOf(type: string): Promise<HeardEvent> {
  for (;;) {
    const event = await listener.next();
    if (event.type === type && event.attachment.serverId === serverId) return event;
  }
}

const rulesOfNova = () => gateway.sandbox.rulesOf(SHARE).filter(({ accessTo }) => accessTo === HOST);

describe.each(['redis', 'memory'] as const)('the whole life on the %s store', (store) => {
  test('attach -> ATTACHED -> start -> active -> stop -> detach -> mapping and rule gone', async () => {
    await start({ store });
    const { data, errors } = await attach({ tag: 'data', mountPoint: '/mnt/data' });
    expect(errors).toBeUndefined();
    expect(data.attachShare.attachment).toMatchObject({
      via: 'VIRTIOFS',
      origin: 'GATEWAY',
      virtiofs: { tag: 'data' },
      accessRules: [],
      mountCommands: ['mkdir -p /mnt/data && mount -t virtiofs data /mnt/data'],
    });
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
    expect(await see()).toMatchObject({ status: 'ATTACHED', virtiofs: { tag: 'data', status: 'INACTIVE' } });

    const started = await power(START);
    expect(started.errors).toBeUndefined();
    expect(started.data.startServer.openstackRequestId).toMatch(/^req-/);
    await gateway.sandbox.waitUntil(() => serverStatus() === 'ACTIVE');
    expect(await list()).toMatchObject([{ origin: 'GATEWAY', virtiofs: { status: 'ACTIVE' } }]);

    const rejected = await detach();
    expect(codeOf(rejected)).toBe('CONFLICT');
    expect(await see()).toMatchObject({ status: 'ATTACHED', fault: null });

    await power(STOP);
    await gateway.sandbox.waitUntil(() => serverStatus() === 'SHUTOFF');
    const detached = await detach();
    expect(detached.errors).toBeUndefined();
    // Nova may have ended it before the response
    expect(['DETACHING', 'DETACHED']).toContain(detached.data.detachShare.attachment.status);
    expect(types(await listener.until('DETACHED'))).toEqual(['DETACH_STARTED', 'DETACHED']);
    expect(inNova()).toEqual([]);
    await gateway.sandbox.waitForRules(SHARE, (rules) => rules.every(({ accessTo }) => accessTo !== HOST));
    expect(await see()).toBeNull();
  });
});

describe('rejected before anything is written', () => {
  const cases: [string, Record<string, unknown>, string, (() => unknown) | null][] = [
    ['server running', {}, 'CONFLICT', () => gateway.sandbox.updateServer(serverId, { status: 'ACTIVE' })],
    ['server powering on', {}, 'CONFLICT', () => gateway.sandbox.updateServer(serverId, { taskState: 'powering-on' })],
    ['server in ERROR', {}, 'CONFLICT', () => gateway.sandbox.updateServer(serverId, { status: 'ERROR' })],
    ['CIFS', { shareId: DEMO.cifsShareId }, 'BAD_USER_INPUT', null],
    ['tag of 37 characters', { tag: 'x'.repeat(37) }, 'BAD_USER_INPUT', null],
    ['tag with a dot', { tag: 'a.b' }, 'BAD_USER_INPUT', null],
    ['empty tag', { tag: '' }, 'BAD_USER_INPUT', null],
    ['read-only', { accessLevel: 'READ_ONLY' }, 'BAD_USER_INPUT', null],
    ['accessTo given', { accessTo: ['10.0.0.5'] }, 'BAD_USER_INPUT', null],
    ['isProtected', { isProtected: true }, 'BAD_USER_INPUT', null],
    ['share in the recycle bin', {}, 'CONFLICT', () => gateway.sandbox.updateShare(SHARE, { isSoftDeleted: true })],
    ['share not available', {}, 'CONFLICT', () => gateway.sandbox.updateShare(SHARE, { status: 'extending' })],
    ['share not exported', {}, 'CONFLICT', () => gateway.sandbox.updateShare(SHARE, { exportLocations: [] })],
    ['tag taken by another share', { tag: 'data' }, 'CONFLICT', () => attachInNova(DEMO.cephfsShareId, 'data')],
  ];
  test.each(cases)('%s', async (_situation, input, code, given) => {
    await start({ store: 'memory' });
    await given?.();
    gateway.sandbox.clearRequests();
    const result = await attach(input);
    expect(codeOf(result)).toBe(code);
    expect(posts()).toEqual([]);
    expect(await see()).toBeNull();
  });

  test('token of an application credential', async () => {
    await start({ store: 'memory' });
    const token = gateway.sandbox.issueToken('demo', { method: 'application_credential' });
    expect(codeOf(await attach({}, token))).toBe('FORBIDDEN');
    expect(posts()).toEqual([]);
  });

  test('cloud older than 2.97 -> NOT_SUPPORTED, and a server lists its shares as before', async () => {
    await start({ store: 'memory' });
    const version = { version: '2.93', min_version: '2.1' };
    gateway.sandbox.faults.add({
      ...{ service: 'nova', method: 'GET', path: /^\/?$/, kind: 'status', status: 200 },
      body: { version },
    });
    const again = await startGateway({ store: 'memory', sandbox: gateway.sandbox });
    try {
      const result = await again.query(ATTACH, { input: { serverId, shareId: SHARE, via: 'VIRTIOFS' } });
      expect(codeOf(result)).toBe('NOT_SUPPORTED');
      expect(result.errors?.[0]?.message).toMatch(/2\.97.*2\.93/);
      const { data } = await again.query(LIST, { id: serverId, inNova: true });
      expect(data.server.sharesAttached).toEqual([]);
    } finally {
      await again.close();
    }
  });

  test('the pair is attached by rules -> CONFLICT, and the other way round', async () => {
    await start({ store: 'memory' });
    await attach({ via: 'ACCESS_RULE', accessTo: ['10.0.0.5'] });
    await listener.until('ATTACHED');
    expect(codeOf(await attach())).toBe('CONFLICT');
    await attach({ shareId: DEMO.cephfsShareId });
    expect(codeOf(await attach({ shareId: DEMO.cephfsShareId, via: 'ACCESS_RULE' }))).toBe('CONFLICT');
  });
});

describe('traps that Nova leaves open', () => {
  test('POST answered and the connection lost -> the mapping is found, no second POST', async () => {
    await start({ env: { UPSTREAM_TIMEOUT_MS: '500' } });
    gateway.sandbox.faults.add({ service: 'nova', method: 'POST', path: /\/shares$/, kind: 'lose_reply', times: 1 });
    await attach();
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
    expect(posts()).toHaveLength(1);
  });

  test("attach again while Nova's old rule is being denied -> POST only when it is gone", async () => {
    await startBusy();
    await attach();
    await untilEventOf('ATTACHED');
    await makeBusy();
    await detach();
    await untilEventOf('DETACHED');
    gateway.sandbox.clearRequests();
    const again = await attach();
    expect(again.data.attachShare.attachment.status).toBe('ATTACHING');
    expect(posts()).toEqual([]);
    expect(rulesOfNova()).toMatchObject([{ state: 'queued_to_deny' }]);
    gateway.sandbox.step();
    await untilEventOf('ATTACHED');
    expect(posts()).toHaveLength(1);
    expect(await see()).toMatchObject({ status: 'ATTACHED', fault: null });
  });

  test('rule behind a slow one -> error after ten polls -> DELETE, POST again, ATTACHED', async () => {
    await startBusy();
    await makeBusy();
    const failed = gateway.sandbox.waitUntil(() => inNova()[0]?.status === 'error');
    await attach();
    await failed;
    gateway.sandbox.step();
    await untilEventOf('ATTACHED');
    expect(posts().length).toBeGreaterThan(1);
    expect(await see()).toMatchObject({ status: 'ATTACHED', fault: null });
  });

  test('Nova fails three times -> ERROR_ATTACHING with its own words, read with the account of the gateway', async () => {
    await start();
    // the driver refuses every rule of the share: each ends in error
    const stop = gateway.sandbox.onRuleChange(({ rule, state }) => {
      if (state === 'active' && rule.accessTo === HOST) gateway.sandbox.setRuleState(rule.id, 'error');
    });
    await attach();
    const events = await listener.until('ATTACH_FAILED');
    stop();
    expect(posts()).toHaveLength(3);
    expect(events.at(-1)?.attachment.fault).toMatchObject({ code: 'NOVA_ERROR' });
    const { fault } = await see();
    expect(fault.message).toMatch(/access could not be granted/);
    expect(fault.openstackRequestId).toMatch(/^req-/);
  });

  test('the host is down -> DEADLINE_EXCEEDED; the host finishes later -> the next read heals it', async () => {
    await start({ env: { ATTACH_DEADLINE_MS: '1000' } });
    gateway.sandbox.hostDown('compute-1');
    await attach();
    const events = await listener.until('ATTACH_FAILED');
    expect(events.at(-1)?.attachment.fault).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    gateway.sandbox.hostUp('compute-1');
    await gateway.sandbox.waitUntil(() => inNova()[0]?.status === 'inactive');
    // a repeated request observes at once, and adopts what is there
    await attach();
    await listener.until('ATTACHED');
    expect(posts()).toHaveLength(1);
  });

  test('startServer and a hard reboot while a share is being attached -> CONFLICT, the server stays as it is', async () => {
    await start();
    gateway.sandbox.setAccessDelay(600_000);
    await attach();
    expect(codeOf(await power(START))).toBe('CONFLICT');
    expect(codeOf(await power(REBOOT, { isHard: true }))).toBe('CONFLICT');
    expect(gateway.sandbox.server(serverId)).toMatchObject({ status: 'SHUTOFF', taskState: null });
  });

  test('a share that another client is attaching in Nova -> startServer is rejected too', async () => {
    await start();
    gateway.sandbox.setAccessDelay(600_000);
    await attachInNova(SHARE);
    expect(codeOf(await power(START))).toBe('CONFLICT');
  });

  test('the server is started while the POST waits -> error_attaching SERVER_NOT_STOPPED, and no POST', async () => {
    await startBusy();
    await attach();
    await untilEventOf('ATTACHED');
    await makeBusy();
    await detach();
    await untilEventOf('DETACHED');
    gateway.sandbox.clearRequests();
    await attach();
    gateway.sandbox.updateServer(serverId, { status: 'ACTIVE' });
    expect(await untilEventOf('ATTACH_FAILED')).toMatchObject({
      attachment: { fault: { code: 'SERVER_NOT_STOPPED' } },
    });
    expect(posts()).toEqual([]);
  });

  test('detached in Nova by another client -> the next read ends it with DETACHED_IN_NOVA', async () => {
    await start();
    await attach();
    await listener.until('ATTACHED');
    await detachInNova();
    await gateway.sandbox.waitUntil(() => inNova().length === 0);
    await list();
    const events = await listener.until('DETACHED');
    expect(events.at(-1)).toMatchObject({ reason: 'DETACHED_IN_NOVA' });
  });

  test('the server is deleted -> the record goes', async () => {
    await start();
    await attach();
    await listener.until('ATTACHED');
    gateway.sandbox.deleteServer(serverId);
    expect((await detach()).data.detachShare.attachment.status).toBe('DETACHED');
    expect((await listener.until('DETACHED')).at(-1)).toMatchObject({ reason: 'SERVER_DELETED' });
  });

  test('another tag on the same share, the same share with another tag -> CONFLICT; the same again -> the attachment', async () => {
    await start();
    await attach({ tag: 'data' });
    await listener.until('ATTACHED');
    expect(codeOf(await attach({ tag: 'other' }))).toBe('CONFLICT');
    expect(codeOf(await attach({ shareId: DEMO.cephfsShareId, tag: 'data' }))).toBe('CONFLICT');
    gateway.sandbox.updateServer(serverId, { status: 'ACTIVE' });
    expect((await attach({ tag: 'data' })).data.attachShare.attachment.status).toBe('ATTACHED');
    expect(posts()).toHaveLength(1);
  });
});

describe('what Nova attached at the request of other clients', () => {
  test('a page of servers with inNova -> one GET for each, which the query pays for; without -> none', async () => {
    await start({ env: { MAX_COST: '1000' } });
    const page = (inNova: boolean, first = 12) =>
      gateway.query(
        'query ($first: Int, $inNova: Boolean) { servers(first: $first) { nodes { sharesAttached(first: 5, inNova: $inNova) { id } } } }',
        { first, inNova },
      );
    const asked = () => gateway.sandbox.requests.filter(({ path }) => /^\/servers\/[^/]+\/shares$/.test(path));
    expect((await page(false)).errors).toBeUndefined();
    expect(asked()).toEqual([]);
    expect((await page(true)).errors).toBeUndefined();
    expect(new Set(asked().map(({ path }) => path)).size).toBe(12);
    expect(asked()).toHaveLength(12);
    expect((await page(false, 100)).errors).toBeUndefined();
    gateway.sandbox.clearRequests();
    expect(codeOf(await page(true, 100))).toBe('LIMIT_EXCEEDED');
    expect(asked()).toEqual([]);
  });

  test('listed with inNova only, detached through the gateway, adopted by an attach', async () => {
    await start();
    await attachInNova(SHARE, 'theirs');
    await gateway.sandbox.waitUntil(() => inNova()[0]?.status === 'inactive');
    expect(await list(false)).toEqual([]);
    expect(await list()).toMatchObject([
      { origin: 'NOVA', via: 'VIRTIOFS', status: 'ATTACHED', createdAt: null, virtiofs: { tag: 'theirs' } },
    ]);
    const hidden = await gateway.query('query ($id: ID!) { share(id: $id) { hasHiddenRules } }', { id: SHARE });
    expect(hidden.data.share.hasHiddenRules).toBe(true);

    gateway.sandbox.updateServer(serverId, { status: 'ACTIVE' });
    expect(codeOf(await detach())).toBe('CONFLICT');
    expect(await see()).toBeNull();
    gateway.sandbox.updateServer(serverId, { status: 'SHUTOFF' });
    await detach();
    await listener.until('DETACHED');
    expect(inNova()).toEqual([]);
  });

  test('an attach of what Nova has already -> adopted, also while the server runs', async () => {
    await start();
    await attachInNova(SHARE, 'theirs');
    await gateway.sandbox.waitUntil(() => inNova()[0]?.status === 'inactive');
    gateway.sandbox.clearRequests();
    gateway.sandbox.updateServer(serverId, { status: 'ACTIVE' });
    expect(codeOf(await attach({ tag: 'mine' }))).toBe('CONFLICT');
    const { data } = await attach();
    expect(data.attachShare.attachment).toMatchObject({ status: 'ATTACHED', virtiofs: { tag: 'theirs' } });
    expect(posts()).toEqual([]);
  });
});
