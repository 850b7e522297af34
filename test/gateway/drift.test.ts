import { afterEach, describe, expect, test } from '@jest/globals';
import { DEMO, type RuleChange } from '../../src/sandbox/index.ts';
import { type GatewayOptions, startGateway, type TestGateway } from '../support/gateway.ts';
import { type HeardEvent, type Listener, listen } from '../support/listener.ts';
import { hearingLog } from '../support/log.ts';
import { until } from '../support/until.ts';

const ATTACHMENT = 'id status isStale accessRules { id accessTo state } fault { code message }';
const ATTACH = `mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { ${ATTACHMENT} } } }`;
const SEE = `query ($serverId: ID!, $shareId: ID!) { shareAttachment(serverId: $serverId, shareId: $shareId) { ${ATTACHMENT} } }`;

const PAIR = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };
const SWEEPING = { SWEEP_INTERVAL_MS: '50' };

let gateway: TestGateway;
let listener: Listener;
let closers: (() => Promise<void>)[] = [];

async function start(options: GatewayOptions = {}): Promise<void> {
  gateway = await startGateway({ ...options, env: { ...SWEEPING, ...options.env } });
  listener = listen(gateway, { after: '0-0' });
  closers = [() => listener.close(), () => gateway.close()];
}

afterEach(async () => {
  for (const close of closers) await close();
});

const attach = async (input: Record<string, unknown> = {}, token = gateway.token) =>
  await gateway.query(ATTACH, { input: { ...PAIR, ...input } }, token);
const attached = async (input: Record<string, unknown> = {}) => {
  const result = await attach(input);
  if (result.errors) throw new Error(JSON.stringify(result.errors));
  await listener.until('ATTACHED');
};
const see = async (token = gateway.token) => (await gateway.query(SEE, PAIR, token)).data.shareAttachment;
/** A read as another user of the project, which brings no token for the work. */
const seeAsReader = () => see(gateway.sandbox.issueToken('reader'));
const ownRules = (shareId: string = DEMO.nfsShareId) =>
  gateway.sandbox.rulesOf(shareId).filter((rule) => rule.metadata.managed_by);
const types = (events: HeardEvent[]) => events.map((event) => event.type);
const move = (serverId: string, ...fixedIps: string[]) =>
  gateway.sandbox.setServerAddresses(serverId, [{ network: 'private', fixedIps }]);
/** How many scans have begun: each begins with the servers. */
const passes = () =>
  gateway.sandbox.requests.filter(({ path, query }) => path === '/servers/detail' && query.all_tenants && !query.marker)
    .length;

/** Resolves once so many scans have begun and ended. */
async function morePasses(count: number): Promise<void> {
  const before = passes();
  await until(() => passes() > before + count);
}

describe.each(['redis', 'memory'] as const)('a server is deleted, %s store', (store) => {
  test('attached -> detached with the reason, its rules revoked, another server keeps its own', async () => {
    await start({ store });
    await attached({ serverId: DEMO.twoNetworkServerId });
    await attached();
    gateway.sandbox.deleteServer(DEMO.twoNetworkServerId);
    const events = await listener.until('DETACHED');
    expect(events.map(({ type, reason }) => ({ type, reason }))).toEqual([
      { type: 'DETACH_STARTED', reason: 'SERVER_DELETED' },
      { type: 'DETACHED', reason: 'SERVER_DELETED' },
    ]);
    expect(ownRules().map((rule) => rule.metadata.server_id)).toEqual([DEMO.serverId]);
    expect((await see()).status).toBe('ATTACHED');
  });
});

