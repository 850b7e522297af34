import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, type RedisServer, startRedisServer } from './redis.ts';
import { until } from './until.ts';

/** A primary with one replica and a Sentinel that knows both. */
export interface TestSentinel {
  /** REDIS_URL of it. */
  url: string;
  primary: RedisServer;
  replica: RedisServer;
  /** Has the replica take the primary's place, and waits until the Sentinel says so. The old primary goes on alone for some seconds. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

const NAME = 'mymaster';

/** Starts the three on free ports. The primary takes no write while its replica is not with it. */
export async function startRedisSentinel(): Promise<TestSentinel> {
  const primary = await startRedisServer('--min-replicas-to-write', '1', '--repl-diskless-sync-delay', '0');
  const replica = await startRedisServer('--replicaof', '127.0.0.1', String(primary.port));
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'test-sentinel-'));
  const child = spawnSentinel(port, directory, primary.port);
  const sentinel = new Redis({ port, host: '127.0.0.1' });
  sentinel.on('error', () => undefined);
  const addressNow = async () => (await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as string[];
  // known to the Sentinel, and in step with the primary
  await until(async () => {
    const [known] = (await sentinel.call('SENTINEL', 'REPLICAS', NAME)) as string[][];
    return known?.includes('master-link-status') && known.includes('ok');
  });
  return {
    url: `redis-sentinel://127.0.0.1:${port}/${NAME}`,
    primary,
    replica,
    async failOver() {
      await sentinel.call('SENTINEL', 'FAILOVER', NAME);
      await until(async () => (await addressNow())[1] === String(replica.port));
    },
    async stop() {
      sentinel.disconnect();
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      rmSync(directory, { recursive: true, force: true });
      await Promise.all([primary.stop(), replica.stop()]);
    },
  };
}

function spawnSentinel(port: number, directory: string, primaryPort: number): ChildProcess {
  const file = join(directory, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
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
