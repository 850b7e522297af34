import type { Logger } from 'pino';
import { GatewayError } from '../../errors.ts';
import type { ShardedSubscriber } from '../../redis/cluster-subscriber.ts';
import { orUnavailable } from '../../redis/options.ts';
import type { AttachmentEvent } from '../attachment.ts';
import type { AttachmentStore, Unsubscribe } from './contract.ts';
import { compareCursors } from './order.ts';
import { parseEvent } from './replies.ts';
import { publish, type Subscriber } from './subscribers.ts';

/** How many events are read at once while catching up. */
const READ_LIMIT = 500;
/** How long to wait before what failed without a lost connection is tried again, ms. */
const RETRY_MS = 1000;

/** What following a log needs of its store. */
export interface LogReader {
  subscriber: ShardedSubscriber;
  /** `ready`: what could not be read may be tried again. */
  commands: { on(event: 'ready', listener: () => void): unknown; off(event: 'ready', listener: () => void): unknown };
  channelOf(projectId: string): string;
  lastCursor: AttachmentStore['lastCursor'];
  readEvents: AttachmentStore['readEvents'];
  log: Logger;
}

/** One project's log as this process follows it: one subscription, however many subscribers. */
interface LogSubscription {
  readonly projectId: string;
  readonly channel: string;
  readonly subscribers: Set<Subscriber>;
  /** Those who are about to subscribe: the subscription stays for them. */
  arriving: number;
  /** The last event that was told; null until the first subscriber knows where the log stands. */
  cursor: string | null;
  subscribed: Promise<unknown>;
  isSubscribed: boolean;
  /** There may be events after `cursor` that no message will bring. */
  isBehind: boolean;
  isReading: boolean;
}

/**
 * Follows projects' logs. A message carries an event with the cursor before it: when that is where we are, the event is
 * told; else, and after each loss of a connection, the log is read from where we were. So messages may get lost, events
 * may not. The channels are sharded (SSUBSCRIBE): on Redis Cluster a message stays on its shard's nodes, and a plain
 * Redis 7 takes it the same way.
 */
