import { type Cloud, isAdmin, isMember, type Server, type Share, type ShareMapping } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, isObject, objectIn } from '../http.ts';
import { mayRead } from '../manila/access.ts';
import { startAction } from './instance-actions.ts';
import { beginAttach, beginDetach, mappingOf, mappingsOf } from './share-mappings.ts';
import { vmStateOf } from './view.ts';

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const TAG = /^[a-zA-Z0-9-]*$/;
const MAX_TAG_SCHEMA = 255;
/** The length of the database column: longer tags pass the schema and fail later. */
const MAX_TAG_COLUMN = 48;
const PROTOCOLS = new Set(['NFS', 'CEPHFS']);

/** GET /servers/{id}/shares (2.97). */
export function listServerShares(cloud: Cloud, call: Call): ApiResponse {
  rejectParameters(call);
  const server = serverFor(cloud, call, 'index');
  return { status: 200, body: { shares: mappingsOf(cloud, server.id).map((mapping) => view(mapping)) } };
}

/** GET /servers/{id}/shares/{share_id}: administrators also see the mapping's id and the export location. */
export function showServerShare(cloud: Cloud, call: Call): ApiResponse {
  rejectParameters(call);
  const server = serverFor(cloud, call, 'show');
  const mapping = requireMapping(cloud, call, server);
  const details = isAdmin(call.token) ? { uuid: mapping.uuid, export_location: mapping.exportLocation } : {};
  return { status: 200, body: { share: { ...view(mapping), ...details } } };
}

/** POST /servers/{id}/shares: the checks are in Nova's order (nova/api/openstack/compute/server_shares.py). */
export function attachServerShare(cloud: Cloud, call: Call): ApiResponse {
  const { shareId, tag } = requestedShare(call.body);
  const server = serverFor(cloud, call, 'create');
  requireVmState(server, 'create share', ['stopped']);
  const share = requireShare(cloud, call, shareId);
  const name = tag || shareId;
  const isTaken = mappingsOf(cloud, server.id).some(
    (mapping) => mapping.shareId === shareId || mapping.tag.toLowerCase() === name.toLowerCase(),
  );
  if (isTaken) throw conflict(`Share '${shareId}' or tag '${name}' already associated to this server.`);
  if (name.length > MAX_TAG_COLUMN) throw crash('oslo_db.exception.DBDataError');
  const finish = startAction(cloud, call, server, 'attach_share', 'compute_allow_share');
  return { status: 201, body: { share: view(beginAttach(cloud, server, share, name, finish)) } };
}

/** DELETE /servers/{id}/shares/{share_id}. */
export function detachServerShare(cloud: Cloud, call: Call): ApiResponse {
  const server = serverFor(cloud, call, 'delete');
  requireVmState(server, 'delete share', ['stopped', 'error']);
  const mapping = requireMapping(cloud, call, server);
  beginDetach(cloud, server, mapping, startAction(cloud, call, server, 'detach_share', 'compute_deny_share'));
  return { status: 200, contentType: 'application/json' };
}

const view = ({ shareId, status, tag }: ShareMapping) => ({ share_id: shareId, status, tag });

/** The server of the path, if the policy allows the action: for members of its project, and reading for readers. */
function serverFor(cloud: Cloud, { params, token }: Call, action: 'index' | 'show' | 'create' | 'delete'): Server {
  const id = params.id ?? '';
  const known = cloud.servers.get(id) ?? cloud.deletedServers.get(id);
  if (!known) throw notFound(`Instance ${id} has no mapping to a cell.`);
  const isOwn = known.projectId === token.project?.id;
  const isRead = action === 'index' || action === 'show';
  const isAllowed = isRead ? isOwn || (cloud.adminsReadServerShares && isAdmin(token)) : isOwn && isMember(token);
  if (!isAllowed) {
    const policy = `os_compute_api:os-server-shares:${action}`;
    throw new ApiError(403, 'forbidden', `Policy doesn't allow ${policy} to be performed.`);
  }
  if (!cloud.servers.has(id)) throw notFound(`Instance ${id} could not be found.`);
  return known;
}

