/** The gateway as `npm start` runs it, with the upstream of the benchmarks and a Redis that has the records. */
import { pino } from 'pino';
import type { AttachmentStore } from '../src/attachments/store/contract.ts';
import { createRedisStore } from '../src/attachments/store/redis.ts';
import { connectRedis, type RedisConnections } from '../src/redis/connect.ts';
import { type RedisServer, startRedisServer } from '../test/support/redis.ts';
import { attachmentRecord, PROJECTS, projectId, shareOfServer } from './data.ts';
import { compiled, type Server, startServer } from './processes.ts';

export const MAIN = compiled('../src/main');
const PREFIX = 'bench:';

/** A Redis for the benchmarks with a store on it: for records and for events. */
export interface Kept {
  readonly redis: RedisServer;
  readonly connections: RedisConnections;
  readonly store: AttachmentStore;
  close(): Promise<void>;
}

export async function startStore(): Promise<Kept> {
  const redis = await startRedisServer();
  const log = pino({ level: 'silent' });
  const connections = connectRedis(redis.url, log);
  await connections.ready();
  const store = await createRedisStore({ redis: connections, prefix: PREFIX, logLength: 10_000, log });
  return {
    redis,
    connections,
    store,
    async close() {
      await store.close();
      await connections.close();
      await redis.stop();
    },
  };
}

/** Creates an idle attachment for each of the first servers, in each project; nothing is left to recover. */
export async function keepAttachments({ store }: Kept, servers: number, projects = PROJECTS): Promise<void> {
  for (let project = 0; project < projects; project++) {
    for (let from = 0; from < servers; from += 500) {
      const some = Array.from({ length: Math.min(500, servers - from) }, (_, i) => from + i);
      await Promise.all(
        some.map((i) => store.create(attachmentRecord(i, shareOfServer(i), projectId(project)), null, null)),
      );
    }
    await store.markRecovered(projectId(project));
  }
}

export function startGateway(
  upstreamUrl: string,
  { redis }: Kept,
  env: Record<string, string> = {},
  without?: string,
): Promise<Server> {
  return startServer(MAIN, {
    ...(without && { without }),
    env: {
      OS_AUTH_URL: `${upstreamUrl}/identity`,
      REDIS_URL: redis.url,
      REDIS_PREFIX: PREFIX,
      WS_MAX_SOCKETS_PER_ADDRESS: '100000',
      WS_MAX_SOCKETS_PER_TOKEN: '100000',
      WS_MAX_SOCKETS_PER_PROJECT: '100000',
      WS_MAX_SUBSCRIPTIONS_PER_TOKEN: '100000',
      WS_MAX_SUBSCRIPTIONS_PER_PROJECT: '100000',
      WS_MAX_MEMORY_BYTES_PER_TOKEN: '1000000000',
      WS_MAX_MEMORY_BYTES_TOTAL: '1000000000',
      ...env,
    },
  });
}
