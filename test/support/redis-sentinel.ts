import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, type RedisServer, startRedisServer } from './redis.ts';
import { until } from './until.ts';

/** A primary with replicas and a Sentinel that monitors them. */
export interface TestSentinel {
  /** Its REDIS_URL. */
  url: string;
  primary: RedisServer;
  replicas: RedisServer[];
  /** Promotes a replica. The old primary goes on as one until it is demoted: here at once, by the Sentinel some seconds later. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

const NAME = 'mymaster';
const PASSWORD = 'hidden';

/**
 * Starts them on free ports, the servers with these arguments. A primary rejects writes while it has fewer than `careful`
 * replicas. The Sentinel has a password.
 */
export async function startRedisSentinel(count = 1, careful = 1, ...args: string[]): Promise<TestSentinel> {
  const common = ['--min-replicas-to-write', String(careful), '--repl-diskless-sync-delay', '0', ...args];
  const primary = await startRedisServer(...common);
  const following = [...common, '--replicaof', '127.0.0.1', String(primary.port)];
  const replicas = await Promise.all(Array.from({ length: count }, () => startRedisServer(...following)));
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'test-sentinel-'));
  const child = spawnSentinel(port, directory, primary.port);
  const sentinel = new Redis({ port, host: '127.0.0.1', password: PASSWORD });
  sentinel.on('error', () => undefined);
  const addressNow = async () => (await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as string[];
  // known to the Sentinel, and in sync with the primary
  await until(async () => {
    const known = (await sentinel.call('SENTINEL', 'REPLICAS', NAME)) as string[][];
    return known.length === count && known.every((replica) => replica.includes('ok'));
  });
  return {
    url: `redis-sentinel://127.0.0.1:${port}/${NAME}?sentinelPassword=${PASSWORD}`,
    primary,
    replicas,
    async failOver() {
      await sentinel.call('SENTINEL', 'FAILOVER', NAME);
      const [host, now] = await until(async () => {
        const address = await addressNow();
        return address[1] !== String(primary.port) && address;
      });
      const old = new Redis(primary.url);
      await old.replicaof(host as string, now as string);
      old.disconnect();
    },
    async stop() {
      sentinel.disconnect();
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      rmSync(directory, { recursive: true, force: true });
      await Promise.all([primary, ...replicas].map((server) => server.stop()));
    },
  };
}

function spawnSentinel(port: number, directory: string, primaryPort: number): ChildProcess {
  const file = join(directory, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `requirepass ${PASSWORD}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} 1`,
    `sentinel down-after-milliseconds ${NAME} 2000`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  return child;
}
