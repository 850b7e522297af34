import proxyAddr from '@fastify/proxy-addr';
import { z } from 'zod';
import { isBrokerUrl } from './notifications/broker-url.ts';
import { parseRedisUrl } from './redis/url.ts';
import { parseUrl } from './url.ts';

/** A setting: its schema with the default, its description for docs/configuration.md, and what the table shows if there is no default. */
interface Setting<T extends z.ZodType> {
  readonly schema: T;
  readonly description: string;
  readonly shown?: string;
}

const setting = <T extends z.ZodType>(schema: T, description: string, shown?: string): Setting<T> =>
  shown === undefined ? { schema, description } : { schema, description, shown };

const whole = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d+$/, `expected a whole number from ${from} to ${to}`)
    .transform(Number)
    .pipe(z.number().min(from, `expected at least ${from}`).max(to, `expected at most ${to}`));

const count = (from: number, to: number, initial: number) => whole(from, to).default(initial);

/** A port, or null for `off`. */
const portOrOff = z.union([z.literal('off').transform(() => null), whole(0, 65535)], {
  error: 'expected a port from 0 to 65535, or off',
});

const flag = (initial: boolean) =>
  z
    .enum(['true', 'false', '1', '0'], { error: 'expected true or false' })
    .transform((text) => text === 'true' || text === '1')
    .default(initial);

const items = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
);

/** A base URL whose path begins with one of the gateway's own. */
const OWN_PATHS = /^https?:\/\/[^/]+\/(graphql|v2\.1|vendordata|healthz|readyz)(\/|$)/;

/** `*`, or origins as browsers send them; a slash at the end, capital letters and default ports are accepted. */
const origins = items
  .superRefine((all, { addIssue }) => {
    const wrong = all.filter((item) => normaliseOrigin(item) === null);
    if (wrong.length === 0) return;
    addIssue({
      code: 'custom',
      message: `expected origins as https://host:port, or *; not an origin: ${wrong.join(', ')}`,
    });
  })
  .transform((all) => all.map((item) => normaliseOrigin(item) ?? item))
  .default([]);

const proxies = items
  .transform((all) => all.filter((item) => item !== 'none'))
  .refine(areProxies, 'expected addresses, networks as 10.0.0.0/8, loopback or none')
  .default(['loopback']);

