import { type Cloud, isAdmin, type Server, type Token } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, type Route, type ServiceApi } from '../http.ts';
import { ANONYMOUS, authenticate, middlewareBody } from '../keystone/tokens.ts';
import { parseMicroversion } from '../microversion.ts';
import { act, remove } from './actions.ts';
import { listActions, showAction } from './instance-actions.ts';
import { listServers } from './list.ts';
import { listZones, showLimits } from './options.ts';
import { deleteMetadata, setMetadata } from './server-metadata.ts';
import { attachServerShare, detachServerShare, listServerShares, showServerShare } from './server-shares.ts';
import { addressesOf, interfaceView, linksOf, serverDetail, serverSummary } from './view.ts';

const NEWEST = 100;

/** Nova's API: servers, their interfaces, shares and actions. Bodies as recorded from 2025.1 (nova 31), up to 2.100. */
export function novaApi(cloud: Cloud): ServiceApi {
  const withServer = (handle: (call: Call, server: Server) => ApiResponse) => (call: Call) =>
    handle(call, serverOf(cloud, call));
  const on = (handle: (cloud: Cloud, call: Call) => ApiResponse) => (call: Call) => handle(cloud, call);
  const list =
    (path: string, view: (server: Server, call: Call) => unknown) =>
    (call: Call): ApiResponse => {
      const { page, links } = listServers(cloud, call, path);
      const servers = page.map((server) => view(server, call));
      return { status: 200, body: { servers, ...(links && { servers_links: links }) } };
    };
  const detail = (server: Server, call: Call) => serverDetail(server, { ...call, isShow: false });
  return {
    service: 'nova',
    prefix: '/compute',
    authenticate: (request, route, out) => {
      const origin = `http://${request.headers.host}`;
      if (route.isBeforePipeline) return { token: ANONYMOUS, version: 1 };
      const id = request.headers['x-auth-token'];
      const token = route.isOpen ? ANONYMOUS : authenticate(cloud, typeof id === 'string' ? id : undefined, origin);
      const requested = requestedVersion(request.headers);
      const show = (text: string) => {
        out['openstack-api-version'] = `compute ${text}`;
        out['x-openstack-nova-api-version'] = text;
        out.vary = ['OpenStack-API-Version', 'X-OpenStack-Nova-API-Version'];
      };
      if (/^\d+\.\d+$/.test(requested)) show(requested);
      const version = parseMicroversion(requested, 1, NEWEST);
      show(`2.${version}`);
      checkProject(request.params as { project_id?: string }, token);
      return { token, version };
    },
    errorResponse: (error) => {
      const { status, faultName, message, isFromMiddleware } = error;
      if (isFromMiddleware) return { status, body: middlewareBody(error) };
      return {
        status,
        body: { [faultName]: { code: status, message } },
        contentType: 'application/json; charset=UTF-8',
      };
    },
    requestIdHeaders: (requestId) => ({ 'x-openstack-request-id': requestId, 'x-compute-request-id': requestId }),
    notInVersion: () => new ApiError(404, 'itemNotFound', 'The resource could not be found.'),
    routes: [
      { method: 'GET', path: '/', handle: listVersions, isOpen: true, isBeforePipeline: true },
      { method: 'GET', path: '/v2.1', handle: showVersion, isOpen: true },
      { method: 'GET', path: '/v2.1/', handle: showVersion, isOpen: true },
      ...withAndWithoutProject([
        {
          method: 'GET',
          path: '/v2.1/servers',
          handle: list('/servers', (server, { origin }) => serverSummary(server, origin)),
        },
        { method: 'GET', path: '/v2.1/servers/detail', handle: list('/servers/detail', detail) },
        { method: 'GET', path: '/v2.1/servers/:id', handle: withServer(showServer) },
        { method: 'GET', path: '/v2.1/servers/:id/ips', handle: withServer(showAddresses) },
        { method: 'GET', path: '/v2.1/servers/:id/os-interface', handle: withServer(listInterfaces) },
        { method: 'POST', path: '/v2.1/servers/:id/metadata', handle: withServer(setMetadata) },
        { method: 'DELETE', path: '/v2.1/servers/:id/metadata/:key', handle: withServer(deleteMetadata) },
        {
          method: 'POST',
          path: '/v2.1/servers/:id/action',
          handle: (call) => act(cloud, call, () => serverOf(cloud, call)),
        },
        { method: 'GET', path: '/v2.1/servers/:id/shares', handle: on(listServerShares), from: 97 },
        { method: 'POST', path: '/v2.1/servers/:id/shares', handle: on(attachServerShare), from: 97 },
        { method: 'GET', path: '/v2.1/servers/:id/shares/:share', handle: on(showServerShare), from: 97 },
        { method: 'DELETE', path: '/v2.1/servers/:id/shares/:share', handle: on(detachServerShare), from: 97 },
        { method: 'GET', path: '/v2.1/servers/:id/os-instance-actions', handle: on(listActions) },
        { method: 'GET', path: '/v2.1/servers/:id/os-instance-actions/:request', handle: on(showAction) },
        {
          method: 'DELETE',
          path: '/v2.1/servers/:id',
          handle: withServer((call, server) => remove(cloud, call, server)),
        },
        { method: 'GET', path: '/v2.1/flavors/detail', handle: (call) => listFlavors(cloud, call) },
        { method: 'GET', path: '/v2.1/limits', handle: on(showLimits) },
        { method: 'GET', path: '/v2.1/os-availability-zone', handle: () => listZones() },
      ]),
    ],
  };
}

