import { afterAll, beforeAll } from '@jest/globals';
import { startRedisCluster, type TestCluster } from '../../support/redis-cluster.ts';

/** The Redis Cluster of all tests in this folder. Those that kill its nodes come last. */
export let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startRedisCluster();
}, 60_000);
afterAll(() => cluster.stop());
