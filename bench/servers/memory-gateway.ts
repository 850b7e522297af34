/**
 * The gateway's transports, authentication, limits, log and execution in front of a cloud in memory, so that its own cost
 * shows. `memory-gateway.js list` reads attachments from a map, as the peers do; `store` reads them through the attachment
 * service and the in-process store.
 */

import { createQueue } from '../../src/attachments/reconcile/queue.ts';
import { createSessionRegistry } from '../../src/attachments/reconcile/sessions.ts';
import type { Attachments } from '../../src/attachments/service.ts';
import { createAttachments } from '../../src/attachments/service.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { readConfig } from '../../src/config.ts';
import { createContext } from '../../src/graphql/context.ts';
import { createExecutor } from '../../src/graphql/execution/execute.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { createLog } from '../../src/logging.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { createCloud } from '../../src/openstack/cloud.ts';
import type { Session } from '../../src/openstack/session.ts';
import { createAuthenticate } from '../../src/transport/authenticate.ts';
import type { GraphQLTransportOptions } from '../../src/transport/graphql.ts';
import { registerGraphQLHttp } from '../../src/transport/graphql-http/apollo.ts';
import { registerGraphQLWs } from '../../src/transport/graphql-ws/server.ts';
import { createServer } from '../../src/transport/server.ts';
import { projectId } from '../data.ts';
import { memoryCloud } from './sources.ts';

const config = readConfig(process.env);
const log = createLog(config.LOG_LEVEL);
const data = memoryCloud();
const cloud = createCloud({
  authUrl: 'http://127.0.0.1:9',
  region: null,
  interface: 'public',
  endpointOverrides: {},
  timeoutMs: config.UPSTREAM_TIMEOUT_MS,
  connections: config.UPSTREAM_CONNECTIONS,
});
const clients = {
  getServer: async (_session: Session, id: string) => data.servers.find((server) => server.id === id) ?? null,
  listServers: async (_session: Session, { limit }: { limit: number }) => ({
    servers: data.servers.slice(0, limit),
    hasNext: limit < data.servers.length,
  }),
  getShare: async (_session: Session, id: string) => data.shares.get(id) ?? null,
  listShares: async () => ({ shares: [...data.shares.values()], count: data.shares.size }),
  listExportLocations: async () => [],
  listAccessRules: async () => [],
  listInstanceActions: async () => [],
};

async function storeAttachments(): Promise<Attachments> {
  const store = createMemoryStore({ logLength: config.EVENT_LOG_LENGTH });
  for (const attachment of data.attachments) await store.create(attachment, null, null);
  await store.markRecovered(projectId(0));
  const work = { store, sessions: createSessionRegistry(null), log, leaseMs: 30_000, deadlineMs: 600_000 };
  return createAttachments({ ...work, queue: createQueue(work) });
}

const mapped = {
  listForServers: async (_session: Session, ids: readonly string[]) => ids.map((id) => data.byServer.get(id) ?? []),
} as Attachments;

const attachments = process.argv[2] === 'store' ? await storeAttachments() : mapped;
const identity = {
  userId: 'u1',
  userName: 'demo',
  userDomainName: 'Default',
  projectId: projectId(0),
  projectName: 'demo',
  projectDomainName: 'Default',
  roles: ['member'],
  expiresAt: Date.now() + 3_600_000,
};
const metrics = process.argv[2] === 'metrics' ? createMetrics() : undefined;
const graphql: GraphQLTransportOptions = {
  config,
  log,
  metrics,
  executor: createExecutor({ schema: createSchema(), config }),
  authenticate: createAuthenticate({ cloud, config, metrics, validate: async () => ({ identity, catalog: [] }) }),
  // nothing is shared, so that each response shows its own cost; the clients note each read, as the real ones do
  makeContext: (session) => {
    session.cloud.readers.note(session);
    return Object.assign(createContext(session, attachments, clients), { sharedExecution: undefined });
  },
};
const server = await createServer({
  config,
  log,
  metrics,
  checks: {},
  transports: [(app) => registerGraphQLHttp(app, graphql), (app, shared) => registerGraphQLWs(app, graphql, shared)],
});
await server.listen();
