import { type ChainableCommander, Cluster } from 'ioredis';
import { type Commands, orUnavailable } from '../../redis/connection.ts';
import { SHARDS } from './keys.ts';

/** One read of a shard's key, as a command or as part of a batch. */
type Read = (on: ChainableCommander, shard: number) => unknown;

/**
 * Runs one read on every shard, all sent at once; results in the order of the shards. A single Redis takes them as one
 * batch. On Redis Cluster each is a separate command, so that each finds its slot's node also while a slot moves, which
 * a batch cannot; 256 small ones cost a few ms. `some`: the results of the reachable nodes, at least one; `all`: all or
 * none. Rejects with STATE_UNAVAILABLE.
 */
export async function ofShards(commands: Commands, which: 'all' | 'some', read: Read): Promise<string[][]> {
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  if (!(commands instanceof Cluster)) {
    const batch = commands.pipeline();
    for (const shard of shards) read(batch, shard);
    return await orUnavailable(batch.exec().then((replies) => (replies ?? []).map(resultOf)));
  }
  const on = commands as unknown as ChainableCommander;
  const results = await Promise.allSettled(shards.map((shard) => read(on, shard) as Promise<string[]>));
  const failed = results.filter((result) => result.status === 'rejected');
  if (failed[0] && (which === 'all' || failed.length === results.length)) {
    return await orUnavailable(Promise.reject(failed[0].reason));
  }
  return results.map((result) => (result.status === 'fulfilled' ? result.value : []));
}

/** The time on Redis' clock, ms since the epoch: of the node that replies first, as one of them may be down. */
export async function clockOf(commands: Commands): Promise<number> {
  const replies = commands instanceof Cluster ? commands.nodes('master').map((node) => node.time()) : [commands.time()];
  const [seconds, micros] = await orUnavailable(Promise.any(replies));
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

function resultOf([error, result]: [Error | null, unknown]): string[] {
  if (error) throw error;
  return result as string[];
}
