import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { type GatewayOptions, startGateway, type TestGateway } from '../support/gateway.ts';
import { type HeardEvent, type Listener, listen } from '../support/listener.ts';
import { until } from '../support/until.ts';

const ATTACHMENT =
  'id status mountPoint accessLevel accessRules { id accessTo accessType state } fault { code message } createdAt updatedAt';
const ATTACH = `mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { ${ATTACHMENT} mountCommands } } }`;
const DETACH = `mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { ${ATTACHMENT} } } }`;
const SEE = `query ($serverId: ID!, $shareId: ID!) { shareAttachment(serverId: $serverId, shareId: $shareId) { ${ATTACHMENT} } }`;

const PAIR = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };

let gateway: TestGateway;
let listener: Listener;

async function start(options: GatewayOptions = {}): Promise<void> {
  gateway = await startGateway(options);
  // from the start of the log: no event between the subscription and the first mutation is missed
  listener = listen(gateway, { after: '0-0' });
}

afterEach(async () => {
  await listener.close();
  await gateway.close();
});

const attach = async (input: Record<string, unknown> = {}, token = gateway.token) =>
  await gateway.query(ATTACH, { input: { ...PAIR, ...input } }, token);
const detach = async (input: Record<string, unknown> = {}, token = gateway.token) =>
  await gateway.query(DETACH, { input: { ...PAIR, ...input } }, token);
const see = async () => (await gateway.query(SEE, PAIR)).data.shareAttachment;
const logEnd = async () =>
  (await gateway.query('{ shareAttachments { eventCursor } }')).data.shareAttachments.eventCursor;
const types = (events: HeardEvent[]) => events.map((event) => event.type);
const codeOf = (result: { errors?: { extensions: Record<string, unknown> }[] }) => result.errors?.[0]?.extensions.code;

describe.each(['redis', 'memory'] as const)('attach and detach on the %s store', (store) => {
  test("attach -> rule in Manila with the gateway's metadata -> ATTACHED; detach -> rule gone -> DETACHED", async () => {
    await start({ store });
    const { data, errors } = await attach({ mountPoint: '/mnt/data' });
    expect(errors).toBeUndefined();
    expect(data.attachShare.attachment).toMatchObject({
      status: 'ATTACHING',
      mountPoint: '/mnt/data',
      accessLevel: 'READ_WRITE',
      fault: null,
    });
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);

    const [rule] = gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((one) => one.metadata.managed_by);
    expect(rule).toMatchObject({
      state: 'active',
      accessLevel: 'rw',
      metadata: { managed_by: 'nova-manila-gateway', server_id: DEMO.serverId, mount_point: '/mnt/data' },
    });
    expect(await see()).toMatchObject({
      status: 'ATTACHED',
      accessRules: [{ accessTo: rule?.accessTo, state: 'ACTIVE' }],
    });

    const detached = await detach({ mountPoint: '/mnt/data' });
    expect(detached.data.detachShare.attachment.status).toBe('DETACHING');
    expect(types(await listener.until('DETACHED'))).toEqual(['DETACH_STARTED', 'DETACHED']);
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((one) => one.metadata.managed_by)).toEqual([]);
    expect(await see()).toBeNull();
  });
});

