import type { IncomingHttpHeaders } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { startDeadline } from '../../deadline.ts';
import { GatewayError } from '../../errors.ts';
import { trimTrailingSlashes } from '../../openstack/catalog.ts';
import { errorCode, isConnectionFailure } from '../../openstack/errors.ts';
import { UNSCOPED } from '../../openstack/http/call.ts';
import type { Attempt } from '../../openstack/http/circuit.ts';
import { createProjectLimit, ProjectBusyError } from '../../openstack/http/project-limit.ts';
import type { Session } from '../../openstack/session.ts';
import type { NovaEndpoint } from './endpoint.ts';
import { faultOf, sendFault } from './faults.ts';
import type { ComputeApiOptions } from './handlers.ts';
import { type LinkRewrite, rewriteLinks, rewriteUrl } from './links.ts';

/**
 * Headers that are not forwarded: hop-by-hop headers (RFC 9110, 7.6.1), headers with which a client could forge its
 * address, and Accept-Encoding, because the gateway reads the response.
 */
const HOP_BY_HOP_HEADERS = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'expect', 'http2-settings', 'accept-encoding', 'forwarded', 'x-real-ip'],
  ...['for', 'host', 'port', 'prefix', 'proto', 'scheme', 'server', 'ssl', 'user'].map((name) => `x-forwarded-${name}`),
]);

/** The gateway's name in Via (RFC 9110, 7.6.3). */
const NAME = 'nova-manila-gateway';

/** Handles Nova's response instead of streaming it. */
export type OnResponse = (response: { status: number; body: Readable; rewrite: LinkRewrite }) => Promise<FastifyReply>;

/** Hooks of a proxied request. */
export interface ProxyOptions {
  /** Whose connections it uses; none for the version document without a token. */
  readonly session?: Session;
  readonly onResponse?: OnResponse;
  /** Called after a write has ended, before the client receives the response. */
  readonly invalidate?: () => void;
}

/** Sends a request to Nova and its response to the client. Resolves when the response has begun. */
export type ProxyToNova = (
  request: FastifyRequest,
  reply: FastifyReply,
  nova: NovaEndpoint,
  options?: ProxyOptions,
) => Promise<FastifyReply>;

/** Maximum number of a project's requests that wait for one of its connections. Each holds its body. */
const MAX_WAITING_PER_PROJECT = 64;

/**
 * Creates the reverse proxy to Nova. Path, query, headers and body are forwarded unchanged, and so are the response's
 * status, headers and body, as a stream; links to Nova are rewritten to the gateway. Nothing is retried. It has a pool of
 * connections of its own, of which a project uses at most PROXY_CONNECTIONS_PER_PROJECT. Needs @fastify/reply-from.
 */
export function createProxyToNova({ config, cloud, addresses }: ComputeApiOptions): ProxyToNova {
  const projectLimit = createProjectLimit(config.PROXY_CONNECTIONS_PER_PROJECT, MAX_WAITING_PER_PROJECT);

  /** Takes one of the project's connections until the response is sent. */
  async function acquireConnection(reply: FastifyReply, project: string): Promise<void> {
    const deadline = startDeadline(config.REQUEST_TIMEOUT_MS, undefined, () => timeout());
    reply.raw.once('close', () => deadline.abort(new GatewayError('UPSTREAM_TIMEOUT', 'The client has left')));
    try {
      const release = await projectLimit.acquire(project, deadline.signal);
      if (reply.raw.closed) release();
      else reply.raw.once('close', release);
    } catch (error) {
      if (!(error instanceof ProjectBusyError)) throw error;
      throw new GatewayError('LIMIT_EXCEEDED', 'Too many requests of the project to Nova are waiting: try again later');
    } finally {
      deadline.end();
    }
  }

  return async (request, reply, nova, { session, onResponse, invalidate = () => {} } = {}) => {
    const project = session?.identity.projectId ?? UNSCOPED;
    await acquireConnection(reply, project);
    const isWrite = request.method !== 'GET' && request.method !== 'HEAD';
    const attempt = cloud.circuits.enter({ service: 'nova', isWrite, project });
    reply.raw.once('close', () => {
      attempt.cancel();
      invalidate();
    });
    const rewrite = { from: nova.linkBases, to: baseUrl(request, config.PUBLIC_URL, addresses.schemeOf(request.raw)) };
    const fail = (error: unknown) => sendFault(reply, cloud.authUrl, faultOf(error, reply));
    const body = Buffer.isBuffer(request.body) && request.body.length > 0 ? request.body : null;
    // reply-from would encode a Buffer of a JSON type again; a stream keeps its bytes and its type
    Object.assign(request, { body: body ? Readable.from([body]) : undefined });
    return reply.from(nova.root + pathBelow(request), {
      timeout: config.REQUEST_TIMEOUT_MS,
      rewriteRequestHeaders: (_request, headers) => requestHeaders(headers as IncomingHttpHeaders, request.id, body),
      rewriteHeaders: (headers) => responseHeaders(headers as IncomingHttpHeaders, rewrite),
      onError: (_reply, { error }) => {
        invalidate();
        countFailure(attempt, error);
        fail(failure(error));
      },
      onResponse: (_request, _reply, { stream }) => {
        invalidate();
        const { statusCode: status } = reply;
        if (status >= 500) attempt.fail({ message: `Nova responded with ${status}`, isConnection: false });
        else attempt.succeed();
        const response = stream as unknown as Readable;
        if (onResponse) onResponse({ status, body: response, rewrite }).catch(fail);
        else reply.send(isJson(reply) ? rewriteHeaderLinks(reply, response, rewrite) : response);
      },
    });
  };
}

