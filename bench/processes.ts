/** Starts each measured server in a process of its own on core 0, and reads its CPU and memory. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const SERVER_CORE = '0';
const CAN_PIN = spawnSync('taskset', ['-c', SERVER_CORE, 'true']).status === 0;

/** A process that handles calls (`handleCalls`): messages `{id, method, …}`, replied to with `{id, result}`. */
export interface Worker {
  readonly child: ChildProcess;
  /** Its message when it was ready. */
  readonly hello: { readonly url?: string };
  call<T>(call: { method: string; [argument: string]: unknown }): Promise<T>;
  stop(): Promise<void>;
}

/** A server under measurement. */
export interface Server extends Worker {
  readonly url: string;
  /** CPU time that the process has used, in microseconds, user and system. */
  cpu(): Promise<number>;
  /** Resident memory after a full collection, in bytes. */
  rss(): Promise<number>;
}

/** A compiled file of the benchmarks, by its name without extension. */
export function compiled(name: string): string {
  return fileURLToPath(new URL(`${name}.js`, import.meta.url));
}

/** Starts a compiled file as a worker on the cores of this process, like the load generator. */
export async function startWorker(name: string, args: readonly string[] = []): Promise<Worker> {
  const child = spawn(process.execPath, [compiled(name), ...args], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [hello] = (await once(child, 'message')) as [{ url?: string }];
  return worker(child, hello);
}

interface ServerOptions {
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** The optimisation that is disabled (`without/register.ts`). */
  readonly without?: string | undefined;
}

/** Starts a file as the server under measurement: on its own core, in production mode, with the meter, its log discarded. */
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
  await untilListening(child, url);
  const { call, stop } = worker(child, { url });
  return {
    child,
    url,
    hello: { url },
    call,
    stop,
    cpu: () => call<number>({ method: 'cpu' }),
    rss: () => call<number>({ method: 'rss' }),
  };
}

function worker(child: ChildProcess, hello: Worker['hello']): Worker {
  const pending = new Map<number, (result: unknown) => void>();
  child.setMaxListeners(0);
  let lastId = 0;
  child.on('message', (message: { id?: number; result?: unknown }) => {
    if (message.id === undefined) return;
    pending.get(message.id)?.(message.result);
    pending.delete(message.id);
  });
  return {
    child,
    hello,
    call: <T>(call: { method: string; [argument: string]: unknown }) =>
      new Promise<T>((resolve, reject) => {
        const id = ++lastId;
        pending.set(id, resolve as (result: unknown) => void);
        child.once('exit', (code) => reject(new Error(`the process ended with ${code}`)));
        child.send({ id, ...call });
      }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Waits until the server accepts connections; throws when it exits. */
async function untilListening(child: ChildProcess, url: string): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const isUp = await fetch(`${url}/readyz`).then(
      (response) => response.status !== 503,
      () => false,
    );
    if (isUp) return;
    await sleep(10);
  }
  throw new Error('the server does not respond');
}

/** A free port on loopback. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
