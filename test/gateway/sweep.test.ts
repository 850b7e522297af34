import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { pino } from 'pino';
import type { Attachment } from '../../src/attachments/attachment.ts';
import { createSweeper, withScanLock } from '../../src/attachments/drift/leader.ts';
import { reportTable, type SweepFinding, type SweepReport } from '../../src/attachments/drift/report.ts';
import { MANAGED_BY } from '../../src/attachments/rule-metadata.ts';
import { createServiceAccount } from '../../src/openstack/keystone/service-account.ts';
import { DEMO, type RecordedRequest } from '../../src/sandbox/index.ts';
import { anAttachment } from '../support/attachments.ts';
import { buildGateway } from '../support/build.ts';
import { startGateway } from '../support/gateway.ts';
import { hearingLog } from '../support/log.ts';
import { testRedisUrl } from '../support/redis.ts';
import { LONG_AGO, passwordOf, type SweepBench, startBench } from '../support/sweep.ts';
import { until } from '../support/until.ts';

const LONG_AGO_ISO = new Date(LONG_AGO).toISOString();

const silent = pino({ level: 'silent' });

let bench: SweepBench;
afterEach(() => bench.close());

/** The upstream calls of the sweep itself: neither authentication nor version discovery. */
const calls = () =>
  bench.sandbox.requests.filter(({ service, path }) => service !== 'keystone' && !['', '/'].includes(path));
const isServerList = ({ path }: RecordedRequest) => path === '/servers/detail';
const brief = ({ findings }: SweepReport) => findings.map(({ kind, outcome }) => `${kind} ${outcome}`).sort();
const statusOf = async ({ projectId, id }: Attachment) => (await bench.store.get(projectId, id))?.status ?? null;

describe('the cost of a scan', () => {
  const SERVERS = 1000;
  const SHARES = 500;
  /** scan.ts: lists of servers and of shares, rule lists, confirmations, reconciles. */
  const MOST = SERVERS / 200 + 1 + (1 + 1) + 200 + 200 + 3 * 100;

  test('1,000 attachments in 20 projects -> within the bound; much drifts at once -> each scan within it, and in the end all is found', async () => {
    bench = await startBench();
    const { sandbox } = bench;
    const shares = Array.from({ length: SHARES }, () => sandbox.addShare({ createdAt: LONG_AGO }).id);
    const attached: Attachment[] = [];
    for (let i = 0; i < SERVERS; i++) {
      const { record } = await bench.attached({ projectId: `project-${i % 20}`, shareId: shares[i % SHARES] ?? '' });
      attached.push(record);
    }
    expect((await bench.store.projects()).length).toBe(20);

    sandbox.clearRequests();
    const first = await bench.sweep();
    expect(first).toMatchObject({ isFull: true, servers: SERVERS, shares: SHARES, attachments: SERVERS, findings: [] });
    expect(calls().length).toBe(6 + 2 + 200 + 20);

    sandbox.clearRequests();
    expect(await bench.sweep()).toMatchObject({ isFull: false, servers: 0, findings: [] });
    // 50 servers are read in rotation: no list shows a change of their addresses
    expect(calls().length).toBe(1 + 2 + 200 + 20 + 50);

    for (const { serverId } of attached.slice(0, 300)) sandbox.deleteServer(serverId);
    for (const { targets } of attached.slice(300, 400)) sandbox.removeRule(targets[0]?.ruleId ?? '');
    const wrong = attached.slice(0, 400);
    const isFound = async (record: Attachment) => (await statusOf(record)) !== 'attached';
    let scans = 0;
    for (let missed = wrong; missed.length > 0 && scans < 20; scans++) {
      sandbox.clearRequests();
      await bench.sweep();
      expect(calls().length).toBeLessThanOrEqual(MOST);
      const found = await Promise.all(missed.map(isFound));
      missed = missed.filter((_, i) => !found[i]);
    }
    expect(scans).toBeLessThan(20);
    const statuses = new Set(await Promise.all(wrong.map(statusOf)));
    expect(statuses).toEqual(new Set(['detaching', 'error_attaching']));
    expect(new Set(await Promise.all(attached.slice(400).map(statusOf)))).toEqual(new Set(['attached']));
  });

  test('the budget is used up -> the report says so, and the next scan continues', async () => {
    bench = await startBench();
    const records: Attachment[] = [];
    for (let i = 0; i < 6; i++) records.push((await bench.attached()).record);
    await bench.sweep();
    for (const { serverId } of records) bench.sandbox.deleteServer(serverId);
    const found: number[] = [];
    for (let i = 0; i < 3; i++) {
      const report = await bench.sweep({ budget: { confirmations: 2 } });
      found.push(report.findings.length);
      if (i < 2) expect(report.unfinished.join()).toContain('servers to confirm');
    }
    expect(found).toEqual([2, 2, 2]);
  });
});

