import { createHook } from 'node:async_hooks';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createRedisStore } from '../../src/attachments/store/redis.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { anAttachment } from '../support/attachments.ts';
import { freePort, type RedisServer, randomPrefix, startRedisServer } from '../support/redis.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { startRedisSentinel } from '../support/redis-sentinel.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
const MOMENT_MS = 50;
const { projectId } = anAttachment();

/** Sockets and timers that the gateway opened since the test began and has not closed; jest has its own. */
const made = new Map<number, { hasRef?(): boolean; _idleTimeout?: number }>();
const hook = createHook({
  init(id, type, _trigger, resource) {
    if (!/^(TCPWRAP|Timeout)$/.test(type)) return;
    if (/node_modules\/ioredis|\/src\//.test(new Error().stack ?? '')) made.set(id, resource);
  },
  destroy: (id) => void made.delete(id),
});
beforeEach(() => {
  Error.stackTraceLimit = 30;
  made.clear();
  hook.enable();
});
afterEach(() => {
  hook.disable();
  Error.stackTraceLimit = 10;
});

/** Those that keep a process from ending. */
async function open(): Promise<string[]> {
  // a destroyed handle is reported one tick later
  await new Promise((resolve) => setImmediate(resolve));
  return [...made.values()]
    .filter(({ hasRef, _idleTimeout = 1000 }) => _idleTimeout >= MOMENT_MS && hasRef !== undefined)
    .filter((resource) => resource.hasRef?.())
    .map((resource) => resource.constructor.name);
}

/** A gateway's connections in use: subscribed to a project, with a command sent. */
async function begin(url: string) {
  const redis = connectRedis(url, log);
  const store = await createRedisStore({ redis, prefix: randomPrefix(), logLength: 100, log });
  await redis.ready();
  await store.subscribe(
    projectId,
    () => undefined,
    () => undefined,
  );
  return {
    redis,
    store,
    async close() {
      await store.close();
      await redis.close();
    },
  };
}

let stop: () => Promise<void>;
afterEach(() => stop());

async function aServer(): Promise<RedisServer> {
  const server = await startRedisServer();
  stop = server.stop;
  return server;
}

test('Redis responds -> nothing is left open', async () => {
  const server = await aServer();
  const gateway = await begin(server.url);
  expect(await open()).not.toEqual([]);
  await gateway.close();
  expect(await open()).toEqual([]);
});

test('Redis is down, between two attempts to connect -> nothing is left open', async () => {
  const server = await aServer();
  const gateway = await begin(server.url);
  await server.stop();
  await until(() => gateway.redis.commands.status === 'reconnecting');
  await gateway.close();
  expect(await open()).toEqual([]);
});

test('there never was a Redis -> nothing is left open', async () => {
  stop = async () => {};
  const redis = connectRedis(`redis://127.0.0.1:${await freePort()}`, log);
  await until(() => redis.commands.status === 'reconnecting');
  await redis.close();
  expect(await open()).toEqual([]);
});

test('Redis hangs, with commands pending -> they fail, nothing is left open', async () => {
  const server = await aServer();
  const gateway = await begin(server.url);
  server.pause();
  const asked = gateway.store.get(projectId, 'x').catch(({ code }) => code);
  await gateway.close();
  expect(await open()).toEqual([]);
  expect(await asked).toBe('STATE_UNAVAILABLE');
});

test('a primary behind a Sentinel hangs -> nothing is left open', async () => {
  const sentinel = await startRedisSentinel();
  stop = sentinel.stop;
  made.clear();
  const gateway = await begin(sentinel.url);
  sentinel.primary.pause();
  await gateway.close();
  expect(await open()).toEqual([]);
});

test('a cluster node hangs -> nothing is left open', async () => {
  const cluster = await startRedisCluster();
  stop = cluster.stop;
  made.clear();
  const gateway = await begin(cluster.url);
  cluster.servers[0]?.pause();
  await gateway.close();
  // ioredis keeps one connection of its own for 2 s
  await until(async () => (await open()).length === 0);
});
