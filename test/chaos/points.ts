import type { Write } from '../support/redis-proxy.ts';

/** A call that changes something in Manila, or a share attachment in Nova. */
export interface Call {
  call: 'POST action' | 'PUT metadata' | 'POST shares' | 'DELETE shares';
  /** Which of these calls since the scenario's request. */
  nth: number;
  side: 'before' | 'after';
}

/** The attachment when no work is left; `gone`: it does not exist. Events: those since the scenario's request. */
export interface Outcome {
  status: 'attached' | 'error_attaching' | 'gone';
  events: string;
}

/** One point between two side effects, where the gateway is killed. */
export interface CrashPoint {
  /** What leads to it; scenarios.ts plays it. */
  scenario: keyof typeof SCENARIOS;
  name: string;
  at: Write | Call;
  /** The outcome if the next gateway has a service account. */
  alone: Outcome;
  /** The outcome if it has none, after the user reads the attachment; null: the scenario itself needs an account. */
  byRead: Outcome | null;
}

/** What leads to a point. */
export const SCENARIOS = {
  attach: 'attach, one address',
  attachTwo: 'attach, two addresses',
  attachShared: 'attach, another server has the rule already',
  rejected: 'attach, Manila rejects the rule',
  secondRejected: 'attach, Manila rejects the second of two rules',
  ruleFails: 'attach, the driver fails to apply the rule',
  attachAgain: 'attach again after an error whose cause is gone',
  attachWhileDetaching: 'attach during a detach',
  serverDeleted: 'attach, the server is deleted meanwhile',
  detach: 'detach',
  detachShared: 'detach, another server needs the rule',
  driftServer: 'drift detection finds a deleted server',
  driftRule: 'drift detection finds a removed rule',
  driftOrphan: 'drift detection finds a rule of a deleted server that no attachment needs',
  driftLate: 'drift detection finds a rule that Manila made after its attachment was removed',
  virtiofsAttach: 'attach by virtiofs',
  virtiofsDetach: 'detach by virtiofs',
  virtiofsRetry: 'attach by virtiofs, Nova fails once',
} as const;

export const NOTHING: Outcome = { status: 'gone', events: '' };
export const UNCHANGED: Outcome = { status: 'attached', events: '' };
export const ATTACHED: Outcome = { status: 'attached', events: 'ATTACH_STARTED ATTACHED' };
export const FAILED: Outcome = { status: 'error_attaching', events: 'ATTACH_STARTED ATTACH_FAILED' };
export const DETACHED: Outcome = { status: 'gone', events: 'DETACH_STARTED DETACHED' };
const UNDONE: Outcome = { status: 'gone', events: 'ATTACH_STARTED ATTACH_FAILED DETACHED' };
const DELETED: Outcome = { status: 'gone', events: 'ATTACH_STARTED DETACH_STARTED DETACHED' };
const RULE_GONE: Outcome = { status: 'error_attaching', events: 'ATTACH_FAILED' };
const STILL_FAILED: Outcome = { status: 'error_attaching', events: '' };

export const write = (script: string, event: string) => ({ script, says: new RegExp(`"type":"${event}"`) });

/** Before and after one write or call, with the same outcome. */
function around(
  scenario: CrashPoint['scenario'],
  name: string,
  at: Omit<Write, 'side'> | Omit<Call, 'side'>,
  alone: Outcome,
  byRead: Outcome | null = alone,
): CrashPoint[] {
  return [before(scenario, name, at, alone, byRead), after(scenario, name, at, alone, byRead)];
}

export function before(
  scenario: CrashPoint['scenario'],
  name: string,
  at: Omit<Write, 'side'> | Omit<Call, 'side'>,
  alone: Outcome,
  byRead: Outcome | null = alone,
): CrashPoint {
  return { scenario, name: `before ${name}`, at: { ...at, side: 'before' }, alone, byRead };
}

export function after(
  scenario: CrashPoint['scenario'],
  name: string,
  at: Omit<Write, 'side'> | Omit<Call, 'side'>,
  alone: Outcome,
  byRead: Outcome | null = alone,
): CrashPoint {
  return { scenario, name: `after ${name}`, at: { ...at, side: 'after' }, alone, byRead };
}

const action = (nth: number) => ({ call: 'POST action', nth }) as const;

/**
 * Every point between two side effects, in the order of a run. Side effects are the store's scripts and the calls that
 * change something in Manila; reads have none.
 */
