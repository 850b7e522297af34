import { setTimeout as wait } from 'node:timers/promises';

/** How long processes may take to start, crash and finish their work on a machine whose cores are busy, in ms. */
const TIMEOUT_MS = 180_000;
/** Short compared with the work of a process, and cheap for several environments at once. */
const INTERVAL_MS = 40;

/** Evaluates the condition until it holds; throws what `describe` returns if it does not within three minutes. */
export async function eventually(condition: () => Promise<boolean>, describe: () => string): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (await condition()) return;
    await wait(INTERVAL_MS);
  }
  throw new Error(`Not true within three minutes: ${describe()}`);
}
