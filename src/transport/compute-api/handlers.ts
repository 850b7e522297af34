import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Attachments } from '../../attachments/service.ts';
import type { Config } from '../../config.ts';
import { startDeadline } from '../../deadline.ts';
import { GatewayError } from '../../errors.ts';
import type { Cloud } from '../../openstack/cloud.ts';
import { flightKeyOf, invalidate } from '../../openstack/http/single-flight.ts';
import type { ServiceAccount } from '../../openstack/keystone/service-account.ts';
import type { Session } from '../../openstack/session.ts';
import type { Authenticate } from '../authenticate.ts';
import type { ClientAddresses } from '../client-address.ts';
import { takeSlot } from '../concurrency.ts';
import { logFieldsOf, logOf } from '../request-log.ts';
import { readShareAction, type ShareAction } from './action-body.ts';
import type { EndpointResolver } from './endpoint.ts';
import type { ProxyOptions, ProxyToNova } from './proxy.ts';
import { withAttachments } from './servers.ts';

export interface ComputeApiOptions {
  readonly config: Config;
  readonly cloud: Cloud;
  readonly authenticate: Authenticate;
  readonly addresses: ClientAddresses;
  readonly attachments: Attachments;
  /** The gateway's own account, if it has one: finds Nova for requests without a token. */
  readonly account: ServiceAccount | null;
}

/** What all handlers share. */
export interface ComputeApiContext extends ComputeApiOptions {
  readonly endpoint: EndpointResolver;
  readonly proxyToNova: ProxyToNova;
}

export type ActionRequest = FastifyRequest<{
  Params: { project_id?: string; server_id: string };
  Body: Buffer | undefined;
}>;

/** The version document. It needs no token; with one, Nova is found in the token's catalog. */
export async function showVersion(
  api: ComputeApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const hasToken = request.headers['x-auth-token'] !== undefined;
  // like Nova, ignore an invalid token here
  const session = hasToken ? await authenticate(api, request, reply).catch(() => null) : null;
  const nova = session ? api.endpoint.resolve(session) : await api.endpoint.lastResolved(request.id);
  return api.proxyToNova(request, reply, nova, session ? { session } : {});
}

/** A server, or a page of servers with details: Nova's response with the attachments added. */
export async function showServers(
  api: ComputeApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await authenticate(api, request, reply);
  const onResponse = withAttachments(request, reply, session, api.attachments);
  return api.proxyToNova(request, reply, api.endpoint.resolve(session), { session, onResponse });
}

/** All other requests. */
export async function proxyAll(
  api: ComputeApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await authenticate(api, request, reply);
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  return api.proxyToNova(
    request,
    reply,
    api.endpoint.resolve(session),
    isRead ? { session } : invalidating(api, session),
  );
}

/** A server action: one of the gateway's, or one of Nova's, which is proxied unchanged. */
export async function handleServerAction(
  api: ComputeApiContext,
  request: ActionRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = await authenticate(api, request, reply);
  const action = readShareAction(request.body, request.headers['content-type']);
  if (action) {
    checkProject(request.params.project_id, session);
    await performShareAction(api, session, request.params.server_id, action);
    return reply.code(202).send();
  }
  const proxied = request as FastifyRequest;
  return api.proxyToNova(proxied, reply, api.endpoint.resolve(session), invalidating(api, session));
}

/** A proxied write invalidates reads in flight, as the gateway's own writes do. */
function invalidating({ cloud }: ComputeApiContext, session: Session): ProxyOptions {
  return { session, invalidate: () => invalidate(cloud, flightKeyOf(session)) };
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

/** Validates the token of a request, and takes a slot until the response is sent. */
async function authenticate(
  { authenticate: check }: ComputeApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Session> {
  const token = request.headers['x-auth-token'];
  const meta = { requestId: request.id, log: logOf(request) };
  const session = await check(Array.isArray(token) ? token[0] : token, meta);
  logFieldsOf(request).identity = session.identity;
  reply.raw.once('close', takeSlot(request.server, session));
  return session;
}

/** Throws Nova's error for a path with another project's id (wsgi.py, `_process_stack`). */
function checkProject(projectId: string | undefined, { identity }: Session): void {
  if (projectId === undefined || projectId === identity.projectId) return;
  throw new GatewayError(
    'BAD_USER_INPUT',
    `Malformed request URL: URL's project_id '${projectId}' doesn't match Context's project_id '${identity.projectId}'`,
  );
}
