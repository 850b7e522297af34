import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';

const ATTACH = `mutation ($input: AttachShareInput!) {
  attachShare(input: $input) { attachment { id status isStale updatedAt accessRules { accessTo } } }
}`;
const SEE = `query ($serverId: ID!, $shareId: ID!) {
  shareAttachment(serverId: $serverId, shareId: $shareId) { status isStale updatedAt accessRules { accessTo } fault { code message } }
}`;
const SHARE = { shareId: DEMO.nfsShareId };

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startGateway({ env: { SWEEP_INTERVAL_MS: '0' } });
});
afterEach(() => gateway.close());

const attach = async (input: Record<string, unknown>) =>
  await gateway.query(ATTACH, { input: { ...SHARE, mountPoint: '/mnt/a', ...input } });
const see = async (serverId: string) => (await gateway.query(SEE, { ...SHARE, serverId })).data.shareAttachment;
const isAttached = (serverId: string) => until(async () => (await see(serverId)).status === 'ATTACHED');
const addressesOf = (count: number, from = 1) => [
  { network: 'private', fixedIps: Array.from({ length: count }, (_, i) => `10.10.7.${from + i}`) },
];
const messageOf = ({ errors }: Awaited<ReturnType<typeof attach>>) => errors?.[0]?.message;
const codeOf = ({ errors }: Awaited<ReturnType<typeof attach>>) => errors?.[0]?.extensions.code;
const grants = () =>
  gateway.sandbox.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/action')).length;

describe('attachShare again with the same arguments', () => {
  test.each<[string, (serverId: string) => void]>([
    ['the share is extending', () => gateway.sandbox.updateShare(SHARE.shareId, { status: 'extending' })],
    ['the share is in error', () => gateway.sandbox.updateShare(SHARE.shareId, { status: 'error' })],
    ['the server is in ERROR', (id) => gateway.sandbox.updateServer(id, { status: 'ERROR' })],
    ['the server is rebuilt', (id) => gateway.sandbox.updateServer(id, { status: 'BUILD' })],
    [
      'the share is extending and the server has another address',
      (id) => {
        gateway.sandbox.updateShare(SHARE.shareId, { status: 'extending' });
        gateway.sandbox.setServerAddresses(id, addressesOf(1, 9));
      },
    ],
  ])('%s meanwhile -> the existing attachment, nothing granted', async (_situation, change) => {
    const { id: serverId } = gateway.sandbox.addServer({ ports: addressesOf(1) });
    await attach({ serverId });
    await isAttached(serverId);
    const before = grants();
    change(serverId);
    const { data, errors } = await attach({ serverId });
    expect(errors).toBeUndefined();
    expect(data.attachShare.attachment).toMatchObject({ status: 'ATTACHED', accessRules: [{ accessTo: '10.10.7.1' }] });
    expect(grants()).toBe(before);
    expect(codeOf(await attach({ serverId, mountPoint: '/mnt/b' }))).toBe('CONFLICT');
  });

  test('still attaching while the share is extending -> the existing attachment', async () => {
    gateway.sandbox.setAccessDelay(60_000);
    const { id: serverId } = gateway.sandbox.addServer({ ports: addressesOf(1) });
    await attach({ serverId });
    gateway.sandbox.updateShare(SHARE.shareId, { status: 'extending' });
    const { data, errors } = await attach({ serverId });
    expect(errors).toBeUndefined();
    expect(data.attachShare.attachment.status).toBe('ATTACHING');
  });

  test('it failed, and the share is extending -> CONFLICT: a retry would have to grant', async () => {
    const { id: serverId } = gateway.sandbox.addServer({ ports: addressesOf(1) });
    const stop = gateway.sandbox.onRuleChange(({ rule, state }) => {
      if (state === 'applying') gateway.sandbox.setRuleState(rule.id, 'error');
    });
    await attach({ serverId });
    await until(async () => (await see(serverId)).status === 'ERROR_ATTACHING');
    stop();
    gateway.sandbox.updateShare(SHARE.shareId, { status: 'extending' });
    expect(codeOf(await attach({ serverId }))).toBe('CONFLICT');
    gateway.sandbox.updateShare(SHARE.shareId, { status: 'available' });
    await attach({ serverId });
    await isAttached(serverId);
  });
});

describe('a server with more fixed addresses than one attachment may have rules', () => {
  test('16 -> a rule each; 17 -> BAD_USER_INPUT that asks for accessTo, nothing granted or recorded', async () => {
    const { id: fits } = gateway.sandbox.addServer({ ports: addressesOf(16) });
    const { data } = await attach({ serverId: fits });
    expect(data.attachShare.attachment.accessRules).toHaveLength(16);

    const { id: serverId } = gateway.sandbox.addServer({ ports: addressesOf(17, 101) });
    const before = grants();
    const rejected = await attach({ serverId });
    expect(codeOf(rejected)).toBe('BAD_USER_INPUT');
    expect(messageOf(rejected)).toMatch(
      /has 17 fixed IPv4 addresses, more than the 16 of one attachment: give accessTo/,
    );
    expect(grants()).toBe(before);
    expect(await see(serverId)).toBeNull();

    const given = await attach({ serverId, accessTo: ['10.10.7.0/24'] });
    expect(given.data.attachShare.attachment.accessRules).toMatchObject([{ accessTo: '10.10.7.0/24' }]);
  });

  test('attached with one, 17 later -> BAD_USER_INPUT, stale, and its rule stays', async () => {
    const { id: serverId } = gateway.sandbox.addServer({ ports: addressesOf(1) });
    await attach({ serverId });
    await isAttached(serverId);
    gateway.sandbox.setServerAddresses(serverId, addressesOf(17, 101));
    expect(codeOf(await attach({ serverId }))).toBe('BAD_USER_INPUT');
    expect(await see(serverId)).toMatchObject({ status: 'ATTACHED', accessRules: [{ accessTo: '10.10.7.1' }] });
  });
});