describe('access types and targets', () => {
  test('NFS, server on two networks -> a rule for each fixed IPv4 address', async () => {
    await start();
    const { data } = await attach({ serverId: DEMO.twoNetworkServerId });
    const rules = data.attachShare.attachment.accessRules;
    expect(rules.map((rule: { accessType: string }) => rule.accessType)).toEqual(['IP', 'IP']);
    const [, attached] = await listener.until('ATTACHED');
    expect(attached?.attachment.accessRules.map((rule) => rule.state)).toEqual(['ACTIVE', 'ACTIVE']);
  });

  test('share on a share network -> only the address on its network', async () => {
    await start();
    const share = gateway.sandbox.addShare({ shareNetworkId: DEMO.shareNetworkId });
    const { data } = await attach({ serverId: DEMO.twoNetworkServerId, shareId: share.id });
    expect(data.attachShare.attachment.accessRules.map((rule: { accessTo: string }) => rule.accessTo)).toEqual([
      expect.stringMatching(/^10\.20\.0\./),
    ]);
  });

  test('CephFS -> the cephx id of the server, and its key once active', async () => {
    await start();
    await attach({ shareId: DEMO.cephfsShareId });
    await listener.until('ATTACHED');
    const { data } = await gateway.query(
      `query ($serverId: ID!, $shareId: ID!) { shareAttachment(serverId: $serverId, shareId: $shareId) { mountCommands accessRules { accessTo accessType accessKey } } }`,
      { serverId: DEMO.serverId, shareId: DEMO.cephfsShareId },
    );
    const [rule] = data.shareAttachment.accessRules;
    expect(rule).toMatchObject({
      accessTo: `srv-${DEMO.serverId}`,
      accessType: 'CEPHX',
      accessKey: expect.stringMatching(/^\S{20,}$/),
    });
    expect(data.shareAttachment.mountCommands[0]).toContain('mount -t ceph');
  });

  test('CIFS without a user -> BAD_USER_INPUT that says so; with one -> attached', async () => {
    await start();
    const refused = await attach({ shareId: DEMO.cifsShareId });
    expect(codeOf(refused)).toBe('BAD_USER_INPUT');
    expect(refused.errors?.[0]?.message).toContain('accessTo must name the user');
    const { data } = await attach({ shareId: DEMO.cifsShareId, accessTo: ['alice'] });
    expect(data.attachShare.attachment.accessRules).toMatchObject([{ accessTo: 'alice', accessType: 'USER' }]);
    await listener.until('ATTACHED');
  });

  test('addresses are canonical: /32 and upper-case IPv6 are one rule each', async () => {
    await start();
    const { data } = await attach({ accessTo: ['10.10.0.9/32', '10.10.0.9', '2001:DB8::0007'] });
    expect(data.attachShare.attachment.accessRules.map((rule: { accessTo: string }) => rule.accessTo)).toEqual([
      '10.10.0.9',
      '2001:db8::7',
    ]);
  });

  test.each([
    [['10.10.0.777'], /expected an IP address or network, got "10\.10\.0\.777"/],
    [['10.1'], /expected an IP address/],
    [['10.10.5.1/24'], /has host bits set, expected 10\.10\.5\.0\/24/],
    [[], /expected 1 to 16 entries, got 0/],
  ])('accessTo %j -> BAD_USER_INPUT, nothing sent to Manila', async (accessTo, message) => {
    await start();
    const result = await attach({ accessTo });
    expect(codeOf(result)).toBe('BAD_USER_INPUT');
    expect(result.errors?.[0]?.message).toMatch(message);
    expect(
      gateway.sandbox.requests.filter((request) => request.method === 'POST' && request.service === 'manila'),
    ).toEqual([]);
  });

  test('read-only -> the rule is ro', async () => {
    await start();
    await attach({ accessLevel: 'READ_ONLY' });
    await listener.until('ATTACHED');
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId).find((rule) => rule.metadata.managed_by)?.accessLevel).toBe('ro');
  });
});

