import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { pino } from 'pino';
import type { Attachment, AttachmentEvent } from '../../src/attachments/attachment.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createKeys } from '../../src/attachments/store/keys.ts';
import { createRedisStore } from '../../src/attachments/store/redis.ts';
import { GatewayError } from '../../src/errors.ts';
import { connectRedis, type RedisConnections } from '../../src/redis/connect.ts';
import { attachmentEvent, attachmentEvents } from '../support/attachment-records.ts';
import { anAttachment, anEvent } from '../support/attachments.ts';
import { type RedisServer, randomPrefix, startRedisServer } from '../support/redis.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
const LOG_LENGTH = 100;
const project = anAttachment().projectId;

/** One gateway's connections and store. */
interface Gateway {
  redis: RedisConnections;
  store: AttachmentStore;
}

let server: RedisServer;
let prefix: string;
let gateways: Gateway[];
/** A separate connection, to inspect and to break things. */
let outside: RedisConnections;

beforeAll(async () => {
  server = await startRedisServer();
  outside = connectRedis(server.url, log);
  await outside.ready();
});
afterAll(async () => {
  await outside.close();
  await server.stop();
});
beforeEach(() => {
  prefix = randomPrefix();
  gateways = [];
});
afterEach(async () => {
  for (const { redis, store } of gateways) {
    await store.close();
    await redis.close();
  }
});

async function openGateway(): Promise<Gateway> {
  const redis = connectRedis(server.url, log);
  const gateway = { redis, store: await createRedisStore({ redis, prefix, logLength: LOG_LENGTH, log }) };
  gateways.push(gateway);
  await redis.ready();
  return gateway;
}

/** The target of every attachment here. */
const TARGET = { accessType: 'ip', accessTo: '10.0.0.7' } as const;

async function created(store: AttachmentStore, given: Partial<Attachment> = {}): Promise<Attachment> {
  const result = await store.create(anAttachment(given), null, null);
  if (result.outcome !== 'created') throw new Error(result.outcome);
  return result.attachment;
}

async function appended(store: AttachmentStore, attachment: Attachment, count = 1): Promise<Attachment> {
  let last = attachment;
  for (let i = 0; i < count; i++) {
    const result = await store.commit(last, { dueInMs: null, event: anEvent('ATTACHED', last) });
    if (typeof result === 'string') throw new Error(result);
    last = result;
  }
  return last;
}

async function subscribeTo(store: AttachmentStore) {
  const events: AttachmentEvent[] = [];
  const lost: Error[] = [];
  const unsubscribe = await store.subscribe(
    project,
    (event) => void events.push(attachmentEvent(event)),
    (error) => void lost.push(error),
  );
  const versions = () => events.map(({ attachment }) => attachment.version);
  return { events, lost, unsubscribe, versions };
}

const subscriptions = async () => {
  const channel = createKeys(prefix).channel(project);
  const [, count] = (await outside.commands.pubsub('SHARDNUMSUB', channel)) as [string, number];
  return Number(count);
};
const killed = (type: 'pubsub' | 'normal') => outside.commands.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Every key with its bytes and its expiry. */
async function dump() {
  const keys = (await outside.commands.keys(`${prefix}*`)).sort();
  return Promise.all(
    keys.map(async (key) => [key, await outside.commands.dumpBuffer(key), await outside.commands.pexpiretime(key)]),
  );
}

