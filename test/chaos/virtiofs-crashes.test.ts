import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { playInParallel } from './parallel.ts';
import { SCENARIOS } from './points.ts';
import { VIRTIOFS_POINTS } from './virtiofs-points.ts';

/** Who recovers: since 2026.1 Nova shows the service account what it attached; before, only the user's token sees it. */
const RUNS = [
  {
    recoveredBy: 'a gateway whose service account sees what Nova attached',
    kind: { hasAccount: true, scans: false, seesServerShares: true },
  },
  { recoveredBy: 'a gateway without one, and one read by the user', kind: { hasAccount: false, scans: false } },
] as const;

let plays: ReturnType<typeof playInParallel>[] = [];

beforeAll(() => {
  plays = RUNS.map(({ kind }) => playInParallel(VIRTIOFS_POINTS, kind, 4));
});

afterAll(async () => {
  await Promise.all(plays.map((play) => play.stop()));
}, 600_000);

describe.each(RUNS.map((run, i) => [run.recoveredBy, run, i] as const))('crashed, then %s', (_, { kind }, i) => {
  test.each(
    VIRTIOFS_POINTS.map((point) => {
      const outcome = (kind.hasAccount ? point.alone : point.byRead) ?? point.alone;
      const { status, events } = outcome;
      return [SCENARIOS[point.scenario], point.name, status, events || 'no event', point, outcome] as const;
    }),
  )(
    '%s: %s -> %s, %s',
    async (_scenario, _name, _status, _events, point, outcome) => {
      expect(await plays[i]?.results.get(point)).toEqual({
        ...outcome,
        ...{ badEvents: [], rulesWithoutRecord: [], recordsWithoutRule: [], orphanedRules: [], virtiofs: [] },
      });
    },
    // several points may finish before this one
    1_200_000,
  );
});
