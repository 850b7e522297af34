import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createRedisStore } from '../../src/attachments/store/redis.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { anAttachment, anEvent } from '../support/attachments.ts';
import { randomPrefix, startRedisServer } from '../support/redis.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { startRedisSentinel } from '../support/redis-sentinel.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
const prefix = randomPrefix();

/** The user of docs/redis.md, as arguments of redis-server. */
const [, user = '', forCluster = ''] =
  /```\nuser (gateway .*)\n(\+.*)\n```/.exec(readFileSync('docs/redis.md', 'utf8')) ?? [];
const rights = user.replaceAll('nmg:', prefix).replace('>password', '>p@ss').split(' ');
const asUser = (url: string) => url.replace('://', '://gateway:p%40ss@');

let stop: () => Promise<void> = async () => {};
afterEach(() => stop());

/** Every kind of command that the gateway sends. */
async function everything(url: string, replicas: number): Promise<void> {
  const redis = connectRedis(url, log);
  try {
    await redis.ready();
    const store = await createRedisStore({ redis, prefix, logLength: 100, replicas, log });
    const given = anAttachment({ mountPoint: '/mnt/a' });
    const { projectId, id } = given;
    const heard: string[] = [];
    const unfollow = await store.subscribe(
      projectId,
      ({ type }) => void heard.push(type),
      () => undefined,
    );
    await store.create(given, anEvent('ATTACH_STARTED', given), null, 0);
    await until(() => heard.length === 1);
    const claimed = await store.claim(projectId, id, { owner: 'a', ms: 60_000 });
    if (typeof claimed === 'string') throw new Error(claimed);
    const committed = await store.commit(claimed, { dueInMs: 0, owner: 'a', keepLease: true });
    if (typeof committed === 'string') throw new Error(committed);
    await store.release(projectId, id, 'a', 0);
    expect(await store.lockTarget(projectId, 't', 'a', 1000)).toBe(true);
    await store.unlockTarget(projectId, 't', 'a');
    await store.markRecovered(projectId);
    expect(await store.storeId()).toBe(await store.storeId());
    expect(await store.isRecovered(projectId)).toBe(true);
    expect(await store.due(10)).toEqual([{ projectId, id }]);
    expect(await store.projects()).toEqual([projectId]);
    expect(await store.pendingProjects(10)).toEqual([projectId]);
    await store.setCheckpoint(projectId, await store.lastCursor(projectId));
    expect(await store.checkpoint(projectId)).toMatch(/-/);
    expect(await store.get(projectId, id)).toMatchObject({ id });
    expect((await store.list(projectId, { first: 1, after: null })).items).toHaveLength(1);
    expect(await store.listForServers(projectId, [given.serverId])).toMatchObject([[{ id }]]);
    expect(await store.readEvents(projectId, '0-0', 10)).toHaveLength(1);
    expect(await store.readEvents(projectId, null, 10)).toHaveLength(1);
    expect(await store.remove(committed, {})).toBe('removed');
    await store.ping();
    await unfollow();
    await store.close();
  } finally {
    await redis.close();
  }
}

test('a single Redis, as the user of docs/redis.md -> every command of the gateway is allowed, and keys outside its prefix are not', async () => {
  const server = await startRedisServer('--user', ...rights);
  stop = server.stop;
  await everything(asUser(server.url), 0);
  const redis = connectRedis(asUser(server.url), log);
  await redis.ready();
  await expect(redis.commands.get('other:key')).rejects.toThrow('NOPERM');
  await redis.close();
});

test('behind Sentinels with a separate password, waiting for a replica -> every command is allowed', async () => {
  const sentinel = await startRedisSentinel(1, 1, '--user', ...rights);
  stop = sentinel.stop;
  await everything(asUser(sentinel.url), 1);
});

test('a cluster -> every command is allowed, also while a slot migrates', async () => {
  const cluster = await startRedisCluster('--user', ...rights, ...forCluster.split(' '));
  stop = cluster.stop;
  await everything(asUser(cluster.url), 0);
  const key = `${prefix}{p1}:asked`;
  const redis = connectRedis(asUser(cluster.url), log);
  await redis.ready();
  await cluster.moveSlot(key, {
    between: async () => expect(await redis.commands.get(key)).toBeNull(),
  });
  await redis.close();
});
