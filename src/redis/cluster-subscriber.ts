import { EventEmitter } from 'node:events';
import { type Cluster, Command, type Redis } from 'ioredis';

/** Maximum number of redirections of one subscription. */
const MAX_HOPS = 5;

/**
 * A connection that subscribes to sharded channels. `smessage` (channel, message). `close` (channels): these, or all,
 * are no longer subscribed. `ready` (channels): these, or all, can be subscribed again, and messages may have been
 * missed.
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
  /** Channels subscribed here, or being subscribed. */
  readonly channels: Set<string>;
}

/**
 * Subscribes on Redis Cluster: one connection to each master of a subscribed channel. ioredis' own sharded subscribers
 * subscribe again after a slot has moved without reporting when, so the log could not be read from the right place;
 * this one reports which channels were lost, and leaves it to store/subscriptions.ts to subscribe them again. `connect`
 * makes a connection to `host:port` that is not open yet and does not reconnect by itself.
 */
export function createClusterSubscriber(cluster: Cluster, connect: (node: string) => Redis) {
  const emitter = new EventEmitter();
  const nodes = new Map<string, Node>();
  const requested = new Set<string>();

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
    // The node reports that it lost a slot, not which one: all its channels are subscribed again.
    connection.on('moved', () => lose(node));
    connection.once('end', () => {
      nodes.delete(address);
      lose(node);
    });
    return node;
  }

  /** Subscribes at a node. Returns the node to which it redirected us, null when subscribed; throws any other error. */
  async function trySubscribe(address: string, channel: string): Promise<string | null> {
    const node = nodes.get(address) ?? open(address);
    try {
      await node.ready;
      // Before it is sent: what takes the channel away may arrive with the reply.
      node.channels.add(channel);
      await node.connection.ssubscribe(channel);
      return node.channels.has(channel) ? null : masterOf(cluster, channel);
    } catch (error) {
      node.channels.delete(channel);
      // The next attempt finds the slot's new master.
      cluster.refreshSlotsCache();
      const moved = /^MOVED \d+ (\S+)$/.exec((error as Error).message)?.[1];
      if (!moved) throw error;
      return moved;
    }
  }

  const subscriber = Object.assign(emitter, {
    async ssubscribe(channel: string): Promise<void> {
      requested.add(channel);
      let address: string | null = masterOf(cluster, channel);
      for (let hop = 0; address !== null && hop < MAX_HOPS; hop++) address = await trySubscribe(address, channel);
      if (address !== null) throw new Error(`Subscribing ${channel}: redirected ${MAX_HOPS} times`);
      if (!requested.has(channel)) await subscriber.sunsubscribe(channel);
    },
    async sunsubscribe(channel: string): Promise<void> {
      requested.delete(channel);
      const here = [...nodes.values()].filter(({ channels }) => channels.delete(channel));
      await Promise.all(here.map(({ connection }) => connection.sunsubscribe(channel)));
    },
    async ping(): Promise<void> {
      await Promise.all([...nodes.values()].map(({ connection }) => connection.ping()));
    },
    /** The open connections. */
    connections: () => [...nodes.values()].map(({ connection }) => connection),
  });
  return subscriber;
}

/** `host:port` of the master of a channel's or key's slot; throws while the cluster's slot map is unknown. */
export function masterOf(cluster: Cluster, key: string): string {
  const slot = new Command('ssubscribe', [key]).getSlot();
  const master = cluster.slots[slot ?? -1]?.[0];
  if (!master) throw new Error(`No cluster node is known for the slot of ${key}`);
  return master;
}
