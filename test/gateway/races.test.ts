import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Attachment, AttachmentEvent } from '../../src/attachments/attachment.ts';
import { DEMO, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { type GatewayResponse, startGateway, type TestGateway } from '../support/gateway.ts';
import { badEvents, type Ledger, openLedger, recordsWithoutRule, rulesWithoutRecord } from '../support/ledger.ts';
import { randomFrom, testSeed } from '../support/random.ts';
import { testRedisUrl } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** Two gateways on one Redis and one cloud, and concurrent calls. */

const ATTACH =
  'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status fault { message } } } }';
const DETACH =
  'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status fault { message } } } }';
const ACTION = { service: 'manila', method: 'POST', path: /action$/ } as const;

interface Pair {
  serverId: string;
  shareId: string;
}

let sandbox: Sandbox;
let gateways: TestGateway[];
let ledger: Ledger;
let token: string;

beforeEach(async () => {
  sandbox = await startSandbox({ accessDelayMs: 10 });
  const env = { REDIS_PREFIX: `test-${randomUUID()}:` };
  gateways = [await startGateway({ sandbox, env }), await startGateway({ sandbox, env })];
  token = sandbox.issueToken('demo');
  const { projectId } = sandbox.server(DEMO.serverId) ?? { projectId: '' };
  ledger = await openLedger(testRedisUrl(), env.REDIS_PREFIX, projectId);
});

afterEach(async () => {
  await ledger.close();
  for (const gateway of gateways) await gateway.close();
  await sandbox.close();
});

const ask = async (at: number, document: string, input: Pair & { accessTo?: string[] }): Promise<GatewayResponse> => {
  const gateway = gateways[at % gateways.length] as TestGateway;
  return await gateway.query(document, { input }, token);
};
const idOf = ({ serverId, shareId }: Pair) => `${serverId}:${shareId}`;
const codeOf = (response: GatewayResponse) => response.errors?.[0]?.extensions.code;
const statusOf = ({ data }: GatewayResponse) =>
  (data?.attachShare ?? data?.detachShare)?.attachment.status as string | undefined;
const oursOn = (shareId: string) => sandbox.rulesOf(shareId).filter((rule) => rule.metadata.managed_by);

/** The records once nothing is in progress. */
async function settled(): Promise<Attachment[]> {
  let records: Attachment[] = [];
  await until(async () => {
    records = await ledger.records();
    return records.every((record) => !['attaching', 'detaching'].includes(record.status));
  });
  return records;
}

async function expectOrder(shareIds: string[]): Promise<void> {
  const records = await ledger.records();
  expect(badEvents(await ledger.events(), records)).toEqual([]);
  expect(rulesWithoutRecord(sandbox, shareIds, records)).toEqual([]);
  expect(recordsWithoutRule(sandbox, records)).toEqual([]);
}

/** The statuses of a pair between `from` and `to` (ms, inclusive), according to the log. */
function statusesBetween(events: readonly AttachmentEvent[], id: string, from: number, to: number): Set<string> {
  const own = events.filter((event) => event.attachment.id === id);
  const at = (event: AttachmentEvent) => Number(event.cursor.split('-')[0]);
  const statuses = new Set(own.filter((event) => at(event) >= from && at(event) <= to).map((e) => e.attachment.status));
  return new Set([...statuses, own.findLast((event) => at(event) < from)?.attachment.status ?? 'detached']);
}

test('200 concurrent calls over four pairs and two gateways -> true responses, one rule a target, the last accepted request wins', async () => {
  const calls = 200;
  const shareIds = [sandbox.addShare().id, sandbox.addShare().id];
  const pairs = [DEMO.serverId, DEMO.twoNetworkServerId].flatMap((serverId) =>
    shareIds.map((shareId) => ({ serverId, shareId })),
  );
  const live = new Map<string, Set<string>>();
  let most = 0;
  sandbox.onRuleChange(({ rule, state }) => {
    const target = `${rule.shareId} ${rule.accessTo}`;
    const rules = live.get(target) ?? new Set<string>();
    live.set(target, state === null ? new Set([...rules].filter((id) => id !== rule.id)) : rules.add(rule.id));
    most = Math.max(most, live.get(target)?.size ?? 0);
  });

  const random = randomFrom(testSeed());
  const made = Array.from({ length: calls }, async (_, i) => {
    const pair = pairs[Math.floor(random() * pairs.length)] as Pair;
    const document = random() < 0.5 ? ATTACH : DETACH;
    const from = Date.now();
    const result = await ask(i, document, pair);
    return { pair, document, result, from, to: Date.now() };
  });
  const results = await Promise.all(made);
  const records = await settled();
  const events = await ledger.events();

  for (const { pair, document, result, from, to } of results) {
    const was = statusesBetween(events, idOf(pair), from, to);
    const status = statusOf(result)?.toLowerCase();
    if (status) {
      expect(document === ATTACH ? ['attaching', 'attached'] : ['detaching', 'detached']).toContain(status);
      expect(was).toContain(status);
    } else if (codeOf(result) === 'NOT_FOUND') {
      expect(document).toBe(DETACH);
      expect(was).toContain('detached');
    } else {
      expect(codeOf(result)).toBe('CONFLICT');
    }
  }
  expect(most).toBe(1);
  for (const pair of pairs) {
    const requests = events.filter((event) => event.attachment.id === idOf(pair) && event.type.endsWith('_STARTED'));
    const desired = requests.at(-1)?.type === 'ATTACH_STARTED' ? 'attached' : 'detached';
    expect(records.find((record) => record.id === idOf(pair))?.status ?? 'detached').toBe(desired);
  }
  await expectOrder(shareIds);
});

const SHARED = ['10.77.0.1'];
const one = () => ({ serverId: DEMO.serverId, shareId: DEMO.nfsShareId, accessTo: SHARED });
const two = () => ({ serverId: DEMO.twoNetworkServerId, shareId: DEMO.nfsShareId, accessTo: SHARED });
const idsOf = ({ serverId, shareId }: Pair) => ({ serverId, shareId });

test('two servers behind one address attach concurrently at two gateways, and detach concurrently -> one rule, then none', async () => {
  const made: string[] = [];
  sandbox.onRuleChange(({ rule, state }) => {
    if (state === 'queued_to_apply') made.push(rule.id);
  });
  const attached = await Promise.all([ask(0, ATTACH, one()), ask(1, ATTACH, two())]);
  expect(attached.map(codeOf)).toEqual([undefined, undefined]);
  expect((await settled()).map((record) => record.status)).toEqual(['attached', 'attached']);
  expect(made).toHaveLength(1);

  const detached = await Promise.all([ask(0, DETACH, idsOf(one())), ask(1, DETACH, idsOf(two()))]);
  expect(detached.map(codeOf)).toEqual([undefined, undefined]);
  expect(await settled()).toEqual([]);
  expect(oursOn(DEMO.nfsShareId)).toEqual([]);
  await expectOrder([DEMO.nfsShareId]);
});

test.each([
  ['before Manila hears of the denial', 'delay'],
  ['before the answer to the denial', 'lose_reply'],
] as const)(
  'one of two servers behind one address detaches, the other attaches %s -> attached with a rule',
  async (_, kind) => {
    await ask(0, ATTACH, one());
    await settled();
    sandbox.faults.add({ ...ACTION, times: 1, kind, delayMs: 300 });
    sandbox.clearRequests();
    const detaching = ask(0, DETACH, idsOf(one()));
    await sandbox.waitForRequest(({ method, path }) => method === 'POST' && path.endsWith('/action'));
    const attaching = ask(1, ATTACH, two());
    expect((await Promise.all([detaching, attaching])).map(codeOf)).toEqual([undefined, undefined]);
    const records = await settled();
    expect(records.map(({ serverId, status }) => ({ serverId, status }))).toEqual([
      { serverId: DEMO.twoNetworkServerId, status: 'attached' },
    ]);
    expect(oursOn(DEMO.nfsShareId)).toMatchObject([{ state: 'active', metadata: { attachment_id: records[0]?.id } }]);
    await expectOrder([DEMO.nfsShareId]);
  },
);

test('two servers behind one address take turns 20 times at two gateways -> the attached one has the rule', async () => {
  const [a, b] = [one(), two()];
  await ask(0, ATTACH, a);
  await settled();
  for (let round = 0; round < 20; round++) {
    const [from, to] = round % 2 === 0 ? [a, b] : [b, a];
    const results = await Promise.all([ask(round, DETACH, idsOf(from)), ask(round + 1, ATTACH, to)]);
    expect(results.map(codeOf)).toEqual([undefined, undefined]);
    const records = await settled();
    expect(records.map((record) => [record.serverId, record.status])).toEqual([[to.serverId, 'attached']]);
    expect(oursOn(DEMO.nfsShareId)).toMatchObject([{ state: 'active', metadata: { attachment_id: idOf(to) } }]);
  }
  await expectOrder([DEMO.nfsShareId]);
}, 60_000);

test('two servers behind one address, the second detaches while the first transfers the rule to it -> both detached, no rule', async () => {
  await ask(0, ATTACH, one());
  await ask(1, ATTACH, two());
  await settled();
  sandbox.faults.add({ service: 'manila', method: 'PUT', path: /metadata$/, times: 1, kind: 'delay', delayMs: 300 });
  sandbox.clearRequests();
  const first = ask(0, DETACH, idsOf(one()));
  await sandbox.waitForRequest(({ method }) => method === 'PUT');
  const second = ask(1, DETACH, idsOf(two()));
  expect((await Promise.all([first, second])).map(codeOf)).toEqual([undefined, undefined]);
  expect(await settled()).toEqual([]);
  expect(oursOn(DEMO.nfsShareId)).toEqual([]);
  await expectOrder([DEMO.nfsShareId]);
});

test('attach at one gateway right after detach at the other -> waits until the old rule is gone, then a new one', async () => {
  const pair = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };
  await ask(0, ATTACH, pair);
  await settled();
  const [old] = oursOn(pair.shareId);
  sandbox.setAccessDelay(150);
  expect(statusOf(await ask(0, DETACH, pair))).toBe('DETACHING');
  const again = await ask(1, ATTACH, pair);
  expect([codeOf(again), statusOf(again)]).toEqual([undefined, 'ATTACHING']);
  expect((await settled()).map((record) => record.status)).toEqual(['attached']);
  expect(oursOn(pair.shareId)).toMatchObject([{ state: 'active' }]);
  expect(oursOn(pair.shareId)[0]?.id).not.toBe(old?.id);
  await expectOrder([pair.shareId]);
});
