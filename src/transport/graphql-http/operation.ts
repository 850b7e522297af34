import type { FastifyRequest } from 'fastify';
import type {
  DocumentNode,
  ExecutionResult,
  GraphQLError,
  GraphQLFormattedError,
  OperationDefinitionNode,
} from 'graphql';
import { formatError, httpStatus } from '../../graphql/errors.ts';
import type { Session } from '../../openstack/session.ts';
import { RETRY_AFTER } from '../error-responses.ts';
import type { TransportOptions } from '../options.ts';
import { type RequestDeadline, withTimeout } from '../patience.ts';
import { type LogFields, logFieldsOf, logOf, shortName } from '../request-log.ts';

/** One request over HTTP whose token is good. */
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

/** What is answered, with its HTTP status. */
export interface OperationResult {
  readonly status: number;
  readonly errors?: GraphQLFormattedError[];
  readonly data?: Record<string, unknown> | null;
}

/** Lets a request in by its token; rejects with the formatted refusal. */
export async function authenticateRequest(
  { authenticate }: TransportOptions,
  request: FastifyRequest,
  deadline: RequestDeadline,
): Promise<AuthenticatedRequest> {
  const meta = { requestId: request.id, log: logOf(request), signal: deadline.signal };
  try {
    const session = await authenticate(onlyOne(request.headers['x-auth-token']), meta);
    const logFields = logFieldsOf(request);
    logFields.identity = session.identity;
    return { session, logFields };
  } catch (error) {
    throw formatError(error, meta);
  }
}

/** The HTTP status of a refusal, and what goes with it. */
export function statusAndHeaders(refusal: GraphQLError): { status: number; headers: [name: string, value: string][] } {
  const status = httpStatus([refusal]);
  if (status === 401) return { status, headers: [['www-authenticate', 'Keystone']] };
  return { status, headers: status === 503 ? [['retry-after', RETRY_AFTER]] : [] };
}

/** Executes, and notes what the log is to say of it. */
export async function runOperation(
  { config, executor, makeContext }: TransportOptions,
  { session, logFields }: AuthenticatedRequest,
  { document, operation, operationName, variables }: PreparedOperation,
): Promise<OperationResult> {
  logFields.operationName = shortName(operation?.name?.value);
  logFields.operationType = operation?.operation;
  const told = { requestId: session.requestId, log: session.log };
  const work = executor.execute({ document, operationName, variables, context: makeContext(session), ...told });
  return resultOf(await withTimeout(config.REQUEST_TIMEOUT_MS, work, told), logFields);
}

function resultOf(result: ExecutionResult, facts: LogFields): OperationResult {
  const errors = result.errors ?? [];
  if (errors.length > 0) {
    facts.errors = errors.length;
    facts.code = String(errors[0]?.extensions.code);
  }
  const told = errors.length > 0 ? { errors: errors.map((error) => error.toJSON()) } : {};
  // Without data nothing was executed.
  return 'data' in result
    ? { status: 200, ...told, data: result.data ?? null }
    : { status: httpStatus(errors), ...told };
}

function onlyOne(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
