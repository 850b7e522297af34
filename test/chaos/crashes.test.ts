import { testCrashPoints } from './outcomes.ts';
import { POINTS } from './points.ts';

const isOfDriftScan = ({ scenario }: (typeof POINTS)[number]) => scenario.startsWith('drift');

testCrashPoints([
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
]);