/** An origin as browsers send it: lower case, host in ASCII, without the default port. Null for other text. */
function normaliseOrigin(text: string): string | null {
  if (text === '*') return text;
  // a wildcard within a host would be taken literally
  return /^https?:\/\/[^/?#@\\*]+\/?$/i.test(text) ? (parseUrl(text)?.origin ?? null) : null;
}

function areProxies(texts: string[]): boolean {
  try {
    proxyAddr.compile([...texts]);
    return true;
  } catch {
    return false;
  }
}

/**
 * The gateway's settings by environment variable; docs/configuration.md is generated from this table.
 * The cloud and the credentials have OpenStack's own names: openstack/config/cloud-config.ts reads them.
 */
export const SETTINGS = {
  HOST: setting(z.string().min(1).default('127.0.0.1'), 'Address to listen on.'),
  PORT: setting(count(0, 65535, 4000), 'Port to listen on; 0 selects a free one.'),
  REDIS_URL: setting(
    z
      .string()
      .refine(
        (url) => parseRedisUrl(url) !== null,
        'expected redis://host, redis-sentinel://host,host/name or redis-cluster://host,host (rediss… with TLS), names and passwords percent-encoded',
      )
      .optional(),
    'Redis that stores attachments and events ([Redis](redis.md)): `redis://host:6379/0`, `redis-sentinel://host:26379,host:26379/name` or `redis-cluster://host:6379,host:6379`, with `user:password@` where needed, and `rediss` instead of `redis` for TLS. Without it they are stored in memory, by one process, and recovered from Manila after a restart.',
    'in memory',
  ),
  REDIS_PREFIX: setting(z.string().max(64).default('nmg:'), 'Prefix of every Redis key.'),
  RULE_SIGNING_KEY: setting(
    z.string().min(32, 'expected at least 32 characters').max(256).optional(),
    'Secret that signs the metadata of access rules, the same in all gateways on one Redis. Set it to keep signatures valid when Redis loses its state; after a change, rules signed before are trusted only where server and share are of one project.',
    'made at first use, kept in Redis',
  ),
  REDIS_WAIT_REPLICAS: setting(
    count(0, 5, 0),
    'Number of replicas that must confirm a change. With 0 a failover may lose the latest events, and attachments are recovered from Manila. With all replicas it loses nothing, but changes are rejected while one replica is unavailable ([Redis](redis.md)).',
  ),
  LOG_LEVEL: setting(
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    'Lowest level that is logged, on standard output.',
  ),
  LOG_FORMAT: setting(
    z.enum(['auto', 'pretty', 'json']).default('auto'),
    'Format of the log: `json` for programs, `pretty` for people; `auto` is `pretty` in a terminal and `json` elsewhere.',
  ),
  METRICS_PORT: setting(
    portOrOff.optional(),
    'Port of the metrics for Prometheus, at `/metrics` ([Metrics](operations.md#metrics)); 0 selects a free one, `off` counts nothing. If the default port is in use, the gateway starts without it and logs a warning.',
    '`9464`',
  ),
  METRICS_HOST: setting(
    z.string().min(1).default('127.0.0.1'),
    'Address to listen on for the metrics. They name no project and no user, and nothing protects them.',
  ),
  PUBLIC_URL: setting(
    z
      .string()
      .regex(/^https?:\/\/[^\s?#@"\\]{1,200}$/, {
        error: 'expected http(s)://host, with a path if a proxy serves it below one',
        abort: true,
      })
      .refine((url) => parseUrl(url) !== null, { error: 'expected a valid host and port', abort: true })
      .refine((url) => !OWN_PATHS.test(url), 'expected the base URL, without the path of an API')
      .optional(),
    'Public base URL of the gateway, with a path if a proxy serves it below one: for links in responses of the compute API, and its origin is the gateway’s own ([Deployment](deployment.md)).',
    'the host of the request',
  ),
  HTTP_SPEC: setting(
    z.enum(['2026', 'draft']).default('2026'),
    'Which GraphQL over HTTP decides the status of responses ([Errors](errors.md#http-status)): `2026` is the specification of September 2026, `draft` what clients of its drafts expect.',
  ),
  TRUSTED_DOCUMENTS: setting(
    z.string().min(1).optional(),
    'File or folder of operations that clients may send by their id as `documentId` ([Security](security.md#trusted-documents)): a manifest of Apollo’s tools, JSON of documents by their ids, or `.graphql` files. Read again on `SIGHUP`.',
    'none',
  ),
  TRUSTED_ONLY: setting(
    flag(false),
    'Accept only the operations of `TRUSTED_DOCUMENTS`, over every transport; all others, introspection included, are rejected.',
  ),
  SANDBOX_PORT: setting(count(0, 65535, 4001), 'Port of the sandbox cloud, which starts when no cloud is configured.'),
  SANDBOX_REDIS: setting(
    flag(false),
    'Whether the sandbox cloud may use `REDIS_URL`. Otherwise a gateway with `REDIS_URL` and no cloud does not start: a missing `OS_CLOUD` must not bring the attachments of a real cloud in front of the sandbox.',
  ),
  GRAPHIQL: setting(flag(true), 'Serve GraphiQL to browsers at `/graphql`.'),
  CONSOLE: setting(flag(true), 'Serve the [console](console.md) to browsers at `/`.'),
  CONSOLE_LOGIN: setting(
    flag(false),
    'Let users sign in to the console and GraphiQL with name and password, which the gateway passes to Keystone; otherwise with a token only. Serve both over HTTPS.',
  ),
  INTROSPECTION: setting(flag(true), 'Allow introspection queries.'),
  FEDERATION: setting(
    flag(false),
    'Serve the schema as a subgraph of Apollo Federation 2 ([Federation](federation.md)).',
  ),
  ALLOWED_ORIGINS: setting(
    origins,
    'Comma-separated origins, in addition to the gateway’s own and that of `PUBLIC_URL`, whose pages may send requests and open WebSockets. Clients that are not browsers send no Origin and are not restricted. `*` allows every origin.',
    'own origin only',
  ),
  MAX_DEPTH: setting(count(1, 100, 12), 'Maximum nesting depth of an operation.'),
  MAX_ALIASES: setting(count(0, 10000, 30), 'Maximum number of aliases in an operation.'),
  MAX_TOKENS: setting(count(50, 100000, 2000), 'Maximum number of tokens in a document.'),
  MAX_DIRECTIVES: setting(count(0, 10000, 50), 'Maximum number of directives in a document.'),
  MAX_COST: setting(
    count(1, 10_000_000, 2_000_000),
    'Maximum query cost: 1 per field, multiplied by `first` of each list around it.',
  ),
  MAX_RESULT_OBJECTS: setting(
    count(100, 100_000_000, 50_000),
    'Maximum number of objects in the result of an operation, counted while it is executed.',
  ),
  MAX_RESULT_BYTES: setting(
    count(10_000, 1_000_000_000, 16_777_216),
    'Approximate maximum size of the result of an operation in bytes, counted while it is executed.',
  ),
  MAX_BODY_BYTES: setting(count(1024, 100_000_000, 1_048_576), 'Maximum size of an HTTP request body, in bytes.'),
  MAX_IN_FLIGHT: setting(
    count(1, 100_000, 512),
    'Maximum number of requests that run at the same time, over HTTP and WebSocket. Requests over the limit get `LIMIT_EXCEEDED` with `Retry-After`.',
  ),
  MAX_IN_FLIGHT_PER_PROJECT: setting(
    count(1, 100_000, 128),
    'Maximum number of requests of one project that run or wait at the same time.',
  ),
  MAX_RUNNING_PER_PROJECT: setting(
    count(1, 100_000, 16),
    'Maximum number of GraphQL operations of one project that run at the same time; the others wait in order. It keeps the latency of other projects low while one project sends all it can.',
  ),
  MAX_IN_FLIGHT_PER_TOKEN: setting(
    count(1, 100_000, 64),
    'Maximum number of requests with one token that run or wait at the same time.',
  ),
  MAX_CONNECTIONS_PER_ADDRESS: setting(
    count(1, 1_000_000, 1000),
    'Maximum number of connections from one address, or IPv6 /64 network. It does not apply to `TRUSTED_PROXIES`.',
  ),
  MAX_UNFINISHED_REQUESTS: setting(
    count(1, 100_000, 256),
    'Maximum number of HTTP requests whose body has not arrived completely. Each may hold `MAX_BODY_BYTES` of memory.',
  ),
  MAX_UNFINISHED_REQUESTS_PER_ADDRESS: setting(
    count(1, 100_000, 32),
    'Maximum number of HTTP requests of one client address whose body has not arrived completely.',
  ),
  RECEIVE_TIMEOUT_MS: setting(
    count(1000, 600_000, 30_000),
    'Time in which a client must send the headers of a request, and the whole request. Checked every second.',
  ),
  SEND_TIMEOUT_MS: setting(
    count(100, 600_000, 30_000),
    'Time after which the connection of a client that does not read its response is closed.',
  ),
  TRUSTED_PROXIES: setting(
    proxies,
    'Comma-separated addresses and networks (CIDR) of reverse proxies whose `X-Forwarded-For` names the client, for limits per address and the log, and whose `X-Forwarded-Proto` names the scheme, for links and origins; `none` for no proxy.',
    'loopback',
  ),
  REQUEST_TIMEOUT_MS: setting(
    count(100, 600_000, 30_000),
    'Deadline of one operation, over all its calls to OpenStack.',
  ),
  WS_INIT_TIMEOUT_MS: setting(count(100, 60_000, 3000), 'Time in which a new WebSocket must send `connection_init`.'),
  WS_MAX_PAYLOAD_BYTES: setting(count(1024, 10_000_000, 131_072), 'Maximum size of a WebSocket message from a client.'),
  WS_MAX_SUBSCRIPTIONS: setting(count(1, 10_000, 100), 'Maximum number of operations on one WebSocket.'),
  WS_MAX_SUBSCRIPTIONS_PER_TOKEN: setting(
    count(1, 10_000_000, 2000),
    'Maximum number of subscriptions with one token, over all its WebSockets.',
  ),
  WS_MAX_SUBSCRIPTIONS_PER_PROJECT: setting(
    count(1, 10_000_000, 20_000),
    'Maximum number of subscriptions of one project.',
  ),
  WS_MAX_SUBSCRIPTIONS_TOTAL: setting(count(1, 10_000_000, 100_000), 'Maximum number of subscriptions in total.'),
  WS_MAX_MEMORY_BYTES: setting(
    count(65_536, 10_000_000_000, 8_388_608),
    'Maximum memory, estimated, that the documents and variables of the operations on one WebSocket hold.',
  ),
  WS_MAX_MEMORY_BYTES_PER_TOKEN: setting(
    count(65_536, 10_000_000_000, 33_554_432),
    'The same for all WebSockets with one token.',
  ),
  WS_MAX_MEMORY_BYTES_TOTAL: setting(
    count(65_536, 100_000_000_000, 134_217_728),
    'The same for all WebSockets. Documents that several operations share count once.',
  ),
  WS_MAX_SOCKETS_PER_TOKEN: setting(count(1, 1_000_000, 1000), 'Maximum number of WebSockets with one token.'),
  WS_MAX_SOCKETS_PER_PROJECT: setting(count(1, 1_000_000, 5000), 'Maximum number of WebSockets of one project.'),
  WS_MAX_SOCKETS_TOTAL: setting(count(1, 1_000_000, 20_000), 'Maximum number of WebSockets in total.'),
  WS_MAX_SOCKETS_PER_ADDRESS: setting(
    count(1, 1_000_000, 1000),
    'Maximum number of WebSockets from one client address.',
  ),
  WS_MAX_BUFFER_BYTES: setting(
    count(16_384, 100_000_000, 1_048_576),
    'Maximum number of bytes buffered for a slow client. Beyond it the WebSocket is closed with 1013, and the client resumes from its cursor.',
  ),
  WS_KEEPALIVE_MS: setting(count(1000, 600_000, 12_000), 'Interval of WebSocket pings.'),
  DRAIN_MS: setting(
    count(0, 600_000, 5000),
    'Time that `SIGTERM` leaves for load balancers: `/readyz` is 503, and requests are served. `SIGINT` skips it.',
  ),
  SHUTDOWN_MS: setting(count(0, 600_000, 10_000), 'Time that a stop waits for running requests.'),
  SHUTDOWN_SPREAD_MS: setting(
    count(0, 60_000, 2000),
    'Time over which a stop spreads the closing of WebSockets, so that clients do not all reconnect at once.',
  ),
  UPSTREAM_TIMEOUT_MS: setting(count(100, 600_000, 10_000), 'Timeout of one call to OpenStack.'),
  UPSTREAM_CONNECTIONS: setting(count(1, 1000, 64), 'Maximum number of connections to one OpenStack service.'),
  UPSTREAM_CONNECTIONS_PER_PROJECT: setting(
    count(1, 1000, 16),
    'Maximum number of them that the requests of one project use at the same time. Further calls wait.',
  ),
  PROXY_CONNECTIONS: setting(
    count(1, 1000, 64),
    'Maximum number of connections to Nova for requests that the compute API forwards. They are separate from `UPSTREAM_CONNECTIONS`.',
  ),
  PROXY_CONNECTIONS_PER_PROJECT: setting(
    count(1, 1000, 16),
    'Maximum number of them that the requests of one project use at the same time. Further requests wait.',
  ),
  TOKEN_CACHE_SECONDS: setting(
    count(0, 300, 300),
    'TTL of the token validation cache, never beyond the token’s expiry. A revoked token is accepted for at most this long.',
  ),
  ATTACH_DEADLINE_MS: setting(
    count(1000, 86_400_000, 600_000),
    'Time after which an attachment that is still `ATTACHING` becomes `ERROR_ATTACHING`. Uncertain outcomes do not end it.',
  ),
  LEASE_MS: setting(
    count(1000, 600_000, 30_000),
    'Duration of the lease under which a gateway reconciles an attachment, at least three times `UPSTREAM_TIMEOUT_MS`. After a crash another gateway continues when the lease has expired.',
  ),
  SWEEP_INTERVAL_MS: setting(
    count(0, 86_400_000, 60_000),
    'Interval of drift detection: deleted servers and shares, removed access rules, changed addresses; 0 disables it. Needs credentials of the gateway’s own with the role `admin`.',
  ),
  SWEEP_LOCK_MS: setting(
    count(1000, 600_000, 30_000),
    'Time to live of the lock under which one gateway scans for drift; renewed during the scan. After a crash the other gateways wait this long.',
  ),
  EVENT_LOG_LENGTH: setting(
    count(10, 1_000_000, 10_000),
    'Approximate number of events in the log of a project, for subscribers that resume.',
  ),
  VENDORDATA: setting(
    flag(false),
    'Serve `/vendordata` to Nova’s metadata service, from which guests learn which shares to mount ([Guest](guest.md)).',
  ),
  VENDORDATA_ROLES: setting(
    items.default(['service']),
    'Comma-separated roles, of which the user that calls `/vendordata` needs one: the answer describes any server.',
    '`service`',
  ),
  VENDORDATA_USERS: setting(
    items.default([]),
    'Comma-separated names or ids of the users that may call `/vendordata`, in addition to the role.',
    'any user with the role',
  ),
  GUEST_SECRETS: setting(
    z.enum(['none', 'inline']).default('none'),
    'Where guests find CephX keys. `inline` writes them into the guest’s list, where every process of the guest can read them; `none` names a file in the guest, which the user creates. Needs credentials of the gateway’s own.',
  ),
  NOTIFICATION_URL: setting(
    z
      .string()
      .refine(
        isBrokerUrl,
        'expected amqp://user:password@host:port/vhost or amqps://…, names and passwords percent-encoded',
      )
      .optional(),
    'AMQP URL of the message bus to which attachment events are published as Nova’s versioned notifications ([Notifications](notifications.md)).',
    'none',
  ),
  NOTIFICATION_DURABLE: setting(
    flag(false),
    'Declare a missing exchange and missing queues durable; must match `amqp_durable_queues` of the consumers.',
  ),
} as const;

type Settings = { [Name in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[Name]['schema']> };

/** The gateway's settings, frozen. */
export type Config = Readonly<Settings> & { readonly isProduction: boolean };

/** Lists every invalid setting. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`Invalid settings:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** Settings whose values may hold a password. In a wrong value the end of the password is unknown. */
const SECRET_SETTINGS: ReadonlySet<string> = new Set(['REDIS_URL', 'NOTIFICATION_URL']);

function describeValue(name: string, value: string): string {
  if (!SECRET_SETTINGS.has(name)) return JSON.stringify(value);
  const scheme = /^[a-z-]{1,20}:\/\//.exec(value)?.[0];
  return scheme === undefined ? 'a value without a scheme' : `${scheme}… (not shown, it may have a password)`;
}

/**
 * Reads the gateway's settings from the environment. An empty value counts as not set. Throws a ConfigError that names
 * every invalid setting.
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const shape = Object.fromEntries(Object.entries(SETTINGS).map(([name, { schema }]) => [name, schema]));
  const given = Object.fromEntries(Object.entries(env).filter(([name, value]) => name in SETTINGS && value !== ''));
  const parsed = z.object(shape).safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => {
        const name = String(issue.path[0]);
        return `${name}: ${issue.message}, got ${describeValue(name, given[name] ?? '')}`;
      }),
    );
  }
  return Object.freeze({ ...(parsed.data as Settings), isProduction: env['NODE_ENV'] === 'production' });
}
