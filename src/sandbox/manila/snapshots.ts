import { type Cloud, isAdmin, type Snapshot } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, objectIn, one } from '../http.ts';
import { newUuid } from '../ids.ts';
import { bareMicroseconds } from '../time.ts';
import { later } from '../work.ts';
import { mayRead, requireMember } from './access.ts';
import { checkMetadata } from './access-validation.ts';
import { linksOf } from './links.ts';
import type { View } from './view.ts';

const MAX_LIMIT = 1000;

/** GET /snapshots/detail, newest first (manila api/v2/share_snapshots.py). */
export function listSnapshots(cloud: Cloud, call: Call): ApiResponse {
  const { query, token, version } = call;
  const [shareId, status, name] = ['share_id', 'status', 'name~'].map((key) => one(query, key));
  const matching = [...cloud.snapshots.values()]
    .filter(({ projectId }) => projectId === token.project?.id)
    .filter((snapshot) => shareId === undefined || snapshot.shareId === shareId)
    .filter((snapshot) => status === undefined || snapshot.status === status)
    .filter((snapshot) => name === undefined || (snapshot.name ?? '').toLowerCase().includes(name.toLowerCase()))
    .reverse();
  const start = Number(one(query, 'offset') ?? 0);
  const page = matching.slice(start, start + Math.min(Number(one(query, 'limit') ?? MAX_LIMIT), MAX_LIMIT));
  const hasCount = version >= 79 && /^(1|t|true)$/i.test(one(query, 'with_count') ?? '');
  const body = { snapshots: page.map((snapshot) => snapshotView(snapshot, call)) };
  return { status: 200, body: { ...body, ...(hasCount && { count: matching.length }) } };
}

/** GET /snapshots/{id}. */
export function showSnapshot(cloud: Cloud, call: Call): ApiResponse {
  return { status: 200, body: { snapshot: snapshotView(snapshotOf(cloud, call), call) } };
}

/** POST /snapshots: 202 `creating`, then `available`. */
export function createSnapshot(cloud: Cloud, call: Call): ApiResponse {
  requireMember(call.token);
  const requested = objectIn(call.body, 'snapshot');
  if (!requested) throw new ApiError(422, 'unprocessableEntity', 'Unable to process the contained instructions');
  const share = cloud.shares.get(String(requested.share_id));
  if (!share || !mayRead(share, call.token)) {
    throw new ApiError(404, 'itemNotFound', `NotFound: Share ${requested.share_id} could not be found.`);
  }
  if (share.status !== 'available') {
    throw new ApiError(400, 'badRequest', 'Invalid share: Source share status must be available.');
  }
  const metadata = call.version >= 73 ? ((objectIn(requested, 'metadata') ?? {}) as Record<string, string>) : {};
  checkMetadata(metadata);
  const snapshot: Snapshot = {
    id: newUuid(),
    shareId: share.id,
    projectId: call.token.project?.id ?? '',
    userId: call.token.user.id,
    name: (requested.name ?? requested.display_name ?? null) as string | null,
    description: (requested.description ?? requested.display_description ?? null) as string | null,
    size: share.size,
    protocol: share.protocol,
    status: 'creating',
    metadata,
    createdAt: Date.now(),
  };
  cloud.snapshots.set(snapshot.id, snapshot);
  later(cloud, cloud.stepMs, () => {
    snapshot.status = 'available';
  });
  return { status: 202, body: { snapshot: snapshotView(snapshot, call) } };
}

/** DELETE /snapshots/{id}: 202 `deleting`, then gone. */
export function deleteSnapshot(cloud: Cloud, call: Call): ApiResponse {
  requireMember(call.token);
  const snapshot = snapshotOf(cloud, call);
  if (!['available', 'error'].includes(snapshot.status)) {
    const why = "Share Snapshot status must be one of ('available', 'error').";
    throw new ApiError(400, 'badRequest', `Invalid share snapshot: ${why}.`);
  }
  snapshot.status = 'deleting';
  later(cloud, cloud.stepMs, () => cloud.snapshots.delete(snapshot.id));
  return { status: 202, contentType: 'text/html; charset=UTF-8' };
}

function snapshotOf(cloud: Cloud, { params, token }: Call): Snapshot {
  const snapshot = cloud.snapshots.get(params.id ?? '');
  if (snapshot && (isAdmin(token) || snapshot.projectId === token.project?.id)) return snapshot;
  throw new ApiError(404, 'itemNotFound', 'The resource could not be found.');
}

/** A snapshot by microversion (manila api/views/share_snapshots.py). */
function snapshotView(snapshot: Snapshot, { version, origin, token }: View) {
  return {
    id: snapshot.id,
    share_id: snapshot.shareId,
    share_size: snapshot.size,
    created_at: bareMicroseconds(snapshot.createdAt),
    status: snapshot.status,
    name: snapshot.name,
    description: snapshot.description,
    size: snapshot.size,
    share_proto: snapshot.protocol,
    links: linksOf(origin, `snapshots/${snapshot.id}`),
    ...(version >= 12 && isAdmin(token) && { provider_location: null }),
    ...(version >= 17 && { user_id: snapshot.userId, project_id: snapshot.projectId }),
    ...(version >= 73 && { metadata: snapshot.metadata }),
  };
}
