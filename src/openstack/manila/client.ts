import { OpenStackError } from '../errors.ts';
import { isForbidden, isNotFound, orNull, path, type Query, request } from '../http/request.ts';
import { MANILA } from '../services.ts';
import type { Session } from '../session.ts';
import { type Sort, sortParameters } from '../sort.ts';
import type { AccessRule, ExportLocation, Message, NewAccessRule, ResourceLock, Share, ShareNetwork } from './types.ts';

/** Maximum page size that `listAllShares` requests, and maximum number of pages. */
const PAGE_SIZE = 1000;
/** Maximum pages of one list: 100,000 shares on a cloud that limits pages to 50. */
const MAX_PAGES = 2000;
const MAX_SHARES = 100_000;

/** Filters of a share list: Manila's own query parameters. It has none for ids or protocols and ignores unknown ones. */
export interface ShareFilters {
  /** Text contained in the name. Since 2.36. */
  'name~'?: string;
  name?: string;
  status?: string;
  /** Pairs that the share's metadata must contain. */
  metadata?: Readonly<Record<string, string>>;
  share_network_id?: string;
  /** The whole path. Since 2.35. */
  export_location_path?: string;
  is_public?: 'true';
  /** Only for admins; ignored for others. */
  all_tenants?: '1';
  project_id?: string;
}

/** A share; null if it does not exist for this token (404). */
export function getShare(session: Session, id: string): Promise<Share | null> {
  return orNull(fetchShare(session, id));
}

async function fetchShare(session: Session, id: string): Promise<Share> {
  const options = { path: path`/shares/${id}`, expects: 'share' };
  const { share } = (await request<{ share: Share }>(session, MANILA, options)).body;
  // a public share of another project says nothing about the token's own
  if (share.project_id === session.identity.projectId) session.cloud.readers.note(session);
  return share;
}

/**
 * A page of shares, newest first. A short page is not the last one, because Manila counts rows before it joins them: read
 * until a page is empty or `count` is reached. `count` is the number of shares on all pages; null without `withCount`.
 * Manila's next link is wrong: it contains a marker, which the list ignores.
 */
export async function listShares(
  session: Session,
  options: { limit: number; offset?: number; withCount?: boolean; filters?: ShareFilters; sort?: Sort | null },
): Promise<{ shares: Share[]; count: number | null }> {
  const { metadata, ...filters } = options.filters ?? {};
  const query: Query = {
    limit: options.limit,
    offset: options.offset,
    with_count: options.withCount ? 'True' : null,
    ...filters,
    ...sortParameters(options.sort),
    metadata: metadata && pythonDict(metadata),
  };
  const { body } = await request<{ shares: Share[]; count?: unknown }>(session, MANILA, {
    path: '/shares/detail',
    query,
    expectsList: 'shares',
  });
  session.cloud.readers.note(session);
  return { shares: body.shares, count: isCount(body.count) ? body.count : null };
}

/** Whether Manila lets the token list the shares of its project. Rejects with an OpenStackError other than 403. */
export async function mayListShares(session: Session): Promise<boolean> {
  const list = request(session, MANILA, { path: '/shares', query: { limit: 1 }, expectsList: 'shares' });
  return (await orNull(list, isForbidden)) !== null;
}

/**
 * All shares that the token can see, each once. `isComplete` is false if there are more than MAX_SHARES.
 *
 * Manila counts offset and limit in rows of shares and instances, and may limit a page further (`osapi_max_limit`). The
 * next offset is therefore the number of shares received: it may repeat shares and skips none.
 */
export async function listAllShares(
  session: Session,
  filters: ShareFilters,
): Promise<{ shares: Share[]; isComplete: boolean }> {
  const shares = new Map<string, Share>();
  let offset = 0;
  for (let pages = 0; pages < MAX_PAGES && shares.size < MAX_SHARES; pages++) {
    const { shares: page } = await listShares(session, { limit: PAGE_SIZE, offset, filters });
    if (page.length === 0) return { shares: [...shares.values()], isComplete: true };
    for (const share of page) shares.set(share.id, share);
    offset += page.length;
  }
  return { shares: [...shares.values()], isComplete: false };
}

/**
 * The export locations that a guest can mount, none while the share is not available; null if the share does not exist
 * for this token. Manila shows an administrator those of its own network too: they are left out.
 */
export function listExportLocations(session: Session, shareId: string): Promise<ExportLocation[] | null> {
  return orNull(fetchExportLocations(session, shareId));
}

async function fetchExportLocations(session: Session, shareId: string): Promise<ExportLocation[]> {
  const options = { path: path`/shares/${shareId}/export_locations`, expectsList: 'export_locations' };
  const { body } = await request<{ export_locations: ExportLocation[] }>(session, MANILA, options);
  return body.export_locations.filter((location) => location.is_admin_only !== true);
}

/** A share's access rules; null if the share does not exist for this token, for which Manila sends a 400 here. */
export function listAccessRules(session: Session, shareId: string): Promise<AccessRule[] | null> {
  return orNull(fetchAccessRules(session, shareId), (error) => isNotFound(error) || isUnknownShare(error));
}