describe('idempotence and conflicts', () => {
  test('the same call again -> the existing attachment, one rule', async () => {
    await start();
    await attach({ mountPoint: '/mnt/a' });
    await listener.until('ATTACHED');
    const again = await attach({ mountPoint: '/mnt/a' });
    expect(again.data.attachShare.attachment.status).toBe('ATTACHED');
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((rule) => rule.metadata.managed_by)).toHaveLength(1);
  });

  test('twenty concurrent calls -> one attachment, one rule, no error', async () => {
    await start();
    const results = await Promise.all(Array.from({ length: 20 }, () => attach()));
    expect(results.map((result) => result.errors)).toEqual(results.map(() => undefined));
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((rule) => rule.metadata.managed_by)).toHaveLength(1);
  });

  test.each([
    [{ mountPoint: '/mnt/other' }, /mountPoint/],
    [{ accessLevel: 'READ_ONLY' }, /accessLevel/],
    [{ accessTo: ['10.99.0.1'] }, /accessTo/],
  ])('other arguments %j for an attached pair -> CONFLICT that names them', async (change, message) => {
    await start();
    await attach();
    await listener.until('ATTACHED');
    const result = await attach(change);
    expect(codeOf(result)).toBe('CONFLICT');
    expect(result.errors?.[0]?.message).toMatch(message);
  });

  test('a mount point that another share has on this server -> CONFLICT, no rule', async () => {
    await start();
    await attach({ mountPoint: '/mnt/data' });
    await listener.until('ATTACHED');
    const other = gateway.sandbox.addShare({});
    const result = await attach({ shareId: other.id, mountPoint: '/mnt/data/' });
    expect(codeOf(result)).toBe('CONFLICT');
    expect(gateway.sandbox.rulesOf(other.id)).toEqual([]);
  });

  test.each(['data', '/mnt/../etc', '/', '', `/${'x'.repeat(255)}`, '/mnt/\u0000'])(
    'mount point %j -> BAD_USER_INPUT',
    async (mountPoint) => {
      await start();
      expect(codeOf(await attach({ mountPoint }))).toBe('BAD_USER_INPUT');
    },
  );

  test('detach without an attachment -> NOT_FOUND; with another mount point -> CONFLICT; twice -> the same DETACHING', async () => {
    await start();
    expect(codeOf(await detach())).toBe('NOT_FOUND');
    await attach({ mountPoint: '/mnt/a' });
    await listener.until('ATTACHED');
    expect(codeOf(await detach({ mountPoint: '/mnt/b' }))).toBe('CONFLICT');
    gateway.sandbox.setAccessDelay(200);
    const [one, two] = [await detach(), await detach()];
    expect([one.data.detachShare.attachment.status, two.data.detachShare.attachment.status]).toEqual([
      'DETACHING',
      'DETACHING',
    ]);
    await listener.until('DETACHED');
  });

  test('attach again while the old rule is being denied -> waits for it, then ATTACHED with a new rule', async () => {
    await start();
    const first = await attach();
    await listener.until('ATTACHED');
    // longer than a busy machine takes from one request to the next
    gateway.sandbox.setAccessDelay(1500);
    await detach();
    const again = await attach();
    expect(again.errors).toBeUndefined();
    expect(types(await listener.until('ATTACHED'))).toEqual(['DETACH_STARTED', 'ATTACH_STARTED', 'ATTACHED']);
    const [rule] = gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((one) => one.metadata.managed_by);
    expect(rule?.id).not.toBe(first.data.attachShare.attachment.accessRules[0].id);
    expect(rule?.state).toBe('active');
  });
});

test("the state is lost while attaching, and the gateway has no credentials -> its user's read resumes it", async () => {
  await start({ store: 'memory', hasAccount: false });
  gateway.sandbox.setAccessDelay(600_000);
  await attach();
  const again = await startGateway({ store: 'memory', hasAccount: false, sandbox: gateway.sandbox });
  const statusNow = async () => (await again.query(SEE, PAIR)).data.shareAttachment.status;
  try {
    expect(await statusNow()).toBe('ATTACHING');
    gateway.sandbox.setAccessDelay(1);
    gateway.sandbox.step();
    await until(async () => (await statusNow()) === 'ATTACHED');
  } finally {
    await again.close();
  }
});

test("the target has no rule yet -> Manila's rules are read once before the grant", async () => {
  await start();
  // the project's records are recovered from Manila first
  await see();
  const { length } = gateway.sandbox.requests;
  await attach();
  const asked = gateway.sandbox.requests.slice(length).filter(({ service }) => service === 'manila');
  const share = `/shares/${DEMO.nfsShareId}`;
  const grant = asked.findIndex(({ path }) => path === `${share}/action`);
  const before = asked.slice(0, grant).map(({ path }) => path);
  expect(before.toSorted()).toEqual(['/share-access-rules', share]);
});

