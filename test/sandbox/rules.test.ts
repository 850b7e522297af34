import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { BREAKING_ADDRESS, DEMO, REJECTED_ADDRESS, SLOW_ADDRESS } from '../../src/sandbox/index.ts';
import { allow, at, type Client, clientOf, deny, startClient } from './client.ts';

/** Longer than any test, in ms: these tests run the steps themselves. */
const NEVER = 1_000_000_000;

let client: Client;
/** `accessTo state` of every change; `gone` for a removed rule. */
let changes: string[];

beforeEach(async () => {
  client = await startClient();
  changes = record(client);
});

afterEach(() => client.sandbox.close());

function record({ sandbox }: Client): string[] {
  const seen: string[] = [];
  sandbox.onRuleChange(({ rule, state }) => seen.push(`${rule.accessTo} ${state ?? 'gone'}`));
  return seen;
}

const areAll = (state: string) => (rules: readonly { state: string }[]) => rules.every((rule) => rule.state === state);

test('access allowed, then denied -> the rule passes through each state and is removed', async () => {
  const { sandbox } = client;
  const { id, state } = await allow(client, '10.10.0.5');
  expect(state).toBe('queued_to_apply');
  await sandbox.waitForRules(DEMO.nfsShareId, areAll('active'));
  expect((await deny(client, id)).status).toBe(202);
  await sandbox.waitForRules(DEMO.nfsShareId, (rules) => rules.length === 0);
  expect(changes.map((change) => change.replace('10.10.0.5 ', ''))).toEqual([
    'queued_to_apply',
    'applying',
    'active',
    'queued_to_deny',
    'denying',
    'gone',
  ]);
  expect((await client.manila('GET', `/share-access-rules/${id}`)).status).toBe(404);
});

test('rules queued together -> one batch applies them all', async () => {
  client.sandbox.setAccessDelay(NEVER);
  await Promise.all([allow(client, '10.10.0.5'), allow(client, '10.10.0.6')]);
  client.sandbox.step();
  client.sandbox.step();
  const states = changes.map((change) => change.split(' ')[1]);
  expect(states.filter((state) => state !== 'queued_to_apply')).toEqual(['applying', 'applying', 'active', 'active']);
});

test('a slow rule is being applied -> later rules of its share wait, those of other shares do not', async () => {
  const slow = await startClient({ slowAccessMs: NEVER });
  const { sandbox } = slow;
  await allow(slow, SLOW_ADDRESS);
  await sandbox.waitForRules(DEMO.nfsShareId, areAll('applying'));
  await allow(slow, '10.10.0.5');
  await allow(slow, 'alice', { shareId: DEMO.cifsShareId, accessType: 'user' });
  await sandbox.waitForRules(DEMO.cifsShareId, areAll('active'));
  expect(sandbox.rulesOf(DEMO.nfsShareId).map((rule) => rule.state)).toEqual(['applying', 'queued_to_apply']);
  const share = await slow.manila('GET', `/shares/${DEMO.nfsShareId}`);
  expect(at(share.body, 'share.access_rules_status')).toBe('syncing');
  await sandbox.close();
});

test('a slow rule is done -> the waiting one is in the next batch', async () => {
  const slow = await startClient({ slowAccessMs: NEVER });
  const seen = record(slow);
  await allow(slow, SLOW_ADDRESS);
  await slow.sandbox.waitForRules(DEMO.nfsShareId, areAll('applying'));
  await allow(slow, '10.10.0.5');
  slow.sandbox.step();
  await slow.sandbox.waitForRules(DEMO.nfsShareId, areAll('active'));
  expect(seen.slice(-4)).toEqual([
    '10.10.0.5 queued_to_apply',
    `${SLOW_ADDRESS} active`,
    '10.10.0.5 applying',
    '10.10.0.5 active',
  ]);
  await slow.sandbox.close();
});

test('a rule denied while it is being applied -> queued again, denied by the next batch, never active', async () => {
  const slow = await startClient({ slowAccessMs: NEVER });
  const seen = record(slow);
  const { id } = await allow(slow, SLOW_ADDRESS);
  await slow.sandbox.waitForRules(DEMO.nfsShareId, areAll('applying'));
  await deny(slow, id);
  slow.sandbox.step();
  await slow.sandbox.waitForRules(DEMO.nfsShareId, (rules) => rules.length === 0);
  expect(seen.map((change) => change.split(' ')[1])).toEqual([
    'queued_to_apply',
    'applying',
    'queued_to_deny',
    'denying',
    'gone',
  ]);
  await slow.sandbox.close();
});

test('the driver rejects an address -> only its rule is in error, with a user message, and a deny removes it', async () => {
  const { sandbox } = client;
  sandbox.setAccessDelay(NEVER);
  const [bad, good] = await Promise.all([allow(client, REJECTED_ADDRESS), allow(client, '10.10.0.5')]);
  sandbox.step();
  sandbox.step();
  const rules = sandbox.rulesOf(DEMO.nfsShareId);
  expect(new Map(rules.map((rule) => [rule.id, rule.state]))).toEqual(
    new Map([
      [bad.id, 'error'],
      [good.id, 'active'],
    ]),
  );
  expect(await statusOfRules()).toBe('error');
  const { body } = await client.manila('GET', `/messages?resource_id=${DEMO.nfsShareId}&action_id=010`);
  expect(at(body, 'messages')).toEqual([
    expect.objectContaining({ resource_id: DEMO.nfsShareId, detail_id: '020', message_level: 'ERROR' }),
  ]);
  expect(at(body, 'messages.0.user_message')).toMatch(/^update access rules: Failed to grant access to client\./);
  await deny(client, bad.id);
  sandbox.step();
  sandbox.step();
  expect(sandbox.rulesOf(DEMO.nfsShareId)).toHaveLength(1);
  expect(await statusOfRules()).toBe('active');
});

