import type { FastifyInstance } from 'fastify';
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import type { Context, ServerOptions } from 'graphql-ws';
import { GatewayError, type UpstreamDetails } from '../../errors.ts';
import { formatError } from '../../graphql/errors.ts';
import { type Operation, operationOf } from '../../graphql/execution/execute.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import { newRequestId, type Session } from '../../openstack/session.ts';
import type { RequestMeta } from '../authenticate.ts';
import { takeSlot } from '../concurrency.ts';
import { type GraphQLTransportOptions, startOperationDeadline, withOperationTimeout } from '../graphql.ts';
import { createQuota, tenantKeys } from '../quota.ts';
import { countRequest, shortName, upstreamOf } from '../request-log.ts';
import { createRevalidation } from '../revalidation.ts';
import type { SharedState } from '../server.ts';
import { withLog } from './broadcast.ts';
import { CLOSE, type Connection, closeConnection, expectResult, SocketClose, TOO_SLOW } from './connection.ts';
import { createGroups } from './groups.ts';
import { closeAtExpiry, type Extra, logOf, socketCloseOf, tokenOf } from './identity.ts';

/** The labels of this transport's metrics. */
const WS = { transport: 'graphql_ws' };

type Socket = Context<Record<string, unknown>, Extra>;
type Hooks = ServerOptions<Record<string, unknown>, Extra>;

/** What an operation carries from its `subscribe` message to its end. It gets a log of its own when it has something to log. */
interface RunningOperation extends Operation {
  readonly connection: Connection;
  readonly id: string;
  readonly session: Session;
  readonly isSubscription: boolean;
  readonly startedAt: number;
}

/**
 * The gateway's hooks into the graphql-transport-ws protocol: who connects, what may run, how it runs and how its errors
 * look. A SocketClose that a hook throws closes the socket with its code.
 */
