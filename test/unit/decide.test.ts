import { describe, expect, test } from '@jest/globals';
import type { Attachment } from '../../src/attachments/attachment.ts';
import {
  type Action,
  backoffDelay,
  decide,
  MAX_DENIALS,
  MAX_GRANTS,
  type Observation,
  type ObservedRule,
  pollDelay,
  type Rights,
} from '../../src/attachments/reconcile/decide.ts';
import { record, rule, seen } from '../support/attachment-records.ts';

const CALLER: Rights = { mayGrant: true, mayRevoke: true };
const OWN: Rights = { mayGrant: false, mayRevoke: true };
const NONE: Rights = { mayGrant: false, mayRevoke: false };

interface Case {
  situation: string;
  is?: Partial<Attachment>;
  shows: Observation;
  rights?: Rights;
  isOverdue?: boolean;
  decides: Partial<Action>;
}

const two = (): Partial<Attachment> => ({
  targets: ['10.0.0.5', '10.0.0.6'].map((accessTo) => ({ accessTo, ruleId: null, isOwned: false, state: null })),
});

const errorAttaching = (code: string): Partial<Action> => ({
  do: 'settle',
  status: 'error_attaching',
  event: 'ATTACH_FAILED',
  fault: expect.objectContaining({ code }) as never,
});

function table(name: string, cases: Case[]): void {
  describe(name, () => {
    test.each(cases)('$situation', ({ is, shows, rights = CALLER, isOverdue = false, decides }) => {
      expect(decide(record(is), shows, rights, isOverdue)).toMatchObject(decides);
    });
  });
}

table('attaching', [
  ...['queued_to_apply', 'applying', 'queued_to_update', 'updating', 'queued_to_deny', 'denying', null].map(
    (state) => ({
      situation: `rule ${state} -> wait`,
      shows: seen([rule(state)]),
      decides: { do: 'wait' as const },
    }),
  ),
  {
    situation: 'all rules active, exported -> attached',
    shows: seen([rule('active')]),
    decides: { do: 'settle', status: 'attached', event: 'ATTACHED' },
  },
  {
    situation: 'all rules active, no export location yet -> wait',
    shows: seen([rule('active')], { isExported: false }),
    decides: { do: 'wait' },
  },
  {
    situation: 'all rules active, nobody looked for locations -> wait',
    shows: seen([rule('active')], { isExported: null }),
    decides: { do: 'wait' },
  },
  { situation: 'rule missing, caller at hand -> allow it', shows: seen([null]), decides: { do: 'allow', target: 0 } },
  {
    situation: 'second of two rules missing -> allow the second',
    is: two(),
    shows: seen([rule('active'), null]),
    decides: { do: 'allow', target: 1 },
  },
  {
    situation: 'first rule being denied, second missing -> allow the second meanwhile',
    is: two(),
    shows: seen([rule('denying'), null]),
    decides: { do: 'allow', target: 1 },
  },
  {
    situation: 'rule missing, only our own credentials -> error, never granted',
    shows: seen([null]),
    rights: OWN,
    decides: errorAttaching('RULE_MISSING'),
  },
  {
    situation: 'rule missing, nobody -> error',
    shows: seen([null]),
    rights: NONE,
    decides: errorAttaching('RULE_MISSING'),
  },
  {
    situation: 'rule in error, caller at hand -> deny it to grant again',
    shows: seen([rule('error')]),
    decides: { do: 'deny', target: 0, ruleId: 'rule-1' },
  },
  {
    situation: `rule in error after ${MAX_GRANTS} grants -> error`,
    is: { attempts: MAX_GRANTS },
    shows: seen([rule('error')]),
    decides: errorAttaching('RULE_ERROR'),
  },
  {
    situation: 'rule in error, only our own credentials -> error',
    shows: seen([rule('error')]),
    rights: OWN,
    decides: errorAttaching('RULE_ERROR'),
  },
  {
    situation: "somebody else's rule in error -> error, their rule stays",
    shows: seen([rule('error', { isOurs: false })]),
    decides: errorAttaching('RULE_ERROR'),
  },
  {
    situation: 'rule in error that another attachment needs -> error, it stays',
    shows: seen([rule('error', { isShared: true })]),
    decides: errorAttaching('RULE_ERROR'),
  },
  {
    situation: "somebody else's rule active -> adopted",
    shows: seen([rule('active', { isOurs: false })]),
    decides: { do: 'settle', status: 'attached' },
  },
  {
    situation: 'rule with another level -> error',
    shows: seen([rule('active', { level: 'ro' })]),
    decides: errorAttaching('LEVEL_CONFLICT'),
  },
  {
    situation: 'rule with another level being denied -> wait',
    shows: seen([rule('denying', { level: 'ro' })]),
    decides: { do: 'wait' },
  },
  {
    situation: 'overdue, still applying -> error',
    shows: seen([rule('applying')]),
    isOverdue: true,
    decides: errorAttaching('DEADLINE_EXCEEDED'),
  },
  {
    situation: 'overdue, but active now -> attached',
    shows: seen([rule('active')]),
    isOverdue: true,
    decides: { do: 'settle', status: 'attached' },
  },
  {
    situation: 'server gone -> detaching',
    shows: seen([rule('active')], { server: 'gone' }),
    decides: { do: 'settle', status: 'detaching', event: 'DETACH_STARTED', reason: 'SERVER_DELETED' },
  },
  {
    situation: 'share gone -> removed: its rules went with it',
    shows: seen([null], { share: 'gone' }),
    decides: { do: 'remove', reason: 'SHARE_DELETED' },
  },
]);

