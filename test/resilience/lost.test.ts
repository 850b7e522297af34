import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { type Listener, listen } from '../support/listener.ts';
import {
  allAttached,
  allGranted,
  attach,
  codeOf,
  detach,
  expectEachOnce,
  granted,
  hear,
  listed,
  logOf,
  nthRuleChange,
  SOON,
  toEntry,
} from '../support/outage.ts';
import { type RedisServer, startRedisServer } from '../support/redis.ts';
import { until } from '../support/until.ts';

let directory: string;
let redis: RedisServer;
let gateway: TestGateway;
let listener: Listener;
/** Servers that a test started. */
let others: (() => Promise<void>)[];

beforeEach(async () => {
  others = [];
  directory = mkdtempSync(join(tmpdir(), 'test-aof-'));
  redis = await startRedisServer('--appendonly', 'yes', '--appendfsync', 'always', '--dir', directory);
  gateway = await startGateway({ env: { REDIS_URL: redis.url, ...SOON } });
  listener = listen(gateway, { after: '0-0' });
});
afterEach(async () => {
  for (const end of others) await end();
  await listener.close();
  await gateway.close();
  await redis.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** The error that the listener receives instead of its next event. */
const endOf = (one: Listener) =>
  one.next().then(
    ({ cursor }) => `event ${cursor}`,
    (error: unknown) => (error instanceof Error ? error.message : JSON.stringify(error)),
  );
const newShares = (count: number) => Array.from({ length: count }, () => gateway.sandbox.addShare().id);

async function attached(count: number): Promise<string[]> {
  const shares = newShares(count);
  for (const id of shares) {
    expect((await attach(gateway, id, { mountPoint: `/mnt/${id}`, accessLevel: 'READ_ONLY' })).errors).toBeUndefined();
    await listener.until('ATTACHED');
  }
  return shares;
}

describe('Redis with an append-only file', () => {
  test('killed while attachments run, and started again -> every accepted attachment exists, each event once, no listener is cut off', async () => {
    const [first = ''] = newShares(1);
    await attach(gateway, first);
    const before = (await listener.until('ATTACHED')).map(toEntry);
    const shares = newShares(12);
    const third = nthRuleChange(gateway, 3);
    const asking = Promise.all(shares.map((id) => attach(gateway, id)));
    await third;
    await redis.stop();
    const results = await asking;
    await redis.start();

    const accepted = shares.filter((_, i) => !results[i]?.errors);
    const refused = results.filter(({ errors }) => errors);
    expect(refused.map(codeOf)).toEqual(refused.map(() => 'STATE_UNAVAILABLE'));
    const now = await allGranted(gateway, [...shares, first]);
    expect(now).toEqual(expect.arrayContaining(accepted));
    const events = await logOf(gateway);
    expectEachOnce(events, now);
    expect(await hear(listener, events, before)).toBe('all');
  });
});

describe('Redis with a snapshot only', () => {
  test('started again from a snapshot older than the latest attachments -> the next response has them, from Manila', async () => {
    await redis.stop();
    const snapshots = await startRedisServer('--dir', directory, '--dbfilename', 'old.rdb');
    const other = await startGateway({ env: { REDIS_URL: snapshots.url, ...SOON }, sandbox: gateway.sandbox });
    others = [other.close, snapshots.stop];
    const [early = '', late = ''] = newShares(2);
    await attach(other, early, { mountPoint: '/mnt/early' });
    expect(await allAttached(other)).toEqual([early]);
    const outside = new Redis(snapshots.url);
    await outside.save();
    outside.disconnect();
    await attach(other, late, { mountPoint: '/mnt/late' });
    expect(await allAttached(other)).toHaveLength(2);
    await snapshots.stop();
    await snapshots.start();
    const nodes = await until(() => listed(other));
    expect(nodes.map(({ shareId, mountPoint, status }) => [shareId, mountPoint, status]).sort()).toEqual(
      [
        [early, '/mnt/early', 'ATTACHED'],
        [late, '/mnt/late', 'ATTACHED'],
      ].sort(),
    );
  });
});

describe.each(['down', 'hanging'])('Redis %s', (how) => {
  const takeAway = async () => (how === 'down' ? await redis.stop() : redis.pause());
  const bringBack = async () => (how === 'down' ? await redis.start() : redis.resume());

  test('reads answer without attachments; mutations are refused before a call upstream; listeners catch up', async () => {
    const [share = '', other = ''] = [...(await attached(1)), ...newShares(1)];
    await takeAway();
    gateway.sandbox.clearRequests();
    const [read, ...mutations] = await Promise.all([
      gateway.query('{ servers(first: 1) { nodes { name sharesAttached { id } } } }'),
      attach(gateway, other),
      detach(gateway, share),
    ]);
    expect(read.data.servers.nodes).toEqual([{ name: expect.any(String), sharesAttached: null }]);
    expect(codeOf(read)).toBe('STATE_UNAVAILABLE');
    expect(mutations.map(codeOf)).toEqual(['STATE_UNAVAILABLE', 'STATE_UNAVAILABLE']);
    const changes = gateway.sandbox.requests.filter(
      ({ service, method }) => service !== 'keystone' && method !== 'GET',
    );
    expect(changes).toEqual([]);

    await bringBack();
    expect(await until(() => listed(gateway))).toMatchObject([{ shareId: share, status: 'ATTACHED' }]);
    expect((await detach(gateway, share)).errors).toBeUndefined();
    const events = await listener.until('DETACHED');
    expect(events.map(({ type }) => type)).toEqual(['DETACH_STARTED', 'DETACHED']);
  });
});

describe('Redis flushed', () => {
  const flush = async () => {
    const outside = new Redis(redis.url);
    await outside.flushall();
    outside.disconnect();
  };

  test('the next response has every attachment again, as it was; a listener gets CURSOR_EXPIRED at the next event', async () => {
    const shares = await attached(3);
    const before = await listed(gateway);
    expect(before).toHaveLength(3);
    await flush();
    const byShare = (nodes: Awaited<ReturnType<typeof listed>>) =>
      [...(nodes ?? [])].sort((a, b) => (a.shareId < b.shareId ? -1 : 1));
    expect(byShare(await listed(gateway))).toEqual(byShare(before));
    expect((await detach(gateway, shares[0] ?? '')).errors).toBeUndefined();
    expect(await endOf(listener)).toContain('CURSOR_EXPIRED');
  });

  test('a listener resumes from an earlier cursor -> CURSOR_EXPIRED', async () => {
    const [share = ''] = newShares(1);
    await attach(gateway, share);
    const { cursor } = (await listener.until('ATTACHED')).at(-1) ?? {};
    await flush();
    const late = listen(gateway, { after: cursor ?? '' });
    expect(await endOf(late)).toContain('The event log no longer has');
    await late.close();
  });

  test('while a rule is applied -> ATTACHING again from the rule, then ATTACHED; one rule', async () => {
    gateway.sandbox.setAccessDelay(600_000);
    const [share = ''] = newShares(1);
    expect((await attach(gateway, share)).errors).toBeUndefined();
    await flush();
    expect(await listed(gateway)).toMatchObject([{ shareId: share, status: 'ATTACHING' }]);
    gateway.sandbox.setAccessDelay(0);
    gateway.sandbox.step();
    expect(await allAttached(gateway)).toEqual([share]);
    expect(granted(gateway, [share])).toEqual([share]);
  });
});
