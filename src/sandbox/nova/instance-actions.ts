import { type Cloud, type InstanceAction, isAdmin, remember, type Server, type Token } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, one } from '../http.ts';
import { uuidFor } from '../ids.ts';
import { hostIdOf } from './servers.ts';

const MAX_SERVERS = 10_000;
const MAX_ACTIONS = 100;
/** Nova's `max_limit`. */
const MAX_LIMIT = 1000;

/** What a finished action reports: nothing for success. */
export type Finish = (error?: { exception: string; message: string }) => void;

/**
 * Records the start of an action on a server, under the request id of the call; the returned function records its end.
 * The compute host's event is named after the method that does the work (nova/compute/manager.py).
 */
export function startAction(cloud: Cloud, call: Call, server: Server, action: string, event: string): Finish {
  const record: InstanceAction = {
    action,
    requestId: call.requestId,
    userId: call.token.user.id,
    projectId: call.token.project?.id ?? '',
    startedAt: Date.now(),
    updatedAt: Date.now(),
    message: null,
    event: { name: event, finishedAt: null, result: null, details: null },
  };
  const earlier = cloud.instanceActions.get(server.id) ?? [];
  remember(cloud.instanceActions, server.id, [record, ...earlier].slice(0, MAX_ACTIONS), MAX_SERVERS);
  return (error) => {
    record.updatedAt = Date.now();
    record.message = error ? 'Error' : null;
    record.event.finishedAt = record.updatedAt;
    record.event.result = error ? 'Error' : 'Success';
    record.event.details = error ? `${error.exception}: ${error.message}` : null;
  };
}

/** Every server's first action. */
function creationOf(server: Server): InstanceAction {
  const finishedAt = server.launchedAt ?? server.createdAt;
  return {
    action: 'create',
    requestId: `req-${uuidFor(`create/${server.id}`)}`,
    userId: server.userId,
    projectId: server.projectId,
    startedAt: server.createdAt,
    updatedAt: finishedAt,
    message: null,
    event: { name: 'compute__do_build_and_run_instance', finishedAt, result: 'Success', details: null },
  };
}

function actionsOf(cloud: Cloud, server: Server): InstanceAction[] {
  return [...(cloud.instanceActions.get(server.id) ?? []), creationOf(server)];
}

/** GET /servers/{id}/os-instance-actions, newest first; since 2.58 in pages (nova api/openstack/compute/instance_actions.py). */
export function listActions(cloud: Cloud, call: Call): ApiResponse {
  const server = serverOf(cloud, call);
  const all = actionsOf(cloud, server);
  const marker = call.version >= 58 ? one(call.query, 'marker') : undefined;
  const start = marker === undefined ? 0 : all.findIndex(({ requestId }) => requestId === marker) + 1;
  if (marker !== undefined && start === 0) {
    throw new ApiError(400, 'badRequest', `Marker ${marker} could not be found.`);
  }
  const limit = call.version >= 58 ? Number(one(call.query, 'limit') || MAX_LIMIT) : all.length;
  const actions = all.slice(start, start + Math.min(limit, MAX_LIMIT));
  return { status: 200, body: { instanceActions: actions.map((action) => actionView(action, server, call.version)) } };
}

/** GET /servers/{id}/os-instance-actions/{request id}: with its events, whose details only administrators see. */
export function showAction(cloud: Cloud, call: Call): ApiResponse {
  const server = serverOf(cloud, call);
  const id = call.params.request;
  const found = actionsOf(cloud, server).find((action) => action.requestId === id);
  if (!found) throw notFound(`Action ${id} not found`);
  const hasEvents = call.version >= 51 || isAdmin(call.token);
  const body = {
    ...actionView(found, server, call.version),
    ...(hasEvents && { events: [eventView(found, server, call)] }),
  };
  return { status: 200, body: { instanceAction: body } };
}

/** The server of the path; also a deleted one since 2.21. */
function serverOf(cloud: Cloud, { params, token, version }: Call): Server {
  const id = params.id ?? '';
  const server = cloud.servers.get(id) ?? (version >= 21 ? cloud.deletedServers.get(id) : undefined);
  if (!server || !mayRead(server, token)) throw notFound(`Instance ${id} could not be found.`);
  return server;
}

const mayRead = (server: Server, token: Token) => isAdmin(token) || server.projectId === token.project?.id;

function actionView(action: InstanceAction, server: Server, version: number) {
  return {
    action: action.action,
    instance_uuid: server.id,
    request_id: action.requestId,
    user_id: action.userId,
    project_id: action.projectId,
    start_time: wholeSeconds(action.startedAt),
    message: action.message,
    ...(version >= 58 && { updated_at: wholeSeconds(action.updatedAt) }),
  };
}

function eventView({ event, startedAt }: InstanceAction, server: Server, { token, version }: Call) {
  const traceback = event.result === 'Error' ? 'Traceback (most recent call last): …' : null;
  return {
    event: event.name,
    start_time: wholeSeconds(startedAt),
    finish_time: event.finishedAt === null ? null : wholeSeconds(event.finishedAt),
    result: event.result,
    ...(isAdmin(token) && { traceback }),
    ...(isAdmin(token) && version >= 62 && { host: server.host }),
    ...(version >= 62 && { hostId: hostIdOf(server) }),
    ...(isAdmin(token) && version >= 84 && { details: event.details }),
  };
}

/** A time as in Nova's database: UTC, cut to seconds. */
function wholeSeconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}.000000`;
}

const notFound = (message: string) => new ApiError(404, 'itemNotFound', message);
