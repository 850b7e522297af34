import { type Cloud, isAdmin, type Server } from '../cloud.ts';
import { ApiError, all, type Call, one } from '../http.ts';
import { vmStateOf } from './view.ts';

const MAX_LIMIT = 1000;

/** Valid values of `status`; any other is a 400. */
const STATUSES = new Set(
  'ACTIVE BUILD DELETED ERROR HARD_REBOOT MIGRATING PASSWORD PAUSED REBOOT REBUILD RESCUE RESIZE REVERT_RESIZE SHELVED SHELVED_OFFLOADED SHUTOFF SOFT_DELETED SUSPENDED UNKNOWN VERIFY_RESIZE'.split(
    ' ',
  ),
);

const SORT_KEYS: Record<string, (server: Server) => string | number> = {
  created_at: (server) => server.createdAt,
  updated_at: (server) => server.updatedAt,
  display_name: (server) => server.name,
  uuid: (server) => server.id,
  vm_state: vmStateOf,
  task_state: (server) => server.taskState ?? '',
  project_id: (server) => server.projectId,
};

/** Whether a server matches a query parameter. */
type Filter = (server: Server, values: readonly string[], last: string) => boolean;

const FILTERS: Record<string, Filter> = {
  name: (server, _values, last) => new RegExp(last).test(server.name),
  status: (server, values) => values.some((value) => value.toUpperCase() === server.status),
  vm_state: (server, _values, last) => vmStateOf(server) === last,
  task_state: (server, _values, last) => server.taskState === last,
  image: (server, _values, last) => server.imageId === last,
  flavor: (server, _values, last) => server.flavor.id === last,
  key_name: (server, _values, last) => server.keyName === last,
  user_id: (server, _values, last) => server.userId === last,
  locked: (server, _values, last) => server.isLocked === /^(true|1|t|yes|y|on)$/i.test(last),
  ip: (server, _values, last) => hasAddress(server, last, false),
  ip6: (server, _values, last) => hasAddress(server, last, true),
  tags: (server, _values, last) => last.split(',').every((tag) => server.tags.includes(tag)),
  'tags-any': (server, _values, last) => last.split(',').some((tag) => server.tags.includes(tag)),
  'not-tags': (server, _values, last) => !last.split(',').every((tag) => server.tags.includes(tag)),
  'not-tags-any': (server, _values, last) => !last.split(',').some((tag) => server.tags.includes(tag)),
  'changes-since': (server, _values, last) => server.updatedAt >= Date.parse(last),
  'changes-before': (server, _values, last) => server.updatedAt <= Date.parse(last),
};
const OTHER_PARAMETERS = new Set(
  'limit marker sort_key sort_dir all_tenants project_id tenant_id uuid host'.split(' '),
);

function hasAddress(server: Server, pattern: string, isV6: boolean): boolean {
  const addresses = server.ports.flatMap((port) => port.fixedIps);
  return addresses.some((address) => address.includes(':') === isV6 && new RegExp(pattern).test(address));
}

/** The requested page of servers, and the link to the next one if the page is full. */
export function listServers(cloud: Cloud, call: Call, path: string) {
  const limit = checkParameters(call);
  const marker = one(call.query, 'marker');
  const marked = marker === undefined ? undefined : markedServer(cloud, call, marker);
  const all = new Set([...candidates(cloud, call), ...(marked ? [marked] : [])]);
  const servers = sorted([...all], call);
  const start = marked ? servers.indexOf(marked) + 1 : 0;
  const matching = servers.slice(start).filter((server) => passes(server, call));
  const page = matching.slice(0, limit);
  const isFull = page.length === limit && limit > 0;
  return { page, links: isFull ? [{ rel: 'next', href: nextLink(call, path, page.at(-1)?.id ?? '') }] : null };
}

/** The known query keys sorted, the last value of a repeated one, and the new marker at the end. */
function nextLink({ query, origin }: Call, path: string, marker: string): string {
  const parameters = new URLSearchParams();
  for (const name of Object.keys(query).sort()) {
    if (name !== 'marker' && isKnownParameter(name)) parameters.set(name, one(query, name) ?? '');
  }
  parameters.set('marker', marker);
  return `${origin}/compute/v2.1${path}?${parameters}`;
}

function isKnownParameter(name: string): boolean {
  return name in FILTERS || OTHER_PARAMETERS.has(name);
}

