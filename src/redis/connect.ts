import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';
import { createClusterSubscriber, type ShardedSubscriber } from './cluster-subscriber.ts';
import { type Commands, end, logConnectionState, startError, whenReady } from './connection.ts';
import { OPTIONS } from './options.ts';
import { type SentinelNode, watchFailovers } from './sentinel.ts';
import { parseRedisUrl, type RedisAddress, type RedisNode } from './url.ts';

/** Interval of pings on connections that may be silent for hours, in ms. */
const HEARTBEAT_MS = 10_000;
/** Pause before a connection that ended is opened again, in ms. */
const RECONNECT_MS = 500;
/** Interval at which a cluster's slot map is read, besides after each redirection, in ms. */
const SLOTS_REFRESH_MS = 60_000;

/** The gateway's two connections: messages must not wait behind commands, nor commands behind messages. */
export interface RedisConnections {
  readonly commands: Commands;
  readonly subscriber: ShardedSubscriber;
  /**
   * Resolves when both connections are ready; rejects with STATE_UNAVAILABLE after `ms` (10 s), or on a Redis older
   * than 7.
   */
  ready(ms?: number): Promise<void>;
  /** Closes both at once, whether Redis responds or not. */
  close(): Promise<void>;
}

/**
 * Connects in the background, and tries again until it succeeds. While Redis is unreachable commands fail at once and
 * none is sent again later: a change that was reported as failed must not happen after all. The log has no password.
 * Throws a TypeError for a URL that url.ts cannot parse.
 */
export function connectRedis(url: string, log: Logger): RedisConnections {
  const address = parseRedisUrl(url);
  if (!address) throw new TypeError('Not a URL of Redis, of its Sentinels or of a Redis Cluster');
  const closing = new AbortController();
  const opened = address.kind === 'cluster' ? openCluster(address, log) : openPair(address, log, closing.signal);
  const { commands, subscriber } = opened;
  // A ping without reply trips socketTimeout, which reconnects: nothing else detects a peer that vanished silently.
  const heartbeat = setInterval(() => {
    for (const connection of opened.idle()) connection.ping().catch(() => undefined);
  }, HEARTBEAT_MS).unref();
  return {
    commands,
    subscriber,
    async ready(ms = 10_000) {
      await Promise.all(opened.awaited.map((connection) => whenReady(connection, address.label, ms)));
      // On a cluster this also opens the connection to each master, which otherwise waits for the first command.
      const masters = commands instanceof Cluster ? commands.nodes('master') : [commands];
      await Promise.all(masters.map((node) => checkServer(node, address.label, log)));
    },
    async close() {
      clearInterval(heartbeat);
      closing.abort();
      await Promise.all(opened.connections().map(end));
    },
  };
}

interface Opened {
  commands: Commands;
  subscriber: ShardedSubscriber;
  awaited: Commands[];
  /** Connections that may carry nothing for hours. */
  idle(): { ping(): Promise<unknown> }[];
  /** All connections, to be closed at the end. */
  connections(): Commands[];
}

/** A single Redis, or the primary that the Sentinels name. */
function openPair(address: Exclude<RedisAddress, { kind: 'cluster' }>, log: Logger, closing: AbortSignal): Opened {
  const pair = (['commands', 'subscriber'] as const).map((role) => {
    const options = { ...OPTIONS, connectionName: connectionName(role) };
    const connection =
      address.kind === 'single' ? new Redis(address.url, options) : new Redis({ ...options, ...sentinels(address) });
    logConnectionState(connection, log.child({ redis: address.label, role }));
    reconnectOnEnd(connection, closing);
    return connection;
  });
  const [commands, subscriber] = pair as [Redis, Redis];
  const watchers = address.kind === 'sentinel' ? watchSentinels(address, pair, log) : [];
  return {
    commands,
    subscriber,
    awaited: pair,
    idle: () => [subscriber, ...watchers],
    connections: () => [...pair, ...watchers],
  };
}

