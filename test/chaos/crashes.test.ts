import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { playInLanes } from './parallel.ts';
import { POINTS, SCENARIOS } from './points.ts';

const isOfSweep = ({ scenario }: (typeof POINTS)[number]) => scenario.startsWith('sweep');

/** Who settles it, which points that is tried at, and in how many worlds at once. */
const HANDS = [
  {
    who: 'a gateway with credentials of its own',
    kind: { hasAccount: true, sweeps: false },
    points: POINTS.filter((point) => !isOfSweep(point)),
    lanes: 3,
  },
  {
    who: 'a gateway without, and one look of the user',
    kind: { hasAccount: false, sweeps: false },
    points: POINTS.filter((point) => point.byLook),
    lanes: 3,
  },
  {
    who: 'a gateway that sweeps',
    kind: { hasAccount: true, sweeps: true },
    points: POINTS.filter(isOfSweep),
    lanes: 3,
  },
] as const;

let plays: ReturnType<typeof playInLanes>[] = [];

beforeAll(() => {
  plays = HANDS.map(({ points, kind, lanes }) => playInLanes(points, kind, lanes));
}, 60_000);

afterAll(async () => {
  await Promise.all(plays.map((play) => play.stop()));
}, 120_000);

describe.each(HANDS.map((hands, i) => [hands.who, hands, i] as const))('killed, then %s', (_, { points, kind }, i) => {
  test.each(
    points.map((point) => {
      const outcome = (kind.hasAccount ? point.alone : point.byLook) ?? point.alone;
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
        rulesOfNobody: [],
      });
    },
    400_000,
  );
});
