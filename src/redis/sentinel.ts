import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { RedisAddress, RedisNode } from './url.ts';

/** A Sentinel, and how to sign in there. */
export interface SentinelNode extends RedisNode {
  username?: string;
  password?: string;
  tls?: object;
}

/** Where a Sentinel tells that another took the primary's place: `<name> <old host> <old port> <new host> <new port>`. */
const CHANNEL = '+switch-master';

/**
 * Listens to the Sentinels and calls `onFailover` once for each: the primary that was replaced may go on to answer, and
 * to take writes that will be lost, until it is told. Instead of ioredis' failoverDetector, which prints to the console
 * when a Sentinel is away and keeps a closed process open for 2 s. Gives the connections that `connect` made, to be ended by the caller.
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
    sentinel.on('error', (error: Error) => log.debug({ ...about, reason: error.message }, 'A Sentinel is away'));
    sentinel.on('ready', () => {
      sentinel.subscribe(CHANNEL).catch((error: Error) => {
        log.warn({ ...about, reason: error.message }, 'A Sentinel does not tell of failovers');
      });
    });
    sentinel.on('message', (_channel: string, message: string) => {
      const [of, , , host, port] = message.split(' ');
      const primary = `${host}:${port}`;
      // each Sentinel says it
      if (of !== name || primary === last) return;
      last = primary;
      log.warn({ primary }, 'Another Redis is the primary now');
      onFailover();
    });
    return sentinel;
  });
}
