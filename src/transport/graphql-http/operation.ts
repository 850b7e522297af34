import type { FastifyReply, FastifyRequest } from 'fastify';
import type {
  DocumentNode,
  ExecutionResult,
  GraphQLError,
  GraphQLFormattedError,
  OperationDefinitionNode,
} from 'graphql';
import { formatError, httpStatus } from '../../graphql/errors.ts';
import type { Session } from '../../openstack/session.ts';
import { OverloadError, type Schedule, takeSlot } from '../concurrency.ts';
import { RETRY_AFTER } from '../error-responses.ts';
import { type GraphQLTransportOptions, startOperationDeadline, withOperationTimeout } from '../graphql.ts';
import { type LogFields, logErrors, logFieldsOf, logOf, shortName } from '../request-log.ts';

/** An HTTP request whose token is valid and that holds a slot. */
export interface AuthenticatedRequest {
  readonly session: Session;
  readonly logFields: LogFields;
  readonly schedule: Schedule;
  /** Stops the deadline and releases the slot: call it when the response is handed to the connection. */
  readonly end: () => void;
}

/** An operation of a validated document. */
export interface PreparedOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode | undefined;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
}

/** A result with its HTTP status. */
export interface OperationResult {
  readonly status: number;
  readonly errors?: GraphQLFormattedError[];
  readonly data?: Record<string, unknown> | null;
}

/** An error before execution, with the HTTP status and headers of its response. */
export class RejectedRequest extends Error {
  constructor(
    readonly error: GraphQLError,
    readonly status: number,
    cause: unknown,
  ) {
    super(error.message, { cause });
    this.name = 'RejectedRequest';
  }

  get headers(): [name: string, value: string][] {
    if (this.status === 401) return [['www-authenticate', 'Keystone']];
    const retryAfter = String(this.error.extensions.retryAfter ?? RETRY_AFTER);
    return this.status === 503 || this.status === 429 ? [['retry-after', retryAfter]] : [];
  }
}

/**
 * Validates the token of a complete request, takes a slot and starts the deadline. When the client disconnects, a query is
 * aborted; a mutation runs on. Rejects with a RejectedRequest.
 */
export async function authenticateRequest(
  { authenticate, config }: GraphQLTransportOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<AuthenticatedRequest> {
  const deadline = startOperationDeadline(config);
  const logFields = logFieldsOf(request);
  reply.raw.once('close', () => {
    // also emitted after a complete response
    if (!reply.raw.writableFinished && logFields.operationType !== 'mutation')
      deadline.abort(new DOMException('The client disconnected', 'AbortError'));
  });
  const meta = { requestId: request.id, log: logOf(request), signal: () => deadline.signal };
  try {
    const session = await authenticate(onlyOne(request.headers['x-auth-token']), meta);
    logFields.identity = session.identity;
    const release = takeSlot(request.server, session);
    const end = () => {
      deadline.end();
      release();
    };
    return { session, logFields, schedule: request.server.schedule, end };
  } catch (error) {
    deadline.end();
    const formatted = formatError(error, meta);
    logErrors(logFields, [formatted]);
    const status = error instanceof OverloadError ? error.status : httpStatus([formatted]);
    throw new RejectedRequest(formatted, status, error);
  }
}

/** Executes an operation, and fills in the log fields. */
export async function runOperation(
  { config, executor, makeContext }: GraphQLTransportOptions,
  { session, logFields, schedule }: AuthenticatedRequest,
  { document, operation, operationName, variables }: PreparedOperation,
): Promise<OperationResult> {
  logFields.operationName = shortName(operation?.name?.value);
  logFields.operationType = operation?.operation;
  const errorContext = { requestId: session.requestId, log: session.log };
  const execution = schedule(session, () =>
    executor.execute({ document, operationName, variables, context: makeContext(session), ...errorContext }),
  );
  return resultOf(await withOperationTimeout(config, execution, errorContext), logFields);
}

function resultOf(result: ExecutionResult, logFields: LogFields): OperationResult {
  const errors = result.errors ?? [];
  logErrors(logFields, errors);
  const formatted = errors.length > 0 ? { errors: errors.map((error) => error.toJSON()) } : {};
  // without data nothing was executed
  return 'data' in result
    ? { status: 200, ...formatted, data: result.data ?? null }
    : { status: httpStatus(errors), ...formatted };
}

function onlyOne(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
