/** How much runs at once, over both doors: beyond the bound a request is refused at once, so that those accepted finish. */
import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../errors.ts';
import { isCompute, RETRY_AFTER, sendError } from './error-responses.ts';

export interface Concurrency {
  /** Counts one more; answers what counts it out again, to be called once. Null when the bound is reached. */
  acquire(): (() => void) | null;
}

/** A count with a bound. */
export function createConcurrency(most: number): Concurrency {
  let running = 0;
  return {
    acquire() {
      if (running >= most) return null;
      running++;
      return () => {
        running--;
      };
    },
  };
}

/** What is told to who comes when everything is taken. */
export function overloadedError(): GatewayError {
  return new GatewayError('LIMIT_EXCEEDED', `The gateway is busy: try again in ${RETRY_AFTER} s`);
}

/** Bounds requests for work. Health is asked all the more when there is too much of it; files and pages cost nothing. */
export function limitConcurrentRequests(app: FastifyInstance, inFlight: Concurrency): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (!countsAsWork(request.url) || request.headers.upgrade !== undefined) return done();
    const leave = inFlight.acquire();
    if (!leave)
      return void sendError(reply.header('retry-after', RETRY_AFTER), 503, overloadedError().message, 'LIMIT_EXCEEDED');
    reply.raw.once('close', leave);
    done();
  });
}

function countsAsWork(url: string): boolean {
  return isCompute(url) || /^\/graphql\/?(\?|$)/.test(url);
}
