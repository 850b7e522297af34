import { afterEach, describe, expect, test } from '@jest/globals';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { type Listener, listen } from '../support/listener.ts';
import {
  allAttached,
  attach,
  codeOf,
  expectEachOnce,
  granted,
  hear,
  type LogEntry,
  logOf,
  nthRuleChange,
  SOON,
  toEntry,
} from '../support/outage.ts';
import { startRedisSentinel, type TestSentinel } from '../support/redis-sentinel.ts';
import { until } from '../support/until.ts';

let redis: TestSentinel;
let one: TestGateway;
let two: TestGateway;
let listener: Listener;
/** Attached first, so that the listener is live. */
let first: string;
let heard: LogEntry[];

/** Two gateways on one cloud and a primary with this many replicas; each change waits for all of them, or for none. */
async function begin(replicas: number, isWaitedFor: boolean): Promise<void> {
  redis = await startRedisSentinel(replicas, isWaitedFor ? replicas : 0);
  const REDIS_WAIT_REPLICAS = String(isWaitedFor ? replicas : 0);
  const env = { REDIS_URL: redis.url, REDIS_WAIT_REPLICAS, ...SOON };
  one = await startGateway({ env });
  const { REDIS_PREFIX } = one.config;
  two = await startGateway({ env: { ...env, REDIS_PREFIX }, sandbox: one.sandbox });
  listener = listen(one, { after: '0-0' });
  first = one.sandbox.addShare().id;
  expect((await attach(two, first)).errors).toBeUndefined();
  heard = (await listener.until('ATTACHED')).map(toEntry);
}

afterEach(async () => {
  await listener.close();
  await two.close();
  await one.close();
  await redis.stop();
});

/** Attaches many shares over both gateways, with the primary replaced meanwhile; returns those accepted, once all are attached. */
async function attachThroughFailover(): Promise<string[]> {
  const shares = Array.from({ length: 16 }, () => one.sandbox.addShare().id);
  const third = nthRuleChange(one, 3);
  const asking = Promise.all(shares.map((id, i) => attach(i % 2 ? one : two, id)));
  await third;
  const [results] = await Promise.all([asking, redis.failOver()]);
  const refused = results.filter(({ errors }) => errors);
  expect(refused.map(codeOf)).toEqual(refused.map(() => 'STATE_UNAVAILABLE'));

  // each gateway has found the new primary when it attaches again
  const late = [one.sandbox.addShare().id, one.sandbox.addShare().id] as const;
  await until(async () => !(await attach(one, late[0])).errors);
  await until(async () => !(await attach(two, late[1])).errors);
  const all = await allAttached(two);
  expect(all).toEqual(expect.arrayContaining([...shares.filter((_, i) => !results[i]?.errors), ...late, first]));
  expect(granted(one, [...shares, ...late, first]).sort()).toEqual(all);
  return all;
}

describe('failover of the primary while attachments run', () => {
  test('changes wait for the replica -> all become attached, each event once, a listener receives all, or CURSOR_EXPIRED', async () => {
    await begin(1, true);
    const all = await attachThroughFailover();
    const events = await logOf(two);
    expectEachOnce(events, all);
    expect(['all', 'CURSOR_EXPIRED']).toContain(await hear(listener, events, heard));
  });

  test('changes do not wait -> attachments that the replica lacks are recovered from Manila with an event; no event comes twice', async () => {
    await begin(2, false);
    const all = await attachThroughFailover();
    const events = await logOf(two);
    const what = events.map((event) => event.what);
    expect(what.filter((one) => one.endsWith(' ATTACHED')).sort()).toEqual(all.map((id) => `${id} ATTACHED`));
    expect(new Set(what).size).toBe(what.length);
    expect(['all', 'CURSOR_EXPIRED']).toContain(await hear(listener, events, heard));
  });
});
