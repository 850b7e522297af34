import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';
import { createClusterSubscriber, type ShardedSubscriber } from './cluster-subscriber.ts';
import { type Commands, end, logConnectionState, OPTIONS, orUnavailable, whenReady } from './options.ts';
import { type SentinelNode, watchFailovers } from './sentinel.ts';
import { parseRedisUrl, type RedisAddress, type RedisNode } from './url.ts';

/** How often the subscribing connection, which may be silent for hours, is asked whether it lives, ms. */
const HEARTBEAT_MS = 10_000;
/** How long after its end a connection is opened again, ms. */
const RECONNECT_MS = 500;
/** How often a cluster is asked who has which slot, besides whenever a node sends us on, ms. */
const SLOTS_REFRESH_MS = 60_000;

/** The gateway's two connections: a subscribing one must not wait behind commands, nor they behind its messages. */
export interface RedisConnections {
  readonly commands: Commands;
  readonly subscriber: ShardedSubscriber;
  /** Resolves when both connections are ready; rejects with STATE_UNAVAILABLE after `ms` (10 s), or on a Redis older than 7. */
  ready(ms?: number): Promise<void>;
  /** Ends both at once, whether Redis answers or not. */
  close(): Promise<void>;
}

/**
 * Starts to connect, and goes on for as long as it takes, in the background. While Redis is away commands fail at once
 * and none is sent again later: what a caller was told failed must not happen after all. The log has no password.
 * A TypeError for a URL that redis-address.ts cannot read.
 */
export function connectRedis(url: string, log: Logger): RedisConnections {
  const address = parseRedisUrl(url);
  if (!address) throw new TypeError('Not a URL of Redis, of its Sentinels or of a Redis Cluster');
  const closing = new AbortController();
  const opened = address.kind === 'cluster' ? openCluster(address, log) : openPair(address, log, closing.signal);
  const { commands, subscriber } = opened;
  // An unanswered ping trips socketTimeout, which reconnects: nothing else would notice a peer that went silently.
  const heartbeat = setInterval(() => {
    for (const connection of opened.silent()) connection.ping().catch(() => undefined);
  }, HEARTBEAT_MS).unref();
  return {
    commands,
    subscriber,
    async ready(ms = 10_000) {
      await Promise.all(opened.toBeReady.map((connection) => whenReady(connection, address.label, ms)));
      // On a cluster this also opens the connection to each master, which else waits for the first command.
      const masters = commands instanceof Cluster ? commands.nodes('master') : [commands];
      await Promise.all(masters.map((node) => checkHeartbeat(node, address.label, log)));
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
  toBeReady: Commands[];
  /** Those on which nothing may be said for hours. */
  silent(): { ping(): Promise<unknown> }[];
  /** All that must be ended. */
  connections(): Commands[];
}

/** One Redis, or the one that the Sentinels name. */
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
    toBeReady: pair,
    silent: () => [subscriber, ...watchers],
    connections: () => [...pair, ...watchers],
  };
}

function watchSentinels(address: RedisAddress & { kind: 'sentinel' }, pair: Redis[], log: Logger): Redis[] {
  const connect = (to: SentinelNode) => new Redis({ ...OPTIONS, ...to, connectionName: connectionName('failovers') });
  const reconnect = () => {
    // one between two attempts asks the Sentinels anyway
    for (const connection of pair) if (connection.status !== 'reconnecting') connection.disconnect(true);
  };
  return watchFailovers(address, connect, reconnect, log.child({ redis: address.label }));
}

/** ioredis gives up for good when it is to connect anew while it asks a Sentinel. We go on. */
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
 * MOVED, ASK, TRYAGAIN and CLUSTERDOWN say that a command was not executed: ioredis sends it again. A connection that
 * closed says nothing, so what was on it fails (retryDelayOnFailover 0): an executed script must not run twice.
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
    // While a slot moves: so often every 100 ms, less than a command's timeout.
    maxRedirections: 20,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    // Names stay names until a node is connected to: a certificate has names.
    dnsLookup: (host, done) => done(null, host),
    redisOptions: { ...redisOptions, connectionName: connectionName('commands') },
  });
  const toCluster = log.child({ redis: label, role: 'commands' });
  logConnectionState(commands, toCluster);
  commands.on('node error', (error: Error, node: string) => {
    toCluster.debug({ node, reason: error.message }, 'A node of the cluster is away');
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
    toBeReady: [commands],
    silent: () => [subscriber],
    connections: () => [commands, ...subscriber.connections()],
  };
}

const connectionName = (role: string) => `nova-manila-gateway:${role}`;

function nodeOf(address: string): RedisNode {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

/** Throws STATE_UNAVAILABLE on a Redis that is too old; warns of one that may forget. */
async function checkHeartbeat(node: Redis, label: string, log: Logger): Promise<void> {
  const info = await orUnavailable(node.info());
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
