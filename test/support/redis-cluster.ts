import { Command, Redis } from 'ioredis';
import { freePort, type RedisServer, startRedisServer } from './redis.ts';
import { until } from './until.ts';

/** A Redis Cluster of three masters, without replicas, that a test may harm. */
export interface TestCluster {
  /** REDIS_URL of it. */
  url: string;
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
  stop(): Promise<void>;
}

/** Starts three redis-servers, with these arguments of theirs, on free ports and makes them a cluster, each with a third of the slots. */
export async function startRedisCluster(...args: string[]): Promise<TestCluster> {
  const busPorts = [await freePort(), await freePort(), await freePort()];
  const servers: RedisServer[] = [];
  const stop = async () => {
    for (const node of nodes) node.disconnect();
    await Promise.all(servers.map((server) => server.stop()));
  };
  const nodes: Redis[] = [];
  try {
    for (const bus of busPorts) {
      const clustered = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-node-timeout', '1000'];
      // as docs/redis.md says: slots without a master must not take the others with them
      servers.push(await startRedisServer(...clustered, '--cluster-require-full-coverage', 'no', ...args));
    }
    nodes.push(...servers.map(({ url }) => new Redis(url, { disconnectTimeout: 0 })));
    await join(nodes, servers, busPorts);
  } catch (error) {
    await stop();
    throw error;
  }
  const ids = (await Promise.all(nodes.map((node) => node.cluster('MYID')))) as string[];

  async function ownerOf(key: string): Promise<number> {
    const ranges = await (nodes[0] as Redis).cluster('SLOTS');
    const [, , master] = ranges.find(([from, to]) => slotOf(key) >= from && slotOf(key) <= to) ?? [];
    return ids.indexOf(master?.[2] ?? '');
  }

  return {
    url: `redis-cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    servers,
    nodes,
    ownerOf,
    async moveSlot(key, { between = async () => {}, first = /^/ } = {}) {
      const slot = slotOf(key);
      const from = await ownerOf(key);
      const to = (from + 1) % nodes.length;
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
    stop,
  };
}

async function join(nodes: Redis[], servers: RedisServer[], busPorts: number[]): Promise<void> {
  const bounds = [0, 5461, 10923, 16384];
  for (const [i, node] of nodes.entries()) {
    node.on('error', () => undefined);
    await node.cluster('ADDSLOTSRANGE', bounds[i] as number, (bounds[i + 1] as number) - 1);
    await node.call('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
  }
  for (const i of [1, 2]) {
    await nodes[0]?.call('CLUSTER', 'MEET', '127.0.0.1', String(servers[i]?.port), String(busPorts[i]));
  }
  await until(async () => {
    const infos = (await Promise.all(nodes.map((node) => node.cluster('INFO')))) as string[];
    return infos.every((info) => /cluster_state:ok/.test(info) && /cluster_size:3/.test(info));
  });
}

const slotOf = (key: string) => new Command('get', [key]).getSlot();
