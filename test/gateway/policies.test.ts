import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { listen } from '../support/listener.ts';
import { until } from '../support/until.ts';

/** Nova's and Manila's policies decide who reads, attaches and detaches; what they reject leaves no trace. */

const FIELDS = 'status mountPoint accessLevel fault { code message } accessRules { accessTo state } updatedAt';
const ATTACH = `mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { ${FIELDS} } } }`;
const DETACH = `mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { ${FIELDS} } } }`;
const LIST = `{ shareAttachments { totalCount eventCursor nodes { serverId shareId ${FIELDS} } } }`;
const PAIR = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };
const ACCESS_TO = ['10.77.0.1'];

let gateway: TestGateway;
let reader: string;
let bystander: string;

beforeEach(async () => {
  gateway = await startGateway();
  reader = gateway.sandbox.issueToken('reader');
  bystander = gateway.sandbox.issueToken('bystander');
});
afterEach(() => gateway.close());

const attach = (input: Record<string, unknown> = {}, token = gateway.token) =>
  gateway.query(ATTACH, { input: { ...PAIR, accessTo: ACCESS_TO, ...input } }, token);
const detach = (input: Record<string, unknown> = {}, token = gateway.token) =>
  gateway.query(DETACH, { input: { ...PAIR, ...input } }, token);
const list = async (token = gateway.token) => (await gateway.query(LIST, {}, token)).data.shareAttachments;
const codeOf = ({ errors }: { errors?: { extensions: Record<string, unknown> }[] }) => errors?.[0]?.extensions.code;
const rules = () => gateway.sandbox.rulesOf(PAIR.shareId).map(({ id, state, metadata }) => ({ id, state, metadata }));

async function attached(input: Record<string, unknown> = {}): Promise<void> {
  expect(codeOf(await attach(input))).toBeUndefined();
  await until(async () => (await list()).nodes.every(({ status }: { status: string }) => status === 'ATTACHED'));
}

/** What a rejected request must not change: the project's attachments, its event log and the share's rules. */
const everything = async () => ({ list: await list(), rules: rules() });

describe('a role that neither Nova nor Manila lets read', () => {
  test.each([
    ['shareAttachments', '{ shareAttachments { nodes { id } } }'],
    ['shareAttachment', `{ shareAttachment(serverId: "${PAIR.serverId}", shareId: "${PAIR.shareId}") { id } }`],
    ['the end of the event log', '{ shareAttachments { eventCursor } }'],
  ])('reads %s -> FORBIDDEN', async (_, query) => {
    await attached();
    expect(codeOf(await gateway.query(query, {}, bystander))).toBe('FORBIDDEN');
  });

  test('listens to events -> FORBIDDEN', async () => {
    const listener = listen({ wsUrl: gateway.wsUrl, token: bystander }, { after: '0-0' });
    await expect(listener.next()).rejects.toThrow('Neither Nova nor Manila');
    await listener.close();
  });

  test('detaches what is being detached, or names another mount point -> FORBIDDEN, and learns nothing', async () => {
    await attached({ mountPoint: '/srv/data' });
    const elsewhere = await detach({ mountPoint: '/mnt' }, bystander);
    expect(codeOf(elsewhere)).toBe('FORBIDDEN');
    expect(JSON.stringify(elsewhere)).not.toContain('/srv/data');
    gateway.sandbox.setAccessDelay(600_000);
    await detach();
    expect(codeOf(await detach({}, bystander))).toBe('FORBIDDEN');
  });

  test('may read again once Nova or Manila allows it; a reader may', async () => {
    await attached();
    expect((await list(reader)).totalCount).toBe(1);
  });
});