table('attached', [
  {
    situation: 'rule active -> rest',
    is: { status: 'attached' },
    shows: seen([rule('active')]),
    decides: { do: 'rest' },
  },
  {
    situation: 'rule gone -> error',
    is: { status: 'attached' },
    shows: seen([null]),
    decides: errorAttaching('RULE_MISSING'),
  },
  {
    situation: 'rule in error -> error',
    is: { status: 'attached' },
    shows: seen([rule('error')]),
    decides: errorAttaching('RULE_ERROR'),
  },
  {
    situation: 'somebody denies the rule -> look again',
    is: { status: 'attached' },
    shows: seen([rule('denying')]),
    decides: { do: 'wait' },
  },
  {
    situation: 'server gone -> detaching',
    is: { status: 'attached' },
    shows: seen([rule('active')], { server: 'gone' }),
    decides: { do: 'settle', status: 'detaching', reason: 'SERVER_DELETED' },
  },
  {
    situation: 'share gone -> removed',
    is: { status: 'attached' },
    shows: seen([null], { share: 'gone' }),
    decides: { do: 'remove' },
  },
]);

/** Attached, with 10.0.0.5 leaving and 10.0.0.6 coming. */
const moving: Partial<Attachment> = {
  status: 'attached',
  staleSince: '2026-01-02T00:00:00.000Z',
  targets: [
    { accessTo: '10.0.0.5', ruleId: 'rule-1', isOwned: true, state: 'active', change: 'leaving' },
    { accessTo: '10.0.0.6', ruleId: null, isOwned: false, state: null, change: 'coming' },
  ],
};
const old = (state: string, change: Partial<ObservedRule> = {}) => rule(state, change);
const fresh = (state: string, change: Partial<ObservedRule> = {}) => rule(state, { id: 'rule-2', ...change });
const attached: Partial<Action> = { do: 'settle', status: 'attached', event: 'ATTACHED' };

