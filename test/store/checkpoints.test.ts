import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Attachment, EventType } from '../../src/attachments/attachment.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { createRedisStore } from '../../src/attachments/store/redis.ts';
import { connectRedis, type RedisConnections } from '../../src/redis/connect.ts';
import { attachmentEvents } from '../support/attachment-records.ts';
import { anAttachment, anEvent } from '../support/attachments.ts';
import { randomPrefix, testRedisUrl } from '../support/redis.ts';

/** Pending projects and the checkpoints of their logs, from which notifications continue. */

const log = pino({ level: 'silent' });
const LOG_LENGTH = 5;

let redis: RedisConnections;
beforeAll(async () => {
  redis = connectRedis(testRedisUrl(), log);
  await redis.ready();
});
afterAll(() => redis.close());

const kinds: [string, () => Promise<AttachmentStore>][] = [
  ['memory', async () => createMemoryStore({ logLength: LOG_LENGTH })],
  ['redis', () => createRedisStore({ redis, prefix: randomPrefix(), logLength: LOG_LENGTH, log })],
];

describe.each(kinds)('the %s store', (_kind, open) => {
  let store: AttachmentStore;
  const project = anAttachment().projectId;

  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  async function create(given: Partial<Attachment> = {}, type: EventType | null = 'ATTACH_STARTED') {
    const record = anAttachment(given);
    const made = await store.create(record, type && anEvent(type, record), null);
    if (made.outcome !== 'created') throw new Error(`expected created, got ${made.outcome}`);
    return made.attachment;
  }
  async function commit(record: Attachment): Promise<Attachment> {
    const next = await store.commit(record, { event: anEvent('ATTACHED', record), dueInMs: null });
    if (typeof next === 'string') throw new Error(`expected a record, got ${next}`);
    return next;
  }

  test('no event -> no pending project', async () => {
    expect(await store.pendingProjects(10)).toEqual([]);
    expect(await store.checkpoint(project)).toBeNull();
  });

  test('a change without an event -> not pending', async () => {
    await create({}, null);
    expect(await store.pendingProjects(10)).toEqual([]);
  });

  test.each([
    ['created', async (): Promise<unknown> => create()],
    ['committed', async () => commit(await create({}, null))],
    [
      'removed',
      async () => {
        const record = await create({}, null);
        return await store.remove(record, { event: anEvent('DETACHED', record, 'detached') });
      },
    ],
  ])('%s with an event -> its project is pending', async (_how, change) => {
    await change();
    expect(await store.pendingProjects(10)).toEqual([project]);
  });

  test('the checkpoint at the end of the log -> not pending; before it, or after another event -> pending', async () => {
    const record = await create();
    const first = await store.lastCursor(project);
    const next = await commit(record);
    await store.setCheckpoint(project, first);
    expect(await store.pendingProjects(10)).toEqual([project]);
    expect(await store.checkpoint(project)).toBe(first);

    await store.setCheckpoint(project, await store.lastCursor(project));
    expect(await store.pendingProjects(10)).toEqual([]);
    await store.remove(next, { event: anEvent('DETACHED', next, 'detached') });
    expect(await store.pendingProjects(10)).toEqual([project]);
  });

  test('many pending projects -> each once, and no more than the limit', async () => {
    const projects = Array.from({ length: 8 }, () => randomUUID().replaceAll('-', ''));
    for (const projectId of projects) await create({ projectId });
    expect((await store.pendingProjects(100)).sort()).toEqual([...projects].sort());
    expect(new Set(await store.pendingProjects(3)).size).toBe(3);
  });

  test('readBefore -> newest first in pages, and whether the log has dropped some', async () => {
    expect(await store.readBefore(project, null, 10)).toEqual({ events: [], last: null, isTruncated: false });
    let record = await create();
    for (let change = 1; change < LOG_LENGTH; change++) record = await commit(record);
    const all = (await store.readAvailable(project, null, 100)).events;
    expect((await store.readBefore(project, null, 1)).isTruncated).toBe(false);
    const newest = await store.readBefore(project, null, 3);
    expect(newest.events).toEqual(all.slice(-3).reverse());
    expect(newest.last).toBe(all.at(-3)?.cursor);
    const rest = await store.readBefore(project, newest.last, 100);
    expect(rest.events).toEqual(all.slice(0, -3).reverse());
    expect(await store.readBefore(project, rest.last, 10)).toMatchObject({ events: [], last: null });
    await commit(record);
    expect((await store.readBefore(project, null, 1)).isTruncated).toBe(true);
  });

  test('readAvailable -> the events after the cursor that the log has, also when it dropped some', async () => {
    expect(await store.readAvailable(project, null, 10)).toEqual({ events: [], last: null });
    let record = await create();
    for (let change = 0; change < 10; change++) record = await commit(record);
    expect(await store.readEvents(project, '0-0', 10)).toBe('expired');
    const { events, last } = await store.readAvailable(project, null, 3);
    expect(attachmentEvents(events).map((event) => event.attachment.version)).toEqual([7, 8, 9]);
    expect(events[0]).toMatchObject({ type: 'ATTACHED', cursor: expect.stringMatching(/^\d+-\d+$/) });
    expect(last).toBe(events[2]?.cursor);
    const rest = await store.readAvailable(project, last, 10);
    expect(attachmentEvents(rest.events).map((event) => event.attachment.version)).toEqual([10, 11]);
    expect(await store.readAvailable(project, rest.last, 10)).toEqual({ events: [], last: null });
  });
});
