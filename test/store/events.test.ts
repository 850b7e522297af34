import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { AttachmentEvent } from '../../src/attachments/attachment.ts';
import { openEventStream } from '../../src/attachments/events.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createRedisStore } from '../../src/attachments/store/redis.ts';
import { connectRedis, type RedisConnections } from '../../src/redis/connect.ts';
import { anAttachment, anEvent } from '../support/attachments.ts';
import { type RedisServer, randomPrefix, startRedisServer } from '../support/redis.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
/** More than two pages of the log. */
const EVENTS = 450;

let directory: string;
let server: RedisServer;
let redis: RedisConnections;
let store: AttachmentStore;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'test-watch-'));
  server = await startRedisServer('--appendonly', 'yes', '--appendfsync', 'always', '--dir', directory);
  redis = connectRedis(server.url, log);
  await redis.ready();
  store = await createRedisStore({ redis, prefix: randomPrefix(), logLength: 10_000, log });
});
afterEach(async () => {
  server.resume();
  await store.close();
  await redis.close();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

const given = anAttachment();
const { projectId } = given;
const watch = (after: string) => openEventStream(store, projectId, { serverId: null, shareId: null, after });

/** Fills the log with this many events of one attachment. */
async function write(count: number): Promise<void> {
  const made = await store.create(given, anEvent('ATTACH_STARTED', given), null);
  if (made.outcome !== 'created') throw new Error(made.outcome);
  let now = made.attachment;
  for (let i = 1; i < count; i++) {
    const next = await store.commit(now, { dueInMs: null, event: anEvent('ATTACHED', now) });
    if (typeof next === 'string') throw new Error(next);
    now = next;
  }
}

async function take(events: AsyncIterator<AttachmentEvent>, count: number): Promise<number[]> {
  const versions: number[] = [];
  while (versions.length < count) versions.push((await events.next()).value.attachment.version);
  return versions;
}
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe.each(['down', 'hanging'])('Redis is %s while a listener replays the log', (how) => {
  const takeAway = async () => {
    if (how === 'hanging') return server.pause();
    await server.stop();
    await until(() =>
      store.ping().then(
        () => false,
        () => true,
      ),
    );
  };
  const bringBack = async () => (how === 'hanging' ? server.resume() : await server.start());

  test('the listener waits; Redis is back -> it receives each event once, in order, then new ones', async () => {
    await write(EVENTS);
    const events = await watch('0-0');
    const heard = await take(events, 150);
    await takeAway();
    const rest = take(events, EVENTS - 150);
    // the next page is requested, and refused at least once
    await store.ping().catch(() => undefined);
    await bringBack();
    expect([...heard, ...(await rest)]).toEqual(upTo(EVENTS));
    const last = await until(() => store.get(projectId, given.id).catch(() => null));
    await store.commit(last, { dueInMs: null, event: anEvent('DETACH_STARTED', last) });
    expect(await take(events, 1)).toEqual([EVENTS + 1]);
    await events.return?.();
  });

  test('the subscriber leaves meanwhile -> its iteration ends', async () => {
    await write(EVENTS);
    const events = await watch('0-0');
    await take(events, 200);
    await takeAway();
    const next = events.next();
    await store.ping().catch(() => undefined);
    await events.return?.();
    expect(await next).toEqual({ value: undefined, done: true });
  });
});

test('Redis is down when a listener subscribes -> STATE_UNAVAILABLE', async () => {
  await server.stop();
  await until(() =>
    store.ping().then(
      () => false,
      () => true,
    ),
  );
  await expect(watch('0-0')).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
});
