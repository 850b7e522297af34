import { type Answer, deepFreeze } from './answer.ts';
import { startDeadline, waitWith } from './deadline.ts';
import { OpenStackError } from './errors.ts';
import { type Call, gaveUp, send } from './http.ts';
import { forgetReads, joinRead } from './reads.ts';
import { sendRead } from './retry.ts';

/**
 * Makes a call within `timeoutMs`. A GET is tried again where that helps, and made once for all who ask the same with the
 * same token meanwhile; a caller that leaves does not end it for the others. Anything else is sent once, and no read
 * of the same token that started before it ended is joined after it: a read after a write sees the write.
 * Rejects with an OpenStackError.
 */
export function perform(call: Call, timeoutMs: number, signal?: AbortSignal): Promise<Answer> {
  return call.method === 'GET' ? read(call, timeoutMs, signal) : write(call, timeoutMs, signal);
}

async function read(call: Call, timeoutMs: number, signal?: AbortSignal): Promise<Answer> {
  const what = [call.service, call.url, JSON.stringify(call.headers ?? {})].join(' ');
  const patience = startDeadline(timeoutMs, signal);
  try {
    const answer = joinRead(call.cloud, call.token, what, () => readOnce(call, timeoutMs));
    return await waitWith(answer, patience.signal);
  } catch (error) {
    throw error instanceof OpenStackError ? error : gaveUp(call, error);
  } finally {
    patience.end();
  }
}

async function readOnce(call: Call, timeoutMs: number): Promise<Answer> {
  const deadline = startDeadline(timeoutMs);
  try {
    return deepFreeze(await sendRead(call, deadline));
  } finally {
    deadline.end();
  }
}

async function write(call: Call, timeoutMs: number, signal?: AbortSignal): Promise<Answer> {
  const deadline = startDeadline(timeoutMs, signal);
  forgetReads(call.cloud, call.token);
  try {
    return await send(call, deadline);
  } finally {
    forgetReads(call.cloud, call.token);
    deadline.end();
  }
}
