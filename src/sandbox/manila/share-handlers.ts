import { type Cloud, isAdmin, type Share, type ShareType } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, isObject, objectIn } from '../http.ts';
import { allowAccess, denyAccess, mayRead, requireMember } from './access.ts';
import { listShares } from './list.ts';
import { locksOf } from './locks.ts';
import { requireQuota, ZONES } from './options.ts';
import { rulesOf } from './rules.ts';
import { requirePublicPolicy, resize } from './share-changes.ts';
import { addShare, beginCreate, beginDelete } from './shares.ts';
import { exportView, ruleView, shareDetail, type View } from './view.ts';

/** Manila's message for most objects that do not exist. */
export const RESOURCE_NOT_FOUND = 'The resource could not be found.';

/** GET /shares and /shares/detail. */
export function list(cloud: Cloud, call: Call, view: (share: Share) => unknown): ApiResponse {
  const { page, count, links } = listShares(cloud, call);
  const body = { shares: page.map(view), ...(count !== undefined && { count }), ...(links && { shares_links: links }) };
  return { status: 200, body };
}

/** The share of the path, if the caller may read it. */
function shareOf(cloud: Cloud, { params, token }: Call, error = RESOURCE_NOT_FOUND): Share {
  const share = cloud.shares.get(params.id ?? '');
  if (!share || !mayRead(share, token)) throw notFound(error);
  return share;
}

/** The share of the path, if the caller may change it: a public share of another project is a 403. */
function ownShareOf(cloud: Cloud, call: Call, error?: string): Share {
  const share = shareOf(cloud, call, error);
  if (share.projectId === call.token.project?.id || isAdmin(call.token)) return share;
  throw new ApiError(403, 'forbidden', 'Access was denied to this resource.');
}

/** GET /shares/{id}. */
export function show(cloud: Cloud, call: Call): ApiResponse {
  return { status: 200, body: { share: shareDetail(cloud, shareOf(cloud, call), call) } };
}

/** POST /shares: `creating`, then `available`. */
export function create(cloud: Cloud, call: Call): ApiResponse {
  requireMember(call.token);
  const requested = objectIn(call.body, 'share');
  if (!requested) throw new ApiError(422, 'unprocessableEntity', 'Unable to process the contained instructions');
  const { size, name = null, description = null } = requested;
  requirePublicPolicy(call, requested.is_public);
  const zone = requested.availability_zone;
  if (zone && !ZONES.some((each) => each.name === zone)) {
    throw notFound(`Availability zone ${zone} could not be found.`);
  }
  const snapshot = requested.snapshot_id ? cloud.snapshots.get(String(requested.snapshot_id)) : undefined;
  if (requested.snapshot_id && snapshot?.projectId !== call.token.project?.id) {
    throw notFound(`NotFound: Snapshot ${requested.snapshot_id} could not be found.`);
  }
  const source = snapshot && cloud.shares.get(snapshot.shareId);
  const network = requested.share_network_id ?? source?.shareNetworkId ?? null;
  if (source && network !== source.shareNetworkId) {
    throw bad("Share network ID should be the same as snapshot's parent share's or empty");
  }
  const protocol = String(requested.share_proto).toUpperCase();
  const type = typeOf(cloud, requested.share_type, source);
  const invalid = (why: string) => bad(`Invalid input received: ${why}`);
  if (!Number.isInteger(size) || Number(size) < 1)
    throw invalid(`Share size '${size}' must be an integer and greater than 0.`);
  if (!['NFS', 'CIFS', 'CEPHFS'].includes(protocol)) {
    const why = `Invalid share protocol provided: ${protocol}. It is either disabled or unsupported.`;
    throw invalid(`${why} Available protocols: ['NFS', 'CIFS', 'CEPHFS'].`);
  }
  if (!type) throw notFound('Share type not found.');
  if (snapshot && Number(size) < snapshot.size) {
    throw invalid(`Share size '${size}' must be equal or greater than snapshot size.`);
  }
  if (source && type !== source.type) {
    throw invalid(
      'Invalid share type specified: the requested share type must match the type of the source share. If a share type is not specified when requesting a new share from a snapshot, the share type of the source share will be applied to the new share..',
    );
  }
  if (type.hasShareServers && !network) {
    throw bad('Share network must be set when the driver_handles_share_servers is true.');
  }
  requireQuota(cloud, call.token.project?.id ?? '', { shares: 1, gigabytes: Number(size) });
  const hasType = Boolean(requested.share_type || source) || cloud.hasDefaultShareType;
  const share = addShare(cloud, {
    project: call.token.project?.name ?? '',
    name: name as string | null,
    description: description as string | null,
    size: Number(size),
    protocol,
    type,
    status: 'creating',
    isPublic: requested.is_public === true,
    metadata: isObject(requested.metadata) ? (requested.metadata as Record<string, string>) : {},
    shareNetworkId: network === null ? null : String(network),
    snapshotId: snapshot?.id ?? null,
  });
  beginCreate(cloud, share, call.requestId, hasType ? null : 'noDefaultType');
  return { status: 200, body: { share: shareDetail(cloud, share, call) } };
}

