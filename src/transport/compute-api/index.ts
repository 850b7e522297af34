import type { Readable } from 'node:stream';
import replyFrom from '@fastify/reply-from';
import type { FastifyInstance } from 'fastify';
import { faultOf, sendFault } from './faults.ts';
import {
  type ActionRequest,
  type ComputeApiContext,
  handleServerAction,
  proxyAll,
  showServers,
  showVersion,
} from './handlers.ts';
import { createNovaEndpoint } from './nova-endpoint.ts';
import type { ComputeApiOptions } from './options.ts';
import { checkPath } from './path.ts';
import { bodyTooLarge, boundedBody, checkLoop, createProxyToNova } from './proxy.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/**
 * The compute API at `/v2.1`, as a door to the same attachments: `share_attach` and `share_detach` among the actions of a
 * server, the attached shares in its answers, and everything else passed on to Nova. docs/compute-api.md is its reference.
 */
export async function registerComputeApi(app: FastifyInstance, options: ComputeApiOptions): Promise<void> {
  const { config, cloud, account } = options;
  const door: ComputeApiContext = {
    ...options,
    endpoint: createNovaEndpoint(cloud, account),
    proxy: createProxyToNova(options),
  };
  await app.register(
    async (rest) => {
      rest.addHook('onRequest', async (request, reply) => {
        reply.header('x-compute-request-id', request.id);
        checkPath(request.url);
        checkLoop(request.headers.via);
      });
      rest.setErrorHandler((error, _request, reply) => sendFault(reply, cloud.authUrl, faultOf(error, reply)));
      rest.setNotFoundHandler((request, reply) => {
        const message = `Expected ${METHODS.join(', ')}, got ${request.method}`;
        return sendFault(reply.header('allow', METHODS.join(', ')), cloud.authUrl, { status: 405, message });
      });
      // nothing is tried again: a client knows better what may be repeated
      await rest.register(replyFrom, { undici: cloud.agent, disableRequestLogging: true, retryMethods: [] });
      await rest.register(async (streams) => addStreams(streams, door, config.MAX_BODY_BYTES));
      await rest.register(async (actions) => addActions(actions, door));
    },
    { prefix: '/v2.1' },
  );
}

/** Routes whose requests are not read, only bounded. */
function addStreams(app: FastifyInstance, door: ComputeApiContext, limit: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request, payload: Readable, done) => {
    if (Number(request.headers['content-length'] ?? 0) > limit) done(bodyTooLarge(limit));
    else done(null, boundedBody(payload, limit));
  });
  const show = { method: 'GET', exposeHeadRoute: false } as const;
  // who has no token yet asks for the version document
  app.route({ method: ['GET', 'HEAD'], url: '/', handler: (request, reply) => showVersion(door, request, reply) });
  for (const prefix of ['', '/:project_id']) {
    for (const path of ['/servers/detail', '/servers/:server_id']) {
      app.route({ ...show, url: prefix + path, handler: (request, reply) => showServers(door, request, reply) });
    }
  }
  app.route({ method: [...METHODS], url: '/*', handler: (request, reply) => proxyAll(door, request, reply) });
}

/** The actions of a server: their bodies are read to see whose they are. */
function addActions(app: FastifyInstance, door: ComputeApiContext): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  for (const prefix of ['', '/:project_id']) {
    app.post(`${prefix}/servers/:server_id/action`, (request, reply) =>
      handleServerAction(door, request as ActionRequest, reply),
    );
  }
}
