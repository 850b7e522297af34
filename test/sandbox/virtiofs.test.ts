import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Sandbox, SLOW_ADDRESS, startSandbox } from '../../src/sandbox/index.ts';
import { at, type Client, clientOf } from './client.ts';

/** Longer than any test, in ms: these tests run the steps themselves. */
const NEVER = 1_000_000_000;
const VERSIONS = { nova: '2.97', manila: '2.89' };

let sandbox: Sandbox;
let demo: Client;
let server: string;
let share: string;

beforeEach(async () => {
  sandbox = await startSandbox({ seed: 'empty', accessDelayMs: NEVER, slowAccessMs: 2 * NEVER });
  demo = clientOf(sandbox, sandbox.issueToken('demo'), VERSIONS);
  server = sandbox.addServer({ status: 'SHUTOFF' }).id;
  share = sandbox.addShare().id;
});
afterEach(() => sandbox.close());

const as = (user: string, nova = VERSIONS.nova) => clientOf(sandbox, sandbox.issueToken(user), { ...VERSIONS, nova });
const steps = (count: number) => {
  for (let i = 0; i < count; i++) sandbox.step();
};
const attach = (body: object = {}, id = server, client = demo) =>
  client.nova('POST', `/servers/${id}/shares`, { share: { share_id: share, ...body } });
const detach = (id = server) => demo.nova('DELETE', `/servers/${id}/shares/${share}`);
const action = (body: object, client = demo) => client.nova('POST', `/servers/${server}/action`, body);
const statusOf = (id = server) => sandbox.mappingsOf(id)[0]?.status ?? 'gone';
const states = () => sandbox.rulesOf(share).map(({ accessTo, state }) => `${accessTo} ${state}`);
const messageOf = (body: unknown) => (Object.values(body as object)[0] as { message?: string } | undefined)?.message;

async function attached(id = server): Promise<void> {
  expect((await attach({}, id)).status).toBe(201);
  steps(3);
  expect(statusOf(id)).toBe('inactive');
}

describe('attach and detach', () => {
  test('attach -> attaching, inactive, with a locked rule for the host; start -> active; stop -> inactive; detach -> gone', async () => {
    expect((await attach({ tag: 'data' })).body).toEqual({
      share: { share_id: share, status: 'attaching', tag: 'data' },
    });
    steps(1);
    expect([statusOf(), states()]).toEqual(['attaching', ['192.0.2.10 queued_to_apply']]);
    steps(2);
    expect([statusOf(), states()]).toEqual(['inactive', ['192.0.2.10 active']]);
    const [rule] = sandbox.rulesOf(share);
    expect(sandbox.locksOf(rule?.id ?? '').map((lock) => [lock.action, lock.reason])).toEqual([
      ['delete', 'Lock by nova'],
      ['show', 'Lock by nova'],
    ]);

    expect((await action({ 'os-start': null })).status).toBe(202);
    steps(1);
    expect([statusOf(), sandbox.server(server)?.status]).toEqual(['active', 'SHUTOFF']);
    steps(1);
    expect(sandbox.server(server)).toMatchObject({ status: 'ACTIVE', taskState: null });
    expect(messageOf((await detach()).body)).toBe(
      `Cannot 'delete share' instance ${server} while it is in vm_state active`,
    );
    await action({ 'os-stop': null });
    steps(1);
    expect([statusOf(), sandbox.server(server)?.status]).toEqual(['inactive', 'SHUTOFF']);

    expect((await detach()).status).toBe(200);
    expect(statusOf()).toBe('detaching');
    steps(1);
    expect([statusOf(), states()]).toEqual(['gone', ['192.0.2.10 queued_to_deny']]);
    steps(2);
    expect([states(), sandbox.locksOf(share)]).toEqual([[], []]);
  });

  test('two servers on one host -> one rule, denied with the last of them; a server on another host has its own', async () => {
    const neighbour = sandbox.addServer({ status: 'SHUTOFF' }).id;
    const distant = sandbox.addServer({ status: 'SHUTOFF', host: 'compute-2' }).id;
    for (const id of [server, neighbour, distant]) await attached(id);
    expect(states()).toEqual(['192.0.2.10 active', '192.0.2.11 active']);
    await detach(neighbour);
    steps(3);
    expect(states()).toEqual(['192.0.2.10 active', '192.0.2.11 active']);
    await detach();
    steps(3);
    expect(states()).toEqual(['192.0.2.11 active']);
  });

  test('CephFS -> the same user for every host', async () => {
    share = sandbox.addShare({ protocol: 'CEPHFS' }).id;
    await attached();
    expect(sandbox.rulesOf(share)).toMatchObject([{ accessType: 'cephx', accessTo: 'nova', state: 'active' }]);
  });

  test('the server is deleted -> mapping and rule are removed; on a host that is down both stay', async () => {
    await attached();
    await demo.nova('DELETE', `/servers/${server}`);
    steps(4);
    expect([statusOf(), states()]).toEqual(['gone', []]);
    server = sandbox.addServer({ status: 'SHUTOFF' }).id;
    await attached();
    sandbox.hostDown('compute-1');
    sandbox.deleteServer(server);
    expect([statusOf(), states()]).toEqual(['inactive', ['192.0.2.10 active']]);
  });

  test('the host is down -> attaching until it is up', async () => {
    sandbox.hostDown('compute-1');
    const { headers } = await attach();
    steps(20);
    expect([statusOf(), states()]).toEqual(['attaching', []]);
    const path = `/servers/${server}/os-instance-actions/${headers.get('x-compute-request-id')}`;
    expect(at((await demo.nova('GET', path)).body, 'instanceAction.events.0')).toMatchObject({
      finish_time: null,
      result: null,
    });
    sandbox.hostUp('compute-1');
    steps(3);
    expect(statusOf()).toBe('inactive');
  });
});

