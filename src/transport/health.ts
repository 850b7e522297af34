import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { withTimeout } from '../deadline.ts';

/** Time limit of one check, in ms. */
const CHECK_MS = 2000;
/** TTL of the cached result, in ms: frequent probes do not become frequent calls to the cloud. */
const FRESH_MS = 1000;

/** Probes come every few seconds: their requests are logged at `debug`. */
const QUIET = { config: { isQuiet: true } };

/** Checks by name; each rejects unless the service it is named after answers. */
export type Checks = Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>>;

interface Readiness {
  ready: boolean;
  /** `ok` or `failed` by the check's name. The reason is in the log only. */
  checks: Record<string, 'ok' | 'failed'>;
}

/** `GET /healthz`: the process lives. `GET /readyz`: 200 when every check passes, the start is complete and no stop has begun, else 503. */
export function registerHealth(
  app: FastifyInstance,
  options: { checks: Checks; log: Logger; isStopping: () => boolean; notStarted: () => string | null },
): void {
  const readiness = cacheReadiness(options);
  app.get('/healthz', QUIET, () => ({ status: 'ok' }));
  app.get('/readyz', QUIET, async (_request, reply) => {
    const { ready, checks } = await readiness();
    const status = options.isStopping() ? 'stopping' : options.notStarted() ? 'starting' : ready ? 'ok' : 'unavailable';
    return reply.code(status === 'ok' ? 200 : 503).send({ status, checks });
  });
}

/** Concurrent requests, and requests within FRESH_MS after, get the same result. */
function cacheReadiness({ checks, log }: { checks: Checks; log: Logger }): () => Promise<Readiness> {
  const failing = new Set<string>();
  let last: { readiness: Promise<Readiness>; until: number } | null = null;
  return () => {
    if (!last || performance.now() > last.until) {
      const run = { readiness: runChecks(checks, log, failing), until: Number.POSITIVE_INFINITY };
      last = run;
      run.readiness.then(() => {
        run.until = performance.now() + FRESH_MS;
      });
    }
    return last.readiness;
  };
}

/** Logs each check when it starts to fail and when it passes again. */
async function runChecks(checks: Checks, log: Logger, failing: Set<string>): Promise<Readiness> {
  const entries = await Promise.all(
    Object.entries(checks).map(async ([name, check]): Promise<[string, 'ok' | 'failed']> => {
      try {
        await withTimeout(CHECK_MS, check);
        if (failing.delete(name)) log.warn({ check: name }, 'ready again');
        return [name, 'ok'];
      } catch (error) {
        if (!failing.has(name)) log.warn({ err: error, check: name }, 'not ready');
        failing.add(name);
        return [name, 'failed'];
      }
    }),
  );
  return { ready: entries.every(([, outcome]) => outcome === 'ok'), checks: Object.fromEntries(entries) };
}