export const POINTS: readonly CrashPoint[] = [
  ...around('driftServer', 'the scan lock', { script: 'lock', says: /sweep:pass$/ }, DETACHED, null),
  ...around('driftServer', 'the leadership', { script: 'lock', says: /sweep:role$/ }, DETACHED, null),
  ...around('driftServer', 'the claim', { script: 'claim' }, DETACHED, null),
  ...around('driftServer', 'the commit of DETACH_STARTED', write('commit', 'DETACH_STARTED'), DETACHED, null),
  ...around('driftServer', 'deny_access', action(1), DETACHED, null),
  ...around('driftServer', 'the record is removed', { script: 'remove' }, DETACHED, null),
  ...around('driftServer', 'the scan lock is released', { script: 'unlock', says: /sweep:pass$/ }, DETACHED, null),
  ...around('driftRule', 'the commit of ATTACH_FAILED', write('commit', 'ATTACH_FAILED'), RULE_GONE, null),
  ...around('driftOrphan', 'deny_access', action(1), NOTHING, null),
  ...around('driftLate', 'its record is created again', write('create', 'DETACH_STARTED'), DETACHED, null),
  ...around('driftLate', 'deny_access', action(1), DETACHED, null),

  before('attach', 'the intent is recorded', { script: 'create' }, NOTHING),
  after('attach', 'the intent is recorded', { script: 'create' }, NOTHING, ATTACHED),
  ...around('attach', 'the target is locked', { script: 'lock' }, NOTHING, ATTACHED),
  before('attach', 'allow_access', action(1), NOTHING, ATTACHED),
  after('attach', 'allow_access, its response lost', action(1), ATTACHED),
  ...around('attach', 'the target is unlocked', { script: 'unlock' }, ATTACHED),
  ...around('attach', 'the commit of ATTACH_STARTED', write('commit', 'ATTACH_STARTED'), ATTACHED),
  ...around('attach', "the commit of Manila's response", { script: 'commit', nth: 2 }, ATTACHED),
  ...around('attach', 'the claim by the queue', { script: 'claim' }, ATTACHED),
  ...around('attach', 'the commit of ATTACHED', write('commit', 'ATTACHED'), ATTACHED),

  before('attachTwo', 'the second allow_access', action(2), FAILED, ATTACHED),
  after('attachTwo', 'the second allow_access, its response lost', action(2), ATTACHED),

  ...around('attachShared', 'allow_access, which finds the rule', action(1), NOTHING, ATTACHED),
  before('attachShared', 'the commit of ATTACH_STARTED', write('commit', 'ATTACH_STARTED'), NOTHING, ATTACHED),
  ...around('attachShared', 'the target is locked again', { script: 'lock', nth: 2 }, ATTACHED),
  ...around('attachShared', 'the target is unlocked again', { script: 'unlock', nth: 2 }, ATTACHED),

  before('rejected', 'the record is removed', { script: 'remove' }, NOTHING, ATTACHED),
  after('rejected', 'the record is removed', { script: 'remove' }, NOTHING),

  before('secondRejected', 'the commit of ATTACH_FAILED', write('commit', 'ATTACH_FAILED'), FAILED, ATTACHED),
  after('secondRejected', 'the commit of ATTACH_FAILED', write('commit', 'ATTACH_FAILED'), UNDONE),
  ...around('secondRejected', 'the claim by the queue', { script: 'claim' }, UNDONE),
  ...around('secondRejected', 'deny_access of the first', action(3), UNDONE),
  ...around('secondRejected', 'the commit of the denial', { script: 'commit', nth: 3 }, UNDONE),
  ...around('secondRejected', 'the record is removed', { script: 'remove' }, UNDONE),

  ...around('ruleFails', 'deny_access of the failed rule', action(2), FAILED),
  ...around('ruleFails', 'the second allow_access', action(3), FAILED),
  ...around('ruleFails', 'the commit of ATTACH_FAILED', write('commit', 'ATTACH_FAILED'), FAILED),

  ...around('attachAgain', 'the claim', { script: 'claim' }, STILL_FAILED),
  before('attachAgain', 'the commit of ATTACH_STARTED', write('commit', 'ATTACH_STARTED'), STILL_FAILED, ATTACHED),
  after('attachAgain', 'the commit of ATTACH_STARTED', write('commit', 'ATTACH_STARTED'), ATTACHED),

  before('attachWhileDetaching', 'the commit of ATTACH_STARTED', write('commit', 'ATTACH_STARTED'), DETACHED, {
    status: 'attached',
    events: 'DETACH_STARTED ATTACH_STARTED ATTACHED',
  }),
  after(
    'attachWhileDetaching',
    'the commit of ATTACH_STARTED',
    write('commit', 'ATTACH_STARTED'),
    { status: 'error_attaching', events: 'DETACH_STARTED ATTACH_STARTED ATTACH_FAILED' },
    { status: 'attached', events: 'DETACH_STARTED ATTACH_STARTED ATTACHED' },
  ),

  ...around('serverDeleted', 'the commit of DETACH_STARTED', write('commit', 'DETACH_STARTED'), DELETED),
  ...around('serverDeleted', 'deny_access', action(2), DELETED),
  ...around('serverDeleted', 'the record is removed', { script: 'remove' }, DELETED),

  ...around('detach', 'the claim', { script: 'claim' }, UNCHANGED),
  before('detach', 'the intent is recorded', { script: 'commit' }, UNCHANGED),
  after('detach', 'the intent is recorded', { script: 'commit' }, UNCHANGED, DETACHED),
  ...around('detach', 'the target is locked', { script: 'lock' }, UNCHANGED, DETACHED),
  before('detach', 'deny_access', action(1), UNCHANGED, DETACHED),
  after('detach', 'deny_access, its response lost', action(1), DETACHED),
  ...around('detach', 'the target is unlocked', { script: 'unlock' }, DETACHED),
  ...around('detach', 'the commit of DETACH_STARTED', write('commit', 'DETACH_STARTED'), DETACHED),
  ...around(
    'detach',
    'the commit of its next reconcile',
    { script: 'commit', says: /"isAccepted":true/, nth: 2 },
    DETACHED,
  ),
  ...around('detach', 'the claim by the queue', { script: 'claim', nth: 2 }, DETACHED),
  ...around('detach', 'the record is removed', { script: 'remove' }, DETACHED),

  ...around('detachShared', 'Manila is asked for the right', action(1), UNCHANGED, DETACHED),
  before('detachShared', 'the commit of DETACH_STARTED', write('commit', 'DETACH_STARTED'), UNCHANGED, DETACHED),
  after('detachShared', 'the commit of DETACH_STARTED', write('commit', 'DETACH_STARTED'), DETACHED),
  ...around('detachShared', 'the rule is transferred to the other', { call: 'PUT metadata', nth: 1 }, DETACHED),
  ...around('detachShared', 'the record is removed', { script: 'remove' }, DETACHED),
];
