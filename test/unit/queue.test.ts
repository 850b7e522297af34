import { setTimeout as sleep, setImmediate as tick } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Attachment } from '../../src/attachments/attachment.ts';
import { createQueue, type ReconcileQueue } from '../../src/attachments/reconcile/queue.ts';
import type { SessionRegistry } from '../../src/attachments/reconcile/sessions.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { anAttachment } from '../support/attachments.ts';
import { until } from '../support/until.ts';

const LEASE = { owner: 'another-gateway', ms: 60_000 };
const PENDING = anAttachment();

let queue: ReconcileQueue;

afterEach(async () => {
  await queue.stop();
});

/** A session registry without sessions, with the given changes. */
function sessionRegistry(change: Partial<SessionRegistry>): SessionRegistry {
  const none = () => undefined;
  return {
    add: none,
    addObserver: none,
    has: () => false,
    remove: none,
    evict: none,
    own: async () => null,
    rightsFor: async () => null,
    ...change,
  };
}

function start(store: AttachmentStore, sessions: SessionRegistry): void {
  queue = createQueue({ store, sessions, log: pino({ level: 'silent' }), leaseMs: 2000, deadlineMs: 60_000 });
}

/** A store with one attachment that is in progress. */
async function storeWith(lease: typeof LEASE | null): Promise<AttachmentStore> {
  const store = createMemoryStore({ logLength: 10 });
  await store.create(PENDING, null, lease, null);
  return store;
}

test('a read brings a token while a reconcile without one has the record -> a reconcile with it follows at once', async () => {
  const store = await storeWith(null);
  let asked = 0;
  const rightsFor = async () => {
    asked += 1;
    if (asked === 1) {
      // the read comes now: what it schedules finds this reconcile running
      queue.enqueueAfter(PENDING.projectId, PENDING.id, 0);
      await sleep(2);
    }
    return null;
  };
  start(store, sessionRegistry({ has: () => asked === 1, rightsFor }));
  queue.enqueueAfter(PENDING.projectId, PENDING.id, 0);
  await until(() => asked === 2);
  expect(asked).toBe(2);
});

test('a read brings a token while another gateway, which may have none, has the record -> a reconcile follows its release', async () => {
  const store = await storeWith(LEASE);
  let asked = 0;
  const isHeld = new Promise<void>((resolve) => {
    const { claim } = store;
    store.claim = async (...given) => {
      const claimed = await claim(...given);
      if (claimed === 'held') resolve();
      return claimed;
    };
  });
  const rightsFor = async () => {
    asked += 1;
    return null;
  };
  start(store, sessionRegistry({ has: () => asked === 0, rightsFor }));
  queue.enqueueAfter(PENDING.projectId, PENDING.id, 0);
  await isHeld;
  await store.release(PENDING.projectId, PENDING.id, LEASE.owner, null);
  await until(() => asked === 1);
  expect(asked).toBe(1);
});

test('more records are due than there are slots -> each begins as soon as another ends; one project leaves room', async () => {
  const store = createMemoryStore({ logLength: 10 });
  const OTHER = 'b0000000000000000000000000000000';
  const all = [
    ...Array.from({ length: 40 }, () => anAttachment()),
    ...Array.from({ length: 20 }, () => anAttachment({ projectId: OTHER })),
  ];
  for (const one of all) await store.create(one, null, null, null);
  const begun: { projectId: string; end: () => void }[] = [];
  const rightsFor = ({ projectId }: Attachment) =>
    new Promise<null>((resolve) => begun.push({ projectId, end: () => resolve(null) }));
  start(store, sessionRegistry({ rightsFor }));
  for (const { projectId, id } of all) queue.enqueueAfter(projectId, id, 0);
  await until(() => begun.length === 32);
  expect(begun.filter(({ projectId }) => projectId === OTHER)).toHaveLength(16);
  expect(all.every(({ projectId, id }) => queue.has(projectId, id))).toBe(true);
  // the queue's timer does not fire here: the next one begins because this one ended
  for (const { end } of begun) {
    end();
    for (let ticks = 0; ticks < 10; ticks++) await tick();
  }
  expect(begun).toHaveLength(60);
});
