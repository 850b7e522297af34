import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Session } from '../openstack/session.ts';

/** What the log says of a request beside its status. */
export interface LogFields {
  identity?: Session['identity'];
  operationName?: string | undefined;
  operationType?: string | undefined;
  /** The code of the first error. */
  code?: string;
  errors?: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    facts: LogFields | null;
  }
}

/** The facts of a request, to add to while it is served. */
export function logFieldsOf(request: FastifyRequest): LogFields {
  request.facts ??= {};
  return request.facts;
}

/** The log of a request: Fastify knows pino's by fewer words than it has. */
export const logOf = (request: FastifyRequest): Logger => request.log as Logger;

/** One line for each request, when it is answered. Never a header, a variable or the document. Not by the request's own log: that is not made for one line. */
export function logRequests(app: FastifyInstance): void {
  app.decorateRequest('facts', null);
  app.addHook('onResponse', (request, reply, done) => {
    const { identity, operationName, operationType, errors, code } = logFieldsOf(request);
    app.log.info(
      {
        requestId: request.id,
        method: request.method,
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        userId: identity?.userId,
        projectId: identity?.projectId,
        operationName,
        operationType,
        errors,
        code,
      },
      'request',
    );
    done();
  });
}

/** A client's word for the log, cut short. */
export function shortName(name: string | null | undefined): string | undefined {
  return name ? name.slice(0, 100) : undefined;
}