export function socketHooks(app: FastifyInstance, options: GraphQLTransportOptions, shared: SharedState): Hooks {
  const { config, log, metrics, executor, authenticate, makeContext } = options;
  const groups = createGroups({
    executor,
    contextOf: (session) => {
      const deadline = startOperationDeadline(config);
      return makeContext({ ...session, signal: () => deadline.signal });
    },
    limit: config.WS_MAX_BUFFER_BYTES,
    onDelivered: (count) => metrics?.count('nmg_events_delivered_total', WS, count),
  });
  const watchToken = createRevalidation(options);
  const sockets = createQuota({ token: config.WS_MAX_SOCKETS_PER_TOKEN, project: config.WS_MAX_SOCKETS_PER_PROJECT });
  let open = 0;
  metrics?.gauge('nmg_subscriptions', () => [[WS, open]]);

  /**
   * `connection_init`: closes with 4401 for an invalid token, with 1013 when Keystone is away or the token or project has
   * too many sockets; later with 4403 when the token expires, is revoked or loses roles.
   */
  async function onConnect({ extra, connectionParams }: Socket): Promise<true> {
    const meta = newRequestMeta();
    const session = await authenticate(tokenOf(connectionParams), meta).catch((error) => {
      throw socketCloseOf(error, meta, CLOSE.UNAUTHENTICATED);
    });
    const socket = sockets.acquire(tenantKeys(session));
    if ('exceeded' in socket) throw new SocketClose(CLOSE.TRY_AGAIN, `Too many sockets of this ${socket.exceeded}`);
    extra.token = session.token;
    extra.releases.push(
      socket.release,
      watchToken((reason) => closeConnection(extra.connection, CLOSE.TOKEN_ENDED, reason), session),
    );
    if (extra.connection.socket.readyState !== extra.connection.socket.OPEN) releaseAll(extra);
    closeAtExpiry(extra, session.identity.expiresAt);
    return true;
  }

  /** `subscribe`: validates the token again, and the document by the same limits as over HTTP. */
  async function onSubscribe({ extra, subscriptions }: Socket, id: string, payload: SubscribePayload) {
    const meta = newRequestMeta();
    const limitError = checkLimits(extra.connection, Object.keys(subscriptions).length);
    if (limitError) return [formatError(limitError, meta)];
    const session = await renew(extra, meta);
    if (session instanceof GraphQLError) return [session];
    const query = documentOf(payload, meta);
    if (query instanceof GraphQLError) return [query];
    Object.assign(payload, { query });
    const parsed = executor.parseAndValidate(query, { ...meta, log: session.log });
    if ('errors' in parsed) return [...parsed.errors];
    const { document } = parsed;
    // graphql-ws keeps the payload as long as the operation: all operations of one document share its text
    Object.assign(payload, { query: document.loc?.source.body ?? payload.query });
    const { variables } = payload;
    // the empty text is no name, as over HTTP
    const operationName = payload.operationName || null;
    const operation = operationOf(document, operationName);
    const running: RunningOperation = {
      requestId: meta.requestId,
      log,
      connection: extra.connection,
      id,
      document,
      operationName,
      variables,
      session: { ...session, log },
      isSubscription: operation?.operation === 'subscription',
      startedAt: performance.now(),
    };
    if (operation) return argsOf(running);
    // the executor words the error, as it does over HTTP
    const { errors } = await executor.execute({ ...withLog(running), context: null });
    return [...(errors ?? [])];
  }

  /** The document of a payload, or of `extensions.documentId` with an empty query. */
  function documentOf({ query, extensions }: SubscribePayload, meta: RequestMeta): string | GraphQLError {
    const id = extensions?.documentId;
    if (typeof id !== 'string' || query !== '' || !options.trusted) return query;
    const message = `No document has the id ${JSON.stringify(id.slice(0, 100))}`;
    return options.trusted.find(id) ?? formatError(new GatewayError('NOT_FOUND', message), meta);
  }

  const newRequestMeta = () => {
    const requestId = newRequestId();
    return { requestId, log: log.child({ requestId }) };
  };

  const argsOf = (running: RunningOperation): ExecutionArgs => ({
    schema: executor.schema,
    document: running.document,
    operationName: running.operationName ?? null,
    contextValue: running,
  });

  /** The session for one more operation; a token that is no longer valid closes the socket with 4403. */
  async function renew({ token }: Extra, meta: RequestMeta): Promise<Session | GraphQLError> {
    try {
      return await authenticate(token ?? undefined, meta);
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'UPSTREAM_UNAVAILABLE') return formatError(error, meta);
      throw socketCloseOf(error, meta, CLOSE.TOKEN_ENDED);
    }
  }

  function checkLimits({ resultBytes }: Connection, running: number): GatewayError | null {
    if (running > config.WS_MAX_SUBSCRIPTIONS) {
      const expected = `at most ${config.WS_MAX_SUBSCRIPTIONS} operations at once on a socket`;
      return new GatewayError('LIMIT_EXCEEDED', `Expected ${expected}, got one more`);
    }
    if (resultBytes <= config.WS_MAX_BUFFER_BYTES) return null;
    return new GatewayError('LIMIT_EXCEEDED', 'Expected earlier results to be read first');
  }

  async function execute({ contextValue }: ExecutionArgs): Promise<ExecutionResult> {
    const running = withLog(contextValue as RunningOperation);
    const slot = trySlot(running.session);
    if (slot instanceof GatewayError) return { errors: [formatError(slot, running)] };
    const deadline = startOperationDeadline(config);
    const session = { ...running.session, signal: () => deadline.signal };
    const execution = app.schedule(session, () => executor.execute({ ...running, context: makeContext(session) }));
    try {
      return await withOperationTimeout(config, execution, running);
    } finally {
      deadline.end();
      slot();
    }
  }

  async function subscribe({ contextValue }: ExecutionArgs) {
    const running = contextValue as RunningOperation;
    const logged = withLog(running);
    const held = holdSubscription(running);
    if (held instanceof GatewayError) return { errors: [formatError(held, logged)] };
    try {
      const opened = await executor.subscribe({ ...logged, context: makeContext(logged.session) });
      if ('source' in opened) {
        const results = groups.listen({ ...running, prepared: opened.prepared }, opened.source);
        return releaseAtEnd(results, held);
      }
      held();
      return opened;
    } catch (error) {
      held();
      throw error;
    }
  }

  function trySlot(session: Session): (() => void) | GatewayError {
    try {
      return takeSlot(app, session);
    } catch (error) {
      if (error instanceof GatewayError) return error;
      throw error;
    }
  }

  /** Counts a subscription; returns the function that releases it, or the error of an exceeded limit. */
  function holdSubscription({ session, connection, document, variables }: RunningOperation) {
    const release = shared.holdSubscription({ session, connectionId: connection.id, document, variables });
    if (release instanceof GatewayError) return release;
    open += 1;
    return () => {
      open -= 1;
      release();
    };
  }

  return {
    onConnect,
    onSubscribe,
    execute: execute as NonNullable<Hooks['execute']>,
    subscribe: subscribe as NonNullable<Hooks['subscribe']>,
    onOperation: (_socket, _id, _payload, { contextValue }, result) => {
      const outcome = 'next' in result ? { outcome: 'started' } : { outcome: 'executed', ...codeOf(result) };
      logOperation(withLog(contextValue as RunningOperation), outcome, metrics);
    },
    onNext: ({ extra }, id, _payload, { contextValue }) => {
      if ((contextValue as RunningOperation).isSubscription) metrics?.count('nmg_events_delivered_total', WS);
      else expectResult(extra.connection, id);
    },
    onError: ({ extra }, _id, _payload, errors) => {
      // A source that could not buffer more for this listener: what it missed is in the log, after its last cursor.
      if (errors.some(isTooSlow)) closeConnection(extra.connection, CLOSE.TRY_AGAIN, TOO_SLOW);
      const formatted = errors.map(originalOf);
      metrics?.count('nmg_requests_total', {
        ...WS,
        operation: 'none',
        code: String(codeOf({ errors: formatted }).code),
      });
      logOf(log, extra).info({ ...idOf(formatted), outcome: 'failed', ...codeOf({ errors: formatted }) }, 'operation');
      return formatted.map((error) => error.toJSON());
    },
    onClose: ({ extra }) => {
      if (extra.expiry) clearTimeout(extra.expiry);
      releaseAll(extra);
    },
  };
}

