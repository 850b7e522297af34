import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { RedisAddress, RedisNode } from './url.ts';

/** Address of a Sentinel, and its credentials. */
export interface SentinelNode extends RedisNode {
  username?: string;
  password?: string;
  tls?: object;
}

/** Channel on which a Sentinel announces a new primary: `<name> <old host> <old port> <new host> <new port>`. */
const CHANNEL = '+switch-master';

/**
 * Listens to the Sentinels and calls `onFailover` once per failover: the replaced primary may go on replying, and take
 * writes that will be lost, until it learns of it. Replaces ioredis' failoverDetector, which prints to the console
 * while a Sentinel is unreachable and keeps a closed process open for 2 s. Returns the connections made by `connect`,
 * for the caller to close.
 */
export function watchFailovers(
  { nodes, name, isTls, sentinelUsername, sentinelPassword }: RedisAddress & { kind: 'sentinel' },
  connect: (to: SentinelNode) => Redis,
  onFailover: () => void,
  log: Logger,
): Redis[] {
  let last = '';
  return nodes.map((node) => {
    const sentinel = connect({
      ...node,
      ...(sentinelUsername === undefined ? {} : { username: sentinelUsername }),
      ...(sentinelPassword === undefined ? {} : { password: sentinelPassword }),
      ...(isTls ? { tls: {} } : {}),
    });
    const about = { sentinel: `${node.host}:${node.port}` };
    sentinel.on('error', (error: Error) => log.debug({ ...about, reason: error.message }, 'A Sentinel is unreachable'));
    sentinel.on('ready', () => {
      sentinel.subscribe(CHANNEL).catch((error: Error) => {
        log.warn({ ...about, reason: error.message }, 'A Sentinel refuses the subscription to failovers');
      });
    });
    sentinel.on('message', (_channel: string, message: string) => {
      const [of, , , host, port] = message.split(' ');
      const primary = `${host}:${port}`;
      // each Sentinel announces it
      if (of !== name || primary === last) return;
      last = primary;
      log.warn({ primary }, 'Redis has a new primary');
      onFailover();
    });
    return sentinel;
  });
}
