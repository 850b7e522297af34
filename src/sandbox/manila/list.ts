import { type Cloud, isAdmin, type Share } from '../cloud.ts';
import { ApiError, all, type Call, one } from '../http.ts';
import { parseDict } from './python-literal.ts';

const MAX_LIMIT = 1000;

/** The supported filters; others are ignored, `share_proto` and `id` among them. */
const FILTERS: Record<string, (share: Share, value: string) => boolean> = {
  name: (share, value) => share.name === value,
  description: (share, value) => share.description === value,
  'name~': (share, value) => isLike(share.name ?? '', value),
  'description~': (share, value) => isLike(share.description ?? '', value),
  status: (share, value) => share.status === value,
  share_type_id: (share, value) => share.type.id === value,
  share_network_id: (share, value) => share.shareNetworkId === value,
  snapshot_id: () => false,
  share_group_id: () => false,
  share_server_id: () => false,
  metadata: (share, value) => hasMetadata(share.metadata, value),
  export_location_id: (share, value) => share.exportLocations.some((location) => location.id === value),
  export_location_path: (share, value) => share.exportLocations.some((location) => location.path === value),
};
/** Filters by the microversion that added them. */
const SINCE: Record<string, number> = {
  'name~': 36,
  'description~': 36,
  export_location_id: 35,
  export_location_path: 35,
};

/** SQL's LIKE as Manila uses it, `%value%` in MySQL: case-insensitive, `%` and `_` are wildcards, `\` escapes the next character. */
function isLike(text: string, value: string): boolean {
  const pattern = value.replace(/\\(.)|[%_]|[^\\%_]+|\\/gsu, (part, escaped?: string) => {
    if (part === '%') return '.*';
    if (part === '_') return '.';
    return (escaped ?? part).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(pattern, 'isu').test(text);
}

const SORT_KEYS: Record<string, (share: Share) => string | number> = {
  created_at: (share) => share.createdAt,
  updated_at: (share) => share.updatedAt,
  name: (share) => share.name ?? '',
  display_name: (share) => share.name ?? '',
  size: (share) => share.size,
  status: (share) => share.status,
  id: (share) => share.id,
  share_proto: (share) => share.protocol,
};

/** Whether metadata has every pair of a Python dict literal. An unreadable literal is a 500 in Manila. */
export function hasMetadata(metadata: Readonly<Record<string, string>>, literal: string): boolean {
  const requested = parseDict(literal);
  if (!requested) throw crash();
  return Object.entries(requested).every(([key, value]) => metadata[key] === value);
}

/** The requested page of shares, with links and count where Manila sends them. */
export function listShares(cloud: Cloud, call: Call) {
  const { query, version } = call;
  const limit = number(call, 'limit');
  const offset = limit === undefined ? 0 : (number(call, 'offset') ?? 0);
  const withCount = version >= 42 && boolean(one(query, 'with_count'));
  const matching = sorted(candidates(cloud, call), call).filter((share) =>
    Object.entries(FILTERS).every(
      ([name, keeps]) =>
        version < (SINCE[name] ?? 0) ||
        all(query, name)
          .slice(-1)
          .every((value) => keeps(share, value)),
    ),
  );
  const most = Math.min(limit ?? MAX_LIMIT, MAX_LIMIT);
  const page = matching.slice(offset, offset + most);
  const isFull = page.length === most && most > 0;
  return {
    page,
    ...(withCount && { count: matching.length }),
    ...(isFull && { links: [{ rel: 'next', href: nextLink(call, page.at(-1)?.id ?? '') }] }),
  };
}

/** As wrong as Manila's: `marker` is not a parameter of the list, and `/shares/detail` links to `/shares`. */
function nextLink({ query, origin }: Call, marker: string): string {
  const parameters = Object.keys(query).filter((name) => name !== 'marker');
  const pairs = parameters.map((name) => `${name}=${one(query, name)}`);
  return `${origin}/share/v2/shares?${[...pairs, `marker=${marker}`].join('&')}`;
}

/** The caller's shares; all shares with all_tenants for administrators (ignored for members); public shares of others on request. */
function candidates(cloud: Cloud, { query, token, version }: Call): Share[] {
  const isEverywhere = isTrue(one(query, 'all_tenants')) && isAdmin(token);
  const project = isEverywhere ? one(query, 'project_id') : token.project?.id;
  const withPublic = isTrue(one(query, 'is_public'));
  const wantsSoftDeleted = version >= 69 && isTrue(one(query, 'is_soft_deleted'));
  return [...cloud.shares.values()].filter(
    (share) =>
      (project === undefined || share.projectId === project || (withPublic && share.isPublic)) &&
      share.isSoftDeleted === wantsSoftDeleted,
  );
}

function sorted(shares: Share[], { query }: Call): Share[] {
  const name = one(query, 'sort_key') ?? 'created_at';
  const key = SORT_KEYS[name];
  if (!key) throw bad(`Invalid input received: Wrong sorting key provided - '${name}'.`);
  const sign = one(query, 'sort_dir') === 'asc' ? 1 : -1;
  return shares.sort((a, b) => sign * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

function number({ query }: Call, name: string): number | undefined {
  const text = one(query, name);
  if (text === undefined) return undefined;
  if (!/^-?\d+$/.test(text)) throw bad(`${name} param must be an integer`);
  if (Number(text) < 0) throw bad(`${name} param must be positive`);
  return Number(text);
}

function boolean(text: string | undefined): boolean {
  if (text !== undefined && !isTrue(text) && !/^(0|f|false|off|n|no)$/i.test(text)) {
    throw bad(`Invalid value ${text} for with_count. Expecting a boolean.`);
  }
  return isTrue(text);
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(1|t|true|on|y|yes)$/i.test(text);
}

function bad(message: string): ApiError {
  return new ApiError(400, 'badRequest', message);
}

/** Manila's response to an exception of its own. */
export function crash(): ApiError {
  return new ApiError(
    500,
    'computeFault',
    'The server has either erred or is incapable of performing the requested operation.',
  );
}