function watchSentinels(address: RedisAddress & { kind: 'sentinel' }, pair: Redis[], log: Logger): Redis[] {
  const connect = (to: SentinelNode) => new Redis({ ...OPTIONS, ...to, connectionName: connectionName('failovers') });
  const reconnect = () => {
    // a connection that is reconnecting asks the Sentinels anyway
    for (const connection of pair) if (connection.status !== 'reconnecting') connection.disconnect(true);
  };
  return watchFailovers(address, connect, reconnect, log.child({ redis: address.label }));
}

/**
 * Opens a connection again after its end: ioredis stops for good when a reconnect is requested while it queries a
 * Sentinel.
 */
function reconnectOnEnd(connection: Redis, closing: AbortSignal): void {
  connection.on('end', () => {
    setTimeout(() => {
      if (!closing.aborted) connection.connect().catch(() => undefined);
    }, RECONNECT_MS).unref();
  });
}

function sentinels(address: RedisAddress & { kind: 'sentinel' }) {
  const { kind: _, label: __, nodes, isTls, ...named } = address;
  return {
    ...named,
    sentinels: nodes,
    sentinelCommandTimeout: OPTIONS.commandTimeout,
    sentinelRetryStrategy: OPTIONS.retryStrategy,
    ...(isTls ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
  } satisfies RedisOptions;
}

/**
 * MOVED, ASK, TRYAGAIN and CLUSTERDOWN mean that a command was not executed: ioredis sends it again. A closed
 * connection leaves that open, so its pending commands fail (retryDelayOnFailover 0): an executed script must not run
 * twice.
 */
function openCluster(address: RedisAddress & { kind: 'cluster' }, log: Logger): Opened {
  const { nodes, isTls, label } = address;
  const { enableOfflineQueue, retryStrategy, ...rest } = OPTIONS;
  const redisOptions = {
    ...rest,
    ...('username' in address ? { username: address.username } : {}),
    ...('password' in address ? { password: address.password } : {}),
    ...(isTls ? { tls: {} } : {}),
  };
  const commands = new Cluster(nodes, {
    enableOfflineQueue,
    clusterRetryStrategy: retryStrategy,
    retryDelayOnFailover: 0,
    // While a slot moves, one every 100 ms: in all less than a command's timeout.
    maxRedirections: 20,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    // Host names are resolved only when connecting: certificates are checked against names.
    dnsLookup: (host, done) => done(null, host),
    redisOptions: { ...redisOptions, connectionName: connectionName('commands') },
  });
  const toCluster = log.child({ redis: label, role: 'commands' });
  logConnectionState(commands, toCluster);
  commands.on('node error', (error: Error, node: string) => {
    toCluster.debug({ node, reason: error.message }, 'A cluster node is unreachable');
  });
  const subscriber = createClusterSubscriber(commands, (node) => {
    const connection = new Redis({
      ...redisOptions,
      ...nodeOf(node),
      enableOfflineQueue,
      lazyConnect: true,
      retryStrategy: () => null,
      connectionName: connectionName('subscriber'),
    });
    logConnectionState(connection, log.child({ redis: node, role: 'subscriber' }));
    return connection;
  });
  return {
    commands,
    subscriber,
    awaited: [commands],
    idle: () => [subscriber],
    connections: () => [commands, ...subscriber.connections()],
  };
}

const connectionName = (role: string) => `nova-manila-gateway:${role}`;

function nodeOf(address: string): RedisNode {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

/** Throws STATE_UNAVAILABLE for a Redis that is too old; warns about one that may evict keys. */
async function checkServer(node: Redis, label: string, log: Logger): Promise<void> {
  const info = await node.info().catch((error: unknown) => {
    throw startError(`Redis at ${label} does not answer INFO`, error);
  });
  const version = /^redis_version:(.*)$/m.exec(info)?.[1]?.trim() ?? 'unknown';
  if (Number.parseInt(version, 10) < 7) {
    throw new GatewayError(
      'STATE_UNAVAILABLE',
      `Redis 7 or later is needed (sharded channels), ${label} is ${version}`,
    );
  }
  const policy = /^maxmemory_policy:(.*)$/m.exec(info)?.[1]?.trim();
  if (policy?.startsWith('allkeys')) {
    log.warn(
      { redis: label, policy },
      'Redis may evict attachments when its memory is full: set maxmemory-policy to noeviction',
    );
  }
}
