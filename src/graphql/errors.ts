import { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import { ERROR_CODES, type ErrorCode, GatewayError, type UpstreamDetails } from '../errors.ts';
import { OpenStackError } from '../openstack/errors.ts';

/** What an error is told with: whose request it was, and where a bug is written down. */
export interface ErrorContext {
  readonly requestId: string;
  readonly log: Logger;
  /** Whether graphql-js' "Did you mean …" is cut off, so that a schema that cannot be asked for cannot be guessed either. */
  readonly hideSuggestions?: boolean;
}

/** Codes that graphql-js' and Apollo Server's own refusals have, with the HTTP status of each. */
export const LIBRARY_CODES = {
  GRAPHQL_PARSE_FAILED: 400,
  GRAPHQL_VALIDATION_FAILED: 400,
  OPERATION_RESOLUTION_FAILURE: 400,
  BAD_REQUEST: 400,
  PERSISTED_QUERY_NOT_SUPPORTED: 200,
} as const satisfies Record<string, number>;

export type LibraryCode = keyof typeof LIBRARY_CODES;

/**
 * Any error as clients may see it: message, locations, path and `extensions` {code, service, status, openstackRequestId,
 * requestId}, nothing else. A GatewayError and an OpenStackError speak for themselves; graphql-js' refusals keep their
 * words; everything else is a bug of ours: logged with its stack, masked for the client.
 */
export function formatError(error: unknown, { requestId, log, hideSuggestions = false }: ErrorContext): GraphQLError {
  const { code, message, details } = explain(error, log);
  return new GraphQLError(hideSuggestions ? withoutSuggestion(message) : message, {
    ...locationOf(error),
    extensions: { code, ...details, requestId },
  });
}

/** The same refusal with a code: for errors of graphql-js, which have none. */
export function withCode(error: GraphQLError, code: ErrorCode | LibraryCode): GraphQLError {
  return new GraphQLError(error.message, { ...locationOf(error), extensions: { ...error.extensions, code } });
}

/** Where in the document and in the answer an error stands. */
function locationOf(error: unknown) {
  if (!(error instanceof GraphQLError)) return {};
  const { nodes = null, source = null, positions = null, path = null } = error;
  return { nodes, source, positions, path };
}

/** The HTTP status of an answer in which nothing was executed: that of its first error. A document's limits do not pass by waiting: 400. */
export function httpStatus(errors: readonly GraphQLError[]): number {
  const code = String(errors[0]?.extensions.code);
  if (code === 'LIMIT_EXCEEDED') return 400;
  if (code in LIBRARY_CODES) return LIBRARY_CODES[code as LibraryCode];
  return code in ERROR_CODES ? ERROR_CODES[code as ErrorCode].status : 500;
}

interface Explanation {
  code: string;
  message: string;
  details?: UpstreamDetails;
}

function explain(error: unknown, log: Logger): Explanation {
  const chain = [...originals(error)];
  const cause = chain.at(-1);
  if (cause instanceof GatewayError) return { code: cause.code, message: cause.message, details: given(cause.details) };
  if (cause instanceof OpenStackError) {
    return { code: codeOfUpstream(cause), message: cause.message, details: detailsOf(cause) };
  }
  const refusals = chain.filter((one) => one instanceof GraphQLError);
  if (refusals.length === chain.length) {
    const refusal = explainUpstreamError(refusals);
    if (refusal) return refusal;
  }
  if (cause instanceof DOMException && (cause.name === 'AbortError' || cause.name === 'TimeoutError')) {
    return { code: 'UPSTREAM_TIMEOUT', message: 'The operation took longer than the gateway waits' };
  }
  log.error({ err: cause }, 'internal error');
  return { code: 'INTERNAL_SERVER_ERROR', message: 'Internal error' };
}

/** The error, and whatever it wraps: graphql-js, Apollo Server and graphql-ws wrap what is thrown. */
function* originals(error: unknown): Generator<unknown> {
  for (let one: unknown = error, depth = 0; depth < 8; depth++) {
    yield one;
    if (!(one instanceof GraphQLError) || !one.originalError) return;
    one = one.originalError;
  }
}

/** A refusal of graphql-js or Apollo Server: the innermost code is the most precise. Null: not one that a client could have caused. */
function explainUpstreamError(chain: readonly GraphQLError[]): Explanation | null {
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

/** The code for what an OpenStack service answered, or did not. */
export function codeOfUpstream({ kind, status, faultName, upstreamMessage }: OpenStackError): ErrorCode {
  if (kind === 'timeout') return 'UPSTREAM_TIMEOUT';
  if (kind === 'unreachable') return 'UPSTREAM_UNAVAILABLE';
  if (kind === 'bad_response') return 'UPSTREAM_ERROR';
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
      return 'CONFLICT';
    case 413:
    case 429:
      return 'QUOTA_EXCEEDED';
    case 503:
      return 'UPSTREAM_UNAVAILABLE';
    default:
      return 'UPSTREAM_ERROR';
  }
}

/** What a client may quote of an upstream's failure. */
export function detailsOf({ service, status, openstackRequestId }: OpenStackError): UpstreamDetails {
  return { service, ...(status !== null && { status }), ...(openstackRequestId !== null && { openstackRequestId }) };
}

function given({ service, status, openstackRequestId }: UpstreamDetails): UpstreamDetails {
  return {
    ...(service !== undefined && { service }),
    ...(status !== undefined && { status }),
    ...(openstackRequestId !== undefined && { openstackRequestId }),
  };
}

function withoutSuggestion(message: string): string {
  return message.replace(/\s*Did you mean [\s\S]*\?$/, '');
}
