import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createKeys } from '../../../src/attachments/store/keys.ts';
import { DEMO, startSandbox } from '../../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { type Listener, listen } from '../../support/listener.ts';
import {
  attach,
  codeOf,
  granted,
  hear,
  type LogEntry,
  listed,
  logOf,
  nthRuleChange,
  SOON,
  toEntry,
} from '../../support/outage.ts';
import { randomPrefix } from '../../support/redis.ts';
import type { TestReplica } from '../../support/redis-cluster.ts';
import { until } from '../../support/until.ts';
import { cluster } from './cluster.ts';

let replica: TestReplica;
let one: TestGateway;
let two: TestGateway;
let listener: Listener;
/** Attached first, so that the listener is live. */
let first: string;
let heard: LogEntry[];
let ends: (() => Promise<void>)[];

/** Two gateways on one cloud; the master that has the project's records has a replica. */
async function begin(isWaitedFor: boolean): Promise<void> {
  const sandbox = await startSandbox({ accessDelayMs: 20 });
  ends.unshift(() => sandbox.close());
  const REDIS_PREFIX = randomPrefix();
  replica = await cluster.addReplica(
    createKeys(REDIS_PREFIX).projectIndex(sandbox.server(DEMO.serverId)?.projectId ?? ''),
  );
  const env = { REDIS_URL: cluster.url, REDIS_PREFIX, REDIS_WAIT_REPLICAS: isWaitedFor ? '1' : '0', ...SOON };
  one = await startGateway({ env, sandbox });
  two = await startGateway({ env, sandbox });
  listener = listen(one, { after: '0-0' });
  ends.unshift(listener.close, two.close, one.close);
  first = sandbox.addShare().id;
  expect((await attach(two, first)).errors).toBeUndefined();
  heard = (await listener.until('ATTACHED')).map(toEntry);
}

interface Outcome {
  attached: string[];
  /** Failed for the caller; the gateway that found the record had no user's token, and may not grant. */
  failed: string[];
}

/** Attaches many shares over both gateways, with the master replaced meanwhile; returns how they ended. */
async function attachThrough(failOver: () => Promise<void>): Promise<Outcome> {
  const shares = Array.from({ length: 16 }, () => one.sandbox.addShare().id);
  const third = nthRuleChange(one, 3);
  const asking = Promise.all(shares.map((id, i) => attach(i % 2 ? one : two, id)));
  await third;
  const [results] = await Promise.all([asking, failOver()]);
  const refused = shares.filter((_, i) => results[i]?.errors);
  expect(new Set(results.filter(({ errors }) => errors).map(codeOf))).toEqual(
    new Set(refused.length > 0 ? ['STATE_UNAVAILABLE'] : []),
  );

  // each gateway has found the new master when it attaches again
  const late = [one.sandbox.addShare().id, one.sandbox.addShare().id] as const;
  await until(async () => !(await attach(one, late[0])).errors);
  await until(async () => !(await attach(two, late[1])).errors);
  // an attachment whose request ended without an answer is listed when a gateway has learned that Manila accepted it
  const nodes = await until(async () => {
    const now = await listed(two);
    const isSettled = now?.every(({ status }) => status === 'ATTACHED' || status === 'ERROR_ATTACHING');
    const rules = granted(one, [...shares, ...late, first]).sort();
    return now && isSettled && String(withStatus(now, 'ATTACHED')) === String(rules) ? now : null;
  });
  const those = (expected: string) => withStatus(nodes, expected);
  const [attached, failed] = [those('ATTACHED'), those('ERROR_ATTACHING')];
  const accepted = shares.filter((id) => !refused.includes(id));
  expect(attached).toEqual(expect.arrayContaining([...accepted, ...late, first]));
  expect(refused).toEqual(expect.arrayContaining(failed));
  return { attached, failed };
}

const withStatus = (nodes: readonly { shareId: string; status: string }[], expected: string) =>
  nodes.flatMap(({ shareId, status }) => (status === expected ? [shareId] : [])).sort();

/** The shares of the events of this type, one per event. */
const sharesWith = (events: readonly LogEntry[], type: string) =>
  events.flatMap(({ what }) => (what.endsWith(` ${type}`) ? [what.slice(0, -type.length - 1)] : [])).sort();

describe('failover of a cluster master while attachments run', () => {
  beforeEach(() => {
    ends = [cluster.heal];
  });
  afterEach(async () => {
    for (const end of ends) await end();
  });

  test('a planned failover, changes wait for the replica -> all become attached, each event once, a listener receives all, or CURSOR_EXPIRED', async () => {
    await begin(true);
    const { attached, failed } = await attachThrough(() => replica.changePlaces());
    const events = await logOf(two);
    expect(sharesWith(events, 'ATTACH_STARTED')).toEqual([...attached, ...failed].sort());
    expect(sharesWith(events, 'ATTACHED')).toEqual(attached);
    expect(sharesWith(events, 'ATTACH_FAILED')).toEqual(failed);
    expect(['all', 'CURSOR_EXPIRED']).toContain(await hear(listener, events, heard));
  });

  test('the master is killed -> attachments that the replica lacks are recovered from Manila with an event; no event comes twice', async () => {
    await begin(false);
    const { attached, failed } = await attachThrough(() => replica.succeed());
    const events = await logOf(two);
    expect(sharesWith(events, 'ATTACHED')).toEqual(attached);
    expect(sharesWith(events, 'ATTACH_FAILED')).toEqual(failed);
    const what = events.map((event) => event.what);
    expect(new Set(what).size).toBe(what.length);
    expect(['all', 'CURSOR_EXPIRED']).toContain(await hear(listener, events, heard));
  });
});
