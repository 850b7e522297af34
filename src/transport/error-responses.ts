import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { ERROR_CODES, GatewayError } from '../errors.ts';
import { newRequestId } from '../openstack/session.ts';
import { parseUrl } from '../url.ts';
import { logFieldsOf, logOf } from './request-log.ts';

/** Maximum length of a URL, in characters: GET operations stay far below it. */
const MAX_URL = 8192;

/** The `Retry-After` of errors that pass, in s. */
export const RETRY_AFTER = '5';

/** The methods that a 405 can name in `Allow`. */
const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST'];

/** How a transport sends the errors that arise before its handlers run: the form that its clients read. */
export interface ErrorFormat {
  /** Of the paths that have this form. */
  readonly prefix: string;
  send(reply: FastifyReply, error: { status: number; message: string }): FastifyReply;
}

declare module 'fastify' {
  interface FastifyInstance {
    errorFormats: ErrorFormat[];
  }
}

/** The body of an error: a GraphQL result with errors only. */
export function errorResponse(message: string, code: string, requestId?: string): { errors: object[] } {
  return { errors: [{ message, extensions: { code, ...(requestId !== undefined && { requestId }) } }] };
}

/** Makes errors below a transport's prefix have the form of that transport. */
export function registerErrorFormat(app: FastifyInstance, format: ErrorFormat): void {
  app.errorFormats.push(format);
}

/** Sends an error with a status: JSON whatever `Accept` says, in the form of the transport that the path belongs to. */
export function sendError(reply: FastifyReply, status: number, message: string, code = 'BAD_REQUEST'): FastifyReply {
  const { server, id, routeOptions, url } = reply.request;
  // the route, not the URL: `/%762.1` is a spelling of `/v2.1`
  const path = routeOptions.url ?? url;
  logFieldsOf(reply.request).code ??= code;
  const format = server.errorFormats.find(({ prefix }) => isBelow(path, prefix));
  if (format) return format.send(reply, { status, message });
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send(errorResponse(message, code, id));
}

function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && ['', '/', '?'].includes(path.charAt(prefix.length));
}

/**
 * Rejects URLs and Host headers that cannot be read; a Host may be missing or empty, as load balancers' probes send it
 * (RFC 9112, 3.2; HTTP/1.1 without Host is Node's to reject). Gives every error that Fastify makes before a handler runs the gateway's form: unknown path 404, wrong method 405, URL
 * too long 414, body too large 413, no JSON 400, wrong content type 415; any other error is logged and masked as 500.
 */
export function registerErrorResponses(app: FastifyInstance): void {
  app.decorate('errorFormats', []);
  const isGoodHost = memoizeLast((host) => host === '' || isHost(host));
  app.addHook('onRequest', (request, reply, done) => {
    if (request.url.length > MAX_URL) sendError(reply, 414, `Expected a URL of at most ${MAX_URL} characters`);
    else if (!isReadable(request.url)) sendError(reply, 400, 'Expected a URL that can be read');
    else if (!isGoodHost(request.headers.host ?? '')) sendError(reply, 400, 'Expected a Host header with a host name');
    else done();
  });
  app.setNotFoundHandler((request, reply) => {
    const url = request.url.split('?', 1)[0] ?? '';
    const allow = METHODS.filter((method) => app.hasRoute({ url, method })).join(', ');
    if (!allow) return sendError(reply, 404, 'There is nothing at this path', 'NOT_FOUND');
    return sendError(reply.header('allow', allow), 405, `Expected ${allow}, got ${request.method}`);
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => sendErrorOf(error, request, reply));
}

/** '//[' is a path to Fastify and a broken host to URL, which hooks and handlers read it with. Most paths are plain. */
function isReadable(url: string): boolean {
  return /^\/\w[\w/.-]*$/.test(url) || parseUrl(url, 'http://gateway') !== null;
}

/** The check, which remembers its last argument and result. */
function memoizeLast(check: (text: string) => boolean): typeof check {
  let last: string | undefined;
  let wasGood = false;
  return (text) => {
    if (text === last) return wasGood;
    last = text;
    wasGood = check(text);
    return wasGood;
  };
}

function sendErrorOf(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof GatewayError) {
    return sendError(reply, ERROR_CODES[error.code].status, error.message, error.code);
  }
  const status = error.statusCode ?? 500;
  if (status === 413) return sendError(reply, 413, 'The body is larger than the gateway takes', 'LIMIT_EXCEEDED');
  if (status === 415) return sendError(reply, 415, 'Expected the content type application/json');
  if (status >= 400 && status < 500) return sendError(reply, status, error.message);
  logOf(request).error({ err: error }, 'internal error');
  return sendError(reply, 500, 'Internal error', 'INTERNAL_SERVER_ERROR');
}

/** Fastify's `frameworkErrors`: the URL cannot be decoded. No hook has run. */
export function sendFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ 'x-openstack-request-id': request.id, 'x-content-type-options': 'nosniff' });
  sendError(reply, error.statusCode ?? 400, 'Expected a URL that can be decoded');
}

/** Fastify's `clientErrorHandler`: sends an error for bytes that are not HTTP or headers over the limit, and closes. */
export function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  endSocketWith(socket, status, STATUS_CODES[status] ?? 'Bad Request');
}

/** Sends an error over a connection that has no reply, and closes it. */
export function endSocketWith(socket: Duplex, status: number, message: string, code = 'BAD_REQUEST'): void {
  const requestId = newRequestId();
  const body = JSON.stringify(errorResponse(message, code, requestId));
  const retry = status === 429 || status === 503 ? `Retry-After: ${RETRY_AFTER}\r\n` : '';
  // also when the client never ends its side
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n${retry}X-Openstack-Request-Id: ${requestId}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Whether a Host header is valid: comparing origins and building URLs from it relies on that. */
export function isHost(host: string | undefined): boolean {
  return host !== undefined && /^[\w.:[\]-]{1,255}$/.test(host) && parseUrl(`http://${host}/`) !== null;
}
