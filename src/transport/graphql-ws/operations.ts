import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import type { Context, ServerOptions } from 'graphql-ws';
import type { Logger } from 'pino';
import { GatewayError } from '../../errors.ts';
import { formatError } from '../../graphql/errors.ts';
import { type Operation, operationOf } from '../../graphql/execution/execute.ts';
import { lazyChild } from '../../lazy-log.ts';
import { newRequestId, type Session } from '../../openstack/session.ts';
import { overloadedError } from '../concurrency.ts';
import type { OpenTransportOptions } from '../options.ts';
import { eventSignal, startRequestDeadline, withTimeout } from '../patience.ts';
import { shortName } from '../request-log.ts';
import { withLog } from './broadcast.ts';
import { CLOSE, type Connection, closeConnection, expectResult, TOO_SLOW } from './connection.ts';
import { createGroups } from './groups.ts';
import { closeAtExpiry, type Extra, logOf, socketCloseOf, tokenOf } from './identity.ts';

type Socket = Context<Record<string, unknown>, Extra>;
type Hooks = ServerOptions<Record<string, unknown>, Extra>;

/** What an operation carries from its `subscribe` message to its end: its own log is made when there is something to say. */
interface Running extends Operation {
  readonly connection: Connection;
  readonly id: string;
  readonly session: Session;
  readonly isSubscription: boolean;
  readonly startedAt: number;
}

/**
 * The gateway's part of the graphql-transport-ws protocol: who connects, what may run, how it runs and how its errors
 * look. A thrown SocketRefusal closes the socket with its code.
 */
export function socketHooks(options: OpenTransportOptions): Hooks {
  const { config, log, executor, authenticate, makeContext, concurrency } = options;
  const groups = createGroups({
    executor,
    contextOf: (session) => makeContext({ ...session, signal: eventSignal(config.REQUEST_TIMEOUT_MS) }),
    limit: config.WS_MAX_BUFFER_BYTES,
  });

  /** `connection_init`: a bad token closes with 4401, Keystone away with 1013; the socket ends with the token. */
  async function onConnect({ extra, connectionParams }: Socket): Promise<true> {
    const asking = newAsking();
    const session = await authenticate(tokenOf(connectionParams), asking).catch((error) => {
      throw socketCloseOf(error, asking, CLOSE.UNAUTHENTICATED);
    });
    extra.token = session.token;
    closeAtExpiry(extra, session.identity.expiresAt);
    return true;
  }

  /** `subscribe`: the token is looked at again, and the document passes the same limits as over HTTP. */
  async function onSubscribe({ extra, subscriptions }: Socket, id: string, payload: SubscribePayload) {
    const asking = newAsking();
    const tooMuch = limitCrossed(extra.connection, Object.keys(subscriptions).length);
    if (tooMuch) return [formatError(tooMuch, asking)];
    const session = await renew(extra, asking);
    if (session instanceof GraphQLError) return [session];
    const parsed = executor.parseAndValidate(payload.query, { ...asking, log: session.log });
    if ('errors' in parsed) return [...parsed.errors];
    const { document } = parsed;
    // graphql-ws keeps the payload for as long as the operation: one text does for all who ask the same
    Object.assign(payload, { query: document.loc?.source.body ?? payload.query });
    const { operationName, variables } = payload;
    const operation = operationOf(document, operationName);
    const running: Running = {
      requestId: asking.requestId,
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
    // Only the executor says why there is no such operation, in the words of the other door.
    const { errors } = await executor.execute({ ...withLog(running), context: null });
    return [...(errors ?? [])];
  }

  const newAsking = () => {
    const requestId = newRequestId();
    return { requestId, log: lazyChild(log, { requestId }) };
  };

  const argsOf = (running: Running): ExecutionArgs => ({
    schema: executor.schema,
    document: running.document,
    operationName: running.operationName ?? null,
    contextValue: running,
  });

  /** The session for one more operation; a token that is no longer good closes the socket with 4403. */
  async function renew({ token }: Extra, asking: { requestId: string; log: Logger }): Promise<Session | GraphQLError> {
    try {
      return await authenticate(token ?? undefined, asking);
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'UPSTREAM_UNAVAILABLE') return formatError(error, asking);
      throw socketCloseOf(error, asking, CLOSE.TOKEN_ENDED);
    }
  }

  function limitCrossed({ resultBytes }: Connection, running: number): GatewayError | null {
    if (running > config.WS_MAX_SUBSCRIPTIONS) {
      const expected = `at most ${config.WS_MAX_SUBSCRIPTIONS} operations at once on a socket`;
      return new GatewayError('LIMIT_EXCEEDED', `Expected ${expected}, got one more`);
    }
    if (resultBytes <= config.WS_MAX_BUFFER_BYTES) return null;
    return new GatewayError('LIMIT_EXCEEDED', 'Expected earlier answers to be read first');
  }

  async function execute({ contextValue }: ExecutionArgs): Promise<ExecutionResult> {
    const running = withLog(contextValue as Running);
    const leave = concurrency.acquire();
    if (!leave) return { errors: [formatError(overloadedError(), running)] };
    const patience = startRequestDeadline(config.REQUEST_TIMEOUT_MS);
    const context = makeContext({ ...running.session, signal: patience.signal });
    try {
      return await withTimeout(config.REQUEST_TIMEOUT_MS, executor.execute({ ...running, context }), running);
    } finally {
      patience.end();
      leave();
    }
  }

  async function subscribe({ contextValue }: ExecutionArgs) {
    const running = contextValue as Running;
    const asking = withLog(running);
    const started = await executor.subscribe({ ...asking, context: makeContext(asking.session) });
    return 'source' in started ? groups.listen({ ...running, prepared: started.prepared }, started.source) : started;
  }

  return {
    onConnect,
    onSubscribe,
    execute: execute as NonNullable<Hooks['execute']>,
    subscribe: subscribe as NonNullable<Hooks['subscribe']>,
    onOperation: (_socket, _id, _payload, { contextValue }, result) => {
      const outcome = 'next' in result ? { outcome: 'started' } : { outcome: 'answered', ...codeOf(result) };
      logOperation(withLog(contextValue as Running), outcome);
    },
    onNext: ({ extra }, id, _payload, { contextValue }) => {
      if (!(contextValue as Running).isSubscription) expectResult(extra.connection, id);
    },
    onError: ({ extra }, _id, _payload, errors) => {
      // A source that could not hold more for this listener: what it missed is in the log, behind its last cursor.
      if (errors.some(isTooSlow)) closeConnection(extra.connection, CLOSE.TRY_AGAIN, TOO_SLOW);
      const told = errors.map(originalOf);
      logOf(log, extra).info({ ...idOf(told), outcome: 'refused', ...codeOf({ errors: told }) }, 'operation');
      return told.map((error) => error.toJSON());
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

function logOperation({ document, operationName, startedAt, log, isSubscription }: Running, outcome: object): void {
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
