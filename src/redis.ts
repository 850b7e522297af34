import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from 'pino';
import { GatewayError } from './errors.ts';

/** How long a command may go unanswered, ms. */
const COMMAND_TIMEOUT_MS = 3000;
/** How often the subscribing connection, which may be silent for hours, is asked whether it lives, ms. */
const HEARTBEAT_MS = 10_000;

/** The gateway's two connections: a subscribing one must not wait behind commands, nor they behind its messages. */
export interface RedisConnections {
  readonly commands: Redis;
  readonly subscriber: Redis;
  /** Resolves when both connections are ready; rejects with STATE_UNAVAILABLE after `ms` (10 s), or on a Redis older than 7. */
  ready(ms?: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts to connect, and goes on for as long as it takes, in the background. While Redis is away commands fail at once
 * and none is sent again later: what a caller was told failed must not happen after all. The log has no password.
 */
export function connectRedis(url: string, log: Logger): RedisConnections {
  const { host } = new URL(url);
  const connections = (['commands', 'subscriber'] as const).map((role) => {
    const connection = new Redis(url, { ...OPTIONS, connectionName: `nova-manila-gateway:${role}` });
    watch(connection, log.child({ redis: host, role }));
    return connection;
  });
  const [commands, subscriber] = connections as [Redis, Redis];
  // An unanswered ping trips socketTimeout, which reconnects: nothing else would notice a peer that went silently.
  const heartbeat = setInterval(() => void subscriber.ping().catch(() => undefined), HEARTBEAT_MS).unref();

  return {
    commands,
    subscriber,
    async ready(ms = 10_000) {
      await Promise.all([commands, subscriber].map((connection) => whenReady(connection, host, ms)));
      const info = await answered(commands.info());
      const version = /^redis_version:(.*)$/m.exec(info)?.[1]?.trim() ?? 'unknown';
      if (Number.parseInt(version, 10) < 7) {
        throw new GatewayError(
          'STATE_UNAVAILABLE',
          `Redis 7 or later is needed (sharded channels), ${host} is ${version}`,
        );
      }
      const policy = /^maxmemory_policy:(.*)$/m.exec(info)?.[1]?.trim();
      if (policy?.startsWith('allkeys')) {
        log.warn(
          { redis: host, policy },
          'Redis may evict attachments when its memory is full: set maxmemory-policy to noeviction',
        );
      }
    },
    async close() {
      clearInterval(heartbeat);
      await Promise.all([commands, subscriber].map(quit));
    },
  };
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
  retryStrategy: (attempt: number) => Math.min(2 ** Math.min(attempt, 10) * 25, 2000) + Math.random() * 100,
} satisfies RedisOptions;

/** Says once that a connection was lost and once that it is back: not each of the attempts between. */
function watch(connection: Redis, log: Logger): void {
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

function whenReady(connection: Redis, host: string, ms: number): Promise<void> {
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

async function quit(connection: Redis): Promise<void> {
  connection.removeAllListeners('close');
  if (connection.status === 'end') return;
  await connection.quit().catch(() => connection.disconnect());
}