function checkParameters({ query, version, token }: Call): number {
  const unknown = Object.keys(query).filter((name) => !isKnownParameter(name) && !name.startsWith('_'));
  if (unknown.length > 0 && version >= 75) {
    const names = unknown.sort().map((name) => `'${name}'`);
    throw bad(`${names.join(', ')} ${names.length > 1 ? 'do' : 'does'} not match any of the regexes: '^_'`);
  }
  const invalid = (name: string, why: string) =>
    bad(`Invalid input for query parameters ${name}. Value: ${one(query, name)}. ${why}`);
  for (const value of all(query, 'limit')) {
    if (!/^\d*$/.test(value)) throw invalid('limit', `'${value}' does not match '^[0-9]*$'`);
  }
  for (const name of ['changes-since', 'changes-before']) {
    const value = one(query, name);
    if (value !== undefined && Number.isNaN(Date.parse(value))) throw invalid(name, `'${value}' is not a 'date-time'`);
  }
  const pattern = one(query, 'name');
  if (pattern !== undefined && !isPattern(pattern)) throw invalid('name', `'${pattern}' is not a 'regex'`);
  const key = one(query, 'sort_key');
  if (key !== undefined && !(key in SORT_KEYS)) {
    throw invalid(
      'sort_key',
      `'${key}' is not one of [${Object.keys(SORT_KEYS)
        .map((name) => `'${name}'`)
        .join(', ')}]`,
    );
  }
  if (all(query, 'status').some((value) => !STATUSES.has(value.toUpperCase()))) throw bad('Invalid status value');
  if (isTrue(one(query, 'all_tenants')) && !isAdmin(token)) {
    const policy = 'os_compute_api:servers:detail:get_all_tenants';
    throw new ApiError(403, 'forbidden', `Policy doesn't allow ${policy} to be performed.`);
  }
  return Math.min(one(query, 'limit') ? Number(one(query, 'limit')) : MAX_LIMIT, MAX_LIMIT);
}

/** The servers that the caller may list, including deleted ones with changes-since. Lists with a filter omit servers of a cell that is down. */
function candidates(cloud: Cloud, { query, token, version }: Call): Server[] {
  const isEverywhere = isTrue(one(query, 'all_tenants')) && isAdmin(token);
  const project = isEverywhere ? (one(query, 'project_id') ?? one(query, 'tenant_id')) : token.project?.id;
  const withDeleted = query['changes-since'] === undefined ? [] : cloud.deletedServers.values();
  const showsDownCells = version >= 69 && Object.keys(query).length === 0;
  return [...cloud.servers.values(), ...withDeleted].filter(
    (server) => (project === undefined || server.projectId === project) && (!server.isCellDown || showsDownCells),
  );
}

/** Whether a server matches every filter; `uuid` and `host` are for administrators, and ignored for others. */
function passes(server: Server, { query, token }: Call): boolean {
  if (query.uuid !== undefined && isAdmin(token) && server.id !== one(query, 'uuid')) return false;
  if (query.host !== undefined && isAdmin(token) && server.host !== one(query, 'host')) return false;
  if (server.status === 'DELETED' && query['changes-since'] === undefined) return false;
  return Object.keys(query).every((name) => FILTERS[name]?.(server, all(query, name), one(query, name) ?? '') ?? true);
}

function sorted(servers: Server[], { query }: Call): Server[] {
  const key = SORT_KEYS[one(query, 'sort_key') ?? 'created_at'] ?? SORT_KEYS.created_at;
  const sign = one(query, 'sort_dir') === 'asc' ? 1 : -1;
  const order = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);
  return servers.sort((a, b) => sign * order(key?.(a) ?? 0, key?.(b) ?? 0) || order(a.id, b.id));
}

/** The server of the marker, which may be deleted, in any list (observed on 2025.1 and Zed). */
function markedServer(cloud: Cloud, { token }: Call, id: string): Server {
  const server = cloud.servers.get(id) ?? cloud.deletedServers.get(id);
  if (server && (isAdmin(token) || server.projectId === token.project?.id)) return server;
  throw bad(`marker [${id}] not found`);
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) !== null;
  } catch {
    return false;
  }
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(1|t|true|on|y|yes|)$/i.test(value);
}

function bad(message: string): ApiError {
  return new ApiError(400, 'badRequest', message);
}
