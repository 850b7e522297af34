/** The forms of REDIS_URL: a single Redis, one behind Sentinels, or a Redis Cluster. */

/** Address of a node or a Sentinel. */
export interface RedisNode {
  host: string;
  port: number;
}

/** A parsed URL. `label` is safe to log: it has no password. */
export type RedisAddress =
  | { kind: 'single'; url: string; label: string }
  | ({
      kind: 'sentinel';
      nodes: RedisNode[];
      /** The name by which the Sentinels know the primary. */
      name: string;
      db: number;
      sentinelUsername?: string;
      sentinelPassword?: string;
    } & Shared)
  | ({ kind: 'cluster'; nodes: RedisNode[] } & Shared);

interface Shared {
  username?: string;
  password?: string;
  isTls: boolean;
  label: string;
}

const FORM = /^(redis|rediss)-(sentinel|cluster):\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^/?#]*))?(?:\?([^#]*))?$/;
const SENTINEL_QUERY = new Set(['db', 'sentinelUsername', 'sentinelPassword']);
const PORTS = { sentinel: 26379, cluster: 6379 };

/**
 * Parses `redis[s]://…`, `redis[s]-sentinel://host:port,host:port/name?db=0&sentinelUsername=…&sentinelPassword=…` or
 * `redis[s]-cluster://host:port,host:port`; each may have `user:password@`, percent-encoded.
 * null for anything else. Sentinels require a name, the other forms take none.
 */
export function parseRedisUrl(url: string): RedisAddress | null {
  try {
    return /^rediss?:\/\//.test(url) ? parseSingle(url) : parseForm(FORM.exec(url) ?? []);
  } catch {
    return null;
  }
}

function parseSingle(url: string): RedisAddress | null {
  const { host, hostname, pathname, search, hash } = new URL(url);
  // An @ behind the host is that of a password with a slash, a question mark or a hash that is not percent-encoded.
  const isPlain = /^(\/\d{0,5})?$/.test(pathname) && !search.includes('@') && hash === '';
  return hostname !== '' && isPlain ? { kind: 'single', url, label: host } : null;
}

function parseForm([, scheme, kind, user, hosts, path = '', query = '']: (string | undefined)[]): RedisAddress | null {
  if (!hosts || !(kind === 'sentinel' || kind === 'cluster')) return null;
  const shared = {
    ...(user === undefined ? {} : credentials(user)),
    isTls: scheme === 'rediss',
    label: `${kind} ${hosts}`,
  };
  const nodes = hosts.split(',').map((host) => parseNode(host, PORTS[kind]));
  if (kind === 'cluster') return path === '' && query === '' ? { kind, nodes, ...shared } : null;
  const given = new URLSearchParams(query);
  const db = given.get('db') ?? '0';
  if (path === '' || !/^\d{1,5}$/.test(db) || [...given.keys()].some((key) => !SENTINEL_QUERY.has(key))) return null;
  const [sentinelUsername, sentinelPassword] = [given.get('sentinelUsername'), given.get('sentinelPassword')];
  return {
    kind,
    nodes,
    name: decodeURIComponent(path),
    db: Number(db),
    ...(sentinelUsername === null ? {} : { sentinelUsername }),
    ...(sentinelPassword === null ? {} : { sentinelPassword }),
    ...shared,
  };
}

/** `user:password`, `:password`, or a user alone. */
function credentials(text: string): { username?: string; password?: string } {
  const [name = '', ...rest] = text.split(':');
  const [username, password] = [decodeURIComponent(name), decodeURIComponent(rest.join(':'))];
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
}

function parseNode(text: string, port: number): RedisNode {
  // a scheme without a default port, which URL would leave out
  const { hostname, port: given } = new URL(`redis://${text}`);
  if (hostname === '') throw new TypeError(`expected a host, got ${text}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(given || port) };
}
