import cors from '@fastify/cors';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { lazyChild } from '../lazy-log.ts';
import { newRequestId } from '../openstack/session.ts';
import { createConcurrency, limitConcurrentRequests } from './concurrency.ts';
import { onClientError, registerErrorResponses, sendFrameworkError } from './error-responses.ts';
import { createApollo } from './graphql-http/apollo.ts';
import { registerSocket } from './graphql-ws/server.ts';
import { registerHealth } from './health.ts';
import type { TransportOptions } from './options.ts';
import { logRequests } from './request-log.ts';

/** The largest head of a request; a token has at most 8 KiB of it. */
const MAX_HEAD_BYTES = 16_384;
/** How long a client may take to send a request, in ms. */
const RECEIVE_MS = 30_000;

export interface Transports {
  readonly app: FastifyInstance;
  /** Listens where the settings say; gives the address. */
  listen(): Promise<string>;
  /** Stops: no new work, sockets closed over SHUTDOWN_SPREAD_MS, requests that run end within SHUTDOWN_MS. */
  close(): Promise<void>;
}

/** Both doors on one port: HTTP and WebSocket at `/graphql`, `/healthz`, `/readyz`. */
export async function createTransports(options: TransportOptions): Promise<Transports> {
  const { config, log } = options;
  const app = createFastify(config, log);
  let isStopping = false;

  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-openstack-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('cache-control', 'no-store');
    done();
  });
  registerErrorResponses(app, { '/graphql': 'GET, POST', '/healthz': 'GET', '/readyz': 'GET' });
  logRequests(app);
  if (config.ALLOWED_ORIGINS.length > 0) await app.register(cors, corsOptions(config));
  const concurrency = createConcurrency(config.MAX_IN_FLIGHT);
  limitConcurrentRequests(app, concurrency);
  registerHealth(app, { checks: options.checks, log, isStopping: () => isStopping });
  await options.registerGraphiql?.(app);
  await options.registerComputeApi?.(app);

  const apollo = await createApollo(options);
  registerSocket(app, { ...options, concurrency });
  app.route({ method: 'POST', url: '/graphql', handler: apollo.handle });
  app.route({ method: 'GET', url: '/graphql', exposeHeadRoute: false, handler: apollo.handle });
  app.addHook('onClose', () => apollo.stop());

  return {
    app,
    listen: () => app.listen({ host: config.HOST, port: config.PORT }),
    async close() {
      isStopping = true;
      const cut = setTimeout(() => app.server.closeAllConnections(), config.SHUTDOWN_SPREAD_MS + config.SHUTDOWN_MS);
      await app.close().finally(() => clearTimeout(cut));
    },
  };
}

function createFastify(config: Config, log: Logger): FastifyInstance {
  const app = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    childLoggerFactory: (parent, bindings) => lazyChild(parent as Logger, bindings) as FastifyBaseLogger,
    // Always ours: a client's own id could be another's.
    genReqId: newRequestId,
    requestIdHeader: false,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: config.MAX_BODY_BYTES,
    http: { maxHeaderSize: MAX_HEAD_BYTES },
    requestTimeout: RECEIVE_MS,
    frameworkErrors: sendFrameworkError,
    clientErrorHandler: onClientError,
  });
  // Forms and plain text are what a foreign page can send without asking first.
  app.removeContentTypeParser('text/plain');
  return app;
}

function corsOptions(config: Config) {
  return {
    origin: [...config.ALLOWED_ORIGINS],
    methods: ['GET', 'POST'],
    allowedHeaders: ['content-type', 'x-auth-token', 'accept', 'apollo-require-preflight'],
    exposedHeaders: ['x-openstack-request-id'],
    maxAge: 600,
  };
}