describe('more attachments than one scan reads', () => {
  test('each scan compares some and says so, in the end all are; nothing is concluded from records that were not read', async () => {
    bench = await startBench();
    const attached: Attachment[] = [];
    for (let i = 0; i < 5; i++) {
      const { record } = await bench.attached({ projectId: `project-${i < 4 ? 'a' : 'b'}` });
      attached.push(record);
    }
    const { accessTo = '' } = attached[4]?.targets[0] ?? {};
    bench.sandbox.addServer({ ports: [{ network: 'private', fixedIps: [accessTo] }] });
    const sweepSome = () => bench.sweep({ budget: { records: 2 } });
    const reports = [await sweepSome(), await sweepSome(), await sweepSome()];
    expect(reports.map(({ attachments, isFull }) => ({ attachments, isFull }))).toEqual([
      { attachments: 2, isFull: true },
      { attachments: 2, isFull: true },
      { attachments: 1, isFull: true },
    ]);
    for (const { unfinished, findings } of reports) {
      expect(unfinished).toEqual([expect.stringContaining('More attachments than one scan reads')]);
      expect(findings).toEqual([]);
    }
    for (const { serverId } of attached) bench.sandbox.deleteServer(serverId);
    const found = [await sweepSome(), await sweepSome(), await sweepSome()].map(({ findings }) => findings.length);
    expect(found).toEqual([2, 2, 1]);
    expect((await bench.sweep()).unfinished).toEqual([]);
  });
});

describe('which servers are read', () => {
  test('first scan -> all; then -> those changed since the last scan; every tenth -> all again', async () => {
    bench = await startBench();
    const { record } = await bench.attached();
    const before = Date.now();
    const reports: boolean[] = [];
    for (let i = 0; i < 11; i++) reports.push((await bench.sweep()).isFull);
    expect(reports.map((isFull, i) => (isFull ? i : null)).filter((i) => i !== null)).toEqual([0, 10]);
    const lists = bench.sandbox.requests.filter(isServerList);
    expect(lists.every(({ query }) => query.all_tenants === '1')).toBe(true);
    const since = lists.map(({ query }) => query['changes-since']);
    expect([since[0], since[10]]).toEqual([undefined, undefined]);
    // five minutes of overlap: clocks differ
    expect(Math.abs(Date.parse(String(since[1])) - (before - 300_000))).toBeLessThan(60_000);
    bench.sandbox.deleteServer(record.serverId);
    expect(brief(await bench.sweep())).toEqual(['SERVER_DELETED done']);
  });

  test('addresses change, which no list of changes shows -> servers with attachments are read in rotation', async () => {
    bench = await startBench();
    const attached: Attachment[] = [];
    for (let i = 0; i < 4; i++) attached.push((await bench.attached()).record);
    await bench.sweep();
    for (const { serverId } of attached) {
      bench.sandbox.setServerAddresses(serverId, [{ network: 'private', fixedIps: [`10.10.200.${attached.length}`] }]);
    }
    const found: string[][] = [];
    for (let i = 0; i < 3; i++) found.push(brief(await bench.sweep({ budget: { confirmations: 8 } })));
    expect(found).toEqual([Array(2).fill('ADDRESSES_CHANGED done'), Array(2).fill('ADDRESSES_CHANGED done'), []]);
    expect(bench.sandbox.requests.filter(isServerList).filter(({ query }) => !query['changes-since'])).toHaveLength(1);
  });

  test('Nova is down -> shares and rules are compared all the same, and the change is not missed later', async () => {
    bench = await startBench();
    const gone = (await bench.attached()).record;
    const broken = await bench.attached();
    await bench.sweep();
    bench.sandbox.down('nova');
    bench.sandbox.deleteServer(gone.serverId);
    bench.sandbox.setRuleState(broken.rule.id, 'error');
    const report = await bench.sweep();
    expect(report.unfinished[0]).toContain('Nova could not be reached for GET /servers/detail');
    expect(await statusOf(gone)).toBe('attached');
    bench.sandbox.up('nova');
    expect(brief(await bench.sweep())).toEqual(['RULE_ERROR done', 'SERVER_DELETED done']);
  });

  test('a server is listed as deleted, its GET still shows it for a moment -> nothing yet; then detached, listed or not', async () => {
    bench = await startBench();
    const { record } = await bench.attached();
    await bench.sweep();
    bench.sandbox.updateServer(record.serverId, { status: 'DELETED' });
    expect((await bench.sweep()).findings).toEqual([]);
    bench.sandbox.updateServer(record.serverId, { isCellDown: true });
    bench.sandbox.deleteServer(record.serverId);
    expect(brief(await bench.sweep())).toEqual(['SERVER_DELETED done']);
  });
});

