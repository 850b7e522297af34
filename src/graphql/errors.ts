import { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import { ERROR_CODES, type ErrorCode, GatewayError, type UpstreamDetails } from '../errors.ts';
import { detailsOf, OpenStackError } from '../openstack/errors.ts';

/** What formatting an error needs: the id of its request, and the log for internal errors. */
export interface ErrorContext {
  readonly requestId: string;
  readonly log: Logger;
  /** Whether to remove "Did you mean …", so that messages do not reveal a schema without introspection. */
  readonly hideSuggestions?: boolean;
}

/** Codes of errors that graphql-js and Apollo Server raise, with the HTTP status of each. */
export const LIBRARY_CODES = {
  GRAPHQL_PARSE_FAILED: 400,
  GRAPHQL_VALIDATION_FAILED: 400,
  OPERATION_RESOLUTION_FAILURE: 400,
  BAD_REQUEST: 400,
  PERSISTED_QUERY_NOT_SUPPORTED: 200,
} as const satisfies Record<string, number>;

/** Maximum length of an error message in characters. */
const MAX_MESSAGE_LENGTH = 2000;

export type LibraryCode = keyof typeof LIBRARY_CODES;

/**
 * Formats an error for clients: message, locations, path and `extensions` {code, service, status, openstackRequestId,
 * requestId}, nothing else. The messages of GatewayError, OpenStackError and graphql-js are kept; any other error is a
 * bug, logged with its stack and masked.
 */
export function formatError(error: unknown, { requestId, log, hideSuggestions = false }: ErrorContext): GraphQLError {
  const { code, message, details } = describe(error, log);
  return new GraphQLError(shortened(hideSuggestions ? withoutSuggestion(message) : message), {
    ...locationOf(error),
    extensions: { code, ...details, requestId },
  });
}

/** Adds a code to an error of graphql-js, which has none. */
export function withCode(error: GraphQLError, code: ErrorCode | LibraryCode): GraphQLError {
  return new GraphQLError(error.message, { ...locationOf(error), extensions: { ...error.extensions, code } });
}

/** The location of an error in the document, and its path in the response. */
function locationOf(error: unknown) {
  if (!(error instanceof GraphQLError)) return {};
  const { nodes = null, source = null, positions = null, path = null } = error;
  return { nodes, source, positions, path };
}

/** The HTTP status of a result without `data`: that of its first error. A document over a limit is 400: retrying it later does not help. */
export function httpStatus(errors: readonly GraphQLError[]): number {
  const code = String(errors[0]?.extensions.code);
  if (code === 'LIMIT_EXCEEDED') return 400;
  if (code in LIBRARY_CODES) return LIBRARY_CODES[code as LibraryCode];
  return code in ERROR_CODES ? ERROR_CODES[code as ErrorCode].status : 500;
}

interface ErrorDescription {
  code: string;
  message: string;
  details?: UpstreamDetails;
}

function describe(error: unknown, log: Logger): ErrorDescription {
  const chain = [...originals(error)];
  const cause = chain.at(-1);
  if (cause instanceof GatewayError) {
    return { code: cause.code, message: cause.message, details: publicDetails(cause.details) };
  }
  if (cause instanceof OpenStackError) {
    return { code: codeOfUpstream(cause), message: cause.message, details: detailsOf(cause) };
  }
  const graphqlErrors = chain.filter((one) => one instanceof GraphQLError);
  const description = graphqlErrors.length === chain.length ? describeGraphQLError(graphqlErrors) : null;
  if (description) return description;
  if (cause instanceof DOMException && (cause.name === 'AbortError' || cause.name === 'TimeoutError')) {
    return { code: 'UPSTREAM_TIMEOUT', message: 'The operation exceeded its deadline' };
  }
  log.error({ err: cause }, 'internal error');
  return { code: 'INTERNAL_SERVER_ERROR', message: 'Internal error' };
}

/** The error and the errors that it wraps, outermost first: graphql-js, Apollo Server and graphql-ws wrap errors. */
function* originals(error: unknown): Generator<unknown> {
  for (let one: unknown = error, depth = 0; depth < 8; depth++) {
    yield one;
    if (!(one instanceof GraphQLError) || !one.originalError) return;
    one = one.originalError;
  }
}

/** Describes an error of graphql-js or Apollo Server by its innermost code. Null when a client cannot have caused it. */
function describeGraphQLError(chain: readonly GraphQLError[]): ErrorDescription | null {
  const message = chain.at(-1)?.message ?? '';
  if (/^Syntax Error: Document contains more tha[nt] \d+ tokens/.test(message)) {
    return { code: 'LIMIT_EXCEEDED', message: message.replace('Syntax Error: ', '').replace('more that', 'more than') };
  }
  if (message === 'Validation aborted.') {
    return { code: 'LIMIT_EXCEEDED', message: 'The document has too many fields of one name to compare' };
  }
  const code = chain.map((one) => one.extensions.code).findLast((one) => typeof one === 'string');
  if (typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR' && (code in ERROR_CODES || code in LIBRARY_CODES)) {
    return { code, message };
  }
  return /^Argument "/.test(message) ? { code: 'BAD_USER_INPUT', message } : null;
}

/** The code for a failed call to an OpenStack service. */
export function codeOfUpstream({ kind, status, faultName, upstreamMessage }: OpenStackError): ErrorCode {
  if (kind === 'timeout') return 'UPSTREAM_TIMEOUT';
  if (kind === 'unreachable') return 'UPSTREAM_UNAVAILABLE';
  if (kind === 'bad_response') return 'UPSTREAM_ERROR';
  // nova exception.ForbiddenSharesNotSupported (2025.1 has the stray "not") and ForbiddenSharesNotConfiguredCorrectly
  if (/until computes have (?:not )?been updated|are not configured correctly/.test(upstreamMessage))
    return 'NOT_SUPPORTED';
  switch (status) {
    case 400:
      return 'BAD_USER_INPUT';
    case 401:
      return 'UNAUTHENTICATED';
    case 403:
      return faultName === 'overLimit' || /\bquota\b/i.test(upstreamMessage) ? 'QUOTA_EXCEEDED' : 'FORBIDDEN';
    case 404:
      return 'NOT_FOUND';
    case 409:
      // nova exception.ShareProtocolNotSupported
      return /^Share protocol .+ is not supported/.test(upstreamMessage) ? 'BAD_USER_INPUT' : 'CONFLICT';
    case 413:
    case 429:
      return 'QUOTA_EXCEEDED';
    case 503:
      return 'UPSTREAM_UNAVAILABLE';
    default:
      return 'UPSTREAM_ERROR';
  }
}

function publicDetails({ service, status, openstackRequestId, retryAfter }: UpstreamDetails): UpstreamDetails {
  return {
    ...(service !== undefined && { service }),
    ...(status !== undefined && { status }),
    ...(openstackRequestId !== undefined && { openstackRequestId }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
}

/** Removes the suggestion that graphql-js appends to a message (jsutils/didYouMean.js). */
function withoutSuggestion(message: string): string {
  const suggestion = message.indexOf(' Did you mean ');
  return suggestion >= 0 && message.endsWith('?') ? message.slice(0, suggestion).trimEnd() : message;
}

/** Cuts a long message: those of graphql-js quote what the client sent, at any length. */
function shortened(message: string): string {
  return message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
}
