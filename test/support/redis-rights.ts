import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { pino } from 'pino';
import { createRedisStore } from '../../src/attachments/store/redis.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { anAttachment, anEvent } from './attachments.ts';
import { randomPrefix } from './redis.ts';
import { until } from './until.ts';

const log = pino({ level: 'silent' });
/** The key prefix that the user may use. */
export const prefix = randomPrefix();

const [, user = '', forCluster = ''] =
  /```\nuser (gateway .*)\n(\+.*)\n```/.exec(readFileSync('docs/redis.md', 'utf8')) ?? [];
/** The user of docs/redis.md, as arguments of redis-server's `--user` and of `ACL SETUSER`. */
export const rights = user.replaceAll('nmg:', prefix).replace('>password', '>p@ss').split(' ');
/** What the user needs on a cluster besides. */
export const clusterRights = forCluster.split(' ');
/** A Redis URL with that user's name and password. */
export const asUser = (url: string) => url.replace('://', '://gateway:p%40ss@');

/** Sends every kind of command that the gateway sends; throws if one is not allowed. */
export async function useEverything(url: string, replicas: number): Promise<void> {
  const redis = connectRedis(url, log);
  try {
    await redis.ready();
    const store = await createRedisStore({ redis, prefix, logLength: 100, replicas, log });
    const given = anAttachment({ mountPoint: '/mnt/a' });
    const { projectId, id } = given;
    const heard: string[] = [];
    const unsubscribe = await store.subscribe(
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
    const target = { shareId: given.shareId, accessType: given.accessType, accessTo: given.targets[0]?.accessTo ?? '' };
    expect(await store.listForTargets(projectId, [target], 1)).toMatchObject([[{ id }]]);
    expect((await store.list(projectId, { first: 1, after: null, status: [committed.status] })).items).toHaveLength(1);
    expect(await store.readEvents(projectId, '0-0', 10)).toHaveLength(1);
    expect((await store.readAvailable(projectId, null, 10)).events).toHaveLength(1);
    await store.lockTarget(projectId, 't', 'b', 1000);
    await store.lockTarget(projectId, 't', 'c', 1000);
    expect(await store.remove(committed, {})).toBe('removed');
    await store.ping();
    await unsubscribe();
    await store.close();
  } finally {
    await redis.close();
  }
}
