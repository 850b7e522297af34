import { once } from 'node:events';
import { Cluster, type Redis } from 'ioredis';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.ts';

/** The connection for commands. */
export type Commands = Redis | Cluster;

/**
 * Waits for Redis' reply. Any failure is STATE_UNAVAILABLE, with the cause for the log: its message, which names
 * addresses and settings of Redis, is not for clients.
 */
export async function orUnavailable<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw new GatewayError('STATE_UNAVAILABLE', 'The attachment store did not respond', {}, { cause: causeOf(error) });
  }
}

/** Logs once that a connection was lost, or cannot be opened, and once that it is back, not each attempt in between. */
export function logConnectionState(connection: Commands, log: Logger): void {
  let isDown = false;
  connection.on('error', (error: Error) => {
    // Only the message: ioredis attaches the command to its errors, and AUTH contains the password.
    if (!isDown) log.warn({ reason: error.message }, 'Redis is unavailable');
    isDown = true;
  });
  connection.on('close', () => {
    if (!isDown) log.warn({ reason: 'the connection was lost' }, 'Redis is unavailable');
    isDown = true;
  });
  connection.on('ready', () => {
    if (isDown) log.warn('Redis is available again');
    else log.info('Connected to Redis');
    isDown = false;
  });
}

/** Waits until the connection is ready; rejects with STATE_UNAVAILABLE after `ms`, with the last error as its cause. */
export function whenReady(connection: Commands, host: string, ms: number): Promise<void> {
  if (connection.status === 'ready') return Promise.resolve();
  return new Promise((resolve, reject) => {
    let lastError: Error | undefined;
    const onError = (error: Error) => {
      lastError = error;
    };
    const onReady = () => finish(resolve);
    const timer = setTimeout(
      () => finish(() => reject(startError(`Redis at ${host} is not ready after ${ms} ms`, lastError))),
      ms,
    );
    const finish = (then: () => void) => {
      clearTimeout(timer);
      connection.off('error', onError).off('ready', onReady);
      then();
    };
    connection.on('error', onError).on('ready', onReady);
  });
}

/** A failure at the start, which only the operator reads: with Redis' own words. */
export function startError(message: string, error: unknown): GatewayError {
  const cause = causeOf(error);
  return new GatewayError('STATE_UNAVAILABLE', `${message}: ${cause.message}`, {}, { cause });
}

function causeOf(error: unknown): Error {
  const cause = error instanceof Error ? error : new Error(String(error ?? 'no error was reported'));
  // ioredis attaches the command to its errors, and AUTH and HELLO contain the password.
  if ('command' in cause) delete cause.command;
  return cause;
}

/** Closes a connection at once: QUIT would wait for a Redis that hangs, and no command is pending. */
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
