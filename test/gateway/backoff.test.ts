import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Attachment, AttachmentStatus } from '../../src/attachments/attachment.ts';
import { reconcile } from '../../src/attachments/reconcile/reconcile.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { type Cloud, closeCloud, createCloud } from '../../src/openstack/cloud.ts';
import { createServiceAccount } from '../../src/openstack/keystone/service-account.ts';
import { DEMO, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { anAttachment } from '../support/attachments.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { passwordOf } from '../support/sweep.ts';
import { until } from '../support/until.ts';

const CHANGE = { service: 'manila', method: 'POST', path: /action$/ } as const;
const READ = { service: 'manila', method: 'GET', path: /share-access-rules/ } as const;

describe('a reconcile that keeps failing', () => {
  const log = pino({ level: 'silent' });
  let sandbox: Sandbox;
  let cloud: Cloud;

  beforeEach(async () => {
    sandbox = await startSandbox();
  });
  afterEach(async () => {
    await closeCloud(cloud);
    await sandbox.close();
  });

  /** Reconciles a record again and again, each time over a new connection to the cloud. */
  async function reconciledTimes(count: number, given: Partial<Attachment>, onResult: (i: number) => void = () => {}) {
    const store = createMemoryStore({ logLength: 10 });
    const projectId = DEMO.projectId;
    const targets = [{ accessTo: '10.10.0.9', ruleId: null, isOwned: true, state: null }];
    const now = new Date().toISOString();
    const record = anAttachment({
      projectId,
      shareId: DEMO.nfsShareId,
      targets,
      statusSince: now,
      updatedAt: now,
      ...given,
    });
    const created = await store.create(record, null, null);
    if (created.outcome !== 'created') throw new Error(created.outcome);
    const results: { requeueAfterMs: number | null; attachment: Attachment | null }[] = [];
    for (let i = 0; i < count; i++) {
      const settings = { authUrl: sandbox.authUrl, region: null, interface: 'public' as const, endpointOverrides: {} };
      if (cloud) await closeCloud(cloud);
      cloud = createCloud({ ...settings, timeoutMs: 10_000, connections: 8 });
      const session = await createServiceAccount(cloud, passwordOf('demo', 'demo'), log).session('req-1');
      const owner = randomUUID();
      const claimed = await store.claim(projectId, record.id, { owner, ms: 30_000 });
      if (typeof claimed === 'string') throw new Error(claimed);
      const { requeueAfterMs } = await reconcile(
        {
          ...{ store, session, owner, rights: { mayGrant: true, mayRevoke: true }, rethrowFinal: true },
          ...{ leaseEnds: performance.now() + 30_000, signal: new AbortController().signal, deadlineMs: 600_000 },
        },
        claimed,
      );
      results.push({ requeueAfterMs, attachment: await store.get(projectId, record.id) });
      onResult(i);
    }
    return results;
  }

  /** Whether each delay is in the window of the backoff: half to all of 500 ms, 1 s, 2 s, 4 s, then 5 s. */
  const expectBackoff = (delays: (number | null)[]) => {
    for (const [i, delay] of delays.entries()) {
      const most = Math.min(5000, 250 * 2 ** (i + 1));
      expect(delay).toBeGreaterThanOrEqual(most / 2);
      expect(delay).toBeLessThanOrEqual(most);
    }
  };

  test.each<[string, object, AttachmentStatus]>([
    ['500 to each allow_access', { ...CHANGE, kind: 'status', status: 500 }, 'attaching'],
    ['a proxy’s 502 page to each allow_access', { ...CHANGE, kind: 'html' }, 'attaching'],
    ['a reset at each allow_access', { ...CHANGE, kind: 'reset' }, 'attaching'],
    ['503 to each read of rules', { ...READ, kind: 'status' }, 'attaching'],
    ['500 to each deny_access', { ...CHANGE, kind: 'status', status: 500 }, 'detaching'],
  ])(
    'Manila sends %s, other calls succeed -> backs off, and the fault says what Manila sent',
    async (_what, fault, status) => {
      if (status === 'detaching') {
        const metadata = { managed_by: 'nova-manila-gateway' };
        sandbox.addRule(DEMO.nfsShareId, { accessType: 'ip', accessTo: '10.10.0.9', state: 'active', metadata });
      }
      sandbox.faults.add(fault as Parameters<Sandbox['faults']['add']>[0]);
      const results = await reconciledTimes(6, { status, isAccepted: status === 'detaching' });
      expectBackoff(results.map(({ requeueAfterMs }) => requeueAfterMs));
      expect(results[0]?.attachment?.fault).toBeNull();
      for (const { attachment } of results.slice(1)) {
        expect(attachment).toMatchObject({ status, fault: { code: 'UPSTREAM_FAILING', message: expect.any(String) } });
      }
    },
  );

  test('a change succeeds after three failures -> no fault, and the next failure starts at the beginning', async () => {
    const failing = { ...CHANGE, kind: 'status', status: 500 } as const;
    sandbox.setAccessDelay(600_000);
    const fault = sandbox.faults.add(failing);
    const results = await reconciledTimes(5, { status: 'attaching' }, (i) => {
      if (i === 2) fault.remove();
      if (i === 3) sandbox.faults.add({ ...READ, kind: 'status' });
    });
    expectBackoff(results.slice(0, 3).map(({ requeueAfterMs }) => requeueAfterMs));
    expect(results[3]?.attachment).toMatchObject({ status: 'attaching', failures: 0, fault: null });
    expectBackoff([results[4]?.requeueAfterMs ?? null]);
  });
});

describe('in a gateway', () => {
  let gateway: TestGateway;
  afterEach(() => gateway.close());
  const PAIR = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };
  const ATTACH = `mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }`;
  const SEE = `query ($serverId: ID!, $shareId: ID!) {
    shareAttachment(serverId: $serverId, shareId: $shareId) { status fault { code message } }
  }`;
  const see = async () => (await gateway.query(SEE, PAIR)).data.shareAttachment;

  test('each change fails -> the fault has Manila’s message while it lasts; it works again -> ATTACHED without a fault', async () => {
    gateway = await startGateway();
    const body = { computeFault: { code: 500, message: 'The database is on fire' } };
    const fault = gateway.sandbox.faults.add({ ...CHANGE, kind: 'status', status: 500, body });
    const { data, errors } = await gateway.query(ATTACH, { input: PAIR });
    expect(errors).toBeUndefined();
    expect(data.attachShare.attachment.status).toBe('ATTACHING');
    await until(async () => fault.hits >= 3 && (await see()).fault !== null);
    expect(await see()).toMatchObject({ status: 'ATTACHING', fault: { code: 'UPSTREAM_FAILING' } });
    expect((await see()).fault.message).toContain('500');
    fault.remove();
    await until(async () => (await see()).status === 'ATTACHED');
    expect((await see()).fault).toBeNull();
  });
});
