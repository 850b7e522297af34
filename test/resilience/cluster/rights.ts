import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { connectRedis } from '../../../src/redis/connect.ts';
import { asUser, clusterRights, prefix, rights, useEverything } from '../../support/redis-rights.ts';
import { cluster } from './cluster.ts';

const log = pino({ level: 'silent' });

test('a cluster, as the user of docs/redis.md -> every command is allowed, also while a slot migrates', async () => {
  for (const node of cluster.nodes) await node.call('ACL', 'SETUSER', ...rights, ...clusterRights);
  await useEverything(asUser(cluster.url), 0);
  const key = `${prefix}{p1}:asked`;
  const redis = connectRedis(asUser(cluster.url), log);
  await redis.ready();
  await cluster.moveSlot(key, {
    between: async () => expect(await redis.commands.get(key)).toBeNull(),
  });
  await redis.close();
});