describe('traps', () => {
  test('attach while powering on -> accepted, the server ends in ERROR; a detach and a hard reboot cure it', async () => {
    await action({ 'os-start': null });
    expect((await attach()).status).toBe(201);
    steps(1);
    expect(sandbox.server(server)).toMatchObject({
      status: 'ERROR',
      fault: { message: expect.stringContaining('is in an unexpected state') },
    });
    steps(3);
    expect((await detach()).status).toBe(200);
    steps(1);
    expect((await action({ reboot: { type: 'HARD' } })).status).toBe(202);
    steps(1);
    expect([statusOf(), sandbox.server(server)?.status]).toEqual(['gone', 'ACTIVE']);
  });

  test('start while attaching -> accepted, the server ends in ERROR', async () => {
    await attach();
    expect((await action({ 'os-start': null })).status).toBe(202);
    steps(1);
    expect(sandbox.server(server)?.status).toBe('ERROR');
  });

  test('detach while powering on, after the mount -> accepted, the guest runs without access', async () => {
    await attached();
    await action({ 'os-start': null });
    steps(1);
    expect((await detach()).status).toBe(200);
    steps(3);
    expect([sandbox.server(server)?.status, statusOf(), states()]).toEqual(['ACTIVE', 'gone', []]);
  });

  test('attach while the old rule is being denied -> error; detach, wait, attach cure it', async () => {
    await attached();
    await detach();
    steps(1);
    expect([statusOf(), states()]).toEqual(['gone', ['192.0.2.10 queued_to_deny']]);
    await attach();
    sandbox.step();
    expect(statusOf()).toBe('error');
    await detach();
    steps(4);
    expect(states()).toEqual([]);
    await attached();
  });

  test('the rule waits behind a slow one -> error after ten polls, though it becomes active; detach, wait, attach cure it', async () => {
    sandbox.setAccessDelay(1);
    const slow = { access_type: 'ip', access_to: SLOW_ADDRESS };
    await demo.manila('POST', `/shares/${share}/action`, { allow_access: slow });
    await sandbox.waitForRules(share, (rules) => rules.some(({ state }) => state === 'applying'));
    await attach();
    await sandbox.waitUntil(() => statusOf() === 'error');
    expect(states()).toEqual([`${SLOW_ADDRESS} applying`, '192.0.2.10 queued_to_apply']);
    sandbox.step();
    await sandbox.waitForRules(share, (rules) => rules.every(({ state }) => state === 'active'));
    expect(statusOf()).toBe('error');

    await detach();
    await sandbox.waitForRules(share, (rules) => rules.length === 1);
    await attach();
    await sandbox.waitUntil(() => statusOf() === 'inactive');
  });

  test('a token of an application credential -> 500, and no mapping', async () => {
    const token = sandbox.issueToken('demo', { method: 'application_credential' });
    expect((await attach({}, server, clientOf(sandbox, token, VERSIONS))).status).toBe(500);
    expect(statusOf()).toBe('gone');
  });

  test('a rule in error at the start -> the server ends in ERROR', async () => {
    await attached();
    sandbox.deleteShare(share);
    await action({ 'os-start': null });
    steps(1);
    expect([statusOf(), sandbox.server(server)?.status]).toEqual(['error', 'ERROR']);
  });

  test('a tag of 48 characters -> accepted, the guest does not start', async () => {
    await attach({ tag: 'x'.repeat(48) });
    steps(3);
    await action({ 'os-start': null });
    steps(2);
    expect([statusOf(), sandbox.server(server)]).toMatchObject(['inactive', { status: 'SHUTOFF', taskState: null }]);
  });
});

