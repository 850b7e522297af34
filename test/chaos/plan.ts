import type { Fault } from '../../src/sandbox/index.ts';
import { randomFrom } from '../support/random.ts';

/** One step of a run. All steps follow from the seed, so that a seed repeats a run as far as timing allows. */
export interface Step {
  /** The user's request, for which server and share, and at which gateway. */
  request: 'attach' | 'detach';
  server: number;
  share: number;
  gateway: number;
  /** A fault injected just before. */
  fault: Fault | null;
  incident: Incident | null;
}

export type Incident = (typeof INCIDENTS)[number]['what'];

/** Incidents other than failing calls, and how often in 1,000 steps. */
const INCIDENTS = [
  { what: 'gateway killed', perMille: 12 },
  { what: 'Redis killed', perMille: 3 },
  { what: 'server deleted', perMille: 6 },
  { what: 'addresses changed', perMille: 4 },
  { what: 'rule removed', perMille: 6 },
  { what: 'rule failed', perMille: 6 },
  { what: 'token revoked', perMille: 6 },
] as const;

/** In how many of 1,000 steps a fault of an OpenStack service is injected. */
const FAULTS_PER_MILLE = 220;
/** Less than the gateway's timeout, in ms: calls that are served after it have their own test. */
const DELAY_MS = 300;

const KINDS: readonly (Pick<Fault, 'kind'> & Partial<Fault>)[] = [
  { kind: 'lose_reply' },
  { kind: 'hang' },
  { kind: 'reset' },
  { kind: 'delay', delayMs: DELAY_MS },
  { kind: 'html' },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503, headers: { 'retry-after': '1' } },
  { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
];
/** Which calls fail: those that change something as often as all others together. */
const CALLS: readonly Pick<Fault, 'service' | 'method' | 'path'>[] = [
  { service: 'manila', method: 'POST', path: /action$/ },
  { service: 'manila', method: 'POST', path: /action$/ },
  { service: 'manila', method: 'POST', path: /action$/ },
  { service: 'manila', method: 'PUT', path: /metadata$/ },
  { service: 'manila', method: 'GET' },
  { service: 'nova', method: 'GET' },
  { service: 'keystone' },
];

/** The dimensions of a run. */
export interface Size {
  servers: number;
  shares: number;
  gateways: number;
}

/** The plan of a seed. Each kind of incident occurs at least once. */
export function drawPlan(seed: number, ops: number, size: Size): Step[] {
  const random = randomFrom(seed);
  const below = (count: number) => Math.floor(random() * count);
  const plan = Array.from({ length: ops }, (): Step => {
    const step = {
      request: random() < 0.55 ? ('attach' as const) : ('detach' as const),
      server: below(size.servers),
      share: below(size.shares),
      gateway: below(size.gateways),
    };
    const hasFault = below(1000) < FAULTS_PER_MILLE;
    const fault = { ...CALLS[below(CALLS.length)], ...KINDS[below(KINDS.length)], times: 1 + below(3) } as Fault;
    const incident = INCIDENTS.find(({ perMille }) => below(1000) < perMille)?.what ?? null;
    return { ...step, fault: hasFault ? fault : null, incident };
  });
  for (const { what } of INCIDENTS) {
    if (plan.some((step) => step.incident === what)) continue;
    const free = plan.filter((step) => step.incident === null);
    const step = free[below(free.length)];
    if (step) step.incident = what;
  }
  return plan;
}
