import { expect, test } from '@jest/globals';
import { eventStreamOf, openEventStream } from '../../src/attachments/events.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { anAttachment, anEvent } from '../support/attachments.ts';

const PROJECT = anAttachment().projectId;
const ALL = { serverId: null, shareId: null, after: null };

function aLog() {
  const store = createMemoryStore({ logLength: 2000 });
  return {
    store,
    async append() {
      const attachment = anAttachment();
      await store.create(attachment, anEvent('ATTACHED', attachment), null);
      return await store.lastCursor(PROJECT);
    },
  };
}

test('no event yet -> idle at the end of the log', async () => {
  const { store, append } = aLog();
  const cursor = await append();
  const { live } = await openEventStream(store, PROJECT, ALL);
  expect(await live.poll()).toBeNull();
  expect([live.isIdle(), live.cursor()]).toEqual([true, cursor]);
});

test('a buffered event -> not idle until it is delivered', async () => {
  const { store, append } = aLog();
  const { live } = await openEventStream(store, PROJECT, ALL);
  const given = live.poll();
  const cursor = await append();
  expect(await given).toBeNull();
  expect(live.isIdle()).toBe(false);
  expect((await live.poll())?.cursor).toBe(cursor);
  expect([live.isIdle(), live.cursor()]).toEqual([true, cursor]);
});

test('a cursor in the log -> the events after it are delivered without waiting, then idle', async () => {
  const { store, append } = aLog();
  const cursors = [await append(), await append(), await append()];
  const { live } = await openEventStream(store, PROJECT, { ...ALL, after: cursors[0] ?? '' });
  expect(live.isIdle()).toBe(false);
  expect([(await live.poll())?.cursor, (await live.poll())?.cursor]).toEqual(cursors.slice(1));
  expect(await live.poll()).toBeNull();
  expect(live.isIdle()).toBe(true);
});

test('a filtered event -> not delivered, but the cursor is after it', async () => {
  const { store, append } = aLog();
  const { live } = await openEventStream(store, PROJECT, { ...ALL, serverId: 'another' });
  const cursor = await append();
  expect(await live.poll()).toBeNull();
  expect([live.isIdle(), live.cursor()]).toEqual([true, cursor]);
});

test('more events than the buffer holds -> not idle, and an error worded for each cursor', async () => {
  const { store, append } = aLog();
  const { live } = await openEventStream(store, PROJECT, ALL);
  for (let i = 0; i <= 1000; i++) await append();
  expect(live.isIdle()).toBe(false);
  expect(live.errorAt('7-0')?.message).toBe('Too slow: 1000 events are waiting. Subscribe again after 7-0');
  await expect(live.poll()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
});

test('another source -> no event stream', async () => {
  const { store } = aLog();
  const events = await openEventStream(store, PROJECT, ALL);
  expect(eventStreamOf(events)).toBe(events.live);
  expect(eventStreamOf((async function* () {})())).toBeNull();
});