function releaseAll({ releases }: Extra): void {
  for (const release of releases.splice(0)) release();
}

/** The results, with `release` called once when they end, fail or are returned. */
function releaseAtEnd<T>(results: AsyncIterableIterator<T>, release: () => void): AsyncIterableIterator<T> {
  let isHeld = true;
  const end = () => {
    if (isHeld) release();
    isHeld = false;
  };
  const ending = async (next: Promise<IteratorResult<T>>) => {
    try {
      const result = await next;
      if (result.done) end();
      return result;
    } catch (error) {
      end();
      throw error;
    }
  };
  return {
    next: () => ending(results.next()),
    return: async () => {
      end();
      return (await results.return?.()) ?? { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

type SubscribePayload = Parameters<NonNullable<Hooks['onSubscribe']>>[2];

/** The formatted error that a subscription threw: graphql-ws wraps it once more. */
function originalOf(error: GraphQLError): GraphQLError {
  return error.originalError instanceof GraphQLError ? error.originalError : error;
}

interface WsErrorFields extends Omit<UpstreamDetails, 'status'> {
  code?: unknown;
  upstreamStatus?: number;
}

/** The code of the first error, and the service that failed, for the log. */
function codeOf({ errors }: object & { errors?: readonly GraphQLError[] | undefined }): WsErrorFields {
  const extensions = errors?.[0]?.extensions;
  if (!extensions) return {};
  const { status, ...upstream } = upstreamOf(extensions);
  return { code: extensions.code, ...upstream, ...(status !== undefined && { upstreamStatus: status }) };
}

function idOf(errors: readonly GraphQLError[]): { requestId?: unknown } {
  return errors[0]?.extensions.requestId ? { requestId: errors[0].extensions.requestId } : {};
}

function isTooSlow(error: GraphQLError): boolean {
  return error.originalError instanceof GraphQLError && error.originalError.extensions.code === 'LIMIT_EXCEEDED';
}

function logOperation(running: RunningOperation, outcome: { code?: unknown }, metrics: Metrics | undefined): void {
  const { document, operationName, startedAt, log, isSubscription } = running;
  const operation = operationOf(document, operationName);
  const operationType = isSubscription ? 'subscription' : operation?.operation;
  const ms = performance.now() - startedAt;
  countRequest(metrics, { ...WS, operation: operationType, code: String(outcome.code ?? 'OK') }, ms);
  log.info(
    { operationName: shortName(operation?.name?.value), operationType, ...outcome, ms: Math.round(ms) },
    'operation',
  );
}
