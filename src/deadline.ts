import { setMaxListeners } from 'node:events';

/** A span of time and a caller's patience in one signal. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** What is left, in ms; 0 when nothing is. */
  remainingMs(): number;
  /** Stops the clock. To be called however the work ended. */
  end(): void;
}

/** Starts the clock: the signal aborts after `ms`, or when `caller` does. */
export function startDeadline(ms: number, caller?: AbortSignal): Deadline {
  const controller = new AbortController();
  const endsAt = performance.now() + ms;
  const timer = setTimeout(() => controller.abort(new DOMException(`no answer in ${ms} ms`, 'TimeoutError')), ms);
  const leave = () => controller.abort(caller?.reason);
  if (caller?.aborted) leave();
  else if (caller) whenAborted(caller, leave);
  return {
    signal: controller.signal,
    remainingMs: () => Math.max(0, endsAt - performance.now()),
    end: () => {
      clearTimeout(timer);
      caller?.removeEventListener('abort', leave);
    },
  };
}

/** Waits for work that others wait for too: rejects with the signal's reason when it aborts first, and leaves the work alone. */
export async function waitWith<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave = () => {};
  const left = new Promise<never>((_resolve, reject) => {
    leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    else whenAborted(signal, leave);
  });
  try {
    return await Promise.race([work, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

// one request's signal may have many calls waiting on it: each leaves when it ends, so Node's warning of a leak at 11 would be wrong
function whenAborted(signal: AbortSignal, leave: () => void): void {
  setMaxListeners(0, signal);
  signal.addEventListener('abort', leave, { once: true });
}
