import type { Fault } from '../../src/sandbox/index.ts';
import { randomFrom } from '../support/random.ts';

/** What happens in a run, step by step: drawn from the seed alone, so that a seed means the same run as far as the clock allows. */
export interface Step {
  /** What a user asks: of which pair of server and share, at which gateway. */
  ask: 'attach' | 'detach';
  server: number;
  share: number;
  gateway: number;
  /** What goes wrong just before. */
  fault: Fault | null;
  mishap: Mishap | null;
}

export type Mishap = (typeof MISHAPS)[number]['what'];

/** What may befall besides faults of single calls, and how often in 1,000 steps. */
const MISHAPS = [
  { what: 'gateway killed', perMille: 12 },
  { what: 'Redis killed', perMille: 3 },
  { what: 'server deleted', perMille: 6 },
  { what: 'addresses changed', perMille: 4 },
  { what: 'rule removed', perMille: 6 },
  { what: 'rule failed', perMille: 6 },
  { what: 'token revoked', perMille: 6 },
] as const;

/** Of 1,000 steps, those before which some call to OpenStack is arranged to go wrong. */
const FAULTS_PER_MILLE = 220;
/** In ms: a call that is served after the gateway gave it up is the sweep's to find, and has its own test. */
const LATE_MS = 300;

const KINDS: readonly (Pick<Fault, 'kind'> & Partial<Fault>)[] = [
  { kind: 'lose_reply' },
  { kind: 'hang' },
  { kind: 'reset' },
  { kind: 'delay', delayMs: LATE_MS },
  { kind: 'html' },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503, headers: { 'retry-after': '1' } },
  { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
];
/** Where: the calls that change something are hit as often as all others together. */
const PLACES: readonly Pick<Fault, 'service' | 'method' | 'path'>[] = [
  { service: 'manila', method: 'POST', path: /action$/ },
  { service: 'manila', method: 'POST', path: /action$/ },
  { service: 'manila', method: 'POST', path: /action$/ },
  { service: 'manila', method: 'PUT', path: /metadata$/ },
  { service: 'manila', method: 'GET' },
  { service: 'nova', method: 'GET' },
  { service: 'keystone' },
];

/** A run's dimensions. */
export interface Size {
  servers: number;
  shares: number;
  gateways: number;
}

/** The plan of a seed. Each kind of mishap comes once at the least, however few the steps are. */
export function drawPlan(seed: number, ops: number, size: Size): Step[] {
  const random = randomFrom(seed);
  const below = (count: number) => Math.floor(random() * count);
  const plan = Array.from({ length: ops }, (): Step => {
    const step = {
      ask: random() < 0.55 ? ('attach' as const) : ('detach' as const),
      server: below(size.servers),
      share: below(size.shares),
      gateway: below(size.gateways),
    };
    const hasFault = below(1000) < FAULTS_PER_MILLE;
    const fault = { ...PLACES[below(PLACES.length)], ...KINDS[below(KINDS.length)], times: 1 + below(3) } as Fault;
    const mishap = MISHAPS.find(({ perMille }) => below(1000) < perMille)?.what ?? null;
    return { ...step, fault: hasFault ? fault : null, mishap };
  });
  for (const { what } of MISHAPS) {
    if (plan.some((step) => step.mishap === what)) continue;
    const free = plan.filter((step) => step.mishap === null);
    const step = free[below(free.length)];
    if (step) step.mishap = what;
  }
  return plan;
}
