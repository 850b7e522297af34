import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { readCommands } from './resp.ts';

const LUA = new URL('../../src/attachments/store/lua/', import.meta.url);

/** A write of the store, seen by the proxy. */
export interface Write {
  /** The script's name: `create`, `commit`, `claim`, … */
  script: string;
  /** Before Redis receives it, or after it was executed and before the reply. */
  side: 'before' | 'after';
  /** Matches one of its keys or arguments. */
  says?: RegExp;
  /** Which of the matching writes; default the first. */
  nth?: number;
}

/** A proxy of Redis that can stop a command. */
export interface RedisProxy {
  url: string;
  /** Calls `reached` at the first matching write; neither it nor anything later on its connection gets a reply. */
  stopAt(write: Write, reached: () => void): void;
  /** Breaks all connections; new ones are accepted. */
  cut(): void;
  close(): Promise<void>;
}

type Stop = Write & { passed: number; reached: () => void };

/** Starts a proxy on a free port for the Redis at `url`. Scripts are recognised by their text in src. */
export async function startRedisProxy(url: string): Promise<RedisProxy> {
  const redis = new Redis(url);
  redis.on('error', () => undefined);
  const names = readScripts();
  const { hostname, port, pathname } = new URL(url);
  const sockets = new Set<Socket>();
  const stops = new Set<Stop>();

  const server = createServer((client) => {
    const upstream = createConnection(Number(port || 6379), hostname);
    let isStopped = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.on('data', (bytes) => {
      if (!isStopped) client.write(bytes);
    });
    readCommands(client, (command, raw) => {
      if (isStopped) return;
      const stop = find(stops, names, command);
      if (!stop) {
        upstream.write(raw);
        return;
      }
      isStopped = true;
      stops.delete(stop);
      if (stop.side === 'before') stop.reached();
      else redis.call(String(command[0]), ...command.slice(1)).then(stop.reached, stop.reached);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    stopAt: (write, reached) => void stops.add({ ...write, passed: 0, reached }),
    cut,
    async close() {
      cut();
      server.close();
      redis.disconnect();
    },
  };
}

function find(stops: ReadonlySet<Stop>, names: ReadonlyMap<string, string>, command: Buffer[]): Stop | undefined {
  const script = names.get(shaOf(command));
  const fits = ({ says, ...stop }: Stop) =>
    stop.script === script && command.some((word) => says?.test(word.toString()) ?? true);
  return [...stops].find((stop) => fits(stop) && ++stop.passed === (stop.nth ?? 1));
}

// the client sends a script's text the first time on a connection, then its hash
function shaOf([verb, script = Buffer.alloc(0)]: Buffer[]): string {
  const name = String(verb).toUpperCase();
  if (name === 'EVALSHA') return String(script);
  return name === 'EVAL' ? sha1(script) : '';
}

const sha1 = (text: Buffer | string) => createHash('sha1').update(text).digest('hex');

function readScripts(): Map<string, string> {
  const files = readdirSync(LUA).filter((name) => name.endsWith('.lua'));
  return new Map(files.map((file) => [sha1(readFileSync(new URL(file, LUA))), file.replace('.lua', '')]));
}
