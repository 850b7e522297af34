import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

/** How long one check may take, and how long its answer is good for, in ms: whoever asks often does not ask the cloud as often. */
const CHECK_MS = 2000;
const FRESH_MS = 1000;

/** Each rejects unless what it is named after answers. */
export type Checks = Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>>;

interface Readiness {
  ready: boolean;
  /** `ok` or `failed` by the check's name. Why is in the log only. */
  checks: Record<string, 'ok' | 'failed'>;
}

/** `GET /healthz`: the process lives. `GET /readyz`: 200 when every check passes and no stop has begun, else 503 with which failed. */
export function registerHealth(
  app: FastifyInstance,
  options: { checks: Checks; log: Logger; isStopping: () => boolean },
): void {
  const readiness = cacheReadiness(options);
  app.get('/healthz', { logLevel: 'silent' }, () => ({ status: 'ok' }));
  app.get('/readyz', { logLevel: 'silent' }, async (_request, reply) => {
    const { ready, checks } = await readiness();
    const status = options.isStopping() ? 'stopping' : ready ? 'ok' : 'unavailable';
    return reply.code(status === 'ok' ? 200 : 503).send({ status, checks });
  });
}

/** Askers at the same time, and within a second after, get the same answer. */
function cacheReadiness({ checks, log }: { checks: Checks; log: Logger }): () => Promise<Readiness> {
  let last: { answer: Promise<Readiness>; until: number } | null = null;
  return () => {
    if (!last || performance.now() > last.until) {
      const asked = { answer: runChecks(checks, log), until: Number.POSITIVE_INFINITY };
      last = asked;
      asked.answer.then(() => {
        asked.until = performance.now() + FRESH_MS;
      });
    }
    return last.answer;
  };
}

async function runChecks(checks: Checks, log: Logger): Promise<Readiness> {
  const entries = await Promise.all(
    Object.entries(checks).map(async ([name, check]): Promise<[string, 'ok' | 'failed']> => {
      try {
        await withTimeout(CHECK_MS, check);
        return [name, 'ok'];
      } catch (error) {
        log.warn({ err: error, check: name }, 'not ready');
        return [name, 'failed'];
      }
    }),
  );
  return { ready: entries.every(([, outcome]) => outcome === 'ok'), checks: Object.fromEntries(entries) };
}

/** Rejects when the work does not end in `ms`, also when it does not look at its signal. */
async function withTimeout(ms: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const reason = new Error(`no answer in ${ms} ms`);
      controller.abort(reason);
      reject(reason);
    }, ms);
  });
  try {
    await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
