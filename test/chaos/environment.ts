import { attachmentId } from '../../src/attachments/attachment.ts';
import { withTimeout } from '../../src/deadline.ts';
import { REFUSED_ADDRESS, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { testRedisUrl } from '../support/redis.ts';
import { type RedisProxy, startRedisProxy } from '../support/redis-proxy.ts';
import { type Ledger, newPrefix, openLedger } from './ledger.ts';

/** The address of both servers of a scene. */
export const ADDRESS = '10.10.0.50';
/** An address that the driver fails. */
export const FAILING_ADDRESS = REFUSED_ADDRESS;

/** A cloud, a Redis behind a proxy, and at most one gateway at a time, as a process that can be killed. */
export interface World {
  sandbox: Sandbox;
  proxy: RedisProxy;
  ledger: Ledger;
  token: string;
  /** The gateway that runs; one is started where none does. */
  gateway(): Promise<GatewayProcess>;
  /** Starts a gateway, in the place of one that was killed. */
  start(): Promise<GatewayProcess>;
  close(): Promise<void>;
}

export interface Pair {
  id: string;
  serverId: string;
  shareId: string;
}

/** A world, and what a gateway dies over there. */
export interface Scene extends World {
  pair: Pair;
  /** Another server, for the same share. */
  otherPair: Pair;
}

/** Leases that end soon, and calls that give up sooner. */
const SETTINGS = { UPSTREAM_TIMEOUT_MS: '1000', LEASE_MS: '3000', LOG_LEVEL: 'silent', GRAPHIQL: 'false' };
/** How often a gateway sweeps where it does, and how long a rule stays in each passing state, in ms. */
const SWEEP_MS = 200;
const STEP_MS = 25;
/** The gateway's own credentials, as the sandbox has them. */
export const ACCOUNT = {
  OS_USERNAME: 'gateway',
  OS_PASSWORD: 'secret',
  OS_PROJECT_NAME: 'service',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PROJECT_DOMAIN_NAME: 'Default',
};

/** Which gateways a world has. */
export interface Kind {
  hasAccount: boolean;
  sweeps: boolean;
}

/** A world of its own, without a gateway yet. */
export async function makeWorld({ hasAccount, sweeps }: Kind): Promise<World> {
  const sandbox = await startSandbox({ seed: 'empty', accessDelayMs: STEP_MS });
  const proxy = await startRedisProxy(testRedisUrl());
  const prefix = newPrefix();
  const ledger = await openLedger(testRedisUrl(), prefix, sandbox.addServer().projectId);
  const env = {
    ...SETTINGS,
    OS_AUTH_URL: sandbox.authUrl,
    ...(hasAccount ? ACCOUNT : {}),
    SWEEP_INTERVAL_MS: String(sweeps ? SWEEP_MS : 0),
    SWEEP_LOCK_MS: '2000',
    REDIS_URL: proxy.url,
    REDIS_PREFIX: prefix,
  };
  let running: GatewayProcess | null = null;
  const start = async () => {
    running = await startGatewayProcess(env);
    return running;
  };
  return {
    sandbox,
    proxy,
    ledger,
    token: sandbox.issueToken('demo'),
    gateway: async () => running ?? (await start()),
    start,
    async close() {
      await running?.kill();
      await ledger.close();
      await proxy.close();
      await sandbox.close();
    },
  };
}

/** A share and two servers that nobody has touched yet. */
export function newScene(world: World): Scene {
  const { sandbox } = world;
  sandbox.setAccessDelay(STEP_MS);
  const ports = [{ network: 'private', fixedIps: [ADDRESS] }];
  const [server, other] = [sandbox.addServer({ ports }), sandbox.addServer({ ports })];
  const share = sandbox.addShare();
  const pairWith = (serverId: string) => ({ id: attachmentId(serverId, share.id), serverId, shareId: share.id });
  return { ...world, pair: pairWith(server.id), otherPair: pairWith(other.id) };
}

const ATTACH = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }';
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status } } }';
const SEE =
  'query ($serverId: ID!, $shareId: ID!) { shareAttachment(serverId: $serverId, shareId: $shareId) { status } }';

export type User = ReturnType<typeof asUser>;

/** How long a program waits for an answer, in ms: longer than a gateway takes to give up. */
const RESPONSE_MS = 60_000;

/** What a program asks of a gateway with the user's token. Each rejects when the gateway dies meanwhile, or does not answer in 60 s. */
export function asUser({ token }: Pick<World, 'token'>, { graphiql }: GatewayProcess) {
  const post = (query: string, variables: unknown) =>
    withTimeout(RESPONSE_MS, (signal) => postOnce(query, variables, signal));
  const postOnce = async (query: string, variables: unknown, signal: AbortSignal) => {
    const response = await fetch(graphiql, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-auth-token': token },
      body: JSON.stringify({ query, variables }),
      signal,
    });
    return (await response.json()) as {
      data: Record<string, unknown> | null;
      errors?: { message: string; extensions?: Record<string, unknown> }[];
    };
  };
  return {
    attach: ({ serverId, shareId }: Pair, accessTo?: string[]) =>
      post(ATTACH, { input: { serverId, shareId, ...(accessTo && { accessTo }) } }),
    detach: ({ serverId, shareId }: Pair) => post(DETACH, { input: { serverId, shareId } }),
    list: () => post('{ shareAttachments(first: 200) { nodes { status } } }', {}),
    look: ({ serverId, shareId }: Pair) => post(SEE, { serverId, shareId }),
  };
}
