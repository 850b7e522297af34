import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Redis } from 'ioredis';
import { freePort, type RedisServer, startRedisServer } from './redis.ts';
import { until } from './until.ts';

/** A Redis Cluster of three masters, without replicas unless they are added, that a test can break. */
export interface TestCluster {
  /** Its REDIS_URL. */
  url: string;
  /** Its nodes, added replicas last. */
  servers: RedisServer[];
  /** A connection to each, in the order of `servers`. */
  nodes: Redis[];
  /** Which of `servers` has the slot of this key or channel. */
  ownerOf(key: string): Promise<number>;
  /**
   * Hands the slot of this key from its master to another one, key by key, as `redis-cli --cluster reshard` does; gives
   * the new owner. `between` is called with how many keys have moved; those that fit `first` move first.
   */
  moveSlot(key: string, options?: { between?: (moved: number) => Promise<void>; first?: RegExp }): Promise<number>;
  /** Starts a replica of the master that has the slot of this key; resolves when it is in sync. */
  addReplica(key: string): Promise<TestReplica>;
  /** Starts the nodes that were killed, and waits until all slots are served. */
  heal(): Promise<void>;
  stop(): Promise<void>;
}

/** A replica of one of the masters. */
export interface TestReplica {
  /** Planned failover to this replica, as by `redis-cli CLUSTER FAILOVER`. */
  changePlaces(): Promise<void>;
  /** Kills its master; resolves when a replica has taken over. */
  succeed(): Promise<void>;
}

/** Starts three redis-servers with these arguments on free ports and makes them a cluster, each with a third of the slots. */
export async function startRedisCluster(...args: string[]): Promise<TestCluster> {
  // what a node knows of the cluster outlives its process
  const directory = mkdtempSync(join(tmpdir(), 'test-cluster-'));
  const busPorts: number[] = [];
  const servers: RedisServer[] = [];
  const nodes: Redis[] = [];
  const ids: string[] = [];
  const stop = async () => {
    for (const node of nodes) node.disconnect();
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(directory, { recursive: true, force: true });
  };
  const addNode = async (triesLeft = 5): Promise<{ server: RedisServer; node: Redis; id: string }> => {
    const bus = await freePort();
    const clustered = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-node-timeout', '1000'];
    const files = ['--dir', mkdtempSync(join(directory, 'node-'))];
    try {
      // as docs/redis.md says: slots without a master must not make the other slots unavailable
      const server = await startRedisServer(...clustered, ...files, '--cluster-require-full-coverage', 'no', ...args);
      const node = new Redis(server.url, { disconnectTimeout: 0 });
      node.on('error', () => undefined);
      const id = (await node.cluster('MYID')) as string;
      servers.push(server);
      nodes.push(node);
      ids.push(id);
      busPorts.push(bus);
      return { server, node, id };
    } catch (error) {
      // two ports are chosen before either is taken
      if (triesLeft === 0 || !/already in use/.test(String(error))) throw error;
      return await addNode(triesLeft - 1);
    }
  };
  try {
    for (let i = 0; i < MASTERS; i++) await addNode();
    await joinNodes(nodes, servers, busPorts);
  } catch (error) {
    await stop();
    throw error;
  }

  async function ownerOf(key: string, seenBy = nodes[0] as Redis): Promise<number> {
    const ranges = await seenBy.cluster('SLOTS');
    const [, , master] = ranges.find(([from, to]) => slotOf(key) >= from && slotOf(key) <= to) ?? [];
    return ids.indexOf(master?.[2] ?? '');
  }

  return {
    url: `redis-cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    servers,
    nodes,
    ownerOf: (key) => ownerOf(key),
    async moveSlot(key, { between = async () => {}, first = /^/ } = {}) {
      const slot = slotOf(key);
      const from = await ownerOf(key);
      const to = (from + 1) % MASTERS;
      const [source, target, targetId] = [nodes[from] as Redis, nodes[to] as Redis, ids[to] as string];
      await target.cluster('SETSLOT', slot, 'IMPORTING', ids[from] as string);
      await source.cluster('SETSLOT', slot, 'MIGRATING', targetId);
      await between(0);
      for (let moved = 1; ; moved++) {
        const keys = (await source.cluster('GETKEYSINSLOT', slot, 1000)) as string[];
        const next = keys.find((one) => first.test(one)) ?? keys[0];
        if (next === undefined) break;
        await source.call('MIGRATE', '127.0.0.1', String(servers[to]?.port), next, '0', '5000');
        await between(moved);
      }
      for (const node of [target, source, ...nodes]) await node.cluster('SETSLOT', slot, 'NODE', targetId);
      return to;
    },
    async addReplica(key) {
      const owner = await ownerOf(key);
      const master = servers[owner] as RedisServer;
      const others = [...nodes];
      const { server, node: connection } = await addNode();
      await connection.call('CLUSTER', 'MEET', '127.0.0.1', String(master.port), String(busPorts[owner]));
      await until(async () => String(await connection.cluster('NODES')).includes(ids[owner] as string));
      await connection.call('CLUSTER', 'REPLICATE', ids[owner] as string);
      const says = async (words: string) => (await connection.info('replication')).includes(words);
      await until(() => says('master_link_status:up'));
      // the others vote for it only when they know whose replica it is
      await until(async () => {
        const seen = (await Promise.all(others.map((node) => node.cluster('NODES')))) as string[];
        return seen.every((one) =>
          one.split('\n').some((line) => line.includes(`:${server.port}@`) && line.includes(`slave ${ids[owner]}`)),
        );
      });
      return {
        async changePlaces() {
          await connection.call('CLUSTER', 'FAILOVER');
          await until(() => says('role:master'));
        },
        async succeed() {
          await master.stop();
          // an older replica of that master may win the election
          await until(async () => (await ownerOf(key, connection)) !== owner);
        },
      };
    },
    async heal() {
      await Promise.all(servers.map((server) => server.start()));
      await untilServed(nodes);
    },
    stop,
  };
}

const MASTERS = 3;

async function joinNodes(nodes: Redis[], servers: RedisServer[], busPorts: number[]): Promise<void> {
  const bounds = [0, 5461, 10923, 16384];
  for (const [i, node] of nodes.entries()) {
    await node.cluster('ADDSLOTSRANGE', bounds[i] as number, (bounds[i + 1] as number) - 1);
    await node.call('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
  }
  for (const i of [1, 2]) {
    await nodes[0]?.call('CLUSTER', 'MEET', '127.0.0.1', String(servers[i]?.port), String(busPorts[i]));
  }
  await untilServed(nodes);
}

async function untilServed(nodes: readonly Redis[]): Promise<void> {
  await until(async () => {
    const infos = (await Promise.all(nodes.map((node) => node.cluster('INFO')))) as string[];
    return infos.every((info) => /cluster_slots_ok:16384/.test(info) && /cluster_size:3/.test(info));
  });
}

const slotOf = (key: string) => new Command('get', [key]).getSlot();
