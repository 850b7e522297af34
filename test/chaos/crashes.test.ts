import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { playInParallel } from './parallel.ts';
import { POINTS, SCENARIOS } from './points.ts';

const isOfDriftScan = ({ scenario }: (typeof POINTS)[number]) => scenario.startsWith('drift');

/** Which gateways recover, from which points, and in how many environments at once. */
const RUNS = [
  {
    recoveredBy: 'a gateway with a service account',
    kind: { hasAccount: true, scans: false },
    points: POINTS.filter((point) => !isOfDriftScan(point)),
    environments: 2,
  },
  {
    recoveredBy: 'a gateway without one, and one read by the user',
    kind: { hasAccount: false, scans: false },
    points: POINTS.filter((point) => point.byRead),
    environments: 2,
  },
  {
    recoveredBy: 'a gateway that scans for drift',
    kind: { hasAccount: true, scans: true },
    points: POINTS.filter(isOfDriftScan),
    environments: 1,
  },
] as const;

let plays: ReturnType<typeof playInParallel>[] = [];

beforeAll(() => {
  plays = RUNS.map(({ points, kind, environments }) => playInParallel(points, kind, environments));
});

afterAll(async () => {
  await Promise.all(plays.map((play) => play.stop()));
}, 600_000);

describe.each(RUNS.map((run, i) => [run.recoveredBy, run, i] as const))(
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
