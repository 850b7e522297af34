import { readFile } from 'node:fs/promises';
import { type Commands, orUnavailable } from '../../redis/options.ts';
import { onReplicas } from './replicas.ts';

const SCRIPTS = [
  'create',
  'commit',
  'remove',
  'claim',
  'release',
  'list',
  'list_each',
  'read_events',
  'lock',
  'unlock',
  'checkpoint',
  'is_recovered',
  'mark_recovered',
  'store_id',
] as const;

/** What must not be forgotten once it was said: the rest, lost in a failover, costs time at the most. */
const DURABLE: ReadonlySet<string> = new Set(['create', 'commit', 'remove', 'claim', 'lock']);

/** What the number at the head of a script's answer means. Here, and only here, numbers become words. */
const STATUSES = {
  '1': 'done',
  '-1': 'gone',
  '-2': 'stale',
  '-3': 'held',
  '-4': 'exists',
  '-5': 'mount_point_taken',
  '-6': 'expired',
  '-7': 'logged',
} as const;

/** A script's answer: what came of it, and what the script's header says it returns with that. */
export interface Reply {
  status: (typeof STATUSES)[keyof typeof STATUSES];
  values: unknown[];
}

/** Runs one script in one round trip, and waits for replicas where that is asked for; rejects with STATE_UNAVAILABLE when Redis does not answer. */
export type RunScript = (
  name: (typeof SCRIPTS)[number],
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<Reply>;

type Command = (keyCount: number, ...keysAndArgs: (string | number)[]) => Promise<[number, ...unknown[]]>;

/**
 * Reads the scripts beside this module and makes them commands of the connection, which sends their hash (EVALSHA).
 * On Redis Cluster a slot's keys move to another node a few at a time, and a script that finds some of its keys gone
 * half way would stop there, or take them for missing. So each that touches several keys has one among KEYS that never
 * exists as a key, the project's channel, or would only read and write keys that exist at its start: with one missing
 * Redis answers TRYAGAIN until the slot has moved, and runs nothing.
 */
export async function loadScripts(commands: Commands, replicas: number): Promise<RunScript> {
  await Promise.all(
    SCRIPTS.map(async (name) => {
      const lua = await readFile(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
      commands.defineCommand(commandName(name), { lua });
    }),
  );
  const defined = commands as unknown as Record<string, Command>;

  return async (name, keys, args) => {
    const command = defined[commandName(name)] as Command;
    const [code, ...values] = await orUnavailable(command.call(commands, keys.length, ...keys, ...args));
    const status = STATUSES[String(code) as keyof typeof STATUSES];
    if (!status) throw new Error(`Script ${name}: expected one of ${Object.keys(STATUSES)}, got ${code}`);
    if (status === 'done' && DURABLE.has(name)) await onReplicas(commands, replicas, keys[0] as string);
    return { status, values };
  };
}

const commandName = (script: string) => `attachment:${script}`;