describe('a server is deleted', () => {
  test('its attachment had failed -> detached all the same', async () => {
    await start();
    await attached();
    gateway.sandbox.setRuleState(ownRules()[0]?.id ?? '', 'error');
    await listener.until('ATTACH_FAILED');
    gateway.sandbox.deleteServer(DEMO.serverId);
    expect(types(await listener.until('DETACHED'))).toEqual(['DETACH_STARTED', 'DETACHED']);
    expect(ownRules()).toEqual([]);
  });

  test('before this gateway started -> its first scan finds it', async () => {
    await start({ env: { SWEEP_INTERVAL_MS: '0' } });
    await attached();
    gateway.sandbox.deleteServer(DEMO.serverId);
    const { REDIS_PREFIX } = gateway.config;
    const second = await startGateway({ sandbox: gateway.sandbox, env: { ...SWEEPING, REDIS_PREFIX } });
    closers.unshift(() => second.close());
    await listener.until('DETACHED');
    expect(ownRules()).toEqual([]);
  });

  test('the list omits it, its GET shows it -> nothing happens; its GET is a 404 -> detached', async () => {
    await start({ env: { SWEEP_INTERVAL_MS: '0' } });
    await attached();
    gateway.sandbox.updateServer(DEMO.serverId, { isCellDown: true });
    gateway.sandbox.clearRequests();
    const { REDIS_PREFIX } = gateway.config;
    const second = await startGateway({ sandbox: gateway.sandbox, env: { ...SWEEPING, REDIS_PREFIX } });
    closers.unshift(() => second.close());
    await gateway.sandbox.waitForRequest(({ path }) => path.endsWith(`/servers/${DEMO.serverId}`));
    await morePasses(1);
    expect(await seeAsReader()).toMatchObject({ status: 'ATTACHED', isStale: false });
    expect(ownRules()).toHaveLength(1);

    gateway.sandbox.deleteServer(DEMO.serverId);
    const events = await listener.until('DETACHED');
    expect(types(events)).toEqual(['DETACH_STARTED', 'DETACHED']);
  });

  test('Nova fails during the confirmation -> nothing happens until it responds', async () => {
    await start();
    await attached();
    const fault = gateway.sandbox.faults.add({
      service: 'nova',
      path: new RegExp(`/servers/${DEMO.serverId}$`),
      kind: 'status',
    });
    gateway.sandbox.deleteServer(DEMO.serverId);
    await until(() => fault.hits > 0);
    expect((await seeAsReader()).status).toBe('ATTACHED');
    fault.remove();
    await listener.until('DETACHED');
  });
});

describe('the access of a deleted server cannot be revoked', () => {
  test('Manila rejects it -> DETACH_FAILED with the reason; Manila accepts it later -> detached without a request', async () => {
    await start();
    await attached();
    const refused = { service: 'manila', method: 'POST', path: /\/action$/, kind: 'status', status: 403 } as const;
    const fault = gateway.sandbox.faults.add(refused);
    gateway.sandbox.deleteServer(DEMO.serverId);
    const failed = (await listener.until('DETACH_FAILED')).at(-1);
    expect(failed).toMatchObject({ reason: 'SERVER_DELETED', attachment: { status: 'ERROR_DETACHING' } });
    expect(ownRules()).toHaveLength(1);
    fault.remove();
    const last = (await listener.until('DETACHED')).at(-1);
    expect(last).toMatchObject({ type: 'DETACHED', reason: 'SERVER_DELETED' });
    expect(ownRules()).toEqual([]);
  });
});

describe('an access rule changes', () => {
  test('removed -> ERROR_ATTACHING with the reason, never granted again by the gateway; attached again by its user', async () => {
    await start();
    await attached();
    const [rule] = ownRules();
    gateway.sandbox.removeRule(rule?.id ?? '');
    const [failed] = await listener.until('ATTACH_FAILED');
    expect(failed?.attachment).toMatchObject({ status: 'ERROR_ATTACHING', fault: { code: 'RULE_MISSING' } });
    expect(failed?.attachment.fault?.message).toContain(rule?.accessTo);
    await morePasses(2);
    await see();
    expect(ownRules()).toEqual([]);

    await attach();
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
    expect(ownRules()).toHaveLength(1);
  });

  test('in error -> ERROR_ATTACHING with the reason', async () => {
    await start();
    await attached();
    gateway.sandbox.setRuleState(ownRules()[0]?.id ?? '', 'error');
    const [failed] = await listener.until('ATTACH_FAILED');
    expect(failed?.attachment).toMatchObject({ status: 'ERROR_ATTACHING', fault: { code: 'RULE_ERROR' } });
    expect(ownRules()).toHaveLength(1);
  });

  test('only a rule of another client in error -> nothing happens', async () => {
    await start();
    await attached();
    gateway.sandbox.addRule(DEMO.nfsShareId, { accessType: 'ip', accessTo: '198.51.100.7', state: 'error' });
    await morePasses(2);
    expect((await seeAsReader()).status).toBe('ATTACHED');
  });
});

