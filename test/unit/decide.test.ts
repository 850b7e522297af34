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
import { observation, record, rule } from '../support/attachment-records.ts';

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
  do: 'transition',
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
      shows: observation([rule(state)]),
      decides: { do: 'wait' as const },
    }),
  ),
  {
    situation: 'all rules active, exported -> attached',
    shows: observation([rule('active')]),
    decides: { do: 'transition', status: 'attached', event: 'ATTACHED' },
  },
  {
    situation: 'all rules active, no export location yet -> wait',
    shows: observation([rule('active')], { isExported: false }),
    decides: { do: 'wait' },
  },
  {
    situation: 'all rules active, export locations not read -> wait',
    shows: observation([rule('active')], { isExported: null }),
    decides: { do: 'wait' },
  },
  {
    situation: "rule missing, caller's session -> allow it",
    shows: observation([null]),
    decides: { do: 'allow', target: 0 },
  },
  {
    situation: 'second of two rules missing -> allow the second',
    is: two(),
    shows: observation([rule('active'), null]),
    decides: { do: 'allow', target: 1 },
  },
  {
    situation: 'first rule being denied, second missing -> allow the second meanwhile',
    is: two(),
    shows: observation([rule('denying'), null]),
    decides: { do: 'allow', target: 1 },
  },
  {
    situation: "rule missing, only the gateway's own session -> error, never granted",
    shows: observation([null]),
    rights: OWN,
    decides: errorAttaching('RULE_MISSING'),
  },
  {
    situation: 'rule missing, no session that may act -> error',
    shows: observation([null]),
    rights: NONE,
    decides: errorAttaching('RULE_MISSING'),
  },
  {
    situation: "rule in error, caller's session -> deny it to grant again",
    shows: observation([rule('error')]),
    decides: { do: 'deny', target: 0, ruleId: 'rule-1' },
  },
  {
    situation: `rule in error after ${MAX_GRANTS} grants -> error`,
    is: { attempts: MAX_GRANTS },
    shows: observation([rule('error')]),
    decides: errorAttaching('RULE_ERROR'),
  },
  {
    situation: "rule in error, only the gateway's own session -> error",
    shows: observation([rule('error')]),
    rights: OWN,
    decides: errorAttaching('RULE_ERROR'),
  },
  {
    situation: 'rule of another client in error -> error, it stays',
    shows: observation([rule('error', { isOurs: false })]),
    decides: errorAttaching('RULE_ERROR'),
  },
  {
    situation: 'rule in error that another attachment needs -> error, it stays',
    shows: observation([rule('error', { isShared: true })]),
    decides: errorAttaching('RULE_ERROR'),
  },
  {
    situation: 'rule of another client active -> adopted',
    shows: observation([rule('active', { isOurs: false })]),
    decides: { do: 'transition', status: 'attached' },
  },
  {
    situation: 'rule with another level -> error',
    shows: observation([rule('active', { level: 'ro' })]),
    decides: errorAttaching('LEVEL_CONFLICT'),
  },
  {
    situation: 'rule with another level being denied -> wait',
    shows: observation([rule('denying', { level: 'ro' })]),
    decides: { do: 'wait' },
  },
  {
    situation: 'overdue, still applying -> error',
    shows: observation([rule('applying')]),
    isOverdue: true,
    decides: errorAttaching('DEADLINE_EXCEEDED'),
  },
  {
    situation: 'overdue, but active now -> attached',
    shows: observation([rule('active')]),
    isOverdue: true,
    decides: { do: 'transition', status: 'attached' },
  },
  {
    situation: 'server deleted -> detaching',
    shows: observation([rule('active')], { server: 'gone' }),
    decides: { do: 'transition', status: 'detaching', event: 'DETACH_STARTED', reason: 'SERVER_DELETED' },
  },
  {
    situation: 'share deleted -> removed: its rules are deleted with it',
    shows: observation([null], { share: 'gone' }),
    decides: { do: 'remove', reason: 'SHARE_DELETED' },
  },
]);

