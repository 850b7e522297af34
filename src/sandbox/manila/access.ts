import { type AccessRule, type Cloud, isAdmin, isMember, type Share, type Token } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, isObject, type Json, objectIn, one } from '../http.ts';
import { newUuid } from '../ids.ts';
import { checkAccess, checkMetadata, isSameClient } from './access-validation.ts';
import { crash, hasMetadata } from './list.ts';
import { isMasked, lockOwner, locksOf, mayLift, placeLocks } from './locks.ts';
import { addRule, rulesOf, setRuleState, syncRules } from './rules.ts';
import { ruleView } from './view.ts';

/** Share statuses in which rules cannot change (manila/common/constants.py); `error` joins them below 2.74. */
const LOCKED_STATUSES = new Set(
  'creating deleting managing unmanaging extending shrinking migrating migrating_to restoring reverting server_migrating ensuring creating_from_snapshot replication_change'.split(
    ' ',
  ),
);

/** allow_access: creates a rule and queues it for the driver. The checks are in Manila's order. */
export function allowAccess(cloud: Cloud, call: Call, share: Share, body: Json): ApiResponse {
  requireMember(call.token);
  if (share.isSoftDeleted) {
    throw new ApiError(403, 'forbidden', `Cannot allow access for share '${share.id}' since it has been soft deleted.`);
  }
  const { access_type: accessType, access_to: accessTo, access_level: accessLevel = 'rw' } = body;
  if (typeof accessType !== 'string' || typeof accessTo !== 'string') throw crash();
  checkAccess(accessType, accessTo, call.version);
  if (accessLevel !== 'rw' && accessLevel !== 'ro') {
    throw bad(`Invalid access rule: Invalid share access level: ${accessLevel}.`);
  }
  const metadata = call.version >= 45 ? textsIn(body.metadata) : {};
  checkMetadata(metadata);
  const isTaken = rulesOf(cloud, share.id).some(
    (rule) => rule.accessType === accessType && isSameClient(accessType, rule.accessTo, accessTo),
  );
  if (isTaken) throw bad(`Share access ${accessType}:${accessTo} exists.`);
  requireFit(share, call.version, 'New access rules cannot be applied while the share or');
  const rule = addRule(cloud, share, {
    id: newUuid(),
    accessType,
    accessTo,
    accessLevel,
    metadata,
    state: 'queued_to_apply',
    userId: call.token.user.id,
    requestId: call.requestId,
  });
  syncRules(cloud, share);
  if (call.version >= 82) placeRequestedLocks(cloud, call, rule, body);
  return { status: 200, body: { access: ruleView(rule, call.version, { isInList: false, isMasked: false }) } };
}

/** deny_access: queues the rule for removal; repeating it is accepted. */
export function denyAccess(cloud: Cloud, call: Call, share: Share, body: Json): ApiResponse {
  requireMember(call.token);
  if (typeof body.access_id !== 'string') throw crash();
  const rule = cloud.rules.get(body.access_id);
  if (!rule || rule.shareId !== share.id) throw new ApiError(404, 'itemNotFound', 'Resource could not be found.');
  requireFit(share, call.version, 'Access rules cannot be denied while the share,');
  requireUnlocked(cloud, rule, call.token, call.version >= 82 && body.unrestrict === true);
  if (rule.state !== 'queued_to_deny' && rule.state !== 'denying') setRuleState(cloud, rule, 'queued_to_deny');
  syncRules(cloud, share);
  return { status: 202, contentType: 'text/html; charset=UTF-8' };
}

/** GET /share-access-rules (2.45): the rules of one share. An unknown share is a 400, not a 404. */
export function listRules(cloud: Cloud, call: Call): ApiResponse {
  const { query, version, token } = call;
  const type = one(query, 'access_type');
  const to = one(query, 'access_to');
  const level = one(query, 'access_level');
  const metadata = one(query, 'metadata');
  const shareId = one(query, 'share_id');
  if (!shareId) throw bad("The field 'share_id' has to be specified.");
  if (to !== undefined && type === undefined) {
    throw bad("Invalid input received: 'access_type' parameter must be provided when specifying 'access_to'.");
  }
  if (metadata !== undefined) hasMetadata({}, metadata);
  const share = cloud.shares.get(shareId);
  if (!share || !mayRead(share, token)) throw bad(`Share ${shareId} not found.`);
  const rules = rulesOf(cloud, shareId).filter(
    (rule) =>
      (type === undefined || rule.accessType === type) &&
      (to === undefined || (rule.accessTo === to && !isMasked(cloud, rule, token))) &&
      (level === undefined || rule.accessLevel === level) &&
      (metadata === undefined || hasMetadata(rule.metadata, metadata)),
  );
  const list = rules.map((rule) => ruleView(rule, version, { isInList: true, isMasked: isMasked(cloud, rule, token) }));
  return { status: 200, body: { access_list: list } };
}

