import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { attachmentId } from '../../src/attachments/attachment.ts';
import { createRecovery } from '../../src/attachments/recovery.ts';
import { MANAGED_BY } from '../../src/attachments/rule-metadata.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { type Cloud, closeCloud, createCloud } from '../../src/openstack/cloud.ts';
import { createServiceAccount } from '../../src/openstack/keystone/service-account.ts';
import type { Session } from '../../src/openstack/session.ts';
import { DEMO, type RuleState, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
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
  return all === 'expired' ? all : all.map(({ type, attachment }) => `${attachment.id} ${type}`);
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
