/** The bound on requests that run at once, over all transports. Requests over it get an error at once. */
import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../errors.ts';
import { RETRY_AFTER, sendError } from './error-responses.ts';

export interface Concurrency {
  /** Takes a slot; returns the function that releases it, to be called once. Null when all slots are taken. */
  acquire(): (() => void) | null;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether requests of this route take a slot. Health checks, pages and static files do not. */
    takesSlot?: boolean;
  }
}

/** A semaphore of `limit` slots. */
export function createConcurrency(limit: number): Concurrency {
  let running = 0;
  return {
    acquire() {
      if (running >= limit) return null;
      running++;
      return () => {
        running--;
      };
    },
  };
}

/** Error for requests over the concurrency limit. */
export function overloadedError(): GatewayError {
  return new GatewayError('LIMIT_EXCEEDED', `The gateway is busy: try again in ${RETRY_AFTER} s`);
}

/** Makes each request of a route with `takesSlot` hold a slot until its response is sent. */
export function limitConcurrentRequests(app: FastifyInstance, concurrency: Concurrency): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.routeOptions.config.takesSlot) return done();
    const release = concurrency.acquire();
    if (!release) {
      reply.header('retry-after', RETRY_AFTER);
      return void sendError(reply, 503, overloadedError().message, 'LIMIT_EXCEEDED');
    }
    reply.raw.once('close', release);
    done();
  });
}
