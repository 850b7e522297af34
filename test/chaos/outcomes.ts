import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { GatewayKind } from './environment.ts';
import { playInParallel } from './parallel.ts';
import { type CrashPoint, SCENARIOS } from './points.ts';

/** Gateways of one kind that recover from these points, in so many environments at once. */
export interface CrashRun {
  readonly recoveredBy: string;
  readonly kind: GatewayKind;
  readonly points: readonly CrashPoint[];
  readonly environments: number;
}

/** Plays the points of all runs at the same time, and tests that each ends as it says, with nothing left behind. */
export function testCrashPoints(runs: readonly CrashRun[]): void {
  let plays: ReturnType<typeof playInParallel>[] = [];

  beforeAll(() => {
    plays = runs.map(({ points, kind, environments }) => playInParallel(points, kind, environments));
  });

  afterAll(async () => {
    await Promise.all(plays.map((play) => play.stop()));
  }, 600_000);

  describe.each(runs.map((run, i) => [run.recoveredBy, run, i] as const))(
    'crashed, then %s',
    (_, { points, kind }, i) => {
      test.each(
        points.map((point) => {
          const outcome = (kind.hasAccount ? point.alone : point.byRead) ?? point.alone;
          const { status, events } = outcome;
          return [SCENARIOS[point.scenario], point.name, status, events || 'no event', point, outcome] as const;
        }),
      )(
        '%s: %s -> %s, %s',
        async (_scenario, _name, _status, _events, point, outcome) => {
          expect(await plays[i]?.results.get(point)).toEqual({
            ...outcome,
            badEvents: [],
            rulesWithoutRecord: [],
            recordsWithoutRule: [],
            orphanedRules: [],
            virtiofs: [],
          });
        },
        // several points may finish before this one
        1_200_000,
      );
    },
  );
}
