import { type Cloud, isAdmin, isMember, type Server } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, isObject } from '../http.ts';
import { startAction } from './instance-actions.ts';
import { beginDelete, beginPower, beginSoftReboot } from './lifecycle.ts';
import { mappingsOf } from './share-mappings.ts';
import { vmStateOf } from './view.ts';

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** The supported actions: name, states in which they are allowed, task state, and the compute host's event. */
const ACTIONS: Record<string, { action: string; from: readonly string[]; task: string; event: string }> = {
  'os-start': { action: 'start', from: ['stopped'], task: 'powering-on', event: 'compute_start_instance' },
  'os-stop': { action: 'stop', from: ['active', 'error'], task: 'powering-off', event: 'compute_stop_instance' },
  'reboot SOFT': { action: 'reboot', from: ['active'], task: 'rebooting', event: 'compute_reboot_instance' },
  'reboot HARD': {
    action: 'reboot',
    from: ['active', 'stopped', 'paused', 'suspended', 'error'],
    task: 'rebooting_hard',
    event: 'compute_reboot_instance',
  },
};

/** Actions that Nova rejects for a server with shares, by the status of the error. */
const BLOCKED_BY_SHARES: Record<string, 400 | 409> = {
  resize: 409,
  migrate: 409,
  'os-migrateLive': 409,
  evacuate: 409,
  shelve: 409,
  suspend: 409,
  rebuild: 400,
};

/** POST /servers/{id}/action. */
export function act(cloud: Cloud, call: Call, serverOf: () => Server): ApiResponse {
  const name = (isObject(call.body) && Object.keys(call.body)[0]) || '';
  if (!(name in ACTIONS) && name !== 'reboot' && !(name in BLOCKED_BY_SHARES)) throw unknownAction(name);
  const { id = '' } = call.params;
  if (!UUID.test(id)) throw notFound(`Instance ${id} has no mapping to a cell.`);
  const server = serverOf();
  const blocked = BLOCKED_BY_SHARES[name];
  if (blocked !== undefined) throw blockedByShares(cloud, server, name, blocked);
  const { action, from, task, event } = ACTIONS[name === 'reboot' ? `reboot ${rebootType(call)}` : name] ?? {
    ...{ action: '', from: [], task: '', event: '' },
  };
  requireMember(call, action);
  if (server.isLocked && !isAdmin(call.token)) throw conflict(`Instance ${id} is locked`);
  if (server.taskState !== null) {
    throw conflict(`Cannot '${action}' instance ${id} while it is in task_state ${server.taskState}`);
  }
  const state = vmStateOf(server);
  if (!from.includes(state)) throw conflict(`Cannot '${action}' instance ${id} while it is in vm_state ${state}`);
  const finish = startAction(cloud, call, server, action, event);
  if (task === 'rebooting') beginSoftReboot(cloud, server, finish);
  else beginPower(cloud, server, task, finish);
  return { status: 202, contentType: 'application/json' };
}

/** DELETE /servers/{id}. */
export function remove(cloud: Cloud, call: Call, server: Server): ApiResponse {
  requireMember(call, 'delete');
  if (server.isLocked && !isAdmin(call.token)) throw conflict(`Instance ${server.id} is locked`);
  startAction(cloud, call, server, 'delete', 'compute_terminate_instance')();
  beginDelete(cloud, server);
  return { status: 204, contentType: 'application/json' };
}

function rebootType({ body }: Call): 'SOFT' | 'HARD' {
  const reboot = isObject(body) && isObject(body.reboot) ? body.reboot : {};
  const type = String(reboot.type).toUpperCase();
  if (type === 'SOFT' || type === 'HARD') return type;
  throw bad(
    `Invalid input for field/attribute type. Value: ${reboot.type}. '${reboot.type}' is not one of ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']`,
  );
}

function blockedByShares(cloud: Cloud, server: Server, name: string, status: 400 | 409): ApiError {
  if (mappingsOf(cloud, server.id).length === 0) return unknownAction(name);
  const message = 'Feature not supported with instances that have shares.';
  return status === 400 ? bad(message) : conflict(message);
}

function requireMember({ token }: Call, action: string): void {
  if (isMember(token)) return;
  throw new ApiError(403, 'forbidden', `Policy doesn't allow os_compute_api:servers:${action} to be performed.`);
}

const unknownAction = (name: string) => bad(`There is no such action: ${name === '' ? undefined : name}`);
const bad = (message: string) => new ApiError(400, 'badRequest', message);
const notFound = (message: string) => new ApiError(404, 'itemNotFound', message);
const conflict = (message: string) => new ApiError(409, 'conflictingRequest', message);
