import type { Readable } from 'node:stream';
import replyFrom from '@fastify/reply-from';
import type { FastifyInstance } from 'fastify';
import { registerErrorFormat } from '../error-responses.ts';
import { createEndpointResolver } from './endpoint.ts';
import { faultOf, sendFault, sendNovaFault } from './faults.ts';
import {
  type ActionRequest,
  type ComputeApiContext,
  type ComputeApiOptions,
  handleServerAction,
  proxyAll,
  showServers,
  showVersion,
} from './handlers.ts';
import { checkPath, PREFIX } from './path.ts';
import { bodyTooLarge, boundedBody, checkLoop, createProxyToNova } from './proxy.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/**
 * Registers the compute API at PREFIX: the server actions `share_attach` and `share_detach`, the attached shares
 * in servers, and a proxy to Nova for everything else. docs/compute-api.md is its reference.
 */
export async function registerComputeApi(app: FastifyInstance, options: ComputeApiOptions): Promise<void> {
  const { config, cloud, account } = options;
  const api: ComputeApiContext = {
    ...options,
    endpoint: createEndpointResolver(cloud, account),
    proxyToNova: createProxyToNova(options),
  };
  registerErrorFormat(app, {
    prefix: PREFIX,
    send: (reply, error) => sendNovaFault(reply.header('x-compute-request-id', reply.request.id), error),
  });
  await app.register(
    async (scope) => {
      scope.addHook('onRequest', async (request, reply) => {
        reply.header('x-compute-request-id', request.id);
        checkPath(request.url);
        checkLoop(request.headers.via);
      });
      scope.setErrorHandler((error, _request, reply) => sendFault(reply, cloud.authUrl, faultOf(error, reply)));
      scope.setNotFoundHandler((request, reply) => {
        const message = `Expected ${METHODS.join(', ')}, got ${request.method}`;
        return sendFault(reply.header('allow', METHODS.join(', ')), cloud.authUrl, { status: 405, message });
      });
      // requests are not retried: only the client knows which may be repeated
      await scope.register(replyFrom, { undici: cloud.agent, disableRequestLogging: true, retryMethods: [] });
      await scope.register(async (streams) => addStreams(streams, api, config.MAX_BODY_BYTES));
      await scope.register(async (actions) => addActions(actions, api));
    },
    { prefix: PREFIX },
  );
}

/** Routes whose request bodies are bounded and not parsed. */
function addStreams(app: FastifyInstance, api: ComputeApiContext, limit: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request, payload: Readable, done) => {
    if (Number(request.headers['content-length'] ?? 0) > limit) done(bodyTooLarge(limit));
    else done(null, boundedBody(payload, limit));
  });
  const show = { method: 'GET', exposeHeadRoute: false } as const;
  // clients request the version document before they have a token
  app.route({ method: ['GET', 'HEAD'], url: '/', handler: (request, reply) => showVersion(api, request, reply) });
  for (const prefix of ['', '/:project_id']) {
    for (const path of ['/servers/detail', '/servers/:server_id']) {
      app.route({ ...show, url: prefix + path, handler: (request, reply) => showServers(api, request, reply) });
    }
  }
  app.route({ method: [...METHODS], url: '/*', handler: (request, reply) => proxyAll(api, request, reply) });
}

/** Server actions: the body decides whether the gateway or Nova handles them. */
function addActions(app: FastifyInstance, api: ComputeApiContext): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  for (const prefix of ['', '/:project_id']) {
    app.post(`${prefix}/servers/:server_id/action`, (request, reply) =>
      handleServerAction(api, request as ActionRequest, reply),
    );
  }
}
