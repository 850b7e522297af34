import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Redis that a test can kill. */
export interface RedisServer {
  url: string;
  port: number;
  /** Kills the process and waits for its exit; its data is lost unless it has files. */
  stop(): Promise<void>;
  /** Starts it again on the same port, if it does not run; empty unless its arguments name its files. */
  start(): Promise<void>;
  /** Suspends the process: connections stay and are accepted, nothing is replied. */
  pause(): void;
  /** Resumes the process, which then handles what it received. */
  resume(): void;
}

/** The Redis that globalSetup found or started. */
export function testRedisUrl(): string {
  const url = process.env.TEST_REDIS_URL;
  if (!url)
    throw new Error('TEST_REDIS_URL is not set: jest must run with test/support/redis-setup.ts as its globalSetup');
  return url;
}

/** A key prefix used by this test only. */
export function randomPrefix(): string {
  return `test:${randomBytes(8).toString('hex')}:`;
}

/**
 * Starts a redis-server from the path on a free port of loopback, without persistence; resolves when it takes
 * connections. Further arguments are redis-server's own.
 */
export async function startRedisServer(...args: string[]): Promise<RedisServer> {
  const port = await freePort();
  let child: ChildProcess | null = null;
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}/0`,
    port,
    async start() {
      if (isRunning(child)) return;
      child = await spawnRedis(port, args);
    },
    async stop() {
      if (!isRunning(child)) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      child = null;
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
  await server.start();
  return server;
}

const isRunning = (child: ChildProcess | null): child is ChildProcess =>
  child !== null && child.exitCode === null && child.signalCode === null;

async function spawnRedis(port: number, args: string[]): Promise<ChildProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'test-redis-'));
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory, ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  // A test run that crashes must not leave its Redis running.
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => {
    process.off('exit', end);
    rmSync(directory, { recursive: true, force: true });
  });
  await new Promise<void>((resolve, reject) => {
    let output = '';
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${output}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4000);
      if (output.includes('Ready to accept connections')) resolve();
    });
  });
  child.stdout.resume();
  return child;
}

/**
 * A free port of loopback. Below those that systems give to outgoing connections (32768 and up on Linux,
 * 49152 elsewhere): one of them could take it before its server does, or while the server is restarted.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
