import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createKeys } from '../../src/attachments/store/keys.ts';
import { DEMO, startSandbox } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { type Listener, listen } from '../support/listener.ts';
import { randomPrefix } from '../support/redis.ts';
import { startRedisCluster, type TestCluster, type TestReplica } from '../support/redis-cluster.ts';
import { until } from '../support/until.ts';
import { told as asTold, attach, codeOf, granted, hear, logOf, nthRuleChange, SOON, seen, type Told } from './work.ts';

let cluster: TestCluster;
let replica: TestReplica;
let one: TestGateway;
let two: TestGateway;
let listener: Listener;
/** Attached before anything happens, so that the listener is live. */
let first: string;
let heard: Told[];
let ends: (() => Promise<void>)[];

beforeEach(async () => {
  cluster = await startRedisCluster();
  ends = [cluster.stop];
});
afterEach(async () => {
  for (const end of ends) await end();
});

/** Two gateways before one cloud; the master that has the project's records has a replica. */
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
  heard = (await listener.until('ATTACHED')).map(asTold);
}

interface Outcome {
  attached: string[];
  /** Refused to who asked; the gateway that found its record had no user's token, and may not grant. */
  failed: string[];
}

/** Attaches many shares over both gateways, with the master replaced meanwhile; gives how they ended. */
async function attachThrough(failOver: () => Promise<void>): Promise<Outcome> {
  const shares = Array.from({ length: 16 }, () => one.sandbox.addShare().id);
  const third = nthRuleChange(one, 3);
  const asking = Promise.all(shares.map((id, i) => attach(i % 2 ? one : two, id)));
  await third;
  const [answers] = await Promise.all([asking, failOver()]);
  const refused = shares.filter((_, i) => answers[i]?.errors);
  expect(new Set(answers.filter(({ errors }) => errors).map(codeOf))).toEqual(
    new Set(refused.length > 0 ? ['STATE_UNAVAILABLE'] : []),
  );

  // each gateway has found the new master when it attaches again
  const late = [one.sandbox.addShare().id, one.sandbox.addShare().id] as const;
  await until(async () => !(await attach(one, late[0])).errors);
  await until(async () => !(await attach(two, late[1])).errors);
  const nodes = await until(async () => {
    const now = await seen(two);
    return now?.every(({ status }) => status === 'ATTACHED' || status === 'ERROR_ATTACHING') ? now : null;
  });
  const those = (wanted: string) => nodes.flatMap(({ shareId, status }) => (status === wanted ? [shareId] : [])).sort();
  const [attached, failed] = [those('ATTACHED'), those('ERROR_ATTACHING')];
  const accepted = shares.filter((id) => !refused.includes(id));
  expect(attached).toEqual(expect.arrayContaining([...accepted, ...late, first]));
  expect(refused).toEqual(expect.arrayContaining(failed));
  expect(granted(one, [...shares, ...late, first]).sort()).toEqual(attached);
  return { attached, failed };
}

/** The shares whose attachments the log has this event of, each as often as it has. */
const told = (events: readonly Told[], type: string) =>
  events.flatMap(({ what }) => (what.endsWith(` ${type}`) ? [what.slice(0, -type.length - 1)] : [])).sort();

describe('a replica takes the place of a master of the cluster while attachments run', () => {
  test('they change places, changes count once the replica has them -> all settle, each event once, a listener hears all, or that it heard one too much', async () => {
    await begin(true);
    const { attached, failed } = await attachThrough(() => replica.changePlaces());
    const events = await logOf(two);
    expect(told(events, 'ATTACH_STARTED')).toEqual([...attached, ...failed].sort());
    expect(told(events, 'ATTACHED')).toEqual(attached);
    expect(told(events, 'ATTACH_FAILED')).toEqual(failed);
    expect(['all', 'CURSOR_EXPIRED']).toContain(await hear(listener, events, heard));
  });

  test('the master is killed -> what the replica lacks is read back from Manila and told as it is; no event comes twice', async () => {
    await begin(false);
    const { attached, failed } = await attachThrough(() => replica.succeed());
    const events = await logOf(two);
    expect(told(events, 'ATTACHED')).toEqual(attached);
    expect(told(events, 'ATTACH_FAILED')).toEqual(failed);
    const what = events.map((event) => event.what);
    expect(new Set(what).size).toBe(what.length);
    expect(['all', 'CURSOR_EXPIRED']).toContain(await hear(listener, events, heard));
  });
});
