import type { Write } from '../support/redis-proxy.ts';

/** A call that changes something at Manila: the how manieth of them, since the last mutation began. */
export interface Call {
  call: 'POST action' | 'PUT metadata';
  nth: number;
  side: 'before' | 'after';
}

/** How an attachment is found when all has come to rest; `gone`: there is none. Events: those since the scenario's mutation began. */
export interface Outcome {
  status: 'attached' | 'error_attaching' | 'gone';
  events: string;
}

/** One point between two side effects: the gateway is killed there. */
export interface CrashPoint {
  /** What happens before and around it; crash.ts plays it. */
  scenario: keyof typeof SCENARIOS;
  name: string;
  at: Write | Call;
  /** With credentials of its own the gateway that comes after settles it. */
  alone: Outcome;
  /** Without them, the next look of the attachment's user does; null for what takes credentials in the first place. */
  byLook: Outcome | null;
}

/** What is played up to the point. */
export const SCENARIOS = {
  attach: 'attach, one address',
  attachTwo: 'attach, two addresses',
  attachShared: 'attach, another server has the rule already',
  refused: 'attach, Manila refuses',
  secondRefused: 'attach, Manila refuses the second of two addresses',
  ruleFails: 'attach, the driver fails the rule',
  again: 'attach again after an error that was mended',
  takenBack: 'attach again while the detach runs',
  serverDeleted: 'attach, the server is deleted meanwhile',
  detach: 'detach',
  detachShared: 'detach, another server needs the rule too',
  sweepServer: 'the sweep finds a server deleted',
  sweepRule: 'the sweep finds a rule gone',
  sweepOrphan: 'the sweep finds a rule of a deleted server that no attachment needs',
  sweepLate: 'the sweep finds a rule that Manila made after its attachment had ended',
} as const;

const NOTHING: Outcome = { status: 'gone', events: '' };
const STAYS: Outcome = { status: 'attached', events: '' };
const ATTACHED: Outcome = { status: 'attached', events: 'ATTACH_STARTED ATTACHED' };
const FAILED: Outcome = { status: 'error_attaching', events: 'ATTACH_STARTED ATTACH_FAILED' };
const DETACHED: Outcome = { status: 'gone', events: 'DETACH_STARTED DETACHED' };
const PUT_BACK: Outcome = { status: 'attached', events: 'DETACH_STARTED DETACH_FAILED' };
const ROLLED_BACK: Outcome = { status: 'gone', events: 'ATTACH_STARTED ATTACH_FAILED' };
const UNDONE: Outcome = { status: 'gone', events: 'ATTACH_STARTED ATTACH_FAILED DETACHED' };
const DELETED: Outcome = { status: 'gone', events: 'ATTACH_STARTED DETACH_STARTED DETACHED' };
const RULE_GONE: Outcome = { status: 'error_attaching', events: 'ATTACH_FAILED' };
const STILL_FAILED: Outcome = { status: 'error_attaching', events: '' };

const write = (script: string, event: string) => ({ script, says: new RegExp(`"type":"${event}"`) });

/** Both sides of one write or call, where it makes no difference which. */
function around(
  scenario: CrashPoint['scenario'],
  name: string,
  at: Omit<Write, 'side'> | Omit<Call, 'side'>,
  alone: Outcome,
  byLook: Outcome | null = alone,
): CrashPoint[] {
  return [before(scenario, name, at, alone, byLook), after(scenario, name, at, alone, byLook)];
}

function before(
  scenario: CrashPoint['scenario'],
  name: string,
  at: Omit<Write, 'side'> | Omit<Call, 'side'>,
  alone: Outcome,
  byLook: Outcome | null = alone,
): CrashPoint {
  return { scenario, name: `before ${name}`, at: { ...at, side: 'before' }, alone, byLook };
}

function after(
  scenario: CrashPoint['scenario'],
  name: string,
  at: Omit<Write, 'side'> | Omit<Call, 'side'>,
  alone: Outcome,
  byLook: Outcome | null = alone,
): CrashPoint {
  return { scenario, name: `after ${name}`, at: { ...at, side: 'after' }, alone, byLook };
}

const action = (nth: number) => ({ call: 'POST action', nth }) as const;

/**
 * Every point between two side effects, in the order in which a run comes by. Side effects are the store's scripts and the
 * calls that change something at Manila; what only reads leaves nothing behind.
 */