describe('subscriptions', () => {
  test('two gateways on one Redis -> each receives the events of the other', async () => {
    const [one, two] = [await openGateway(), await openGateway()];
    const [subscribers, otherSubscribers] = [await subscribeTo(one.store), await subscribeTo(two.store)];
    const attachment = await appended(one.store, await created(two.store), 3);
    await appended(two.store, attachment, 3);
    await until(() => subscribers.events.length === 6 && otherSubscribers.events.length === 6);
    expect(subscribers.versions()).toEqual(range(2, 7));
    expect(otherSubscribers.events).toEqual(subscribers.events);
  });

  test('many subscribers of a project -> one Redis subscription per gateway; none when the last has left', async () => {
    const [one, two] = [await openGateway(), await openGateway()];
    const subscribers = await Promise.all(Array.from({ length: 10 }, () => subscribeTo(one.store)));
    expect(await subscriptions()).toBe(1);
    const otherSubscribers = await subscribeTo(two.store);
    expect(await subscriptions()).toBe(2);
    for (const { unsubscribe } of subscribers.slice(1)) await unsubscribe();
    expect(await subscriptions()).toBe(2);
    await subscribers[0]?.unsubscribe();
    await until(async () => (await subscriptions()) === 1);
    await otherSubscribers.unsubscribe();
    await until(async () => (await subscriptions()) === 0);
  });

  test('the last subscriber leaves while another joins -> the other receives events', async () => {
    const { store } = await openGateway();
    const attachment = await created(store);
    let subscribers = await subscribeTo(store);
    for (let i = 0; i < 20; i++) {
      const [next] = await Promise.all([subscribeTo(store), subscribers.unsubscribe()]);
      subscribers = next;
    }
    await appended(store, attachment, 2);
    await until(() => subscribers.events.length === 2);
    expect(await subscriptions()).toBe(1);
  });

  test('the subscription is killed while events are appended -> all are delivered, in order, once', async () => {
    const [one, two] = [await openGateway(), await openGateway()];
    let attachment = await created(two.store);
    const [subscribers, sameEars] = [await subscribeTo(one.store), await subscribeTo(one.store)];
    for (let round = 0; round < 5; round++) {
      await killed('pubsub');
      attachment = await appended(two.store, attachment, 7);
      // Some rounds begin before the previous round's connection is back, some after.
      if (round % 2) await until(async () => (await subscriptions()) === 1);
    }
    await until(() => subscribers.events.length >= 35 && sameEars.events.length >= 35);
    expect(subscribers.versions()).toEqual(range(2, 36));
    expect(sameEars.versions()).toEqual(range(2, 36));
    await until(async () => (await subscriptions()) === 1);
    await appended(two.store, attachment);
    await until(() => subscribers.events.length >= 36);
    expect(subscribers.versions()).toEqual(range(2, 37));
    expect(subscribers.lost).toEqual([]);
  });

  test('both connections are killed -> all events are delivered when they are back', async () => {
    const [one, two] = [await openGateway(), await openGateway()];
    const attachment = await created(two.store);
    const subscribers = await subscribeTo(one.store);
    await killed('pubsub');
    await killed('normal');
    await until(() =>
      two.store.ping().then(
        () => true,
        () => false,
      ),
    );
    await appended(two.store, attachment, 5);
    await until(() => subscribers.events.length >= 5);
    expect(subscribers.versions()).toEqual(range(2, 6));
  });

  test('a message is lost though the connection stands -> the next one reveals it, and it is read from the log', async () => {
    const { store } = await openGateway();
    const attachment = await created(store);
    const subscribers = await subscribeTo(store);
    const second = await appended(store, attachment);
    const unpublished = JSON.stringify(anEvent('ATTACHED', { ...second, version: 99 }));
    await outside.commands.xadd(createKeys(prefix).log(project), '*', 'event', unpublished);
    await appended(store, second);
    await until(() => subscribers.events.length === 3);
    expect(subscribers.versions()).toEqual([2, 99, 3]);
  });

  test('more is missing than the log keeps -> CURSOR_EXPIRED; a new subscription receives events again', async () => {
    const { store } = await openGateway();
    const attachment = await created(store);
    const subscribers = await subscribeTo(store);
    let last = await appended(store, attachment);
    await until(() => subscribers.events.length === 1);
    for (let i = 0; i < LOG_LENGTH; i++) {
      await outside.commands.xadd(
        createKeys(prefix).log(project),
        '*',
        'event',
        JSON.stringify(anEvent('ATTACHED', last)),
      );
    }
    last = await appended(store, last);
    await until(() => subscribers.lost.length === 1);
    expect(subscribers.lost[0]).toMatchObject({ code: 'CURSOR_EXPIRED' });
    expect(subscribers.events).toHaveLength(1);
    const newEars = await subscribeTo(store);
    await appended(store, last);
    await until(() => newEars.events.length === 1);
    expect(subscribers.events).toHaveLength(1);
    expect(await subscriptions()).toBe(1);
  });
});

