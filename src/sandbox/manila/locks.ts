import { type AccessRule, type Cloud, isAdmin, isMember, type ResourceLock, type Token } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, type Json, objectIn, one } from '../http.ts';
import { newUuid } from '../ids.ts';
import { bareMicroseconds } from '../time.ts';
import { linksOf } from './links.ts';

const MAX_REASON = 1023;
const RESOURCE_TYPES = ['share', 'access_rule'] as const;
const ACTIONS = { share: ['delete'], access_rule: ['delete', 'show'] } as const;
const FILTERS = {
  resource_id: 'resourceId',
  resource_type: 'resourceType',
  resource_action: 'action',
  lock_context: 'context',
  user_id: 'userId',
  project_id: 'projectId',
  lock_reason: 'reason',
} as const;

/** Who places a lock. */
export type LockOwner = Pick<ResourceLock, 'userId' | 'projectId' | 'context'>;

/** The owner of the locks that a token places. */
export function lockOwner(token: Token): LockOwner {
  const context = isAdmin(token) ? 'admin' : 'user';
  return { userId: token.user.id, projectId: token.project?.id ?? '', context };
}

/** Adds a lock. */
export function addLock(
  cloud: Cloud,
  owner: LockOwner,
  given: Pick<ResourceLock, 'resourceId' | 'resourceType' | 'action' | 'reason'>,
): ResourceLock {
  const lock = { id: newUuid(), ...owner, ...given, createdAt: Date.now(), updatedAt: null };
  cloud.locks.set(lock.id, lock);
  return lock;
}

/** Locks a rule against deletion, which also locks its share, or against being shown (manila/api/v2/shares.py). */
export function placeLocks(
  cloud: Cloud,
  rule: AccessRule,
  owner: LockOwner,
  { deletion, visibility, reason }: { deletion: boolean; visibility: boolean; reason: string | null },
): void {
  const ofRule = { resourceId: rule.id, resourceType: 'access_rule', reason } as const;
  if (deletion) {
    const { id } = addLock(cloud, owner, { ...ofRule, action: 'delete' });
    const ofShare = { resourceId: rule.shareId, resourceType: 'share', action: 'delete' } as const;
    addLock(cloud, owner, { ...ofShare, reason: `Locked by access lock: ${id}` });
  }
  if (visibility) addLock(cloud, owner, { ...ofRule, action: 'show' });
}

/** The locks of a share or a rule against an action, newest first. */
export function locksOf(cloud: Cloud, resourceId: string, action: ResourceLock['action']): ResourceLock[] {
  return newestFirst(cloud).filter((lock) => lock.resourceId === resourceId && lock.action === action);
}

/** Removes the locks of a removed share or rule, and those that a rule's locks placed on its share. */
export function dropLocks(cloud: Cloud, resourceId: string): void {
  const own = [...cloud.locks.values()].filter((lock) => lock.resourceId === resourceId);
  const reasons = new Set(own.map((lock) => `Locked by access lock: ${lock.id}`));
  for (const lock of cloud.locks.values()) {
    if (own.includes(lock) || reasons.has(lock.reason ?? '')) cloud.locks.delete(lock.id);
  }
}

/** Whether a token may lift a lock: its own, or any as an administrator. */
export function mayLift(lock: ResourceLock, token: Token): boolean {
  return isAdmin(token) || (lock.context === 'user' && lock.userId === token.user.id);
}

/** Whether client and key of a rule are hidden from a token. */
export function isMasked(cloud: Cloud, rule: AccessRule, token: Token): boolean {
  return locksOf(cloud, rule.id, 'show').some((lock) => !mayLift(lock, token));
}

function newestFirst(cloud: Cloud): ResourceLock[] {
  return [...cloud.locks.values()].reverse().sort((a, b) => b.createdAt - a.createdAt);
}

/** GET /resource-locks (2.81): those of the project, or of all projects for administrators. */
export function listLocks(cloud: Cloud, call: Call): ApiResponse {
  const { query, token } = call;
  const isEverywhere = query.all_projects !== undefined && isAdmin(token);
  const filters = Object.entries(FILTERS).filter(([name]) => query[name] !== undefined);
  const matching = newestFirst(cloud).filter(
    (lock) =>
      (isEverywhere || lock.projectId === token.project?.id) &&
      filters.every(([name, field]) => lock[field] === one(query, name)),
  );
  const start = Number(one(query, 'offset') ?? 0);
  const page = matching.slice(start, start + Number(one(query, 'limit') ?? 1000));
  const isCounted = /^(true|1)$/i.test(one(query, 'with_count') ?? '');
  const count = isCounted ? { count: matching.length } : {};
  return { status: 200, body: { resource_locks: page.map((lock) => lockView(lock, call)), ...count } };
}