/** One of each kind of drift. */
async function makeDrift() {
  const { sandbox } = bench;
  const fine = await bench.attached();
  const deleted = await bench.attached();
  sandbox.deleteServer(deleted.record.serverId);
  const shareless = await bench.attached();
  sandbox.deleteShare(shareless.record.shareId);
  const ruleless = await bench.attached();
  sandbox.removeRule(ruleless.rule.id);
  const failed = await bench.attached();
  sandbox.setRuleState(failed.rule.id, 'error');
  const moved = await bench.attached();
  sandbox.setServerAddresses(moved.record.serverId, [{ network: 'private', fixedIps: ['10.10.200.1'] }]);
  const thief = sandbox.addServer({ ports: [{ network: 'private', fixedIps: [moved.rule.accessTo] }] });
  const orphan = await bench.attached();
  await bench.store.remove(orphan.record, {});
  const orphanOfGone = await bench.attached();
  await bench.store.remove(orphanOfGone.record, {});
  sandbox.deleteServer(orphanOfGone.record.serverId);
  const foreign = sandbox.addRule(fine.record.shareId, {
    accessType: 'ip',
    accessTo: '10.10.200.9',
    createdAt: LONG_AGO,
  });
  const late = sandbox.addServer({ ports: [{ network: 'private', fixedIps: ['10.10.200.9'] }] });
  return { fine, deleted, shareless, ruleless, failed, moved, thief, orphan, orphanOfGone, foreign, late };
}

/** All keys and values of the store. */
async function everything() {
  const { commands } = bench.redis;
  const keys = (await commands.keys(`${bench.prefix}*`)).sort();
  const values = await Promise.all(keys.map((key) => commands.dumpBuffer(key)));
  return { keys, values: values.map((value) => value?.toString('hex')) };
}