describe('Redis unreachable', () => {
  async function everyMethod(store: AttachmentStore): Promise<unknown[]> {
    const attachment = anAttachment({ version: 1 });
    const { id } = attachment;
    const results = await Promise.allSettled([
      store.create(attachment, null, null),
      store.commit(attachment, { dueInMs: null }),
      store.remove(attachment, {}),
      store.claim(project, id, { owner: 'a', ms: 1000 }),
      store.release(project, id, 'a', null),
      store.due(10),
      store.get(project, id),
      store.listForServers(project, ['s']),
      store.listForShares(project, ['s']),
      store.list(project, { first: 1, after: null }),
      store.listForTargets(project, [{ shareId: 's', accessType: 'ip', accessTo: '10.0.0.7' }], 1),
      store.lockTarget(project, 't', 'a', 1000),
      store.unlockTarget(project, 't', 'a'),
      store.isRecovered(project),
      store.markRecovered(project),
      store.storeId(),
      store.lastCursor(project),
      store.readEvents(project, '0-0', 1),
      subscribeTo(store),
      store.ping(),
    ]);
    return results.map((result) => {
      if (result.status === 'fulfilled') return result.value;
      return result.reason instanceof GatewayError && result.reason.cause instanceof Error
        ? result.reason.code
        : result.reason;
    });
  }

  test('stopped -> every method rejects with STATE_UNAVAILABLE; started again empty -> every method works', async () => {
    const { store, redis } = await openGateway();
    const attachment = await created(store);
    await store.markRecovered(project);
    const subscribers = await subscribeTo(store);
    await appended(store, attachment);
    await until(() => subscribers.events.length === 1);

    await server.stop();
    await until(() => redis.commands.status !== 'ready' && (redis.subscriber as Redis).status !== 'ready');
    expect(new Set(await everyMethod(store))).toEqual(new Set(['STATE_UNAVAILABLE']));

    await server.start();
    await redis.ready();
    await outside.ready();
    expect(await store.isRecovered(project)).toBe(false);
    expect(await store.get(project, attachment.id)).toBeNull();
    await until(() => subscribers.lost.length === 1);
    expect(subscribers.lost[0]).toMatchObject({ code: 'CURSOR_EXPIRED' });
    expect(await everyMethod(store)).not.toContain('STATE_UNAVAILABLE');
  });

  test('down and up while a subscriber waits for the first event -> it is delivered', async () => {
    const { store, redis } = await openGateway();
    const subscribers = await subscribeTo(store);
    await server.stop();
    await until(() => redis.commands.status !== 'ready' && (redis.subscriber as Redis).status !== 'ready');
    await server.start();
    await redis.ready();
    await outside.ready();
    await appended(store, await created(store), 2);
    await until(() => subscribers.events.length === 2);
    expect(subscribers.versions()).toEqual([2, 3]);
    expect(subscribers.lost).toEqual([]);
  });

  test('ioredis has given up a connection -> it is opened again', async () => {
    const { store, redis } = await openGateway();
    const subscribers = await subscribeTo(store);
    for (const connection of [redis.commands, redis.subscriber as Redis]) {
      const ended = once(connection, 'end');
      connection.disconnect();
      await ended;
    }
    await redis.ready();
    await appended(store, await created(store), 2);
    await until(() => subscribers.events.length === 2);
    expect(subscribers.versions()).toEqual([2, 3]);
  });

  test('changes wait for a replica and there is none -> STATE_UNAVAILABLE for changes; reads work', async () => {
    const redis = connectRedis(server.url, log);
    const store = await createRedisStore({ redis, prefix, logLength: LOG_LENGTH, replicas: 1, log });
    gateways.push({ redis, store });
    await redis.ready();
    const given = anAttachment();
    await expect(store.create(given, null, null)).rejects.toMatchObject({
      code: 'STATE_UNAVAILABLE',
      message: expect.stringContaining('did not confirm'),
    });
    expect(await store.get(project, given.id)).toMatchObject({ version: 1 });
  });

  test('no Redis at the start -> the store opens, rejects, and works once Redis is up', async () => {
    await server.stop();
    const redis = connectRedis(server.url, log);
    const store = await createRedisStore({ redis, prefix, logLength: LOG_LENGTH, log });
    gateways.push({ redis, store });
    await expect(redis.ready(50)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    await expect(store.ping()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    await server.start();
    await redis.ready();
    await outside.ready();
    await created(store);
  });

  test('Redis accepts connections and hangs -> STATE_UNAVAILABLE', async () => {
    const stalled = await startRedisServer();
    const redis = connectRedis(stalled.url, log);
    const store = await createRedisStore({ redis, prefix, logLength: LOG_LENGTH, log });
    gateways.push({ redis, store });
    await redis.ready();
    await redis.commands.client('PAUSE', 600_000, 'ALL');
    expect(new Set(await everyMethod(store))).toEqual(new Set(['STATE_UNAVAILABLE']));
    await stalled.stop();
  });

  test('a wrong password -> STATE_UNAVAILABLE, and the password is in no log line and no error', async () => {
    const guarded = await startRedisServer('--requirepass', 'the-right-one');
    const lines: string[] = [];
    const toLines = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const redis = connectRedis(`redis://:the-wrong-one@127.0.0.1:${guarded.port}/0`, toLines);
    const error: GatewayError = await redis.ready(300).then(
      () => Promise.reject(new Error('expected a refusal')),
      (reason) => reason,
    );
    expect(error).toMatchObject({ code: 'STATE_UNAVAILABLE', message: expect.stringContaining('WRONGPASS') });
    toLines.error({ err: error }, 'as an operator would see it');
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join('')).not.toContain('the-wrong-one');
    await redis.close();
    await guarded.stop();
  });
});

describe('keys in Redis', () => {
  test('changes of every kind -> all keys have the prefix and their shard; after the removals only the log and the marks stay', async () => {
    const { store } = await openGateway();
    const made = await Promise.all(
      ['project-1', 'project-2', project].map(async (projectId) => {
        const given = anAttachment({ projectId, mountPoint: '/mnt/a' });
        await store.create(given, anEvent('ATTACH_STARTED', given), null, 0);
        return { ...given, version: 1 };
      }),
    );
    const keysNow = () => outside.commands.keys(`${prefix}*`);
    const kindsNow = async () =>
      [...new Set((await keysNow()).map((key) => /^test:[0-9a-f]+:\{p\d+\}:(\w+)/.exec(key)?.[1] ?? key))].sort();
    expect(await kindsNow()).toEqual(
      [
        ...['record', 'attachments', 'server', 'share', 'status', 'target', 'mounts', 'due', 'projects', 'indexed'],
        ...['log', 'news'],
      ].sort(),
    );
    for (const attachment of made) await store.remove(attachment, {});
    expect(await kindsNow()).toEqual(['indexed', 'log', 'news']);
  });

  test('every refusal of every script -> not one byte of any key changes', async () => {
    const { store } = await openGateway();
    const first = await store.create(anAttachment({ mountPoint: '/mnt/a' }), null, null, 0);
    if (first.outcome !== 'created') throw new Error(first.outcome);
    const held = await store.claim(project, first.attachment.id, { owner: 'a', ms: 60_000 });
    if (typeof held === 'string') throw new Error(held);
    await store.lockTarget(project, 't', 'a', 60_000);
    await appended(store, await created(store));
    const unknown = anAttachment({ version: 1 });
    const event = anEvent('ATTACHED', held);
    const intruder = anAttachment({ serverId: held.serverId, mountPoint: '/mnt/a' });

    const before = await dump();
    const lease = { owner: 'b', ms: 1000 };
    const answers = [
      await store.create(held, event, lease, 0).then(({ outcome }) => outcome),
      await store.create(intruder, event, lease, 0).then(({ outcome }) => outcome),
      await store.commit({ ...held, version: 1 }, { event, dueInMs: 0, owner: 'a' }),
      await store.commit(held, { event, dueInMs: 0, owner: 'b', keepLease: true }),
      await store.commit(unknown, { event, dueInMs: 0 }),
      await store.remove({ ...held, version: 1 }, { event, owner: 'a' }),
      await store.remove(held, { event, owner: 'b' }),
      await store.remove(unknown, { event }),
      await store.claim(project, held.id, lease),
      await store.claim(project, unknown.id, lease),
      await store.release(project, held.id, 'b', 0),
      await store.release(project, unknown.id, 'b', 0),
      await store.lockTarget(project, 't', 'b', 1),
      await store.unlockTarget(project, 't', 'b'),
      await store.readEvents(project, '1-1', 5),
    ];
    expect(answers).toEqual([
      ...['exists', 'mount_point_taken', 'stale', 'stale', 'gone', 'stale', 'stale', 'gone', 'held', 'gone'],
      ...[undefined, undefined, false, undefined, 'expired'],
    ]);
    expect(await dump()).toEqual(before);
  });

  test('more shards have due work than the limit, and none is done -> every shard gets its turn', async () => {
    const { store } = await openGateway();
    const projects = Array.from({ length: 20 }, (_, i) => `project-${i}`);
    for (const projectId of projects) await store.create(anAttachment({ projectId }), null, null, 0);
    const heard = new Set<string>();
    for (let i = 0; i < 256 / 5; i++) for (const { projectId } of await store.due(5)) heard.add(projectId);
    expect([...heard].sort()).toEqual(projects.sort());
  });

  test('Redis loses the scripts -> they are sent again', async () => {
    const { store } = await openGateway();
    const attachment = await created(store);
    await outside.commands.script('FLUSH');
    expect(await store.commit(attachment, { dueInMs: null })).toMatchObject({ version: 2 });
    expect(await store.list(project, { first: 1, after: null })).toMatchObject({ totalCount: 1 });
  });

  test('an index entry without a record -> skipped in every list', async () => {
    const { store } = await openGateway();
    const [lost, kept] = [await created(store), await created(store)];
    await outside.commands.del(createKeys(prefix).record(project, lost.id));
    expect((await store.list(project, { first: 10, after: null })).items.map(({ attachment }) => attachment)).toEqual([
      kept,
    ]);
    expect(await store.listForServers(project, [lost.serverId, kept.serverId])).toEqual([[], [kept]]);
  });

  test('an entry of a target without a record -> it takes no place of another', async () => {
    const { store } = await openGateway();
    const shareId = 'share-1';
    const [lost, kept] = [
      await created(store, { shareId, serverId: '1' }),
      await created(store, { shareId, serverId: '2' }),
    ];
    await outside.commands.del(createKeys(prefix).record(project, lost.id));
    expect(await store.listForTargets(project, [{ ...TARGET, shareId }], 1)).toEqual([[kept]]);
  });
});

describe('the cost of an attach', () => {
  /** The commands that Redis executed so far, also those of scripts, by name. */
  async function commandCounts() {
    const stats = await outside.commands.info('commandstats');
    const own = /^cmdstat_(?!info|config|client|ping)([\w|]+):calls=(\d+)/gm;
    return new Map([...stats.matchAll(own)].map(([, name = '', calls]) => [name, Number(calls)]));
  }

  test('the share has 10, or 1,500 attachments -> the same number of commands', async () => {
    const { store } = await openGateway();
    const shareId = 'share-1';
    const attach = async (i: number) => {
      const targets = [{ accessTo: `10.1.${i >> 8}.${i & 255}`, ruleId: null, isOwned: true, state: null }];
      const attachment = await created(store, { shareId, serverId: `server-${i}`, targets });
      await store.listForTargets(project, [{ shareId, accessType: 'ip', accessTo: targets[0]?.accessTo ?? '' }], 2);
      await store.commit({ ...attachment, status: 'attached' }, { dueInMs: null });
    };
    const costOf = async (i: number) => {
      const before = await commandCounts();
      await attach(i);
      const after = await commandCounts();
      return [...after]
        .map(([name, calls]) => [name, calls - (before.get(name) ?? 0)])
        .filter(([, calls]) => calls !== 0);
    };
    for (let i = 0; i < 10; i++) await attach(i);
    const first = await costOf(10);
    for (let i = 11; i < 1500; i += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, k) => attach(i + k)));
    }
    expect(await costOf(2000)).toEqual(first);
  });
});

