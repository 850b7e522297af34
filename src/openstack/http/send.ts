import { abortable, type Deadline, startDeadline } from '../../deadline.ts';
import { OpenStackError } from '../errors.ts';
import { type Call, callTimeout, sendOnce } from './call.ts';
import { deepFreeze, type Response } from './response.ts';
import { sendRead } from './retry.ts';
import { type InFlight, invalidate, singleFlight, tokenFlightKey } from './single-flight.ts';

/**
 * Makes a call within `timeoutMs`. Rejects with an OpenStackError.
 *
 * A GET is retried after transient failures and shared by callers with the same flight key; a caller that aborts does
 * not abort it for the others. Any other method is sent once and invalidates the reads in flight of its project, before
 * and after, so that a read after a write sees the write.
 */
export function send(call: Call, timeoutMs: number, signal?: AbortSignal): Promise<Response> {
  return call.method === 'GET' ? read(call, timeoutMs, signal) : write(call, timeoutMs, signal);
}

async function read(call: Call, timeoutMs: number, signal?: AbortSignal): Promise<Response> {
  const deadline = startDeadline(timeoutMs, signal);
  try {
    for (;;) {
      const { result, token } = joinFlight(call, deadline);
      const response = await abortable(result, deadline.signal).catch((error: unknown) => {
        if (token === call.token || !isUnauthorized(error)) throw error;
        return null;
      });
      // null: the token of the caller that started the read has expired, so start it again with this caller's token
      if (response) return response;
    }
  } catch (error) {
    throw error instanceof OpenStackError ? error : callTimeout(call, error);
  } finally {
    deadline.end();
  }
}

function joinFlight(call: Call, deadline: Deadline): InFlight<Response> {
  const { cloud, flightKey, token } = call;
  const key = [call.service, call.url, JSON.stringify(call.headers ?? {})].join(' ');
  return singleFlight(cloud, flightKey ?? tokenFlightKey(token), token, key, () =>
    readOnce(call, deadline.remainingMs()),
  );
}

async function readOnce(call: Call, timeoutMs: number): Promise<Response> {
  const deadline = startDeadline(timeoutMs);
  try {
    return deepFreeze(await sendRead(call, deadline));
  } finally {
    deadline.end();
  }
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof OpenStackError && error.status === 401;
}

async function write(call: Call, timeoutMs: number, signal?: AbortSignal): Promise<Response> {
  const deadline = startDeadline(timeoutMs, signal);
  const flightKey = call.flightKey ?? tokenFlightKey(call.token);
  invalidate(call.cloud, flightKey);
  try {
    return await sendOnce(call, deadline);
  } finally {
    invalidate(call.cloud, flightKey);
    deadline.end();
  }
}