table('attached', [
  {
    situation: 'rule active -> idle',
    is: { status: 'attached' },
    shows: observation([rule('active')]),
    decides: { do: 'idle' },
  },
  {
    situation: 'rule missing -> error',
    is: { status: 'attached' },
    shows: observation([null]),
    decides: errorAttaching('RULE_MISSING'),
  },
  {
    situation: 'rule in error -> error',
    is: { status: 'attached' },
    shows: observation([rule('error')]),
    decides: errorAttaching('RULE_ERROR'),
  },
  {
    situation: 'another client denies the rule -> wait',
    is: { status: 'attached' },
    shows: observation([rule('denying')]),
    decides: { do: 'wait' },
  },
  {
    situation: 'server deleted -> detaching',
    is: { status: 'attached' },
    shows: observation([rule('active')], { server: 'gone' }),
    decides: { do: 'transition', status: 'detaching', reason: 'SERVER_DELETED' },
  },
  {
    situation: 'share deleted -> removed',
    is: { status: 'attached' },
    shows: observation([null], { share: 'gone' }),
    decides: { do: 'remove' },
  },
]);

/** Attached, with 10.0.0.5 being removed and 10.0.0.6 being added. */
const retargeting: Partial<Attachment> = {
  status: 'attached',
  staleSince: '2026-01-02T00:00:00.000Z',
  targets: [
    { accessTo: '10.0.0.5', ruleId: 'rule-1', isOwned: true, state: 'active', change: 'removing' },
    { accessTo: '10.0.0.6', ruleId: null, isOwned: false, state: null, change: 'adding' },
  ],
};
const old = (state: string, change: Partial<ObservedRule> = {}) => rule(state, change);
const fresh = (state: string, change: Partial<ObservedRule> = {}) => rule(state, { id: 'rule-2', ...change });
const attached: Partial<Action> = { do: 'transition', status: 'attached', event: 'ATTACHED' };

