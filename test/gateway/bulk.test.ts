import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ERROR_CODES } from '../../src/errors.ts';
import { ErrorCode } from '../../src/graphql/generated.ts';
import { DEMO } from '../../src/sandbox/seed.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';

const OUTCOMES = 'outcomes { serverId shareId attachment { id status } error { code message service status } }';
const ATTACH = `mutation ($input: AttachSharesInput!) { attachShares(input: $input) { ${OUTCOMES} } }`;
const DETACH = `mutation ($input: DetachSharesInput!) { detachShares(input: $input) { ${OUTCOMES} } }`;
const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';

interface Pair {
  serverId: string;
  shareId: string;
}
interface Outcome extends Pair {
  attachment: { id: string; status: string } | null;
  error: { code: string; message: string; service: string | null; status: number | null } | null;
}

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ env: { REQUEST_TIMEOUT_MS: '20000' } });
});
afterEach(() => gateway.sandbox.faults.clear());
afterAll(() => gateway.close());

let addresses = 0;
function newServer(): string {
  const { id } = gateway.sandbox.addServer();
  addresses++;
  const ip = `10.9.${addresses >> 8}.${addresses & 255}`;
  gateway.sandbox.setServerAddresses(id, [{ network: 'private', fixedIps: [ip] }]);
  return id;
}

/** Pairs of the sandbox's cloud that nothing has attached. */
function newPairs(servers: number, shares: number): Pair[] {
  const serverIds = Array.from({ length: servers }, () => newServer());
  const shareIds = Array.from({ length: shares }, () => gateway.sandbox.addShare().id);
  return serverIds.flatMap((serverId) => shareIds.map((shareId) => ({ serverId, shareId })));
}

async function run(mutation: string, attachments: object[], on = gateway): Promise<Outcome[]> {
  const { data, errors } = await on.query(mutation, { input: { attachments } });
  if (errors) throw new Error(JSON.stringify(errors));
  return Object.values<{ outcomes: Outcome[] }>(data)[0]?.outcomes ?? [];
}

async function attached(pairs: readonly Pair[]): Promise<void> {
  const query = '{ shareAttachments(first: 200, filter: {status: [ATTACHED]}) { nodes { serverId shareId } } }';
  await until(async () => {
    const { data } = await gateway.query(query);
    const ids = new Set(data.shareAttachments.nodes.map((one: Pair) => `${one.serverId}:${one.shareId}`));
    return pairs.every((one) => ids.has(`${one.serverId}:${one.shareId}`));
  });
}