describe('rules that exist already', () => {
  const address = async () => {
    const { data } = await gateway.query('query ($id: ID!) { server(id: $id) { addresses { address version } } }', {
      id: DEMO.serverId,
    });
    return data.server.addresses.find((one: { version: number }) => one.version === 4).address as string;
  };

  test('rule of another client -> used, not owned: detach leaves it', async () => {
    await start();
    const theirs = gateway.sandbox.addRule(DEMO.nfsShareId, { accessType: 'ip', accessTo: await address() });
    await gateway.sandbox.waitForRules(DEMO.nfsShareId, (rules) =>
      rules.some((rule) => rule.id === theirs.id && rule.state === 'active'),
    );
    const { data } = await attach();
    expect(data.attachShare.attachment.accessRules).toMatchObject([{ id: theirs.id }]);
    await listener.until('ATTACHED');
    await detach();
    await listener.until('DETACHED');
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId).map((rule) => rule.id)).toContain(theirs.id);
  });

  test('rule of another client with another level -> CONFLICT, nothing recorded', async () => {
    await start();
    gateway.sandbox.addRule(DEMO.nfsShareId, { accessType: 'ip', accessTo: await address(), accessLevel: 'ro' });
    expect(codeOf(await attach())).toBe('CONFLICT');
    expect(await see()).toBeNull();
  });

  test('two servers behind one address -> one rule, revoked with the last of them', async () => {
    await start();
    const accessTo = ['10.77.0.1'];
    await attach({ accessTo, mountPoint: '/mnt/first' });
    await attach({ serverId: DEMO.twoNetworkServerId, accessTo });
    await listener.until('ATTACHED');
    await listener.until('ATTACHED');
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((rule) => rule.accessTo === accessTo[0])).toHaveLength(1);
    await detach();
    await listener.until('DETACHED');
    const [left] = gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((rule) => rule.accessTo === accessTo[0]);
    expect(left).toMatchObject({ state: 'active', metadata: { server_id: DEMO.twoNetworkServerId } });
    // the state is lost: the recovered attachment is the new owner's, not the first owner's
    const again = await startGateway({ store: 'memory', sandbox: gateway.sandbox });
    const newOwner = { serverId: DEMO.twoNetworkServerId, shareId: DEMO.nfsShareId };
    const { data } = await again.query(SEE, newOwner, again.token);
    await again.close();
    expect(data.shareAttachment).toMatchObject({ status: 'ATTACHED', mountPoint: null });
    await detach({ serverId: DEMO.twoNetworkServerId });
    await listener.until('DETACHED');
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((rule) => rule.accessTo === accessTo[0])).toEqual([]);
  });
});

describe('rejected requests', () => {
  test('a reader attaches -> FORBIDDEN with service, status and request id; no record, no rule, no event', async () => {
    await start();
    const before = await logEnd();
    const result = await attach({}, gateway.sandbox.issueToken('reader'));
    expect(result.errors?.[0]?.extensions).toMatchObject({
      code: 'FORBIDDEN',
      service: 'manila',
      status: 403,
      openstackRequestId: expect.stringMatching(/^req-/),
    });
    expect(await logEnd()).toBe(before);
    expect(await see()).toBeNull();
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((rule) => rule.metadata.managed_by)).toEqual([]);
  });

  test('the second of two rules is rejected -> the first is denied again with the caller’s token, nothing is left', async () => {
    await start({ hasAccount: false });
    const refusal = { badRequest: { code: 400, message: 'Invalid access rule' } };
    let posts = 0;
    const accessTo = ['10.55.0.1', '10.55.0.2'];
    gateway.sandbox.onRuleChange(() => {
      if (posts++ === 0)
        gateway.sandbox.faults.add({
          service: 'manila',
          method: 'POST',
          path: /action$/,
          times: 1,
          kind: 'status',
          status: 400,
          body: refusal,
        });
    });
    const result = await attach({ accessTo });
    expect(codeOf(result)).toBe('BAD_USER_INPUT');
    expect(types(await listener.until('DETACHED'))).toEqual(['ATTACH_STARTED', 'ATTACH_FAILED', 'DETACHED']);
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((rule) => accessTo.includes(rule.accessTo))).toEqual([]);
    expect(await see()).toBeNull();
  });

  test.each([
    ['unknown server', { serverId: '00000000-dead-4bad-8bad-000000000000' }, 'NOT_FOUND'],
    ['unknown share', { shareId: '00000000-dead-4bad-8bad-000000000000' }, 'NOT_FOUND'],
    ['not a UUID', { shareId: 'nope' }, 'BAD_USER_INPUT'],
  ])('%s -> %j is refused, nothing recorded', async (_, change, code) => {
    await start();
    expect(codeOf(await attach(change))).toBe(code);
    const { data } = await gateway.query('{ shareAttachments { totalCount } }');
    expect(data.shareAttachments.totalCount).toBe(0);
  });

  test('share creating, share in error, server in ERROR -> CONFLICT that names the status', async () => {
    await start();
    const creating = gateway.sandbox.addShare({ status: 'creating' });
    const broken = gateway.sandbox.addServer({ status: 'ERROR' });
    expect((await attach({ shareId: creating.id })).errors?.[0]?.message).toContain('is creating: expected available');
    expect((await attach({ serverId: broken.id })).errors?.[0]?.message).toContain('is ERROR');
  });

  test('a reader detaches -> FORBIDDEN, and the attachment and the log are unchanged', async () => {
    await start();
    await attach();
    await listener.until('ATTACHED');
    const before = [await see(), await logEnd()];
    expect(codeOf(await detach({}, gateway.sandbox.issueToken('reader')))).toBe('FORBIDDEN');
    expect([await see(), await logEnd()]).toEqual(before);
  });

  test('another project -> can neither read, attach nor detach', async () => {
    await start();
    await attach();
    await listener.until('ATTACHED');
    const other = gateway.sandbox.issueToken('other');
    expect(codeOf(await attach({}, other))).toBe('NOT_FOUND');
    expect(codeOf(await detach({}, other))).toBe('NOT_FOUND');
    expect((await gateway.query(SEE, PAIR, other)).data.shareAttachment).toBeNull();
  });
});

