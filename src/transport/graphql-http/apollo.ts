import { ApolloServer, type ApolloServerPlugin, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type DocumentNode, GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { formatError } from '../../graphql/errors.ts';
import type { Documents, Executor } from '../../graphql/execution/execute.ts';
import { stringifyResult } from '../../graphql/execution/shared-execution.ts';
import { newRequestId } from '../../openstack/session.ts';
import type { TransportOptions } from '../options.ts';
import { type RequestDeadline, startRequestDeadline } from '../patience.ts';
import { createFastPath } from './fast-path.ts';
import { type AuthenticatedRequest, authenticateRequest, runOperation, statusAndHeaders } from './operation.ts';

/**
 * Stands for the request's id in what Apollo Server refuses: it formats errors without saying whose they are. Nobody can
 * guess it, so no answer has it by chance. Not an AsyncLocalStorage: with one, Node looks at each promise of the process.
 */
const REQUEST_ID_PLACEHOLDER = newRequestId();

/**
 * GraphQL over HTTP: Apollo Server reads the request (media types, CSRF prevention, parameters), parses and validates
 * with our limits, and hands the operation to the executor. Nothing is parsed before the token is known to be good.
 * What was asked before takes a shorter way.
 */
export async function createApollo(options: TransportOptions) {
  const { config, log, executor } = options;
  const server = new ApolloServer<AuthenticatedRequest>({
    schema: executor.schema,
    logger: log,
    introspection: true, // where it is off, our rules refuse it for both doors
    validationRules: [...executor.rules],
    parseOptions: executor.parseOptions,
    validationOptions: { hideSuggestions: executor.hideSuggestions },
    documentStore: documentStore(executor.documents),
    persistedQueries: false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    stringifyResult,
    formatError: (formatted, error) => logOutcome(error, formatted, executor, log),
    plugins: [ApolloServerPluginCacheControlDisabled(), ApolloServerPluginLandingPageDisabled(), execution(options)],
  });
  await server.start();

  const patience = new WeakMap<FastifyRequest, RequestDeadline>();
  const serve = fastifyApolloHandler(server, {
    context: async (request: FastifyRequest): Promise<AuthenticatedRequest> => {
      const given = startRequestDeadline(config.REQUEST_TIMEOUT_MS);
      patience.set(request, given);
      return await authenticateRequest(options, request, given).catch((refusal: GraphQLError) => {
        throw withHeaders(refusal);
      });
    },
  });
  const known = createFastPath(options);

  async function handleNew(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    try {
      const body: unknown = await serve.call(request.server, request, reply);
      known.learn(request, reply);
      return typeof body === 'string' ? body.replaceAll(REQUEST_ID_PLACEHOLDER, request.id) : body;
    } finally {
      patience.get(request)?.end();
    }
  }

  return {
    handle: (request: FastifyRequest, reply: FastifyReply): Promise<unknown> =>
      known.answer(request, reply) ?? handleNew(request, reply),
    stop: () => server.stop(),
  };
}

/** Where an operation leaves Apollo Server for the executor: `responseForOperation` skips Apollo's own execution. */
function execution(options: TransportOptions): ApolloServerPlugin<AuthenticatedRequest> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ operation }) {
          if (operation?.operation === 'subscription') throw overHttp();
        },
        async responseForOperation({ document, operation, request, contextValue }) {
          const { operationName, variables } = request;
          const asked = { document, operation, operationName, variables };
          const { status, ...singleResult } = await runOperation(options, contextValue, asked);
          return { http: { status, headers: new HeaderMap() }, body: { kind: 'single', singleResult } };
        },
      };
    },
  };
}

function overHttp(): GraphQLError {
  return new GraphQLError('Subscriptions come over a WebSocket to this path, with the graphql-transport-ws protocol', {
    extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
  });
}

/** A refusal with its HTTP status for Apollo Server to use. */
function withHeaders(refusal: GraphQLError): GraphQLError {
  const { status, headers } = statusAndHeaders(refusal);
  const http = { status, headers: new HeaderMap(headers) };
  return new GraphQLError(refusal.message, { extensions: { ...refusal.extensions, http } });
}

/** Apollo Server's own refusals in our form. What has been through formatError already stays as it is. */
function logOutcome(
  error: unknown,
  formatted: GraphQLFormattedError,
  executor: Executor,
  log: Logger,
): GraphQLFormattedError {
  if (formatted.extensions?.requestId) return formatted;
  return formatError(error, {
    requestId: REQUEST_ID_PLACEHOLDER,
    log,
    hideSuggestions: executor.hideSuggestions,
  }).toJSON();
}

/** The executor's documents as Apollo Server wants them: its keys end with the SHA-256 of the source in hex. */
function documentStore(documents: Documents) {
  return {
    get: async (key: string): Promise<DocumentNode | undefined> => documents.get(key.slice(-64)),
    set: async (key: string, document: DocumentNode): Promise<void> => documents.set(key.slice(-64), document),
    delete: async (): Promise<boolean> => false,
  };
}