/** The calls since the requests were cleared, counted by what they are. */
function counted(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { service, method, path } of gateway.sandbox.requests) {
    const name = `${service} ${method} ${path.replace(/[0-9a-f-]{36}/g, '{id}')}`;
    if (service !== 'keystone') counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe('100 pairs of 50 servers and 2 shares', () => {
  let pairs: Pair[];

  test('attached -> one grant each; servers, shares and rules are read for all of them', async () => {
    pairs = newPairs(50, 2);
    await gateway.query('{ shareAttachments { totalCount } }');
    gateway.sandbox.setAccessDelay(3_600_000);
    gateway.sandbox.clearRequests();
    const outcomes = await run(ATTACH, pairs);
    const calls = counted();
    expect(outcomes.map(({ serverId, shareId }) => ({ serverId, shareId }))).toEqual(pairs);
    expect(outcomes.filter(({ error }) => error)).toEqual([]);
    expect(new Set(outcomes.map(({ attachment }) => attachment?.status))).toEqual(new Set(['ATTACHING']));
    const { 'manila GET /share-access-rules': polls = 0, 'nova GET /': _version, ...exactly } = calls;
    expect(exactly).toEqual({
      'nova GET /servers/detail': 1,
      'manila GET /shares/{id}': 2,
      'manila POST /shares/{id}/action': 100,
    });
    // one share's attachments are observed while those of the other are granted
    expect(polls).toBeLessThan(100);
  });

  test('Manila applies the rules -> all ATTACHED, with few calls for all of them', async () => {
    gateway.sandbox.clearRequests();
    gateway.sandbox.step();
    gateway.sandbox.setAccessDelay(20);
    gateway.sandbox.step();
    await attached(pairs);
    const calls = counted();
    expect(calls['nova GET /servers/{id}'] ?? 0).toBeLessThan(40);
    expect(Object.values(calls).reduce((sum, count) => sum + count, 0)).toBeLessThan(100);
    for (const shareId of new Set(pairs.map((one) => one.shareId))) {
      expect(new Set(gateway.sandbox.rulesOf(shareId).map(({ accessTo }) => accessTo)).size).toBe(50);
    }
  });

  test('attached again -> the same attachments, and no call that changes anything', async () => {
    gateway.sandbox.clearRequests();
    const outcomes = await run(ATTACH, pairs);
    expect(new Set(outcomes.map(({ attachment }) => attachment?.status))).toEqual(new Set(['ATTACHED']));
    expect(Object.keys(counted()).filter((call) => !call.includes(' GET '))).toEqual([]);
  });

  test('detached -> one denial each, none left; detached again -> NOT_FOUND each', async () => {
    gateway.sandbox.clearRequests();
    const outcomes = await run(DETACH, pairs);
    expect(outcomes.filter(({ error }) => error)).toEqual([]);
    await until(async () => {
      const { data } = await gateway.query('{ shareAttachments { totalCount } }');
      return data.shareAttachments.totalCount === 0;
    });
    const { 'manila POST /shares/{id}/action': denials, 'manila GET /share-access-rules': polls = 0 } = counted();
    expect(denials).toBe(100);
    expect(polls).toBeLessThan(100);
    expect(pairs.flatMap(({ shareId }) => gateway.sandbox.rulesOf(shareId))).toEqual([]);
    const again = await run(DETACH, pairs.slice(0, 3));
    expect(again.map(({ error }) => error?.code)).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']);
  });
});

describe('an outcome of its own', () => {
  test('unknown server, malformed id, another project’s share, taken mount point -> each its error, the others attach', async () => {
    const [one, two] = newPairs(2, 1) as [Pair, Pair];
    const [other] = newPairs(1, 1) as [Pair];
    const outcomes = await run(ATTACH, [
      { ...one, mountPoint: '/mnt/a' },
      { serverId: UNKNOWN_ID, shareId: one.shareId },
      { serverId: 'web-01', shareId: one.shareId },
      { ...two, shareId: DEMO.otherShareId },
      { ...two, accessTo: ['10.0.0.5/24'] },
      two,
      { ...one, shareId: other.shareId, mountPoint: '/mnt/b' },
    ]);
    expect(outcomes.map(({ error }) => error?.code ?? null)).toEqual([
      null,
      'NOT_FOUND',
      'BAD_USER_INPUT',
      'NOT_FOUND',
      'BAD_USER_INPUT',
      null,
      null,
    ]);
    expect(outcomes[2]).toMatchObject({ serverId: 'web-01', error: { message: expect.stringContaining('a UUID') } });
    await attached([one, two]);
  });

  test('the same pair twice -> one attachment; with other arguments -> CONFLICT', async () => {
    const [pair] = newPairs(1, 1) as [Pair];
    const outcomes = await run(ATTACH, [pair, pair, { ...pair, accessLevel: 'READ_ONLY' }]);
    expect(outcomes.map(({ error }) => error?.code ?? null)).toEqual([null, null, 'CONFLICT']);
    expect(gateway.sandbox.rulesOf(pair.shareId)).toHaveLength(1);
  });

  test('Manila refuses one grant -> its code, service and status; the other attaches', async () => {
    const pairs = newPairs(2, 1);
    const fault = { code: 403, message: 'Not today.' };
    const status = { service: 'manila', method: 'POST', kind: 'status', status: 403, times: 1 } as const;
    gateway.sandbox.faults.add({ ...status, body: { forbidden: fault } });
    const outcomes = await run(ATTACH, pairs);
    const failed = outcomes.filter(({ error }) => error);
    expect(failed).toMatchObject([{ error: { code: 'FORBIDDEN', service: 'manila', status: 403 } }]);
    expect(failed[0]?.error?.message).toContain('Not today.');
  });

  test('none, or more than 100 -> BAD_USER_INPUT', async () => {
    const [pair] = newPairs(1, 1) as [Pair];
    for (const attachments of [[], Array(101).fill(pair)]) {
      const { errors } = await gateway.query(ATTACH, { input: { attachments } });
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
  });

  test('Manila is too slow for all of them -> what was not begun says LIMIT_EXCEEDED, and has no record', async () => {
    const slow = await startGateway({
      sandbox: gateway.sandbox,
      store: 'memory',
      env: { REQUEST_TIMEOUT_MS: '2000', UPSTREAM_TIMEOUT_MS: '2000' },
    });
    const pairs = newPairs(40, 1);
    gateway.sandbox.faults.add({ service: 'manila', method: 'POST', kind: 'hang' });
    const outcomes = await run(ATTACH, pairs, slow);
    const notBegun = outcomes.filter(({ error }) => error?.code === 'LIMIT_EXCEEDED');
    const begun = outcomes.filter((one) => !notBegun.includes(one));
    const recorded = async () => {
      const { data } = await slow.query('{ shareAttachments(first: 200) { nodes { serverId } } }');
      return new Set(data.shareAttachments.nodes.map((one: Pair) => one.serverId));
    };
    // shown once Manila's answer to the grant is overdue: it may have taken effect
    await until(async () => {
      const shown = await recorded();
      return begun.every(({ serverId }) => shown.has(serverId));
    });
    const shown = await recorded();
    await slow.close();
    expect(notBegun.length).toBeGreaterThan(0);
    expect(begun.length).toBeGreaterThan(0);
    expect(notBegun.filter(({ serverId }) => shown.has(serverId))).toEqual([]);
  });

  test('the codes of errors -> those of the code, and UNKNOWN', () => {
    expect(Object.keys(ErrorCode).sort()).toEqual([...Object.keys(ERROR_CODES), 'UNKNOWN'].sort());
  });
});
