import type { Logger } from 'pino';
import { GatewayError } from '../../errors.ts';
import type { Subscriber } from '../../redis/cluster-subscriber.ts';
import { answered } from '../../redis/options.ts';
import type { AttachmentEvent } from '../attachment.ts';
import type { AttachmentStore, Unfollow } from './contract.ts';
import { compareCursors } from './order.ts';
import { parseEvent } from './replies.ts';
import { type Follower, tell } from './subscribers.ts';

/** How many events are read at once while catching up. */
const READ_LIMIT = 500;
/** How long to wait before what failed without a lost connection is tried again, ms. */
const RETRY_MS = 1000;

/** What following a log needs of its store. */
export interface LogReader {
  subscriber: Subscriber;
  /** `ready`: what could not be read may be tried again. */
  commands: { on(event: 'ready', listener: () => void): unknown; off(event: 'ready', listener: () => void): unknown };
  channelOf(projectId: string): string;
  lastCursor: AttachmentStore['lastCursor'];
  readEvents: AttachmentStore['readEvents'];
  log: Logger;
}

/** One project's log as this process follows it: one subscription, however many followers. */
interface Feed {
  readonly projectId: string;
  readonly channel: string;
  readonly followers: Set<Follower>;
  /** Those who are about to follow: the feed stays for them. */
  arriving: number;
  /** The last event that was told; null until the first follower knows where the log stands. */
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
export function createFollowing(reader: LogReader) {
  const { subscriber, commands, log } = reader;
  const feeds = new Map<string, Feed>();
  let retry: NodeJS.Timeout | null = null;

  function open(projectId: string, channel: string): Feed {
    const subscribed = answered(Promise.resolve(subscriber.ssubscribe(channel)));
    const feed: Feed = {
      projectId,
      channel,
      followers: new Set(),
      arriving: 0,
      cursor: null,
      subscribed,
      isSubscribed: true,
      isBehind: false,
      isReading: false,
    };
    feeds.set(channel, feed);
    return feed;
  }

  function drop(feed: Feed) {
    if (feeds.get(feed.channel) !== feed) return;
    feeds.delete(feed.channel);
    // Without a connection there is nothing to end; commands of one connection keep their order, so a feed that
    // opens right after this subscribes after it too.
    Promise.resolve(subscriber.sunsubscribe(feed.channel)).catch(() => undefined);
  }

  function dropIfUnused(feed: Feed) {
    if (feed.followers.size === 0 && feed.arriving === 0) drop(feed);
  }

  function lose(feed: Feed, error: Error) {
    drop(feed);
    const followers = [...feed.followers];
    feed.followers.clear();
    for (const { onLost } of followers) onLost(error);
  }

  function advance(feed: Feed, event: AttachmentEvent) {
    feed.cursor = event.cursor;
    tell(feed.followers, event);
    dropIfUnused(feed);
  }

  function onMessage(channel: string, message: string) {
    const feed = feeds.get(channel);
    if (!feed) return;
    const { cursor, previous, json } = parseMessage(message);
    if (feed.cursor === null) feed.isBehind = true;
    else if (compareCursors(cursor, feed.cursor) <= 0) return;
    else if (previous === feed.cursor) advance(feed, parseEvent(json, cursor));
    else void catchUp(feed);
  }

  /** Reads the log from where the feed is until its end; when that fails it is tried again later. */
  async function catchUp(feed: Feed): Promise<void> {
    feed.isBehind = true;
    if (feed.isReading || feed.cursor === null) return;
    feed.isReading = true;
    try {
      while (feed.isBehind && feeds.get(feed.channel) === feed) {
        feed.isBehind = false;
        await readOn(feed, feed.cursor);
      }
    } catch (error) {
      feed.isBehind = true;
      log.debug({ projectId: feed.projectId, reason: String(error) }, 'Events could not be read, will try again');
      retryLater();
    } finally {
      feed.isReading = false;
    }
  }

  async function readOn(feed: Feed, from: string): Promise<void> {
    const events = await reader.readEvents(feed.projectId, from, READ_LIMIT);
    if (events === 'expired') {
      // A message may have moved us on meanwhile: then it is from there that the log must have everything.
      if (feed.cursor !== from) feed.isBehind = true;
      else lose(feed, new GatewayError('CURSOR_EXPIRED', `The event log does not have the cursor ${from} any more`));
      return;
    }
    for (const event of events) {
      if (feed.cursor !== null && compareCursors(event.cursor, feed.cursor) > 0) advance(feed, event);
    }
    if (events.length === READ_LIMIT) feed.isBehind = true;
  }

  /** Makes a feed whole again: subscribed, then read, so that nothing falls between. */
  async function restore(feed: Feed): Promise<void> {
    try {
      if (!feed.isSubscribed) await subscriber.ssubscribe(feed.channel);
      feed.isSubscribed = true;
    } catch {
      retryLater();
      return;
    }
    await catchUp(feed);
  }

  /** Those of these channels, or all. */
  function feedsOf(channels?: readonly string[]): Feed[] {
    return channels ? channels.flatMap((channel) => feeds.get(channel) ?? []) : [...feeds.values()];
  }

  function restoreAll(channels?: readonly string[]) {
    for (const feed of feedsOf(channels)) void restore(feed);
  }

  const readAll = () => restoreAll();

  function retryLater() {
    retry ??= setTimeout(() => {
      retry = null;
      for (const feed of feeds.values()) if (!feed.isSubscribed || feed.isBehind) void restore(feed);
    }, RETRY_MS).unref();
  }

  function onSubscriberClose(channels?: readonly string[]) {
    for (const feed of feedsOf(channels)) feed.isSubscribed = false;
  }

  subscriber.on('smessage', onMessage).on('close', onSubscriberClose).on('ready', restoreAll);
  commands.on('ready', readAll);

  async function follow(
    projectId: string,
    listener: Follower['listener'],
    onLost: Follower['onLost'],
  ): Promise<Unfollow> {
    const channel = reader.channelOf(projectId);
    const feed = feeds.get(channel) ?? open(projectId, channel);
    feed.arriving += 1;
    try {
      await feed.subscribed;
      const after = await reader.lastCursor(projectId);
      // The feed was lost to all who followed it meanwhile: this one never did, and begins with a new one.
      if (feeds.get(channel) !== feed) return await follow(projectId, listener, onLost);
      const follower = { after, listener, onLost };
      feed.followers.add(follower);
      feed.cursor ??= after;
      if (feed.isBehind) void catchUp(feed);
      const unfollow = async () => {
        feed.followers.delete(follower);
        dropIfUnused(feed);
      };
      return Object.assign(unfollow, { after });
    } finally {
      feed.arriving -= 1;
      dropIfUnused(feed);
    }
  }

  return {
    follow,
    /** Ends every subscription; followers hear nothing more. */
    close() {
      subscriber.off('smessage', onMessage).off('close', onSubscriberClose).off('ready', restoreAll);
      commands.off('ready', readAll);
      if (retry) clearTimeout(retry);
      for (const feed of feeds.values()) drop(feed);
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
