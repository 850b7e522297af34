import { setTimeout as wait } from 'node:timers/promises';

/** Looks again and again until the condition gives something truthy, and gives that. Jest's own timeout ends it. */
export async function until<T>(condition: () => T | Promise<T>): Promise<Exclude<T, false | null | undefined>> {
  for (;;) {
    const result = await condition();
    if (result) return result as Exclude<T, false | null | undefined>;
    await wait(2);
  }
}
