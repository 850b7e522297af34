import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { startDeadline } from '../../deadline.ts';
import { GatewayError } from '../../errors.ts';
import { forgetReads, scopeOf } from '../../openstack/http/single-flight.ts';
import type { Session } from '../../openstack/session.ts';
import { factsOf, logOf } from '../request-log.ts';
import { readShareAction, type ShareAction } from './action-body.ts';
import type { NovaFinder } from './nova-endpoint.ts';
import type { RestOptions } from './options.ts';
import type { Passing, PassOn } from './proxy.ts';
import { withAttachments } from './servers.ts';

/** What every handler is given. */
export interface Door extends RestOptions {
  readonly finder: NovaFinder;
  readonly passOn: PassOn;
}

export type ActionRequest = FastifyRequest<{
  Params: { project_id?: string; server_id: string };
  Body: Buffer | undefined;
}>;

/** The version document: needs no token, but one may tell where Nova is. */
export async function showVersion(door: Door, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const isTold = request.headers['x-auth-token'] !== undefined;
  // a token that is no good is no obstacle here, as it is none to Nova
  const session = isTold ? await authenticate(door, request).catch(() => null) : null;
  const nova = session ? door.finder.of(session) : await door.finder.known(request.id);
  return door.passOn(request, reply, nova);
}

/** A server, or a page of them with details. */
export async function showServers(door: Door, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const session = await authenticate(door, request);
  const onAnswer = withAttachments(request, reply, session, door.attachments);
  return door.passOn(request, reply, door.finder.of(session), { onAnswer });
}

/** Everything that is Nova's alone. */
export async function passAll(door: Door, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const session = await authenticate(door, request);
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  return door.passOn(request, reply, door.finder.of(session), isRead ? {} : forgetting(door, session));
}

/** An action of a server: ours, or passed on byte for byte. */
export async function act(door: Door, request: ActionRequest, reply: FastifyReply): Promise<FastifyReply> {
  const session = await authenticate(door, request);
  const action = readShareAction(request.body, request.headers['content-type']);
  if (action) {
    checkProject(request.params.project_id, session);
    await perform(door, session, request.params.server_id, action);
    return reply.code(202).send();
  }
  // as a stream it goes out with the length and the type that it came with
  const unread = Object.assign(request as FastifyRequest, { body: request.body && Readable.from([request.body]) });
  return door.passOn(unread, reply, door.finder.of(session), forgetting(door, session));
}

/** What is passed on changes things as our own calls do: no read of before is joined after it. */
function forgetting({ cloud }: Door, session: Session): Passing {
  return { forget: () => forgetReads(cloud, scopeOf(session)) };
}

async function perform({ config, attachments }: Door, session: Session, serverId: string, action: ShareAction) {
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

async function authenticate({ authenticate: check }: Door, request: FastifyRequest): Promise<Session> {
  const token = request.headers['x-auth-token'];
  const asking = { requestId: request.id, log: logOf(request) };
  const session = await check(Array.isArray(token) ? token[0] : token, asking);
  factsOf(request).identity = session.identity;
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
