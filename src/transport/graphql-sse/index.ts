/**
 * Subscriptions over Server-Sent Events, at `/graphql` for `Accept: text/event-stream`: the protocol of graphql-sse in its
 * "distinct connections mode". Each event has its cursor as `id`, so that a client that reconnects with `Last-Event-ID`, as
 * browsers do by themselves, misses nothing.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLError } from 'graphql';
import { GatewayError } from '../../errors.ts';
import { formatError, httpStatus } from '../../graphql/errors.ts';
import { operationOf } from '../../graphql/execution/execute.ts';
import type { Session } from '../../openstack/session.ts';
import { RETRY_AFTER } from '../error-responses.ts';
import type { GraphQLTransportOptions } from '../graphql.ts';
import { logErrors, logFieldsOf, logOf, shortName } from '../request-log.ts';
import { createRevalidation } from '../revalidation.ts';
import type { SharedState } from '../server.ts';
import { type OperationRequest, readOperation } from './operation-request.ts';
import { createStreams } from './streams.ts';

const MEDIA_TYPE = 'text/event-stream';
/** The labels of this transport's metrics. */
const SSE = { transport: 'graphql_sse' };

/** Adds subscriptions over SSE. Queries and mutations belong to GraphQL over HTTP, whatever they accept. */
export function registerGraphQLSse(app: FastifyInstance, options: GraphQLTransportOptions, shared: SharedState): void {
  const { authenticate, config, executor, makeContext, metrics } = options;
  const watchToken = createRevalidation(options);
  const streams = createStreams(options);
  metrics?.gauge('nmg_subscriptions', () => [[SSE, streams.size()]]);

  app.addHook('preHandler', async (request, reply) => {
    if (request.routeOptions.url !== '/graphql' || !request.headers.accept?.includes(MEDIA_TYPE)) return;
    const requested = readOperation(request);
    if (requested) await subscribe(requested, request, reply);
  });
  app.addHook('preClose', async () => streams.close());

  async function subscribe(requested: OperationRequest, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const fields = logFieldsOf(request);
    fields.transport = SSE.transport;
    const meta = { requestId: request.id, log: logOf(request) };
    try {
      const session = await authenticate(onlyOne(request.headers['x-auth-token']), meta);
      fields.identity = session.identity;
      const errors = await open(requested, session, request, reply);
      if (errors) sendErrors(errors, request, reply);
    } catch (error) {
      sendErrors([formatError(error, meta)], request, reply);
    }
  }

  /** Opens a stream; returns the errors if it cannot start, and null for an operation of another type. */
  async function open(requested: OperationRequest, session: Session, request: FastifyRequest, reply: FastifyReply) {
    const { query, variables, operationName } = requested;
    const errorContext = { requestId: session.requestId, log: session.log };
    const parsed = executor.parseAndValidate(query, errorContext);
    if ('errors' in parsed) return parsed.errors;
    const { document } = parsed;
    const found = operationOf(document, operationName);
    if (found && found.operation !== 'subscription') return null;
    Object.assign(logFieldsOf(request), {
      operationType: 'subscription',
      operationName: shortName(found?.name?.value),
    });
    const release = shared.holdSubscription({ session, connectionId: session.requestId, document, variables });
    if (release instanceof GatewayError) throw release;
    const operation = { document, operationName, variables, ...errorContext };
    try {
      const context = Object.assign(makeContext(session) as object, { resumeAfter: lastEventIdOf(request) });
      const opened = await executor.subscribe({ ...operation, context });
      if (!('source' in opened)) {
        release();
        return opened.errors ?? [];
      }
      streams.start(reply, { ...opened, operation, session, release, watchToken });
      return null;
    } catch (error) {
      release();
      throw error;
    }
  }

  function sendErrors(errors: readonly GraphQLError[], request: FastifyRequest, reply: FastifyReply): void {
    logErrors(logFieldsOf(request), errors);
    const status = statusOf(errors, config.HTTP_SPEC === '2026');
    if (status === 429 || status === 503) reply.header('retry-after', RETRY_AFTER);
    if (status === 401) reply.header('www-authenticate', 'Keystone');
    reply.code(status).type('application/graphql-response+json; charset=utf-8');
    reply.send(JSON.stringify({ errors: errors.map((error) => error.toJSON()) }));
  }
}

/** The status of errors before the stream: 429 for the limits on subscriptions, else that of GraphQL over HTTP. */
function statusOf(errors: readonly GraphQLError[], isReleased: boolean): number {
  const [first] = errors;
  if (first?.extensions.code === 'LIMIT_EXCEEDED' && first.locations === undefined) return 429;
  const status = httpStatus(errors);
  return status === 400 && isReleased && first?.extensions.code !== 'GRAPHQL_PARSE_FAILED' ? 422 : status;
}

/** The cursor after which a client that reconnects continues. */
function lastEventIdOf({ headers }: FastifyRequest): string | null {
  return onlyOne(headers['last-event-id']) || null;
}

function onlyOne(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
