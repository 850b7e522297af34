import type { FastifyError, FastifyReply } from 'fastify';
import { ERROR_CODES, GatewayError } from '../../errors.ts';
import { detailsOf, OpenStackError } from '../../openstack/errors.ts';
import { OverloadError } from '../concurrency.ts';
import { RETRY_AFTER } from '../error-responses.ts';
import { logFieldsOf, logOf } from '../request-log.ts';

/** Nova's fault names by status (nova api/openstack/wsgi.py, `Fault`). Other statuses are a `computeFault`. */
const FAULT_NAMES: Readonly<Record<number, string>> = {
  400: 'badRequest',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  409: 'conflictingRequest',
  413: 'overLimit',
  415: 'badMediaType',
  429: 'overLimit',
  501: 'notImplemented',
  503: 'serviceUnavailable',
};

/** keystonemiddleware's message (auth_token/__init__.py), which clients know. */
const UNAUTHENTICATED = 'The request you have made requires authentication.';

/** An error response: its HTTP status, message and Retry-After in seconds. */
export interface FaultResponse {
  readonly status: number;
  readonly message: string;
  readonly retryAfter?: number;
}

/**
 * Sends an error in Nova's format, `{"<name>": {code, message}}`, and a 401 in keystonemiddleware's. `keystoneUrl` tells
 * clients where to get a token.
 */
export function sendFault(reply: FastifyReply, keystoneUrl: string, fault: FaultResponse) {
  const { status, message } = fault;
  if (status !== 401) return sendNovaFault(reply, fault);
  logFieldsOf(reply.request).code = 'computeFault';
  reply.code(401).type('application/json; charset=UTF-8').header('www-authenticate', `Keystone uri="${keystoneUrl}"`);
  return reply.send({ error: { code: 401, title: 'Unauthorized', message: `${UNAUTHENTICATED} ${message}` } });
}

/** Sends an error other than a 401 in Nova's format. */
export function sendNovaFault(reply: FastifyReply, { status, message, retryAfter }: FaultResponse) {
  logFieldsOf(reply.request).code = FAULT_NAMES[status] ?? 'computeFault';
  reply.code(status).type('application/json; charset=UTF-8');
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  const fault = { code: status, message, ...(retryAfter === undefined ? {} : { retryAfter: String(retryAfter) }) };
  return reply.send({ [FAULT_NAMES[status] ?? 'computeFault']: fault });
}

/** The error response for an error. An unexpected error is logged and masked. */
export function faultOf(error: unknown, reply: FastifyReply): FaultResponse {
  const logFields = logFieldsOf(reply.request);
  if (error instanceof OpenStackError) logFields.upstream = detailsOf(error);
  if (error instanceof GatewayError) logFields.upstream = error.details;
  if (error instanceof OverloadError) {
    return { status: error.status, message: error.message, retryAfter: Number(RETRY_AFTER) };
  }
  if (error instanceof GatewayError) return { status: ERROR_CODES[error.code].status, message: error.message };
  if (error instanceof OpenStackError) return faultOfUpstream(error);
  const { statusCode = 500, message = '' } = (error ?? {}) as Partial<FastifyError>;
  if (statusCode >= 400 && statusCode < 500) return { status: statusCode, message };
  const { request } = reply;
  logOf(request).error({ err: error }, 'internal error');
  return { status: 500, message: `Unexpected API Error. Please quote ${request.id} to the operators.` };
}

/** Nova's and Manila's error statuses are kept; failures without a usable response get a gateway's status. */
function faultOfUpstream(error: OpenStackError): FaultResponse {
  const { kind, status, message, retryAfterMs } = error;
  const retry = retryAfterMs === null ? {} : { retryAfter: Math.ceil(retryAfterMs / 1000) };
  if (kind === 'refused' && status !== null && (status < 500 || status === 503)) return { status, message, ...retry };
  if (kind === 'timeout') return { status: 504, message };
  if (kind === 'unreachable') return { status: 503, message, ...retry };
  return { status: 502, message };
}