/** GET /resource-locks/{id}. */
export function showLock(cloud: Cloud, call: Call): ApiResponse {
  return { status: 200, body: { resource_lock: lockView(requireLock(cloud, call), call) } };
}

/** POST /resource-locks: several locks of one resource are accepted, but only one against being shown. */
export function createLock(cloud: Cloud, call: Call): ApiResponse {
  const given = objectIn(call.body, 'resource_lock');
  if (!given) throw bad('Malformed request body.');
  requireMember(call.token);
  const { resourceType, action, reason } = checked(given, String(given.resource_type ?? 'share'));
  const resourceId = String(given.resource_id ?? '');
  if (!/^[0-9a-f-]{32,36}$/i.test(resourceId)) throw bad('Resource ID is required and must be in uuid format.');
  const resources = resourceType === 'share' ? cloud.shares : cloud.rules;
  if (!resources.has(resourceId)) throw bad('No such resource found.');
  if (action === 'show' && locksOf(cloud, resourceId, 'show').length > 0) {
    throw new ApiError(409, 'conflictingRequest', "Resource's visibility is already locked by other user.");
  }
  const lock = addLock(cloud, lockOwner(call.token), { resourceId, resourceType, action, reason });
  return { status: 200, body: { resource_lock: lockView(lock, call) } };
}

/** PUT /resource-locks/{id}: the reason and the action. */
export function updateLock(cloud: Cloud, call: Call): ApiResponse {
  const lock = requireLock(cloud, call);
  const given = objectIn(call.body, 'resource_lock');
  if (!given) throw bad('Malformed request body.');
  const { action, reason } = checked({ resource_action: lock.action, ...given }, lock.resourceType);
  if (Object.keys(given).some((name) => name !== 'resource_action' && name !== 'lock_reason')) {
    throw bad("Only 'resource_action' and 'lock_reason' can be updated.");
  }
  requireLiftable(lock, call.token, 'update');
  lock.action = action;
  if ('lock_reason' in given) lock.reason = reason;
  lock.updatedAt = Date.now();
  return { status: 200, body: { resource_lock: lockView(lock, call) } };
}

/** DELETE /resource-locks/{id}. */
export function deleteLock(cloud: Cloud, call: Call): ApiResponse {
  const lock = requireLock(cloud, call);
  requireLiftable(lock, call.token, 'delete');
  cloud.locks.delete(lock.id);
  return { status: 204, contentType: 'text/html; charset=UTF-8' };
}

function checked(given: Json, type: string) {
  const reason = given.lock_reason ?? null;
  if (typeof reason === 'string' && reason.length > MAX_REASON) {
    throw bad(`'lock_reason' can contain a maximum of ${MAX_REASON} characters.`);
  }
  const resourceType = RESOURCE_TYPES.find((name) => name === type);
  const names = (list: readonly string[]) => `(${list.map((name) => `'${name}'`).join(', ')})`;
  if (!resourceType) throw bad(`'resource_type' is required and must be one of ${names(RESOURCE_TYPES)}`);
  const action = (ACTIONS[resourceType] as readonly ResourceLock['action'][]).find(
    (name) => name === (given.resource_action ?? 'delete'),
  );
  if (!action) throw bad(`'resource_action' can only be one of ${names(ACTIONS[resourceType])}`);
  return { resourceType, action, reason: reason === null ? null : String(reason) };
}

function requireLock(cloud: Cloud, { params, token }: Call): ResourceLock {
  const lock = cloud.locks.get(params.id ?? '');
  const isVisible = lock && (isAdmin(token) || lock.projectId === token.project?.id);
  if (!isVisible) throw new ApiError(404, 'itemNotFound', `Resource lock ${params.id} could not be found.`);
  return lock;
}

function requireLiftable(lock: ResourceLock, token: Token, action: string): void {
  if (mayLift(lock, token)) return;
  throw new ApiError(403, 'forbidden', `Policy doesn't allow resource_lock:${action} to be performed.`);
}

function requireMember(token: Token): void {
  if (isMember(token)) return;
  throw new ApiError(403, 'forbidden', "Policy doesn't allow resource_lock:create to be performed.");
}

function lockView(lock: ResourceLock, { origin }: Call) {
  return {
    id: lock.id,
    user_id: lock.userId,
    project_id: lock.projectId,
    lock_context: lock.context,
    resource_type: lock.resourceType,
    resource_id: lock.resourceId,
    resource_action: lock.action,
    lock_reason: lock.reason,
    created_at: bareMicroseconds(lock.createdAt),
    updated_at: lock.updatedAt === null ? null : bareMicroseconds(lock.updatedAt),
    links: linksOf(origin, `resource_locks/${lock.id}`),
  };
}

const bad = (message: string) => new ApiError(400, 'badRequest', message);
