import { testCrashPoints } from './outcomes.ts';
import { VIRTIOFS_POINTS as points } from './virtiofs-points.ts';

// Since 2026.1 Nova shows the service account what it attached; before, only the user's token sees it.
testCrashPoints([
  {
    recoveredBy: 'a gateway whose service account sees what Nova attached',
    kind: { hasAccount: true, scans: false, seesServerShares: true },
    points,
    environments: 4,
  },
  {
    recoveredBy: 'a gateway without one, and one read by the user',
    kind: { hasAccount: false, scans: false },
    points,
    environments: 4,
  },
]);
