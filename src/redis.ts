import { once } from 'node:events';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Logger } from 'pino';
import { GatewayError } from './errors.ts';
import { parseRedisUrl, type RedisAddress, type RedisNode } from './redis-address.ts';
import { createClusterSubscriber, type Subscriber } from './redis-cluster.ts';

/** How long a command may go unanswered, ms. */
const COMMAND_TIMEOUT_MS = 3000;
/** How often the subscribing connection, which may be silent for hours, is asked whether it lives, ms. */
const HEARTBEAT_MS = 10_000;
/** How often a cluster is asked who has which slot, besides whenever a node sends us on, ms. */
const SLOTS_REFRESH_MS = 60_000;

/** The connection for commands. */
export type Commands = Redis | Cluster;

/** The gateway's two connections: a subscribing one must not wait behind commands, nor they behind its messages. */
export interface RedisConnections {
  readonly commands: Commands;
  readonly subscriber: Subscriber;
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
  const opened = address.kind === 'cluster' ? openCluster(address, log) : openPair(address, log);
  const { commands, subscriber } = opened;
  // An unanswered ping trips socketTimeout, which reconnects: nothing else would notice a peer that went silently.
  const heartbeat = setInterval(() => void subscriber.ping().catch(() => undefined), HEARTBEAT_MS).unref();
  return {
    commands,
    subscriber,
    async ready(ms = 10_000) {
      await Promise.all(opened.toBeReady.map((connection) => whenReady(connection, address.label, ms)));
      // On a cluster this also opens the connection to each master, which else waits for the first command.
      const masters = commands instanceof Cluster ? commands.nodes('master') : [commands];
      await Promise.all(masters.map((node) => check(node, address.label, log)));
    },
    async close() {
      clearInterval(heartbeat);
      await Promise.all(opened.connections().map(end));
    },
  };
}

interface Opened {
  commands: Commands;
  subscriber: Subscriber;
  toBeReady: Commands[];
  /** All that must be ended. */
  connections(): Commands[];
}

/** One Redis, or the one that the Sentinels name. */
function openPair(address: Exclude<RedisAddress, { kind: 'cluster' }>, log: Logger): Opened {
  const pair = (['commands', 'subscriber'] as const).map((role) => {
    const options = { ...OPTIONS, connectionName: connectionName(role) };
    const connection =
      address.kind === 'single' ? new Redis(address.url, options) : new Redis({ ...options, ...sentinels(address) });
    watch(connection, log.child({ redis: address.label, role }));
    return connection;
  });
  const [commands, subscriber] = pair as [Redis, Redis];
  return { commands, subscriber, toBeReady: pair, connections: () => pair };
}

function sentinels(address: RedisAddress & { kind: 'sentinel' }) {
  const { kind: _, label: __, nodes, isTls, ...named } = address;
  return {
    ...named,
    sentinels: nodes,
    // A primary that was replaced may go on to answer, and to take writes that will be lost.
    failoverDetector: true,
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
    sentinelRetryStrategy: OPTIONS.retryStrategy,
    sentinelReconnectStrategy: OPTIONS.retryStrategy,
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
  watch(commands, toCluster);
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
    watch(connection, log.child({ redis: node, role: 'subscriber' }));
    return connection;
  });
  return {
    commands,
    subscriber,
    toBeReady: [commands],
    connections: () => [commands, ...subscriber.connections()],
  };
}

const connectionName = (role: string) => `nova-manila-gateway:${role}`;

function nodeOf(address: string): RedisNode {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

/** Throws STATE_UNAVAILABLE on a Redis that is too old; warns of one that may forget. */
async function check(node: Redis, label: string, log: Logger): Promise<void> {
  const info = await answered(node.info());
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

/** Waits for Redis' answer; any failure is STATE_UNAVAILABLE, with the cause. */
export async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw unavailable('The attachment store did not answer', error);
  }
}

const OPTIONS = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // store/events.ts subscribes again itself: it must know when, to read what was missed.
  autoResubscribe: false,
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: COMMAND_TIMEOUT_MS,
  socketTimeout: 2 * COMMAND_TIMEOUT_MS,
  // When we end a connection nothing is left to come; a peer that is stuck would keep it, and the process, open.
  disconnectTimeout: 0,
  // Sentinel made it a replica: the next connection goes to the primary. The script that heard this wrote nothing.
  reconnectOnError: (error: Error) => /^(READONLY|MASTERDOWN)/.test(error.message),
  retryStrategy: (attempt: number) => Math.min(2 ** Math.min(attempt, 10) * 25, 2000) + Math.random() * 100,
} satisfies RedisOptions;

/** Says once that a connection was lost and once that it is back: not each of the attempts between. */
function watch(connection: Commands, log: Logger): void {
  let isAway = false;
  connection.on('error', (error: Error) => {
    // Only the message: ioredis hangs the command on its errors, and that of AUTH has the password.
    if (!isAway) log.warn({ reason: error.message }, 'Redis is away');
    isAway = true;
  });
  connection.on('close', () => {
    if (!isAway) log.warn('The connection to Redis was lost');
    isAway = true;
  });
  connection.on('ready', () => {
    log.info('Connected to Redis');
    isAway = false;
  });
}

function whenReady(connection: Commands, host: string, ms: number): Promise<void> {
  if (connection.status === 'ready') return Promise.resolve();
  return new Promise((resolve, reject) => {
    let lastError: Error | undefined;
    const onError = (error: Error) => {
      lastError = error;
    };
    const onReady = () => settle(resolve);
    const timer = setTimeout(
      () => settle(() => reject(unavailable(`Redis at ${host} is not ready after ${ms} ms`, lastError))),
      ms,
    );
    const settle = (then: () => void) => {
      clearTimeout(timer);
      connection.off('error', onError).off('ready', onReady);
      then();
    };
    connection.on('error', onError).on('ready', onReady);
  });
}

function unavailable(message: string, error: unknown): GatewayError {
  const cause = error instanceof Error ? error : new Error(String(error ?? 'no error was reported'));
  // ioredis hangs the command on its errors, and that of AUTH or HELLO has the password.
  if ('command' in cause) delete cause.command;
  return new GatewayError('STATE_UNAVAILABLE', `${message}: ${cause.message}`, {}, { cause });
}

/** Ends a connection without a word: QUIT would wait for a Redis that is stuck, and nothing is left to be said. */
async function end(connection: Commands): Promise<void> {
  connection.removeAllListeners('close');
  const nodes = connection instanceof Cluster ? connection.nodes() : [connection];
  const streams = nodes.flatMap(({ stream }) => (stream && !stream.closed ? [stream] : []));
  connection.disconnect();
  await Promise.all(
    streams.map(async (stream) => {
      const closed = once(stream, 'close');
      stream.destroy();
      await closed;
    }),
  );
}
