import { setTimeout as wait } from 'node:timers/promises';

type Truthy<T> = Exclude<T, false | null | undefined>;

/** Looks again and again until the condition gives something truthy, and gives that; throws when it never does (20 s). */
export async function until<T>(condition: () => T | Promise<T>): Promise<Truthy<T>> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) {
    const result = await condition();
    if (result) return result as Truthy<T>;
    await wait(2);
  }
  throw new Error(`Never came true: ${condition}`);
}
