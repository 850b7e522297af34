import { Cluster } from 'ioredis';
import { GatewayError } from '../../errors.ts';
import { masterOf } from '../../redis/cluster-subscriber.ts';
import { type Commands, orUnavailable } from '../../redis/options.ts';

/** How long replicas may take, ms: less than a command may. */
const WAIT_MS = 1000;

/**
 * Waits until `replicas` replicas have what this connection has just written under the key, so that it outlives its
 * primary. Rejects with STATE_UNAVAILABLE when they do not say so in time: then it is written here, and may or may not
 * be there after a failover, as with any answer that was lost.
 */
export async function onReplicas(commands: Commands, replicas: number, key: string): Promise<void> {
  if (replicas === 0) return;
  const primary = commands instanceof Cluster ? nodeOf(commands, key) : commands;
  const reached = await orUnavailable(Promise.resolve(primary?.wait(replicas, WAIT_MS)));
  if (reached === undefined || reached < replicas) {
    throw new GatewayError(
      'STATE_UNAVAILABLE',
      `The change is on ${reached ?? 0} replicas of Redis after ${WAIT_MS} ms, expected ${replicas}`,
    );
  }
}

function nodeOf(cluster: Cluster, key: string) {
  const address = masterOf(cluster, key);
  return cluster.nodes('master').find(({ options }) => `${options.host}:${options.port}` === address);
}
