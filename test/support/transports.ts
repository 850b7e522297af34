import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { GraphQLError } from 'graphql';
import { type Logger, pino } from 'pino';
import { type Config, readConfig } from '../../src/config.ts';
import { GatewayError } from '../../src/errors.ts';
import { createExecutor } from '../../src/graphql/execution/execute.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import { type Session, signalOf } from '../../src/openstack/session.ts';
import type { Authenticate } from '../../src/transport/authenticate.ts';
import type { GraphQLTransportOptions } from '../../src/transport/graphql.ts';
import { registerGraphQLHttp } from '../../src/transport/graphql-http/apollo.ts';
import { registerGraphQLSse } from '../../src/transport/graphql-sse/index.ts';
import { registerGraphQLWs } from '../../src/transport/graphql-ws/server.ts';
import type { Checks } from '../../src/transport/health.ts';
import { createServer, type Server, type Transport } from '../../src/transport/server.ts';

const TYPE_DEFS = /* GraphQL */ `
  type Query {
    hello(name: String): String
    boom: String
    rejected(code: String!): String
    quota: String
    notNull: String!
    big(bytes: Int!): String!
    waits: String
    hangs: String
    things(first: Int = 50): ThingConnection
  }
  type ThingConnection { nodes: [Thing!]! edges: [ThingEdge!]! }
  type ThingEdge { node: Thing! }
  type Thing { id: ID! parts: [Thing!] self: Thing all(first: Int = 50): ThingConnection }
  type Mutation { set(value: Int!): Int! }
  enum Size { LARGE }
  type Subscription { count(to: Int!, bytes: Int = 1): Tick! never: Int! fails(code: String!): Int! sized(size: Size): Int }
  type Tick { value: Int! filler: String! context: Int! }
`;

/** The context of this small gateway: its number, counting from 1. */
interface SmallContext {
  session: Session;
  number: number;
}

/** What a test observes and controls. */
export interface Probe {
  /** Contexts created so far. */
  contexts: number;
  /** Subscriptions whose source was returned or ended. */
  returned: number;
  onReturned: () => void;
  /** Resolves the `waits` field. */
  release: () => void;
  /** The number of `waits` fields that were requested. */
  waiting: number;
  onWaiting: () => void;
  checks: Checks;
  logged: object[];
}

export interface SmallGateway {
  server: Server;
  url: string;
  wsUrl: string;
  probe: Probe;
  config: Config;
  close(): Promise<void>;
}

export interface SmallGatewayOptions extends Partial<GraphQLTransportOptions> {
  /** A transport in front of those of GraphQL. */
  transport?: Transport;
}

/** GraphQL over HTTP and WebSocket with a small schema and no OpenStack. Tokens are those of `fakeAuthenticate`. */
export async function startTransports(
  env: Record<string, string> = {},
  { transport, ...options }: SmallGatewayOptions = {},
): Promise<SmallGateway> {
  const config = readConfig({ PORT: '0', SHUTDOWN_SPREAD_MS: '0', SHUTDOWN_MS: '200', ...env });
  const probe = makeProbe();
  const log = capturingLog(probe);
  const graphql: GraphQLTransportOptions = {
    config,
    log,
    executor: createExecutor({ schema: smallSchema(probe), config }),
    authenticate: fakeAuthenticate(),
    makeContext: (session): SmallContext => ({ session, number: ++probe.contexts }),
    ...options,
  };
  const server = await createServer({
    config,
    log,
    checks: { store: (signal) => probe.checks.store?.(signal) ?? Promise.resolve() },
    transports: [
      ...(transport ? [transport] : []),
      (app, shared) => registerGraphQLSse(app, graphql, shared),
      (app) => registerGraphQLHttp(app, graphql),
      (app, shared) => registerGraphQLWs(app, graphql, shared),
    ],
  });
  const address = await server.listen();
  return {
    server,
    url: `${address}/graphql`,
    wsUrl: `${address.replace(/^http/, 'ws')}/graphql`,
    probe,
    config,
    close: () => server.close(),
  };
}

/**
 * `good…` is a valid token, in the project p1 or, as `good@p2`, in the project that it names; `short<ms>` expires that soon;
 * for `away` Keystone is away; every other is unknown.
 */
