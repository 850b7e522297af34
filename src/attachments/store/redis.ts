import { randomBytes, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { GatewayError } from '../../errors.ts';
import type { RedisConnections } from '../../redis/connect.ts';
import { orUnavailable } from '../../redis/connection.ts';
import { type Attachment, isInProgress, STATUSES } from '../attachment.ts';
import {
  type AttachmentStore,
  type DeletedMapping,
  GUEST_SEEN_DAYS,
  type LogEvent,
  MAX_DELETED_MAPPINGS,
  MAX_LEASE_MS,
  MAX_UNSETTLED_PROJECTS,
  type WriteConflict,
} from './contract.ts';
import { createKeys, dueMember, parseDueMember, SHARDS, shardOf } from './keys.ts';
import { isCursor, LOG_START, positionOf } from './order.ts';
import { createLists } from './redis-lists.ts';
import { createRedisShareOperations } from './redis-shares.ts';
import { eventJson, inPairs, parseEvent, parseRecord, roundRobin } from './replies.ts';
import { loadScripts, type Reply } from './scripts.ts';
import { clockOf, ofShards } from './shards.ts';
import { createSubscriptions } from './subscriptions.ts';
import { targetEntries } from './targets.ts';

/** Every so many calls of `due` look for records that are due further ahead than any can be. */
const FAR_DUE_CALLS = 60;
/** Maximum number of members read from one shard at once. */
const PER_SHARD = 100;
/** Number of projects whose attachments are counted at once. */
const COUNTED_AT_ONCE = 100;

export interface RedisStoreOptions {
  redis: RedisConnections;
  /** Prefix of every key. */
  prefix: string;
  /** Number of events that a project's log keeps, exactly. */
  logLength: number;
  /** The cloud to which the store is bound; not bound without one. */
  cloud?: string;
  /** Number of replicas that must have a change before it counts; default 0. */
  replicas?: number;
  /** The key that signs rule metadata; default a random one, kept in Redis. */
  signingKey?: string | undefined;
  log: Logger;
}

/** The store on Redis: typed functions over the scripts in lua/. Neither waits for Redis nor closes its connections. */
export async function createRedisStore(options: RedisStoreOptions): Promise<AttachmentStore> {
  const { redis, prefix, logLength, cloud = null, replicas = 0, log } = options;
  const { commands, subscriber } = redis;
  const keys = createKeys(prefix);
  const run = await loadScripts(commands, replicas, log);
  let dueCalls = 0;
  let firstShard = Math.floor(Math.random() * SHARDS);

  const dueKey = (projectId: string) => keys.due(shardOf(projectId));
  /** All keys that one attachment is in, in the order of KEYS in create and remove. */
  const allKeys = ({ projectId, id, serverId, shareId }: Attachment) => [
    keys.record(projectId, id),
    keys.projectIndex(projectId),
    keys.serverIndex(projectId, serverId),
    keys.shareIndex(projectId, shareId),
    keys.mountPoints(projectId, serverId),
    dueKey(projectId),
    keys.log(projectId),
    keys.channel(projectId),
    keys.projects(shardOf(projectId)),
    keys.pending(shardOf(projectId)),
    keys.indexed(shardOf(projectId)),
  ];
  const indexPrefixes = (projectId: string) => [keys.statusIndex(projectId, ''), keys.targetIndex(projectId, '')];

  async function lastCursor(projectId: string): Promise<string> {
    const [last] = await orUnavailable(commands.xrevrange(keys.log(projectId), '+', '-', 'COUNT', 1));
    return last?.[0] ?? LOG_START;
  }

  async function readEvents(projectId: string, after: string, limit: number): Promise<LogEvent[] | 'expired'> {
    if (!isCursor(after)) return 'expired';
    const { status, values } = await run('read_events', [keys.log(projectId)], [after, limit]);
    if (status === 'expired') return status;
    const entries = inPairs(values);
    const events: LogEvent[] = [];
    for (const [cursor, json] of entries) {
      const event = parse(projectId, cursor, json);
      if (!event) break;
      events.push(event);
    }
    return entries.length > 0 && events.length === 0 ? 'expired' : events;
  }

  async function readAvailable(projectId: string, after: string | null, limit: number) {
    const from = after === null ? '-' : `(${after}`;
    const entries = await orUnavailable(commands.xrange(keys.log(projectId), from, '+', 'COUNT', limit));
    const events = entries.map(([cursor, fields]) => parse(projectId, cursor, String(fields[1])));
    return { events: events.filter((event) => event !== null), last: entries.at(-1)?.[0] ?? null };
  }

  async function readBefore(projectId: string, before: string | null, limit: number) {
    const key = keys.log(projectId);
    const from = before === null ? '+' : `(${before}`;
    const entries = await orUnavailable(commands.xrevrange(key, from, '-', 'COUNT', limit));
    const events = entries.map(([cursor, fields]) => parse(projectId, cursor, String(fields[1])));
    return {
      events: events.filter((event) => event !== null),
      last: entries.at(-1)?.[0] ?? null,
      isTruncated: await isTruncated(key),
    };
  }

  /** Whether a stream has dropped entries, which its counters show (Redis 7). */
  async function isTruncated(key: string): Promise<boolean> {
    if ((await orUnavailable(commands.exists(key))) === 0) return false;
    const info = (await orUnavailable(commands.xinfo('STREAM', key))) as unknown[];
    const counter = (name: string) => info[info.indexOf(name) + 1];
    return counter('entries-added') !== counter('length');
  }

  /** The event of a log entry; null for an unreadable one, which is logged. */
  function parse(projectId: string, cursor: string, json: string): LogEvent | null {
    try {
      return parseEvent(json, cursor);
    } catch (error) {
      log.error({ projectId, cursor, reason: String(error) }, 'an entry of the event log cannot be read');
      return null;
    }
  }

  async function bind(mayWrite = true): Promise<string | null> {
    if (cloud === null) return null;
    const { values } = await run('once', [keys.cloud()], [mayWrite ? cloud : '']);
    const bound = values[0] === undefined ? cloud : String(values[0]);
    return bound === cloud ? null : bound;
  }

  function assertOwn(other: string | null): void {
    if (other === null) return;
    log.error({ cloud, boundTo: other }, 'the store belongs to another cloud');
    throw new GatewayError('STATE_UNAVAILABLE', 'The attachment store belongs to another cloud');
  }

  /** Costs one GET beside other reads. A node that is down is no proof: the reads of its records fail by themselves. */
  async function assertStillBound(): Promise<void> {
    if (cloud === null) return;
    const bound = await commands.get(keys.cloud()).catch(() => null);
    assertOwn(bound === cloud ? null : bound);
  }

  const channelOf = keys.channel;
  const subscriptions = createSubscriptions({ subscriber, commands, channelOf, lastCursor, readEvents, log });

  return {
    async create(attachment, event, lease, dueInMs = null, unlessLoggedAfter = null) {
      const { id, projectId, status, mountPoint } = attachment;
      const due = dueInMs ?? lease?.ms ?? null;
      const { status: outcome, values } = await run('create', allKeys(attachment), [
        ...[id, positionOf(attachment), JSON.stringify({ ...attachment, version: 1 }), status, mountPoint ?? ''],
        ...[lease?.owner ?? '', lease?.ms ?? 0, due ?? '', dueMember(projectId, id)],
        ...[eventJson(event, 1), logLength, projectId, unlessLoggedAfter ?? ''],
        ...[...indexPrefixes(projectId), JSON.stringify(targetEntries(attachment))],
      ]);
      if (outcome === 'mount_point_taken') return { outcome, attachmentId: String(values[0]) };
      if (outcome === 'logged') return { outcome };
      if (outcome === 'exists') return { outcome, attachment: parseRecord(String(values[0]), String(values[1])) };
      return { outcome: 'created', attachment: { ...structuredClone(attachment), version: 1 } };
    },

    async commit(attachment, { event, dueInMs, owner = '', keepLease = false }) {
      const { id, projectId, status, version } = attachment;
      const { status: outcome } = await run(
        'commit',
        [
          ...[keys.record(projectId, id), dueKey(projectId), keys.log(projectId), keys.channel(projectId)],
          keys.pending(shardOf(projectId)),
        ],
        [
          ...[version, owner, keepLease ? 1 : 0, JSON.stringify(attachment), status],
          ...[dueInMs ?? '', dueMember(projectId, id), eventJson(event, version + 1), logLength, projectId],
          ...[...indexPrefixes(projectId), JSON.stringify(targetEntries(attachment))],
        ],
      );
      return isWriteConflict(outcome) ? outcome : { ...structuredClone(attachment), version: version + 1 };
    },

    async moveMount(attachment, owner) {
      const { id, projectId, serverId, mountPoint, version } = attachment;
      const { status, values } = await run(
        'move_mount',
        [keys.record(projectId, id), keys.mountPoints(projectId, serverId), keys.channel(projectId)],
        [version, owner, id, mountPoint ?? '', JSON.stringify(attachment)],
      );
      if (status === 'mount_point_taken') return { takenBy: String(values[0]) };
      return isWriteConflict(status) ? status : { ...structuredClone(attachment), version: version + 1 };
    },

    async remove(attachment, { event, owner = '' }) {
      const { id, projectId, version } = attachment;
      const { status } = await run('remove', allKeys(attachment), [
        ...[version, owner, dueMember(projectId, id), eventJson(event, version + 1), logLength, projectId],
        ...indexPrefixes(projectId),
      ]);
      return isWriteConflict(status) ? status : 'removed';
    },

    async claim(projectId, id, { owner, ms }) {
      const args = [owner, ms, dueMember(projectId, id)];
      const { status, values } = await run('claim', [keys.record(projectId, id), dueKey(projectId)], args);
      return status === 'gone' || status === 'held' ? status : parseRecord(String(values[0]), String(values[1]));
    },

    async release(projectId, id, owner, dueInMs) {
      const args = [owner, dueInMs ?? '', dueMember(projectId, id)];
      await run('release', [keys.record(projectId, id), dueKey(projectId)], args);
    },

    async due(limit) {
      const [now] = await Promise.all([clockOf(commands), assertStillBound()]);
      const first = firstShard;
      // The next call begins where this one may have reached its limit, so that no shard is always last.
      firstShard = (firstShard + limit) % SHARDS;
      const perShard = Math.min(limit, PER_SHARD);
      // After the clock was set back, records may be due further ahead than any can be: those are due now.
      const ranges: (number | string)[][] = [['-inf', now]];
      if (dueCalls++ % FAR_DUE_CALLS === 0) ranges.push([now + MAX_LEASE_MS, '+inf']);
      const members = await Promise.all(
        ranges.map(([from = 0, to = 0]) =>
          ofShards(commands, 'some', (on, shard) =>
            on.zrangebyscore(keys.due((first + shard) % SHARDS), from, to, 'LIMIT', 0, perShard),
          ),
        ),
      );
      return roundRobin(members.flat(), limit).map(parseDueMember);
    },

    async projects() {
      return (await ofShards(commands, 'all', (on, shard) => on.smembers(keys.projects(shard)))).flat();
    },

    async counts() {
      const scheduled = await ofShards(commands, 'some', (on, shard) => on.zcard(keys.due(shard)));
      const projects = (await ofShards(commands, 'some', (on, shard) => on.smembers(keys.projects(shard)))).flat();
      const byStatus = { attaching: 0, attached: 0, detaching: 0, error_attaching: 0, error_detaching: 0 };
      const unsettled = new Set<string>();
      for (let from = 0; from < projects.length; from += COUNTED_AT_ONCE) {
        const page = projects.slice(from, from + COUNTED_AT_ONCE);
        const counted = await Promise.all(
          page.map((projectId) =>
            Promise.all(STATUSES.map((status) => commands.zcard(keys.statusIndex(projectId, status)))),
          ),
        ).catch((error: unknown) => orUnavailable<number[][]>(Promise.reject(error)));
        counted.forEach((counts, at) => {
          STATUSES.forEach((status, nth) => {
            byStatus[status] += counts[nth] ?? 0;
            if (isInProgress(status) && counts[nth]) unsettled.add(page[at] as string);
          });
        });
      }
      return {
        byStatus,
        scheduled: (scheduled as unknown as number[]).reduce((sum, count) => sum + Number(count), 0),
        unsettledProjects: [...unsettled].slice(0, MAX_UNSETTLED_PROJECTS),
      };
    },

    ...createLists({ commands, keys, run, lastCursor, log }),
    shareOperations: createRedisShareOperations({ commands, keys, run, logLength }),

    async lockTarget(projectId, target, owner, ms) {
      const { status } = await run(
        'lock',
        [keys.targetLock(projectId, target)],
        [owner, ms, Math.max(MAX_LEASE_MS, 2 * ms)],
      );
      return status === 'done';
    },
    async unlockTarget(projectId, target, owner) {
      await run('unlock', [keys.targetLock(projectId, target)], [owner]);
    },

    async isRecovered(projectId) {
      if ((await run('is_recovered', [keys.recovered(projectId)], [])).status === 'done') return true;
      // A store that lost its state may belong to another cloud by now.
      assertOwn(await bind());
      return false;
    },
    async markRecovered(projectId) {
      await run('mark_recovered', [keys.recovered(projectId)], []);
    },

    async storeId() {
      return String((await run('once', [keys.storeId()], [randomUUID()])).values[0]);
    },
    async signingKey() {
      if (options.signingKey) return options.signingKey;
      return String((await run('once', [keys.signingKey()], [randomBytes(32).toString('base64')])).values[0]);
    },

    bind,

    lastCursor,
    readEvents,
    readAvailable,
    readBefore,
    subscribe: subscriptions.subscribe,

    async pendingProjects(limit) {
      const perShard = Math.min(limit, PER_SHARD);
      return roundRobin(
        await ofShards(commands, 'some', (on, shard) => on.srandmember(keys.pending(shard), perShard)),
        limit,
      );
    },
    checkpoint: (projectId) => orUnavailable(commands.get(keys.checkpoint(projectId))),
    async setCheckpoint(projectId, cursor) {
      const shard = shardOf(projectId);
      await run(
        'checkpoint',
        [keys.checkpoint(projectId), keys.log(projectId), keys.pending(shard)],
        [cursor, projectId],
      );
    },

    async markGuestSeen(projectId, serverId, at) {
      await orUnavailable(commands.set(keys.guestSeen(projectId, serverId), at, 'EX', GUEST_SEEN_DAYS * 86_400));
    },
    async guestsSeenAt(projectId, serverIds) {
      if (serverIds.length === 0) return [];
      return await orUnavailable(commands.mget(serverIds.map((serverId) => keys.guestSeen(projectId, serverId))));
    },

    async noteDeletedMapping(mapping) {
      const key = keys.deletedMappings();
      await orUnavailable(commands.zadd(key, mapping.at, deletedMappingName(mapping)));
      const excess = (await orUnavailable(commands.zcard(key))) - MAX_DELETED_MAPPINGS;
      if (excess <= 0) return;
      const oldest = await orUnavailable(commands.zrange(key, '0', String(excess - 1)));
      await orUnavailable(commands.zrem(key, ...oldest));
    },
    async deletedMappings() {
      const reply = await orUnavailable(commands.zrange(keys.deletedMappings(), '0', '-1', 'WITHSCORES'));
      return reply.flatMap((name, i) => (i % 2 === 0 ? parseDeletedMapping(name, Number(reply[i + 1])) : []));
    },
    async forgetDeletedMapping(mapping) {
      await orUnavailable(commands.zrem(keys.deletedMappings(), deletedMappingName(mapping)));
    },

    async ping() {
      await Promise.all([orUnavailable(commands.ping()), orUnavailable(subscriber.ping())]);
    },
    async close() {
      subscriptions.close();
    },
  };
}

// ids contain no space
function deletedMappingName({ projectId, serverId, shareId }: DeletedMapping): string {
  return [projectId, serverId, shareId].join(' ');
}

function parseDeletedMapping(name: string, at: number): DeletedMapping[] {
  const [projectId, serverId, shareId] = name.split(' ');
  return projectId && serverId && shareId ? [{ projectId, serverId, shareId, at }] : [];
}

function isWriteConflict(status: Reply['status']): status is WriteConflict {
  return status === 'gone' || status === 'stale';
}