/** GET /share-access-rules/{id}. */
export function showRule(cloud: Cloud, call: Call): ApiResponse {
  const rule = ruleOf(cloud, call, `Share access rule ${call.params.id} not found.`);
  const view = ruleView(rule, call.version, { isInList: false, isMasked: isMasked(cloud, rule, call.token) });
  return { status: 200, body: { access: view } };
}

/** PUT /share-access-rules/{id} (2.88): queues the change of the level. The response still says `active`. */
export function updateRule(cloud: Cloud, call: Call): ApiResponse {
  requireMember(call.token);
  const level = objectIn(call.body, 'update_access')?.access_level;
  if (!level) throw bad("Invalid input. Missing 'access_level' in update request.");
  if (level !== 'rw' && level !== 'ro') throw bad(`Invalid or unsupported share access level: ${level}.`);
  const rule = ruleOf(cloud, call, 'Resource could not be found.');
  const share = cloud.shares.get(rule.shareId);
  if (share && rule.accessLevel !== level) {
    requireFit(share, call.version, 'Access rules cannot be updated while the share,');
    rule.accessLevel = level;
  }
  const view = ruleView(rule, call.version, { isInList: false, isMasked: isMasked(cloud, rule, call.token) });
  if (share && rule.state === 'active') {
    setRuleState(cloud, rule, 'queued_to_update');
    syncRules(cloud, share);
  }
  return { status: 200, body: { access: view } };
}

/** PUT /share-access-rules/{id}/metadata: adds to the existing metadata. */
export function putRuleMetadata(cloud: Cloud, call: Call): ApiResponse {
  const rule = ruleOf(cloud, call, 'Resource could not be found.');
  requireMember(call.token);
  const metadata = textsIn(objectIn(call.body, 'metadata'));
  checkMetadata(metadata);
  rule.metadata = { ...rule.metadata, ...metadata };
  return { status: 200, body: { metadata } };
}

/** DELETE /share-access-rules/{id}/metadata/{key}. */
export function deleteRuleMetadata(cloud: Cloud, call: Call): ApiResponse {
  const rule = ruleOf(cloud, call, 'Resource could not be found.');
  requireMember(call.token);
  const { [call.params.key ?? '']: gone, ...rest } = rule.metadata;
  if (gone === undefined) throw new ApiError(404, 'itemNotFound', 'Metadata item is not found.');
  rule.metadata = rest;
  return { status: 200, contentType: 'application/json' };
}

/** Whether a token may read a share: one of its project, a public one, or any for administrators. */
export function mayRead(share: Share, token: Token): boolean {
  return isAdmin(token) || share.isPublic || share.projectId === token.project?.id;
}

/** Readers may not change anything. (In Zed they could change rules.) */
export function requireMember(token: Token): void {
  if (!isMember(token)) throw new ApiError(403, 'forbidden', 'Access was denied to this resource.');
}

function ruleOf(cloud: Cloud, { params, token }: Call, error: string): AccessRule {
  const rule = cloud.rules.get(params.id ?? '');
  const share = rule && cloud.shares.get(rule.shareId);
  if (!rule || !share || !mayRead(share, token)) throw new ApiError(404, 'itemNotFound', error);
  return rule;
}

function requireFit(share: Share, version: number, what: string): void {
  if (share.host !== null && !LOCKED_STATUSES.has(share.status) && !(share.status === 'error' && version < 74)) return;
  throw bad(`${what} any of its replicas or migration copies lacks a valid host or is in an invalid state.`);
}

/** Places the locks that a new rule asks for (2.82). If that fails, the rule exists already. */
function placeRequestedLocks(cloud: Cloud, { token }: Call, rule: AccessRule, body: Json): void {
  const deletion = body.lock_deletion === true;
  const visibility = body.lock_visibility === true;
  if (!deletion && !visibility) return;
  if (cloud.failingLocks > 0) {
    cloud.failingLocks -= 1;
    throw bad(`Failed to lock the ${deletion ? 'deletion' : 'visibility'} of the access rule ${rule.id}.`);
  }
  const reason = typeof body.lock_reason === 'string' ? body.lock_reason : null;
  placeLocks(cloud, rule, lockOwner(token), { deletion, visibility, reason });
}

function requireUnlocked(cloud: Cloud, rule: AccessRule, token: Token, isUnrestricted: boolean): void {
  const locks = locksOf(cloud, rule.id, 'delete');
  if (locks.length === 0 || (isUnrestricted && locks.every((lock) => mayLift(lock, token)))) return;
  const share = `share '${rule.shareId}'`;
  const why = isUnrestricted
    ? 'Unable to drop access rule restrictions that are not placed by you.'
    : `Cannot deny access for ${share} since it has been locked. Please remove the locks and retry the operation`;
  throw new ApiError(403, 'forbidden', why);
}

/** The pairs of an object with their values as strings. */
function textsIn(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
}

function bad(message: string): ApiError {
  return new ApiError(400, 'badRequest', message);
}
