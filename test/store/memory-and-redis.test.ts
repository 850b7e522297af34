import { afterAll, beforeAll, describe } from '@jest/globals';
import { pino } from 'pino';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { createRedisStore } from '../../src/attachments/store/redis.ts';
import { connectRedis, type RedisConnections } from '../../src/redis/connect.ts';
import { randomPrefix, testRedisUrl } from '../support/redis.ts';
import { LOG_LENGTH, testStoreContract } from './contract.ts';

const log = pino({ level: 'silent' });

describe('the memory store', () => {
  testStoreContract(async () => createMemoryStore({ logLength: LOG_LENGTH }));
});

describe('the Redis store', () => {
  let redis: RedisConnections;
  beforeAll(async () => {
    redis = connectRedis(testRedisUrl(), log);
    await redis.ready();
  });
  afterAll(() => redis.close());

  testStoreContract(() => createRedisStore({ redis, prefix: randomPrefix(), logLength: LOG_LENGTH, log }));
});
