import { expect, test } from '@jest/globals';
import { testSeed } from '../support/random.ts';
import { runChaos } from './run.ts';
import { failuresOf, tableOf } from './table.ts';

const OPS = 400;
/** `npm run chaos -- --ops 400 --seed N` repeats the run. */
test(`${OPS} operations with faults, kills and deletions, seed ${testSeed()}, then a quiet period -> nothing lost, nothing left behind`, async () => {
  const totals = await runChaos({ seed: testSeed(), ops: OPS });
  const found = Object.fromEntries(failuresOf(totals));
  expect({ found, table: tableOf(totals) }).toEqual({
    found: {
      'rules without a record': [],
      'records without a rule': [],
      'events lost or duplicated': [],
      'unsettled attachments': [],
    },
    table: expect.any(String),
  });
  expect(totals.events).toBeGreaterThan(0);
  expect(Object.keys(totals.responses)).not.toContain('INTERNAL_SERVER_ERROR');
}, 180_000);
