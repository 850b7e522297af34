import { setMaxListeners } from 'node:events';
import type { ExecutionResult } from 'graphql';
import { startDeadline } from '../deadline.ts';
import { GatewayError } from '../errors.ts';
import { type ErrorContext, formatError } from '../graphql/errors.ts';

/** How much longer than its upstream calls an operation may take, in ms, before it is answered for. */
const BACKSTOP_MS = 2000;

/** The patience for one operation. */
export interface RequestDeadline {
  /** Its session's signal: every call upstream ends with it. Made when it is first asked for, as that is dear. */
  readonly signal: () => AbortSignal;
  /** Stops the clock. To be called however the operation ended. */
  end(): void;
}

/** Starts the clock of one operation: REQUEST_TIMEOUT_MS over all its calls. */
export function startRequestDeadline(ms: number): RequestDeadline {
  let controller: AbortController | null = null;
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    controller?.abort(timeoutError(ms));
  }, ms);
  function signal(): AbortSignal {
    if (controller) return controller.signal;
    controller = new AbortController();
    // MAX_COST bounds how many calls listen: Node's warning at the eleventh is for listeners that are forgotten.
    setMaxListeners(0, controller.signal);
    if (isOver) controller.abort(timeoutError(ms));
    return controller.signal;
  }
  return { signal, end: () => clearTimeout(timer) };
}

/** The same for one event of a subscription, whose end nobody says: the clock does not keep the process alive. */
export function eventSignal(ms: number): AbortSignal {
  return startDeadline(ms, undefined, () => timeoutError(ms)).signal;
}

/**
 * The operation's result; UPSTREAM_TIMEOUT when it comes to none although its calls have ended. Fastify's handlerTimeout
 * is not used: its clock stops as soon as a POST's body is read (5.12, lib/route.js, `req.on('close')`).
 */
export function withTimeout(ms: number, work: Promise<ExecutionResult>, told: ErrorContext): Promise<ExecutionResult> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve({ errors: [formatError(timeoutError(ms), told)] }), ms + BACKSTOP_MS);
    work.then(
      (result) => {
        clearTimeout(timer);
        resolve(result);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

function timeoutError(ms: number): GatewayError {
  return new GatewayError(
    'UPSTREAM_TIMEOUT',
    `The operation took longer than ${ms} ms; what was asked may still happen`,
  );
}
