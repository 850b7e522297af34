import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Session } from '../openstack/session.ts';

/** What the log says of a request beside its status. */
export interface RequestFacts {
  identity?: Session['identity'];
  operationName?: string | undefined;
  operationType?: string | undefined;
  /** The code of the first error. */
  code?: string;
  errors?: number;
}

const facts = new WeakMap<object, RequestFacts>();

/** The facts of a request, to add to while it is served. */
export function factsOf(request: FastifyRequest): RequestFacts {
  const known = facts.get(request);
  if (known) return known;
  const made: RequestFacts = {};
  facts.set(request, made);
  return made;
}

/** The log of a request: Fastify knows pino's by fewer words than it has. */
export const logOf = (request: FastifyRequest): Logger => request.log as Logger;

/** One line for each request, when it is answered. Never a header, a variable or the document. */
export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const { identity, ...told } = factsOf(request);
    request.log.info(
      {
        method: request.method,
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        ...(identity && { userId: identity.userId, projectId: identity.projectId }),
        ...told,
      },
      'request',
    );
  });
}

/** A client's word for the log, cut short. */
export function shortName(name: string | null | undefined): string | undefined {
  return name ? name.slice(0, 100) : undefined;
}