function requireVmState(server: Server, action: string, states: readonly string[]): void {
  const state = vmStateOf(server);
  if (!states.includes(state))
    throw conflict(`Cannot '${action}' instance ${server.id} while it is in vm_state ${state}`);
}

function requireMapping(cloud: Cloud, { params }: Call, server: Server): ShareMapping {
  const mapping = mappingOf(cloud, server.id, params.share ?? '');
  if (!mapping) throw notFound(`Share ${params.share} could not be found.`);
  return mapping;
}

/** The share as Manila shows it to the caller's token, which Nova re-scopes: Keystone forbids that for delegated tokens. */
function requireShare(cloud: Cloud, { token }: Call, id: string): Share {
  if (token.methods.includes('application_credential')) throw crash('keystoneauth1.exceptions.http.Forbidden');
  const share = cloud.shares.get(id);
  if (!share || !mayRead(share, token)) throw notFound(`Share ${id} could not be found.`);
  if (share.status !== 'available') {
    throw conflict(`Share ${id} is in '${share.status}' instead of 'available' status.`);
  }
  if (share.exportLocations.every(({ isAdminOnly }) => isAdminOnly)) {
    throw conflict(`Share ${id} export location is missing.`);
  }
  if (!PROTOCOLS.has(share.protocol)) throw conflict(`Share protocol ${share.protocol} is not supported.`);
  return share;
}

function requestedShare(body: unknown): { shareId: string; tag: string | null } {
  const share = objectIn(body, 'share');
  if (!share) throw bad("'share' is a required property");
  const invalid = (field: string, value: unknown, why: string) =>
    bad(`Invalid input for field/attribute ${field}. Value: ${pythonOf(value)}. ${why}`);
  const unknown = Object.keys(share).filter((name) => name !== 'share_id' && name !== 'tag');
  if (unknown.length > 0) {
    const names = unknown.map((name) => `'${name}'`).join(', ');
    const verb = unknown.length > 1 ? 'were' : 'was';
    throw invalid('share', share, `Additional properties are not allowed (${names} ${verb} unexpected)`);
  }
  const { share_id: shareId, tag = null } = share;
  if (shareId === undefined) throw invalid('share', share, "'share_id' is a required property");
  if (typeof shareId !== 'string' || !UUID.test(shareId)) {
    throw invalid('share_id', shareId, `'${shareId}' is not a 'uuid'`);
  }
  if (tag !== null && typeof tag !== 'string') throw invalid('tag', tag, `${pythonOf(tag)} is not of type 'string'`);
  if (tag !== null && tag.length > MAX_TAG_SCHEMA) throw invalid('tag', tag, `'${tag}' is too long`);
  if (tag !== null && !TAG.test(tag)) throw invalid('tag', tag, `'${tag}' does not match '^[a-zA-Z0-9-]*$'`);
  return { shareId, tag };
}

function rejectParameters({ query }: Call): void {
  const names = Object.keys(query);
  if (names.length === 0) return;
  const quoted = names.map((name) => `'${name}'`).join(', ');
  throw bad(`Additional properties are not allowed (${quoted} ${names.length > 1 ? 'were' : 'was'} unexpected)`);
}

/** A value as Python prints it inside a message; a string alone has no quotes there. */
function pythonOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!isObject(value)) return value === true ? 'True' : value === false ? 'False' : String(value ?? 'None');
  const quoted = (inner: unknown) => (typeof inner === 'string' ? `'${inner}'` : pythonOf(inner));
  return `{${Object.entries(value)
    .map(([key, inner]) => `'${key}': ${quoted(inner)}`)
    .join(', ')}}`;
}

function crash(exception: string): ApiError {
  const report = 'Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.';
  return new ApiError(500, 'computeFault', `Unexpected API Error. ${report}\n<class '${exception}'>`);
}

const bad = (message: string) => new ApiError(400, 'badRequest', message);
const notFound = (message: string) => new ApiError(404, 'itemNotFound', message);
const conflict = (message: string) => new ApiError(409, 'conflictingRequest', message);
