import { afterAll, beforeAll, describe } from '@jest/globals';
import { pino } from 'pino';
import { createRedisStore } from '../../../src/attachments/store/redis.ts';
import { connectRedis, type RedisConnections } from '../../../src/redis/connect.ts';
import { LOG_LENGTH, testStoreContract } from '../../store/contract.ts';
import { randomPrefix } from '../../support/redis.ts';
import { cluster } from './cluster.ts';

const log = pino({ level: 'silent' });

describe('the Redis store on a cluster', () => {
  let redis: RedisConnections;
  beforeAll(async () => {
    redis = connectRedis(cluster.url, log);
    await redis.ready();
  });
  afterAll(() => redis.close());

  testStoreContract(() => createRedisStore({ redis, prefix: randomPrefix(), logLength: LOG_LENGTH, log }));
});