describe('a server’s addresses change', () => {
  /** The rules with their changes. */
  function watchRules(): string[] {
    const seen: string[] = [];
    gateway.sandbox.onRuleChange(({ rule, state }: RuleChange) => seen.push(`${rule.accessTo} ${state ?? 'gone'}`));
    return seen;
  }

  test('stale until its user reads it; then the new address is granted and active before the old one is revoked', async () => {
    await start();
    await attached();
    const before = ownRules()[0]?.accessTo;
    move(DEMO.serverId, '10.10.0.77');
    await until(async () => (await seeAsReader()).isStale);
    await morePasses(2);
    expect(ownRules().map((rule) => rule.accessTo)).toEqual([before]);

    const changes = watchRules();
    expect(await see()).toMatchObject({ status: 'ATTACHED', isStale: true });
    const [event] = await listener.until('ATTACHED');
    expect(event?.attachment.accessRules).toMatchObject([{ accessTo: '10.10.0.77', state: 'ACTIVE' }]);
    expect(ownRules()).toMatchObject([{ accessTo: '10.10.0.77', metadata: { server_id: DEMO.serverId } }]);
    expect(changes.indexOf('10.10.0.77 active')).toBeLessThan(changes.indexOf(`${before} queued_to_deny`));
    expect(changes).toContain(`${before} gone`);
    expect(await see()).toMatchObject({ status: 'ATTACHED', isStale: false, fault: null });
  });

  test('attachShare again -> repaired with that user’s token, also when another user attached it', async () => {
    await start();
    await attached();
    move(DEMO.serverId, '10.10.0.77', '10.10.0.78');
    await until(async () => (await seeAsReader()).isStale);
    const { data } = await attach({}, gateway.sandbox.issueToken('admin', { projectName: 'admin' }));
    expect(data.attachShare.attachment).toMatchObject({ status: 'ATTACHED', isStale: true });
    await listener.until('ATTACHED');
    expect(ownRules().map((rule) => rule.accessTo)).toEqual(['10.10.0.77', '10.10.0.78']);
  });

  test('no gateway credentials -> attachShare again detects it', async () => {
    await start({ hasAccount: false });
    await attached();
    move(DEMO.serverId, '10.10.0.77');
    await attach();
    await listener.until('ATTACHED');
    expect(ownRules().map((rule) => rule.accessTo)).toEqual(['10.10.0.77']);
    expect((await see()).isStale).toBe(false);
  });

  test('the addresses return before any read -> not stale, the rule is never changed', async () => {
    await start();
    await attached();
    const [rule] = ownRules();
    move(DEMO.serverId, '10.10.0.77');
    await until(async () => (await seeAsReader()).isStale);
    move(DEMO.serverId, rule?.accessTo ?? '');
    await until(async () => !(await seeAsReader()).isStale);
    expect(ownRules()).toEqual([rule]);
  });

  test('a caller may not grant -> FORBIDDEN, and attached and stale as before, without an event; later allowed -> repaired', async () => {
    await start();
    await attached();
    const fault = gateway.sandbox.faults.add({
      service: 'manila',
      method: 'POST',
      path: /\/action$/,
      kind: 'status',
      status: 403,
    });
    move(DEMO.serverId, '10.10.0.77');
    await until(async () => (await seeAsReader()).isStale);
    const refused = await attach();
    expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(await seeAsReader()).toMatchObject({ status: 'ATTACHED', isStale: true, fault: null });
    fault.remove();
    await attach();
    expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACHED']);
    expect(await seeAsReader()).toMatchObject({ status: 'ATTACHED', isStale: false, fault: null });
  });

  test('the old address belongs to another server with the share attached -> the rule stays for that one', async () => {
    await start();
    await attached();
    const [rule] = ownRules();
    move(DEMO.serverId, '10.10.0.77');
    const newOwner = gateway.sandbox.addServer({ ports: [{ network: 'private', fixedIps: [rule?.accessTo ?? ''] }] });
    await attached({ serverId: newOwner.id });
    await until(async () => (await seeAsReader()).isStale);
    await see();
    await listener.until('ATTACHED');
    expect(ownRules()).toMatchObject([
      { id: rule?.id, metadata: { attachment_id: `${newOwner.id}:${DEMO.nfsShareId}`, server_id: newOwner.id } },
      { accessTo: '10.10.0.77', metadata: { server_id: DEMO.serverId } },
    ]);
  });

  test('the old rule belongs to another server by now, and is in error -> repaired all the same', async () => {
    await start({ env: { SWEEP_INTERVAL_MS: '0' } });
    await attached();
    const [rule] = ownRules();
    const newOwner = gateway.sandbox.addServer({ ports: [{ network: 'private', fixedIps: [rule?.accessTo ?? ''] }] });
    await attached({ serverId: newOwner.id });
    move(DEMO.serverId, '10.10.0.77');
    await attach();
    await listener.until('ATTACHED');
    move(DEMO.serverId, rule?.accessTo ?? '');
    await attach();
    await listener.until('ATTACHED');
    gateway.sandbox.setRuleState(rule?.id ?? '', 'error');
    move(DEMO.serverId, '10.10.0.78');
    await attach();
    await listener.until('ATTACHED');
    expect(await see()).toMatchObject({ isStale: false, accessRules: [{ accessTo: '10.10.0.78' }] });
  });

  test('the user gave the address -> it stays, never stale', async () => {
    await start();
    await attached({ accessTo: ['10.10.0.200'] });
    move(DEMO.serverId, '10.10.0.77');
    await morePasses(2);
    expect(await see()).toMatchObject({ status: 'ATTACHED', isStale: false });
  });

  test('all addresses are removed -> stale, the old rule stays until there is a new one', async () => {
    await start();
    await attached();
    gateway.sandbox.setServerAddresses(DEMO.serverId, []);
    await until(async () => (await seeAsReader()).isStale);
    expect(await see()).toMatchObject({ status: 'ATTACHED' });
    expect(ownRules()).toHaveLength(1);
  });

  test('on a share network: another address there -> stale; elsewhere -> not', async () => {
    await start();
    const pair = { serverId: DEMO.twoNetworkServerId, shareId: DEMO.storageShareId };
    await attached(pair);
    const [rule] = ownRules(pair.shareId);
    const isStale = async () =>
      (await gateway.query(SEE, pair, gateway.sandbox.issueToken('reader'))).data.shareAttachment.isStale;
    const onStorage = (address: string) => ({ network: 'storage', fixedIps: [address] });
    gateway.sandbox.setServerAddresses(pair.serverId, [
      { network: 'private', fixedIps: ['10.10.0.77'] },
      onStorage(rule?.accessTo ?? ''),
    ]);
    await morePasses(2);
    expect(await isStale()).toBe(false);
    gateway.sandbox.setServerAddresses(pair.serverId, [onStorage('10.20.0.99')]);
    await until(isStale);
  });
});

