/** The composition root: creates the store, the queue, the schema and the transports, and connects them. */
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { createSweeper } from './attachments/drift/leader.ts';
import { createQueue } from './attachments/reconcile/queue.ts';
import { createSessionRegistry } from './attachments/reconcile/sessions.ts';
import { createAttachments } from './attachments/service.ts';
import type { AttachmentStore } from './attachments/store/contract.ts';
import { createMemoryStore } from './attachments/store/memory.ts';
import { createRedisStore } from './attachments/store/redis.ts';
import { type Config, ConfigError } from './config.ts';
import { createContext } from './graphql/context.ts';
import { createExecutor } from './graphql/execution/execute.ts';
import { createSchema } from './graphql/schema.ts';
import { loadTrustedDocuments, type TrustedDocuments } from './graphql/trusted-documents.ts';
import { collectGauges, countNotification, countScan } from './metrics/gateway.ts';
import { createMetrics } from './metrics/metrics.ts';
import { type MetricsServer, serveMetrics } from './metrics/server.ts';
import { measureStore } from './metrics/store.ts';
import { countUpstreamCall } from './metrics/upstream.ts';
import { createNotifier } from './notifications/notifier.ts';
import { type CloudSettings, closeCloud, createCloud, describeCloud } from './openstack/cloud.ts';
import { pingKeystone } from './openstack/keystone/client.ts';
import { checkCredentials, createServiceAccount } from './openstack/keystone/service-account.ts';
import type { Credentials } from './openstack/keystone/types.ts';
import { createServiceStates } from './openstack/service-state.ts';
import { newRequestId, type Session } from './openstack/session.ts';
import { connectRedis } from './redis/connect.ts';
import { createStart } from './start.ts';
import { createAuthenticate } from './transport/authenticate.ts';
import { registerComputeApi } from './transport/compute-api/index.ts';
import { registerConsole } from './transport/console/page.ts';
import { registerSignIn } from './transport/console/sign-in.ts';
import { registerDocumentIds } from './transport/document-ids.ts';
import { type GraphiqlOptions, registerGraphiql } from './transport/graphiql/page.ts';
import { registerGraphQLHttp } from './transport/graphql-http/apollo.ts';
import { registerGraphQLSse } from './transport/graphql-sse/index.ts';
import { registerGraphQLWs } from './transport/graphql-ws/server.ts';
import { namingSetting } from './transport/listen-errors.ts';
import { createServer } from './transport/server.ts';
import { registerVendordata } from './transport/vendordata/index.ts';

/** The number of upstream calls that a lease leaves time for. */
const CALLS_PER_LEASE = 3;

/** How long one attempt to start waits for Redis, in ms. */
const START_ATTEMPT_MS = 5000;

/** The cloud that the gateway serves, and the gateway's own credentials. */
export interface CloudChoice {
  settings: Omit<CloudSettings, 'timeoutMs' | 'connections'>;
  credentials: Credentials | null;
  /** The values that GraphiQL fills in; null on a real cloud. */
  sandbox: GraphiqlOptions['sandbox'];
}

export interface App {
  /**
   * Listens, and starts the work: resolves with the address. While Redis is away requests get 503, and the start is tried
   * again in the background. Throws a ConfigError for a port that is in use and for the store of another cloud, and a
   * GatewayError for credentials that Keystone rejects.
   */
  listen(): Promise<string>;
  /** Where the metrics are, after `listen`; null if they are not served. */
  metricsUrl(): string | null;
  /** Reads the trusted documents again. Throws an Error that names the file that is wrong, and keeps the former ones. */
  reload(): void;
  /** Before `close`: makes `/readyz` fail, and serves requests for DRAIN_MS more. */
  drain(): Promise<void>;
  /** In this order: closes the transports, stops the background work and releases its leases, closes connections. */
  close(): Promise<void>;
}