table('attached, the server’s addresses changed', [
  {
    situation: "new address without a rule, caller's session -> allow it first",
    is: retargeting,
    shows: observation([old('active'), null]),
    decides: { do: 'allow', target: 1 },
  },
  {
    situation: "new address without a rule, only the gateway's own session -> idle, never granted",
    is: retargeting,
    shows: observation([old('active'), null]),
    rights: OWN,
    decides: { do: 'idle' },
  },
  ...['queued_to_apply', 'applying', 'queued_to_deny'].map((state) => ({
    situation: `new rule ${state} -> wait, the old one stays`,
    is: retargeting,
    shows: observation([old('active'), fresh(state)]),
    decides: { do: 'wait' as const },
  })),
  {
    situation: 'new rule applying for too long -> idle, stale',
    is: retargeting,
    shows: observation([old('active'), fresh('applying')]),
    isOverdue: true,
    decides: { do: 'idle' },
  },
  {
    situation: 'new rule in error -> deny it to grant again',
    is: retargeting,
    shows: observation([old('active'), fresh('error')]),
    decides: { do: 'deny', target: 1, ruleId: 'rule-2' },
  },
  {
    situation: `new rule in error after ${MAX_GRANTS} grants -> error`,
    is: { ...retargeting, attempts: MAX_GRANTS },
    shows: observation([old('active'), fresh('error')]),
    decides: errorAttaching('RULE_ERROR'),
  },
  {
    situation: "new rule in error, only the gateway's own session -> idle",
    is: retargeting,
    shows: observation([old('active'), fresh('error')]),
    rights: OWN,
    decides: { do: 'idle' },
  },
  {
    situation: 'a rule of another level for the new address -> error',
    is: retargeting,
    shows: observation([old('active'), fresh('active', { level: 'ro' })]),
    decides: errorAttaching('LEVEL_CONFLICT'),
  },
  {
    situation: 'new rule active -> deny the old one',
    is: retargeting,
    shows: observation([old('active'), fresh('active')]),
    decides: { do: 'deny', target: 0, ruleId: 'rule-1' },
  },
  {
    situation: 'new rule active, only an observer -> the old one stays',
    is: retargeting,
    shows: observation([old('active'), fresh('active')]),
    rights: NONE,
    decides: { do: 'idle' },
  },
  {
    situation: 'old rule being denied -> wait',
    is: retargeting,
    shows: observation([old('denying'), fresh('active')]),
    decides: { do: 'wait' },
  },
  {
    situation: `old rule still present after ${MAX_DENIALS} denials -> idle, stale`,
    is: { ...retargeting, attempts: MAX_DENIALS },
    shows: observation([old('active'), fresh('active')]),
    decides: { do: 'idle' },
  },
  {
    situation: 'old rule gone -> attached again',
    is: retargeting,
    shows: observation([null, fresh('active')]),
    decides: attached,
  },
  {
    situation: 'old rule in error -> denied',
    is: retargeting,
    shows: observation([old('error'), fresh('active')]),
    decides: { do: 'deny', target: 0 },
  },
  {
    situation: 'old rule belongs to another client -> attached, it stays',
    is: retargeting,
    shows: observation([old('active', { isOurs: false }), fresh('active')]),
    decides: attached,
  },
  {
    situation: 'old rule is needed by the server that has the address now -> attached, it stays',
    is: retargeting,
    shows: observation([old('active', { isShared: true }), fresh('active')]),
    decides: attached,
  },
  {
    situation: 'an unchanged address lost its rule meanwhile -> error',
    is: {
      ...retargeting,
      targets: [...(retargeting.targets ?? []), { accessTo: '10.0.0.7', ruleId: 'r', isOwned: true, state: 'active' }],
    },
    shows: observation([old('active'), fresh('active'), null]),
    decides: errorAttaching('RULE_MISSING'),
  },
  {
    situation: 'stale, no target changed yet -> idle',
    is: { status: 'attached', staleSince: '2026-01-02T00:00:00.000Z' },
    shows: observation([rule('active')]),
    decides: { do: 'idle' },
  },
  {
    situation: 'server deleted meanwhile -> detaching',
    is: retargeting,
    shows: observation([old('active'), fresh('active')], { server: 'gone' }),
    decides: { do: 'transition', status: 'detaching', reason: 'SERVER_DELETED' },
  },
  {
    situation: 'attached again from an error: new rule active, old one left -> deny the old one before it is attached',
    is: { ...retargeting, status: 'attaching' },
    shows: observation([old('active'), fresh('active')]),
    decides: { do: 'deny', target: 0, ruleId: 'rule-1' },
  },
  {
    situation: 'attaching, old rule gone -> allow only the new one',
    is: { ...retargeting, status: 'attaching' },
    shows: observation([null, null]),
    decides: { do: 'allow', target: 1 },
  },
  {
    situation: 'attaching, no session may revoke the old rule -> attached',
    is: { ...retargeting, status: 'attaching' },
    shows: observation([old('active'), fresh('active')]),
    rights: NONE,
    decides: attached,
  },
  {
    situation: 'detaching meanwhile -> both rules are denied, the old one first',
    is: { ...retargeting, status: 'detaching', isAccepted: true },
    shows: observation([old('active'), fresh('active')]),
    decides: { do: 'deny', target: 0 },
  },
]);

const detaching: Partial<Attachment> = { status: 'detaching', previousStatus: 'attached', isAccepted: true };
const asked: Partial<Attachment> = { ...detaching, isAccepted: false };