export function createSubscriptions(reader: LogReader) {
  const { subscriber, commands, log } = reader;
  const subscriptions = new Map<string, LogSubscription>();
  let retry: NodeJS.Timeout | null = null;

  function open(projectId: string, channel: string): LogSubscription {
    const subscribed = orUnavailable(Promise.resolve(subscriber.ssubscribe(channel)));
    const subscription: LogSubscription = {
      projectId,
      channel,
      subscribers: new Set(),
      arriving: 0,
      cursor: null,
      subscribed,
      isSubscribed: true,
      isBehind: false,
      isReading: false,
    };
    subscriptions.set(channel, subscription);
    return subscription;
  }

  function drop(subscription: LogSubscription) {
    if (subscriptions.get(subscription.channel) !== subscription) return;
    subscriptions.delete(subscription.channel);
    // Without a connection there is nothing to end; commands of one connection keep their order, so a subscription that
    // opens right after this subscribes after it too.
    Promise.resolve(subscriber.sunsubscribe(subscription.channel)).catch(() => undefined);
  }

  function dropIfUnused(subscription: LogSubscription) {
    if (subscription.subscribers.size === 0 && subscription.arriving === 0) drop(subscription);
  }

  function lose(subscription: LogSubscription, error: Error) {
    drop(subscription);
    const subscribers = [...subscription.subscribers];
    subscription.subscribers.clear();
    for (const { onExpired } of subscribers) onExpired(error);
  }

  function advance(subscription: LogSubscription, event: AttachmentEvent) {
    subscription.cursor = event.cursor;
    publish(subscription.subscribers, event);
    dropIfUnused(subscription);
  }

  function onMessage(channel: string, message: string) {
    const subscription = subscriptions.get(channel);
    if (!subscription) return;
    const { cursor, previous, json } = parseMessage(message);
    if (subscription.cursor === null) subscription.isBehind = true;
    else if (compareCursors(cursor, subscription.cursor) <= 0) return;
    else if (previous === subscription.cursor) advance(subscription, parseEvent(json, cursor));
    else void catchUp(subscription);
  }

  /** Reads the log from where the subscription is until its end; when that fails it is tried again later. */
  async function catchUp(subscription: LogSubscription): Promise<void> {
    subscription.isBehind = true;
    if (subscription.isReading || subscription.cursor === null) return;
    subscription.isReading = true;
    try {
      while (subscription.isBehind && subscriptions.get(subscription.channel) === subscription) {
        subscription.isBehind = false;
        await readOn(subscription, subscription.cursor);
      }
    } catch (error) {
      subscription.isBehind = true;
      log.debug(
        { projectId: subscription.projectId, reason: String(error) },
        'Events could not be read, will try again',
      );
      retryLater();
    } finally {
      subscription.isReading = false;
    }
  }

  async function readOn(subscription: LogSubscription, from: string): Promise<void> {
    const events = await reader.readEvents(subscription.projectId, from, READ_LIMIT);
    if (events === 'expired') {
      // A message may have moved us on meanwhile: then it is from there that the log must have everything.
      if (subscription.cursor !== from) subscription.isBehind = true;
      else
        lose(
          subscription,
          new GatewayError('CURSOR_EXPIRED', `The event log does not have the cursor ${from} any more`),
        );
      return;
    }
    for (const event of events) {
      if (subscription.cursor !== null && compareCursors(event.cursor, subscription.cursor) > 0)
        advance(subscription, event);
    }
    if (events.length === READ_LIMIT) subscription.isBehind = true;
  }

  /** Makes a subscription whole again: subscribed, then read, so that nothing falls between. */
  async function restore(subscription: LogSubscription): Promise<void> {
    try {
      if (!subscription.isSubscribed) await subscriber.ssubscribe(subscription.channel);
      subscription.isSubscribed = true;
    } catch {
      retryLater();
      return;
    }
    await catchUp(subscription);
  }

  /** Those of these channels, or all. */
  function feedsOf(channels?: readonly string[]): LogSubscription[] {
    return channels ? channels.flatMap((channel) => subscriptions.get(channel) ?? []) : [...subscriptions.values()];
  }

  function restoreAll(channels?: readonly string[]) {
    for (const subscription of feedsOf(channels)) void restore(subscription);
  }

  const readAll = () => restoreAll();

  function retryLater() {
    retry ??= setTimeout(() => {
      retry = null;
      for (const subscription of subscriptions.values())
        if (!subscription.isSubscribed || subscription.isBehind) void restore(subscription);
    }, RETRY_MS).unref();
  }

  function onSubscriberClose(channels?: readonly string[]) {
    for (const subscription of feedsOf(channels)) subscription.isSubscribed = false;
  }

  subscriber.on('smessage', onMessage).on('close', onSubscriberClose).on('ready', restoreAll);
  commands.on('ready', readAll);

  async function subscribe(
    projectId: string,
    listener: Subscriber['listener'],
    onExpired: Subscriber['onExpired'],
  ): Promise<Unsubscribe> {
    const channel = reader.channelOf(projectId);
    const subscription = subscriptions.get(channel) ?? open(projectId, channel);
    subscription.arriving += 1;
    try {
      await subscription.subscribed;
      const after = await reader.lastCursor(projectId);
      // The subscription was lost to all who followed it meanwhile: this one never did, and begins with a new one.
      if (subscriptions.get(channel) !== subscription) return await subscribe(projectId, listener, onExpired);
      const subscriber = { after, listener, onExpired };
      subscription.subscribers.add(subscriber);
      subscription.cursor ??= after;
      if (subscription.isBehind) void catchUp(subscription);
      const unsubscribe = async () => {
        subscription.subscribers.delete(subscriber);
        dropIfUnused(subscription);
      };
      return Object.assign(unsubscribe, { after });
    } finally {
      subscription.arriving -= 1;
      dropIfUnused(subscription);
    }
  }

  return {
    subscribe,
    /** Ends every subscription; subscribers hear nothing more. */
    close() {
      subscriber.off('smessage', onMessage).off('close', onSubscriberClose).off('ready', restoreAll);
      commands.off('ready', readAll);
      if (retry) clearTimeout(retry);
      for (const subscription of subscriptions.values()) drop(subscription);
    },
  };
}

/** `<cursor> <cursor before> <event as JSON>`, as lua/commit.lua publishes it. */
function parseMessage(message: string) {
  const first = message.indexOf(' ');
  const second = message.indexOf(' ', first + 1);
  return {
    cursor: message.slice(0, first),
    previous: message.slice(first + 1, second),
    json: message.slice(second + 1),
  };
}