describe('findings', () => {
  test('a dry run -> everything is listed, nothing is written to the store or the cloud', async () => {
    bench = await startBench();
    await makeDrift();
    const before = await everything();
    bench.sandbox.clearRequests();
    const report = await bench.sweep({ isDryRun: true });
    expect(brief(report)).toEqual([
      'ADDRESSES_CHANGED planned',
      'ADDRESS_OF_ANOTHER_SERVER manual',
      'ADDRESS_OF_ANOTHER_SERVER manual',
      'RULE_ERROR planned',
      'RULE_MISSING planned',
      'RULE_OF_DELETED_SERVER planned',
      'RULE_WITHOUT_ATTACHMENT manual',
      'SERVER_DELETED planned',
      'SHARE_DELETED planned',
    ]);
    expect(await everything()).toEqual(before);
    expect(calls().filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  test('a scan -> the same, done; foreign rules and intact attachments are untouched', async () => {
    bench = await startBench();
    const drift = await makeDrift();
    const report = await bench.sweep();
    expect(brief(report)).toEqual([
      'ADDRESSES_CHANGED done',
      'ADDRESS_OF_ANOTHER_SERVER manual',
      'ADDRESS_OF_ANOTHER_SERVER manual',
      'RULE_ERROR done',
      'RULE_MISSING done',
      'RULE_OF_DELETED_SERVER done',
      'RULE_WITHOUT_ATTACHMENT manual',
      'SERVER_DELETED done',
      'SHARE_DELETED done',
    ]);
    const find = (kind: string) => report.findings.filter((finding) => finding.kind === kind);
    expect(find('ADDRESS_OF_ANOTHER_SERVER').map(({ serverId, ruleId }) => ({ serverId, ruleId }))).toEqual(
      expect.arrayContaining([
        { serverId: drift.thief.id, ruleId: drift.moved.rule.id },
        { serverId: drift.late.id, ruleId: drift.foreign.id },
      ]),
    );
    expect(find('RULE_WITHOUT_ATTACHMENT')).toMatchObject([
      { ruleId: drift.orphan.rule.id, serverId: drift.orphan.record.serverId },
    ]);
    expect(await statusOf(drift.fine.record)).toBe('attached');
    expect(bench.sandbox.rulesOf(drift.fine.record.shareId)).toEqual([drift.fine.rule, drift.foreign]);
    await bench.sandbox.waitForRules(drift.orphanOfGone.record.shareId, (rules) => rules.length === 0);
  });

  test('all is well -> nothing found, nothing written', async () => {
    bench = await startBench();
    await bench.attached();
    const before = await everything();
    const report = await bench.sweep();
    expect(report).toMatchObject({ findings: [], unfinished: [] });
    expect(await everything()).toEqual(before);
  });

  test('a rule made by a gateway in a project that is not recovered yet -> no finding; recovered, without a record for it -> found', async () => {
    bench = await startBench();
    const server = bench.sandbox.addServer({ createdAt: LONG_AGO, ports: [] });
    const share = bench.sandbox.addShare({ createdAt: LONG_AGO });
    const attachment_id = `${server.id}:${share.id}`;
    const metadata = { managed_by: 'nova-manila-gateway', attachment_id, server_id: server.id };
    bench.sandbox.addRule(share.id, { accessType: 'ip', accessTo: '10.10.200.9', metadata });
    expect((await bench.sweep()).findings).toEqual([]);
    await bench.store.markRecovered(server.projectId);
    expect(brief(await bench.sweep())).toEqual(['RULE_WITHOUT_ATTACHMENT manual']);
  });

  test('a rule of a deleted server, and a server with its address attaches meanwhile -> the rule belongs to it now, and stays', async () => {
    bench = await startBench();
    const gone = await bench.attached();
    await bench.store.remove(gone.record, {});
    bench.sandbox.deleteServer(gone.record.serverId);
    const { shareId, projectId, targets } = gone.record;
    const newOwner = bench.sandbox.addServer({ ports: [] });
    const isRead = bench.sandbox.waitForRequest(({ path }) => path === `/share-access-rules/${gone.rule.id}`);
    const scan = bench.sweep();
    await isRead;
    const record = anAttachment({ serverId: newOwner.id, shareId, projectId, targets, status: 'attached' });
    await bench.store.create(record, null, null);
    expect(brief(await scan)).toEqual(['RULE_OF_DELETED_SERVER manual']);
    expect(bench.sandbox.rulesOf(shareId)).toEqual([gone.rule]);
  });

  test('a rule of a deleted server, and the youngest of 1,001 attachments of the share needs it now -> it stays', async () => {
    bench = await startBench();
    const gone = await bench.attached();
    await bench.store.remove(gone.record, {});
    bench.sandbox.deleteServer(gone.record.serverId);
    const { shareId, projectId, targets } = gone.record;
    const others = Array.from({ length: 1000 }, () =>
      anAttachment({ shareId, projectId, targets: [], createdAt: LONG_AGO_ISO }),
    );
    const holder = anAttachment({ shareId, projectId, targets, status: 'attached' });
    const lockTarget = bench.store.lockTarget.bind(bench.store);
    jest.spyOn(bench.store, 'lockTarget').mockImplementationOnce(async (...lock) => {
      await Promise.all([...others, holder].map((record) => bench.store.create(record, null, null)));
      return await lockTarget(...lock);
    });
    expect(brief(await bench.sweep())).toEqual(['RULE_OF_DELETED_SERVER manual']);
    expect(bench.sandbox.rulesOf(shareId)).toEqual([gone.rule]);
  });

  test('a rule of a deleted server that an attachment in another project needs -> it stays', async () => {
    bench = await startBench();
    const gone = await bench.attached();
    await bench.store.remove(gone.record, {});
    bench.sandbox.deleteServer(gone.record.serverId);
    const { shareId, targets } = gone.record;
    const foreign = bench.sandbox.addServer({ createdAt: LONG_AGO, ports: [] });
    const lockTarget = bench.store.lockTarget.bind(bench.store);
    const elsewhere = { serverId: foreign.id, shareId, projectId: 'another-project' };
    await bench.store.create(anAttachment({ ...elsewhere, targets: [], status: 'error_detaching' }), null, null);
    jest.spyOn(bench.store, 'lockTarget').mockImplementationOnce(async (...lock) => {
      const other = bench.sandbox.addServer({ createdAt: LONG_AGO, ports: [] });
      const record = anAttachment({ ...elsewhere, serverId: other.id, targets, status: 'attached' });
      await bench.store.create(record, null, null);
      return await lockTarget(...lock);
    });
    expect(brief(await bench.sweep())).toEqual(['RULE_OF_DELETED_SERVER manual']);
    expect(bench.sandbox.rulesOf(shareId)).toEqual([gone.rule]);
  });

  describe('a rule made by a gateway without a record, its server exists', () => {
    /** Adds a rule as Manila makes one after its attachment is removed. */
    async function late(given: { deployment?: string; createdAt?: number; accessTo?: string } = {}) {
      const { record, rule } = await bench.attached();
      const { deployment = await bench.store.storeId(), createdAt = LONG_AGO, accessTo = rule.accessTo } = given;
      bench.sandbox.removeRule(rule.id);
      const metadata = { ...rule.metadata, deployment };
      const orphan = bench.sandbox.addRule(record.shareId, { accessType: 'ip', accessTo, createdAt, metadata });
      return { record, orphan };
    }

    test('this store’s gateways made it, long ago -> its record is created again, detaching', async () => {
      bench = await startBench();
      const { record } = await late();
      await bench.store.remove(record, {});
      expect(brief(await bench.sweep({ isDryRun: true }))).toEqual(['RULE_WITHOUT_ATTACHMENT planned']);
      expect(brief(await bench.sweep())).toEqual(['RULE_WITHOUT_ATTACHMENT done']);
      expect(await bench.store.get(record.projectId, record.id)).toMatchObject({
        status: 'detaching',
        isAccepted: true,
      });
      expect(await bench.store.due(10)).toEqual([{ projectId: record.projectId, id: record.id }]);
      expect(await bench.store.readEvents(record.projectId, '0-0', 10)).toMatchObject([{ type: 'DETACH_STARTED' }]);
    });

    test.each([
      ['it is new: work on it may still be running', { createdAt: Date.now() }],
      ['gateways with another store made it', { deployment: 'theirs' }],
    ])('%s -> reported as manual, the rule stays', async (_why, given) => {
      bench = await startBench();
      const { record, orphan } = await late(given);
      await bench.store.remove(record, {});
      expect(brief(await bench.sweep())).toEqual(['RULE_WITHOUT_ATTACHMENT manual']);
      expect(bench.sandbox.rulesOf(record.shareId)).toEqual([orphan]);
      expect(await statusOf(record)).toBeNull();
    });

    test.each([
      ['a server of another project, not signed', {}],
      ['a server of another project, signed with another key', { signature: `v1:${'0'.repeat(16)}:forged` }],
      ['no attachment, only a reference', { attachment_id: 'none', server_id: 'none', attachment_ref: 'forged' }],
    ])('its metadata names %s -> manual, nothing is written into that project', async (_what, forged) => {
      bench = await startBench();
      const projectId = DEMO.otherProjectId;
      await bench.store.markRecovered(projectId);
      const server = bench.sandbox.addServer({ project: 'other', createdAt: LONG_AGO, ports: [] });
      const share = bench.sandbox.addShare({ project: 'demo' });
      const names = { attachment_id: `${server.id}:${share.id}`, server_id: server.id };
      const own = { managed_by: MANAGED_BY, ...names, store_id: await bench.store.storeId(), ...forged };
      const given = { accessType: 'ip', accessTo: '10.10.200.9', createdAt: LONG_AGO, metadata: own };
      const rule = bench.sandbox.addRule(share.id, given);
      expect(brief(await bench.sweep())).toEqual(['RULE_WITHOUT_ATTACHMENT manual']);
      expect(bench.sandbox.rulesOf(share.id)).toEqual([rule]);
      expect(await bench.store.list(projectId, { first: 10, after: null })).toMatchObject({ items: [], cursor: '0-0' });
    });

    test('its attachment has another address, and is held -> manual; is not held -> the rule is revoked, the attachment stays', async () => {
      bench = await startBench();
      const { record, rule } = await bench.attached();
      const metadata = { ...rule.metadata, deployment: await bench.store.storeId() };
      const old = { accessType: 'ip', accessTo: '10.10.200.9', createdAt: LONG_AGO, metadata };
      bench.sandbox.addRule(record.shareId, old);
      await bench.store.claim(record.projectId, record.id, { owner: 'another', ms: 60_000 });
      expect(brief(await bench.sweep())).toEqual(['RULE_WITHOUT_ATTACHMENT manual']);
      expect(bench.sandbox.rulesOf(record.shareId)).toHaveLength(2);
      await bench.store.release(record.projectId, record.id, 'another', null);
      expect(brief(await bench.sweep())).toEqual(['RULE_WITHOUT_ATTACHMENT done']);
      expect(await bench.sandbox.waitForRules(record.shareId, (rules) => rules.length === 1)).toEqual([rule]);
      expect(await statusOf(record)).toBe('attached');
      // no lease is left behind
      expect(await bench.store.claim(record.projectId, record.id, { owner: 'another', ms: 1 })).toBeInstanceOf(Object);
    });
  });

  test('a rule of a deleted server, and its target is locked -> manual; unlocked -> revoked', async () => {
    bench = await startBench();
    const { record, rule } = await bench.attached();
    await bench.store.remove(record, {});
    bench.sandbox.deleteServer(record.serverId);
    const lock = [record.projectId, `${record.shareId}:ip:${rule.accessTo}`, 'another'] as const;
    await bench.store.lockTarget(...lock, 60_000);
    expect(brief(await bench.sweep())).toEqual(['RULE_OF_DELETED_SERVER manual']);
    expect(bench.sandbox.rulesOf(record.shareId)).toEqual([rule]);
    await bench.store.unlockTarget(...lock);
    expect(brief(await bench.sweep())).toEqual(['RULE_OF_DELETED_SERVER done']);
    await bench.sandbox.waitForRules(record.shareId, (rules) => rules.length === 0);
  });

  test('the access of a deleted server cannot be revoked -> tried again after 2 scans, then 4, until it is', async () => {
    bench = await startBench();
    const { record } = await bench.attached();
    bench.sandbox.deleteServer(record.serverId);
    expect(brief(await bench.sweep())).toEqual(['SERVER_DELETED done']);
    /** Which of so many scans tried. */
    const tries = async (scans: number) => {
      const tried: number[] = [];
      for (let scan = 0; scan < scans; scan++) {
        const now = await bench.store.get(record.projectId, record.id);
        const fault = {
          code: 'DENY_FAILED' as const,
          message: 'Manila refused',
          at: LONG_AGO_ISO,
          openstackRequestId: null,
        };
        if (now?.status === 'detaching') {
          await bench.store.commit({ ...now, status: 'error_detaching', fault }, { dueInMs: null });
        }
        const report = await bench.sweep();
        expect(report.findings).toMatchObject([
          { kind: 'SERVER_DELETED', message: expect.stringContaining('Manila refused') },
        ]);
        if (report.findings[0]?.outcome === 'done') tried.push(scan);
      }
      return tried;
    };
    expect(await tries(16)).toEqual([0, 2, 6, 14]);
  });

  test('an attachment that is held -> skipped, found in the next scan', async () => {
    bench = await startBench();
    const { record, rule } = await bench.attached();
    bench.sandbox.removeRule(rule.id);
    await bench.store.claim(record.projectId, record.id, { owner: 'another', ms: 60_000 });
    expect((await bench.sweep()).findings).toEqual([]);
    await bench.store.release(record.projectId, record.id, 'another', null);
    expect(brief(await bench.sweep())).toEqual(['RULE_MISSING done']);
  });
});

describe('an address of another server', () => {
  const rule = async (accessTo: string, createdAt: number) => {
    const share = bench.sandbox.addShare({ createdAt: LONG_AGO });
    bench.sandbox.addRule(share.id, { accessType: 'ip', accessTo, createdAt });
    return share;
  };
  const server = (createdAt: number, address = '10.10.200.9') =>
    bench.sandbox.addServer({ createdAt, ports: [{ network: 'private', fixedIps: [address] }] });

  test.each([
    ['the server is younger than the rule -> found', '10.10.200.9', [1], 1],
    ['as an address with its prefix -> found', '10.10.200.9/32', [1], 1],
    ['the server is older than the rule -> nothing', '10.10.200.9', [-1], 0],
    ['one older, one younger server, as networks may overlap -> nothing', '10.10.200.9', [-1, 1], 0],
    ['a network -> nothing', '10.10.200.0/24', [1], 0],
    ['no server has it -> nothing', '10.10.200.10', [1], 0],
  ])('a foreign rule: %s', async (_what, accessTo, ages, found) => {
    bench = await startBench();
    await rule(accessTo, LONG_AGO);
    for (const age of ages) server(LONG_AGO + age * 1000);
    expect(brief(await bench.sweep())).toEqual(Array(found).fill('ADDRESS_OF_ANOTHER_SERVER manual'));
  });

  test('the server attached the share itself -> nothing', async () => {
    bench = await startBench();
    const share = await rule('10.10.200.9', LONG_AGO);
    const { id } = server(LONG_AGO + 1000);
    await bench.attached({ serverId: id, shareId: share.id, address: '10.10.200.9' });
    expect((await bench.sweep()).findings).toEqual([]);
  });

  test('the user gave that address for an attachment of another server -> nothing', async () => {
    bench = await startBench();
    server(LONG_AGO - 1000);
    const own = bench.sandbox.addServer({ createdAt: LONG_AGO, ports: [] });
    await bench.attached({ serverId: own.id, address: '10.10.200.9', requestedAccessTo: ['10.10.200.9'] });
    expect((await bench.sweep()).findings).toEqual([]);
  });

  test('the server lost the address since it was listed -> nothing', async () => {
    bench = await startBench();
    await rule('10.10.200.9', LONG_AGO);
    const { id } = server(LONG_AGO + 1000);
    bench.sandbox.waitForRequest(isServerList).then(() => bench.sandbox.setServerAddresses(id, []));
    const listed = bench.sandbox.waitForRequest(({ path }) => path === '/share-access-rules');
    const scan = bench.sweep();
    await listed;
    bench.sandbox.setServerAddresses(id, []);
    expect((await scan).findings).toEqual([]);
  });
});

describe('one leader', () => {
  test('two gateways -> one scans; it stops -> the other takes over', async () => {
    bench = await startBench();
    const logs = [hearingLog(), hearingLog()] as const;
    const env = { SWEEP_INTERVAL_MS: '20', REDIS_PREFIX: bench.prefix };
    const start = (log: (typeof logs)[number]) => startGateway({ sandbox: bench.sandbox, env, log: log.log });
    const gateways = await Promise.all([start(logs[0]), start(logs[1])]);
    const scans = logs.map(
      ({ lines }) =>
        () =>
          lines.filter(({ msg }) => msg === 'drift scan done').length,
    );
    try {
      await until(() => Math.max(...scans.map((count) => count())) >= 5);
      expect(Math.min(...scans.map((count) => count()))).toBe(0);
      const first = scans.findIndex((count) => count() > 0);
      await gateways[first]?.close();
      await until(() => (scans[1 - first]?.() ?? 0) >= 2);
    } finally {
      await Promise.all(gateways.map((gateway) => gateway.close()));
    }
  });

  test('a scan runs -> another does not begin; it ends, or fails -> the next may', async () => {
    bench = await startBench();
    const { signal: stop } = new AbortController();
    const lock = (owner: string) => ({ store: bench.store, owner, lockMs: 30_000, stop });
    const idle = async () => undefined;
    const nested: boolean[] = [];
    const first = await withScanLock(lock('one'), async () => {
      nested.push(await withScanLock(lock('two'), idle));
    });
    expect([first, ...nested]).toEqual([true, false]);
    const failing = withScanLock(lock('two'), () => Promise.reject(new Error('it failed')));
    await expect(failing).rejects.toThrow('it failed');
    expect(await withScanLock(lock('one'), idle)).toBe(true);
  });

  test('a service account that does not see every project -> logged once, nothing is listed', async () => {
    bench = await startBench();
    const { log, lines } = hearingLog();
    const account = createServiceAccount(bench.cloud, passwordOf('demo', 'demo'), silent);
    const sessions = jest.spyOn(account, 'session');
    const options = { store: bench.store, log, leaseMs: 30_000, deadlineMs: 600_000, enqueueAfter() {} };
    const sweeper = createSweeper({ ...options, account, intervalMs: 5, lockMs: 30_000 });
    sweeper.start();
    await until(() => sessions.mock.calls.length > 3);
    await sweeper.stop();
    expect(lines.filter(({ msg }) => String(msg).includes('lacks the role admin'))).toHaveLength(1);
    expect(calls()).toEqual([]);
  });

  test('the service account’s token is revoked -> a new one in the next scan; the leader stops -> another can scan at once', async () => {
    bench = await startBench();
    const { log, lines } = hearingLog();
    const options = { store: bench.store, log, leaseMs: 30_000, deadlineMs: 600_000, enqueueAfter() {} };
    const sweeper = createSweeper({ ...options, account: bench.account, intervalMs: 5, lockMs: 30_000 });
    const scans = () => lines.filter(({ msg }) => msg === 'drift scan done').length;
    sweeper.start();
    await until(() => scans() > 0);
    bench.sandbox.revokeToken((await bench.account.session('req-1')).token);
    await until(() => lines.some(({ msg }) => String(msg).includes('drift scan failed')));
    const before = scans();
    await until(() => scans() > before);
    await sweeper.stop();
    // without waiting for the time to live of the leadership
    expect(await bench.store.lockTarget('sweep', 'role', 'another', 1)).toBe(true);
  });
});

/** What `npm run sweep` starts once the gateway is built. */
const PROGRAM = 'dist/cli/sweep.js';

describe('npm run sweep', () => {
  beforeAll(buildGateway, 120_000);

  const settings = (user = 'gateway', project = 'service') => ({
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: bench.prefix,
    OS_AUTH_URL: bench.sandbox.authUrl,
    OS_USERNAME: user,
    OS_PASSWORD: 'secret',
    OS_PROJECT_NAME: project,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
  });

  const run = (args: string[], env?: Record<string, string>) => runWith([process.execPath, PROGRAM], args, env);

  async function runWith(command: string[], args: string[], env: Record<string, string> = settings()) {
    const { PATH = '' } = process.env;
    const [program = '', ...before] = command;
    const child = spawn(program, [...before, ...args], { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { out, err, status };
  }

  test('--dry-run -> a table of what it would do, status 2, nothing changed; then for real -> done, revoked, status 0', async () => {
    bench = await startBench();
    const { record } = await bench.attached();
    bench.sandbox.deleteServer(record.serverId);
    const dry = await runWith(['npm', 'run', '--silent', '--ignore-scripts', 'sweep', '--'], ['--dry-run']);
    expect(dry.status).toBe(2);
    expect(dry.out).toMatch(new RegExp(`^planned +SERVER_DELETED +\\S+ +${record.serverId} +${record.shareId}`, 'm'));
    expect(dry.out).toContain('Dry run, nothing was changed.');
    expect(await statusOf(record)).toBe('attached');

    const real = await run([]);
    expect(real).toMatchObject({ status: 0, err: '' });
    expect(real.out).toMatch(/^done +SERVER_DELETED/m);
    // it ends when the revocation has ended
    expect(await statusOf(record)).toBeNull();
    expect(bench.sandbox.rulesOf(record.shareId)).toEqual([]);
    expect(await run([])).toMatchObject({ status: 0, out: expect.stringMatching(/^Compared 0 attachments.*Found 0/) });
  });

  test('--json, something needs a manual decision -> the report as JSON, status 2', async () => {
    bench = await startBench();
    const { record, rule } = await bench.attached();
    await bench.store.remove(record, {});
    const { out, status } = await run(['--json']);
    expect(status).toBe(2);
    const report = JSON.parse(out) as SweepReport;
    expect(report.findings).toMatchObject([{ kind: 'RULE_WITHOUT_ATTACHMENT', outcome: 'manual', ruleId: rule.id }]);
    expect(bench.sandbox.rulesOf(record.shareId)).toEqual([rule]);
  });

  test('no settings -> each problem is named, status 1', async () => {
    bench = await startBench();
    const { err, status } = await run([], {});
    expect(status).toBe(1);
    expect(err).toContain('REDIS_URL: expected');
    expect(err).toContain('OS_CLOUD or OS_AUTH_URL: expected');
  });

  test.each([
    ['credentials without the role admin', [], () => settings('demo', 'demo'), /with the role admin/],
    ['wrong credentials', [], () => ({ ...settings(), OS_PASSWORD: 'wrong' }), /Keystone rejected/],
    ['an unknown option', ['--force'], settings, /Unknown option '--force'/],
  ] as const)('%s -> status 1 and why', async (_what, args, env, why) => {
    bench = await startBench();
    const { err, status, out } = await run([...args], env());
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err).toMatch(why);
  });

  test('--help -> usage and the exit statuses', async () => {
    bench = await startBench();
    const { out, status } = await run(['--help'], {});
    expect(status).toBe(0);
    expect(out).toContain('--dry-run');
    expect(out).toContain('Exit status: 0 nothing found');
  });
});

test('a report as a table -> a column per field, dashes for unknown values, a summary line', async () => {
  bench = await startBench();
  const finding: SweepFinding = {
    kind: 'RULE_MISSING',
    outcome: 'done',
    projectId: 'p',
    serverId: 'a-server',
    shareId: 'a-share',
    ruleId: null,
    accessTo: '10.0.0.5',
    message: 'The access rule is gone',
  };
  const report = { ...(await bench.sweep()), findings: [finding], unfinished: ['one thing'] };
  expect(reportTable(report).split('\n')).toEqual([
    'OUTCOME  WHAT          PROJECT  SERVER    SHARE    RULE  ACCESS TO  WHY',
    'done     RULE_MISSING  p        a-server  a-share  -     10.0.0.5   The access rule is gone',
    '',
    'Not compared: one thing',
    'Compared 0 attachments, 0 servers, 0 shares, the rules of 0 of them. Found 1: 1 done, 0 planned, 0 manual.',
  ]);
});
