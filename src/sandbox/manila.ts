import { type Cloud, isAdmin, type Share } from './cloud.ts';
import { type Answer, type Call, type Door, isObject, objectIn, one, Refusal } from './http.ts';
import {
  allowAccess,
  deleteRuleMetadata,
  demandMember,
  denyAccess,
  listRules,
  maySee,
  putRuleMetadata,
  showRule,
} from './manila-access.ts';
import { listShares } from './manila-list.ts';
import {
  exportView,
  messageView,
  ruleView,
  shareDetail,
  shareNetworkView,
  shareSummary,
  typeView,
  type View,
} from './manila-view.ts';
import { parseMicroversion } from './microversion.ts';
import { rulesOf } from './rules.ts';
import { addShare, beginCreate, beginDelete } from './shares.ts';
import { ANYBODY, authenticate, middlewareBody } from './tokens.ts';

const NEWEST = 82;
const HEADER = 'x-openstack-manila-api-version';
const NOTHING_THERE = 'The resource could not be found.';

/** Manila's API: shares, export locations, access rules, messages. Bodies as recorded from 2025.1 (manila 20), up to 2.82. */
export function manilaDoor(cloud: Cloud): Door {
  const on = (handle: (cloud: Cloud, call: Call) => Answer) => (call: Call) => handle(cloud, call);
  return {
    service: 'manila',
    prefix: '/share',
    admit: (request, route, out) => {
      if (route.isOpen) return { token: ANYBODY, version: 0 };
      const id = request.headers['x-auth-token'];
      const token = authenticate(cloud, typeof id === 'string' ? id : undefined, `http://${request.headers.host}`);
      const asked = String(request.headers[HEADER] ?? '2.0');
      if (/^\d+\.\d+$/.test(asked)) {
        out[HEADER] = asked;
        out.vary = 'X-OpenStack-Manila-API-Version';
      }
      return { token, version: parseMicroversion(asked, 0, NEWEST) };
    },
    refuse: (refusal) => {
      const { status, faultName, message, isFromMiddleware } = refusal;
      return { status, body: isFromMiddleware ? middlewareBody(refusal) : { [faultName]: { code: status, message } } };
    },
    identify: (requestId, refusal) => (refusal?.isFromMiddleware ? {} : { 'x-compute-request-id': requestId }),
    missing: () => notFound(NOTHING_THERE),
    routes: [
      { method: 'GET', path: '/', handle: listVersions, isOpen: true, isOutside: true },
      { method: 'GET', path: '/v2', handle: showVersion },
      { method: 'GET', path: '/v2/', handle: showVersion },
      { method: 'GET', path: '/v2/shares', handle: (call) => list(cloud, call, (share) => shareSummary(share, call)) },
      {
        method: 'GET',
        path: '/v2/shares/detail',
        handle: (call) => list(cloud, call, (share) => shareDetail(cloud, share, call)),
      },
      { method: 'POST', path: '/v2/shares', handle: on(create) },
      { method: 'GET', path: '/v2/shares/:id', handle: on(show) },
      { method: 'DELETE', path: '/v2/shares/:id', handle: on(remove) },
      { method: 'POST', path: '/v2/shares/:id/action', handle: on(act) },
      { method: 'GET', path: '/v2/shares/:id/export_locations', handle: on(listExports), from: 9 },
      { method: 'GET', path: '/v2/shares/:id/export_locations/:location', handle: on(showExport), from: 9 },
      { method: 'GET', path: '/v2/share-access-rules', handle: on(listRules), from: 45 },
      { method: 'GET', path: '/v2/share-access-rules/:id', handle: on(showRule), from: 45 },
      { method: 'PUT', path: '/v2/share-access-rules/:id/metadata', handle: on(putRuleMetadata), from: 45 },
      { method: 'DELETE', path: '/v2/share-access-rules/:id/metadata/:key', handle: on(deleteRuleMetadata), from: 45 },
      { method: 'GET', path: '/v2/messages', handle: on(listMessages), from: 37 },
      { method: 'GET', path: '/v2/messages/:id', handle: on(showMessage), from: 37 },
      { method: 'GET', path: '/v2/share-networks/:id', handle: on(showShareNetwork) },
      { method: 'GET', path: '/v2/types', handle: on(listTypes) },
      { method: 'GET', path: '/v2/limits', handle: on(showLimits) },
    ],
  };
}

