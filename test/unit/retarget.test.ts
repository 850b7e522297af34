import { describe, expect, test } from '@jest/globals';
import type { Target } from '../../src/attachments/attachment.ts';
import {
  completeRetarget,
  followsAddresses,
  isRetargeting,
  isStale,
  retarget,
} from '../../src/attachments/retarget.ts';
import { observation, record, rule } from '../support/attachment-records.ts';

const target = (accessTo: string, change?: Target['change']): Target => ({
  accessTo,
  ruleId: `rule of ${accessTo}`,
  isOwned: true,
  state: 'active',
  ...(change ? { change } : {}),
});
const summary = (targets: readonly Target[]) =>
  targets.map(({ accessTo, change }) => (change ? `${accessTo} ${change}` : accessTo));

describe("which attachments follow their server's addresses", () => {
  test.each([
    ['addresses that the gateway chose', { accessType: 'ip' as const, requestedAccessTo: null }, true],
    ['addresses of the request', { accessType: 'ip' as const, requestedAccessTo: ['10.0.0.5'] }, false],
    ['a cephx id', { accessType: 'cephx' as const, requestedAccessTo: null }, false],
  ])('%s -> %#', (_what, change, follows) => {
    expect(followsAddresses(record(change))).toBe(follows);
  });
});

describe('targets when the addresses change', () => {
  test.each([
    ['another address', ['a'], ['b'], ['a removing', 'b adding']],
    ['one more', ['a'], ['a', 'b'], ['a', 'b adding']],
    ['one less', ['a', 'b'], ['a'], ['a', 'b removing']],
    ['the same', ['a', 'b'], ['b', 'a'], ['a', 'b']],
  ])('%s', (_what, is, desired, becomes) => {
    const targets = is.map((accessTo) => target(accessTo));
    expect(summary(retarget(targets, desired))).toEqual(becomes);
    expect(isStale({ targets }, desired)).toBe(becomes.some((target) => target.includes(' ')));
  });

  test('another change during one -> an added target is removed, a removed one that is desired again is added', () => {
    const targets = [target('a', 'removing'), target('b', 'adding')];
    expect(summary(retarget(targets, ['c']))).toEqual(['a removing', 'b removing', 'c adding']);
    expect(summary(retarget(targets, ['a']))).toEqual(['a adding', 'b removing']);
    expect(isStale({ targets }, ['b'])).toBe(false);
    expect(isRetargeting({ targets })).toBe(true);
  });

  test('endless changes -> at most 64 targets: a change completes first', () => {
    let targets: Target[] = [target('first')];
    for (let i = 0; i < 100; i++) targets = retarget(targets, [`address-${i}`]);
    expect(targets).toHaveLength(64);
  });
});

describe('when the new rules are active', () => {
  const retargeting = record({
    staleSince: '2026-01-02T00:00:00.000Z',
    targets: [target('a', 'removing'), target('b', 'adding')],
  });

  test('old rule missing -> one target, not stale', () => {
    const done = completeRetarget(retargeting, observation([null, rule('active')]));
    expect(summary(done.targets)).toEqual(['b']);
    expect(done.staleSince).toBeNull();
  });

  test.each([
    ['of another client', { isOurs: false }],
    ['needed by another attachment', { isShared: true }],
  ])('old rule %s -> no longer a target of this attachment', (_what, change) => {
    expect(
      summary(completeRetarget(retargeting, observation([rule('active', change), rule('active')])).targets),
    ).toEqual(['b']);
  });

  test('old rule still present -> removing, and stale, so that the next caller revokes it', () => {
    const done = completeRetarget(retargeting, observation([rule('active'), rule('active')]));
    expect(summary(done.targets)).toEqual(['a removing', 'b']);
    expect(done.staleSince).toBe(retargeting.staleSince);
  });
});
