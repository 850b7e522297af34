/** Changes of shares: created, resized, changed and deleted. */
import { OpenStackError } from '../errors.ts';
import { path, request } from '../http/request.ts';
import { MANILA } from '../services.ts';
import type { Session } from '../session.ts';
import type { ResourceLock, Share } from './types.ts';

/** The reason of a lock on a share that a lock of one of its rules has placed. */
const OF_A_RULE = 'Locked by access lock';

/** The body of a new share. `share_proto` and `size` (GiB) are required. */
export interface NewShare {
  size: number;
  share_proto: string;
  name?: string;
  description?: string;
  /** A name or an id. */
  share_type?: string;
  share_network_id?: string;
  availability_zone?: string;
  snapshot_id?: string;
  metadata?: Record<string, string>;
}

/**
 * Creates a share: Manila answers 200 with `creating`, and works on it later. Repeating the call makes a second share. A
 * quota is a 413, an unknown type, zone or snapshot a 404.
 */
export async function createShare(session: Session, share: NewShare): Promise<Share> {
  const options = { method: 'POST' as const, path: '/shares', body: { share }, expects: 'share' };
  return (await request<{ share: Share }>(session, MANILA, options)).body.share;
}

/**
 * Starts the deletion of a share. Manila deletes it with its access rules, also under guests that have it mounted. One
 * with snapshots or locks is a 403, one with replicas a 409; one in a group needs the group's id.
 */
export async function deleteShare(session: Session, id: string, shareGroupId: string | null): Promise<void> {
  const query = { share_group_id: shareGroupId };
  await request(session, MANILA, { method: 'DELETE', path: path`/shares/${id}`, query });
}

/**
 * Ids of the locks against the deletion of a share that are visible to the token (2.81), without those that come and go with
 * a lock of one of its access rules (manila api/v2/shares.py, _create_access_locks).
 */
export async function listDeletionLocks(session: Session, shareId: string): Promise<string[]> {
  const query = { resource_id: shareId, resource_action: 'delete' };
  const options = { path: '/resource-locks', query, expectsList: 'resource_locks' };
  const { body } = await request<{ resource_locks: ResourceLock[] }>(session, MANILA, options);
  return body.resource_locks.filter((lock) => !lock.lock_reason?.startsWith(OF_A_RULE)).map(({ id }) => id);
}

/** Starts to extend or shrink a share to a size in GiB. The same size, or one in the wrong direction, is a 400. */
export async function resizeShare(
  session: Session,
  id: string,
  action: 'extend' | 'shrink',
  size: number,
): Promise<void> {
  const body = { [action]: { new_size: size } };
  await request(session, MANILA, { method: 'POST', path: path`/shares/${id}/action`, body });
}

/** Changes a share's name or description. Manila ignores `name` and `description` here, and takes these two. */
export async function updateShare(
  session: Session,
  id: string,
  share: { display_name?: string; display_description?: string },
): Promise<Share> {
  const options = { method: 'PUT' as const, path: path`/shares/${id}`, body: { share }, expects: 'share' };
  return (await request<{ share: Share }>(session, MANILA, options)).body.share;
}

/** Adds pairs to a share's metadata, or replaces their values. */
export async function setShareMetadata(
  session: Session,
  id: string,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const body = { metadata };
  await request(session, MANILA, { method: 'POST', path: path`/shares/${id}/metadata`, body });
}

/** Removes a key from a share's metadata; false if it is not there. */
export async function removeShareMetadata(session: Session, id: string, key: string): Promise<boolean> {
  const encoded = encodeURIComponent(key);
  try {
    await request(session, MANILA, { method: 'DELETE', path: `${path`/shares/${id}`}/metadata/${encoded}` });
    return true;
  } catch (error) {
    if (error instanceof OpenStackError && error.status === 404) return false;
    throw error;
  }
}
