import { setTimeout as sleep } from 'node:timers/promises';
import type { Deadline } from '../../deadline.ts';
import { errorCode, OpenStackError } from '../errors.ts';
import { type Call, sendOnce } from './call.ts';
import type { Response } from './response.ts';

const MAX_RETRIES = 2;
const FIRST_DELAY_MS = 100;
/** A call is not retried if Retry-After asks for a longer delay, in ms. */
const MAX_DELAY_MS = 2000;

const RETRIED_STATUSES = new Set([429, 502, 503, 504]);
const RETRIED_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/**
 * Sends a read and retries it up to twice after a transient failure: the connection broke, or the service is busy.
 * Undici's retry handler does not fit: it requests the rest of a broken response with Range, and its delays ignore the
 * deadline.
 */
export async function sendRead(call: Call, deadline: Deadline): Promise<Response> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await sendOnce(call, deadline);
    } catch (error) {
      const delayMs = retries < MAX_RETRIES ? retryDelayMs(error, retries) : null;
      if (delayMs === null || delayMs >= deadline.remainingMs()) throw error;
      await sleep(delayMs, undefined, { signal: deadline.signal }).catch(() => {
        throw error;
      });
    }
  }
}

/** Delay before the next try, in ms; null if the error is not transient. */
function retryDelayMs(error: unknown, retries: number): number | null {
  if (!(error instanceof OpenStackError) || !isTransient(error)) return null;
  if (error.retryAfterMs !== null) return error.retryAfterMs <= MAX_DELAY_MS ? error.retryAfterMs : null;
  return FIRST_DELAY_MS * 2 ** retries * (0.5 + Math.random() / 2);
}

function isTransient(error: OpenStackError): boolean {
  if (error.kind === 'refused') return RETRIED_STATUSES.has(error.status ?? 0);
  // a broken connection, before the response or within it
  return error.kind !== 'timeout' && RETRIED_CODES.has(errorCode(error.cause) ?? '');
}
