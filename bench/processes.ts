/** Starts what is measured, each in a process of its own on core 0, and asks it what it costs. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const SERVER_CORE = '0';
const CAN_PIN = spawnSync('taskset', ['-c', SERVER_CORE, 'true']).status === 0;

/** A process that answers questions put to it as messages `{ask, ...}` with `{answer}`. */
export interface Worker {
  readonly child: ChildProcess;
  /** What it said when it was ready. */
  readonly hello: { readonly url?: string };
  ask<T>(question: object): Promise<T>;
  stop(): Promise<void>;
}

/** A server under measurement. */
export interface Server extends Worker {
  readonly url: string;
  /** CPU that the process has used so far, in microseconds, user and system. */
  cpu(): Promise<number>;
  /** Resident memory after a full collection, in bytes. */
  rss(): Promise<number>;
}

/** A compiled file of the benches, by its name without extension. */
export function compiled(name: string): string {
  return fileURLToPath(new URL(`${name}.js`, import.meta.url));
}

/** Starts a compiled file as a worker beside the load, on the cores that this process has. */
export async function startWorker(name: string, args: readonly string[] = []): Promise<Worker> {
  const child = spawn(process.execPath, [compiled(name), ...args], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [hello] = (await once(child, 'message')) as [{ url?: string }];
  return worker(child, hello);
}

interface ServerOptions {
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** The optimisation that it does without (`without/register.ts`). */
  readonly without?: string | undefined;
}

/** Starts a file as the server under measurement: on its core, in production, with a meter in it, its log to nowhere. */
export async function startServer(file: string, { args = [], env = {}, without }: ServerOptions = {}): Promise<Server> {
  const port = await freePort();
  const replacing = without ? ['--import', compiled('without/register')] : [];
  const node = ['--expose-gc', '--import', compiled('meter'), ...replacing, file, ...args];
  const [command, ...rest] = CAN_PIN
    ? ['taskset', '-c', SERVER_CORE, process.execPath, ...node]
    : [process.execPath, ...node];
  const child = spawn(command as string, rest, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_ENV: 'production',
      PORT: String(port),
      ...env,
      ...(without && { BENCH_WITHOUT: without }),
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await answering(child, url);
  const { ask, stop } = worker(child, { url });
  return {
    child,
    url,
    hello: { url },
    ask,
    stop,
    cpu: () => ask<number>({ ask: 'cpu' }),
    rss: () => ask<number>({ ask: 'rss' }),
  };
}

function worker(child: ChildProcess, hello: Worker['hello']): Worker {
  const waiting = new Map<number, (answer: unknown) => void>();
  child.setMaxListeners(0);
  let asked = 0;
  child.on('message', (message: { id?: number; answer?: unknown }) => {
    if (message.id === undefined) return;
    waiting.get(message.id)?.(message.answer);
    waiting.delete(message.id);
  });
  return {
    child,
    hello,
    ask: <T>(question: object) =>
      new Promise<T>((resolve, reject) => {
        const id = ++asked;
        waiting.set(id, resolve as (answer: unknown) => void);
        child.once('exit', (code) => reject(new Error(`the process ended with ${code}`)));
        child.send({ id, ...question });
      }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Waits until the server takes connections; throws when it ends instead. */
async function answering(child: ChildProcess, url: string): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const isUp = await fetch(`${url}/readyz`).then(
      (response) => response.status !== 503,
      () => false,
    );
    if (isUp) return;
    await sleep(10);
  }
  throw new Error('the server does not answer');
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
