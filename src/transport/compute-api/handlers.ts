import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { startDeadline } from '../../deadline.ts';
import { GatewayError } from '../../errors.ts';
import { flightKeyOf, invalidate } from '../../openstack/http/single-flight.ts';
import type { Session } from '../../openstack/session.ts';
import { logFieldsOf, logOf } from '../request-log.ts';
import { readShareAction, type ShareAction } from './action-body.ts';
import type { NovaEndpoint } from './nova-endpoint.ts';
import type { ComputeApiOptions } from './options.ts';
import type { ProxyOptions, ProxyToNova } from './proxy.ts';
import { withAttachments } from './servers.ts';

/** What every handler is given. */
export interface ComputeApiContext extends ComputeApiOptions {
  readonly endpoint: NovaEndpoint;
  readonly proxy: ProxyToNova;
}

export type ActionRequest = FastifyRequest<{
  Params: { project_id?: string; server_id: string };
  Body: Buffer | undefined;
}>;

/** The version document: needs no token, but one may tell where Nova is. */
export async function showVersion(
  api: ComputeApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const hasToken = request.headers['x-auth-token'] !== undefined;
  // a token that is no good is no obstacle here, as it is none to Nova
  const session = hasToken ? await authenticate(api, request).catch(() => null) : null;
  const nova = session ? api.endpoint.resolve(session) : await api.endpoint.lastResolved(request.id);
  return api.proxy(request, reply, nova);
}

/** A server, or a page of them with details. */
export async function showServers(
  api: ComputeApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await authenticate(api, request);
  const onResponse = withAttachments(request, reply, session, api.attachments);
  return api.proxy(request, reply, api.endpoint.resolve(session), { onResponse });
}

/** Everything that is Nova's alone. */
export async function proxyAll(
  api: ComputeApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await authenticate(api, request);
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  return api.proxy(request, reply, api.endpoint.resolve(session), isRead ? {} : invalidating(api, session));
}

/** An action of a server: ours, or passed on byte for byte. */
export async function handleServerAction(
  api: ComputeApiContext,
  request: ActionRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await authenticate(api, request);
  const action = readShareAction(request.body, request.headers['content-type']);
  if (action) {
    checkProject(request.params.project_id, session);
    await performShareAction(api, session, request.params.server_id, action);
    return reply.code(202).send();
  }
  // as a stream it goes out with the length and the type that it came with
  const unread = Object.assign(request as FastifyRequest, { body: request.body && Readable.from([request.body]) });
  return api.proxy(unread, reply, api.endpoint.resolve(session), invalidating(api, session));
}

/** What is passed on changes things as our own calls do: no read of before is joined after it. */
function invalidating({ cloud }: ComputeApiContext, session: Session): ProxyOptions {
  return { invalidate: () => invalidate(cloud, flightKeyOf(session)) };
}

async function performShareAction(
  { config, attachments }: ComputeApiContext,
  session: Session,
  serverId: string,
  action: ShareAction,
) {
  const { name, shareId, mountPoint } = action;
  const deadline = startDeadline(config.REQUEST_TIMEOUT_MS);
  const bounded = { ...session, signal: deadline.signal };
  const pair = { serverId: serverId.toLowerCase(), shareId, mountPoint };
  try {
    if (name === 'share_detach') await attachments.detach(bounded, pair);
    else await attachments.attach(bounded, { ...pair, accessLevel: 'rw', accessTo: null });
  } finally {
    deadline.end();
  }
}

async function authenticate({ authenticate: check }: ComputeApiContext, request: FastifyRequest): Promise<Session> {
  const token = request.headers['x-auth-token'];
  const asking = { requestId: request.id, log: logOf(request) };
  const session = await check(Array.isArray(token) ? token[0] : token, asking);
  logFieldsOf(request).identity = session.identity;
  return session;
}

/** As Nova refuses it (wsgi.py, `_process_stack`). */
function checkProject(projectId: string | undefined, { identity }: Session): void {
  if (projectId === undefined || projectId === identity.projectId) return;
  throw new GatewayError(
    'BAD_USER_INPUT',
    `Malformed request URL: URL's project_id '${projectId}' doesn't match Context's project_id '${identity.projectId}'`,
  );
}
