import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { attachmentId } from '../../src/attachments/attachment.ts';
import { createRecovery } from '../../src/attachments/recovery.ts';
import { MANAGED_BY } from '../../src/attachments/rule-metadata.ts';
import { signRule } from '../../src/attachments/rule-signature.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { type Cloud, closeCloud, createCloud } from '../../src/openstack/cloud.ts';
import { createServiceAccount } from '../../src/openstack/keystone/service-account.ts';
import type { Session } from '../../src/openstack/session.ts';
import { DEMO, type RuleState, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { attachmentEvents } from '../support/attachment-records.ts';
import { passwordOf } from '../support/sweep.ts';

const log = pino({ level: 'silent' });

let sandbox: Sandbox;
let cloud: Cloud;
let session: Session;
let store: AttachmentStore;

beforeEach(async () => {
  sandbox = await startSandbox();
  const settings = { authUrl: sandbox.authUrl, region: null, interface: 'public' as const, endpointOverrides: {} };
  cloud = createCloud({ ...settings, timeoutMs: 10_000, connections: 8 });
  session = await createServiceAccount(cloud, passwordOf('demo', 'demo'), log).session('req-1');
  store = createMemoryStore({ logLength: 100 });
});
afterEach(async () => {
  await closeCloud(cloud);
  await sandbox.close();
});

/** A managed rule without a record. */
function aRule(state: RuleState = 'active') {
  const share = sandbox.addShare();
  const id = attachmentId(DEMO.serverId, share.id);
  const metadata = { managed_by: MANAGED_BY, attachment_id: id, server_id: DEMO.serverId, mount_point: '/mnt/a' };
  const rule = sandbox.addRule(share.id, { accessType: 'ip', accessTo: '10.0.0.9', state, metadata });
  return { id, rule };
}
const rebuilt = (on: AttachmentStore) => createRecovery(on, log)(session, session.identity.projectId);
const events = async () => {
  const all = await store.readEvents(session.identity.projectId, '0-0', 100);
  return all === 'expired' ? all : attachmentEvents(all).map(({ type, attachment }) => `${attachment.id} ${type}`);
};

test.each([
  ['active', 'attached', 'ATTACHED'],
  ['applying', 'attaching', 'ATTACH_STARTED'],
  ['error', 'error_attaching', 'ATTACH_FAILED'],
  ['denying', 'detaching', 'DETACH_STARTED'],
] as const)('a rule that is %s and has no record -> %s, and listeners hear %s', async (state, status, type) => {
  sandbox.setAccessDelay(600_000);
  const { id } = aRule(state);
  await rebuilt(store);
  expect(await store.get(session.identity.projectId, id)).toMatchObject({ status, mountPoint: '/mnt/a' });
  expect(await events()).toEqual([`${id} ${type}`]);
});

test('a rule whose record exists -> the record is unchanged, and there is no event', async () => {
  const { id } = aRule();
  await rebuilt(store);
  const before = [await store.get(session.identity.projectId, id), await events()];
  const incomplete = { ...store, isRecovered: async () => false };
  await rebuilt(incomplete);
  expect([await store.get(session.identity.projectId, id), await events()]).toEqual(before);
});

test('detached while its share is read: the rule is gone, then the record -> no record returns', async () => {
  const { id, rule } = aRule();
  const detachedMeanwhile: AttachmentStore = {
    ...store,
    async get(projectId, asked) {
      sandbox.removeRule(rule.id);
      return await store.get(projectId, asked);
    },
  };
  await rebuilt(detachedMeanwhile);
  expect(await store.get(session.identity.projectId, id)).toBeNull();
  expect(await events()).toEqual([]);
});

test('detached while the response with its rules is on its way -> no record returns', async () => {
  const { id } = aRule();
  const { projectId } = session.identity;
  const detachedMeanwhile: AttachmentStore = {
    ...store,
    async create(record, event, ...more) {
      const passing = await store.create(record, event, null);
      if (passing.outcome !== 'created' || !event) throw new Error(passing.outcome);
      await store.remove(passing.attachment, { event: { ...event, type: 'DETACHED' } });
      return await store.create(record, event, ...more);
    },
  };
  await rebuilt(detachedMeanwhile);
  expect(await store.get(projectId, id)).toBeNull();
  expect(await events()).toEqual([`${id} ATTACHED`, `${id} DETACHED`]);
});

const KEY = 'k'.repeat(32);

/** The given metadata, signed with a key for a rule for 10.0.0.9 of a share. */
const signedWith = (key: string, shareId: string, metadata: Record<string, string>) => ({
  ...metadata,
  signature: signRule(key, { share_id: shareId, access_type: 'ip', access_to: '10.0.0.9' }, metadata),
});

/** Recovers the project after a rule with this metadata was written on a new share of it; returns its records. */
async function recoveredFrom(metadataOf: (shareId: string) => Record<string, string>, accessTo = '10.0.0.9') {
  store = createMemoryStore({ logLength: 100, signingKey: KEY });
  const share = sandbox.addShare();
  sandbox.addRule(share.id, { accessType: 'ip', accessTo, state: 'active', metadata: metadataOf(share.id) });
  await rebuilt(store);
  const own = await store.list(session.identity.projectId, { first: 10, after: null });
  return own.items.map(({ attachment }) => attachment.serverId);
}
const ownerOf = (serverId: string, shareId: string) => ({
  managed_by: MANAGED_BY,
  attachment_id: attachmentId(serverId, shareId),
  server_id: serverId,
});
const foreignServer = () => sandbox.addServer({ project: 'other' }).id;

test.each<[string, (shareId: string) => Record<string, string>]>([
  ['not signed, server of the project', (shareId) => ownerOf(DEMO.serverId, shareId)],
  ['signed with this key', (shareId) => signedWith(KEY, shareId, ownerOf(DEMO.serverId, shareId))],
  [
    'signed with another key, server of the project',
    (shareId) => signedWith('x', shareId, ownerOf(DEMO.serverId, shareId)),
  ],
])('metadata %s -> recovered', async (_what, metadataOf) => {
  expect(await recoveredFrom(metadataOf)).toEqual([DEMO.serverId]);
});

test.each<[string, (shareId: string) => Record<string, string>]>([
  ['not signed, server of another project', (shareId) => ownerOf(foreignServer(), shareId)],
  [
    'signed with another key, server of another project',
    (shareId) => signedWith('x', shareId, ownerOf(foreignServer(), shareId)),
  ],
  ['not signed, no such server', (shareId) => ownerOf(randomUUID(), shareId)],
  ['of another share', () => ownerOf(DEMO.serverId, DEMO.nfsShareId)],
  [
    'whose server is not the attachment’s',
    (shareId) => ({ ...ownerOf(DEMO.serverId, shareId), server_id: randomUUID() }),
  ],
  [
    'changed after it was signed',
    (shareId) => ({ ...signedWith(KEY, shareId, ownerOf(DEMO.serverId, shareId)), mount_point: '/etc' }),
  ],
  [
    'copied from the rule of another share',
    (shareId) => signedWith(KEY, DEMO.nfsShareId, ownerOf(DEMO.serverId, shareId)),
  ],
])('metadata %s -> no record', async (_what, metadataOf) => {
  expect(await recoveredFrom(metadataOf)).toEqual([]);
});

test('metadata copied from the rule of another target -> no record', async () => {
  expect(
    await recoveredFrom((shareId) => signedWith(KEY, shareId, ownerOf(DEMO.serverId, shareId)), '10.0.0.10'),
  ).toEqual([]);
});

test('a token to which Manila shows only its own project -> the other project is not taken for recovered', async () => {
  const other = await createServiceAccount(cloud, passwordOf('other', 'other'), log).session('req-1');
  const { id } = aRule();
  await createRecovery(store, log)(other, session.identity.projectId);
  expect(await store.isRecovered(session.identity.projectId)).toBe(false);
  await rebuilt(store);
  expect(await store.get(session.identity.projectId, id)).toMatchObject({ status: 'attached' });
});

test('the same, where the gateway has credentials of its own -> recovered with those', async () => {
  const other = await createServiceAccount(cloud, passwordOf('other', 'other'), log).session('req-1');
  const { id } = aRule();
  const account = createServiceAccount(cloud, passwordOf('gateway', 'service'), log);
  await createRecovery(store, log, account)(other, session.identity.projectId);
  expect(await store.get(session.identity.projectId, id)).toMatchObject({ status: 'attached' });
});

test('a share that was transferred to another project -> its attachment is filed under its server’s project', async () => {
  const account = createServiceAccount(cloud, passwordOf('gateway', 'service'), log);
  const other = await createServiceAccount(cloud, passwordOf('other', 'other'), log).session('req-1');
  const share = sandbox.addShare();
  const id = attachmentId(DEMO.serverId, share.id);
  const target = { share_id: share.id, access_type: 'ip', access_to: '10.0.0.9' };
  const metadata = { managed_by: MANAGED_BY, attachment_id: id, server_id: DEMO.serverId };
  const signature = signRule(await store.signingKey(), target, metadata);
  sandbox.addRule(share.id, { accessType: 'ip', accessTo: '10.0.0.9', metadata: { ...metadata, signature } });
  sandbox.updateShare(share.id, { projectId: other.identity.projectId });
  await createRecovery(store, log, account)(other, other.identity.projectId);
  expect(await store.get(other.identity.projectId, id)).toBeNull();
  expect(await store.get(session.identity.projectId, id)).toMatchObject({ projectId: session.identity.projectId });
});