describe('an entry of the log that cannot be read', () => {
  /** A version that this one does not know, or another program, wrote it. */
  async function spoil(entry: Record<string, string>): Promise<string> {
    const keys = createKeys(prefix);
    const [last] = await outside.commands.xrevrange(keys.log(project), '+', '-', 'COUNT', 1);
    const fields = Object.entries(entry).flat();
    const cursor = String(await outside.commands.xadd(keys.log(project), '*', ...fields));
    await outside.commands.spublish(keys.channel(project), `${cursor} ${last?.[0] ?? '0-0'} ${entry.event ?? ''}`);
    return cursor;
  }

  test.each([
    ['no JSON', { event: '{"type":' }],
    ['not an event', { event: 'null' }],
    ['another field', { other: '{}' }],
  ])('%s -> listeners get CURSOR_EXPIRED at once; a new one goes on behind it', async (_what, entry) => {
    const { store } = await openGateway();
    const attachment = await appended(store, await created(store), 2);
    const before = await store.lastCursor(project);
    const listener = await subscribeTo(store);
    const spoiled = await spoil(entry);
    await until(() => listener.lost.length === 1);
    expect(listener.lost[0]).toMatchObject({ code: 'CURSOR_EXPIRED' });
    const again = await subscribeTo(store);
    await appended(store, attachment);
    await until(() => again.events.length === 1);
    expect(await store.readEvents(project, '0-0', 10)).toHaveLength(2);
    expect(await store.readEvents(project, before, 10)).toBe('expired');
    expect(await store.readEvents(project, spoiled, 10)).toHaveLength(1);
    const { events, last } = await store.readAvailable(project, null, 10);
    expect(attachmentEvents(events).map(({ attachment: { version } }) => version)).toEqual([2, 3, 4]);
    expect(last).toBe(await store.lastCursor(project));
  });

  test('missed with a lost message, behind readable ones -> CURSOR_EXPIRED after those', async () => {
    const { store } = await openGateway();
    const attachment = await created(store);
    const listener = await subscribeTo(store);
    const log = createKeys(prefix).log(project);
    await appended(store, attachment, 1);
    await until(() => listener.events.length === 1);
    const [entry] = await outside.commands.xrevrange(log, '+', '-', 'COUNT', 1);
    await outside.commands.xadd(log, '*', 'event', String(entry?.[1][1]));
    await outside.commands.xadd(log, '*', 'event', 'broken');
    await outside.commands.spublish(createKeys(prefix).channel(project), `${Date.now() + 60_000}-0 8-8 {}`);
    await until(() => listener.lost.length === 1);
    expect(listener.events).toHaveLength(2);
  });
});

