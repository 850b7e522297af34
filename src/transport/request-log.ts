import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Session } from '../openstack/session.ts';

/** What the log line of a request contains beside its status. */
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
    logFields: LogFields | null;
  }
}

/** The log fields of a request, to be filled while it is served. */
export function logFieldsOf(request: FastifyRequest): LogFields {
  request.logFields ??= {};
  return request.logFields;
}

/** The log of a request; Fastify's type for it has fewer methods than pino's. */
export const logOf = (request: FastifyRequest): Logger => request.log as Logger;

/** Logs each request in one line when its response is sent: never a header, a variable or the document. */
export function logRequests(app: FastifyInstance): void {
  app.decorateRequest('logFields', null);
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

/** A name that a client gave, cut to 100 characters for the log. */
export function shortName(name: string | null | undefined): string | undefined {
  return name ? name.slice(0, 100) : undefined;
}
