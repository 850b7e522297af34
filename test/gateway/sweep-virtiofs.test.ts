import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Attachment } from '../../src/attachments/attachment.ts';
import { anAttachment } from '../support/attachments.ts';
import { LONG_AGO, type SweepBench, startBench } from '../support/sweep.ts';

/** What the sweep finds about attachments by virtiofs, and about the access rules that Nova makes for them. */

const HOST = 'compute-1';
const MINUTE = 60_000;

let bench: SweepBench;
let shareId: string;

beforeEach(async () => {
  bench = await startBench();
  shareId = bench.sandbox.addShare({ createdAt: LONG_AGO }).id;
});
afterEach(() => bench.close());

/** A record, and what Nova has attached for it. */
async function attached(): Promise<Attachment> {
  const { sandbox, store } = bench;
  const { id: serverId, projectId } = sandbox.addServer({ status: 'SHUTOFF', host: HOST, createdAt: LONG_AGO });
  await askNova('POST', serverId, '', { share: { share_id: shareId } });
  await sandbox.waitUntil(() => sandbox.mappingsOf(serverId)[0]?.status === 'inactive');
  const virtiofs = { tag: shareId, status: 'inactive', postedAt: null, openstackRequestId: null, observedAt: null };
  const fields: Partial<Attachment> = { serverId, shareId, projectId, targets: [], via: 'virtiofs', virtiofs };
  const created = await store.create(anAttachment({ ...fields, status: 'attached' }), null, null);
  if (created.outcome !== 'created') throw new Error(`expected created, got ${created.outcome}`);
  await store.markRecovered(projectId);
  return created.attachment;
}

