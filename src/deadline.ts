import { setMaxListeners } from 'node:events';

/** A time limit for some work, as an AbortSignal for the calls that the work makes. */
export interface Deadline {
  /** Aborts when the time is up, when the caller's signal aborts, or with `abort`. Created on first use. */
  readonly signal: AbortSignal;
  /** The time that is left, in ms; 0 when none is. */
  remainingMs(): number;
  /** Ends the work early: the signal aborts with this reason. */
  abort(reason: unknown): void;
  /** Stops the timer and leaves the caller's signal. Call it when the work has ended, in `finally`. */
  end(): void;
}

/**
 * Starts a timer of `ms`. The signal aborts with `reason` when the time is up, and with the caller's reason when
 * `caller` aborts first. The timer does not keep the process alive.
 *
 * The timer and the listener hold the signal until they fire or `end` is called. `AbortSignal.any` and
 * `AbortSignal.timeout` hold each other weakly on Node 20: after a garbage collection the combined signal never aborts
 * (https://github.com/nodejs/node/issues/57736). `npm run lint` rejects them.
 */
export function startDeadline(
  ms: number,
  caller?: AbortSignal,
  reason: () => unknown = () => timeoutError(ms),
): Deadline {
  const endsAt = performance.now() + ms;
  let controller: AbortController | null = null;
  let aborted: { reason: unknown } | null = null;
  const abort = (why: unknown) => {
    if (aborted) return;
    aborted = { reason: why };
    end();
    controller?.abort(why);
  };
  const timer = setTimeout(() => abort(reason()), ms).unref();
  const leave = () => abort(caller?.reason);
  function end(): void {
    clearTimeout(timer);
    caller?.removeEventListener('abort', leave);
  }
  if (caller?.aborted) leave();
  else if (caller) onAbort(caller, leave);
  return {
    get signal() {
      if (controller) return controller.signal;
      controller = new AbortController();
      setMaxListeners(0, controller.signal);
      if (aborted) controller.abort(aborted.reason);
      return controller.signal;
    },
    remainingMs: () => Math.max(0, endsAt - performance.now()),
    abort,
    end,
  };
}

/**
 * Runs `work` with a signal that aborts after `ms`. Rejects with `reason` when the time is up, even if the work ignores
 * its signal.
 */
export async function withTimeout<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  reason?: () => unknown,
): Promise<T> {
  const deadline = startDeadline(ms, undefined, reason);
  try {
    return await abortable(work(deadline.signal), deadline.signal);
  } finally {
    deadline.end();
  }
}

/** Settles as `work` does; rejects with `reason` when it has not settled after `ms`. The work goes on. */
export function settledWithin<T>(ms: number, work: Promise<T>, reason: () => unknown): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(reason()), ms).unref();
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Waits for work that others may wait for too. Rejects with the signal's reason when it aborts first; the work goes on. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    else onAbort(signal, leave);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** The reason of a signal whose time is up: named `TimeoutError`, as the DOM names it. */
export function timeoutError(ms: number, what = 'No response'): DOMException {
  return new DOMException(`${what} within ${ms} ms`, 'TimeoutError');
}

function onAbort(signal: AbortSignal, listener: () => void): void {
  // many calls of one request listen to its signal and each removes its listener: Node's leak warning would be wrong
  setMaxListeners(0, signal);
  signal.addEventListener('abort', listener, { once: true });
}
