import { setTimeout as wait } from 'node:timers/promises';

type Truthy<T> = Exclude<T, false | null | undefined>;

/** For a machine whose cores are busy, in ms. */
const TIMEOUT_MS = 60_000;

/** Evaluates the condition until it gives something truthy, and returns that; throws if it does not within a minute. */
export async function until<T>(condition: () => T | Promise<T>): Promise<Truthy<T>> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (performance.now() < deadline) {
    const result = await condition();
    if (result) return result as Truthy<T>;
    await wait(2);
  }
  throw new Error(`Not true within a minute: ${condition}`);
}
