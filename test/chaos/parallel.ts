import { crashAt, type Found } from './crash.ts';
import { type Kind, makeWorld, type World } from './environment.ts';
import type { CrashPoint } from './points.ts';

/** What came of each point; a rejected one could not be played. */
export type Results = ReadonlyMap<CrashPoint, Promise<Found>>;

/**
 * Plays points in so many worlds at once, as most of the time is waiting for leases to end. In a world the gateway that settled one
 * point is the one that dies at the next. `stop` ends it after the points under way.
 */
export function playInLanes(points: readonly CrashPoint[], kind: Kind, lanes: number) {
  const settlers = new Map<CrashPoint, { resolve: (found: Found) => void; reject: (error: unknown) => void }>();
  const results: Results = new Map(
    points.map((point) => {
      const result = new Promise<Found>((resolve, reject) => settlers.set(point, { resolve, reject }));
      result.catch(() => undefined);
      return [point, result];
    }),
  );
  const queue = points.values();
  let isStopped = false;

  async function lane(): Promise<void> {
    let world: World | null = null;
    for (const point of queue) {
      if (isStopped) break;
      try {
        world ??= await makeWorld(kind);
        settlers.get(point)?.resolve(await crashAt(world, point, !kind.hasAccount));
      } catch (error) {
        settlers.get(point)?.reject(error);
        // what went wrong there must not go wrong with the next point
        await world?.close();
        world = null;
      }
    }
    await world?.close();
  }

  const done = Promise.all(Array.from({ length: lanes }, lane));
  return {
    results,
    async stop() {
      isStopped = true;
      await done;
    },
  };
}
