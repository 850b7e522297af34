import { ApolloServer, type ApolloServerPlugin, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type DocumentNode, GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { formatError } from '../../graphql/errors.ts';
import type { Documents, Executor } from '../../graphql/execution/execute.ts';
import { stringifyResult } from '../../graphql/execution/shared-execution.ts';
import { newRequestId } from '../../openstack/session.ts';
import type { GraphQLTransportOptions } from '../graphql.ts';
import { logErrors, logFieldsOf } from '../request-log.ts';
import { createFastPath } from './fast-path.ts';
import { createStatusRules } from './http-status.ts';
import { type AuthenticatedRequest, authenticateRequest, type RejectedRequest, runOperation } from './operation.ts';
import { decompressBody } from './request-body.ts';
import { registerSchemaDocument } from './schema-document.ts';

/**
 * Apollo Server formats its own errors without the request that they belong to: this text stands for the request's id until
 * the response's body is complete. It is random, so that no other text equals it.
 */
const REQUEST_ID_PLACEHOLDER = newRequestId();

/** Adds GraphQL over HTTP at `/graphql`, and the schema at `/graphql/schema` where introspection is on. */
export async function registerGraphQLHttp(app: FastifyInstance, options: GraphQLTransportOptions): Promise<void> {
  const apollo = await createApollo(options);
  const config = { transport: 'graphql_http' };
  const route = { url: '/graphql', config, preParsing: decompressBody, handler: apollo.handle };
  app.route({ ...route, method: 'POST' });
  app.route({ ...route, method: 'GET', exposeHeadRoute: false });
  const { INTROSPECTION, TRUSTED_ONLY } = options.config;
  if (INTROSPECTION && !TRUSTED_ONLY) registerSchemaDocument(app, options.executor.schema);
  app.addHook('onClose', () => apollo.stop());
}

/**
 * Apollo Server reads the request (media types, CSRF prevention, parameters), parses and validates with our limits, and
 * passes the operation to the executor. The token is validated before anything is parsed. Repeated requests take the fast
 * path.
 */
async function createApollo(options: GraphQLTransportOptions) {
  const { log, executor } = options;
  const server = new ApolloServer<AuthenticatedRequest>({
    schema: executor.schema,
    logger: log,
    introspection: true, // where it is off, our validation rules reject it for all transports
    validationRules: [...executor.rules],
    parseOptions: executor.parseOptions,
    validationOptions: { hideSuggestions: executor.hideSuggestions },
    documentStore: documentStore(executor.documents),
    persistedQueries: false,
    // browsers send a preflight before any of these headers
    csrfPrevention: { requestHeaders: ['x-auth-token', 'x-apollo-operation-name', 'apollo-require-preflight'] },
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    stringifyResult,
    formatError: (formatted, error) => formatApolloError(error, formatted, executor, log),
    plugins: [ApolloServerPluginCacheControlDisabled(), ApolloServerPluginLandingPageDisabled(), execution(options)],
  });
  await server.start();

  const running = new WeakMap<FastifyRequest, AuthenticatedRequest>();
  const serve = fastifyApolloHandler(server, {
    context: async (request: FastifyRequest, reply: FastifyReply): Promise<AuthenticatedRequest> => {
      const authenticated = await authenticateRequest(options, request, reply).catch((rejected: RejectedRequest) => {
        throw withHeaders(rejected);
      });
      running.set(request, authenticated);
      return authenticated;
    },
  });
  const fastPath = createFastPath(options);
  const applySpec = createStatusRules(options.config.HTTP_SPEC);

  async function handleByApollo(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    // Apollo Server's integration builds a URL from it; HTTP/1.0 needs none
    request.headers.host ||= 'gateway';
    try {
      const body: unknown = await serve.call(request.server, request, reply);
      fastPath.remember(request, reply);
      return typeof body === 'string'
        ? finish(request, reply, body.replaceAll(REQUEST_ID_PLACEHOLDER, request.id))
        : body;
    } finally {
      running.get(request)?.end();
    }
  }

  function finish(request: FastifyRequest, reply: FastifyReply, body: string): string {
    const hasErrors = (logFieldsOf(request).errors ?? 0) > 0;
    if (hasErrors || reply.statusCode !== 200) applySpec(reply, { status: reply.statusCode, hasErrors, body });
    return body;
  }

  return {
    handle: (request: FastifyRequest, reply: FastifyReply): Promise<unknown> =>
      fastPath.respond(request, reply)?.then((body) => finish(request, reply, body)) ?? handleByApollo(request, reply),
    stop: () => server.stop(),
  };
}

/** Passes operations from Apollo Server to the executor: `responseForOperation` skips Apollo's own execution. */
function execution(options: GraphQLTransportOptions): ApolloServerPlugin<AuthenticatedRequest> {
  return {
    async requestDidStart({ request: received }) {
      // the empty text is no name (GraphQL over HTTP, GET)
      if (received.operationName === '') delete received.operationName;
      return {
        async didEncounterErrors({ errors, contextValue: { logFields } }) {
          logErrors(logFields, errors);
        },
        async didResolveOperation({ operation }) {
          if (operation?.operation === 'subscription') throw subscriptionOverHttp();
        },
        async responseForOperation({ document, operation, request, contextValue }) {
          const { operationName, variables } = request;
          const prepared = { document, operation, operationName, variables };
          const { status, ...singleResult } = await runOperation(options, contextValue, prepared);
          return { http: { status, headers: new HeaderMap() }, body: { kind: 'single', singleResult } };
        },
      };
    },
  };
}

function subscriptionOverHttp(): GraphQLError {
  return new GraphQLError(
    'Subscriptions need a WebSocket to this path, with the graphql-transport-ws protocol, or Accept: text/event-stream',
    {
      extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
    },
  );
}

/** The error with the HTTP status and headers that Apollo Server is to send. */
function withHeaders({ error, status, headers }: RejectedRequest): GraphQLError {
  const http = { status, headers: new HeaderMap(headers) };
  return new GraphQLError(error.message, { extensions: { ...error.extensions, http } });
}

/** Gives Apollo Server's own errors our form. Errors that formatError has formatted stay as they are. */
function formatApolloError(
  error: unknown,
  formatted: GraphQLFormattedError,
  { hideSuggestions }: Executor,
  log: Logger,
): GraphQLFormattedError {
  if (formatted.extensions?.requestId) return formatted;
  return formatError(error, { requestId: REQUEST_ID_PLACEHOLDER, log, hideSuggestions }).toJSON();
}

/** The executor's documents as Apollo Server's store: its keys end with the SHA-256 of the source in hex. */
function documentStore(documents: Documents) {
  return {
    get: async (key: string): Promise<DocumentNode | undefined> => documents.get(key.slice(-64)),
    set: async (key: string, document: DocumentNode): Promise<void> => documents.set(key.slice(-64), document),
    delete: async (): Promise<boolean> => false,
  };
}