export function fakeAuthenticate(revoked: ReadonlySet<string> = new Set()): Authenticate {
  return async (token, meta) => {
    if (!token) throw new GatewayError('UNAUTHENTICATED', 'No token: send a Keystone token in X-Auth-Token');
    if (token === 'away') throw new GatewayError('UPSTREAM_UNAVAILABLE', 'The token cannot be checked now');
    const isShort = token.startsWith('short');
    if ((!token.startsWith('good') && !isShort) || revoked.has(token)) {
      throw new GatewayError('UNAUTHENTICATED', 'Keystone does not know the token');
    }
    const session = sessionOf(token, meta, Date.now() + (isShort ? Number(token.slice(5)) : 3_600_000));
    return { ...session, identity: { ...session.identity, projectId: token.split('@')[1] ?? 'p1' } };
  };
}

/** The session of a valid token: always the same user in the same project. */
export function sessionOf(token: string, meta: { requestId: string; log: Logger }, expiresAt: number): Session {
  const identity = {
    userId: 'u1',
    userName: 'demo',
    userDomainName: 'Default',
    projectId: 'p1',
    projectName: 'demo',
    projectDomainName: 'Default',
    roles: ['member'],
    expiresAt,
  };
  return { ...meta, cloud: {} as Cloud, token, identity, catalog: [] };
}

function makeProbe(): Probe {
  return {
    contexts: 0,
    returned: 0,
    onReturned: () => {},
    release: () => {},
    waiting: 0,
    onWaiting: () => {},
    checks: {},
    logged: [],
  };
}

function capturingLog(probe: Probe): Logger {
  return pino({ level: 'debug' }, { write: (line: string) => void probe.logged.push(JSON.parse(line) as object) });
}

function smallSchema(probe: Probe) {
  const resolvers = {
    Query: {
      hello: (_: unknown, { name }: { name?: string }) => `hello ${name ?? 'you'}`,
      boom: () => {
        throw new Error('secret detail at http://10.0.0.1:5000');
      },
      rejected: (_: unknown, { code }: { code: 'CONFLICT' }) => {
        throw new GatewayError(code, 'rejected on request', {
          service: 'manila',
          status: 409,
          openstackRequestId: 'req-1',
        });
      },
      quota: () => {
        throw new OpenStackError('Nova refused', {
          service: 'nova',
          kind: 'refused',
          status: 403,
          upstreamMessage: 'Quota exceeded for instances',
        });
      },
      notNull: () => null,
      big: (_: unknown, { bytes }: { bytes: number }) => 'x'.repeat(Math.min(bytes, 48_000_000)),
      waits: () =>
        new Promise<string>((resolve) => {
          probe.waiting++;
          probe.release = () => resolve('released');
          probe.onWaiting();
        }),
      hangs: (_: unknown, __: unknown, { session }: SmallContext) => {
        const signal = signalOf(session);
        return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      },
      things: () => ({ nodes: [], edges: [] }),
    },
    Mutation: { set: (_: unknown, { value }: { value: number }) => value },
    Subscription: {
      count: {
        subscribe: async function* (_: unknown, { to, bytes }: { to: number; bytes: number }) {
          const filler = 'x'.repeat(bytes);
          try {
            for (let value = 1; value <= to; value++) yield { count: { value, filler } };
          } finally {
            probe.returned++;
            probe.onReturned();
          }
        },
      },
      never: {
        subscribe: () => ({
          next: () => new Promise(() => {}),
          return: async () => {
            probe.returned++;
            probe.onReturned();
            return { done: true, value: undefined };
          },
          [Symbol.asyncIterator]() {
            return this;
          },
        }),
      },
      fails: {
        subscribe: (_: unknown, { code }: { code: 'LIMIT_EXCEEDED' }) => ({
          next: () => Promise.reject(new GatewayError(code, 'the source failed')),
          [Symbol.asyncIterator]() {
            return this;
          },
        }),
      },
      sized: {
        subscribe: () => {
          throw new GraphQLError('no', { extensions: { code: 'FORBIDDEN' } });
        },
      },
    },
    Tick: { context: (_: unknown, __: unknown, { number }: SmallContext) => number },
  };
  return makeExecutableSchema({ typeDefs: TYPE_DEFS, resolvers });
}

/** POSTs an operation; returns status, headers and the parsed body. */
export async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-auth-token': 'good', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return read(response);
}

/** Status, headers, text and, where it is JSON, the parsed body of a response. */
export async function read(response: Response) {
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: a response has the shape of its query
  let body: any = null;
  try {
    body = JSON.parse(text);
  } catch {}
  return { status: response.status, headers: response.headers, text, body };
}

/** Everything received in response to these bytes until the connection ends; the client then sends FIN. */
export async function exchange(url: string, bytes: string | Uint8Array): Promise<string> {
  const socket = connectTcp(Number(new URL(url).port), '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => {
    received += String(chunk);
  });
  socket.on('error', () => {});
  socket.end(bytes);
  if (!socket.closed) await once(socket, 'close');
  return received;
}