/** The requested type; without one the source share's, or the default one. */
function typeOf(cloud: Cloud, requested: unknown, source: Share | undefined): ShareType | undefined {
  if (!requested) return source?.type ?? cloud.shareTypes[0];
  return cloud.shareTypes.find((each) => each.name === requested || each.id === requested);
}

/** DELETE /shares/{id}: also removes its rules. */
export function remove(cloud: Cloud, call: Call): ApiResponse {
  const share = ownShareOf(cloud, call);
  requireMember(call.token);
  const locks = locksOf(cloud, share.id, 'delete').map(({ id }) => id);
  if (locks.length > 0) {
    throw new ApiError(403, 'forbidden', `Resource lock/s [${locks.join(', ')}] prevent delete action.`);
  }
  if (!['available', 'error', 'inactive'].includes(share.status)) {
    const statuses = "('available', 'error', 'inactive')";
    throw new ApiError(403, 'forbidden', `Invalid share: Share status must be one of ${statuses}.`);
  }
  const snapshots = [...cloud.snapshots.values()].filter(({ shareId }) => shareId === share.id).length;
  if (snapshots > 0) {
    throw new ApiError(403, 'forbidden', `Invalid share: Share still has ${snapshots} dependent snapshots..`);
  }
  beginDelete(cloud, share);
  return { status: 202, contentType: 'text/html; charset=UTF-8' };
}

/** POST /shares/{id}/action. The prefix `os-` was dropped in 2.7; a name of another version is a 404, an unknown one a 400. */
export function act(cloud: Cloud, call: Call): ApiResponse {
  const name = (isObject(call.body) && Object.keys(call.body)[0]) || '';
  const plain = name.replace(/^os-/, '');
  if (!['allow_access', 'deny_access', 'access_list', 'extend', 'shrink'].includes(plain))
    throw bad(`There is no such action: ${name}`);
  const isInVersion = (name === plain) === call.version >= 7 && !(plain === 'access_list' && call.version >= 45);
  if (!isInVersion) throw notFound(RESOURCE_NOT_FOUND);
  const share = ownShareOf(cloud, call, 'NotFound: Resource could not be found.');
  const body = objectIn(call.body, name) ?? {};
  if (plain === 'allow_access') return allowAccess(cloud, call, share, body);
  if (plain === 'deny_access') return denyAccess(cloud, call, share, body);
  if (plain === 'extend' || plain === 'shrink') return resize(cloud, call, share, plain, body);
  const rules = rulesOf(cloud, share.id).map((rule) => {
    const { share_id: _, ...view } = ruleView(rule, call.version, { isInList: true, isMasked: false });
    return view;
  });
  return { status: 200, body: { access_list: rules } };
}

/** PUT /shares/{id}, and the metadata of a share: for those who may change it. */
export function onOwnShare(handle: (cloud: Cloud, call: Call, share: Share) => ApiResponse) {
  return (cloud: Cloud, call: Call): ApiResponse => handle(cloud, call, ownShareOf(cloud, call));
}

function visibleExports(share: Share, { token }: View) {
  return share.exportLocations.filter((location) => !location.isAdminOnly || isAdmin(token));
}

/** GET /shares/{id}/export_locations. */
export function listExports(cloud: Cloud, call: Call): ApiResponse {
  const share = shareOf(cloud, call, `Share '${call.params.id}' not found.`);
  const locations = visibleExports(share, call).map((location) => exportView(share, location, call, false));
  return { status: 200, body: { export_locations: locations } };
}

/** GET /shares/{id}/export_locations/{id}. */
export function showExport(cloud: Cloud, call: Call): ApiResponse {
  const share = shareOf(cloud, call, `Share '${call.params.id}' not found.`);
  const found = visibleExports(share, call).find((location) => location.id === call.params.location);
  if (!found) throw notFound(`Export location '${call.params.location}' not found.`);
  return { status: 200, body: { export_location: exportView(share, found, call, true) } };
}

const bad = (message: string) => new ApiError(400, 'badRequest', message);
const notFound = (message: string) => new ApiError(404, 'itemNotFound', message);
