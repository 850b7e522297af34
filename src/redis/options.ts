import { once } from 'node:events';
import { Cluster, type Redis, type RedisOptions } from 'ioredis';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';

/** How every connection to Redis behaves, how it is watched, and how it ends. */

/** How long a command may go unanswered, ms. */
const COMMAND_TIMEOUT_MS = 3000;

/** The connection for commands. */
export type Commands = Redis | Cluster;

/** Waits for Redis' answer; any failure is STATE_UNAVAILABLE, with the cause. */
export async function orUnavailable<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw unavailable('The attachment store did not answer', error);
  }
}

/** What all connections have in common. */
export const OPTIONS = {
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
export function logConnectionState(connection: Commands, log: Logger): void {
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

export function whenReady(connection: Commands, host: string, ms: number): Promise<void> {
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
export async function end(connection: Commands): Promise<void> {
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
