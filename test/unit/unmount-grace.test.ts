import { expect, test } from '@jest/globals';
import { remainingGraceMs } from '../../src/attachments/guest/unmount-grace.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { record } from '../support/attachment-records.ts';

const at = (ms: number) => new Date(Date.now() + ms).toISOString();

async function left(seenMs: number | null, graceMs: number | null, sinceMs = -60_000): Promise<number> {
  const store = { guestsSeenAt: async () => [seenMs === null ? null : at(seenMs)] } as unknown as AttachmentStore;
  const grace = graceMs === null ? {} : { graceUntil: at(graceMs) };
  return await remainingGraceMs(store, record({ status: 'detaching', statusSince: at(sinceMs), ...grace }));
}

test.each([
  ['no grace', null, null, 0, 0],
  ['the time is over', null, -1, 0, 0],
  ['never seen', null, 100_000, 90_000, 100_000],
  ['seen before the detach only', -70_000, 100_000, 90_000, 100_000],
  ['seen just now: its agent has time to unmount', -1000, 100_000, 10_000, 15_000],
  ['seen a while ago', -20_000, 100_000, 0, 0],
  ['seen, and the time is over before the agent’s', 0, 3000, 1000, 3000],
])('%s', async (_situation, seenMs, graceMs, from, to) => {
  const ms = await left(seenMs, graceMs);
  expect(ms).toBeGreaterThanOrEqual(from);
  expect(ms).toBeLessThanOrEqual(to);
});