async function fetchAccessRules(session: Session, shareId: string): Promise<AccessRule[]> {
  const options = { path: '/share-access-rules', query: { share_id: shareId }, expectsList: 'access_list' };
  return (await request<{ access_list: AccessRule[] }>(session, MANILA, options)).body.access_list;
}

/** An access rule; null if it does not exist for this token, for example after it was denied. */
export function getAccessRule(session: Session, ruleId: string): Promise<AccessRule | null> {
  return orNull(fetchAccessRule(session, ruleId));
}

async function fetchAccessRule(session: Session, ruleId: string): Promise<AccessRule> {
  const options = { path: path`/share-access-rules/${ruleId}`, expects: 'access' };
  return (await request<{ access: AccessRule }>(session, MANILA, options)).body.access;
}

/**
 * The locks of a share or an access rule, also those of other projects for an administrator; none where Manila is older than
 * 2.81.
 */
export async function listResourceLocks(session: Session, resourceId: string): Promise<ResourceLock[]> {
  const query = { resource_id: resourceId, all_projects: 'true' };
  const options = { path: '/resource-locks', query, expectsList: 'resource_locks' };
  const fetched = request<{ resource_locks: ResourceLock[] }>(session, MANILA, options);
  return (await orNull(fetched.then(({ body }) => body.resource_locks))) ?? [];
}

/**
 * Grants access to a share. Manila responds at once with a rule in `queued_to_apply` and applies it later. If the share
 * has a rule for the same target, also with another level or while it is being denied, the error is a 400 that
 * `isDuplicateRule` recognises.
 */
export async function allowAccess(session: Session, shareId: string, rule: NewAccessRule): Promise<AccessRule> {
  const { body } = await request<{ access: AccessRule }>(session, MANILA, {
    method: 'POST',
    path: path`/shares/${shareId}/action`,
    body: { allow_access: rule },
    expects: 'access',
  });
  return body.access;
}

/** Starts the removal of an access rule. A rule that does not exist or belongs to another share is a 404, a locked one a 403. */
export async function denyAccess(
  session: Session,
  shareId: string,
  ruleId: string,
  { unrestrict = false }: { unrestrict?: boolean } = {},
): Promise<void> {
  await request(session, MANILA, {
    method: 'POST',
    path: path`/shares/${shareId}/action`,
    body: { deny_access: { access_id: ruleId, ...(unrestrict && { unrestrict }) } },
  });
}

/** Adds pairs to a rule's metadata or replaces their values. Returns the given pairs as Manila stored them. */
export async function updateAccessRuleMetadata(
  session: Session,
  ruleId: string,
  metadata: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const { body } = await request<{ metadata: Record<string, string> }>(session, MANILA, {
    method: 'PUT',
    path: path`/share-access-rules/${ruleId}/metadata`,
    body: { metadata },
    expects: 'metadata',
    idKey: null,
  });
  return body.metadata;
}

/**
 * Changes the access level of a rule (2.88). Manila's answer has the new level and `active` at once; the rule is then
 * `queued_to_update` and `updating` until the back end has it.
 */
export async function updateAccessLevel(session: Session, ruleId: string, level: string): Promise<void> {
  await request(session, MANILA, {
    method: 'PUT',
    path: path`/share-access-rules/${ruleId}`,
    body: { update_access: { access_level: level } },
  });
}

/** Manila's user messages about failed operations, newest first: of one object, or of all. */
export async function listMessages(
  session: Session,
  { resourceId, limit }: { resourceId?: string | null; limit: number },
): Promise<Message[]> {
  const query = { resource_id: resourceId, limit, sort_key: 'created_at', sort_dir: 'desc' };
  const options = { path: '/messages', query, expectsList: 'messages' };
  return (await request<{ messages: Message[] }>(session, MANILA, options)).body.messages;
}

/** A share network; null if it does not exist for this token. */
export function getShareNetwork(session: Session, id: string): Promise<ShareNetwork | null> {
  return orNull(fetchShareNetwork(session, id));
}

async function fetchShareNetwork(session: Session, id: string): Promise<ShareNetwork> {
  const options = { path: path`/share-networks/${id}`, expects: 'share_network' };
  return (await request<{ share_network: ShareNetwork }>(session, MANILA, options)).body.share_network;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 31;
}

/** Whether `allow_access` failed because the share has a rule for the target. Only the text says so (manila exception.ShareAccessExists). */
export function isDuplicateRule(error: unknown): boolean {
  return isBadRequest(error) && /^Share access .+ exists\.?$/s.test(error.upstreamMessage);
}

function isUnknownShare(error: unknown): boolean {
  return isBadRequest(error) && /^Share .+ (not|could not be) found\.?$/s.test(error.upstreamMessage);
}

function isBadRequest(error: unknown): error is OpenStackError {
  return error instanceof OpenStackError && error.service === 'manila' && error.status === 400;
}

/**
 * A Python dict of strings, the format of Manila's `metadata` filters. Manila reads it with `ast.literal_eval` and responds
 * to a malformed one with a 500 (manila api/v2/shares.py, share_accesses.py).
 */
export function pythonDict(map: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(map).map(([key, value]) => `${pythonString(key)}: ${pythonString(value)}`);
  return `{${pairs.join(', ')}}`;
}

function pythonString(text: string): string {
  const escaped = text
    .replace(/[\\']/g, '\\$&')
    .replace(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `'${escaped}'`;
}
