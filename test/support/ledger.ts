import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import type { Attachment, AttachmentEvent } from '../../src/attachments/attachment.ts';
import { MANAGED_BY } from '../../src/attachments/rule-metadata.ts';
import type { ShareEvent, ShareOperation } from '../../src/attachments/shares/operation.ts';
import { type AttachmentStore, isAttachmentEvent, type LogEvent } from '../../src/attachments/store/contract.ts';
import { createKeys, dueMember, shardOf } from '../../src/attachments/store/keys.ts';
import { createRedisStore } from '../../src/attachments/store/redis.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import type { AccessRule, Sandbox } from '../../src/sandbox/index.ts';

/** What the gateways wrote to Redis, read from there directly. */
export interface Ledger {
  /** All records of the project. */
  records(): Promise<Attachment[]>;
  record(id: string): Promise<Attachment | null>;
  /** The project's log from its start. */
  events(): Promise<AttachmentEvent[]>;
  /** The id with which the gateways of this store mark their access rules. */
  storeId(): Promise<string>;
  /** Whether no gateway holds the record and none of its work is due; true if there is no record. */
  isAtRest(id: string): Promise<boolean>;
  /**
   * Ends every lease and lock now, as their time would, and the time in which a request without an answer may take effect:
   * only while no gateway runs, as none could tell the difference.
   */
  expireLeases(): Promise<void>;
  /** The work on shares in progress, and the types of all their events with the operation's id. */
  shareOperations(): Promise<ShareOperation[]>;
  shareEvents(): Promise<ShareEvent[]>;
  close(): Promise<void>;
}

const PAGE = 1000;

/** Opens the ledger of one project in the Redis at `url`. */
export async function openLedger(url: string, prefix: string, projectId: string): Promise<Ledger> {
  const log = pino({ level: 'silent' });
  const connections = connectRedis(url, log);
  await connections.ready();
  const store = await createRedisStore({ redis: connections, prefix, logLength: 1_000_000, log });
  const redis = new Redis(url);
  redis.on('error', () => undefined);
  const keys = createKeys(prefix);
  return {
    records: () => allRecords(store, projectId),
    record: (id) => store.get(projectId, id),
    events: () => allEvents(store, projectId),
    storeId: () => store.storeId(),
    shareOperations: () => store.shareOperations.list(projectId),
    shareEvents: async () =>
      (await allEntries(store, projectId)).filter((event) => !isAttachmentEvent(event)) as ShareEvent[],
    async isAtRest(id) {
      const [owner, due] = await Promise.all([
        redis.hget(keys.record(projectId, id), 'owner'),
        redis.zscore(keys.due(shardOf(projectId)), dueMember(projectId, id)),
      ]);
      return !owner && due === null;
    },
    async expireLeases() {
      for await (const found of redis.scanStream({ match: `${prefix}*:lock:*` }))
        if (found.length > 0) await redis.del(found);
      const dueKey = keys.due(shardOf(projectId));
      for (const record of await allRecords(store, projectId)) {
        await redis.hset(keys.record(projectId, record.id), { until: 0, record: JSON.stringify(aged(record)) });
        await redis.zadd(dueKey, 'XX', 0, dueMember(projectId, record.id));
      }
      for (const { id } of await store.shareOperations.list(projectId)) {
        await redis.hset(keys.shareOperation(projectId, id), 'until', 0);
        await redis.zadd(dueKey, 'XX', 0, dueMember(projectId, id));
      }
    },
    async close() {
      redis.disconnect();
      await store.close();
      await connections.close();
    },
  };
}

/** The record as if its requests without an answer had been sent an hour ago. */
function aged(record: Attachment): Attachment {
  const { virtiofs } = record;
  if (!virtiofs) return record;
  const hourBefore = (at: string | null | undefined) => at && new Date(Date.parse(at) - 3_600_000).toISOString();
  const [postedAt, deletedAt] = [hourBefore(virtiofs.postedAt), hourBefore(virtiofs.deletedAt)];
  return { ...record, virtiofs: { ...virtiofs, postedAt: postedAt ?? null, ...(deletedAt && { deletedAt }) } };
}

async function allRecords(store: AttachmentStore, projectId: string): Promise<Attachment[]> {
  const found: Attachment[] = [];
  for (let after: string | null = null; ; ) {
    const page = await store.list(projectId, { first: PAGE, after });
    found.push(...page.items.map((item) => item.attachment));
    after = page.items.at(-1)?.position ?? null;
    if (!page.hasMore) return found;
  }
}

async function allEvents(store: AttachmentStore, projectId: string): Promise<AttachmentEvent[]> {
  return (await allEntries(store, projectId)).filter(isAttachmentEvent);
}

