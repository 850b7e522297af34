import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import type { Attachment, AttachmentStatus } from '../../src/attachments/attachment.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { createRedisStore } from '../../src/attachments/store/redis.ts';
import { connectRedis, type RedisConnections } from '../../src/redis/connect.ts';
import { anAttachment, anEvent } from '../support/attachments.ts';
import { checkProperty } from '../support/property.ts';
import { randomPrefix, testRedisUrl } from '../support/redis.ts';

const log = pino({ level: 'silent' });
const LONG = 1_200_000;

let redis: RedisConnections;
beforeAll(async () => {
  redis = connectRedis(testRedisUrl(), log);
  await redis.ready();
});
afterAll(() => redis.close());

// Few servers, shares, owners and mount points, so that histories collide often.
const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);
const id = fc.record({ serverId: oneOf('server-1', 'server-2'), shareId: oneOf('share-1', 'share-2', 'share-3') });
const owner = oneOf('a', 'b');
const dueInMs = oneOf(null, 0, LONG);
const lag = fc.nat(2);
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const targets = fc
  .uniqueArray(fc.record({ accessTo: oneOf(...ADDRESSES), isRemoving: fc.boolean() }), {
    selector: ({ accessTo }) => accessTo,
  })
  .map((chosen) =>
    chosen.map(({ accessTo, isRemoving }) => ({
      ...{ accessTo, ruleId: null, isOwned: true, state: null },
      ...(isRemoving ? { change: 'removing' as const } : {}),
    })),
  );
const step = fc.oneof(
  fc.record({
    do: fc.constant('create' as const),
    id,
    owner: fc.option(owner, { freq: 2 }),
    dueInMs,
    mountPoint: oneOf(null, '/a', '/b'),
    targets,
  }),
  fc.record({
    do: fc.constant('commit' as const),
    id,
    lag,
    owner: fc.option(owner, { freq: 2 }),
    dueInMs,
    keepLease: fc.boolean(),
    status: oneOf<AttachmentStatus>('attached', 'detaching'),
    targets,
  }),
  fc.record({ do: fc.constant('remove' as const), id, lag, owner: fc.option(owner, { freq: 2 }) }),
  fc.record({ do: fc.constant('claim' as const), id, owner }),
  fc.record({ do: fc.constant('release' as const), id, owner, dueInMs }),
  fc.record({ do: fc.constant('lock' as const), owner }),
  fc.record({ do: fc.constant('unlock' as const), owner }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(store: AttachmentStore, step: Step): Promise<unknown> {
  if (step.do === 'lock') return store.lockTarget('p', 't', step.owner, LONG);
  if (step.do === 'unlock') return store.unlockTarget('p', 't', step.owner);
  const base = anAttachment({ ...step.id, projectId: 'p' });
  const stored = await store.get('p', base.id);
  const known = stored ?? { ...base, version: 1 };
  switch (step.do) {
    case 'create': {
      const given: Attachment = { ...base, mountPoint: step.mountPoint, targets: step.targets };
      const lease = step.owner === null ? null : { owner: step.owner, ms: LONG };
      return store.create(given, anEvent('ATTACH_STARTED', given), lease, step.dueInMs);
    }
    case 'commit': {
      const change = { ...known, version: known.version - step.lag, status: step.status, targets: step.targets };
      const { dueInMs, keepLease } = step;
      const options = { dueInMs, keepLease, event: anEvent('ATTACHED', change) };
      return store.commit(change, step.owner === null ? options : { ...options, owner: step.owner });
    }
    case 'remove': {
      const last = { ...known, version: known.version - step.lag };
      const event = anEvent('DETACHED', last, 'detached');
      return store.remove(last, step.owner === null ? { event } : { event, owner: step.owner });
    }
    case 'claim':
      return store.claim('p', base.id, { owner: step.owner, ms: LONG });
    case 'release':
      return store.release('p', base.id, step.owner, step.dueInMs);
  }
}

/** The state of a store as its methods show it, without cursors, which depend on the clock. */
async function stateOf(store: AttachmentStore) {
  const events = await store.readEvents('p', '0-0', 1000);
  const { cursor: _, ...page } = await store.list('p', { first: 3, after: null });
  return {
    page,
    attached: (await store.list('p', { first: 3, after: null, status: ['attached'] })).items,
    servers: await store.listForServers('p', ['server-1', 'server-2']),
    shares: await store.listForShares('p', ['share-3', 'share-2', 'share-1']),
    lists: await Promise.all(
      [{ status: ['attaching', 'detaching'] as const }, { serverId: 'server-1', status: ['attached'] as const }].map(
        async (filter) => (await store.list('p', { first: 2, after: null, ...filter })).items,
      ),
    ),
    targets: await Promise.all(
      ['share-1', 'share-2'].map((shareId) =>
        store.listForTargets(
          'p',
          ADDRESSES.map((accessTo) => ({ shareId, accessType: 'ip', accessTo })),
          2,
        ),
      ),
    ),
    events: events === 'expired' ? events : events.map(({ cursor, ...event }) => event),
  };
}

/** Unordered: the order depends on each store's clock. */
const dueIds = async (store: AttachmentStore) => (await store.due(100)).map((entry) => entry.id).sort();

test('any history -> both stores return the same at every step, and hold the same at its end', async () => {
  await checkProperty(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (history) => {
      const memory = createMemoryStore({ logLength: 1000 });
      const onRedis = await createRedisStore({ redis, prefix: randomPrefix(), logLength: 1000, log });
      for (const step of history) {
        expect(await take(onRedis, step)).toEqual(await take(memory, step));
        expect(await dueIds(onRedis)).toEqual(await dueIds(memory));
      }
      expect(await stateOf(onRedis)).toEqual(await stateOf(memory));
      await onRedis.close();
    }),
    { numRuns: 100 },
  );
});
