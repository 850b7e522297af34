import { setTimeout as wait } from 'node:timers/promises';

/** How long a process may take to start, crash, wait for a lease to end and come to rest, on a machine with other work, in ms. */
const PATIENCE_MS = 90_000;
/** Often enough beside leases of seconds, and cheap for several worlds at once. */
const EVERY_MS = 40;

/** Looks again and again until the condition holds; throws with what `describe` says when it never does (90 s). */
export async function eventually(condition: () => Promise<boolean>, describe: () => string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    if (await condition()) return;
    await wait(EVERY_MS);
  }
  throw new Error(`Never came true: ${describe()}`);
}
