/** The start of the work: tried again until what it needs is there. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { GatewayError } from './errors.ts';

/** Pause between attempts in the background, in ms. */
const RETRY_MS = 1000;

export interface Start {
  /**
   * Tries once. When the store is away, it logs that and tries again in the background until it succeeds; any other error
   * is thrown.
   */
  begin(): Promise<void>;
  /** What the gateway waits for, worded for clients; null when it has started. */
  missing(): string | null;
  /** Ends the attempts in the background. */
  stop(): void;
}

/** Creates a start whose `attempt` rejects with STATE_UNAVAILABLE while the store is away. */
export function createStart({ log, attempt }: { log: Logger; attempt: () => Promise<void> }): Start {
  const stopping = new AbortController();
  let hasStarted = false;
  let lastReason = '';

  async function tryOnce(): Promise<void> {
    await attempt();
    hasStarted = true;
  }

  async function keepTrying(): Promise<void> {
    while (!stopping.signal.aborted && !hasStarted) {
      await sleep(RETRY_MS, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      if (!stopping.signal.aborted) await tryOnce().catch(logReason);
    }
    if (hasStarted) log.warn('The gateway has started');
  }

  /** One line for each reason: attempts are frequent. */
  function logReason(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason !== lastReason && !stopping.signal.aborted) {
      log.warn({ reason }, 'The gateway cannot start yet, trying again');
    }
    lastReason = reason;
  }

  return {
    async begin() {
      try {
        await tryOnce();
      } catch (error) {
        if (!(error instanceof GatewayError) || error.code !== 'STATE_UNAVAILABLE') throw error;
        logReason(error);
        void keepTrying();
      }
    },
    missing: () => (hasStarted ? null : 'The gateway is starting: its attachment store (Redis) is not available yet'),
    stop: () => stopping.abort(),
  };
}