describe('what Nova rejects', () => {
  test.each([
    ['a tag with a space', { tag: 'a b' }, 400, "'a b' does not match '^[a-zA-Z0-9-]*$'"],
    ['a tag of 256 characters', { tag: 'x'.repeat(256) }, 400, 'is too long'],
    ['a tag of 49 characters', { tag: 'x'.repeat(49) }, 500, 'oslo_db.exception.DBDataError'],
  ])('%s -> %s', async (_situation, body, status, message) => {
    const reply = await attach(body);
    expect([reply.status, messageOf(reply.body)]).toEqual([status, expect.stringContaining(message)]);
    expect(statusOf()).toBe('gone');
  });

  test.each([{ tag: null }, { tag: '' }, {}])('%j -> the share’s id is the tag', async (body) => {
    expect(at((await attach(body)).body, 'share.tag')).toBe(share);
  });

  test.each([
    ['a share that is not available', { status: 'error' }, "is in 'error' instead of 'available' status."],
    ['a share without an export location', { exportLocations: [] }, 'export location is missing.'],
    ['a CIFS share', { protocol: 'CIFS' }, 'Share protocol CIFS is not supported.'],
  ])('%s -> 409', async (_situation, given, message) => {
    share = sandbox.addShare(given).id;
    const reply = await attach();
    expect([reply.status, messageOf(reply.body)]).toEqual([409, expect.stringContaining(message)]);
  });

  test('the server is checked before the share', async () => {
    sandbox.updateServer(server, { status: 'ACTIVE' });
    share = '00000000-0000-4000-8000-000000000000';
    expect((await attach()).status).toBe(409);
  });

  test('below 2.97 -> 404', async () => {
    expect((await as('demo', '2.96').nova('GET', `/servers/${server}/shares`)).status).toBe(404);
  });

  test('an administrator of another project -> 403; since 2026.1 the mapping, with its id and export location', async () => {
    await attached();
    const admin = as('admin');
    const path = `/servers/${server}/shares/${share}`;
    expect((await admin.nova('GET', path)).status).toBe(403);
    sandbox.letAdminsReadServerShares(true);
    expect(at((await admin.nova('GET', path)).body, 'share')).toEqual({
      share_id: share,
      status: 'inactive',
      tag: share,
      uuid: expect.any(String),
      export_location: expect.stringContaining('10.20.0.11'),
    });
    expect((await admin.nova('DELETE', path)).status).toBe(403);
  });

  test.each(['resize', 'shelve', 'suspend', 'migrate'])('%s of a server with shares -> 409', async (name) => {
    await attached();
    const reply = await action({ [name]: null });
    expect([reply.status, messageOf(reply.body)]).toEqual([
      409,
      'Feature not supported with instances that have shares.',
    ]);
  });

  test('a locked server -> shares are attached and detached, other actions are rejected', async () => {
    sandbox.updateServer(server, { isLocked: true });
    await attached();
    expect((await detach()).status).toBe(200);
    expect((await action({ 'os-start': null })).status).toBe(409);
    expect((await action({ 'os-start': null }, as('admin'))).status).toBe(202);
  });
});

