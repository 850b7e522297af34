import { OpenStackError } from '../errors.ts';
import { isNotFound, orNull, path, type Query, request } from '../http/request.ts';
import { MANILA } from '../services.ts';
import type { Session } from '../session.ts';
import { pythonDict } from './python-dict.ts';
import type { AccessRule, ExportLocation, Message, NewAccessRule, Share, ShareNetwork } from './types.ts';

export { pythonDict };

/** Which shares a list has: Manila's own query parameters. It has none for ids or protocols, and drops unknown ones. */
export interface ShareFilters {
  /** Text that the name contains. Since 2.36. */
  'name~'?: string;
  name?: string;
  status?: string;
  /** Pairs that the share carries, all of them. */
  metadata?: Readonly<Record<string, string>>;
  share_network_id?: string;
  is_public?: 'true';
  /** Heeded for admins, ignored for others. */
  all_tenants?: '1';
  project_id?: string;
}

/** One share; null when there is none for this token (404). */
export function getShare(session: Session, id: string): Promise<Share | null> {
  return orNull(fetchShare(session, id));
}

async function fetchShare(session: Session, id: string): Promise<Share> {
  const options = { path: path`/shares/${id}`, expects: 'share' };
  return (await request<{ share: Share }>(session, MANILA, options)).body.share;
}

/**
 * A page of shares, newest first. A short page is not the end: rows are counted before they are joined, so go on until a page is
 * empty or `count` is reached. `count` is that of all pages, and null unless asked for. Manila's own next link is
 * wrong (it names a marker, which the list ignores).
 */
export async function listShares(
  session: Session,
  options: { limit: number; offset?: number; withCount?: boolean; filters?: ShareFilters },
): Promise<{ shares: Share[]; count: number | null }> {
  const { metadata, ...filters } = options.filters ?? {};
  const query: Query = {
    limit: options.limit,
    offset: options.offset,
    with_count: options.withCount ? 'True' : null,
    ...filters,
    metadata: metadata && pythonDict(metadata),
  };
  const { body } = await request<{ shares: Share[]; count?: number }>(session, MANILA, {
    path: '/shares/detail',
    query,
    expects: 'shares',
  });
  return { shares: body.shares, count: body.count ?? null };
}

/** Where a share can be mounted from, empty while it is not available; null when there is no such share for this token. */
export function listExportLocations(session: Session, shareId: string): Promise<ExportLocation[] | null> {
  return orNull(fetchExportLocations(session, shareId));
}

async function fetchExportLocations(session: Session, shareId: string): Promise<ExportLocation[]> {
  const options = { path: path`/shares/${shareId}/export_locations`, expects: 'export_locations' };
  return (await request<{ export_locations: ExportLocation[] }>(session, MANILA, options)).body.export_locations;
}

/** All access rules of a share; null when there is no such share for this token, which Manila says with a 400 here. */
export function listAccessRules(session: Session, shareId: string): Promise<AccessRule[] | null> {
  return orNull(fetchAccessRules(session, shareId), (error) => isNotFound(error) || isUnknownShare(error));
}

async function fetchAccessRules(session: Session, shareId: string): Promise<AccessRule[]> {
  const options = { path: '/share-access-rules', query: { share_id: shareId }, expects: 'access_list' };
  return (await request<{ access_list: AccessRule[] }>(session, MANILA, options)).body.access_list;
}

/** One access rule; null when there is none for this token: a rule that was denied ends so. */
export function getAccessRule(session: Session, ruleId: string): Promise<AccessRule | null> {
  return orNull(fetchAccessRule(session, ruleId));
}

async function fetchAccessRule(session: Session, ruleId: string): Promise<AccessRule> {
  const options = { path: path`/share-access-rules/${ruleId}`, expects: 'access' };
  return (await request<{ access: AccessRule }>(session, MANILA, options)).body.access;
}

/**
 * Grants access to a share. Manila answers at once with a rule still `queued_to_apply`, and works on it later. A rule for
 * the same target is a 400 that `isDuplicateRule` knows, also for another level and while the old rule is being denied.
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

/** Starts to take access away; the rule goes later. A rule that is gone, or of another share, is a 404; a locked one a 403. */
export async function denyAccess(session: Session, shareId: string, ruleId: string): Promise<void> {
  await request(session, MANILA, {
    method: 'POST',
    path: path`/shares/${shareId}/action`,
    body: { deny_access: { access_id: ruleId } },
  });
}

/** Adds pairs to a rule's metadata, or replaces those of the same keys; answers what Manila now has of the given ones. */
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
  });
  return body.metadata;
}

/** What Manila tells users of work that failed, newest first. */
export async function listMessages(
  session: Session,
  { resourceId, limit }: { resourceId: string; limit: number },
): Promise<Message[]> {
  const query = { resource_id: resourceId, limit, sort_key: 'created_at', sort_dir: 'desc' };
  const options = { path: '/messages', query, expects: 'messages' };
  return (await request<{ messages: Message[] }>(session, MANILA, options)).body.messages;
}

/** One share network; null when there is none for this token. */
export function getShareNetwork(session: Session, id: string): Promise<ShareNetwork | null> {
  return orNull(fetchShareNetwork(session, id));
}

async function fetchShareNetwork(session: Session, id: string): Promise<ShareNetwork> {
  const options = { path: path`/share-networks/${id}`, expects: 'share_network' };
  return (await request<{ share_network: ShareNetwork }>(session, MANILA, options)).body.share_network;
}

/** Whether `allow_access` was refused as the share has a rule for that target. The text is the only sign (manila exception.ShareAccessExists). */
export function isDuplicateRule(error: unknown): boolean {
  return isBadRequest(error) && /^Share access .+ exists\.?$/s.test(error.upstreamMessage);
}

function isUnknownShare(error: unknown): boolean {
  return isBadRequest(error) && /^Share .+ (not|could not be) found\.?$/s.test(error.upstreamMessage);
}

function isBadRequest(error: unknown): error is OpenStackError {
  return error instanceof OpenStackError && error.service === 'manila' && error.status === 400;
}