function countFailure(attempt: Attempt, { cause }: Error): void {
  const message = `Nova could not be reached (${errorCode(cause) ?? 'no code'})`;
  attempt.fail({ message, isConnection: isConnectionFailure({ cause }) });
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

/** The path below PREFIX, which the client may have percent-encoded: the router decodes it. */
function pathBelow(request: FastifyRequest): string {
  const path = request.url.split('?', 1)[0] ?? '';
  const end = path.indexOf('/', 1);
  return end === -1 ? '' : path.slice(end);
}

/** The gateway's URL for clients: PUBLIC_URL, or else the host of the request, or the address of the connection. */
function baseUrl(request: FastifyRequest, publicUrl: string | undefined, scheme: string | null): string {
  const { localAddress = '', localPort } = request.socket;
  const address = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  if (publicUrl) return trimTrailingSlashes(publicUrl);
  return `${scheme ?? request.protocol}://${request.host || `${address}:${localPort}`}`;
}

/** Throws UPSTREAM_ERROR for a request that the gateway has forwarded before: the catalog names the gateway as Nova. */
export function checkLoop(via: string | undefined): void {
  if (!via?.includes(NAME)) return;
  throw new GatewayError(
    'UPSTREAM_ERROR',
    "The catalog's compute endpoint is the gateway itself: set compute_endpoint_override to Nova's URL in its clouds.yaml",
  );
}

function requestHeaders(headers: IncomingHttpHeaders, requestId: string, body: Buffer | null): IncomingHttpHeaders {
  const forwarded = Object.fromEntries(Object.entries(headers).filter(([name]) => !isHopByHop(name)));
  const via = [headers.via, `1.1 ${NAME}`].filter(Boolean).join(', ');
  const length = body && { 'content-length': String(body.length) };
  return { 'x-openstack-request-id': requestId, ...forwarded, ...length, via };
}

/** WSGI servers read `X_Forwarded_For` as `X-Forwarded-For`. */
function isHopByHop(name: string): boolean {
  return HOP_BY_HOP_HEADERS.has(name.replaceAll('_', '-'));
}

function responseHeaders(headers: IncomingHttpHeaders, rewrite: LinkRewrite): IncomingHttpHeaders {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !isHopByHop(name)));
  return kept.location === undefined ? kept : { ...kept, location: rewriteUrl(String(kept.location), rewrite) };
}

/** The error for a failure of reply-from: without its message, which contains Nova's address. */
function failure(error: Error & { statusCode?: number }): unknown {
  const cause = error.cause as (Error & { statusCode?: number; code?: string }) | undefined;
  const code = cause?.code ?? 'no code';
  if (/TIMEOUT/.test(code) && code !== 'UND_ERR_CONNECT_TIMEOUT') {
    return timeout();
  }
  return new GatewayError('UPSTREAM_UNAVAILABLE', `Nova could not be reached (${code})`);
}

function timeout(): GatewayError {
  return new GatewayError('UPSTREAM_TIMEOUT', 'Nova did not answer in time');
}