function versionBody(origin: string, major: 1 | 2) {
  const links = [
    { rel: 'describedby', type: 'text/html', href: 'http://docs.openstack.org/' },
    { rel: 'self', href: `${origin}/share/v${major}/` },
  ];
  const range = major === 2 ? { version: `2.${NEWEST}`, min_version: '2.0' } : { version: '', min_version: '' };
  const head = {
    id: `v${major}.0`,
    status: major === 2 ? 'CURRENT' : 'DEPRECATED',
    ...range,
    updated: '2015-08-27T11:33:21Z',
  };
  return {
    ...head,
    links,
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.share+json;version=1' }],
  };
}

function listVersions({ origin }: Call): Answer {
  return { status: 300, body: { versions: [versionBody(origin, 1), versionBody(origin, 2)] } };
}

function showVersion({ origin }: Call): Answer {
  return { status: 200, body: { versions: [versionBody(origin, 2)] } };
}

function list(cloud: Cloud, call: Call, view: (share: Share) => unknown): Answer {
  const { page, count, links } = listShares(cloud, call);
  const body = { shares: page.map(view), ...(count !== undefined && { count }), ...(links && { shares_links: links }) };
  return { status: 200, body };
}

/** The share of the path, when the caller may see it. */
function shareOf(cloud: Cloud, { params, token }: Call, refusal = NOTHING_THERE): Share {
  const share = cloud.shares.get(params.id ?? '');
  if (!share || !maySee(share, token)) throw notFound(refusal);
  return share;
}

/** The share of the path, when the caller may change it: one that is public but another's is a 403. */
function ownShareOf(cloud: Cloud, call: Call, refusal?: string): Share {
  const share = shareOf(cloud, call, refusal);
  if (share.projectId === call.token.project?.id || isAdmin(call.token)) return share;
  throw new Refusal(403, 'forbidden', 'Access was denied to this resource.');
}

function show(cloud: Cloud, call: Call): Answer {
  return { status: 200, body: { share: shareDetail(cloud, shareOf(cloud, call), call) } };
}

function create(cloud: Cloud, call: Call): Answer {
  demandMember(call.token);
  const wanted = objectIn(call.body, 'share');
  if (!wanted) throw new Refusal(422, 'unprocessableEntity', 'Unable to process the contained instructions');
  const { size, name = null, description = null, share_type: typeName = 'default' } = wanted;
  const protocol = String(wanted.share_proto).toUpperCase();
  const type = cloud.shareTypes.find((each) => each.name === typeName || each.id === typeName);
  const invalid = (why: string) => bad(`Invalid input received: ${why}`);
  if (!Number.isInteger(size) || Number(size) < 1)
    throw invalid(`Share size '${size}' must be an integer and greater than 0.`);
  if (!['NFS', 'CIFS', 'CEPHFS'].includes(protocol)) {
    const why = `Invalid share protocol provided: ${protocol}. It is either disabled or unsupported.`;
    throw invalid(`${why} Available protocols: ['NFS', 'CIFS', 'CEPHFS'].`);
  }
  if (!type) throw notFound('Share type not found.');
  if (type.hasShareServers && !wanted.share_network_id) {
    throw bad('Share network must be set when the driver_handles_share_servers is true.');
  }
  const share = addShare(cloud, {
    project: call.token.project?.name ?? '',
    name: name as string | null,
    description: description as string | null,
    size: Number(size),
    protocol,
    type,
    status: 'creating',
    isPublic: wanted.is_public === true,
    metadata: isObject(wanted.metadata) ? (wanted.metadata as Record<string, string>) : {},
    shareNetworkId: type.hasShareServers ? String(wanted.share_network_id) : null,
  });
  beginCreate(cloud, share);
  return { status: 200, body: { share: shareDetail(cloud, share, call) } };
}

function remove(cloud: Cloud, call: Call): Answer {
  const share = ownShareOf(cloud, call);
  demandMember(call.token);
  if (!['available', 'error', 'inactive'].includes(share.status)) {
    const statuses = "('available', 'error', 'inactive')";
    throw new Refusal(403, 'forbidden', `Invalid share: Share status must be one of ${statuses}.`);
  }
  beginDelete(cloud, share);
  return { status: 202, contentType: 'text/html; charset=UTF-8' };
}

