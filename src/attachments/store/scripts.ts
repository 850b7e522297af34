import { readFile } from 'node:fs/promises';
import { Cluster } from 'ioredis';
import type { Logger } from 'pino';
import { GatewayError } from '../../errors.ts';
import { masterOf } from '../../redis/cluster-subscriber.ts';
import { type Commands, orUnavailable } from '../../redis/connection.ts';

const SCRIPTS = [
  'create',
  'commit',
  'remove',
  'claim',
  'release',
  'list',
  'list_each',
  'list_targets',
  'index',
  'mark_indexed',
  'read_events',
  'lock',
  'unlock',
  'checkpoint',
  'is_recovered',
  'mark_recovered',
  'once',
  'share_create',
  'share_commit',
  'move_mount',
] as const;

/**
 * Scripts whose effect must survive a failover once a caller knows of it; losing one of the others only costs time.
 */
const DURABLE: ReadonlySet<string> = new Set([
  ...['create', 'commit', 'remove', 'claim', 'lock', 'once', 'share_create', 'share_commit', 'move_mount'],
]);

/** How long replicas may take, in ms: less than the timeout of a command. */
const WAIT_MS = 1000;

/** The meaning of the number at the head of a script's reply. */
const STATUSES = {
  '1': 'done',
  '-1': 'gone',
  '-2': 'stale',
  '-3': 'held',
  '-4': 'exists',
  '-5': 'mount_point_taken',
  '-6': 'expired',
  '-7': 'logged',
  '-8': 'unindexed',
  '-9': 'full',
} as const;

/** A script's reply: its status, and the values that the script's header documents for it. */
export interface Reply {
  status: (typeof STATUSES)[keyof typeof STATUSES];
  values: unknown[];
}

/** Runs one script in one round trip, and waits for replicas where configured. Rejects with STATE_UNAVAILABLE. */
export type RunScript = (
  name: (typeof SCRIPTS)[number],
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<Reply>;

type Command = (keyCount: number, ...keysAndArgs: (string | number)[]) => Promise<[number, ...unknown[]]>;

/**
 * Reads the scripts beside this module and makes them commands of the connection, which sends their hash (EVALSHA). On
 * Redis Cluster a slot's keys move to another node a few at a time, and a script that finds some of its keys gone half
 * way would stop there, or take them for missing. So each script that touches several keys either names one among KEYS
 * that never exists as a key, the project's channel, or uses only keys that exist at its start: while one is missing
 * Redis replies TRYAGAIN until the slot has moved, and runs nothing.
 */
export async function loadScripts(commands: Commands, replicas: number, log: Logger): Promise<RunScript> {
  await Promise.all(
    SCRIPTS.map(async (name) => {
      const lua = await readFile(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
      commands.defineCommand(commandName(name), { lua });
    }),
  );
  const defined = commands as unknown as Record<string, Command>;

  return async (name, keys, args) => {
    const command = defined[commandName(name)] as Command;
    const reply = command.call(commands, keys.length, ...keys, ...args).catch((error: Error) => {
      // Lost connections are logged by themselves; this is Redis refusing, out of memory for instance.
      if (error.name === 'ReplyError') log.warn({ script: name, reason: error.message }, 'Redis refused a script');
      throw error;
    });
    const [code, ...values] = await orUnavailable(reply);
    const status = STATUSES[String(code) as keyof typeof STATUSES];
    if (!status) throw new Error(`Script ${name}: expected one of ${Object.keys(STATUSES)}, got ${code}`);
    if (status === 'done' && DURABLE.has(name)) await onReplicas(commands, replicas, keys[0] as string, log);
    return { status, values };
  };
}

const commandName = (script: string) => `attachment:${script}`;

/**
 * Waits until `replicas` replicas have what this connection has just written under the key, so that it outlives its
 * primary. Rejects with STATE_UNAVAILABLE when they do not confirm in time: then it is written on the primary, and may
 * or may not exist after a failover, as with any lost reply.
 */
async function onReplicas(commands: Commands, replicas: number, key: string, log: Logger): Promise<void> {
  if (replicas === 0) return;
  const reached = await orUnavailable(waitAt(commands, replicas, key));
  if (reached === undefined || reached < replicas) {
    log.warn({ replicas: reached ?? 0, expected: replicas }, 'a change is not on enough replicas in time');
    throw new GatewayError(
      'STATE_UNAVAILABLE',
      'The attachment store did not confirm the change in time: it may or may not be made',
    );
  }
}

async function waitAt(commands: Commands, replicas: number, key: string): Promise<number | undefined> {
  const primary = commands instanceof Cluster ? nodeOf(commands, key) : commands;
  return await primary?.wait(replicas, WAIT_MS);
}

function nodeOf(cluster: Cluster, key: string) {
  const address = masterOf(cluster, key);
  return cluster.nodes('master').find(({ options }) => `${options.host}:${options.port}` === address);
}
