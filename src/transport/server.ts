import type { IncomingMessage } from 'node:http';
import { Server as TcpServer } from 'node:net';
import { setImmediate as afterPoll, setTimeout as sleep } from 'node:timers/promises';
import cors, { type FastifyCorsOptions } from '@fastify/cors';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { newRequestId } from '../openstack/session.ts';
import { type ClientAddresses, createClientAddresses } from './client-address.ts';
import { registerConcurrency } from './concurrency.ts';
import { CHECK_INTERVAL_MS, limitConnections } from './connection-limits.ts';
import {
  onClientError,
  RETRY_AFTER,
  registerErrorResponses,
  sendError,
  sendFrameworkError,
} from './error-responses.ts';
import { type Checks, registerHealth } from './health.ts';
import { createOrigins, type Origins } from './origin.ts';
import { createPrefixRemover } from './public-url.ts';
import { logRequests } from './request-log.ts';
import { createSubscriptionLimits, type HoldSubscription } from './subscription-limits.ts';

/** Maximum size of a request's head, in bytes; a token takes at most 8 KiB of it. */
const MAX_HEAD_BYTES = 16_384;

/** Time for requests on connections that were accepted last, in ms. */
const LINGER_MS = 500;
/** The duration of a turn of the event loop that did nothing, in ms. */
const QUIET_MS = 0.2;

/** What all transports of one server share. */
export interface SharedState {
  readonly origins: Origins;
  readonly addresses: ClientAddresses;
  /** Why no work is accepted yet; null once it is. */
  notStarted(): string | null;
  readonly holdSubscription: HoldSubscription;
}

/** Adds one transport to the server: its routes, its hooks, and what happens to it when the server closes. */
export type Transport = (app: FastifyInstance, shared: SharedState) => unknown;

export interface ServerOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics?: Metrics | undefined;
  /** The checks of `/readyz`. */
  readonly checks: Checks;
  /** Why no work is accepted yet, such as a store that is away; null once it is. */
  readonly notStarted?: () => string | null;
  /** In the order in which their hooks run. */
  readonly transports: readonly Transport[];
}

export interface Server {
  readonly app: FastifyInstance;
  /** Listens on HOST and PORT; resolves with the address. */
  listen(): Promise<string>;
  /** Makes `/readyz` fail and goes on serving for DRAIN_MS, or until `close`, so that load balancers send requests elsewhere. */
  drain(): Promise<void>;
  /** Accepts no new work, closes sockets over SHUTDOWN_SPREAD_MS and ends running requests after SHUTDOWN_MS. */
  close(): Promise<void>;
}

/** One HTTP server with all transports on one port, and `/healthz` and `/readyz`. It knows none of the transports. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { config, log, metrics, checks, transports, notStarted = () => null } = options;
  const app = createFastify(config, log);
  const addresses = createClientAddresses(config.TRUSTED_PROXIES);
  const origins = createOrigins(config, addresses);
  const stopping = new AbortController();
  const closing = new AbortController();
  const isStopping = () => stopping.signal.aborted;

  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-openstack-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('cache-control', 'no-store');
    done();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    // the client's next request goes to another gateway; also after a request that came before the stop
    if (isStopping()) reply.header('connection', 'close');
    done();
  });
  registerErrorResponses(app);
  logRequests(app, metrics);
  if (config.ALLOWED_ORIGINS.length > 0 || config.PUBLIC_URL) await app.register(cors, corsOptions(origins));
  rejectUntilStarted(app, notStarted);
  limitConnections(app, config, addresses);
  registerConcurrency(app, config);
  registerHealth(app, { checks, log, isStopping, notStarted });
  const shared = { origins, addresses, notStarted, holdSubscription: createSubscriptionLimits(config) };
  for (const transport of transports) await transport(app, shared);

  return {
    app,
    listen: () => app.listen({ host: config.HOST, port: config.PORT }),
    async drain() {
      stopping.abort();
      const ended = await sleep(config.DRAIN_MS, true, { signal: closing.signal }).catch(() => false);
      if (ended && config.DRAIN_MS > 0) await stopListening(app, closing.signal);
    },
    async close() {
      stopping.abort();
      closing.abort();
      const cut = setTimeout(() => app.server.closeAllConnections(), config.SHUTDOWN_SPREAD_MS + config.SHUTDOWN_MS);
      await app.close().finally(() => clearTimeout(cut));
    },
  };
}

/**
 * Accepts no more connections, and serves what comes on those that it has. Of a connection that is closed unread a proxy
 * cannot know whether its request was executed, and fails it.
 */
async function stopListening({ server }: FastifyInstance, signal: AbortSignal): Promise<void> {
  let accepted = 0;
  server.on('connection', () => accepted++);
  const end = performance.now() + LINGER_MS;
  // a poll that accepted none and took no time: what came since then is all that can wait
  for (let isQuiet = false; !isQuiet && performance.now() < end; ) {
    const [before, begun] = [accepted, performance.now()];
    await afterPoll();
    isQuiet = accepted === before && performance.now() - begun < QUIET_MS;
  }
  // http.Server's own close would close those without a request at once
  TcpServer.prototype.close.call(server);
  await sleep(LINGER_MS, undefined, { signal }).catch(() => undefined);
}

/** Requests for the transports get 503 until the gateway has started; health checks and pages are answered. */
function rejectUntilStarted(app: FastifyInstance, notStarted: () => string | null): void {
  app.addHook('onRequest', (request, reply, done) => {
    const reason = request.routeOptions.config.transport ? notStarted() : null;
    if (reason === null) return done();
    sendError(reply.header('retry-after', RETRY_AFTER), 503, reason, 'STATE_UNAVAILABLE');
  });
}

function createFastify(config: Config, log: Logger): FastifyInstance {
  const removePrefix = createPrefixRemover(config.PUBLIC_URL);
  const app = Fastify({
    rewriteUrl: (request: IncomingMessage) => removePrefix(request.url ?? '/'),
    loggerInstance: log as FastifyBaseLogger,
    // A request id that the client sends could be another client's.
    genReqId: newRequestId,
    requestIdHeader: false,
    // while it stops, what arrives on an open connection is answered, and the connection closed
    return503OnClosing: false,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: config.MAX_BODY_BYTES,
    http: {
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: config.RECEIVE_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
    },
    requestTimeout: config.RECEIVE_TIMEOUT_MS,
    frameworkErrors: sendFrameworkError,
    clientErrorHandler: onClientError,
  });
  app.server.on('upgrade', (request) => {
    request.url = removePrefix(request.url ?? '/');
  });
  // Pages of other origins can send forms and plain text without a preflight.
  app.removeContentTypeParser('text/plain');
  return app;
}

/** Without `allowedHeaders` a preflight allows the headers that it names: clients and tracing add headers of their own. */
function corsOptions({ isListed }: Origins): FastifyCorsOptions {
  return {
    origin: (origin, callback) => callback(null, origin !== undefined && isListed(origin)),
    methods: ['GET', 'POST'],
    exposedHeaders: ['x-openstack-request-id', 'retry-after'],
    maxAge: 600,
  };
}
