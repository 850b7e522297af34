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

test('nothing has happened -> idle where the log stood, and nothing to give', async () => {
  const { store, append } = aLog();
  const cursor = await append();
  const { live } = await openEventStream(store, PROJECT, ALL);
  expect(await live.poll()).toBeNull();
  expect([live.isIdle(), live.cursor()]).toEqual([true, cursor]);
});

test('an event waits -> not idle until it is given', async () => {
  const { store, append } = aLog();
  const { live } = await openEventStream(store, PROJECT, ALL);
  const given = live.poll();
  const cursor = await append();
  expect(await given).toBeNull();
  expect(live.isIdle()).toBe(false);
  expect((await live.poll())?.cursor).toBe(cursor);
  expect([live.isIdle(), live.cursor()]).toEqual([true, cursor]);
});

test('a cursor in the log -> what is behind it is given without waiting, then idle', async () => {
  const { store, append } = aLog();
  const cursors = [await append(), await append(), await append()];
  const { live } = await openEventStream(store, PROJECT, { ...ALL, after: cursors[0] ?? '' });
  expect(live.isIdle()).toBe(false);
  expect([(await live.poll())?.cursor, (await live.poll())?.cursor]).toEqual(cursors.slice(1));
  expect(await live.poll()).toBeNull();
  expect(live.isIdle()).toBe(true);
});

test('an event that the filter leaves out -> not given, but behind the cursor', async () => {
  const { store, append } = aLog();
  const { live } = await openEventStream(store, PROJECT, { ...ALL, serverId: 'another' });
  const cursor = await append();
  expect(await live.poll()).toBeNull();
  expect([live.isIdle(), live.cursor()]).toEqual([true, cursor]);
});

test('more events than may wait -> not idle, and an error in words for each cursor', async () => {
  const { store, append } = aLog();
  const { live } = await openEventStream(store, PROJECT, ALL);
  for (let i = 0; i <= 1000; i++) await append();
  expect(live.isIdle()).toBe(false);
  expect(live.errorAt('7-0')?.message).toBe('Too slow: 1000 events wait. Subscribe again after 7-0');
  await expect(live.poll()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
});

test('another source -> not one of these', async () => {
  const { store } = aLog();
  const events = await openEventStream(store, PROJECT, ALL);
  expect(eventStreamOf(events)).toBe(events.live);
  expect(eventStreamOf((async function* () {})())).toBeNull();
});
