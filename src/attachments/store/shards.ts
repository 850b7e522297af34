import { type ChainableCommander, Cluster } from 'ioredis';
import { type Commands, orUnavailable } from '../../redis/options.ts';
import { SHARDS } from './keys.ts';

/** One read of a shard's key, as a command or as part of a batch. */
type Read = (on: ChainableCommander, shard: number) => unknown;

/**
 * Reads the like of every shard, in their order, all sent at once. One Redis takes them as one batch. On Redis Cluster
 * each is a command of its own, so that each finds its slot's node also while a slot moves, which a batch cannot;
 * 256 small ones cost a few ms. `some`: what the nodes that are there have, unless none is; `all`: all or none.
 * Rejects with STATE_UNAVAILABLE.
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

/** What Redis' clock says, ms since the epoch: that of whichever node says it first, as one of them may be gone. */
export async function clockOf(commands: Commands): Promise<number> {
  const asked = commands instanceof Cluster ? commands.nodes('master').map((node) => node.time()) : [commands.time()];
  const [seconds, micros] = await orUnavailable(Promise.any(asked));
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

function resultOf([error, result]: [Error | null, unknown]): string[] {
  if (error) throw error;
  return result as string[];
}