const statusOfRules = async () =>
  at((await client.manila('GET', `/shares/${DEMO.nfsShareId}`)).body, 'share.access_rules_status');

test('the driver throws for one rule -> all rules of the batch are in error', async () => {
  client.sandbox.setAccessDelay(NEVER);
  await Promise.all([allow(client, BREAKING_ADDRESS), allow(client, '10.10.0.5')]);
  client.sandbox.step();
  client.sandbox.step();
  expect(changes.filter((change) => change.endsWith('error')).sort()).toEqual([
    '10.10.0.5 error',
    `${BREAKING_ADDRESS} error`,
  ]);
});

test('an access type that the protocol does not have -> accepted, then error, with its own message', async () => {
  expect((await allow(client, '10.10.0.5', { shareId: DEMO.cephfsShareId })).state).toBe('queued_to_apply');
  await client.sandbox.waitForRules(DEMO.cephfsShareId, areAll('error'));
  const { body } = await client.manila('GET', `/messages?resource_id=${DEMO.cephfsShareId}`);
  expect(at(body, 'messages.0')).toMatchObject({ detail_id: '021', action_id: '010' });
});

test('a cephx rule -> no key until it is active', async () => {
  const { id } = await allow(client, 'alice', { shareId: DEMO.cephfsShareId, accessType: 'cephx' });
  const [active] = await client.sandbox.waitForRules(DEMO.cephfsShareId, areAll('active'));
  expect(active?.accessKey).toMatch(/^[A-Za-z0-9+/]{38}==$/);
  const { body } = await client.manila('GET', `/share-access-rules/${id}`);
  expect(at(body, 'access.access_key')).toBe(active?.accessKey);
});

test('the share is deleted -> its rules are removed, with notifications', async () => {
  const { id } = await allow(client, '10.10.0.5');
  await client.sandbox.waitForRules(DEMO.nfsShareId, areAll('active'));
  expect((await client.manila('DELETE', `/shares/${DEMO.nfsShareId}`)).status).toBe(202);
  await client.sandbox.waitUntil(() => client.sandbox.share(DEMO.nfsShareId) === undefined);
  expect(changes.at(-1)).toBe('10.10.0.5 gone');
  expect((await client.manila('GET', `/share-access-rules/${id}`)).status).toBe(404);
});

test('a rule changed by a test control -> Manila shows the change', async () => {
  const rule = client.sandbox.addRule(DEMO.nfsShareId, { accessType: 'ip', accessTo: '10.10.0.9' });
  client.sandbox.setRuleState(rule.id, 'error');
  expect(at((await client.manila('GET', `/share-access-rules/${rule.id}`)).body, 'access.state')).toBe('error');
  client.sandbox.removeRule(rule.id);
  expect(changes).toEqual(['10.10.0.9 active', '10.10.0.9 error', '10.10.0.9 gone']);
});

test('a rule locked by another user -> client and key are masked, a deny is rejected', async () => {
  const { id } = client.sandbox.addRule(DEMO.nfsShareId, {
    accessType: 'ip',
    accessTo: '10.10.0.9',
    userId: 'another user',
    isVisibilityLocked: true,
    isDeletionLocked: true,
    metadata: { purpose: 'backup' },
  });
  const { body } = await client.manila('GET', `/share-access-rules?share_id=${DEMO.nfsShareId}`);
  expect(at(body, 'access_list')).toEqual([
    expect.objectContaining({ id, access_to: '******', access_key: '******', metadata: { purpose: 'backup' } }),
  ]);
  expect((await deny(client, id)).status).toBe(403);
  const admin = clientOf(client.sandbox, client.sandbox.issueToken('admin'));
  expect(at((await admin.manila('GET', `/share-access-rules/${id}`)).body, 'access.access_to')).toBe('10.10.0.9');
});

test.each([
  ['an IPv6 network with host bits', 'ip', '2001:db8::1/64', '2001:db8::1/64 has host bits set'],
  ['a prefix that is too long', 'ip', '10.0.0.0/33', "'10.0.0.0/33' does not appear to be an IPv4 or IPv6 network"],
  ['a period in a Ceph id', 'cephx', 'client.admin', 'Ceph IDs may not contain periods.'],
  ['an empty Ceph id', 'cephx', '', 'Ceph IDs may not be empty.'],
  ['an empty common name', 'cert', '', 'Invalid CN (common name). Must be 1-64 chars long.'],
])('%s -> 400 with Manila’s message', async (_situation, accessType, accessTo, message) => {
  const body = { allow_access: { access_type: accessType, access_to: accessTo } };
  const reply = await client.manila('POST', `/shares/${DEMO.nfsShareId}/action`, body);
  expect(reply).toMatchObject({ status: 400, body: { badRequest: { code: 400, message } } });
});

test.each(['2001:db8::/32', '::/0', '10.0.0.0/8', '2001:db8::ffff:10.0.0.1'])(
  '%s, a network -> accepted',
  async (accessTo) => {
    expect((await allow(client, accessTo)).state).toBe('queued_to_apply');
  },
);
