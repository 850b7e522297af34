import type { Logger } from 'pino';
import { GatewayError } from '../../errors.ts';
import type { ShardedSubscriber } from '../../redis/cluster-subscriber.ts';
import { orUnavailable } from '../../redis/connection.ts';
import type { AttachmentStore, LogEvent, Unsubscribe } from './contract.ts';
import { compareCursors } from './order.ts';
import { parseEvent } from './replies.ts';
import { publish, type Subscriber } from './subscribers.ts';

/** Events per read while catching up. */
const READ_LIMIT = 500;
/** Pause before a failed read or subscription is tried again while the connection stands, in ms. */
const RETRY_MS = 1000;

/** What subscriptions need of their store. */
export interface LogReader {
  subscriber: ShardedSubscriber;
  /** `ready`: failed reads may be tried again. */
  commands: { on(event: 'ready', listener: () => void): unknown; off(event: 'ready', listener: () => void): unknown };
  channelOf(projectId: string): string;
  lastCursor: AttachmentStore['lastCursor'];
  readEvents: AttachmentStore['readEvents'];
  log: Logger;
}

/** This process's subscription to one project's log, shared by all its subscribers. */
interface LogSubscription {
  readonly projectId: string;
  readonly channel: string;
  readonly subscribers: Set<Subscriber>;
  /** Number of subscribers that are being added: the subscription stays for them. */
  joining: number;
  /** Cursor of the last event delivered; null until the first subscriber has read the end of the log. */
  cursor: string | null;
  subscribed: Promise<unknown>;
  isSubscribed: boolean;
  /** Whether there may be events after `cursor` that no message will bring. */
  isBehind: boolean;
  isReading: boolean;
}

/**
 * Subscribes to projects' logs. A message carries an event with the cursor before it: when that is the last one
 * delivered, the event is delivered; otherwise, and after each loss of a connection, the log is read from the last one.
 * So messages may be lost, events may not. The channels are sharded (SSUBSCRIBE): on Redis Cluster a message stays on
 * its shard's nodes, and a single Redis 7 handles it the same way.
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
      joining: 0,
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
    // Without a connection there is nothing to end. Commands of one connection keep their order, so a subscription
    // opened right after this one is sent after it too.
    Promise.resolve(subscriber.sunsubscribe(subscription.channel)).catch(() => undefined);
  }

  function dropIfUnused(subscription: LogSubscription) {
    if (subscription.subscribers.size === 0 && subscription.joining === 0) drop(subscription);
  }

  function expire(subscription: LogSubscription, error: Error) {
    drop(subscription);
    const subscribers = [...subscription.subscribers];
    subscription.subscribers.clear();
    for (const { onExpired } of subscribers) onExpired(error);
  }

  function advance(subscription: LogSubscription, event: LogEvent) {
    subscription.cursor = event.cursor;
    publish(subscription.subscribers, event);
    dropIfUnused(subscription);
  }

  /** Delivers a message's event; false when it cannot be read: then the log decides. */
  function deliver(subscription: LogSubscription, cursor: string, json: string): boolean {
    let event: LogEvent;
    try {
      event = parseEvent(json, cursor);
    } catch {
      return false;
    }
    advance(subscription, event);
    return true;
  }

  function onMessage(channel: string, message: string) {
    const subscription = subscriptions.get(channel);
    if (!subscription) return;
    const { cursor, previous, json } = parseMessage(message);
    if (subscription.cursor === null) subscription.isBehind = true;
    else if (compareCursors(cursor, subscription.cursor) <= 0) return;
    else if (previous !== subscription.cursor || !deliver(subscription, cursor, json)) void catchUp(subscription);
  }

  /** Reads the log from the subscription's cursor to its end; a failure is tried again later. */
  async function catchUp(subscription: LogSubscription): Promise<void> {
    subscription.isBehind = true;
    if (subscription.isReading || subscription.cursor === null) return;
    subscription.isReading = true;
    try {
      while (subscription.isBehind && subscriptions.get(subscription.channel) === subscription) {
        subscription.isBehind = false;
        await readNext(subscription, subscription.cursor);
      }
    } catch (error) {
      subscription.isBehind = true;
      log.debug({ projectId: subscription.projectId, reason: String(error) }, 'Events could not be read, trying again');
      retryLater();
    } finally {
      subscription.isReading = false;
    }
  }

  async function readNext(subscription: LogSubscription, from: string): Promise<void> {
    const events = await reader.readEvents(subscription.projectId, from, READ_LIMIT);
    if (events === 'expired') {
      // A message may have moved the cursor meanwhile: then the log must be complete from there.
      if (subscription.cursor !== from) subscription.isBehind = true;
      else
        expire(
          subscription,
          new GatewayError('CURSOR_EXPIRED', `The event log does not have the cursor ${from} any more`),
        );
      return;
    }
    for (const event of events) {
      if (subscription.cursor !== null && compareCursors(event.cursor, subscription.cursor) > 0)
        advance(subscription, event);
    }
    // Only an empty page is the end: an entry that cannot be read ends one before it.
    if (events.length > 0) subscription.isBehind = true;
  }

  /** Subscribes again, then reads, so that no event falls between the two. */
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

  /** The subscriptions of these channels, or all. */
  function subscriptionsOf(channels?: readonly string[]): LogSubscription[] {
    return channels ? channels.flatMap((channel) => subscriptions.get(channel) ?? []) : [...subscriptions.values()];
  }

  function restoreAll(channels?: readonly string[]) {
    for (const subscription of subscriptionsOf(channels)) void restore(subscription);
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
    for (const subscription of subscriptionsOf(channels)) subscription.isSubscribed = false;
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
    subscription.joining += 1;
    try {
      await subscription.subscribed;
      const after = await reader.lastCursor(projectId);
      // The subscription expired meanwhile for its subscribers: this one was none of them, and begins with a new one.
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
      subscription.joining -= 1;
      dropIfUnused(subscription);
    }
  }

  return {
    subscribe,
    /** Ends every subscription; no event is delivered any more. */
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
