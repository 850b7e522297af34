import type { Cloud, ExportLocation, Share, ShareType } from '../cloud.ts';
import { newUuid, uuidFor } from '../ids.ts';
import { later } from '../work.ts';
import { dropLocks } from './locks.ts';
import { addShareMessage, dropRule, rulesOf, type ShareFailure } from './rules.ts';

/** Properties of a new share; by default a small available one in project `demo`. */
export type NewShare = Partial<Omit<Share, 'projectId' | 'userId'>> & { project?: string };

/** Adds a share without the steps of its creation. */
export function addShare(cloud: Cloud, { project = 'demo', ...given }: NewShare): Share {
  const user = cloud.users.find((each) => each.grants[0]?.project.name === project);
  const projectId = user?.grants[0]?.project.id;
  if (!user || !projectId) throw new Error(`No project ${project} in the sandbox`);
  const id = given.id ?? newUuid();
  const now = given.createdAt ?? Date.now();
  const isPlaced = given.status !== 'creating';
  const share: Share = {
    id,
    name: `share-${id.slice(0, 8)}`,
    description: null,
    projectId,
    userId: user.id,
    size: 1,
    protocol: 'NFS',
    status: 'available',
    type: cloud.shareTypes[0] as ShareType,
    isPublic: false,
    isSoftDeleted: false,
    metadata: {},
    shareNetworkId: null,
    snapshotId: null,
    usedGib: 0,
    exportLocations: [],
    host: isPlaced ? 'storage-1@alpha#pool' : null,
    createdAt: now,
    updatedAt: now,
    ...given,
  };
  if (!given.exportLocations && isPlaced && share.status !== 'error') share.exportLocations = exportsFor(share);
  cloud.shares.set(id, share);
  return share;
}

/** Export locations by protocol: one for administrators, the preferred one, and another; CephFS has only one. */
export function exportsFor({ id, protocol }: Pick<Share, 'id' | 'protocol'>): ExportLocation[] {
  const name = `share_${id.replaceAll('-', '_')}`;
  const paths: Record<string, readonly string[]> = {
    NFS: [`172.24.0.11:/shares/${name}`, `10.20.0.11:/shares/${name}`, `10.20.0.12:/shares/${name}`],
    CIFS: [`\\\\172.24.0.21\\${name}`, `\\\\10.20.0.21\\${name}`, `\\\\10.20.0.22\\${name}`],
    CEPHFS: [`10.20.0.31:6789,10.20.0.32:6789,10.20.0.33:6789:/volumes/_nogroup/${id}/${uuidFor(`subvolume/${id}`)}`],
  };
  return (paths[protocol] ?? []).map((path, index) => ({
    id: uuidFor(`export/${id}/${index}`),
    path,
    preferred: index === (protocol === 'CEPHFS' ? 0 : 1),
    isAdminOnly: path.includes('172.24.0.'),
  }));
}

/** Starts a creation: `creating` for one step, scheduled for another, then available, or in error for a reason. */
export function beginCreate(cloud: Cloud, share: Share, requestId: string, failure: ShareFailure | null): void {
  later(cloud, cloud.stepMs, () => {
    if (failure) {
      share.status = 'error';
      addShareMessage(cloud, share, requestId, failure);
      return;
    }
    share.host = 'storage-1@alpha#pool';
    later(cloud, cloud.stepMs, () => {
      share.status = 'available';
      share.exportLocations = exportsFor(share);
    });
  });
}

/** Starts a deletion: `deleting` for one step with unchanged rules, then the share and its rules are removed. */
export function beginDelete(cloud: Cloud, share: Share): void {
  share.status = 'deleting';
  later(cloud, cloud.stepMs, () => dropShare(cloud, share));
}

/** Removes a share and its rules at once. */
export function dropShare(cloud: Cloud, share: Share): void {
  cloud.shares.delete(share.id);
  dropLocks(cloud, share.id);
  for (const rule of rulesOf(cloud, share.id)) dropRule(cloud, rule);
}