table('attached, the server’s addresses changed', [
  {
    situation: 'new address without a rule, caller at hand -> allow it first',
    is: moving,
    shows: seen([old('active'), null]),
    decides: { do: 'allow', target: 1 },
  },
  {
    situation: 'new address without a rule, only our own credentials -> rest, never granted',
    is: moving,
    shows: seen([old('active'), null]),
    rights: OWN,
    decides: { do: 'rest' },
  },
  ...['queued_to_apply', 'applying', 'queued_to_deny'].map((state) => ({
    situation: `new rule ${state} -> wait, the old one stays`,
    is: moving,
    shows: seen([old('active'), fresh(state)]),
    decides: { do: 'wait' as const },
  })),
  {
    situation: 'new rule applying for too long -> rest, stale',
    is: moving,
    shows: seen([old('active'), fresh('applying')]),
    isOverdue: true,
    decides: { do: 'rest' },
  },
  {
    situation: 'new rule in error -> deny it to grant again',
    is: moving,
    shows: seen([old('active'), fresh('error')]),
    decides: { do: 'deny', target: 1, ruleId: 'rule-2' },
  },
  {
    situation: `new rule in error after ${MAX_GRANTS} grants -> error`,
    is: { ...moving, attempts: MAX_GRANTS },
    shows: seen([old('active'), fresh('error')]),
    decides: errorAttaching('RULE_ERROR'),
  },
  {
    situation: 'new rule in error, only our own credentials -> rest',
    is: moving,
    shows: seen([old('active'), fresh('error')]),
    rights: OWN,
    decides: { do: 'rest' },
  },
  {
    situation: 'a rule of another level for the new address -> error',
    is: moving,
    shows: seen([old('active'), fresh('active', { level: 'ro' })]),
    decides: errorAttaching('LEVEL_CONFLICT'),
  },
  {
    situation: 'new rule active -> deny the old one',
    is: moving,
    shows: seen([old('active'), fresh('active')]),
    decides: { do: 'deny', target: 0, ruleId: 'rule-1' },
  },
  {
    situation: 'new rule active, only an observer -> the old one stays',
    is: moving,
    shows: seen([old('active'), fresh('active')]),
    rights: NONE,
    decides: { do: 'rest' },
  },
  {
    situation: 'old rule being denied -> wait',
    is: moving,
    shows: seen([old('denying'), fresh('active')]),
    decides: { do: 'wait' },
  },
  {
    situation: `old rule still there after ${MAX_DENIALS} denials -> rest, stale`,
    is: { ...moving, attempts: MAX_DENIALS },
    shows: seen([old('active'), fresh('active')]),
    decides: { do: 'rest' },
  },
  { situation: 'old rule gone -> attached again', is: moving, shows: seen([null, fresh('active')]), decides: attached },
  {
    situation: 'old rule in error -> denied like any',
    is: moving,
    shows: seen([old('error'), fresh('active')]),
    decides: { do: 'deny', target: 0 },
  },
  {
    situation: "old rule is somebody else's -> attached, it stays",
    is: moving,
    shows: seen([old('active', { isOurs: false }), fresh('active')]),
    decides: attached,
  },
  {
    situation: 'old rule is needed by the server that has the address now -> attached, it stays',
    is: moving,
    shows: seen([old('active', { isShared: true }), fresh('active')]),
    decides: attached,
  },
  {
    situation: 'an address that stays lost its rule meanwhile -> error',
    is: {
      ...moving,
      targets: [...(moving.targets ?? []), { accessTo: '10.0.0.7', ruleId: 'r', isOwned: true, state: 'active' }],
    },
    shows: seen([old('active'), fresh('active'), null]),
    decides: errorAttaching('RULE_MISSING'),
  },
  {
    situation: 'stale, nothing begun yet -> rest',
    is: { status: 'attached', staleSince: '2026-01-02T00:00:00.000Z' },
    shows: seen([rule('active')]),
    decides: { do: 'rest' },
  },
  {
    situation: 'server gone meanwhile -> detaching',
    is: moving,
    shows: seen([old('active'), fresh('active')], { server: 'gone' }),
    decides: { do: 'settle', status: 'detaching', reason: 'SERVER_DELETED' },
  },
  {
    situation: 'attached again from an error: new rule active, old one left -> deny the old one before it is attached',
    is: { ...moving, status: 'attaching' },
    shows: seen([old('active'), fresh('active')]),
    decides: { do: 'deny', target: 0, ruleId: 'rule-1' },
  },
  {
    situation: 'attaching, old rule gone -> allow only the new one',
    is: { ...moving, status: 'attaching' },
    shows: seen([null, null]),
    decides: { do: 'allow', target: 1 },
  },
  {
    situation: 'attaching, nobody may take the old rule away -> attached',
    is: { ...moving, status: 'attaching' },
    shows: seen([old('active'), fresh('active')]),
    rights: NONE,
    decides: attached,
  },
  {
    situation: 'detaching meanwhile -> both rules go, the old one first',
    is: { ...moving, status: 'detaching', isAccepted: true },
    shows: seen([old('active'), fresh('active')]),
    decides: { do: 'deny', target: 0 },
  },
]);

const detaching: Partial<Attachment> = { status: 'detaching', previousStatus: 'attached', isAccepted: true };
const asked: Partial<Attachment> = { ...detaching, isAccepted: false };

table('detaching, accepted', [
  {
    situation: 'rule active -> deny it',
    is: detaching,
    shows: seen([rule('active')]),
    rights: OWN,
    decides: { do: 'deny', ruleId: 'rule-1' },
  },
  {
    situation: 'rule in error after a denial -> deny it again',
    is: { ...detaching, attempts: 1 },
    shows: seen([rule('error')]),
    rights: OWN,
    decides: { do: 'deny' },
  },
  {
    situation: 'second of two left -> deny the second',
    is: { ...two(), ...detaching },
    shows: seen([rule('denying'), rule('active', { id: 'rule-2' })]),
    decides: { do: 'deny', ruleId: 'rule-2' },
  },
  { situation: 'rule being denied -> wait', is: detaching, shows: seen([rule('denying')]), decides: { do: 'wait' } },
  { situation: 'no rule left -> removed', is: detaching, shows: seen([null]), rights: NONE, decides: { do: 'remove' } },
  {
    situation: "only somebody else's rule left -> removed, it stays",
    is: detaching,
    shows: seen([rule('active', { isOurs: false })]),
    decides: { do: 'remove' },
  },
  {
    situation: 'another attachment needs the rule -> removed, it stays',
    is: detaching,
    shows: seen([rule('active', { isShared: true })]),
    decides: { do: 'remove' },
  },
  {
    situation: 'another attachment needs the rule, nobody may give it to that -> wait',
    is: detaching,
    shows: seen([rule('active', { isShared: true })]),
    rights: NONE,
    decides: { do: 'wait' },
  },
  {
    situation: 'nobody may revoke -> wait',
    is: detaching,
    shows: seen([rule('active')]),
    rights: NONE,
    decides: { do: 'wait' },
  },
  {
    situation: `still there after ${MAX_DENIALS} denials -> error`,
    is: { ...detaching, attempts: MAX_DENIALS },
    shows: seen([rule('active')]),
    decides: { do: 'settle', status: 'error_detaching', event: 'DETACH_FAILED' },
  },
  {
    situation: 'share gone -> removed',
    is: detaching,
    shows: seen([null], { share: 'gone' }),
    decides: { do: 'remove' },
  },
]);