async function askNova(method: string, serverId: string, path = '', body?: object): Promise<void> {
  const response = await fetch(`${bench.sandbox.url}/compute/v2.1/servers/${serverId}/shares${path}`, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      'x-auth-token': bench.sandbox.issueToken('demo'),
      'openstack-api-version': 'compute 2.97',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(await response.text());
}

/** Deletes the server while its host is down: Nova revokes nothing. The sweep removes the record. */
async function deletedWithItsRule(): Promise<Attachment> {
  const record = await attached();
  bench.sandbox.hostDown(HOST);
  bench.sandbox.deleteServer(record.serverId);
  const { findings } = await bench.sweep();
  expect(findings).toMatchObject([{ kind: 'SERVER_DELETED', outcome: 'done' }]);
  expect(await bench.store.get(record.projectId, record.id)).toBeNull();
  return record;
}

const pass = async ({ projectId, serverId }: Attachment, minutes: number) =>
  await bench.store.noteDeletedMapping({ projectId, serverId, shareId, at: Date.now() - minutes * MINUTE });
const kinds = async (options = {}) => (await bench.sweep(options)).findings.map(({ kind }) => kind);
const readsOfShares = () => bench.sandbox.requests.filter(({ path }) => path.endsWith('/shares'));

describe("Nova's access rule after its server was deleted", () => {
  test('there for five minutes -> nothing; then reported with its host, and left alone; gone -> forgotten', async () => {
    const record = await deletedWithItsRule();
    const [rule] = bench.sandbox.rulesOf(shareId);
    await pass(record, 4);
    expect(await kinds()).toEqual([]);
    await pass(record, 6);
    const { findings } = await bench.sweep();
    expect(findings).toMatchObject([
      {
        ...{ kind: 'NOVA_RULE_LEFT', outcome: 'manual', shareId, serverId: record.serverId },
        ...{ projectId: record.projectId, ruleId: rule?.id, accessTo: rule?.accessTo },
        message: expect.stringContaining('6 minutes ago'),
      },
    ]);
    expect(bench.sandbox.rulesOf(shareId)).toEqual([rule]);
    expect(await kinds({ isDryRun: true })).toEqual(['NOVA_RULE_LEFT']);
    bench.sandbox.removeRule(rule?.id ?? '');
    expect(await kinds()).toEqual([]);
    expect(await bench.store.deletedMappings()).toEqual([]);
  });

  test('Nova revokes it, as it should -> nothing is found, and the mapping is forgotten', async () => {
    const record = await attached();
    bench.sandbox.deleteServer(record.serverId);
    await bench.sweep();
    await bench.sandbox.waitForRules(shareId, (rules) => rules.length === 0);
    await pass(record, 6);
    expect(await kinds()).toEqual([]);
    expect(await bench.store.deletedMappings()).toEqual([]);
  });

  test('being revoked -> looked for again in the next scan', async () => {
    const record = await deletedWithItsRule();
    bench.sandbox.setRuleState(bench.sandbox.rulesOf(shareId)[0]?.id ?? '', 'denying');
    await pass(record, 6);
    expect(await kinds()).toEqual([]);
    expect(await bench.store.deletedMappings()).toHaveLength(1);
  });

  test('another server has the share attached by virtiofs -> nothing is found: it needs the rule', async () => {
    await attached();
    const record = await deletedWithItsRule();
    await pass(record, 6);
    expect(await kinds()).toEqual([]);
  });

  test("rules of others without Nova's locks -> nothing is found", async () => {
    const record = await deletedWithItsRule();
    bench.sandbox.removeRule(bench.sandbox.rulesOf(shareId)[0]?.id ?? '');
    bench.sandbox.addRule(shareId, { accessType: 'ip', accessTo: '10.0.0.5', isDeletionLocked: true });
    await pass(record, 6);
    expect(await kinds()).toEqual([]);
  });
});

describe('what Nova shows the service account (since 2026.1)', () => {
  beforeEach(() => bench.sandbox.letAdminsReadServerShares(true));

  test('detached by another client -> the attachment ends, with the reason', async () => {
    const { serverId, projectId, id } = await attached();
    expect(await kinds()).toEqual([]);
    await askNova('DELETE', serverId, `/${shareId}`);
    await bench.sandbox.waitUntil(() => bench.sandbox.mappingsOf(serverId).length === 0);
    expect((await bench.sweep({ isDryRun: true })).findings).toMatchObject([
      { kind: 'DETACHED_IN_NOVA', outcome: 'planned' },
    ]);
    expect(await bench.store.get(projectId, id)).not.toBeNull();
    expect((await bench.sweep()).findings).toMatchObject([{ kind: 'DETACHED_IN_NOVA', outcome: 'done', serverId }]);
    expect(await bench.store.get(projectId, id)).toBeNull();
    const events = await bench.store.readEvents(projectId, '0-0', 10);
    expect(events).toMatchObject([{ type: 'DETACHED', reason: 'DETACHED_IN_NOVA' }]);
  });

  test('the server runs by now -> the record says active, without an event', async () => {
    const { serverId, projectId, id } = await attached();
    const token = bench.sandbox.issueToken('demo');
    await fetch(`${bench.sandbox.url}/compute/v2.1/servers/${serverId}/action`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-auth-token': token },
      body: JSON.stringify({ 'os-start': null }),
    });
    await bench.sandbox.waitUntil(() => bench.sandbox.mappingsOf(serverId)[0]?.status === 'active');
    expect(await kinds()).toEqual(['CHANGED_IN_NOVA']);
    expect((await bench.store.get(projectId, id))?.virtiofs?.status).toBe('active');
    expect(await kinds()).toEqual([]);
  });
});

test('before 2026.1 Nova hides them -> one call of the scan says so, and nothing changes', async () => {
  const records = [await attached(), await attached()];
  bench.sandbox.clearRequests();
  expect(await kinds({ budget: { confirmations: 200 } })).toEqual([]);
  expect(readsOfShares().length).toBeLessThanOrEqual(2);
  for (const { projectId, id } of records) expect((await bench.store.get(projectId, id))?.status).toBe('attached');
});