describe('the right to read costs no call', () => {
  const SERVERS = '{ servers { nodes { id sharesAttached { status } } } }';
  const calls = async (query: string, token: string) => {
    gateway.sandbox.clearRequests();
    expect((await gateway.query(query, {}, token)).errors).toBeUndefined();
    return gateway.sandbox.requests
      .filter(({ service }) => service !== 'keystone')
      .map(({ method, path }) => `${method} ${path}`);
  };

  test('on a page that reads servers or shares; elsewhere it costs one, once', async () => {
    await attached();
    expect(await calls(SERVERS, reader)).toEqual(['GET /servers/detail']);
    expect(await calls('{ shareAttachments { nodes { status } } }', reader)).toEqual([]);
    const colleague = gateway.sandbox.issueToken('colleague');
    expect(await calls('{ shareAttachments { nodes { status } } }', colleague)).toEqual(['GET /servers']);
    expect(await calls('{ shareAttachments { nodes { status } } }', colleague)).toEqual([]);
  });

  test('Nova is down -> Manila is asked; both are down -> whom they let read before still reads', async () => {
    await attached();
    gateway.sandbox.down('nova');
    expect((await list(reader)).totalCount).toBe(1);
    gateway.sandbox.down('manila');
    expect((await list(reader)).totalCount).toBe(1);
    const colleague = gateway.sandbox.issueToken('colleague');
    expect(codeOf(await gateway.query(LIST, {}, colleague))).toBe('UPSTREAM_UNAVAILABLE');
  });
});

describe('a rejected request changes nothing and logs no event', () => {
  test('attach, no rule yet; its mount point is free afterwards', async () => {
    const before = await everything();
    expect(codeOf(await attach({ mountPoint: '/srv/data' }, reader))).toBe('FORBIDDEN');
    expect(await everything()).toEqual(before);
    await attached({ shareId: gateway.sandbox.addShare({}).id, mountPoint: '/srv/data' });
  });

  test('attach, a rule of another client exists already -> Manila is asked for the right', async () => {
    gateway.sandbox.addRule(PAIR.shareId, { accessType: 'ip', accessTo: ACCESS_TO[0] ?? '' });
    const before = await everything();
    expect(codeOf(await attach({}, reader))).toBe('FORBIDDEN');
    expect(await everything()).toEqual(before);
    await attached();
    expect(rules().map(({ id }) => id)).toEqual(before.rules.map(({ id }) => id));
  });

  test('attach, another attachment has the rule already', async () => {
    await attached();
    const before = await everything();
    expect(codeOf(await attach({ serverId: DEMO.twoNetworkServerId }, reader))).toBe('FORBIDDEN');
    expect(await everything()).toEqual(before);
  });

  test('detach of a rule that the gateway made', async () => {
    await attached();
    const before = await everything();
    expect(codeOf(await detach({}, reader))).toBe('FORBIDDEN');
    expect(await everything()).toEqual(before);
  });

  test('detach where nothing has to be revoked: the rule is another client’s', async () => {
    gateway.sandbox.addRule(PAIR.shareId, { accessType: 'ip', accessTo: ACCESS_TO[0] ?? '' });
    await attached();
    const before = await everything();
    expect(codeOf(await detach({}, reader))).toBe('FORBIDDEN');
    expect(await everything()).toEqual(before);
    expect(codeOf(await detach())).toBeUndefined();
    await until(async () => (await list()).totalCount === 0);
  });

  test('attach again during a detach -> the detach goes on with the token of its caller', async () => {
    await attached();
    gateway.sandbox.setAccessDelay(600_000);
    await detach();
    const before = await everything();
    expect(codeOf(await attach({}, reader))).toBe('FORBIDDEN');
    expect(await everything()).toEqual(before);
    await until(async () => {
      gateway.sandbox.step();
      return (await list()).totalCount === 0;
    });
  });

  test('no reader is shown an attachment, and no event is logged, before Manila has accepted it', async () => {
    const call = gateway.sandbox.faults.add({ service: 'manila', method: 'POST', path: /action$/, kind: 'hang' });
    const attaching = attach();
    await gateway.sandbox.waitForRequest(({ method, path }) => method === 'POST' && path.endsWith('/action'));
    expect((await list()).nodes).toEqual([]);
    expect((await list()).eventCursor).toBe('0-0');
    call.remove();
    await attaching;
  });
});
