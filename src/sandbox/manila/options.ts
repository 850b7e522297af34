import { type Cloud, isAdmin } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, one } from '../http.ts';
import { uuidFor } from '../ids.ts';
import { bareMicroseconds } from '../time.ts';
import { shareNetworkView, typeView } from './view.ts';

/** The storage zones of the sandbox, with when each was made. */
export const ZONES = [{ name: 'nova', createdAt: Date.UTC(2025, 2, 3, 7, 0, 0) }] as const;

/** GET /share-networks/{id}. */
export function showShareNetwork(cloud: Cloud, call: Call): ApiResponse {
  const found = cloud.shareNetworks.get(call.params.id ?? '');
  const isMine = found && (isAdmin(call.token) || found.projectId === call.token.project?.id);
  if (!isMine) throw new ApiError(404, 'itemNotFound', `Share network ${call.params.id} could not be found.`);
  return { status: 200, body: { share_network: shareNetworkView(found, call.version) } };
}

/** GET /share-networks/detail: the project's own; `limit` and `offset` as manila.api.common.limited applies them. */
export function listShareNetworks(cloud: Cloud, { token, query, version }: Call): ApiResponse {
  const mine = [...cloud.shareNetworks.values()].filter(({ projectId }) => projectId === token.project?.id);
  const start = Number(one(query, 'offset') ?? 0);
  const page = mine.slice(start, start + Number(one(query, 'limit') ?? 1000));
  return { status: 200, body: { share_networks: page.map((network) => shareNetworkView(network, version)) } };
}

/** GET /types. */
export function listTypes(cloud: Cloud, { version }: Call): ApiResponse {
  const types = cloud.shareTypes.map((type, index) => typeView(type, version, index === 0));
  return { status: 200, body: { volume_types: types, share_types: types } };
}

/** GET /availability-zones (manila api/views/availability_zones.py). */
export function listZones(): ApiResponse {
  const zones = ZONES.map(({ name, createdAt }) => ({
    id: uuidFor(`share-zone/${name}`),
    name,
    created_at: bareMicroseconds(createdAt),
    updated_at: null,
  }));
  return { status: 200, body: { availability_zones: zones } };
}

/** GET /limits: the project's quotas, unlimited by default, and its usage. */
export function showLimits(cloud: Cloud, { token, version }: Call): ApiResponse {
  const isMine = ({ projectId }: { projectId: string }) => projectId === token.project?.id;
  const shares = [...cloud.shares.values()].filter(isMine);
  const snapshots = [...cloud.snapshots.values()].filter(isMine);
  const used: Record<string, number> = {
    Shares: shares.length,
    ShareGigabytes: sizeOf(shares),
    ShareSnapshots: snapshots.length,
    SnapshotGigabytes: sizeOf(snapshots),
    ShareNetworks: [...cloud.shareNetworks.values()].filter(isMine).length,
  };
  const maximum: Record<string, number> = {
    Shares: cloud.shareQuota.shares,
    ShareGigabytes: cloud.shareQuota.gigabytes,
  };
  const names = ['Shares', 'ShareSnapshots', 'ShareGigabytes', 'SnapshotGigabytes', 'ShareNetworks'];
  if (version >= 53) names.push('ShareReplicas', 'ReplicaGigabytes');
  if (version >= 58) names.push('ShareGroups', 'ShareGroupSnapshots');
  if (version >= 80) names.push('ShareBackups', 'BackupGigabytes');
  const absolute = names.flatMap((name) => [
    [`maxTotal${name}`, maximum[name] ?? -1],
    [`total${name}Used`, used[name] ?? 0],
  ]);
  return { status: 200, body: { limits: { rate: [], absolute: Object.fromEntries(absolute) } } };
}

/** Rejects what would exceed the project's quota: 413 with Retry-After (manila exception.QuotaError, api/middleware/fault.py). */
export function requireQuota(cloud: Cloud, projectId: string, added: { shares: number; gigabytes: number }): void {
  const mine = [...cloud.shares.values()].filter((share) => share.projectId === projectId);
  const { shares, gigabytes } = cloud.shareQuota;
  if (gigabytes >= 0 && sizeOf(mine) + added.gigabytes > gigabytes) {
    const why = 'Requested share exceeds allowed project/user or share type gigabytes quota.';
    throw overLimit(`ShareSizeExceedsAvailableQuota: ${why}`);
  }
  if (shares >= 0 && mine.length + added.shares > shares) {
    const why = `Maximum number of shares allowed (${shares}) either per project/user or share type quota is exceeded.`;
    throw overLimit(`ShareLimitExceeded: ${why}`);
  }
}

function overLimit(message: string): ApiError {
  return new ApiError(413, 'overLimit', message, { 'retry-after': '0' });
}

function sizeOf(items: readonly { size: number }[]): number {
  return items.reduce((sum, { size }) => sum + size, 0);
}
