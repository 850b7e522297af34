import type { RedisOptions } from 'ioredis';

/** Timeout of a command, in ms. */
const COMMAND_TIMEOUT_MS = 3000;

/** Options of every connection. */
export const OPTIONS = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // store/subscriptions.ts subscribes again itself: it must know when, to read what was missed.
  autoResubscribe: false,
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: COMMAND_TIMEOUT_MS,
  socketTimeout: 2 * COMMAND_TIMEOUT_MS,
  // A connection that we end has nothing more to deliver; a peer that hangs would keep it, and the process, open.
  disconnectTimeout: 0,
  // Sentinel made it a replica: the next connection goes to the primary. The script that got this error wrote nothing.
  reconnectOnError: (error: Error) => /^(READONLY|MASTERDOWN)/.test(error.message),
  retryStrategy: (attempt: number) => Math.min(2 ** Math.min(attempt, 10) * 25, 2000) + Math.random() * 100,
} satisfies RedisOptions;
