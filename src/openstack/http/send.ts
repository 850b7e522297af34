import { abortable, type Deadline, startDeadline } from '../../deadline.ts';
import { OpenStackError } from '../errors.ts';
import { type Call, sendOnce, timeoutError } from './call.ts';
import { deepFreeze, type Response } from './response.ts';
import { sendRead } from './retry.ts';
import { type InFlight, invalidate, singleFlight, tokenFlightKey } from './single-flight.ts';

/**
 * Makes a call within `timeoutMs`. A GET is tried again where that helps, and made once for all of its scope who ask the same
 * meanwhile; a caller that leaves does not end it for the others. Anything else is sent once, and no read of the project
 * that started before it ended is joined after it: a read after a write sees the write.
 * Rejects with an OpenStackError.
 */
export function send(call: Call, timeoutMs: number, signal?: AbortSignal): Promise<Response> {
  return call.method === 'GET' ? read(call, timeoutMs, signal) : write(call, timeoutMs, signal);
}

async function read(call: Call, timeoutMs: number, signal?: AbortSignal): Promise<Response> {
  const deadline = startDeadline(timeoutMs, signal);
  try {
    for (;;) {
      const { result, token } = joinFlight(call, deadline);
      const answer = await abortable(result, deadline.signal).catch((error: unknown) => {
        if (token === call.token || !isUnauthorized(error)) throw error;
        return null;
      });
      // the token of who asked first has ended, which says nothing of ours: whoever waited asks again, one of them for all
      if (answer) return answer;
    }
  } catch (error) {
    throw error instanceof OpenStackError ? error : timeoutError(call, error);
  } finally {
    deadline.end();
  }
}

function joinFlight(call: Call, deadline: Deadline): InFlight<Response> {
  const { cloud, flightKey, token } = call;
  const what = [call.service, call.url, JSON.stringify(call.headers ?? {})].join(' ');
  return singleFlight(cloud, flightKey ?? tokenFlightKey(token), token, what, () =>
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
  const scope = call.flightKey ?? tokenFlightKey(call.token);
  invalidate(call.cloud, scope);
  try {
    return await sendOnce(call, deadline);
  } finally {
    invalidate(call.cloud, scope);
    deadline.end();
  }
}
