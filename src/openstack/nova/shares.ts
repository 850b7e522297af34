/** Nova's own share attachments (virtiofs, microversion 2.97), its instance actions, and the actions that start and stop a server. */

import { OpenStackError } from '../errors.ts';
import { isAtLeast, supportedMicroversion } from '../http/microversions.ts';
import { isNotFound, orNull, path, request } from '../http/request.ts';
import { readRequestId } from '../http/response.ts';
import { NOVA } from '../services.ts';
import type { Session } from '../session.ts';
import type { InstanceAction, ServerShare } from './types.ts';

/** The first microversion with `/servers/{id}/shares` (nova 31.0.0, api/openstack/compute/server_shares.py). */
export const SHARES_SINCE = '2.97';

/**
 * Whether the cloud has Nova's share attachments: read from its version document, as the path is a 404 below 2.97.
 * Rejects as `supportedMicroversion` does.
 */
export async function hasServerShares(session: Session): Promise<{ isSupported: boolean; microversion: string }> {
  const microversion = await supportedMicroversion(session, NOVA);
  return { isSupported: isAtLeast(microversion, SHARES_SINCE), microversion };
}

/** A server's share attachments in Nova; null when Nova has no such server for this token. A token of another project is a 403. */
export function listServerShares(session: Session, serverId: string): Promise<ServerShare[] | null> {
  return orNull(fetchServerShares(session, serverId));
}

async function fetchServerShares(session: Session, serverId: string): Promise<ServerShare[]> {
  const options = { path: path`/servers/${serverId}/shares`, expectsList: 'shares', idKey: 'share_id' };
  return (await request<{ shares: ServerShare[] }>(session, NOVA, options)).body.shares;
}

/** One share attachment; null when there is none, or no such server (404). A token of another project is a 403. */
export function getServerShare(session: Session, serverId: string, shareId: string): Promise<ServerShare | null> {
  return orNull(fetchServerShare(session, serverId, shareId));
}

async function fetchServerShare(session: Session, serverId: string, shareId: string): Promise<ServerShare> {
  const options = { path: path`/servers/${serverId}/shares/${shareId}`, expects: 'share', idKey: 'share_id' };
  return (await request<{ share: ServerShare }>(session, NOVA, options)).body.share;
}

/**
 * Asks Nova to attach a share to a stopped server. Nova answers 201 with `attaching` and works on it for some seconds. Gives
 * Nova's request id, by which the instance action tells how the work ended. `task_state` is not checked by Nova: the caller must.
 */
export async function attachServerShare(
  session: Session,
  serverId: string,
  { shareId, tag }: { shareId: string; tag: string },
): Promise<{ share: ServerShare; openstackRequestId: string | null }> {
  const { body, headers } = await request<{ share: ServerShare }>(session, NOVA, {
    method: 'POST',
    path: path`/servers/${serverId}/shares`,
    body: { share: { share_id: shareId, tag } },
    expects: 'share',
    idKey: 'share_id',
  });
  return { share: body.share, openstackRequestId: readRequestId(headers) };
}

/**
 * Asks Nova to detach a share from a server that is stopped or in error: 200 with an empty body, then `detaching`, then 404.
 * `isGone`: Nova had no such attachment.
 */
export async function detachServerShare(
  session: Session,
  serverId: string,
  shareId: string,
): Promise<{ isGone: boolean; openstackRequestId: string | null }> {
  try {
    const options = { method: 'DELETE' as const, path: path`/servers/${serverId}/shares/${shareId}` };
    const { headers } = await request(session, NOVA, options);
    return { isGone: false, openstackRequestId: readRequestId(headers) };
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return { isGone: true, openstackRequestId: error instanceof OpenStackError ? error.openstackRequestId : null };
  }
}

/** How a change of a server went, by the request id of the change; null when Nova has none. Only administrators are shown `details`. */
export function getInstanceAction(
  session: Session,
  serverId: string,
  requestId: string,
): Promise<InstanceAction | null> {
  return orNull(fetchInstanceAction(session, serverId, requestId));
}

async function fetchInstanceAction(session: Session, serverId: string, requestId: string): Promise<InstanceAction> {
  // the id is checked as a UUID, and goes out with the prefix that Nova gave it
  const id = requestId.replace(/^req-/, '');
  const options = {
    path: path`/servers/${serverId}/os-instance-actions/req-${id}`,
    expects: 'instanceAction',
    idKey: null,
  };
  return (await request<{ instanceAction: InstanceAction }>(session, NOVA, options)).body.instanceAction;
}

/**
 * A page of a server's instance actions without their events, newest first; null when Nova has no such server for this
 * token. `marker`: the request id of the action before the page; an unknown one is a 400.
 */
export function listInstanceActions(
  session: Session,
  serverId: string,
  page: { limit: number; marker: string | null },
): Promise<InstanceAction[] | null> {
  return orNull(fetchInstanceActions(session, serverId, page));
}

async function fetchInstanceActions(
  session: Session,
  serverId: string,
  query: { limit: number; marker: string | null },
): Promise<InstanceAction[]> {
  const options = {
    path: path`/servers/${serverId}/os-instance-actions`,
    query,
    expectsList: 'instanceActions',
    idKey: 'request_id',
  };
  return (await request<{ instanceActions: InstanceAction[] }>(session, NOVA, options)).body.instanceActions;
}

/** What may be asked of a server, as the body of `POST /servers/{id}/action` has it. */
export type PowerAction = { 'os-start': null } | { 'os-stop': null } | { reboot: { type: 'SOFT' | 'HARD' } };

/** Starts, stops or reboots a server: 202, the work follows. A server in another state is a 409. Gives Nova's request id. */
export async function powerServer(session: Session, serverId: string, action: PowerAction): Promise<string | null> {
  const { headers } = await request(session, NOVA, {
    method: 'POST',
    path: path`/servers/${serverId}/action`,
    body: action,
  });
  return readRequestId(headers);
}