export const POINTS: readonly CrashPoint[] = [
  // first, as they wait longest: for SWEEP_LOCK_MS
  ...around('sweepServer', 'the lock of the pass', { script: 'lock', says: /sweep:pass$/ }, DETACHED, null),
  ...around('sweepServer', 'the role of sweeper', { script: 'lock', says: /sweep:role$/ }, DETACHED, null),
  ...around('sweepServer', 'the claim', { script: 'claim' }, DETACHED, null),
  ...around('sweepServer', 'the commit of DETACH_STARTED', write('commit', 'DETACH_STARTED'), DETACHED, null),
  ...around('sweepServer', 'deny_access', action(1), DETACHED, null),
  ...around('sweepServer', 'the record is taken away', { script: 'remove' }, DETACHED, null),
  ...around('sweepServer', 'the end of the lock', { script: 'unlock', says: /sweep:pass$/ }, DETACHED, null),
  ...around('sweepRule', 'the commit of ATTACH_FAILED', write('commit', 'ATTACH_FAILED'), RULE_GONE, null),
  ...around('sweepOrphan', 'deny_access', action(1), NOTHING, null),
  ...around('sweepLate', 'its record is there again', write('create', 'DETACH_STARTED'), DETACHED, null),
  ...around('sweepLate', 'deny_access', action(1), DETACHED, null),

  before('attach', 'the intent is recorded', { script: 'create' }, NOTHING),
  after('attach', 'the intent is recorded', { script: 'create' }, FAILED, ATTACHED),
  ...around('attach', 'the target is locked', { script: 'lock' }, FAILED, ATTACHED),
  before('attach', 'allow_access', action(1), FAILED, ATTACHED),
  after('attach', 'allow_access, its answer lost', action(1), ATTACHED),
  ...around('attach', 'the target is unlocked', { script: 'unlock' }, ATTACHED),
  ...around('attach', "the commit of Manila's answer", { script: 'commit' }, ATTACHED),
  ...around('attach', "the worker's claim", { script: 'claim' }, ATTACHED),
  ...around('attach', 'the commit of ATTACHED', write('commit', 'ATTACHED'), ATTACHED),

  before('attachTwo', 'the second allow_access', action(2), FAILED, ATTACHED),
  after('attachTwo', 'the second allow_access, its answer lost', action(2), ATTACHED),

  ...around('attachShared', 'the target is locked', { script: 'lock' }, ATTACHED),
  ...around('attachShared', 'the target is unlocked', { script: 'unlock' }, ATTACHED),

  before('refused', 'the record is taken away', { script: 'remove' }, FAILED, ATTACHED),
  after('refused', 'the record is taken away', { script: 'remove' }, ROLLED_BACK),

  before('secondRefused', 'the commit of ATTACH_FAILED', write('commit', 'ATTACH_FAILED'), FAILED, ATTACHED),
  after('secondRefused', 'the commit of ATTACH_FAILED', write('commit', 'ATTACH_FAILED'), UNDONE),
  ...around('secondRefused', "the worker's claim", { script: 'claim' }, UNDONE),
  ...around('secondRefused', 'deny_access of the first', action(3), UNDONE),
  ...around('secondRefused', 'the commit of the denial', { script: 'commit', nth: 2 }, UNDONE),
  ...around('secondRefused', 'the record is taken away', { script: 'remove' }, UNDONE),

  ...around('ruleFails', 'deny_access of the failed rule', action(2), FAILED),
  ...around('ruleFails', 'the second allow_access', action(3), FAILED),
  ...around('ruleFails', 'the commit of ATTACH_FAILED', write('commit', 'ATTACH_FAILED'), FAILED),

  ...around('again', 'the claim', { script: 'claim' }, STILL_FAILED),
  before('again', 'the commit of ATTACH_STARTED', write('commit', 'ATTACH_STARTED'), STILL_FAILED),
  after('again', 'the commit of ATTACH_STARTED', write('commit', 'ATTACH_STARTED'), ATTACHED),

  before('takenBack', 'the commit of ATTACH_STARTED', write('commit', 'ATTACH_STARTED'), DETACHED),
  after(
    'takenBack',
    'the commit of ATTACH_STARTED',
    write('commit', 'ATTACH_STARTED'),
    { status: 'error_attaching', events: 'DETACH_STARTED ATTACH_STARTED ATTACH_FAILED' },
    { status: 'attached', events: 'DETACH_STARTED ATTACH_STARTED ATTACHED' },
  ),

  ...around('serverDeleted', 'the commit of DETACH_STARTED', write('commit', 'DETACH_STARTED'), DELETED),
  ...around('serverDeleted', 'deny_access', action(2), DELETED),
  ...around('serverDeleted', 'the record is taken away', { script: 'remove' }, DELETED),

  ...around('detach', 'the claim', { script: 'claim' }, STAYS),
  before('detach', 'the commit of DETACH_STARTED', write('commit', 'DETACH_STARTED'), STAYS),
  after('detach', 'the commit of DETACH_STARTED', write('commit', 'DETACH_STARTED'), PUT_BACK, DETACHED),
  ...around('detach', 'the target is locked', { script: 'lock' }, PUT_BACK, DETACHED),
  before('detach', 'deny_access', action(1), PUT_BACK, DETACHED),
  after('detach', 'deny_access, its answer lost', action(1), DETACHED),
  ...around('detach', 'the target is unlocked', { script: 'unlock' }, DETACHED),
  ...around('detach', 'the commit that it was accepted', { script: 'commit', says: /"isAccepted":true/ }, DETACHED),
  ...around(
    'detach',
    'the commit that it is to be looked at',
    { script: 'commit', says: /"isAccepted":true/, nth: 2 },
    DETACHED,
  ),
  ...around('detach', "the worker's claim", { script: 'claim', nth: 2 }, DETACHED),
  ...around('detach', 'the record is taken away', { script: 'remove' }, DETACHED),

  after('detachShared', 'the commit of DETACH_STARTED', write('commit', 'DETACH_STARTED'), PUT_BACK, DETACHED),
  before('detachShared', 'the rule is given to the other', { call: 'PUT metadata', nth: 1 }, PUT_BACK, DETACHED),
  after('detachShared', 'the rule is given to the other', { call: 'PUT metadata', nth: 1 }, PUT_BACK, DETACHED),
  before('detachShared', 'the record is taken away', { script: 'remove' }, PUT_BACK, DETACHED),
  after('detachShared', 'the record is taken away', { script: 'remove' }, DETACHED),
];