describe('instance actions', () => {
  test('a failed attachment -> members read that it failed, administrators also why, also of a deleted server', async () => {
    await attached();
    await detach();
    steps(1);
    const { headers } = await attach();
    steps(1);
    const path = `/servers/${server}/os-instance-actions/${headers.get('x-compute-request-id')}`;
    const read = async (user: string, version: string) =>
      at((await as(user, version).nova('GET', path)).body, 'instanceAction') as Record<string, unknown>;
    expect(await read('demo', '2.97')).toMatchObject({ action: 'attach_share', message: 'Error' });
    const [event] = (await read('demo', '2.97'))['events'] as Record<string, unknown>[];
    expect(event).toEqual({
      event: 'compute_allow_share',
      start_time: expect.any(String),
      finish_time: expect.any(String),
      result: 'Error',
      hostId: expect.any(String),
    });
    expect(await read('demo', '2.50')).not.toHaveProperty('events');
    sandbox.deleteServer(server);
    expect(at(await read('gateway', '2.84'), 'events.0')).toMatchObject({
      host: 'compute-1',
      details: expect.stringContaining('Share access could not be granted'),
    });
    expect(at(await read('gateway', '2.83'), 'events.0')).not.toHaveProperty('details');
    expect((await as('demo', '2.20').nova('GET', path)).status).toBe(404);
    expect((await as('other').nova('GET', path)).status).toBe(404);
  });
});

describe('locks of access rules', () => {
  const allow = (client: Client, more: object) =>
    client.manila('POST', `/shares/${share}/action`, {
      allow_access: { access_type: 'ip', access_to: '10.10.0.5', ...more },
    });
  const deny = (client: Client, id: string, more = {}) =>
    client.manila('POST', `/shares/${share}/action`, { deny_access: { access_id: id, ...more } });

  test('lock_deletion -> rule and share cannot be deleted; its user lifts it with unrestrict', async () => {
    const id = String(at((await allow(demo, { lock_deletion: true })).body, 'access.id'));
    expect((await deny(demo, id)).status).toBe(403);
    expect((await demo.manila('DELETE', `/shares/${share}`)).status).toBe(403);
    expect((await deny(demo, id, { unrestrict: true })).status).toBe(202);
    steps(3);
    expect(sandbox.locksOf(share)).toEqual([]);
    expect((await demo.manila('DELETE', `/shares/${share}`)).status).toBe(202);
  });

  test('lock_visibility by the gateway -> masked for the share’s project, and no filter finds it', async () => {
    await allow(as('gateway'), { lock_visibility: true });
    const list = async (query = '') =>
      at((await demo.manila('GET', `/share-access-rules?share_id=${share}${query}`)).body, 'access_list');
    expect(await list()).toMatchObject([{ access_to: '******', access_key: '******' }]);
    expect(await list('&access_type=ip&access_to=10.10.0.5')).toEqual([]);
  });

  test('placing the lock fails -> 400, and the rule exists', async () => {
    sandbox.failLocks(1);
    const reply = await allow(demo, { lock_deletion: true });
    expect([reply.status, messageOf(reply.body)]).toEqual([
      400,
      expect.stringContaining('Failed to lock the deletion'),
    ]);
    expect([states(), sandbox.locksOf(share)]).toEqual([['10.10.0.5 queued_to_apply'], []]);
  });

  test('below 2.82 -> locks are ignored', async () => {
    const old = clientOf(sandbox, sandbox.issueToken('demo'), { ...VERSIONS, manila: '2.81' });
    const reply = await allow(old, { lock_deletion: true });
    expect(reply.status).toBe(200);
    expect(sandbox.locksOf(share)).toEqual([]);
  });

  test('/resource-locks -> those of the project; all for administrators; a lock of an administrator is not lifted', async () => {
    await allow(as('gateway'), { lock_deletion: true });
    const list = async (client: Client, query: string) =>
      at((await client.manila('GET', `/resource-locks${query}`)).body, 'resource_locks') as { id: string }[];
    expect(await list(demo, '?all_projects=true')).toEqual([]);
    const [first] = await list(as('admin'), '?all_projects=true&resource_type=access_rule');
    expect(first).toMatchObject({ lock_context: 'admin', resource_action: 'delete' });
    expect((await demo.manila('DELETE', `/resource-locks/${first?.id}`)).status).toBe(404);
    expect((await as('admin').manila('DELETE', `/resource-locks/${first?.id}`)).status).toBe(204);
  });
});
