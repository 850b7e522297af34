import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { chooseSeed } from './random.ts';
import { type RedisServer, startRedisServer } from './redis.ts';

declare global {
  var testRedis: RedisServer | undefined;
}

/**
 * Jest's globalSetup, once for the whole run whichever projects take part: chooses the seed of the random tests, and
 * finds their Redis (TEST_REDIS_URL).
 */
export default async function setUp(): Promise<void> {
  if (process.env.TEST_REDIS_URL) return;
  chooseSeed();
  process.env.TEST_REDIS_URL = await findRedis();
}

/**
 * The URL of a Redis for the tests: REDIS_URL if it responds; else a redis-server from the path on a free port, which
 * apt-get installs first where possible. Throws with what to install.
 */
async function findRedis(): Promise<string> {
  const given = process.env.REDIS_URL;
  if (given && (await responds(given))) return given;
  if (given) process.stderr.write('REDIS_URL is set, but no Redis responds there: the tests start their own.\n');
  if (!isInstalled()) install();
  globalThis.testRedis = await startRedisServer();
  return globalThis.testRedis.url;
}

async function responds(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: null, connectTimeout: 5000 });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return (await redis.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    if (redis.status !== 'end') redis.disconnect();
  }
}

function isInstalled(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0;
}

function install(): void {
  const canInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version');
  if (canInstall) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const options = { env, stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[], timeout: 300_000 };
    spawnSync('apt-get', ['update', '-q'], options);
    spawnSync('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'redis-server'], options);
  }
  if (!isInstalled()) {
    throw new Error(
      'The tests need Redis 7 or later: install redis-server (Debian: apt-get install redis-server; macOS: brew install redis), ' +
        'or set REDIS_URL to one that runs (docker run -p 6379:6379 redis:7).',
    );
  }
}
