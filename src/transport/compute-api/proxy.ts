import type { IncomingHttpHeaders } from 'node:http';
import { pipeline, type Readable, Transform } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../../errors.ts';
import { trimTrailingSlashes } from '../../openstack/catalog.ts';
import type { NovaEndpoint } from './endpoint.ts';
import { faultOf, sendFault } from './faults.ts';
import type { ComputeApiOptions } from './handlers.ts';
import { type LinkRewrite, rewriteLinks, rewriteUrl } from './links.ts';
import { PREFIX } from './path.ts';

/** Maximum number of proxied requests in flight, over all clients. */
const MAX_PROXIED = 1000;

/**
 * Headers that are not forwarded: hop-by-hop headers (RFC 9110, 7.6.1), headers with which a client could forge its
 * address, and Accept-Encoding, because the gateway reads the response.
 */
const HOP_BY_HOP_HEADERS = [
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'expect', 'http2-settings', 'accept-encoding'],
  ...[
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-port',
    'x-forwarded-prefix',
    'x-forwarded-proto',
  ],
];

/** The gateway's name in Via (RFC 9110, 7.6.3). */
const NAME = 'nova-manila-gateway';

/** Handles Nova's response instead of streaming it. */
export type OnResponse = (response: { status: number; body: Readable; rewrite: LinkRewrite }) => Promise<FastifyReply>;

/** Hooks of a proxied request. */
export interface ProxyOptions {
  readonly onResponse?: OnResponse;
  /** Called after a write has ended, before the client receives the response. */
  readonly invalidate?: () => void;
}

/** Sends a request to Nova and its response to the client. */
export type ProxyToNova = (
  request: FastifyRequest,
  reply: FastifyReply,
  nova: NovaEndpoint,
  options?: ProxyOptions,
) => FastifyReply;

/**
 * Creates the reverse proxy to Nova. Path, query, headers and body are forwarded unchanged, and so are the response's
 * status, headers and body, as a stream; links to Nova are rewritten to the gateway. Nothing is retried. Needs
 * @fastify/reply-from.
 */
export function createProxyToNova({ config, cloud }: ComputeApiOptions): ProxyToNova {
  let proxied = 0;
  return (request, reply, nova, { onResponse, invalidate = () => {} } = {}) => {
    if (proxied >= MAX_PROXIED)
      throw new GatewayError('LIMIT_EXCEEDED', 'Too many requests to Nova are in flight: try again later');
    proxied += 1;
    reply.raw.once('close', () => {
      proxied -= 1;
      invalidate();
    });
    const rewrite = { from: nova.linkBases, to: baseUrl(request, config.PUBLIC_URL) };
    const fail = (error: unknown) => sendFault(reply, cloud.authUrl, faultOf(error, reply));
    return reply.from(nova.root + pathBelow(request), {
      timeout: config.REQUEST_TIMEOUT_MS,
      rewriteRequestHeaders: (_request, headers) => requestHeaders(headers as IncomingHttpHeaders, request.id),
      rewriteHeaders: (headers) => responseHeaders(headers as IncomingHttpHeaders, rewrite),
      onError: (_reply, { error }) => {
        invalidate();
        fail(failure(error));
      },
      onResponse: (_request, _reply, { stream: body }) => {
        invalidate();
        if (onResponse) onResponse({ status: reply.statusCode, body, rewrite }).catch(fail);
        else reply.send(isJson(reply) ? rewriteHeaderLinks(reply, body, rewrite) : body);
      },
    });
  };
}

/** A stream that fails with 413 when the body exceeds `limit` bytes, whatever its announced length. */
export function boundedBody(body: Readable, limit: number): Readable {
  let size = 0;
  const bound = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      done(size > limit ? bodyTooLarge(limit) : null, chunk);
    },
  });
  pipeline(body, bound, () => undefined);
  return bound;
}

/** The error of a body over the limit. */
export function bodyTooLarge(limit: number): Error {
  return Object.assign(new Error(`Request is too large: expected at most ${limit} bytes`), { statusCode: 413 });
}

/** Whether Nova's response is JSON without an encoding. */
export function isJson(reply: FastifyReply): boolean {
  const isPlain = reply.getHeader('content-encoding') === undefined && reply.request.method !== 'HEAD';
  return isPlain && /^application\/json\b/i.test(String(reply.getHeader('content-type')));
}

function rewriteHeaderLinks(reply: FastifyReply, body: Readable, rewrite: LinkRewrite): Readable {
  reply.removeHeader('content-length');
  const links = rewriteLinks(rewrite);
  pipeline(body, links, () => undefined);
  return links;
}

/** The path below PREFIX. */
function pathBelow(request: FastifyRequest): string {
  return (request.url.split('?', 1)[0] ?? '').slice(PREFIX.length);
}

/** The gateway's URL for clients: PUBLIC_URL, or else the host of the request, or the address of the connection. */
function baseUrl(request: FastifyRequest, publicUrl: string | undefined): string {
  const { localAddress = '', localPort } = request.socket;
  const address = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  if (publicUrl) return trimTrailingSlashes(publicUrl);
  return `${request.protocol}://${request.host || `${address}:${localPort}`}`;
}

/** Throws UPSTREAM_ERROR for a request that the gateway has forwarded before: the catalog names the gateway as Nova. */
export function checkLoop(via: string | undefined): void {
  if (!via?.includes(NAME)) return;
  throw new GatewayError(
    'UPSTREAM_ERROR',
    "The catalog's compute endpoint is the gateway itself: set compute_endpoint_override to Nova's URL in its clouds.yaml",
  );
}

function requestHeaders(headers: IncomingHttpHeaders, requestId: string): IncomingHttpHeaders {
  const forwarded = Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP_HEADERS.includes(name)));
  const via = [headers.via, `1.1 ${NAME}`].filter(Boolean).join(', ');
  return { 'x-openstack-request-id': requestId, ...forwarded, via };
}

function responseHeaders(headers: IncomingHttpHeaders, rewrite: LinkRewrite): IncomingHttpHeaders {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP_HEADERS.includes(name)));
  return kept.location === undefined ? kept : { ...kept, location: rewriteUrl(String(kept.location), rewrite) };
}

/** The error for a failure of reply-from: without its message, which contains Nova's address. */
function failure(error: Error & { statusCode?: number }): unknown {
  const cause = error.cause as (Error & { statusCode?: number; code?: string }) | undefined;
  if (cause?.statusCode === 413) return cause;
  const code = cause?.code ?? 'no code';
  if (/TIMEOUT/.test(code) && code !== 'UND_ERR_CONNECT_TIMEOUT') {
    return new GatewayError('UPSTREAM_TIMEOUT', 'Nova did not answer in time');
  }
  return new GatewayError('UPSTREAM_UNAVAILABLE', `Nova could not be reached (${code})`);
}
