/** Changes that Manila makes at once: a share's name and metadata, snapshots. */
import { GatewayError } from '../../errors.ts';
import { isAtLeast, supportedMicroversion } from '../../openstack/http/microversions.ts';
import { getShare } from '../../openstack/manila/client.ts';
import { removeShareMetadata, setShareMetadata, updateShare } from '../../openstack/manila/shares.ts';
import { createSnapshot, deleteSnapshot, getSnapshot } from '../../openstack/manila/snapshots.ts';
import type { Share, Snapshot } from '../../openstack/manila/types.ts';
import { MANILA } from '../../openstack/services.ts';
import type { Session } from '../../openstack/session.ts';

/** The arguments of `updateShare`; what is undefined does not change. */
export interface UpdateShareRequest {
  shareId: string;
  name?: string | undefined;
  description?: string | undefined;
  setMetadata: Readonly<Record<string, string>>;
  removeMetadata: readonly string[];
}

/** Changes a share's name, description and metadata, and reads it afterwards. Throws NOT_FOUND, OpenStackError. */
export async function changeShare(session: Session, request: UpdateShareRequest): Promise<Share> {
  const { shareId, name, description, setMetadata, removeMetadata } = request;
  await required(getShare(session, shareId), 'Share', shareId);
  if (name !== undefined || description !== undefined) {
    await updateShare(session, shareId, {
      ...(name !== undefined && { display_name: name }),
      ...(description !== undefined && { display_description: description }),
    });
  }
  if (Object.keys(setMetadata).length > 0) await setShareMetadata(session, shareId, setMetadata);
  for (const key of removeMetadata) await removeShareMetadata(session, shareId, key);
  return await required(getShare(session, shareId), 'Share', shareId);
}

/** The arguments of `createSnapshot`. */
export interface CreateSnapshotRequest {
  shareId: string;
  name?: string | undefined;
  description?: string | undefined;
  metadata: Readonly<Record<string, string>>;
}

/** Creates a snapshot. Throws NOT_FOUND, NOT_SUPPORTED, OpenStackError. */
export async function takeSnapshot(session: Session, request: CreateSnapshotRequest): Promise<Snapshot> {
  const { shareId, name, description, metadata } = request;
  const hasMetadata = Object.keys(metadata).length > 0;
  const [share, version] = await Promise.all([
    required(getShare(session, shareId), 'Share', shareId),
    supportedMicroversion(session, MANILA),
  ]);
  if (hasMetadata && !isAtLeast(version, '2.73')) {
    throw new GatewayError('NOT_SUPPORTED', `metadata: expected Manila 2.73 or later, the cloud has ${version}`);
  }
  if (share.snapshot_support === false) {
    throw new GatewayError('NOT_SUPPORTED', `Share ${shareId}: its share type has no snapshots`);
  }
  return await createSnapshot(session, {
    share_id: shareId,
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(hasMetadata && { metadata }),
  });
}

/** Deletes a snapshot; one that is being deleted already is returned. Null when it is gone. Throws NOT_FOUND. */
export async function removeSnapshot(session: Session, snapshotId: string): Promise<Snapshot | null> {
  const snapshot = await required(getSnapshot(session, snapshotId), 'Snapshot', snapshotId);
  if (snapshot.status !== 'deleting') await deleteSnapshot(session, snapshotId);
  return await getSnapshot(session, snapshotId);
}

async function required<T>(read: Promise<T | null>, what: string, id: string): Promise<T> {
  const found = await read;
  if (found) return found;
  throw new GatewayError('NOT_FOUND', `${what} ${id} does not exist, or is not visible to this token`);
}