async function allEntries(store: AttachmentStore, projectId: string): Promise<LogEvent[]> {
  const found: LogEvent[] = [];
  for (;;) {
    const page = await store.readEvents(projectId, found.at(-1)?.cursor ?? '0-0', PAGE);
    if (page === 'expired') throw new Error('The log has dropped its beginning');
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}

/** Which events may follow, and with which status, by the status after the last one; `detached` also before the first. */
const LEGAL: Record<string, Record<string, readonly string[]>> = {
  // DETACH_STARTED: drift detection revokes a rule that Manila made after the attachment had ended
  detached: { ATTACH_STARTED: ['attaching'], DETACH_STARTED: ['detaching'] },
  attaching: {
    ATTACHED: ['attached'],
    ATTACH_FAILED: ['error_attaching', 'detaching', 'detached'],
    DETACH_STARTED: ['detaching'],
    DETACHED: ['detached'],
  },
  // ATTACHED again: its rules were moved to the server's new addresses
  attached: {
    ATTACHED: ['attached'],
    ATTACH_FAILED: ['error_attaching'],
    DETACH_STARTED: ['detaching'],
    DETACHED: ['detached'],
  },
  error_attaching: { ATTACH_STARTED: ['attaching'], DETACH_STARTED: ['detaching'], DETACHED: ['detached'] },
  detaching: {
    DETACHED: ['detached'],
    DETACH_FAILED: ['error_detaching', 'attached', 'attaching', 'error_attaching'],
    ATTACH_STARTED: ['attaching'],
  },
  error_detaching: { ATTACH_STARTED: ['attaching'], DETACH_STARTED: ['detaching'], DETACHED: ['detached'] },
};

/** What is wrong with the log: an event that cannot follow the one before, and a record that differs from its last event. */
export function badEvents(events: readonly AttachmentEvent[], records: readonly Attachment[]): string[] {
  const wrong: string[] = [];
  const last = new Map<string, AttachmentEvent>();
  for (const event of events) {
    const { id, status, version } = event.attachment;
    const before = last.get(id)?.attachment;
    const from = before?.status ?? 'detached';
    const isLegal = LEGAL[from]?.[event.type]?.includes(status) ?? false;
    const isNewer = from === 'detached' || version > (before?.version ?? 0);
    if (!isLegal || !isNewer) wrong.push(`${event.cursor} ${id}: ${from} -> ${event.type} ${status} v${version}`);
    last.set(id, event);
  }
  const statuses = new Map(records.map((record) => [record.id, record.status]));
  for (const id of new Set([...last.keys(), ...statuses.keys()])) {
    const logged = last.get(id)?.attachment.status ?? 'detached';
    const is = statuses.get(id) ?? 'detached';
    if (logged !== is) wrong.push(`${id}: the last event says ${logged}, the record is ${is}`);
  }
  return wrong;
}

/** Access rules of the gateway, by their metadata, on these shares, that are not a target of any record. */
export function rulesWithoutRecord(sandbox: Sandbox, shareIds: Iterable<string>, records: readonly Attachment[]) {
  const hasRecord = (rule: AccessRule) =>
    records.some(
      (record) => record.shareId === rule.shareId && record.targets.some((target) => target.accessTo === rule.accessTo),
    );
  return [...shareIds]
    .flatMap((id) => sandbox.rulesOf(id))
    .filter((rule) => rule.metadata.managed_by === MANAGED_BY && !hasRecord(rule))
    .map((rule) => `${rule.accessTo} on ${rule.shareId} (${rule.state}), of ${rule.metadata.attachment_id}`);
}

/** Attachments that are `attached` without the access rule in Manila. */
export function recordsWithoutRule(sandbox: Sandbox, records: readonly Attachment[]): string[] {
  return records
    .filter((record) => record.status === 'attached')
    .flatMap((record) =>
      record.targets
        .filter(
          ({ accessTo, change }) =>
            // being added or removed, after the server's address changed
            !change &&
            !sandbox.rulesOf(record.shareId).some((rule) => rule.accessTo === accessTo && rule.state === 'active'),
        )
        .map(({ accessTo }) => `${record.id}: ${accessTo}`),
    );
}

/**
 * What must not be after attachments by virtiofs: a mapping in Nova without a record, an attached record without a mapping,
 * and a server in ERROR.
 */
export function virtiofsViolations(
  sandbox: Sandbox,
  serverIds: Iterable<string>,
  records: readonly Attachment[],
): string[] {
  const ids = [...serverIds];
  const mapped = new Set(ids.flatMap((id) => sandbox.mappingsOf(id).map(({ shareId }) => `${id}:${shareId}`)));
  const recorded = records.filter(({ via, serverId }) => via === 'virtiofs' && ids.includes(serverId));
  const known = new Set(recorded.map(({ id }) => id));
  return [
    ...[...mapped].filter((id) => !known.has(id)).map((id) => `mapping without a record: ${id}`),
    ...recorded
      .filter(({ id, status }) => status === 'attached' && !mapped.has(id))
      .map(({ id }) => `record without a mapping: ${id}`),
    ...ids.filter((id) => sandbox.server(id)?.status === 'ERROR').map((id) => `server in ERROR: ${id}`),
  ];
}

/** A key prefix used by this test only. */
export const newPrefix = () => `chaos-${randomUUID()}:`;
