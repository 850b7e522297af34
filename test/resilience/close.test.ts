import { afterEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { connectRedis } from '../../src/redis/connect.ts';
import { connectStore, watchHandles } from '../support/open-handles.ts';
import { freePort, type RedisServer, startRedisServer } from '../support/redis.ts';
import { startRedisSentinel } from '../support/redis-sentinel.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
const handles = watchHandles();

let stop: () => Promise<void>;
afterEach(() => stop());

async function aServer(): Promise<RedisServer> {
  const server = await startRedisServer();
  stop = server.stop;
  return server;
}

test('Redis responds -> nothing is left open', async () => {
  const server = await aServer();
  const gateway = await connectStore(server.url);
  expect(await handles.open()).not.toEqual([]);
  await gateway.close();
  expect(await handles.open()).toEqual([]);
});

test('Redis is down, between two attempts to connect -> nothing is left open', async () => {
  const server = await aServer();
  const gateway = await connectStore(server.url);
  await server.stop();
  await until(() => gateway.redis.commands.status === 'reconnecting');
  await gateway.close();
  expect(await handles.open()).toEqual([]);
});

test('there never was a Redis -> nothing is left open', async () => {
  stop = async () => {};
  const redis = connectRedis(`redis://127.0.0.1:${await freePort()}`, log);
  await until(() => redis.commands.status === 'reconnecting');
  await redis.close();
  expect(await handles.open()).toEqual([]);
});

test('Redis hangs, with commands pending -> they fail, nothing is left open', async () => {
  const server = await aServer();
  const gateway = await connectStore(server.url);
  server.pause();
  const asked = gateway.store.get(gateway.projectId, 'x').catch(({ code }) => code);
  await gateway.close();
  expect(await handles.open()).toEqual([]);
  expect(await asked).toBe('STATE_UNAVAILABLE');
});

test('a primary behind a Sentinel hangs -> nothing is left open', async () => {
  const sentinel = await startRedisSentinel();
  stop = sentinel.stop;
  handles.forget();
  const gateway = await connectStore(sentinel.url);
  sentinel.primary.pause();
  await gateway.close();
  expect(await handles.open()).toEqual([]);
});