/** POST /shares/{id}/action. Names lost their `os-` in 2.7; one of another version is a 404, an unknown one a 400. */
function act(cloud: Cloud, call: Call): Answer {
  const name = (isObject(call.body) && Object.keys(call.body)[0]) || '';
  const plain = name.replace(/^os-/, '');
  if (!['allow_access', 'deny_access', 'access_list'].includes(plain)) throw bad(`There is no such action: ${name}`);
  const isInVersion = (name === plain) === call.version >= 7 && !(plain === 'access_list' && call.version >= 45);
  if (!isInVersion) throw notFound(NOTHING_THERE);
  const share = ownShareOf(cloud, call, 'NotFound: Resource could not be found.');
  const body = objectIn(call.body, name) ?? {};
  if (plain === 'allow_access') return allowAccess(cloud, call, share, body);
  if (plain === 'deny_access') return denyAccess(cloud, call, share, body);
  const rules = rulesOf(cloud, share.id).map((rule) => {
    const { share_id: _, ...view } = ruleView(rule, call.version, { isInList: true, isMasked: false });
    return view;
  });
  return { status: 200, body: { access_list: rules } };
}

function visibleExports(share: Share, { token }: View) {
  return share.exportLocations.filter((location) => !location.isAdminOnly || isAdmin(token));
}

function listExports(cloud: Cloud, call: Call): Answer {
  const share = shareOf(cloud, call, `Share '${call.params.id}' not found.`);
  const locations = visibleExports(share, call).map((location) => exportView(share, location, call, false));
  return { status: 200, body: { export_locations: locations } };
}

function showExport(cloud: Cloud, call: Call): Answer {
  const share = shareOf(cloud, call, `Share '${call.params.id}' not found.`);
  const found = visibleExports(share, call).find((location) => location.id === call.params.location);
  if (!found) throw notFound(`Export location '${call.params.location}' not found.`);
  return { status: 200, body: { export_location: exportView(share, found, call, true) } };
}

/** GET /messages, newest first; filtered by equality. */
function listMessages(cloud: Cloud, call: Call): Answer {
  const views = cloud.messages.filter((message) => isAdmin(call.token) || message.projectId === call.token.project?.id);
  const fields = ['resource_id', 'request_id', 'action_id', 'detail_id', 'message_level', 'resource_type'] as const;
  const since = call.version >= 52 ? Date.parse(one(call.query, 'created_since') ?? '') : Number.NaN;
  const messages = views
    .filter((message) => Number.isNaN(since) || message.createdAt >= since)
    .map((message) => messageView(message, call))
    .filter((view) =>
      fields.every((field) => one(call.query, field) === undefined || one(call.query, field) === view[field]),
    )
    .reverse();
  const start = Number(one(call.query, 'offset') ?? 0);
  return { status: 200, body: { messages: messages.slice(start, start + Number(one(call.query, 'limit') ?? 1000)) } };
}

function showMessage(cloud: Cloud, call: Call): Answer {
  const found = cloud.messages.find((message) => message.id === call.params.id);
  const isMine = found && (isAdmin(call.token) || found.projectId === call.token.project?.id);
  if (!isMine) throw notFound(`Message ${call.params.id} could not be found.`);
  return { status: 200, body: { message: messageView(found, call) } };
}

function showShareNetwork(cloud: Cloud, call: Call): Answer {
  const found = cloud.shareNetworks.get(call.params.id ?? '');
  const isMine = found && (isAdmin(call.token) || found.projectId === call.token.project?.id);
  if (!isMine) throw notFound(`Share network ${call.params.id} could not be found.`);
  return { status: 200, body: { share_network: shareNetworkView(found, call.version) } };
}

function listTypes(cloud: Cloud, { version }: Call): Answer {
  const types = cloud.shareTypes.map((type, index) => typeView(type, version, index === 0));
  return { status: 200, body: { volume_types: types, share_types: types } };
}

/** Quotas without a limit, and what the project uses. */
function showLimits(cloud: Cloud, { token, version }: Call): Answer {
  const mine = [...cloud.shares.values()].filter((share) => share.projectId === token.project?.id);
  const used: Record<string, number> = {
    Shares: mine.length,
    ShareGigabytes: mine.reduce((sum, share) => sum + share.size, 0),
  };
  const names = ['Shares', 'ShareSnapshots', 'ShareGigabytes', 'SnapshotGigabytes', 'ShareNetworks'];
  if (version >= 53) names.push('ShareReplicas', 'ReplicaGigabytes');
  if (version >= 58) names.push('ShareGroups', 'ShareGroupSnapshots');
  if (version >= 80) names.push('ShareBackups', 'BackupGigabytes');
  const absolute = names.flatMap((name) => [
    [`maxTotal${name}`, -1],
    [`total${name}Used`, used[name] ?? 0],
  ]);
  return { status: 200, body: { limits: { rate: [], absolute: Object.fromEntries(absolute) } } };
}

const bad = (message: string) => new Refusal(400, 'badRequest', message);
const notFound = (message: string) => new Refusal(404, 'itemNotFound', message);
