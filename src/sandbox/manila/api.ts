import type { Cloud } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, type ServiceApi } from '../http.ts';
import { ANONYMOUS, authenticate, middlewareBody } from '../keystone/tokens.ts';
import { parseMicroversion } from '../microversion.ts';
import { deleteRuleMetadata, listRules, putRuleMetadata, showRule, updateRule } from './access.ts';
import { createLock, deleteLock, listLocks, showLock, updateLock } from './locks.ts';
import { listMessages, showMessage } from './messages.ts';
import { listShareNetworks, listTypes, listZones, showLimits, showShareNetwork } from './options.ts';
import { removeMetadata, update, writeMetadata } from './share-changes.ts';
import {
  act,
  create,
  list,
  listExports,
  onOwnShare,
  RESOURCE_NOT_FOUND,
  remove,
  show,
  showExport,
} from './share-handlers.ts';
import { createSnapshot, deleteSnapshot, listSnapshots, showSnapshot } from './snapshots.ts';
import { shareDetail, shareSummary } from './view.ts';

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
      { method: 'PUT', path: '/v2/shares/:id', handle: on(onOwnShare(update)) },
      { method: 'POST', path: '/v2/shares/:id/action', handle: on(act) },
      {
        method: 'POST',
        path: '/v2/shares/:id/metadata',
        handle: on(onOwnShare((_, call, share) => writeMetadata(call, share, 'add'))),
      },
      {
        method: 'PUT',
        path: '/v2/shares/:id/metadata',
        handle: on(onOwnShare((_, call, share) => writeMetadata(call, share, 'replace'))),
      },
      {
        method: 'DELETE',
        path: '/v2/shares/:id/metadata/:key',
        handle: on(onOwnShare((_, call, share) => removeMetadata(call, share))),
      },
      { method: 'GET', path: '/v2/shares/:id/export_locations', handle: on(listExports), from: 9 },
      { method: 'GET', path: '/v2/shares/:id/export_locations/:location', handle: on(showExport), from: 9 },
      { method: 'GET', path: '/v2/share-access-rules', handle: on(listRules), from: 45 },
      { method: 'GET', path: '/v2/share-access-rules/:id', handle: on(showRule), from: 45 },
      { method: 'PUT', path: '/v2/share-access-rules/:id', handle: on(updateRule), from: 88 },
      { method: 'PUT', path: '/v2/share-access-rules/:id/metadata', handle: on(putRuleMetadata), from: 45 },
      { method: 'DELETE', path: '/v2/share-access-rules/:id/metadata/:key', handle: on(deleteRuleMetadata), from: 45 },
      { method: 'GET', path: '/v2/resource-locks', handle: on(listLocks), from: 81 },
      { method: 'POST', path: '/v2/resource-locks', handle: on(createLock), from: 81 },
      { method: 'GET', path: '/v2/resource-locks/:id', handle: on(showLock), from: 81 },
      { method: 'PUT', path: '/v2/resource-locks/:id', handle: on(updateLock), from: 81 },
      { method: 'DELETE', path: '/v2/resource-locks/:id', handle: on(deleteLock), from: 81 },
      { method: 'GET', path: '/v2/messages', handle: on(listMessages), from: 37 },
      { method: 'GET', path: '/v2/messages/:id', handle: on(showMessage), from: 37 },
      { method: 'GET', path: '/v2/snapshots/detail', handle: on(listSnapshots) },
      { method: 'POST', path: '/v2/snapshots', handle: on(createSnapshot) },
      { method: 'GET', path: '/v2/snapshots/:id', handle: on(showSnapshot) },
      { method: 'DELETE', path: '/v2/snapshots/:id', handle: on(deleteSnapshot) },
      { method: 'GET', path: '/v2/availability-zones', handle: listZones, from: 7 },
      { method: 'GET', path: '/v2/share-networks/detail', handle: on(listShareNetworks) },
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

const notFound = (message: string) => new ApiError(404, 'itemNotFound', message);