test('a share is deleted -> its attachments are removed, with the reason', async () => {
  await start();
  await attached();
  gateway.sandbox.deleteShare(DEMO.nfsShareId);
  const [event] = await listener.until('DETACHED');
  expect(event).toMatchObject({ reason: 'SHARE_DELETED', attachment: { status: 'DETACHED', accessRules: [] } });
  expect(await see()).toBeNull();
});

test('a share is in the recycle bin: lists omit it -> nothing happens', async () => {
  await start();
  await attached();
  gateway.sandbox.updateShare(DEMO.nfsShareId, { isSoftDeleted: true });
  await morePasses(2);
  expect((await seeAsReader()).status).toBe('ATTACHED');
});

describe('a managed rule without an attachment', () => {
  const orphan = (serverId: string) =>
    gateway.sandbox.addRule(DEMO.nfsShareId, {
      accessType: 'ip',
      accessTo: '10.10.0.91',
      metadata: {
        managed_by: 'nova-manila-gateway',
        attachment_id: `${serverId}:${DEMO.nfsShareId}`,
        server_id: serverId,
      },
    });

  test('its server exists -> logged once, the rule stays; its server is deleted -> revoked', async () => {
    const { log, lines } = hearingLog();
    await start({ log });
    await see();
    const server = gateway.sandbox.addServer({ ports: [] });
    const rule = orphan(server.id);
    const findings = () => lines.filter((line) => line.kind === 'RULE_WITHOUT_ATTACHMENT' && line.ruleId === rule.id);
    await until(() => findings().length > 0);
    await morePasses(2);
    expect(findings()).toHaveLength(1);
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId)).toContainEqual(rule);
    gateway.sandbox.deleteServer(server.id);
    await gateway.sandbox.waitForRules(DEMO.nfsShareId, (rules) => rules.every(({ id }) => id !== rule.id));
  });

  test('Manila makes it after its user has detached, as the request was delayed -> revoked, subscribers receive the events', async () => {
    await start({ env: { ATTACH_DEADLINE_MS: '1000' } });
    await attached();
    const [made] = ownRules();
    await gateway.query('mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { id } } }', {
      input: PAIR,
    });
    await listener.until('DETACHED');
    const { accessTo = '', metadata = {} } = made ?? {};
    const { id } = gateway.sandbox.addRule(DEMO.nfsShareId, { accessType: 'ip', accessTo, metadata });
    await gateway.sandbox.waitForRules(DEMO.nfsShareId, (rules) => rules.every((rule) => rule.id !== id));
    expect(types(await listener.until('DETACHED'))).toEqual(['DETACH_STARTED', 'DETACHED']);
    expect(await see()).toBeNull();
  });

  test('its server is deleted, and a server with its address attaches during the revocation -> that one gets a rule of its own', async () => {
    await start({ env: { SWEEP_INTERVAL_MS: '20' } });
    await see();
    const newOwner = gateway.sandbox.addServer({ ports: [{ network: 'private', fixedIps: ['10.10.0.91'] }] });
    const denial = { service: 'manila', method: 'POST', path: /\/action$/, times: 1 } as const;
    gateway.sandbox.faults.add({ ...denial, kind: 'delay', delayMs: 500 });
    const rule = orphan('99999999-9999-4999-8999-999999999999');
    await gateway.sandbox.waitForRequest(({ method, path }) => method === 'POST' && path.endsWith('/action'));
    const { data } = await attach({ serverId: newOwner.id });
    // the old rule still exists, and is not mistaken for one that stays
    expect(data.attachShare.attachment.status).toBe('ATTACHING');
    await listener.until('ATTACHED');
    expect(ownRules()).toMatchObject([{ state: 'active', metadata: { server_id: newOwner.id } }]);
    expect(ownRules()[0]?.id).not.toBe(rule.id);
  });

  test('its server never existed -> revoked; a rule of another client on the share stays', async () => {
    await start();
    const foreign = gateway.sandbox.addRule(DEMO.nfsShareId, { accessType: 'ip', accessTo: '198.51.100.7' });
    const rule = orphan('99999999-9999-4999-8999-999999999999');
    await gateway.sandbox.waitForRules(DEMO.nfsShareId, (rules) => rules.every(({ id }) => id !== rule.id));
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId)).toContainEqual(foreign);
  });
});

test('no service account -> logged once, no scan', async () => {
  const { log, lines } = hearingLog();
  await start({ log, hasAccount: false });
  await attached();
  const notes = lines.filter((line) => String(line.msg).includes('no service account'));
  expect(notes).toHaveLength(1);
  expect(gateway.sandbox.requests.filter(({ query }) => query.all_tenants)).toEqual([]);
});
