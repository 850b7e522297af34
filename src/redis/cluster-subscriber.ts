import { EventEmitter } from 'node:events';
import { type Cluster, Command, type Redis } from 'ioredis';

/** How often a subscription may be sent on to another node before it counts as failed. */
const MAX_HOPS = 5;

/**
 * A connection that subscribes to sharded channels. `smessage` (channel, message). `close` (channels): these, or all,
 * are subscribed no more. `ready` (channels): these, or all, may be subscribed again, and messages may have been missed.
 */
export interface ShardedSubscriber {
  ssubscribe(channel: string): Promise<unknown>;
  sunsubscribe(channel: string): Promise<unknown>;
  ping(): Promise<unknown>;
  on(event: 'smessage', listener: (channel: string, message: string) => void): ShardedSubscriber;
  on(event: 'close' | 'ready', listener: (channels?: readonly string[]) => void): ShardedSubscriber;
  off(event: 'smessage', listener: (channel: string, message: string) => void): ShardedSubscriber;
  off(event: 'close' | 'ready', listener: (channels?: readonly string[]) => void): ShardedSubscriber;
}

interface Node {
  readonly connection: Redis;
  readonly ready: Promise<unknown>;
  /** Subscribed here, or about to be. */
  readonly channels: Set<string>;
}

/**
 * Subscribes on Redis Cluster: one connection to each master that has a channel of ours. ioredis' own sharded
 * subscribers subscribe again after a slot has moved without telling when they have, so nobody could know from when on
 * the log must be read; these say which channels were lost, and leave it to store/events.ts to subscribe them again.
 * `connect` makes a connection to `host:port` that is not open yet and does not open again by itself.
 */
export function createClusterSubscriber(cluster: Cluster, connect: (node: string) => Redis) {
  const emitter = new EventEmitter();
  const nodes = new Map<string, Node>();
  const wanted = new Set<string>();

  function lose({ channels }: Node) {
    const lost = [...channels];
    channels.clear();
    if (lost.length === 0) return;
    emitter.emit('close', lost);
    cluster.refreshSlotsCache(() => emitter.emit('ready', lost));
  }

  function open(address: string): Node {
    const connection = connect(address);
    const node: Node = { connection, ready: connection.connect(), channels: new Set() };
    nodes.set(address, node);
    connection.on('smessage', (channel: string, message: string) => emitter.emit('smessage', channel, message));
    // The node said that a slot is not its own any more, not which: all that were here are asked for again.
    connection.on('moved', () => lose(node));
    connection.once('end', () => {
      nodes.delete(address);
      lose(node);
    });
    return node;
  }

  /** The node that sent us on, if the error says that; else throws it. */
  async function trySubscribe(address: string, channel: string): Promise<string | null> {
    const node = nodes.get(address) ?? open(address);
    try {
      await node.ready;
      // Before it is sent: what takes it away may come with the answer.
      node.channels.add(channel);
      await node.connection.ssubscribe(channel);
      return node.channels.has(channel) ? null : masterOf(cluster, channel);
    } catch (error) {
      node.channels.delete(channel);
      // Whoever tries again finds the slot's new master.
      cluster.refreshSlotsCache();
      const moved = /^MOVED \d+ (\S+)$/.exec((error as Error).message)?.[1];
      if (!moved) throw error;
      return moved;
    }
  }

  const subscriber = Object.assign(emitter, {
    async ssubscribe(channel: string): Promise<void> {
      wanted.add(channel);
      let address: string | null = masterOf(cluster, channel);
      for (let hop = 0; address !== null && hop < MAX_HOPS; hop++) address = await trySubscribe(address, channel);
      if (address !== null) throw new Error(`Subscribing ${channel}: sent on ${MAX_HOPS} times`);
      if (!wanted.has(channel)) await subscriber.sunsubscribe(channel);
    },
    async sunsubscribe(channel: string): Promise<void> {
      wanted.delete(channel);
      const here = [...nodes.values()].filter(({ channels }) => channels.delete(channel));
      await Promise.all(here.map(({ connection }) => connection.sunsubscribe(channel)));
    },
    async ping(): Promise<void> {
      await Promise.all([...nodes.values()].map(({ connection }) => connection.ping()));
    },
    /** The connections that are open now. */
    connections: () => [...nodes.values()].map(({ connection }) => connection),
  });
  return subscriber;
}

/** `host:port` of the master of a channel's or key's slot; throws while the cluster's slots are not known. */
export function masterOf(cluster: Cluster, key: string): string {
  const slot = new Command('ssubscribe', [key]).getSlot();
  const master = cluster.slots[slot ?? -1]?.[0];
  if (!master) throw new Error(`No node of the cluster is known to have ${key}`);
  return master;
}
