import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { type ShareOperation, shareEvent, viewOf } from '../../src/attachments/shares/operation.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { createRedisStore } from '../../src/attachments/store/redis.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { testRedisUrl } from '../support/redis.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
const LEASE = { owner: 'worker-1', ms: 60_000 };
const AT = '2026-11-25T12:00:00.000Z';

const operation = (change: Partial<ShareOperation> = {}): ShareOperation => ({
  ...{ id: randomUUID(), projectId: 'p', type: 'create', shareId: null, isAccepted: false },
  ...{ sentAt: null, attempts: 0, failures: 0, fault: null, requestId: 'req-1', userId: 'u', version: 0 },
  ...{ tokenExpiresAt: AT, createdAt: AT, updatedAt: AT },
  ...change,
});

describe.each(['redis', 'memory'] as const)('operations on shares in the %s store', (kind) => {
  let store: AttachmentStore;
  let close: () => Promise<void>;

  beforeEach(async () => {
    const redis = kind === 'redis' ? connectRedis(testRedisUrl(), log) : null;
    await redis?.ready();
    store = redis
      ? await createRedisStore({ redis, prefix: `test-${randomUUID()}:`, logLength: 100, log })
      : createMemoryStore({ logLength: 100 });
    close = async () => {
      await store.close();
      await redis?.close();
    };
  });

  afterEach(() => close());

  const started = async (one: ShareOperation) => {
    const created = await store.shareOperations.create(one, shareEvent(viewOf(one, 'in_progress')), LEASE);
    if (created.outcome !== 'created') throw new Error(created.outcome);
    return created.operation;
  };
  const types = async () => {
    const events = await store.readEvents('p', '0-0', 100);
    return events === 'expired' ? events : events.map(({ type }) => type);
  };

  test('create, commit with the share, remove -> found by id and share, in the log, then gone', async () => {
    const made = await started(operation());
    expect(made.version).toBe(1);
    const shareId = randomUUID();
    const owned = { dueInMs: 0, owner: LEASE.owner, keepLease: true };
    const committed = await store.shareOperations.commit({ ...made, shareId, isAccepted: true }, owned);
    if (typeof committed === 'string') throw new Error(committed);
    expect(committed).toMatchObject({ version: 2, shareId, isAccepted: true });
    expect(await store.shareOperations.get('p', made.id)).toEqual(committed);
    expect(await store.shareOperations.ofShares('p', [randomUUID(), shareId])).toEqual([null, committed]);
    expect(await store.shareOperations.list('p')).toEqual([committed]);
    const event = shareEvent(viewOf(committed, 'succeeded'));
    expect(await store.shareOperations.remove(committed, { event, owner: LEASE.owner })).toBe('removed');
    expect(await store.shareOperations.list('p')).toEqual([]);
    expect(await store.shareOperations.ofShares('p', [shareId])).toEqual([null]);
    expect(await types()).toEqual(['CREATE_STARTED', 'CREATED']);
  });

  test('a second one with the id, or for the share -> the first one, and no event', async () => {
    const first = await started(operation({ type: 'delete', id: 's', shareId: 's' }));
    const again = operation({ type: 'delete', id: 's', shareId: 's' });
    const other = operation({ type: 'resize', shareId: 's' });
    for (const one of [again, other]) {
      const outcome = await store.shareOperations.create(one, shareEvent(viewOf(one, 'in_progress')), LEASE);
      expect(outcome).toEqual({ outcome: 'exists', operation: first });
    }
    expect(await types()).toEqual(['DELETE_STARTED']);
  });

  test('an old version, and another owner -> stale, and nothing is written', async () => {
    const made = await started(operation());
    const event = shareEvent(viewOf(made, 'failed'));
    expect(await store.shareOperations.commit(made, { dueInMs: 0, owner: 'other' })).toBe('stale');
    expect(await store.shareOperations.commit({ ...made, version: 7 }, { dueInMs: 0, owner: LEASE.owner })).toBe(
      'stale',
    );
    expect(await store.shareOperations.remove(made, { event, owner: 'other' })).toBe('stale');
    expect(await store.shareOperations.remove(operation(), { event })).toBe('gone');
    expect(await store.shareOperations.get('p', made.id)).toEqual(made);
    expect(await types()).toEqual(['CREATE_STARTED']);
  });

  test('a lease is held, and released -> due, claimed by another, fenced', async () => {
    const made = await started(operation());
    expect(await store.shareOperations.claim('p', made.id, { owner: 'worker-2', ms: 1000 })).toBe('held');
    expect(await store.due(10)).toEqual([]);
    await store.shareOperations.release('p', made.id, LEASE.owner, 0);
    await until(async () => (await store.due(10)).length > 0);
    expect(await store.due(10)).toEqual([{ projectId: 'p', id: made.id }]);
    const claimed = await store.shareOperations.claim('p', made.id, { owner: 'worker-2', ms: 60_000 });
    expect(claimed).toEqual({ ...made, version: 2 });
    expect(await store.shareOperations.commit(made, { dueInMs: 0, owner: LEASE.owner })).toBe('stale');
    expect(await store.shareOperations.claim('p', randomUUID(), LEASE)).toBe('gone');
  });
});
