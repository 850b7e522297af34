import { attachmentId } from '../../src/attachments/attachment.ts';
import { withTimeout } from '../../src/deadline.ts';
import { REJECTED_ADDRESS, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { type GatewayProcess, startBundledGateway } from '../support/gateway-process.ts';
import { type Ledger, newPrefix, openLedger } from '../support/ledger.ts';
import { testRedisUrl } from '../support/redis.ts';
import { type RedisProxy, startRedisProxy } from '../support/redis-proxy.ts';

/** The address of both servers of a scene. */
export const ADDRESS = '10.10.0.50';
/** An address for which Manila's driver fails. */
export const FAILING_ADDRESS = REJECTED_ADDRESS;

/** A cloud, a Redis behind a proxy, and at most one gateway at a time, as a process that can be killed. */
export interface Environment {
  sandbox: Sandbox;
  proxy: RedisProxy;
  ledger: Ledger;
  token: string;
  /** The running gateway; starts one if there is none. */
  gateway(): Promise<GatewayProcess>;
  /** Starts a gateway after the previous one was killed. */
  start(): Promise<GatewayProcess>;
  close(): Promise<void>;
}

export interface Pair {
  id: string;
  serverId: string;
  shareId: string;
}

/** An environment, and the objects of one crash point. */
export interface Scene extends Environment {
  pair: Pair;
  /** Another server, with the same share. */
  otherPair: Pair;
}

const SETTINGS = { LOG_LEVEL: 'silent', GRAPHIQL: 'false' };
/** Interval of drift detection where it is enabled, in ms. */
const SCAN_MS = 200;
/** How long a rule stays in each transitional state, in ms. */
const STEP_MS = 25;
/** Longer than any test, and the longest that a timer takes is not much more, in ms. */
const PAUSE_MS = 2_000_000_000;
/** The service account, as the sandbox has it. */
export const ACCOUNT = {
  OS_USERNAME: 'gateway',
  OS_PASSWORD: 'secret',
  OS_PROJECT_NAME: 'service',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PROJECT_DOMAIN_NAME: 'Default',
};

/** How the gateways of an environment are configured. */
export interface GatewayKind {
  hasAccount: boolean;
  /** Whether they detect drift. */
  scans: boolean;
  /** Whether Nova shows the service account what it attached, as since 2026.1. Default: no. */
  seesServerShares?: boolean;
}

/** Starts an environment, without a gateway yet. */
export async function startEnvironment(kind: GatewayKind, settings: Record<string, string> = {}): Promise<Environment> {
  const { hasAccount, scans, seesServerShares = false } = kind;
  const sandbox = await startSandbox({ seed: 'empty', accessDelayMs: STEP_MS });
  sandbox.letAdminsReadServerShares(seesServerShares);
  const proxy = await startRedisProxy(testRedisUrl());
  const prefix = newPrefix();
  const ledger = await openLedger(testRedisUrl(), prefix, sandbox.addServer().projectId);
  const env = {
    ...SETTINGS,
    OS_AUTH_URL: sandbox.authUrl,
    ...(hasAccount ? ACCOUNT : {}),
    SWEEP_INTERVAL_MS: String(scans ? SCAN_MS : 0),
    REDIS_URL: proxy.url,
    REDIS_PREFIX: prefix,
    ...settings,
  };
  let running: GatewayProcess | null = null;
  const start = async () => {
    running = await startBundledGateway(env);
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

/** A new share and two new servers. */
export function newScene(environment: Environment): Scene {
  const { sandbox } = environment;
  const ports = [{ network: 'private', fixedIps: [ADDRESS] }];
  const [server, other] = [sandbox.addServer({ ports }), sandbox.addServer({ ports })];
  const share = sandbox.addShare();
  const pairWith = (serverId: string) => ({ id: attachmentId(serverId, share.id), serverId, shareId: share.id });
  return { ...environment, pair: pairWith(server.id), otherPair: pairWith(other.id) };
}

/** From now on Manila accepts requests and works on none of them. */
export function pauseManila({ sandbox }: Environment): void {
  sandbox.setAccessDelay(PAUSE_MS);
}

/** Manila works on, also on what it accepted meanwhile. */
export function resumeManila({ sandbox }: Environment): void {
  sandbox.setAccessDelay(STEP_MS);
  sandbox.step();
}

const ATTACH = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }';
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status } } }';
const READ =
  'query ($serverId: ID!, $shareId: ID!) { shareAttachment(serverId: $serverId, shareId: $shareId) { status } }';

export type User = ReturnType<typeof asUser>;

/** How long a client waits for a response, in ms: longer than the gateway works on one. */
const TIMEOUT_MS = 180_000;

/** The requests of a client with the user's token. Each rejects if the gateway is killed meanwhile, or does not respond in three minutes. */
export function asUser({ token }: Pick<Environment, 'token'>, { graphiql }: GatewayProcess) {
  const post = (query: string, variables: unknown) =>
    withTimeout(TIMEOUT_MS, (signal) => postOnce(query, variables, signal));
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
    attachVirtiofs: ({ serverId, shareId }: Pair) => post(ATTACH, { input: { serverId, shareId, via: 'VIRTIOFS' } }),
    detach: ({ serverId, shareId }: Pair) => post(DETACH, { input: { serverId, shareId } }),
    list: () => post('{ shareAttachments(first: 200) { nodes { status } } }', {}),
    read: ({ serverId, shareId }: Pair) => post(READ, { serverId, shareId }),
  };
}
