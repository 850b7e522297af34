import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { RedisConnections } from '../../redis/connect.ts';
import { answered } from '../../redis/options.ts';
import { type Attachment, type AttachmentEvent, attachmentId } from '../attachment.ts';
import type { AttachmentStore, Refusal } from './contract.ts';
import { createKeys, dueMember, parseDueMember, SHARDS, shardOf } from './keys.ts';
import { isCursor, LOG_START, positionOf, SCAN_LIMIT } from './order.ts';
import { eventJson, inPairs, inTurn, parseEvent, parsePage, parseRecord } from './replies.ts';
import { type Answer, loadScripts } from './scripts.ts';
import { clockOf, ofShards } from './shards.ts';
import { createFollowing } from './subscriptions.ts';

/** The most that one shard is asked for at once. */
const PER_SHARD = 100;

export interface RedisStoreOptions {
  redis: RedisConnections;
  /** What every key begins with. */
  prefix: string;
  /** How many events a project's log keeps: exactly, so that a small one means what it says. */
  logLength: number;
  /** How many replicas must have a change before it counts; none unless said. */
  replicas?: number;
  log: Logger;
}

/** The store on Redis: typed functions over the scripts in lua/. Does not wait for Redis; does not close its connections. */
export async function createRedisStore(options: RedisStoreOptions): Promise<AttachmentStore> {
  const { redis, prefix, logLength, replicas = 0, log } = options;
  const { commands, subscriber } = redis;
  const keys = createKeys(prefix);
  const run = await loadScripts(commands, replicas);
  let firstShard = Math.floor(Math.random() * SHARDS);

  const dueKey = (projectId: string) => keys.due(shardOf(projectId));
  /** All keys that one attachment is in, in the order that create and remove take. */
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
    keys.news(shardOf(projectId)),
  ];

  async function lastCursor(projectId: string): Promise<string> {
    const [last] = await answered(commands.xrevrange(keys.log(projectId), '+', '-', 'COUNT', 1));
    return last?.[0] ?? LOG_START;
  }

  async function readOldest(projectId: string, limit: number): Promise<AttachmentEvent[]> {
    const entries = await answered(commands.xrange(keys.log(projectId), '-', '+', 'COUNT', limit));
    return entries.map(([cursor, fields]) => parseEvent(String(fields[1]), cursor));
  }

  async function readEvents(
    projectId: string,
    after: string | null,
    limit: number,
  ): Promise<AttachmentEvent[] | 'expired'> {
    if (after === null) return await readOldest(projectId, limit);
    if (!isCursor(after)) return 'expired';
    const { word, values } = await run('read_events', [keys.log(projectId)], [after, limit]);
    return word === 'expired' ? word : inPairs(values).map(([cursor, json]) => parseEvent(json, cursor));
  }

  async function listEach(projectId: string, indexes: string[]): Promise<Attachment[][]> {
    if (indexes.length === 0) return [];
    const args = [keys.record(projectId, ''), SCAN_LIMIT];
    const { values } = await run('list_each', [keys.channel(projectId), ...indexes], args);
    return (values as unknown[][]).map((list) => inPairs(list).map(([version, json]) => parseRecord(version, json)));
  }

  const channelOf = keys.channel;
  const following = createFollowing({ subscriber, commands, channelOf, lastCursor, readEvents, log });

  return {
    async create(attachment, event, lease, dueInMs = null, unlessToldAfter = null) {
      const { id, projectId, status, mountPoint } = attachment;
      const due = dueInMs ?? lease?.ms ?? null;
      const { word, values } = await run('create', allKeys(attachment), [
        ...[id, positionOf(attachment), JSON.stringify({ ...attachment, version: 1 }), status, mountPoint ?? ''],
        ...[lease?.owner ?? '', lease?.ms ?? 0, due ?? '', dueMember(projectId, id)],
        ...[eventJson(event, 1), logLength, projectId, unlessToldAfter ?? ''],
      ]);
      if (word === 'mount_point_taken') return { outcome: word, attachmentId: String(values[0]) };
      if (word === 'told') return { outcome: word };
      if (word === 'exists') return { outcome: word, attachment: parseRecord(String(values[0]), String(values[1])) };
      return { outcome: 'created', attachment: { ...structuredClone(attachment), version: 1 } };
    },

    async commit(attachment, { event, dueInMs, owner = '', keepLease = false }) {
      const { id, projectId, status, version } = attachment;
      const { word } = await run(
        'commit',
        [
          ...[keys.record(projectId, id), dueKey(projectId), keys.log(projectId), keys.channel(projectId)],
          keys.news(shardOf(projectId)),
        ],
        [
          ...[version, owner, keepLease ? 1 : 0, JSON.stringify(attachment), status],
          ...[dueInMs ?? '', dueMember(projectId, id), eventJson(event, version + 1), logLength, projectId],
        ],
      );
      return isRefusal(word) ? word : { ...structuredClone(attachment), version: version + 1 };
    },

    async remove(attachment, { event, owner = '' }) {
      const { id, projectId, version } = attachment;
      const args = [version, owner, dueMember(projectId, id), eventJson(event, version + 1), logLength, projectId];
      const { word } = await run('remove', allKeys(attachment), args);
      return isRefusal(word) ? word : 'removed';
    },

    async claim(projectId, id, { owner, ms }) {
      const args = [owner, ms, dueMember(projectId, id)];
      const { word, values } = await run('claim', [keys.record(projectId, id), dueKey(projectId)], args);
      return word === 'gone' || word === 'held' ? word : parseRecord(String(values[0]), String(values[1]));
    },

    async release(projectId, id, owner, dueInMs) {
      const args = [owner, dueInMs ?? '', dueMember(projectId, id)];
      await run('release', [keys.record(projectId, id), dueKey(projectId)], args);
    },

    async nudge(projectId, id, dueInMs) {
      await run('nudge', [keys.record(projectId, id), dueKey(projectId)], [dueInMs, dueMember(projectId, id)]);
    },

    async due(limit) {
      const now = await clockOf(commands);
      const first = firstShard;
      // The next call begins where this one may have run full, so that no shard is always the last to be heard.
      firstShard = (firstShard + limit) % SHARDS;
      const most = Math.min(limit, PER_SHARD);
      const members = await ofShards(commands, 'some', (on, shard) =>
        on.zrangebyscore(keys.due((first + shard) % SHARDS), '-inf', now, 'LIMIT', 0, most),
      );
      return inTurn(members, limit).map(parseDueMember);
    },

    async projects() {
      return (await ofShards(commands, 'all', (on, shard) => on.smembers(keys.projects(shard)))).flat();
    },

    async get(projectId, id) {
      const [version, json] = await answered(commands.hmget(keys.record(projectId, id), 'version', 'record'));
      return version && json ? parseRecord(version, json) : null;
    },
    listForServers: (projectId, serverIds) =>
      listEach(
        projectId,
        serverIds.map((serverId) => keys.serverIndex(projectId, serverId)),
      ),
    listForShares: (projectId, shareIds) =>
      listEach(
        projectId,
        shareIds.map((shareId) => keys.shareIndex(projectId, shareId)),
      ),

    async list(projectId, options) {
      const { first, after, status, serverId, shareId } = options;
      const projectIndex = keys.projectIndex(projectId);
      const shareIndex = shareId === undefined ? projectIndex : keys.shareIndex(projectId, shareId);
      const index = serverId === undefined ? shareIndex : keys.serverIndex(projectId, serverId);
      const wantedId = serverId !== undefined && shareId !== undefined ? attachmentId(serverId, shareId) : '';
      // No status at all would want every one: an empty list wants none, and '' is the status of none.
      const statuses = status?.length === 0 ? [''] : (status ?? []);
      const { values } = await run(
        'list',
        [index, projectIndex, keys.log(projectId), keys.channel(projectId)],
        [keys.record(projectId, ''), after ?? '', first, Math.max(SCAN_LIMIT, first + 1), wantedId, ...statuses],
      );
      return parsePage(values, options);
    },

    async lockTarget(projectId, target, owner, ms) {
      const { word } = await run('lock', [keys.targetLock(projectId, target)], [owner, ms]);
      return word === 'done';
    },
    async unlockTarget(projectId, target, owner) {
      await run('unlock', [keys.targetLock(projectId, target)], [owner]);
    },

    async isKnown(projectId) {
      return (await run('known', [keys.known(projectId)], [])).word === 'done';
    },
    async markKnown(projectId) {
      await run('mark_known', [keys.known(projectId)], []);
    },

    async deployment() {
      return String((await run('deployment', [keys.deployment()], [randomUUID()])).values[0]);
    },

    lastCursor,
    readEvents,
    follow: following.follow,

    async projectsWithNews(limit) {
      const most = Math.min(limit, PER_SHARD);
      return inTurn(await ofShards(commands, 'some', (on, shard) => on.srandmember(keys.news(shard), most)), limit);
    },
    bookmark: (projectId) => answered(commands.get(keys.bookmark(projectId))),
    async setBookmark(projectId, cursor) {
      const shard = shardOf(projectId);
      await run('bookmark', [keys.bookmark(projectId), keys.log(projectId), keys.news(shard)], [cursor, projectId]);
    },

    async ping() {
      await Promise.all([answered(commands.ping()), answered(subscriber.ping())]);
    },
    async close() {
      following.close();
    },
  };
}

function isRefusal(word: Answer['word']): word is Refusal {
  return word === 'gone' || word === 'stale';
}
