import { afterEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { connectRedis } from '../../src/redis/connect.ts';
import { startRedisServer } from '../support/redis.ts';
import { asUser, rights, useEverything } from '../support/redis-rights.ts';
import { startRedisSentinel } from '../support/redis-sentinel.ts';

const log = pino({ level: 'silent' });

let stop: () => Promise<void> = async () => {};
afterEach(() => stop());

test('a single Redis, as the user of docs/redis.md -> every command of the gateway is allowed, and keys outside its prefix are not', async () => {
  const server = await startRedisServer('--user', ...rights);
  stop = server.stop;
  await useEverything(asUser(server.url), 0);
  const redis = connectRedis(asUser(server.url), log);
  await redis.ready();
  await expect(redis.commands.get('other:key')).rejects.toThrow('NOPERM');
  await redis.close();
});

test('behind Sentinels with a separate password, waiting for a replica -> every command is allowed', async () => {
  const sentinel = await startRedisSentinel(1, 1, '--user', ...rights);
  stop = sentinel.stop;
  await useEverything(asUser(sentinel.url), 1);
});