/** Every path exists twice: the project id in it is optional since Newton (2.18). */
function withAndWithoutProject(routes: readonly Route[]): Route[] {
  return routes.flatMap((route) => [route, { ...route, path: route.path.replace('/v2.1', '/v2.1/:project_id') }]);
}

function checkProject({ project_id: id }: { project_id?: string }, { project }: Token): void {
  if (id === undefined || id === project?.id) return;
  const context = `doesn't match Context's project_id '${project?.id}'`;
  throw bad(`Malformed request URL: URL's project_id '${id}' ${context}`);
}

/** The requested microversion: by the standard header's part for compute, else by the old header, else 2.1. */
function requestedVersion(headers: Call['headers']): string {
  const parts = String(headers['openstack-api-version'] ?? '').split(',');
  const mine = parts.map((part) => part.trim().split(/\s+/)).find(([service]) => service === 'compute');
  const requested = mine?.[1] ?? headers['x-openstack-nova-api-version'] ?? '2.1';
  return requested === 'latest' ? `2.${NEWEST}` : String(requested);
}

const CURRENT = {
  id: 'v2.1',
  status: 'CURRENT',
  version: `2.${NEWEST}`,
  min_version: '2.1',
  updated: '2013-07-23T11:33:21Z',
};

function listVersions({ origin }: Call): ApiResponse {
  const old = { id: 'v2.0', status: 'SUPPORTED', version: '', min_version: '', updated: '2011-01-21T11:33:21Z' };
  const self = (path: string) => [{ rel: 'self', href: `${origin}/compute/${path}/` }];
  return {
    status: 200,
    body: {
      versions: [
        { ...old, links: self('v2') },
        { ...CURRENT, links: self('v2.1') },
      ],
    },
  };
}

function showVersion({ origin }: Call): ApiResponse {
  const links = [
    { rel: 'self', href: `${origin}/compute/v2.1/` },
    { rel: 'describedby', type: 'text/html', href: 'http://docs.openstack.org/' },
  ];
  const type = 'application/vnd.openstack.compute+json;version=2.1';
  return { status: 200, body: { version: { ...CURRENT, links, 'media-types': [{ base: 'application/json', type }] } } };
}

/** The server of the path. The id of another project's server, an unknown and a malformed id are the same 404. */
function serverOf(cloud: Cloud, { params, token }: Call): Server {
  const server = cloud.servers.get(params.id ?? '');
  if (!server || !(isAdmin(token) || server.projectId === token.project?.id))
    throw notFound(`Instance ${params.id} could not be found.`);
  return server;
}

function showServer(call: Call, server: Server): ApiResponse {
  return { status: 200, body: { server: serverDetail(server, { ...call, isShow: true }) } };
}

function showAddresses(_call: Call, server: Server): ApiResponse {
  const entries = Object.entries(addressesOf(server.ports));
  const addresses = entries.map(([name, list]) => [name, list.map(({ version, addr }) => ({ version, addr }))]);
  return { status: 200, body: { addresses: Object.fromEntries(addresses) } };
}

function listInterfaces({ version }: Call, server: Server): ApiResponse {
  return { status: 200, body: { interfaceAttachments: server.ports.map((port) => interfaceView(port, version)) } };
}

function listFlavors(cloud: Cloud, { origin, version }: Call): ApiResponse {
  const flavors = cloud.flavors.map(({ id, name, ram, disk, vcpus }) => ({
    id,
    name,
    ram,
    disk,
    swap: version >= 75 ? 0 : '',
    'OS-FLV-EXT-DATA:ephemeral': 0,
    'OS-FLV-DISABLED:disabled': false,
    vcpus,
    'os-flavor-access:is_public': true,
    rxtx_factor: 1,
    links: linksOf(origin, `flavors/${id}`),
    ...(version >= 55 && { description: null }),
    ...(version >= 61 && { extra_specs: {} }),
  }));
  return { status: 200, body: { flavors } };
}

const bad = (message: string) => new ApiError(400, 'badRequest', message);
const notFound = (message: string) => new ApiError(404, 'itemNotFound', message);
