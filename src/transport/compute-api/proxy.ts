import type { IncomingHttpHeaders } from 'node:http';
import { pipeline, type Readable, Transform } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../../errors.ts';
import { faultOf, sendFault } from './faults.ts';
import { type LinkRewrite, rewriteLinks, rewriteUrl } from './links.ts';
import type { Nova } from './nova-endpoint.ts';
import type { ComputeApiOptions } from './options.ts';

/** Requests under way to Nova at once, over all clients: more mean that it does not keep up. */
const MAX_PROXIED = 1000;

/**
 * What ends at each hop (RFC 9110, 7.6.1), what a client could make Nova believe of where it stands, and what would make
 * the answer unreadable for us: an encoding.
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

/** In Via (RFC 9110, 7.6.3). */
const NAME = 'nova-manila-gateway';

/** What is done with Nova's answer instead of streaming it. */
export type OnResponse = (answer: { status: number; body: Readable; rewrite: LinkRewrite }) => Promise<FastifyReply>;

/** What happens beside a request that is passed on. */
export interface ProxyOptions {
  readonly onResponse?: OnResponse;
  /** For what may change something: called when it has ended, before anybody hears of that. */
  readonly invalidate?: () => void;
}

/** Sends requests on to Nova as they are, and its answers back. */
export type ProxyToNova = (
  request: FastifyRequest,
  reply: FastifyReply,
  nova: Nova,
  how?: ProxyOptions,
) => FastifyReply;

/**
 * Makes what passes requests on: the path below `/v2.1`, query, body and headers as they came; status, headers and body
 * back as Nova sent them, streamed, but for links, which lead to the gateway where they led to Nova. Nothing is tried
 * again. Needs @fastify/reply-from.
 */
export function createProxyToNova({ config, cloud }: ComputeApiOptions): ProxyToNova {
  let proxied = 0;
  return (request, reply, nova, { onResponse, invalidate = () => {} } = {}) => {
    if (proxied >= MAX_PROXIED) throw new GatewayError('LIMIT_EXCEEDED', 'Nova does not keep up: try again later');
    proxied += 1;
    reply.raw.once('close', () => {
      proxied -= 1;
      invalidate();
    });
    const rewrite = { from: nova.bases, to: baseUrl(request, config.PUBLIC_URL) };
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

/** A body that breaks off with 413 when it is larger than `limit` bytes, whatever was announced. */
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

/** The error for a body past the limit. */
export function bodyTooLarge(limit: number): Error {
  return Object.assign(new Error(`Request is too large: expected at most ${limit} bytes`), { statusCode: 413 });
}

/** Whether Nova's answer is JSON that can be read. */
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

/** What stands after the gateway's own `/v2.1`. */
function pathBelow(request: FastifyRequest): string {
  return (request.url.split('?', 1)[0] ?? '').slice('/v2.1'.length);
}

/** Where the client reaches the gateway: PUBLIC_URL, else the host that it asked for. */
function baseUrl(request: FastifyRequest, publicUrl: string | undefined): string {
  return publicUrl?.replace(/\/+$/, '') ?? `${request.protocol}://${request.host}`;
}

/**
 * Throws UPSTREAM_ERROR for a request that has been here before: a catalog that names the gateway as Nova would send it
 * round and round.
 */
export function checkLoop(via: string | undefined): void {
  if (!via?.includes(NAME)) return;
  throw new GatewayError(
    'UPSTREAM_ERROR',
    "The catalog names the gateway in Nova's place: its own clouds.yaml needs Nova's address in compute_endpoint_override",
  );
}

function requestHeaders(headers: IncomingHttpHeaders, requestId: string): IncomingHttpHeaders {
  const passed = Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP_HEADERS.includes(name)));
  const via = [headers.via, `1.1 ${NAME}`].filter(Boolean).join(', ');
  return { 'x-openstack-request-id': requestId, ...passed, via };
}

function responseHeaders(headers: IncomingHttpHeaders, rewrite: LinkRewrite): IncomingHttpHeaders {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP_HEADERS.includes(name)));
  return kept.location === undefined ? kept : { ...kept, location: rewriteUrl(String(kept.location), rewrite) };
}

/** reply-from's failure as the gateway tells it: by its cause, and without Nova's address. */
function failure(error: Error & { statusCode?: number }): unknown {
  const cause = error.cause as (Error & { statusCode?: number; code?: string }) | undefined;
  if (cause?.statusCode === 413) return cause;
  const code = cause?.code ?? 'no code';
  if (/TIMEOUT/.test(code) && code !== 'UND_ERR_CONNECT_TIMEOUT') {
    return new GatewayError('UPSTREAM_TIMEOUT', 'Nova did not answer in time');
  }
  return new GatewayError('UPSTREAM_UNAVAILABLE', `Nova could not be reached (${code})`);
}
