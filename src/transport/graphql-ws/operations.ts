import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import type { Context, ServerOptions } from 'graphql-ws';
import { GatewayError } from '../../errors.ts';
import { formatError } from '../../graphql/errors.ts';
import { type Operation, operationOf } from '../../graphql/execution/execute.ts';
import { newRequestId, type Session } from '../../openstack/session.ts';
import type { RequestMeta } from '../authenticate.ts';
import { overloadedError } from '../concurrency.ts';
import { type GraphQLTransportOptions, startOperationDeadline, withOperationTimeout } from '../graphql.ts';
import { shortName } from '../request-log.ts';
import type { SharedState } from '../server.ts';
import { withLog } from './broadcast.ts';
import { CLOSE, type Connection, closeConnection, expectResult, TOO_SLOW } from './connection.ts';
import { createGroups } from './groups.ts';
import { closeAtExpiry, type Extra, logOf, socketCloseOf, tokenOf } from './identity.ts';

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
export function socketHooks(options: GraphQLTransportOptions, { concurrency }: SharedState): Hooks {
  const { config, log, executor, authenticate, makeContext } = options;
  const groups = createGroups({
    executor,
    contextOf: (session) => {
      const deadline = startOperationDeadline(config);
      return makeContext({ ...session, signal: () => deadline.signal });
    },
    limit: config.WS_MAX_BUFFER_BYTES,
  });

  /** `connection_init`: closes with 4401 for a bad token, with 1013 when Keystone is away, with 4403 at the token's expiry. */
  async function onConnect({ extra, connectionParams }: Socket): Promise<true> {
    const meta = newRequestMeta();
    const session = await authenticate(tokenOf(connectionParams), meta).catch((error) => {
      throw socketCloseOf(error, meta, CLOSE.UNAUTHENTICATED);
    });
    extra.token = session.token;
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
    const parsed = executor.parseAndValidate(payload.query, { ...meta, log: session.log });
    if ('errors' in parsed) return [...parsed.errors];
    const { document } = parsed;
    // graphql-ws keeps the payload as long as the operation: all operations of one document share its text
    Object.assign(payload, { query: document.loc?.source.body ?? payload.query });
    const { operationName, variables } = payload;
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
    const release = concurrency.acquire();
    if (!release) return { errors: [formatError(overloadedError(), running)] };
    const deadline = startOperationDeadline(config);
    const context = makeContext({ ...running.session, signal: () => deadline.signal });
    try {
      return await withOperationTimeout(config, executor.execute({ ...running, context }), running);
    } finally {
      deadline.end();
      release();
    }
  }

  async function subscribe({ contextValue }: ExecutionArgs) {
    const running = contextValue as RunningOperation;
    const logged = withLog(running);
    const opened = await executor.subscribe({ ...logged, context: makeContext(logged.session) });
    return 'source' in opened ? groups.listen({ ...running, prepared: opened.prepared }, opened.source) : opened;
  }

  return {
    onConnect,
    onSubscribe,
    execute: execute as NonNullable<Hooks['execute']>,
    subscribe: subscribe as NonNullable<Hooks['subscribe']>,
    onOperation: (_socket, _id, _payload, { contextValue }, result) => {
      const outcome = 'next' in result ? { outcome: 'started' } : { outcome: 'executed', ...codeOf(result) };
      logOperation(withLog(contextValue as RunningOperation), outcome);
    },
    onNext: ({ extra }, id, _payload, { contextValue }) => {
      if (!(contextValue as RunningOperation).isSubscription) expectResult(extra.connection, id);
    },
    onError: ({ extra }, _id, _payload, errors) => {
      // A source that could not buffer more for this listener: what it missed is in the log, after its last cursor.
      if (errors.some(isTooSlow)) closeConnection(extra.connection, CLOSE.TRY_AGAIN, TOO_SLOW);
      const formatted = errors.map(originalOf);
      logOf(log, extra).info({ ...idOf(formatted), outcome: 'failed', ...codeOf({ errors: formatted }) }, 'operation');
      return formatted.map((error) => error.toJSON());
    },
    onClose: ({ extra }) => {
      if (extra.expiry) clearTimeout(extra.expiry);
    },
  };
}

type SubscribePayload = Parameters<NonNullable<Hooks['onSubscribe']>>[2];

/** The formatted error that a subscription threw: graphql-ws wraps it once more. */
function originalOf(error: GraphQLError): GraphQLError {
  return error.originalError instanceof GraphQLError ? error.originalError : error;
}

/** The code of the first error, for the log. */
function codeOf({ errors }: object & { errors?: readonly GraphQLError[] | undefined }): { code?: unknown } {
  return errors?.[0] ? { code: errors[0].extensions.code } : {};
}

function idOf(errors: readonly GraphQLError[]): { requestId?: unknown } {
  return errors[0]?.extensions.requestId ? { requestId: errors[0].extensions.requestId } : {};
}

function isTooSlow(error: GraphQLError): boolean {
  return error.originalError instanceof GraphQLError && error.originalError.extensions.code === 'LIMIT_EXCEEDED';
}

function logOperation(running: RunningOperation, outcome: object): void {
  const { document, operationName, startedAt, log, isSubscription } = running;
  const operation = operationOf(document, operationName);
  log.info(
    {
      operationName: shortName(operation?.name?.value),
      operationType: isSubscription ? 'subscription' : operation?.operation,
      ...outcome,
      ms: Math.round(performance.now() - startedAt),
    },
    'operation',
  );
}
