import { AsyncLocalStorage } from 'node:async_hooks';
import { ApolloServer, type ApolloServerPlugin, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import type { Documents, Executor } from '../graphql/execute.ts';
import { formatError, httpStatus } from '../graphql/format-error.ts';
import { stringifyResult } from '../graphql/shared-execution.ts';
import type { Session } from '../openstack/session.ts';
import type { DoorOptions } from './options.ts';
import { answerWithin, type Patience, startPatience } from './patience.ts';
import { RETRY_AFTER } from './refusals.ts';
import { factsOf, logOf, type RequestFacts, shortName } from './request-log.ts';

/** What goes through Apollo Server with a request. */
interface Visit {
  session: Session;
  facts: RequestFacts;
}

/** Whose request this is, for errors that Apollo Server formats without saying so. */
const current = new AsyncLocalStorage<{ requestId: string; log: Logger }>();

/**
 * GraphQL over HTTP: Apollo Server reads the request (media types, CSRF prevention, parameters), parses and validates
 * with our limits, and hands the operation to the executor. Nothing is parsed before the token is known to be good.
 */
export async function createApollo(options: DoorOptions) {
  const { config, log, executor, authenticate } = options;
  const server = new ApolloServer<Visit>({
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
    formatError: (formatted, error) => tell(error, formatted, executor, log),
    plugins: [ApolloServerPluginCacheControlDisabled(), ApolloServerPluginLandingPageDisabled(), execution(options)],
  });
  await server.start();

  const patience = new WeakMap<FastifyRequest, Patience>();
  const serve = fastifyApolloHandler(server, {
    context: async (request: FastifyRequest): Promise<Visit> => {
      const given = startPatience(config.REQUEST_TIMEOUT_MS);
      patience.set(request, given);
      const asking = { requestId: request.id, log: logOf(request), signal: given.signal };
      try {
        const session = await authenticate(onlyOne(request.headers['x-auth-token']), asking);
        const facts = factsOf(request);
        facts.identity = session.identity;
        return { session, facts };
      } catch (error) {
        throw refused(formatError(error, asking));
      }
    },
  });

  return {
    handle: async (request: FastifyRequest, reply: FastifyReply) => {
      try {
        return await current.run({ requestId: request.id, log: logOf(request) }, () =>
          serve.call(request.server, request, reply),
        );
      } finally {
        patience.get(request)?.end();
      }
    },
    stop: () => server.stop(),
  };
}

/** Where an operation leaves Apollo Server for the executor: `responseForOperation` skips Apollo's own execution. */
function execution({ config, executor, makeContext }: DoorOptions): ApolloServerPlugin<Visit> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ operation }) {
          if (operation?.operation === 'subscription') throw overHttp();
        },
        async responseForOperation({ document, operation, request, contextValue: { session, facts } }) {
          facts.operationName = shortName(operation?.name?.value);
          facts.operationType = operation?.operation;
          const told = { requestId: session.requestId, log: session.log };
          const { operationName, variables } = request;
          const context = makeContext(session);
          const work = executor.execute({ document, operationName, variables, context, ...told });
          const result = await answerWithin(config.REQUEST_TIMEOUT_MS, work, told);
          return answer(result, facts);
        },
      };
    },
  };
}

function answer(result: ExecutionResult, facts: RequestFacts) {
  const errors = result.errors ?? [];
  if (errors.length > 0) {
    facts.errors = errors.length;
    facts.code = String(errors[0]?.extensions.code);
  }
  const { errors: _errors, ...rest } = result;
  const singleResult = errors.length > 0 ? { ...rest, errors: errors.map((error) => error.toJSON()) } : rest;
  const status = 'data' in result ? 200 : httpStatus(errors);
  return { http: { status, headers: new HeaderMap() }, body: { kind: 'single' as const, singleResult } };
}

function overHttp(): GraphQLError {
  return new GraphQLError('Subscriptions come over a WebSocket to this path, with the graphql-transport-ws protocol', {
    extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
  });
}

/** A refusal before anything was read, with its HTTP status for Apollo Server to use. */
function refused(error: GraphQLError): GraphQLError {
  const status = httpStatus([error]);
  const headers = new HeaderMap();
  if (status === 401) headers.set('www-authenticate', 'Keystone');
  if (status === 503) headers.set('retry-after', RETRY_AFTER);
  return new GraphQLError(error.message, { extensions: { ...error.extensions, http: { status, headers } } });
}

/** Apollo Server's own refusals in our form. What has been through formatError already stays as it is. */
function tell(
  error: unknown,
  formatted: GraphQLFormattedError,
  executor: Executor,
  log: Logger,
): GraphQLFormattedError {
  if (formatted.extensions?.requestId) return formatted;
  const { requestId, log: requestLog } = current.getStore() ?? { requestId: 'req-unknown', log };
  return formatError(error, { requestId, log: requestLog, hideSuggestions: executor.hideSuggestions }).toJSON();
}

/** The executor's documents as Apollo Server wants them: its keys end with the SHA-256 of the source in hex. */
function documentStore(documents: Documents) {
  return {
    get: async (key: string): Promise<DocumentNode | undefined> => documents.get(key.slice(-64)),
    set: async (key: string, document: DocumentNode): Promise<void> => documents.set(key.slice(-64), document),
    delete: async (): Promise<boolean> => false,
  };
}

function onlyOne(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
