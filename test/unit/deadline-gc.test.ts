import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { withScanLock } from '../../src/attachments/drift/leader.ts';
import { reconcile } from '../../src/attachments/reconcile/reconcile.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { startDeadline } from '../../src/deadline.ts';
import { closeAll, cloudAt, sessionIn, startService, withVersions } from '../contract/service.ts';
import { anAttachment } from '../support/attachments.ts';
import { collectGarbage } from '../support/gc.ts';

/** A signal aborts on time although garbage is collected before. In each test nothing but the signal ends the wait. */

afterEach(closeAll);

/** Collects garbage in several later ticks, when no local variable holds what a test has started. */
async function collectMeanwhile(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await sleep(1);
    collectGarbage();
  }
}

const log = pino({ level: 'silent' });

test('a deadline within a deadline -> aborts when the inner time is up', async () => {
  const outer = new AbortController();
  const aborted = once(startDeadline(50, outer.signal).signal, 'abort');
  await collectMeanwhile();
  await aborted;
});

test('a deadline within another request’s deadline -> aborts when the outer time is up', async () => {
  const aborted = once(startDeadline(600_000, startDeadline(50).signal).signal, 'abort');
  await collectMeanwhile();
  await aborted;
});

test('Manila hangs until the lease is over -> the call ends with the lease', async () => {
  const store = createMemoryStore({ logLength: 100 });
  const service = await startService(withVersions('epoxy', () => 'hang'));
  // the call's own time is longer than the test's
  const session = sessionIn(cloudAt(service.url, { timeoutMs: 600_000 }), { log });
  const created = await store.create(anAttachment({ status: 'attaching' }), null, { owner: 'me', ms: 30_000 });
  if (created.outcome !== 'created') throw new Error(created.outcome);
  const asked = service.nextRequest();
  const reconciled = reconcile(
    {
      ...{ store, session, owner: 'me', rights: { mayGrant: true, mayRevoke: true } },
      ...{ leaseEnds: performance.now() + 1000, signal: new AbortController().signal },
      ...{ deadlineMs: 600_000, rethrowFinal: false },
    },
    created.attachment,
  );
  await asked;
  await collectMeanwhile();
  expect(await reconciled).toMatchObject({ attachment: { status: 'attaching', failures: 1 } });
});

test('a sweep takes too long -> its signal aborts', async () => {
  const store = createMemoryStore({ logLength: 100 });
  const waitForAbort = async (signal: AbortSignal) => {
    const aborted = once(signal, 'abort');
    await collectMeanwhile();
    await aborted;
  };
  expect(
    await withScanLock({ store, owner: 'me', lockMs: 30_000, stop: new AbortController().signal }, waitForAbort, 50),
  ).toBe(true);
});
