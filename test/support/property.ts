import fc from 'fast-check';
import { testSeed } from './random.ts';

/** The part of the nightly cases that a change is checked with: the seed is fixed, so that more of them find nothing new. */
const SHARE = 4;
/** fast-check's own number of runs. */
const DEFAULT_RUNS = 100;

/** How many cases to try of the number for a nightly run: all with NIGHTLY, else a quarter. */
export function runsOf(nightly: number): number {
  return process.env.NIGHTLY ? nightly : Math.ceil(nightly / SHARE);
}

/** Checks a property, as `fc.assert` does, with the seed of this run; `numRuns` is for a nightly run. */
export async function checkProperty<Ts>(
  property: fc.IRawProperty<Ts, boolean>,
  { numRuns = DEFAULT_RUNS, ...options }: fc.Parameters<Ts> = {},
): Promise<void> {
  await fc.assert(property, { seed: testSeed(), numRuns: runsOf(numRuns), ...options });
}
