import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './redis.ts';

/** Debian's binary; /usr/sbin/rabbitmq-server would switch to another user. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const TOOLS = ['/usr/bin/amqp-consume', '/usr/bin/amqp-declare-queue'];

/** A RabbitMQ server that a test can stop and start. */
export interface RabbitServer {
  readonly url: string;
  /** Kills the process; durable queues and messages stay. */
  stop(): Promise<void>;
  /** Starts it again on the same port and data; resolves when it accepts connections. */
  start(): Promise<void>;
  /** Ends all its processes and deletes its data. */
  close(): Promise<void>;
  /** Waits for the next messages of a queue and takes them with amqp-tools, a consumer independent of the code under test. */
  consume(queue: string, count: number): Promise<string[]>;
}

/**
 * Starts Debian's RabbitMQ on free ports of loopback, with its own node name, epmd and directory. Installs it with
 * apt-get where possible; otherwise throws with what to install.
 */
export async function startRabbit(): Promise<RabbitServer> {
  install();
  const directory = mkdtempSync(join(tmpdir(), 'test-rabbitmq-'));
  const [port, distPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
  const env = environment(directory, port, distPort, epmdPort);
  // in the foreground, so that it ends with this process; Erlang would start one that stays
  const epmd = spawn('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1'], { env, stdio: 'ignore' });
  const url = `amqp://guest:guest@127.0.0.1:${port}/%2f`;
  let server: ChildProcess | null = null;
  const kill = () => {
    if (server?.pid !== undefined) process.kill(-server.pid, 'SIGKILL');
  };
  const killAll = () => {
    kill();
    epmd.kill('SIGKILL');
  };
  process.once('exit', killAll);
  const rabbit: RabbitServer = {
    url,
    async start() {
      server = await spawnServer(env);
    },
    async stop() {
      if (!server) return;
      const gone = once(server, 'exit');
      kill();
      server = null;
      await gone;
    },
    async close() {
      await rabbit.stop();
      process.off('exit', killAll);
      epmd.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
    consume: (queue, count) => consume(url, queue, count),
  };
  await rabbit.start();
  return rabbit;
}

function environment(directory: string, port: number, distPort: number, epmdPort: number): NodeJS.ProcessEnv {
  for (const name of ['mnesia', 'log', 'home']) mkdirSync(join(directory, name));
  const config = join(directory, 'rabbitmq.conf');
  writeFileSync(config, `listeners.tcp.default = 127.0.0.1:${port}\ndisk_free_limit.absolute = 1MB\n`);
  writeFileSync(join(directory, 'enabled_plugins'), '[].\n');
  return {
    ...process.env,
    HOME: join(directory, 'home'),
    RABBITMQ_NODENAME: `test-${randomBytes(4).toString('hex')}@localhost`,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distPort),
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_MNESIA_BASE: join(directory, 'mnesia'),
    RABBITMQ_LOG_BASE: join(directory, 'log'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
    RABBITMQ_PID_FILE: join(directory, 'pid'),
  };
}

async function spawnServer(env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  // a group of its own: the script, Erlang and what Erlang starts end together
  const child = spawn(SERVER, [], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    let output = '';
    const hear = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4000);
      if (/completed with \d+ plugins/.test(output)) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`rabbitmq-server ended with ${code}: ${output}`)));
  });
  return child;
}

async function consume(url: string, queue: string, count: number): Promise<string[]> {
  // one message to a line: they are JSON, without line breaks
  const arguments_ = ['--url', url, '--queue', queue, '--count', String(count), '--', 'sh', '-c', 'cat; echo'];
  const child = spawn('/usr/bin/amqp-consume', arguments_, { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`amqp-consume ended with ${code}: ${Buffer.concat(stderr)}`);
  return Buffer.concat(chunks).toString('utf8').split('\n').filter(Boolean);
}

function install(): void {
  const isThere = () => [SERVER, ...TOOLS].every((file) => existsSync(file));
  if (!isThere() && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    // RUNLEVEL: installed, but not started as a service
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const packages = ['rabbitmq-server', 'amqp-tools'];
    execFileSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore' });
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env, stdio: 'ignore' });
  }
  if (isThere()) return;
  throw new Error('No RabbitMQ: install it and amqp-tools (Debian: apt-get install rabbitmq-server amqp-tools)');
}