table('detaching, accepted', [
  {
    situation: 'rule active -> deny it',
    is: detaching,
    shows: observation([rule('active')]),
    rights: OWN,
    decides: { do: 'deny', ruleId: 'rule-1' },
  },
  {
    situation: 'rule in error after a denial -> deny it again',
    is: { ...detaching, attempts: 1 },
    shows: observation([rule('error')]),
    rights: OWN,
    decides: { do: 'deny' },
  },
  {
    situation: 'second of two left -> deny the second',
    is: { ...two(), ...detaching },
    shows: observation([rule('denying'), rule('active', { id: 'rule-2' })]),
    decides: { do: 'deny', ruleId: 'rule-2' },
  },
  {
    situation: 'rule being denied -> wait',
    is: detaching,
    shows: observation([rule('denying')]),
    decides: { do: 'wait' },
  },
  {
    situation: 'no rule left -> removed',
    is: detaching,
    shows: observation([null]),
    rights: NONE,
    decides: { do: 'remove' },
  },
  {
    situation: 'only a rule of another client left -> removed, it stays',
    is: detaching,
    shows: observation([rule('active', { isOurs: false })]),
    decides: { do: 'remove' },
  },
  {
    situation: 'another attachment needs the rule -> removed, it stays',
    is: detaching,
    shows: observation([rule('active', { isShared: true })]),
    decides: { do: 'remove' },
  },
  {
    situation: 'another attachment needs the rule, no session may transfer it -> wait',
    is: detaching,
    shows: observation([rule('active', { isShared: true })]),
    rights: NONE,
    decides: { do: 'wait' },
  },
  {
    situation: 'no session may revoke -> wait',
    is: detaching,
    shows: observation([rule('active')]),
    rights: NONE,
    decides: { do: 'wait' },
  },
  {
    situation: `rule still present after ${MAX_DENIALS} denials -> error`,
    is: { ...detaching, attempts: MAX_DENIALS },
    shows: observation([rule('active')]),
    decides: { do: 'transition', status: 'error_detaching', event: 'DETACH_FAILED' },
  },
  {
    situation: 'share deleted -> removed',
    is: detaching,
    shows: observation([null], { share: 'gone' }),
    decides: { do: 'remove' },
  },
]);

table('detaching, not accepted yet', [
  {
    situation: "rule active, caller's session -> deny it",
    is: asked,
    shows: observation([rule('active')]),
    decides: { do: 'deny' },
  },
  {
    situation: "rule active, caller's session gone -> back to the previous status",
    is: asked,
    shows: observation([rule('active')]),
    rights: NONE,
    decides: { do: 'transition', status: 'attached', event: 'DETACH_FAILED' },
  },
  {
    situation: "another attachment needs the rule, caller's session gone -> back to the previous status",
    is: asked,
    shows: observation([rule('active', { isShared: true })]),
    rights: NONE,
    decides: { do: 'transition', status: 'attached', event: 'DETACH_FAILED' },
  },
  {
    situation: "only a rule of another client left, caller's session gone -> removed, it stays",
    is: asked,
    shows: observation([rule('active', { isOurs: false })]),
    rights: NONE,
    decides: { do: 'remove' },
  },
  {
    situation: "was attaching, caller's session gone -> attaching again",
    is: { ...asked, previousStatus: 'attaching' },
    shows: observation([rule('applying')]),
    rights: NONE,
    decides: { do: 'transition', status: 'attaching' },
  },
  {
    situation: 'rule being denied: the lost response was a success -> accepted',
    is: asked,
    shows: observation([rule('queued_to_deny')]),
    rights: NONE,
    decides: { do: 'accept' },
  },
  {
    situation: 'rule missing: the lost response was a success -> removed',
    is: asked,
    shows: observation([null]),
    rights: NONE,
    decides: { do: 'remove' },
  },
]);

table('error_attaching and error_detaching', [
  {
    situation: 'error_attaching -> idle until the next request',
    is: { status: 'error_attaching' },
    shows: observation([null]),
    decides: { do: 'idle' },
  },
  {
    situation: 'error_attaching, server deleted -> detaching',
    is: { status: 'error_attaching' },
    shows: observation([rule('active')], { server: 'gone' }),
    decides: { do: 'transition', status: 'detaching' },
  },
  {
    situation: 'error_detaching -> idle until the next request',
    is: { status: 'error_detaching' },
    shows: observation([rule('active')]),
    decides: { do: 'idle' },
  },
  {
    situation: 'error_detaching, server deleted -> retried: access must not outlive the server',
    is: { status: 'error_detaching', reason: 'SERVER_DELETED' },
    shows: observation([rule('active')], { server: 'gone' }),
    decides: { do: 'transition', status: 'detaching', event: 'DETACH_STARTED', reason: 'SERVER_DELETED' },
  },
]);

