import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { startBundledGateway } from '../support/gateway-process.ts';
import { type Ledger, newPrefix, openLedger } from '../support/ledger.ts';
import { testRedisUrl } from '../support/redis.ts';
import { until } from '../support/until.ts';

const SERVERS = 20;
const ATTACH = `mutation ($input: AttachSharesInput!) {
  attachShares(input: $input) { outcomes { attachment { id } error { code message } } } }`;
const LIST = '{ shareAttachments(first: 200) { nodes { serverId shareId status accessRules { id } } } }';

interface Listed {
  serverId: string;
  shareId: string;
  status: string;
  accessRules: { id: string }[];
}

let sandbox: Sandbox;
let ledger: Ledger;
const prefix = newPrefix();
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 'empty', accessDelayMs: 25 });
  ledger = await openLedger(testRedisUrl(), prefix, sandbox.addServer().projectId);
});
afterAll(async () => {
  await ledger.close();
  await sandbox.close();
});

async function start() {
  const gateway = await startBundledGateway({
    LOG_LEVEL: 'silent',
    OS_AUTH_URL: sandbox.authUrl,
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: prefix,
  });
  const headers = { 'content-type': 'application/json', 'x-auth-token': sandbox.issueToken('demo') };
  const query = async (source: string, variables = {}) => {
    const body = JSON.stringify({ query: source, variables });
    const response = await fetch(gateway.graphiql, { method: 'POST', headers, body });
    // biome-ignore lint/suspicious/noExplicitAny: a response has the shape of its query
    return ((await response.json()) as { data: any }).data;
  };
  return { gateway, query };
}

test('killed in the middle of 40 pairs -> every grant has its record; repeated -> all attached, one rule each', async () => {
  const shares = [sandbox.addShare().id, sandbox.addShare().id];
  const pairs = Array.from({ length: SERVERS }, (_, i) => {
    const ports = [{ network: 'private', fixedIps: [`10.10.3.${i + 1}`] }];
    const serverId = sandbox.addServer({ ports }).id;
    return shares.map((shareId) => ({ serverId, shareId }));
  }).flat();
  const victim = await start();
  sandbox.faults.add({ service: 'manila', method: 'POST', kind: 'delay', delayMs: 20 });
  const response = victim.query(ATTACH, { input: { attachments: pairs } }).catch(() => 'none');
  const grants = () => sandbox.requests.filter(({ method, service }) => service === 'manila' && method === 'POST');
  await sandbox.waitUntil(() => grants().length >= SERVERS);
  await victim.gateway.kill();
  expect(await response).toBe('none');
  sandbox.faults.clear();
  await ledger.expireLeases();

  // also those that are not shown yet, as the gateway has not learned that Manila accepted their first call
  const recorded = new Set((await ledger.records()).map(({ id }) => id));
  const { gateway, query } = await start();
  const granted = shares.flatMap((shareId) =>
    sandbox.rulesOf(shareId).map(({ metadata }) => metadata.attachment_id ?? 'none'),
  );
  expect(granted.length).toBeGreaterThan(0);
  expect(granted.filter((id) => !recorded.has(id))).toEqual([]);

  const { outcomes } = (await query(ATTACH, { input: { attachments: pairs } })).attachShares;
  expect(outcomes.filter(({ error }: { error: unknown }) => error)).toEqual([]);
  let listed: Listed[] = [];
  await until(async () => {
    listed = (await query(LIST)).shareAttachments.nodes;
    return listed.every(({ status }) => status === 'ATTACHED');
  });
  const rules = shares.flatMap((shareId) => sandbox.rulesOf(shareId).map(({ id }) => id));
  expect(listed.map(({ serverId, shareId }) => `${serverId}:${shareId}`).sort()).toEqual(
    pairs.map(({ serverId, shareId }) => `${serverId}:${shareId}`).sort(),
  );
  expect(listed.flatMap(({ accessRules }) => accessRules.map(({ id }) => id)).sort()).toEqual(rules.sort());
  await gateway.stop();
});
