import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Attachment } from '../../src/attachments/attachment.ts';
import { createSessionRegistry } from '../../src/attachments/reconcile/sessions.ts';
import { createAttachments } from '../../src/attachments/service.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';
import { createReaders } from '../../src/openstack/http/readers.ts';
import type { Session } from '../../src/openstack/session.ts';
import { anAttachment } from '../support/attachments.ts';

const log = pino({ level: 'silent' });
const STALE = anAttachment({ status: 'attached', staleSince: '2025-06-01T11:00:00.000Z', userId: 'user-1' });
const PENDING = anAttachment({ status: 'attaching', userId: 'user-1', statusSince: new Date().toISOString() });

function sessionOf(userId: string): Session {
  const identity = {
    userId,
    userName: userId,
    userDomainName: 'Default',
    projectId: STALE.projectId,
    projectName: 'demo',
    projectDomainName: 'Default',
    roles: ['member'],
    expiresAt: Date.now() + 3_600_000,
  };
  const cloud = { readers: createReaders() } as Cloud;
  const session = { cloud, token: `token of ${userId}`, identity, catalog: [], requestId: 'req-1', log };
  cloud.readers.note(session);
  return session;
}

/** The delays with which reads have scheduled attachments. */
const delays: number[] = [];

/** The ids scheduled when a user lists the project's attachments: the given one. */
async function scheduledByRead(
  record: Attachment,
  userId: string,
  { hasToken, isScheduled }: { hasToken: boolean; isScheduled: boolean },
): Promise<string[]> {
  const store = createMemoryStore({ logLength: 10 });
  await store.create(record, null, null, null);
  await store.markRecovered(record.projectId);
  const sessions = createSessionRegistry(null);
  if (hasToken) sessions.add(record.id, sessionOf('user-1'));
  const scheduled: string[] = [];
  const queue = {
    start: () => undefined,
    enqueueAfter: (_projectId: string, id: string, delayMs: number) => {
      scheduled.push(id);
      delays.push(delayMs);
    },
    has: () => isScheduled,
    stop: async () => undefined,
  };
  const attachments = createAttachments({ store, sessions, queue, log, leaseMs: 30_000, deadlineMs: 60_000 });
  await attachments.list(sessionOf(userId), { first: 10, after: null });
  return scheduled;
}

test.each([
  ['stale', STALE],
  ['in progress', PENDING],
])(
  'its user reads an attachment that is %s -> a reconcile, unless one with a token is scheduled anyway',
  async (_, record) => {
    expect(await scheduledByRead(record, 'user-1', { hasToken: false, isScheduled: false })).toEqual([record.id]);
    expect(await scheduledByRead(record, 'user-1', { hasToken: true, isScheduled: true })).toEqual([]);
    // the reconcile for which the token was kept was interrupted, as when Redis went down
    expect(await scheduledByRead(record, 'user-1', { hasToken: true, isScheduled: false })).toEqual([record.id]);
  },
);

test('another user reads -> nothing, as only its own user brings rights', async () => {
  expect(await scheduledByRead(STALE, 'user-2', { hasToken: false, isScheduled: false })).toEqual([]);
  expect(await scheduledByRead(PENDING, 'user-2', { hasToken: false, isScheduled: false })).toEqual([]);
});

test('its user reads an attachment in a backoff -> scheduled at the end of the backoff, at most a minute ahead', async () => {
  const inBackoff = (ms: number) => ({ ...PENDING, retryAt: new Date(Date.now() + ms).toISOString() });
  delays.length = 0;
  for (const ms of [-1000, 30_000, 3_600_000]) {
    await scheduledByRead(inBackoff(ms), 'user-1', { hasToken: false, isScheduled: false });
  }
  const [past, soon, far] = delays;
  expect(past).toBe(0);
  expect(soon).toBeGreaterThan(20_000);
  expect(soon).toBeLessThanOrEqual(30_000);
  expect(far).toBe(60_000);
});
