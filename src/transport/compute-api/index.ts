import replyFrom from '@fastify/reply-from';
import type { FastifyInstance } from 'fastify';
import { createAgent } from '../../openstack/cloud.ts';
import { registerErrorFormat } from '../error-responses.ts';
import { countRoutesFor } from '../request-log.ts';
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
import { checkLoop, createProxyToNova } from './proxy.ts';

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
      countRoutesFor(scope, 'compute_api');
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
      await scope.register(replyFrom, {
        undici: createAgent(cloud.settings, config.PROXY_CONNECTIONS),
        destroyAgent: true,
        disableRequestLogging: true,
        retryMethods: [],
      });
      // the whole body is read before a connection to Nova is taken, so that a slow client holds none
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
      addRoutes(scope, api);
    },
    { prefix: PREFIX },
  );
}

function addRoutes(app: FastifyInstance, api: ComputeApiContext): void {
  const show = { method: 'GET', exposeHeadRoute: false } as const;
  // clients request the version document before they have a token
  app.route({ method: ['GET', 'HEAD'], url: '/', handler: (request, reply) => showVersion(api, request, reply) });
  for (const prefix of ['', '/:project_id']) {
    for (const path of ['/servers/detail', '/servers/:server_id']) {
      app.route({ ...show, url: prefix + path, handler: (request, reply) => showServers(api, request, reply) });
    }
    app.post(`${prefix}/servers/:server_id/action`, (request, reply) =>
      handleServerAction(api, request as ActionRequest, reply),
    );
  }
  app.route({ method: [...METHODS], url: '/*', handler: (request, reply) => proxyAll(api, request, reply) });
}