describe('Redis’ own words', () => {
  test('a script that Redis refuses -> the reason is in the log, not in the error for the client', async () => {
    const own = await startRedisServer('--maxmemory', '1', '--maxmemory-policy', 'noeviction');
    const lines: string[] = [];
    const toLines = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const redis = connectRedis(own.url, log);
    await redis.ready();
    const store = await createRedisStore({ redis, prefix, logLength: LOG_LENGTH, log: toLines });
    const error = await store.create(anAttachment(), null, null).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'STATE_UNAVAILABLE', message: 'The attachment store did not respond' });
    expect(error).toMatchObject({ cause: { message: expect.stringContaining('OOM') } });
    expect(lines.join('')).toContain('OOM');
    await redis.close();
    await own.stop();
  });
});

describe('the cloud of a store', () => {
  const open = async (cloud: string) => {
    const { redis } = await openGateway();
    return await createRedisStore({ redis, prefix, logLength: LOG_LENGTH, cloud, log });
  };

  test('the first binds it, the same again may use it, another learns whose it is; a bind that may not write binds nothing', async () => {
    const [one, same, other] = [await open('one'), await open('one'), await open('other')];
    expect(await other.bind(false)).toBeNull();
    expect(await one.bind()).toBeNull();
    expect(await same.bind()).toBeNull();
    expect(await other.bind()).toBe('one');
    expect(await other.bind(false)).toBe('one');
  });

  test('flushed, and taken by another cloud -> the first one’s running gateway neither works on nor recovers records', async () => {
    const [one, other] = [await open('one'), await open('other')];
    await one.bind();
    const { projectId } = await created(one);
    expect(await one.due(10)).toEqual([]);
    const keys = await outside.commands.keys(`${prefix}*`);
    for (const key of keys) await outside.commands.del(key);
    await other.bind();
    await expect(one.due(10)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    await expect(one.isRecovered(projectId)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    expect(await other.isRecovered(projectId)).toBe(false);
  });

  test('flushed -> the running gateway binds it again before it recovers', async () => {
    const [one, other] = [await open('one'), await open('other')];
    await one.bind();
    const keys = await outside.commands.keys(`${prefix}*`);
    for (const key of keys) await outside.commands.del(key);
    expect(await one.isRecovered(project)).toBe(false);
    expect(await other.bind()).toBe('one');
  });
});

describe('records written before there were indexes by status and by target', () => {
  /** Takes away what a version without these indexes would not have written. */
  async function forgetIndexes() {
    const { commands } = outside;
    const keys = await commands.keys(`${prefix}*`);
    const isNew = (key: string) => /\}:(status|target|indexed)/.test(key);
    for (const key of keys.filter(isNew)) await commands.del(key);
    for (const key of keys.filter((key) => key.includes('}:record:'))) await commands.hdel(key, 'targets');
  }

  test('250 of them -> each is found by its target and by its status; the next read builds nothing', async () => {
    const { store } = await openGateway();
    const shareId = 'share-1';
    const made = await Promise.all(
      Array.from({ length: 250 }, (_, i) => created(store, { shareId, serverId: `s${i}` })),
    );
    const [first] = made;
    if (!first) throw new Error('no record');
    await store.commit({ ...first, status: 'attached' }, { dueInMs: null });
    await forgetIndexes();
    const [found = []] = await store.listForTargets(project, [{ ...TARGET, shareId }], 1000);
    expect(found.map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
    const attached = await store.list(project, { first: 10, after: null, status: ['attached'] });
    expect(attached.items.map(({ attachment }) => attachment.id)).toEqual([first.id]);
    const before = await dump();
    await store.listForTargets(project, [{ ...TARGET, shareId }], 1);
    expect(await dump()).toEqual(before);
  });

  test('one is changed, one removed, one claimed before the indexes are built -> as they are now', async () => {
    const { store } = await openGateway();
    const shareId = 'share-1';
    const [changed, removed, held] = [
      await created(store, { shareId, serverId: '1' }),
      await created(store, { shareId, serverId: '2' }),
      await created(store, { shareId, serverId: '3' }),
    ];
    await forgetIndexes();
    await store.commit({ ...changed, status: 'detaching' }, { dueInMs: null });
    await store.remove(removed, {});
    await store.claim(project, held.id, { owner: 'a', ms: 60_000 });
    const [found = []] = await store.listForTargets(project, [{ ...TARGET, shareId }], 10);
    expect(found.map(({ id }) => id)).toEqual([held.id, changed.id]);
    const detaching = await store.list(project, { first: 10, after: null, status: ['detaching'] });
    expect(detaching.items.map(({ attachment }) => attachment.id)).toEqual([changed.id]);
  });

  test('records change while the indexes are built -> none is lost', async () => {
    const { store } = await openGateway();
    const shareId = 'share-1';
    const made = await Promise.all(
      Array.from({ length: 150 }, (_, i) => created(store, { shareId, serverId: `s${i}` })),
    );
    await forgetIndexes();
    const claims = made.map(({ id }) => store.claim(project, id, { owner: 'a', ms: 60_000 }));
    const [[found = []]] = await Promise.all([
      store.listForTargets(project, [{ ...TARGET, shareId }], 1000),
      ...claims,
    ]);
    expect(found).toHaveLength(150);
  });
});
