import { pino } from 'pino';
import type { Attachment, EventType } from '../../src/attachments/attachment.ts';
import { openEventStream } from '../../src/attachments/events.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { readConfig } from '../../src/config.ts';
import { GatewayError } from '../../src/errors.ts';
import { createExecutor } from '../../src/graphql/execution/execute.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import type { NovaServer } from '../../src/openstack/nova/types.ts';
import type { Session } from '../../src/openstack/session.ts';
import type { GraphQLTransportOptions } from '../../src/transport/graphql.ts';
import { registerGraphQLWs } from '../../src/transport/graphql-ws/server.ts';
import { createServer, type Transport } from '../../src/transport/server.ts';
import { anAttachment, anEvent } from './attachments.ts';
import { sessionOf } from './transports.ts';
import { connect, type WsClient } from './ws-client.ts';

/** Counters of what the gateway has done. */
export interface Work {
  /** Executions for one listener, and for several at once. */
  alone: number;
  shared: number;
  contexts: number;
}

/**
 * GraphQL over WebSocket with the real schema and an in-process store. A token is `<project> <user>` and any text; what is
 * read upstream contains the token. Nova rejects a token that contains `bad`, and keeps one with `late` waiting for
 * `release`.
 */
export async function startFanOut({
  env = {},
  store = createMemoryStore({ logLength: 10_000 }),
}: {
  env?: Record<string, string>;
  store?: AttachmentStore;
} = {}) {
  const config = readConfig({ PORT: '0', SHUTDOWN_SPREAD_MS: '0', WS_MAX_SUBSCRIPTIONS: '1000', ...env });
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const work: Work = { alone: 0, shared: 0, contexts: 0 };
  const executor = createExecutor({ schema: createSchema(), config });
  const log = pino({ level: 'silent' });
  const graphql: GraphQLTransportOptions = {
    config,
    log,
    executor: {
      ...executor,
      executeSubscriptionEvent: (...args) => {
        work.alone++;
        return executor.executeSubscriptionEvent(...args);
      },
      executeShared: (...args) => {
        work.shared++;
        return executor.executeShared(...args);
      },
    },
    authenticate: async (token = '', meta) => {
      const session = sessionOf(token, meta, Date.now() + 3_600_000);
      const [projectId = '', userId = ''] = token.split(' ');
      return { ...session, identity: { ...session.identity, projectId, userId } };
    },
    makeContext: (session) => {
      work.contexts++;
      return contextOf(session, store, released);
    },
  };
  const transports: Transport[] = [(app, shared) => registerGraphQLWs(app, graphql, shared)];
  const server = await createServer({ config, log, checks: {}, transports });
  const wsUrl = `${(await server.listen()).replace(/^http/, 'ws')}/graphql`;
  const sockets: WsClient[] = [];
  let last: Promise<unknown> = Promise.resolve();
  return {
    work,
    store,
    release: () => release(),
    async socket(token: string) {
      const client = await connect(wsUrl, { 'X-Auth-Token': token });
      sockets.push(client);
      return client;
    },
    /** Appends an event to a project's log; resolves with its cursor. */
    publish: (project: string, given: Partial<Attachment> = {}, type: EventType = 'ATTACHED') => {
      const published = last.then(() => append(store, anAttachment({ projectId: project, ...given }), type));
      last = published;
      return published;
    },
    async close() {
      await Promise.all(sockets.map((socket) => socket.close()));
      await server.close();
      await store.close();
    },
  };
}

export type FanOut = Awaited<ReturnType<typeof startFanOut>>;

async function append(store: AttachmentStore, attachment: Attachment, type: EventType): Promise<string> {
  await store.create(attachment, anEvent(type, attachment), null);
  return await store.lastCursor(attachment.projectId);
}

function contextOf(session: Session, store: AttachmentStore, released: Promise<void>) {
  const server = async (id: string): Promise<NovaServer> => {
    if (session.token.includes('bad')) throw new GatewayError('FORBIDDEN', 'Nova refused', { service: 'nova' });
    if (session.token.includes('late')) await released;
    return { id, name: session.token, status: 'ACTIVE', tenant_id: session.identity.projectId, created: '2026-01-01' };
  };
  return {
    session,
    identity: session.identity,
    loaders: { server: { load: server }, share: { load: async () => null } },
    attachments: {
      subscribe: (_session: Session, filter: Parameters<typeof openEventStream>[2]) =>
        openEventStream(store, session.identity.projectId, filter),
    },
  };
}

/** All frames with results, in the order of their arrival. */
export function framesOf(client: WsClient) {
  const frames: string[] = [];
  client.socket.on('message', (data) => {
    const text = String(data);
    if (text.includes('"type":"next"')) frames.push(text);
  });
  return frames;
}