table('detaching, not accepted yet', [
  {
    situation: 'rule active, caller at hand -> deny it',
    is: asked,
    shows: seen([rule('active')]),
    decides: { do: 'deny' },
  },
  {
    situation: 'rule active, caller gone -> back to what it was',
    is: asked,
    shows: seen([rule('active')]),
    rights: NONE,
    decides: { do: 'settle', status: 'attached', event: 'DETACH_FAILED' },
  },
  {
    situation: 'another attachment needs the rule, caller gone -> back to what it was',
    is: asked,
    shows: seen([rule('active', { isShared: true })]),
    rights: NONE,
    decides: { do: 'settle', status: 'attached', event: 'DETACH_FAILED' },
  },
  {
    situation: "only somebody else's rule left, caller gone -> removed, it stays",
    is: asked,
    shows: seen([rule('active', { isOurs: false })]),
    rights: NONE,
    decides: { do: 'remove' },
  },
  {
    situation: 'was attaching, caller gone -> attaching again',
    is: { ...asked, previousStatus: 'attaching' },
    shows: seen([rule('applying')]),
    rights: NONE,
    decides: { do: 'settle', status: 'attaching' },
  },
  {
    situation: 'rule being denied: the lost answer was a yes -> accepted',
    is: asked,
    shows: seen([rule('queued_to_deny')]),
    rights: NONE,
    decides: { do: 'accept' },
  },
  {
    situation: 'rule gone: the lost answer was a yes -> removed',
    is: asked,
    shows: seen([null]),
    rights: NONE,
    decides: { do: 'remove' },
  },
]);

table('error_attaching and error_detaching', [
  {
    situation: 'error_attaching -> rest until somebody asks',
    is: { status: 'error_attaching' },
    shows: seen([null]),
    decides: { do: 'rest' },
  },
  {
    situation: 'error_attaching, server gone -> detaching',
    is: { status: 'error_attaching' },
    shows: seen([rule('active')], { server: 'gone' }),
    decides: { do: 'settle', status: 'detaching' },
  },
  {
    situation: 'error_detaching -> rest until somebody asks',
    is: { status: 'error_detaching' },
    shows: seen([rule('active')]),
    decides: { do: 'rest' },
  },
  {
    situation: 'error_detaching, its server gone -> tried again: access must not outlive it',
    is: { status: 'error_detaching', reason: 'SERVER_DELETED' },
    shows: seen([rule('active')], { server: 'gone' }),
    decides: { do: 'settle', status: 'detaching', event: 'DETACH_STARTED', reason: 'SERVER_DELETED' },
  },
]);

describe('delays', () => {
  test('work that goes well is looked at often at first, then every 5 s', () => {
    const delays = [0, 400, 2000, 20_000, 600_000].map((elapsedMs) => pollDelay(elapsedMs, 0, 0));
    expect(delays).toEqual([100, 100, 500, 5000, 5000]);
  });

  test('the time that a look took counts as waited, 50 ms of it at the most', () => {
    expect([0, 20, 50, 3000].map((spentMs) => pollDelay(0, spentMs, 0))).toEqual([100, 80, 50, 50]);
  });

  test('those who began together part by up to a tenth', () => {
    expect(pollDelay(0, 0, 0.999)).toBeCloseTo(110, 0);
    expect(pollDelay(600_000, 0, 0.999)).toBeCloseTo(5500, 0);
  });

  test('an uncertain outcome backs off from 250 ms to 5 s in the first minute, to 60 s later', () => {
    expect(backoffDelay(0, 0, 0)).toBe(125);
    expect(backoffDelay(0, 0, 0.999)).toBeCloseTo(250, 0);
    expect(backoffDelay(20, 30_000, 0.5)).toBe(3750);
    expect(backoffDelay(20, 90_000, 1)).toBe(60_000);
  });
});
