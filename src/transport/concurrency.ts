/** How much runs at once, over both doors: beyond the bound a request is refused at once, so that those accepted finish. */
import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../errors.ts';
import { isCompute, RETRY_AFTER, refuse } from './error-responses.ts';

export interface InFlight {
  /** Counts one more; answers what counts it out again, to be called once. Null when the bound is reached. */
  enter(): (() => void) | null;
}

/** A count with a bound. */
export function createInFlight(most: number): InFlight {
  let running = 0;
  return {
    enter() {
      if (running >= most) return null;
      running++;
      return () => {
        running--;
      };
    },
  };
}

/** What is told to who comes when everything is taken. */
export function overloaded(): GatewayError {
  return new GatewayError('LIMIT_EXCEEDED', `The gateway is busy: try again in ${RETRY_AFTER} s`);
}

/** Bounds requests for work. Health is asked all the more when there is too much of it; files and pages cost nothing. */
export function boundRequests(app: FastifyInstance, inFlight: InFlight): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (!isWork(request.url) || request.headers.upgrade !== undefined) return done();
    const leave = inFlight.enter();
    if (!leave)
      return void refuse(reply.header('retry-after', RETRY_AFTER), 503, overloaded().message, 'LIMIT_EXCEEDED');
    reply.raw.once('close', leave);
    done();
  });
}

function isWork(url: string): boolean {
  return isCompute(url) || /^\/graphql\/?(\?|$)/.test(url);
}
