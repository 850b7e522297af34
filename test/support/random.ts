import { createHash } from 'node:crypto';

/** The seed of a run that checks a change: a failure then comes from the change. */
const FIXED_SEED = 1;
const LARGEST = 2 ** 31 - 1;

/**
 * Chooses the seed of all random tests, and prints it: SEED if it is set, a random one if NIGHTLY is set, else always the
 * same. Jest's workers get it as TEST_SEED.
 */
export function chooseSeed(): void {
  const random = process.env.NIGHTLY ? Math.floor(Math.random() * LARGEST) : FIXED_SEED;
  const seed = process.env.SEED ? Number(process.env.SEED) : random;
  if (!Number.isSafeInteger(seed) || seed < 0 || seed > LARGEST) {
    throw new Error(`SEED must be a whole number from 0 to ${LARGEST}`);
  }
  process.env.TEST_SEED = String(seed);
  process.stderr.write(`Random tests use seed ${seed} (SEED=${seed} repeats them; NIGHTLY=1 draws another)\n`);
}

/** The seed of this run. */
export function testSeed(): number {
  return Number(process.env.TEST_SEED ?? FIXED_SEED);
}

/** A generator of numbers in [0, 1), the same ones for the same seed. */
export function randomFrom(seed: number | string): () => number {
  let drawn = 0;
  return () => {
    const digest = createHash('sha256').update(`${seed} ${drawn++}`).digest();
    return digest.readUInt32BE(0) / 2 ** 32;
  };
}
