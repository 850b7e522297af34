import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formatError, httpStatus } from '../graphql/errors.ts';
import { sendNovaFault } from './compute-api/faults.ts';
import { logOf } from './request-log.ts';

/** Longest URL that is read: GET operations of any sense are far below. */
const MAX_URL = 8192;

/** When to come back after a refusal that passes, in s. */
export const RETRY_AFTER = '5';

/** What a refusal by status looks like: as every other answer of the gateway, a GraphQL result with errors only. */
export function errorResponse(message: string, code: string, requestId?: string): { errors: object[] } {
  return { errors: [{ message, extensions: { code, ...(requestId !== undefined && { requestId }) } }] };
}

/** Whether a URL is the compute API's, whose clients read faults of Nova's form. */
export function isCompute(url: string): boolean {
  return /^\/v2\.1(\/|\?|$)/.test(url);
}

/** Answers with a status and a refusal, JSON whatever was asked for; in Nova's form where that is what the client reads. */
export function sendError(reply: FastifyReply, status: number, message: string, code = 'BAD_REQUEST'): FastifyReply {
  const { id, url } = reply.request;
  if (isCompute(url)) return sendNovaFault(reply.header('x-compute-request-id', id), { status, message });
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send(errorResponse(message, code, id));
}

/**
 * Every refusal that Fastify makes before a handler runs, in the gateway's form: unknown path 404, method that the path
 * does not know 405, too long a URL 414, body too large 413, not JSON 400, another content type 415, and
 * anything unforeseen as a masked 500.
 */
export function registerErrorResponses(app: FastifyInstance, methods: Readonly<Record<string, string>>): void {
  const isGoodHost = memoizeLast(isHost);
  app.addHook('onRequest', (request, reply, done) => {
    if (request.url.length > MAX_URL) sendError(reply, 414, `Expected a URL of at most ${MAX_URL} characters`);
    else if (!isReadable(request.url)) sendError(reply, 400, 'Expected a URL that can be read');
    else if (!isGoodHost(request.headers.host)) sendError(reply, 400, 'Expected a Host header with a host name');
    else done();
  });
  app.setNotFoundHandler((request, reply) => {
    const allow = methods[request.url.split('?', 1)[0] ?? ''];
    if (!allow) return sendError(reply, 404, 'There is nothing at this path', 'NOT_FOUND');
    return sendError(reply.header('allow', allow), 405, `Expected ${allow}, got ${request.method}`);
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => sendErrorOf(error, request, reply));
}

/** '//[' is a path to Fastify and a broken host to URL, which hooks and handlers read it with. Most paths are plain. */
function isReadable(url: string): boolean {
  return /^\/\w[\w/.-]*$/.test(url) || URL.canParse(url, 'http://gateway');
}

/** A check that is not made again while the same string comes. */
function memoizeLast(check: (text: string | undefined) => boolean): typeof check {
  let last: string | undefined;
  let wasGood = false;
  return (text) => {
    if (text === last && last !== undefined) return wasGood;
    last = text;
    wasGood = check(text);
    return wasGood;
  };
}

function sendErrorOf(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = error.statusCode ?? 500;
  if (status === 413) return sendError(reply, 413, 'The body is larger than the gateway takes', 'LIMIT_EXCEEDED');
  if (status === 415) return sendError(reply, 415, 'Expected the content type application/json');
  if (status >= 400 && status < 500) return sendError(reply, status, error.message);
  const told = formatError(error, { requestId: request.id, log: logOf(request) });
  return reply
    .code(httpStatus([told]))
    .type('application/json; charset=utf-8')
    .send({ errors: [told] });
}

/** For Fastify's `frameworkErrors`: a URL that cannot be read. No hook has run. */
export function sendFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ 'x-openstack-request-id': request.id, 'x-content-type-options': 'nosniff' });
  sendError(reply, error.statusCode ?? 400, 'Expected a URL that can be decoded');
}

/** For Fastify's `clientErrorHandler`: bytes that are not HTTP, or headers past Node's bound, get an answer and the end. */
export function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  endSocketWith(socket, status, STATUS_CODES[status] ?? 'Bad Request');
}

/** Answers a connection that no reply belongs to, and ends it. */
export function endSocketWith(socket: Duplex, status: number, message: string, code = 'BAD_REQUEST'): void {
  const body = JSON.stringify(errorResponse(message, code));
  const retry = status === 429 || status === 503 ? `Retry-After: ${RETRY_AFTER}\r\n` : '';
  // Also when the other end never says that it is done.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n${retry}Connection: close\r\n\r\n${body}`,
  );
}

/** Whether a Host header can be read: what compares origins and builds URLs from it may rely on it. */
export function isHost(host: string | undefined): boolean {
  return host !== undefined && /^[\w.:[\]-]{1,255}$/.test(host) && URL.canParse(`http://${host}/`);
}
