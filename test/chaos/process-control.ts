import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { startRedisServer } from '../support/redis.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { ACCOUNT } from './environment.ts';
import { type Ledger, newPrefix, openLedger } from './ledger.ts';
import { type Listening, startListener } from './listening.ts';
import type { Size } from './plan.ts';

/** How long Redis is away when it was killed, in ms. */
const REDIS_AWAY_MS = 300;

/** How often a gateway is started that ends while it starts. */
const STARTS = 5;

/** Where a run takes place: gateways that come back when they are killed, a Redis that keeps its state, a cloud, and a listener. */
export interface Stage {
  readonly sandbox: Sandbox;
  readonly ledger: Ledger;
  readonly listening: Listening;
  /** By their places in the plan; a place's server changes when it is deleted. */
  readonly servers: string[];
  readonly shares: readonly string[];
  /** Every share's and server's user. */
  token: string;
  /** The gateway of this place, or another one that runs; waits where none does. */
  gateway(place: number): Promise<GatewayProcess>;
  /** SIGKILL, and a start; false when it was on its way already. */
  killGateway(place: number): boolean;
  /** SIGKILL, and a start with its append-only file; false when it was on its way already. */
  killRedis(): boolean;
  /** When all that was killed runs again. */
  whenUp(): Promise<void>;
  /** Another server in this place, at a new address or the old one's. */
  replaceServer(place: number, address: string): void;
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

/** Sets the stage; two of the servers are behind one address, and a sixth of the shares are CephFS. */
export async function setStage(size: Size): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-'));
  const redis = await startRedisServer('--appendonly', 'yes', '--dir', directory);
  const sandbox = await startSandbox({ seed: 'empty', accessDelayMs: 20 });
  const prefix = newPrefix();
  const env = { ...SETTINGS, OS_AUTH_URL: sandbox.authUrl, REDIS_URL: redis.url, REDIS_PREFIX: prefix };
  const gateways: (GatewayProcess | null)[] = await Promise.all(
    Array.from({ length: size.gateways }, () => startGatewayProcess(env)),
  );
  const comingUp = new Map<string, Promise<unknown>>();
  const running = () => gateways.filter((gateway) => gateway !== null);
  const portOf = ({ graphiql }: GatewayProcess) => Number(new URL(graphiql).port);
  const wire = await startTcpProxy(portOf(gateways[0] as GatewayProcess));

  const addServer = (address: string) => sandbox.addServer({ ports: [{ network: 'private', fixedIps: [address] }] });
  const servers = Array.from({ length: size.servers }, (_, i) => addServer(`10.10.1.${Math.max(1, i)}`).id);
  const shares = Array.from(
    { length: size.shares },
    (_, i) => sandbox.addShare({ protocol: i % 6 === 5 ? 'CEPHFS' : 'NFS' }).id,
  );
  const token = sandbox.issueToken('demo');
  const ledger = await openLedger(redis.url, prefix, sandbox.share(shares[0] ?? '')?.projectId ?? '');
  const cursorFile = join(directory, 'cursor');
  // from the log's start: the listener is there before the first event
  writeFileSync(cursorFile, '0-0');
  const listening = startListener(`ws://127.0.0.1:${wire.port}/graphql`, cursorFile, token);

  const bringUp = (what: string, work: () => Promise<unknown>) => {
    if (comingUp.has(what)) return false;
    comingUp.set(
      what,
      work().finally(() => comingUp.delete(what)),
    );
    return true;
  };
  // as a service manager does: a gateway that finds no Redis when it starts ends, and is started again
  const start = async (place: number) => {
    for (let tries = 1; gateways[place] === null; tries++) {
      gateways[place] = await startGatewayProcess(env).catch((error: unknown) => {
        if (tries === STARTS) throw error;
        return null;
      });
    }
    wire.forwardTo(portOf(gateways[place] as GatewayProcess));
  };

  return {
    sandbox,
    ledger,
    listening,
    servers,
    shares,
    token: sandbox.issueToken('demo'),
    async gateway(place) {
      for (;;) {
        const found = gateways[place] ?? running()[0];
        if (found) return found;
        await wait(20);
      }
    },
    killGateway(place) {
      const victim = gateways[place];
      if (!victim) return false;
      return bringUp(`gateway ${place}`, async () => {
        gateways[place] = null;
        const other = running()[0];
        if (other) wire.forwardTo(portOf(other));
        await victim.kill();
        await start(place);
      });
    },
    killRedis: () =>
      bringUp('redis', async () => {
        await redis.stop();
        await wait(REDIS_AWAY_MS);
        await redis.start();
      }),
    async whenUp() {
      await Promise.all(comingUp.values());
    },
    replaceServer(place, address) {
      sandbox.deleteServer(servers[place] ?? '');
      servers[place] = addServer(address).id;
    },
    async close() {
      listening.stop();
      await Promise.allSettled(comingUp.values());
      await Promise.all(running().map((gateway) => gateway.kill()));
      await ledger.close();
      await wire.close();
      await sandbox.close();
      await redis.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
