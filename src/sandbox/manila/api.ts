import { type Cloud, isAdmin } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, type ServiceApi } from '../http.ts';
import { ANONYMOUS, authenticate, middlewareBody } from '../keystone/tokens.ts';
import { parseMicroversion } from '../microversion.ts';
import { deleteRuleMetadata, listRules, putRuleMetadata, showRule } from './access.ts';
import { createLock, deleteLock, listLocks, showLock, updateLock } from './locks.ts';
import { listMessages, showMessage } from './messages.ts';
import { act, create, list, listExports, RESOURCE_NOT_FOUND, remove, show, showExport } from './share-handlers.ts';
import { shareDetail, shareNetworkView, shareSummary, typeView } from './view.ts';

const NEWEST = 89;
const HEADER = 'x-openstack-manila-api-version';

/** Manila's API: shares, export locations, access rules, locks, messages. Bodies as recorded from 2025.1 (manila 20), up to 2.89. */
export function manilaApi(cloud: Cloud): ServiceApi {
  const on = (handle: (cloud: Cloud, call: Call) => ApiResponse) => (call: Call) => handle(cloud, call);
  return {
    service: 'manila',
    prefix: '/share',
    authenticate: (request, route, out) => {
      if (route.isOpen) return { token: ANONYMOUS, version: 0 };
      const id = request.headers['x-auth-token'];
      const token = authenticate(cloud, typeof id === 'string' ? id : undefined, `http://${request.headers.host}`);
      const requested = String(request.headers[HEADER] ?? '2.0');
      if (/^\d+\.\d+$/.test(requested)) {
        out[HEADER] = requested;
        out.vary = 'X-OpenStack-Manila-API-Version';
      }
      return { token, version: parseMicroversion(requested, 0, NEWEST) };
    },
    errorResponse: (error) => {
      const { status, faultName, message, isFromMiddleware } = error;
      return { status, body: isFromMiddleware ? middlewareBody(error) : { [faultName]: { code: status, message } } };
    },
    requestIdHeaders: (requestId, error) => (error?.isFromMiddleware ? {} : { 'x-compute-request-id': requestId }),
    notInVersion: () => notFound(RESOURCE_NOT_FOUND),
    routes: [
      { method: 'GET', path: '/', handle: listVersions, isOpen: true, isBeforePipeline: true },
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
      { method: 'GET', path: '/v2/resource-locks', handle: on(listLocks), from: 81 },
      { method: 'POST', path: '/v2/resource-locks', handle: on(createLock), from: 81 },
      { method: 'GET', path: '/v2/resource-locks/:id', handle: on(showLock), from: 81 },
      { method: 'PUT', path: '/v2/resource-locks/:id', handle: on(updateLock), from: 81 },
      { method: 'DELETE', path: '/v2/resource-locks/:id', handle: on(deleteLock), from: 81 },
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

function listVersions({ origin }: Call): ApiResponse {
  return { status: 300, body: { versions: [versionBody(origin, 1), versionBody(origin, 2)] } };
}

function showVersion({ origin }: Call): ApiResponse {
  return { status: 200, body: { versions: [versionBody(origin, 2)] } };
}

function showShareNetwork(cloud: Cloud, call: Call): ApiResponse {
  const found = cloud.shareNetworks.get(call.params.id ?? '');
  const isMine = found && (isAdmin(call.token) || found.projectId === call.token.project?.id);
  if (!isMine) throw notFound(`Share network ${call.params.id} could not be found.`);
  return { status: 200, body: { share_network: shareNetworkView(found, call.version) } };
}

function listTypes(cloud: Cloud, { version }: Call): ApiResponse {
  const types = cloud.shareTypes.map((type, index) => typeView(type, version, index === 0));
  return { status: 200, body: { volume_types: types, share_types: types } };
}

/** Unlimited quotas, and the project's usage. */
function showLimits(cloud: Cloud, { token, version }: Call): ApiResponse {
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

const notFound = (message: string) => new ApiError(404, 'itemNotFound', message);