describe('delays', () => {
  test('work that progresses is polled every 100 ms at first, then every 5 s', () => {
    const delays = [0, 400, 2000, 20_000, 600_000].map((elapsedMs) => pollDelay(elapsedMs, 0, 0));
    expect(delays).toEqual([100, 100, 500, 5000, 5000]);
  });

  test('the time that a reconcile took counts as waited, up to 50 ms of it', () => {
    expect([0, 20, 50, 3000].map((spentMs) => pollDelay(0, spentMs, 0))).toEqual([100, 80, 50, 50]);
  });

  test('attachments that began together spread by up to a tenth', () => {
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

const updating = (change: Partial<Attachment> = {}): Partial<Attachment> => ({
  status: 'attached',
  accessLevel: 'ro',
  targets: [{ accessTo: '10.0.0.5', ruleId: 'rule-1', isOwned: true, state: 'active', change: 'updating' }],
  ...change,
});
const ruleOf = (level: 'rw' | 'ro', state: string, change: Partial<ObservedRule> = {}): ObservedRule => ({
  ...{ id: 'rule-1', isOurs: true, isShared: false },
  ...{ level, state, ...change },
});

table('attached, while the access level changes', [
  {
    situation: 'a rule with the former level -> update',
    is: updating(),
    shows: observation([ruleOf('rw', 'active')]),
    decides: { do: 'update', target: 0, ruleId: 'rule-1' },
  },
  ...['queued_to_update', 'updating'].map((state) => ({
    situation: `a rule with the new level, ${state} -> wait`,
    is: updating(),
    shows: observation([ruleOf('ro', state)]),
    decides: { do: 'wait' as const },
  })),
  {
    situation: 'all have the new level -> attached again',
    is: updating(),
    shows: observation([ruleOf('ro', 'active')]),
    decides: { do: 'transition', status: 'attached', event: 'ATTACHED' },
  },
  {
    situation: 'Manila cannot update: a rule with the former level -> deny',
    is: updating({ renewsRules: true }),
    shows: observation([ruleOf('rw', 'active')]),
    decides: { do: 'deny', target: 0, ruleId: 'rule-1' },
  },
  {
    situation: 'a rule that is being denied -> wait',
    is: updating({ renewsRules: true }),
    shows: observation([ruleOf('rw', 'denying')]),
    decides: { do: 'wait' },
  },
  {
    situation: 'a denied rule is gone -> allow',
    is: updating({ renewsRules: true }),
    shows: observation([null]),
    decides: { do: 'allow', target: 0 },
  },
  {
    situation: 'a denied rule is gone, and no caller’s token -> failed',
    is: updating({ renewsRules: true }),
    shows: observation([null]),
    rights: OWN,
    decides: errorAttaching('RULE_MISSING'),
  },
  {
    situation: 'no caller’s token -> idle until one comes',
    is: updating(),
    shows: observation([ruleOf('rw', 'active')]),
    rights: NONE,
    decides: { do: 'idle' },
  },
  {
    situation: 'another attachment needs the rule meanwhile -> failed',
    is: updating(),
    shows: observation([ruleOf('rw', 'active', { isShared: true })]),
    decides: errorAttaching('LEVEL_CONFLICT'),
  },
  {
    situation: 'the back end fails -> failed',
    is: updating(),
    shows: observation([ruleOf('ro', 'error')]),
    decides: errorAttaching('RULE_ERROR'),
  },
  {
    situation: 'Manila changes it back again and again -> failed',
    is: updating({ attempts: MAX_DENIALS }),
    shows: observation([ruleOf('rw', 'active')]),
    decides: errorAttaching('LEVEL_CONFLICT'),
  },
]);
