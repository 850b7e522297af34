import type { FastifyRequest } from 'fastify';
import type {
  DocumentNode,
  ExecutionResult,
  GraphQLError,
  GraphQLFormattedError,
  OperationDefinitionNode,
} from 'graphql';
import type { Deadline } from '../../deadline.ts';
import { formatError, httpStatus } from '../../graphql/errors.ts';
import type { Session } from '../../openstack/session.ts';
import { RETRY_AFTER } from '../error-responses.ts';
import { type GraphQLTransportOptions, withOperationTimeout } from '../graphql.ts';
import { type LogFields, logFieldsOf, logOf, shortName } from '../request-log.ts';

/** An HTTP request whose token is valid. */
export interface AuthenticatedRequest {
  readonly session: Session;
  readonly logFields: LogFields;
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

/** Validates the token of a request; rejects with the formatted error. */
export async function authenticateRequest(
  { authenticate }: GraphQLTransportOptions,
  request: FastifyRequest,
  deadline: Deadline,
): Promise<AuthenticatedRequest> {
  const meta = { requestId: request.id, log: logOf(request), signal: () => deadline.signal };
  try {
    const session = await authenticate(onlyOne(request.headers['x-auth-token']), meta);
    const logFields = logFieldsOf(request);
    logFields.identity = session.identity;
    return { session, logFields };
  } catch (error) {
    throw formatError(error, meta);
  }
}

/** The HTTP status of an error before execution, and the headers that go with it. */
export function statusAndHeaders(error: GraphQLError): { status: number; headers: [name: string, value: string][] } {
  const status = httpStatus([error]);
  if (status === 401) return { status, headers: [['www-authenticate', 'Keystone']] };
  return { status, headers: status === 503 ? [['retry-after', RETRY_AFTER]] : [] };
}

/** Executes an operation, and fills in the log fields. */
export async function runOperation(
  { config, executor, makeContext }: GraphQLTransportOptions,
  { session, logFields }: AuthenticatedRequest,
  { document, operation, operationName, variables }: PreparedOperation,
): Promise<OperationResult> {
  logFields.operationName = shortName(operation?.name?.value);
  logFields.operationType = operation?.operation;
  const errorContext = { requestId: session.requestId, log: session.log };
  const context = makeContext(session);
  const execution = executor.execute({ document, operationName, variables, context, ...errorContext });
  return resultOf(await withOperationTimeout(config, execution, errorContext), logFields);
}

function resultOf(result: ExecutionResult, logFields: LogFields): OperationResult {
  const errors = result.errors ?? [];
  if (errors.length > 0) {
    logFields.errors = errors.length;
    logFields.code = String(errors[0]?.extensions.code);
  }
  const formatted = errors.length > 0 ? { errors: errors.map((error) => error.toJSON()) } : {};
  // without data nothing was executed
  return 'data' in result
    ? { status: 200, ...formatted, data: result.data ?? null }
    : { status: httpStatus(errors), ...formatted };
}

function onlyOne(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
