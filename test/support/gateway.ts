import { randomUUID } from 'node:crypto';
import { type Logger, pino } from 'pino';
import { type App, createApp } from '../../src/app.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { testRedisUrl } from './redis.ts';
import { until } from './until.ts';

export interface GatewayOptions {
  /** Settings by their environment names. */
  env?: Record<string, string>;
  /** Where attachments are stored: a real Redis under a random prefix by default. */
  store?: 'redis' | 'memory';
  /** An existing cloud; without it a sandbox is started, and closed with the gateway. */
  sandbox?: Sandbox;
  /** Whether the gateway has credentials of its own; true by default. */
  hasAccount?: boolean;
  log?: Logger;
}

/** A response of the gateway over HTTP. */
export interface GatewayResponse {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a response has the shape of its query
  data: any;
  errors?: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[];
}

export interface TestGateway {
  url: string;
  wsUrl: string;
  sandbox: Sandbox;
  config: Config;
  /** A token of the sandbox's demo user. */
  token: string;
  query(document: string, variables?: Record<string, unknown>, token?: string | null): Promise<GatewayResponse>;
  /** The app alone, without its sandbox. */
  app: App;
  close(): Promise<void>;
}

/** The real app on a free port, with a sandbox cloud and a real Redis under a random prefix. */
export async function startGateway(options: GatewayOptions = {}): Promise<TestGateway> {
  const sandbox = options.sandbox ?? (await startSandbox({ accessDelayMs: 20 }));
  const config = readConfig({
    PORT: '0',
    METRICS_PORT: 'off',
    REDIS_PREFIX: `test-${randomUUID()}:`,
    SHUTDOWN_SPREAD_MS: '0',
    SHUTDOWN_MS: '200',
    ...(options.store === 'memory' ? {} : { REDIS_URL: testRedisUrl() }),
    ...options.env,
  });
  const named = (name: string) => ({ name, domain: { name: 'Default' } });
  const app = await createApp(
    config,
    {
      settings: { authUrl: sandbox.authUrl, region: null, interface: 'public', endpointOverrides: {} },
      credentials:
        options.hasAccount === false
          ? null
          : { method: 'password', user: named('gateway'), password: 'secret', project: named('service') },
      sandbox: null,
    },
    options.log ?? pino({ level: 'silent' }),
  );
  const url = `${await app.listen()}/graphql`;
  const demo = sandbox.issueToken('demo');
  return {
    url,
    wsUrl: url.replace(/^http/, 'ws'),
    sandbox,
    config,
    token: demo,
    app,
    query: (document, variables, token = demo) => post(url, document, variables, token),
    async close() {
      await app.close();
      if (!options.sandbox) await sandbox.close();
    },
  };
}

async function post(url: string, query: string, variables: unknown, token: string | null): Promise<GatewayResponse> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { 'x-auth-token': token }) },
    body: JSON.stringify({ query, variables }),
  });
  const body = (await response.json()) as Pick<GatewayResponse, 'data' | 'errors'>;
  return { ...body, status: response.status, headers: response.headers };
}

/** Waits until no attachment of demo's project is in progress: from then on the gateway makes no calls by itself. */
export async function untilAtRest(gateway: Pick<TestGateway, 'query'>): Promise<void> {
  await until(async () => {
    const { data } = await gateway.query('{ shareAttachments(first: 200) { nodes { status } } }');
    return data.shareAttachments.nodes.every(({ status }: { status: string }) => !/ING$/.test(status));
  });
}
