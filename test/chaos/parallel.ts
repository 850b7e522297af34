import { crashAt, type Found } from './crash.ts';
import { type Environment, type GatewayKind, startEnvironment } from './environment.ts';
import type { CrashPoint } from './points.ts';

/** The state after each point; rejected if the point could not be played. */
export type Results = ReadonlyMap<CrashPoint, Promise<Found>>;

/**
 * Plays crash points in several environments at once. In an environment the gateway that recovered from one point is the
 * one that crashes at the next. `stop` ends it after the points in progress.
 */
export function playInParallel(points: readonly CrashPoint[], kind: GatewayKind, environments: number) {
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

  async function play(): Promise<void> {
    let environment: Environment | null = null;
    for (const point of queue) {
      if (isStopped) break;
      try {
        environment ??= await startEnvironment(kind);
        settlers.get(point)?.resolve(await crashAt(environment, point, !kind.hasAccount));
      } catch (error) {
        settlers.get(point)?.reject(error);
        // a failure must not affect the next point
        await environment?.close();
        environment = null;
      }
    }
    await environment?.close();
  }

  const done = Promise.all(Array.from({ length: environments }, play));
  return {
    results,
    async stop() {
      isStopped = true;
      await done;
    },
  };
}
