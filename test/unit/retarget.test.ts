import { describe, expect, test } from '@jest/globals';
import type { Target } from '../../src/attachments/attachment.ts';
import { completeRetarget, followsAddresses, isInChange, isStale, retarget } from '../../src/attachments/retarget.ts';
import { record, rule, seen } from '../support/attachment-records.ts';

const target = (accessTo: string, change?: Target['change']): Target => ({
  accessTo,
  ruleId: `rule of ${accessTo}`,
  isOwned: true,
  state: 'active',
  ...(change ? { change } : {}),
});
const words = (targets: readonly Target[]) =>
  targets.map(({ accessTo, change }) => (change ? `${accessTo} ${change}` : accessTo));

describe('which attachments follow their server’s addresses', () => {
  test.each([
    ['addresses that the gateway found', { accessType: 'ip' as const, requestedAccessTo: null }, true],
    ['addresses that a user gave', { accessType: 'ip' as const, requestedAccessTo: ['10.0.0.5'] }, false],
    ['a cephx id', { accessType: 'cephx' as const, requestedAccessTo: null }, false],
  ])('%s -> %#', (_what, change, follows) => {
    expect(followsAddresses(record(change))).toBe(follows);
  });
});

describe('targets when the addresses change', () => {
  test.each([
    ['another address', ['a'], ['b'], ['a leaving', 'b coming']],
    ['one more', ['a'], ['a', 'b'], ['a', 'b coming']],
    ['one less', ['a', 'b'], ['a'], ['a', 'b leaving']],
    ['the same', ['a', 'b'], ['b', 'a'], ['a', 'b']],
  ])('%s', (_what, is, wanted, becomes) => {
    const targets = is.map((accessTo) => target(accessTo));
    expect(words(retarget(targets, wanted))).toEqual(becomes);
    expect(isStale({ targets }, wanted)).toBe(becomes.some((word) => word.includes(' ')));
  });

  test('another change while one is under way -> what came leaves, what left and is back comes again', () => {
    const targets = [target('a', 'leaving'), target('b', 'coming')];
    expect(words(retarget(targets, ['c']))).toEqual(['a leaving', 'b leaving', 'c coming']);
    expect(words(retarget(targets, ['a']))).toEqual(['a coming', 'b leaving']);
    expect(isStale({ targets }, ['b'])).toBe(false);
    expect(isInChange({ targets })).toBe(true);
  });

  test('changes without end -> no more than 64 targets: what is under way ends first', () => {
    let targets: Target[] = [target('first')];
    for (let i = 0; i < 100; i++) targets = retarget(targets, [`address-${i}`]);
    expect(targets).toHaveLength(64);
  });
});

describe('when the new rules are active', () => {
  const moving = record({
    staleSince: '2026-01-02T00:00:00.000Z',
    targets: [target('a', 'leaving'), target('b', 'coming')],
  });

  test('old rule gone -> one target, not stale', () => {
    const done = completeRetarget(moving, seen([null, rule('active')]));
    expect(words(done.targets)).toEqual(['b']);
    expect(done.staleSince).toBeNull();
  });

  test.each([
    ['somebody else’s', { isOurs: false }],
    ['needed by another attachment', { isShared: true }],
  ])('old rule %s -> no target of this attachment any more', (_what, change) => {
    expect(words(completeRetarget(moving, seen([rule('active', change), rule('active')])).targets)).toEqual(['b']);
  });

  test('old rule still there -> leaving, and stale, so that the next caller takes it away', () => {
    const done = completeRetarget(moving, seen([rule('active'), rule('active')]));
    expect(words(done.targets)).toEqual(['a leaving', 'b']);
    expect(done.staleSince).toBe(moving.staleSince);
  });
});
