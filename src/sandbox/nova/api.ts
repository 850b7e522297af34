import { type Cloud, isAdmin, isMember, type Server, type Token } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, isObject, type Route, type ServiceApi } from '../http.ts';
import { ANONYMOUS, authenticate, middlewareBody } from '../keystone/tokens.ts';
import { parseMicroversion } from '../microversion.ts';
import { listServers } from './list.ts';
import { deleteMetadata, setMetadata } from './server-metadata.ts';
import { beginDelete, beginPower } from './servers.ts';
import { addressesOf, interfaceView, linksOf, serverDetail, serverSummary, vmStateOf } from './view.ts';

/** The newest microversion: the last before native share attachments. */
const NEWEST = 96;
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** Nova's API: servers, their interfaces, start, stop, delete. Bodies as recorded from 2025.1 (nova 31), up to 2.96. */
export function novaApi(cloud: Cloud): ServiceApi {
  const withServer = (handle: (call: Call, server: Server) => ApiResponse) => (call: Call) =>
    handle(call, serverOf(cloud, call));
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
        { method: 'POST', path: '/v2.1/servers/:id/action', handle: (call) => act(cloud, call) },
        {
          method: 'DELETE',
          path: '/v2.1/servers/:id',
          handle: withServer((call, server) => remove(cloud, call, server)),
        },
        { method: 'GET', path: '/v2.1/flavors/detail', handle: (call) => listFlavors(cloud, call) },
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

const POWER = {
  'os-start': { word: 'start', from: 'stopped', to: 'ACTIVE' },
  'os-stop': { word: 'stop', from: 'active', to: 'SHUTOFF' },
} as const;

function act(cloud: Cloud, call: Call): ApiResponse {
  const name = isObject(call.body) ? Object.keys(call.body)[0] : undefined;
  if (name !== 'os-start' && name !== 'os-stop') throw bad(`There is no such action: ${name}`);
  const { id = '' } = call.params;
  if (!UUID.test(id)) throw notFound(`Instance ${id} has no mapping to a cell.`);
  const server = serverOf(cloud, call);
  const { word, from, to } = POWER[name];
  requireMember(call, word);
  if (server.taskState !== null)
    throw conflict(`Cannot '${word}' instance ${id} while it is in task_state ${server.taskState}`);
  if (vmStateOf(server) !== from)
    throw conflict(`Cannot '${word}' instance ${id} while it is in vm_state ${vmStateOf(server)}`);
  beginPower(cloud, server, to);
  return { status: 202, contentType: 'application/json' };
}

function remove(cloud: Cloud, call: Call, server: Server): ApiResponse {
  requireMember(call, 'delete');
  beginDelete(cloud, server);
  return { status: 204, contentType: 'application/json' };
}

function requireMember({ token }: Call, action: string): void {
  if (isMember(token)) return;
  throw new ApiError(403, 'forbidden', `Policy doesn't allow os_compute_api:servers:${action} to be performed.`);
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
const conflict = (message: string) => new ApiError(409, 'conflictingRequest', message);