describe('work that fails or is slow', () => {
  test("the driver rejects the rule -> ERROR_ATTACHING with Manila's user message after renewed grants", async () => {
    await start();
    await attach({ accessTo: ['203.0.113.66'] });
    const events = await listener.until('ATTACH_FAILED');
    expect(events.at(-1)?.attachment).toMatchObject({
      status: 'ERROR_ATTACHING',
      fault: { code: 'RULE_ERROR', message: expect.stringMatching(/203\.0\.113\.66.*: \w+/) },
    });
    await detach();
    await listener.until('DETACHED');
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((rule) => rule.metadata.managed_by)).toEqual([]);
  });

  test('ERROR_ATTACHING, the same call again -> retried', async () => {
    await start();
    await attach({ accessTo: ['203.0.113.66'] });
    await listener.until('ATTACH_FAILED');
    const again = await attach({ accessTo: ['203.0.113.66'] });
    expect(again.data.attachShare.attachment).toMatchObject({ status: 'ATTACHING', fault: null });
    expect(types(await listener.until('ATTACH_FAILED'))).toEqual(['ATTACH_STARTED', 'ATTACH_FAILED']);
  });

  test('Manila does the work and the response is lost -> no error, ATTACHED, one rule', async () => {
    await start();
    gateway.sandbox.faults.add({ service: 'manila', method: 'POST', path: /action$/, times: 1, kind: 'lose_reply' });
    const result = await attach();
    expect(result.errors).toBeUndefined();
    expect(result.data.attachShare.attachment.status).toBe('ATTACHING');
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((rule) => rule.metadata.managed_by)).toHaveLength(1);
  });

  test('Manila answers 503 to the denial for a while -> DETACHED in the end, no rule', async () => {
    await start();
    await attach();
    await listener.until('ATTACHED');
    gateway.sandbox.faults.add({
      service: 'manila',
      method: 'POST',
      path: /action$/,
      times: 2,
      kind: 'status',
      status: 503,
    });
    expect((await detach()).errors).toBeUndefined();
    await listener.until('DETACHED');
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((rule) => rule.metadata.managed_by)).toEqual([]);
  });

  test("the caller's token is revoked while the rule applies -> the gateway finishes by observing", async () => {
    await start();
    gateway.sandbox.setAccessDelay(150);
    await attach();
    gateway.sandbox.revokeToken(gateway.token);
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
  });

  test('the server is deleted while its rule applies -> detached with the reason, no rule', async () => {
    await start();
    const server = gateway.sandbox.addServer({ ports: [{ network: 'private', fixedIps: ['10.10.0.250'] }] });
    gateway.sandbox.setAccessDelay(100);
    await attach({ serverId: server.id });
    gateway.sandbox.deleteServer(server.id);
    const events = await listener.until('DETACHED');
    expect(types(events)).toEqual(['ATTACH_STARTED', 'DETACH_STARTED', 'DETACHED']);
    expect(events.at(-1)?.reason).toBe('SERVER_DELETED');
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId).filter((rule) => rule.metadata.managed_by)).toEqual([]);
  });
});

describe('stopping', () => {
  test('a gateway stops while a rule applies -> another one on the same Redis continues, nothing granted twice', async () => {
    const prefix = `test-${randomUUID()}:`;
    await start({ env: { REDIS_PREFIX: prefix } });
    const other = await startGateway({ env: { REDIS_PREFIX: prefix }, sandbox: gateway.sandbox });
    const there = listen(other, { after: '0-0' });
    gateway.sandbox.setAccessDelay(300);
    await attach();
    const grants = () =>
      gateway.sandbox.requests.filter((one) => one.method === 'POST' && one.service === 'manila').length;
    expect(grants()).toBe(1);
    await listener.close();
    await gateway.app.close();
    expect(types(await there.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
    expect(grants()).toBe(1);
    await there.close();
    await other.close();
  });
});
