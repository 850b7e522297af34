import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Attachment } from '../../src/attachments/attachment.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { createRedisStore } from '../../src/attachments/store/redis.ts';
import { connectRedis, type RedisConnections } from '../../src/redis/connect.ts';
import { anAttachment } from '../support/attachments.ts';
import { randomPrefix, testRedisUrl } from '../support/redis.ts';

const log = pino({ level: 'silent' });

let redis: RedisConnections;
beforeAll(async () => {
  redis = connectRedis(testRedisUrl(), log);
  await redis.ready();
});
afterAll(() => redis.close());

const kinds: [string, () => Promise<AttachmentStore>][] = [
  ['memory', async () => createMemoryStore({ logLength: 10 })],
  ['redis', () => createRedisStore({ redis, prefix: randomPrefix(), logLength: 10, log })],
];

describe.each(kinds)('projects of the %s store', (_kind, open) => {
  const create = async (store: AttachmentStore, projectId: string): Promise<Attachment> => {
    const made = await store.create(anAttachment({ projectId }), null, null);
    if (made.outcome !== 'created') throw new Error(`expected created, got ${made.outcome}`);
    return made.attachment;
  };

  test('nothing attached -> none, also for a recovered project', async () => {
    const store = await open();
    await store.markRecovered('project-1');
    expect(await store.projects()).toEqual([]);
  });

  test('attachments in 300 projects, two in the first -> each project once', async () => {
    const store = await open();
    const projects = Array.from({ length: 300 }, (_, i) => `project-${i}`);
    await Promise.all([...projects, 'project-0'].map((projectId) => create(store, projectId)));
    expect((await store.projects()).sort()).toEqual(projects.sort());
  });

  test('the last attachment of a project is removed -> the project goes with it, not before', async () => {
    const store = await open();
    const [first, second, other] = await Promise.all([
      create(store, 'project-1'),
      create(store, 'project-1'),
      create(store, 'project-2'),
    ]);
    await store.remove(first, {});
    expect((await store.projects()).sort()).toEqual(['project-1', 'project-2']);
    await store.remove(second, {});
    expect(await store.projects()).toEqual([other.projectId]);
  });
});
