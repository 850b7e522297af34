import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { UpstreamDetails } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Session } from '../openstack/session.ts';

/** What the log line of a request contains beside its status. */
export interface LogFields {
  identity?: Session['identity'];
  operationName?: string | undefined;
  operationType?: string | undefined;
  /** The code of the first error. */
  code?: string;
  errors?: number;
  /** The transport, where it is not the route's. */
  transport?: string;
  /** When a stream began, in ms after the request. */
  startedMs?: number;
  /** What the first error says of the service that failed: `service`, `status` and `openstackRequestId`. */
  upstream?: UpstreamDetails;
}

declare module 'fastify' {
  interface FastifyRequest {
    logFields: LogFields | null;
  }
  interface FastifyContextConfig {
    /** The transport that a route belongs to, as metrics name it; none for pages and health checks. */
    transport?: string;
    /** Health checks and static files: their requests are logged at `debug`. */
    isQuiet?: boolean;
  }
}

/** The requests of a plugin's routes are logged at `debug`. */
export function logQuietly(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, isQuiet: true };
  });
}

/** Fills in what the log line says of errors. */
export function logErrors(fields: LogFields, errors: readonly { extensions: Record<string, unknown> }[]): void {
  const first = errors[0]?.extensions;
  if (!first) return;
  fields.errors = errors.length;
  fields.code = String(first.code);
  fields.upstream = upstreamOf(first);
}

/** The part of an error's extensions that names the service that failed, and its request id. */
export function upstreamOf({ service, status, openstackRequestId }: Record<string, unknown>): UpstreamDetails {
  return {
    ...(typeof service === 'string' && { service }),
    ...(typeof status === 'number' && { status }),
    ...(typeof openstackRequestId === 'string' && { openstackRequestId }),
  };
}

/** A plugin's routes count for this transport. */
export function countRoutesFor(app: FastifyInstance, transport: string): void {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, transport };
  });
}

/** The log fields of a request, to be filled while it is served. */
export function logFieldsOf(request: FastifyRequest): LogFields {
  request.logFields ??= {};
  return request.logFields;
}

/** The log of a request; Fastify's type for it has fewer methods than pino's. */
export const logOf = (request: FastifyRequest): Logger => request.log as Logger;

/** Counts a request or an operation and its time. */
export function countRequest(
  metrics: Metrics | undefined,
  { transport, operation = 'none', code }: { transport: string; operation?: string | undefined; code: string },
  ms: number,
): void {
  metrics?.count('nmg_requests_total', { transport, operation, code });
  metrics?.observe('nmg_request_duration_seconds', { transport, operation }, ms / 1000);
}

/** The code of a response without a code of its own. */
function codeOfStatus(status: number): string {
  return status < 400 ? 'OK' : `HTTP_${Math.floor(status / 100)}XX`;
}

/**
 * Logs each request in one line when its response is sent: never a header, a variable or the document. Counts those of
 * transports.
 */
export function logRequests(app: FastifyInstance, metrics?: Metrics): void {
  app.decorateRequest('logFields', null);
  app.addHook('onResponse', (request, reply, done) => {
    const { identity, operationName, operationType, errors, code, upstream } = logFieldsOf(request);
    const { transport, isQuiet } = request.routeOptions.config;
    const served = logFieldsOf(request);
    if (transport) {
      const counted = {
        transport: served.transport ?? transport,
        operation: operationType,
        code: code ?? codeOfStatus(reply.statusCode),
      };
      countRequest(metrics, counted, served.startedMs ?? reply.elapsedTime);
    }
    app.log[isQuiet ? 'debug' : 'info'](
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
        service: upstream?.service,
        upstreamStatus: upstream?.status,
        openstackRequestId: upstream?.openstackRequestId,
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
