import { z } from 'zod';
import { parseRedisUrl } from './redis/url.ts';

/** One setting: its schema with the default, what README says of it, and how it is shown where the default is none. */
interface Setting<T extends z.ZodType> {
  readonly schema: T;
  readonly about: string;
  readonly shown?: string;
}

const setting = <T extends z.ZodType>(schema: T, about: string, shown?: string): Setting<T> =>
  shown === undefined ? { schema, about } : { schema, about, shown };

const whole = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d+$/, `expected a whole number from ${from} to ${to}`)
    .transform(Number)
    .pipe(z.number().min(from, `expected at least ${from}`).max(to, `expected at most ${to}`));

const count = (from: number, to: number, preset: number) => whole(from, to).default(preset);

const flag = (preset: boolean) =>
  z
    .enum(['true', 'false', '1', '0'], { error: 'expected true or false' })
    .transform((word) => word === 'true' || word === '1')
    .default(preset);

const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean),
  )
  .default([]);

/**
 * Every setting of the gateway itself, by its environment name; README's table is made from this one.
 * Which cloud and with which credentials is OpenStack's own to name: openstack/cloud-config.ts reads those.
 */
export const SETTINGS = {
  HOST: setting(z.string().min(1).default('127.0.0.1'), 'Address to listen on.'),
  PORT: setting(count(0, 65535, 4000), 'Port to listen on; 0 takes a free one.'),
  REDIS_URL: setting(
    z
      .string()
      .refine(
        (url) => parseRedisUrl(url) !== null,
        'expected redis://host, redis-sentinel://host,host/name or redis-cluster://host,host (rediss… with TLS)',
      )
      .optional(),
    'Where attachments and events are kept (docs/redis.md): `redis://host:6379/0`, `redis-sentinel://host:26379,host:26379/name` or `redis-cluster://host:6379,host:6379`, each with `user:password@` where needed, and `rediss` in the place of `redis` for TLS. Without it they are kept in process, and rebuilt from Manila after a restart.',
    'in process',
  ),
  REDIS_PREFIX: setting(z.string().max(64).default('nmg:'), 'What every Redis key begins with.'),
  REDIS_WAIT_REPLICAS: setting(
    count(0, 5, 0),
    'How many replicas must have a change before it counts. 0: a failover may lose the latest events, and attachments are read back from Manila; all there are: it loses nothing, and nothing changes while one is away (docs/redis.md).',
  ),
  LOG_LEVEL: setting(
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    'How much is logged (JSON lines on standard output).',
  ),
  PUBLIC_URL: setting(
    z
      .string()
      .regex(/^https?:\/\/[^\s?#"\\]{1,200}$/, 'expected http(s)://…')
      .optional(),
    'Where clients reach the gateway: what links in answers of the compute API begin with.',
    'the host that was asked for',
  ),
  SANDBOX_PORT: setting(count(0, 65535, 4001), 'Port of the sandbox cloud, which starts when no cloud is named.'),
  GRAPHIQL: setting(flag(true), 'Whether a browser gets GraphiQL at `/graphql`.'),
  INTROSPECTION: setting(flag(true), 'Whether clients may ask for the schema.'),
  ALLOWED_ORIGINS: setting(
    list,
    'Origins, comma-separated, whose pages may open a WebSocket or call over HTTP besides the gateway’s own. Programs send no Origin and are let in.',
    'own origin only',
  ),
  MAX_DEPTH: setting(count(1, 100, 12), 'How deep fields may nest in an operation.'),
  MAX_ALIASES: setting(count(0, 10000, 30), 'How many aliases an operation may use.'),
  MAX_TOKENS: setting(count(50, 100000, 2000), 'How many tokens a document may have.'),
  MAX_DIRECTIVES: setting(count(0, 10000, 50), 'How many directives a document may use.'),
  MAX_COST: setting(
    count(1, 10_000_000, 100_000),
    'How dear an operation may be: one for each field, times `first` for what stands in a connection.',
  ),
  MAX_BODY_BYTES: setting(count(1024, 100_000_000, 1_048_576), 'Largest HTTP body.'),
  MAX_IN_FLIGHT: setting(
    count(1, 100_000, 512),
    'How many requests may run at once, over HTTP and sockets; more are refused at once with `LIMIT_EXCEEDED` and `Retry-After`.',
  ),
  REQUEST_TIMEOUT_MS: setting(
    count(100, 600_000, 30_000),
    'How long one operation may take over all its calls upstream.',
  ),
  WS_INIT_TIMEOUT_MS: setting(count(100, 60_000, 3000), 'How long a socket may wait with `connection_init`.'),
  WS_MAX_PAYLOAD_BYTES: setting(count(1024, 10_000_000, 131_072), 'Largest WebSocket message from a client.'),
  WS_MAX_SUBSCRIPTIONS: setting(count(1, 10_000, 100), 'How many operations may run on one socket.'),
  WS_MAX_SOCKETS_PER_ADDRESS: setting(count(1, 1_000_000, 1000), 'How many sockets one client address may hold.'),
  WS_MAX_BUFFER_BYTES: setting(
    count(16_384, 100_000_000, 1_048_576),
    'How much may wait for a slow listener before its socket is closed with 1013; it resumes from its cursor.',
  ),
  WS_KEEPALIVE_MS: setting(count(1000, 600_000, 12_000), 'How often sockets are pinged.'),
  SHUTDOWN_MS: setting(count(0, 600_000, 10_000), 'How long a stop may wait for requests that run.'),
  SHUTDOWN_SPREAD_MS: setting(
    count(0, 60_000, 2000),
    'Over which span sockets are closed at a stop, so that not all clients come back at once.',
  ),
  UPSTREAM_TIMEOUT_MS: setting(count(100, 600_000, 10_000), 'How long one call to OpenStack may take.'),
  UPSTREAM_CONNECTIONS: setting(count(1, 1000, 64), 'Most connections to one OpenStack service.'),
  TOKEN_CACHE_SECONDS: setting(
    count(0, 300, 300),
    'How long Keystone’s word on a token is kept, at most until it expires.',
  ),
  ATTACH_DEADLINE_MS: setting(
    count(1000, 86_400_000, 600_000),
    'How long an attachment may be `ATTACHING` before it is `ERROR_ATTACHING`; uncertain outcomes do not end it.',
  ),
  LEASE_MS: setting(
    count(1000, 600_000, 30_000),
    'How long one gateway holds an attachment that it works on, at least three times `UPSTREAM_TIMEOUT_MS`; what a crash left is taken up when this is over.',
  ),
  SWEEP_INTERVAL_MS: setting(
    count(0, 86_400_000, 60_000),
    'How often one of the gateways looks for what changed behind their back (servers and shares deleted, rules removed, addresses changed); 0 never. Takes credentials of the gateway’s own with the role admin.',
  ),
  SWEEP_LOCK_MS: setting(
    count(1000, 600_000, 30_000),
    'Time to live of the lock under which one gateway scans for drift; renewed during the scan. After a crash the other gateways wait this long.',
  ),
  EVENT_LOG_LENGTH: setting(
    count(10, 1_000_000, 10_000),
    'About how many events a project’s log keeps for listeners who come back.',
  ),
  NOTIFICATION_URL: setting(
    z
      .string()
      .regex(/^amqps?:\/\//, 'expected amqp://… or amqps://…')
      .optional(),
    'The message bus that hears of attachments as Nova’s versioned notifications (docs/notifications.md). Without it there are none.',
    'none',
  ),
  NOTIFICATION_DURABLE: setting(
    flag(false),
    'Whether the exchange and the queues of notifications are declared durable where they are missing: as `amqp_durable_queues` of those who listen.',
  ),
} as const;

type Settings = { [Name in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[Name]['schema']> };

/** The gateway's settings, frozen. */
export type Config = Readonly<Settings> & { readonly isProduction: boolean };

/** Wrong settings, all of them at once. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`Wrong settings:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

// what stands before the @ of a URL is for nobody's eyes, nor is the Sentinels' password
function withoutPassword(value: string): string {
  return value.replace(/\/\/[^/]*@/, '//***@').replace(/(password=)[^&]*/i, '$1***');
}

/** Reads the gateway's settings from the environment; throws a ConfigError that names every one that is wrong. An empty value counts as not set. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const shape = Object.fromEntries(Object.entries(SETTINGS).map(([name, { schema }]) => [name, schema]));
  const given = Object.fromEntries(Object.entries(env).filter(([name, value]) => name in SETTINGS && value !== ''));
  const parsed = z.object(shape).safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => {
        const name = String(issue.path[0]);
        return `${name}: ${issue.message}, got ${JSON.stringify(withoutPassword(given[name] ?? ''))}`;
      }),
    );
  }
  return Object.freeze({ ...(parsed.data as Settings), isProduction: env['NODE_ENV'] === 'production' });
}
