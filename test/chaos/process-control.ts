import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { type GatewayProcess, startBundledGateway } from '../support/gateway-process.ts';
import { type Ledger, newPrefix, openLedger } from '../support/ledger.ts';
import { startRedisServer } from '../support/redis.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { ACCOUNT } from './environment.ts';
import { type Listening, startListener } from './listening.ts';
import type { Size } from './plan.ts';

/** How long Redis stays down after it was killed, in ms. */
const REDIS_DOWN_MS = 300;

/** How often the start of a gateway that exits is repeated. */
const STARTS = 5;

/** What a run works with: gateways that are restarted when they are killed, a Redis that keeps its state, a cloud, and a listener. */
export interface ChaosEnvironment {
  readonly sandbox: Sandbox;
  readonly ledger: Ledger;
  readonly listening: Listening;
  /** By their numbers in the plan; a deleted server is replaced. */
  readonly servers: string[];
  readonly shares: readonly string[];
  /** A token of the user who owns all servers and shares. */
  token: string;
  /** The gateway with this number, or another one if it does not run; waits if none runs. */
  gateway(index: number): Promise<GatewayProcess>;
  /** Kills it and starts it again; false if that is in progress. */
  killGateway(index: number): boolean;
  /** Kills Redis and starts it again with its append-only file; false if that is in progress. */
  killRedis(): boolean;
  /** Resolves when everything that was killed runs again. */
  whenUp(): Promise<void>;
  /** Deletes the server with this number and creates another one with this address. */
  replaceServer(index: number, address: string): void;
  close(): Promise<void>;
}

const SETTINGS = {
  ...ACCOUNT,
  UPSTREAM_TIMEOUT_MS: '1000',
  LEASE_MS: '3000',
  SWEEP_INTERVAL_MS: '1000',
  EVENT_LOG_LENGTH: '1000000',
  LOG_LEVEL: 'silent',
  GRAPHIQL: 'false',
};

/** Starts an environment; two of the servers have the same address, and a sixth of the shares are CephFS. */
export async function startChaosEnvironment(size: Size): Promise<ChaosEnvironment> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-'));
  const redis = await startRedisServer('--appendonly', 'yes', '--dir', directory);
  const sandbox = await startSandbox({ seed: 'empty', accessDelayMs: 20 });
  const prefix = newPrefix();
  const env = { ...SETTINGS, OS_AUTH_URL: sandbox.authUrl, REDIS_URL: redis.url, REDIS_PREFIX: prefix };
  const gateways: (GatewayProcess | null)[] = await Promise.all(
    Array.from({ length: size.gateways }, () => startBundledGateway(env)),
  );
  const starting = new Map<string, Promise<unknown>>();
  const running = () => gateways.filter((gateway) => gateway !== null);
  const portOf = ({ graphiql }: GatewayProcess) => Number(new URL(graphiql).port);
  const proxy = await startTcpProxy(portOf(gateways[0] as GatewayProcess));

  const addServer = (address: string) => sandbox.addServer({ ports: [{ network: 'private', fixedIps: [address] }] });
  const servers = Array.from({ length: size.servers }, (_, i) => addServer(`10.10.1.${Math.max(1, i)}`).id);
  const shares = Array.from(
    { length: size.shares },
    (_, i) => sandbox.addShare({ protocol: i % 6 === 5 ? 'CEPHFS' : 'NFS' }).id,
  );
  const token = sandbox.issueToken('demo');
  const ledger = await openLedger(redis.url, prefix, sandbox.share(shares[0] ?? '')?.projectId ?? '');
  const cursorFile = join(directory, 'cursor');
  // from the start of the log: the listener runs before the first event
  writeFileSync(cursorFile, '0-0');
  const listening = startListener(`ws://127.0.0.1:${proxy.port}/graphql`, cursorFile, token);

  const restart = (what: string, work: () => Promise<unknown>) => {
    if (starting.has(what)) return false;
    starting.set(
      what,
      work().finally(() => starting.delete(what)),
    );
    return true;
  };
  // as a service manager does: a gateway that does not find Redis at its start exits, and is started again
  const start = async (index: number) => {
    for (let tries = 1; gateways[index] === null; tries++) {
      gateways[index] = await startBundledGateway(env).catch((error: unknown) => {
        if (tries === STARTS) throw error;
        return null;
      });
    }
    proxy.forwardTo(portOf(gateways[index] as GatewayProcess));
  };

  return {
    sandbox,
    ledger,
    listening,
    servers,
    shares,
    token: sandbox.issueToken('demo'),
    async gateway(index) {
      for (;;) {
        const found = gateways[index] ?? running()[0];
        if (found) return found;
        await wait(20);
      }
    },
    killGateway(index) {
      const victim = gateways[index];
      if (!victim) return false;
      return restart(`gateway ${index}`, async () => {
        gateways[index] = null;
        const other = running()[0];
        if (other) proxy.forwardTo(portOf(other));
        await victim.kill();
        await start(index);
      });
    },
    killRedis: () =>
      restart('redis', async () => {
        await redis.stop();
        await wait(REDIS_DOWN_MS);
        await redis.start();
      }),
    async whenUp() {
      await Promise.all(starting.values());
    },
    replaceServer(index, address) {
      sandbox.deleteServer(servers[index] ?? '');
      servers[index] = addServer(address).id;
    },
    async close() {
      listening.stop();
      await Promise.allSettled(starting.values());
      await Promise.all(running().map((gateway) => gateway.kill()));
      await ledger.close();
      await proxy.close();
      await sandbox.close();
      await redis.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
