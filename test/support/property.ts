import fc from 'fast-check';
import { testSeed } from './random.ts';

/** Checks a property, as `fc.assert` does, with the seed of this run. */
export async function checkProperty<Ts>(
  property: fc.IRawProperty<Ts, boolean>,
  options: fc.Parameters<Ts> = {},
): Promise<void> {
  await fc.assert(property, { seed: testSeed(), ...options });
}
