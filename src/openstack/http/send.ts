import { abortable, type Deadline, startDeadline } from '../../deadline.ts';
import { isConnectionFailure, OpenStackError } from '../errors.ts';
import { type Call, callTimeout, sendOnce } from './call.ts';
import { ProjectBusyError } from './project-limit.ts';
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
    return deepFreeze(await withCircuit(call, timeoutMs, deadline, () => sendRead(call, deadline)));
  } finally {
    deadline.end();
  }
}

/** Sends a call unless its circuit is open, and counts the outcome. */
async function withCircuit(
  call: Call,
  timeoutMs: number,
  deadline: Deadline,
  run: () => Promise<Response>,
): Promise<Response> {
  const attempt = call.cloud.circuits.enter({ ...call, isWrite: call.method !== 'GET' });
  try {
    const response = await run();
    attempt.succeed();
    return response;
  } catch (error) {
    if (!(error instanceof OpenStackError) || isInconclusive(error, call, timeoutMs, deadline)) attempt.cancel();
    else if (isServiceFailure(error))
      attempt.fail({ ...error, message: error.message, isConnection: isConnectionFailure(error) });
    else attempt.succeed();
    throw error;
  }
}

/** A rate limit, or a caller that aborted or gave the call too little time, says nothing about the service. */
function isInconclusive(error: OpenStackError, call: Call, timeoutMs: number, deadline: Deadline): boolean {
  if (error.kind === 'timeout') return deadline.remainingMs() > 0 || timeoutMs < call.cloud.settings.timeoutMs / 2;
  if (error.kind === 'unreachable') return error.cause === undefined || error.cause instanceof ProjectBusyError;
  return error.status === 429 || error.status === 408;
}

function isServiceFailure({ kind, status }: OpenStackError): boolean {
  return kind !== 'refused' || (status ?? 0) >= 500;
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof OpenStackError && error.status === 401;
}

async function write(call: Call, timeoutMs: number, signal?: AbortSignal): Promise<Response> {
  const deadline = startDeadline(timeoutMs, signal);
  const flightKey = call.flightKey ?? tokenFlightKey(call.token);
  invalidate(call.cloud, flightKey);
  try {
    return await withCircuit(call, timeoutMs, deadline, () => sendOnce(call, deadline));
  } finally {
    invalidate(call.cloud, flightKey);
    deadline.end();
  }
}