/** Creates the gateway; it does not listen yet. */
export async function createApp(config: Config, choice: CloudChoice, log: Logger): Promise<App> {
  const metrics = config.METRICS_PORT === null ? undefined : createMetrics();
  const services = createServiceStates(log, config.UPSTREAM_TIMEOUT_MS);
  const cloud = createCloud(
    {
      ...choice.settings,
      timeoutMs: config.UPSTREAM_TIMEOUT_MS,
      connections: config.UPSTREAM_CONNECTIONS,
      connectionsPerProject: config.UPSTREAM_CONNECTIONS_PER_PROJECT,
    },
    {
      onCall(call) {
        services.observe(call);
        if (metrics) countUpstreamCall(metrics, call);
      },
    },
  );
  const redis = config.REDIS_URL ? connectRedis(config.REDIS_URL, log) : null;
  const rawStore: AttachmentStore = redis
    ? await createRedisStore({
        redis,
        prefix: config.REDIS_PREFIX,
        cloud: describeCloud(cloud.settings),
        logLength: config.EVENT_LOG_LENGTH,
        replicas: config.REDIS_WAIT_REPLICAS,
        signingKey: config.RULE_SIGNING_KEY,
        log,
      })
    : createMemoryStore({ logLength: config.EVENT_LOG_LENGTH, signingKey: config.RULE_SIGNING_KEY });
  const store = metrics ? measureStore(rawStore, metrics) : rawStore;
  const account = choice.credentials && createServiceAccount(cloud, choice.credentials, log);
  const sessions = createSessionRegistry(account);
  const work = {
    store,
    sessions,
    log,
    leaseMs: Math.max(config.LEASE_MS, CALLS_PER_LEASE * config.UPSTREAM_TIMEOUT_MS),
    deadlineMs: config.ATTACH_DEADLINE_MS,
  };
  const queue = createQueue({
    ...work,
    onReconcile: metrics && ((outcome) => metrics.count('nmg_reconciles_total', { outcome })),
    reconcileShare: (...which) => attachments.shares.reconcile(...which),
  });
  const attachments = createAttachments({
    ...work,
    queue,
    account,
    requestMs: config.REQUEST_TIMEOUT_MS,
    guestSecrets: config.GUEST_SECRETS,
  });
  const sweeper = createSweeper({
    ...work,
    account,
    intervalMs: config.SWEEP_INTERVAL_MS,
    lockMs: config.SWEEP_LOCK_MS,
    enqueueAfter: queue.enqueueAfter,
    onScan: metrics && ((report, seconds) => countScan(metrics, report, seconds)),
  });
  const notifier = config.NOTIFICATION_URL
    ? createNotifier({
        store,
        url: config.NOTIFICATION_URL,
        isDurable: config.NOTIFICATION_DURABLE,
        log,
        onPublished: metrics && ((event) => countNotification(metrics, event)),
      })
    : null;
  const trusted = readTrusted(config);
  const authenticate = createAuthenticate({ cloud, config, metrics });
  if (metrics) collectGauges(metrics, { services, store, redis, notifier });
  const schema = config.FEDERATION
    ? (await import('./graphql/federation.ts')).createSubgraphSchema({ showsSdl: config.INTROSPECTION })
    : createSchema();
  const graphql = {
    config,
    log,
    metrics,
    executor: createExecutor({ schema, config, trusted }),
    trusted,
    authenticate,
    makeContext: (session: Session) => createContext(session, attachments),
  };
  const start = createStart({
    log,
    async attempt() {
      await redis?.ready(START_ATTEMPT_MS);
      const other = await store.bind();
      if (other !== null) throw anotherCloud(config, describeCloud(cloud.settings), other);
      if (account) await checkCredentials(account, log);
      queue.start();
      sweeper.start();
      notifier?.start();
    },
  });
  const server = await createServer({
    config,
    log,
    metrics,
    notStarted: start.missing,
    checks: {
      store: () => store.ping(),
      keystone: (signal) => pingKeystone(cloud, newRequestId(), log, signal),
    },
    transports: [
      (app) => registerGraphiql(app, { config, sandbox: choice.sandbox }),
      (app) => registerConsole(app, { config, sandbox: choice.sandbox }),
      (app, { addresses }) => registerSignIn(app, { config, cloud, addresses }),
      (app, { addresses }) => registerComputeApi(app, { config, cloud, authenticate, addresses, attachments, account }),
      ...(config.VENDORDATA
        ? [
            (app: FastifyInstance) =>
              registerVendordata(app, { config, metrics, authenticate, guestDocument: attachments.guestDocument }),
          ]
        : []),
      ...(trusted ? [(app: FastifyInstance) => registerDocumentIds(app, trusted)] : []),
      (app, shared) => registerGraphQLSse(app, graphql, shared),
      (app) => registerGraphQLHttp(app, graphql),
      (app, shared) => registerGraphQLWs(app, graphql, shared),
    ],
  });
  let metricsServer: MetricsServer | null = null;
  return {
    metricsUrl: () => metricsServer?.url ?? null,
    async listen() {
      if (metrics) {
        const { METRICS_HOST: host, METRICS_PORT: port } = config;
        const listening = serveMetrics(metrics, { host, port: port ?? undefined, log });
        metricsServer = await namingSetting(listening, 'METRICS', { host, port });
      }
      const address = await namingSetting(server.listen(), '', { host: config.HOST, port: config.PORT });
      await start.begin();
      return address;
    },
    reload() {
      trusted?.reload();
    },
    drain: () => server.drain(),
    async close() {
      start.stop();
      await server.close();
      await sweeper.stop();
      await notifier?.stop();
      await queue.stop();
      await store.close();
      await redis?.close();
      await closeCloud(cloud);
      await metricsServer?.close();
    },
  };
}

/** The trusted documents of the settings. Throws a ConfigError. */
function readTrusted({ TRUSTED_DOCUMENTS: path, TRUSTED_ONLY }: Config): TrustedDocuments | null {
  if (path === undefined && TRUSTED_ONLY) throw new ConfigError(['TRUSTED_ONLY: expected with TRUSTED_DOCUMENTS']);
  if (path === undefined) return null;
  try {
    return loadTrustedDocuments(path);
  } catch (error) {
    throw new ConfigError([`TRUSTED_DOCUMENTS: ${(error as Error).message}`]);
  }
}

function anotherCloud({ REDIS_PREFIX }: Config, cloud: string, other: string): ConfigError {
  return new ConfigError([
    `REDIS_URL, REDIS_PREFIX: the store with the prefix ${JSON.stringify(REDIS_PREFIX)} belongs to the cloud ${other}, expected ${cloud}. Use another prefix for another cloud; docs/redis.md says how to move a store`,
  ]);
}
