import { expect, test } from '@jest/globals';
import { createSlots } from '../../src/attachments/reconcile/slots.ts';

test('projects take turns; within one, first come, first served', () => {
  const slots = createSlots(2, 2);
  expect([slots.take('a', 'a1'), slots.take('a', 'a2')]).toEqual([true, true]);
  for (const id of ['a3', 'a4']) expect(slots.take('a', id)).toBe(false);
  expect(slots.take('b', 'b1')).toBe(false);
  expect(slots.isWaiting('a', 'a3')).toBe(true);
  const served: string[] = [];
  let ended = 'a';
  for (let next = slots.release(ended); next; next = slots.release(ended)) {
    served.push(next.id);
    expect(slots.take(next.projectId, next.id)).toBe(true);
    ended = next.projectId;
  }
  expect(served).toEqual(['a3', 'b1', 'a4']);
});

test('a project at its limit waits although slots are free; another takes them', () => {
  const slots = createSlots(3, 1);
  expect(slots.take('a', 'a1')).toBe(true);
  expect(slots.take('a', 'a2')).toBe(false);
  expect(slots.take('b', 'b1')).toBe(true);
  expect(slots.release('b')).toBeNull();
  expect(slots.release('a')).toEqual({ projectId: 'a', id: 'a2' });
});

test('more than a project may keep waiting -> not kept; the other projects have their place', () => {
  const slots = createSlots(1, 1);
  slots.take('a', 'first');
  for (let i = 0; i < 1001; i++) slots.take('a', `a${i}`);
  slots.take('b', 'b1');
  expect(slots.isWaiting('a', 'a999')).toBe(true);
  expect(slots.isWaiting('a', 'a1000')).toBe(false);
  expect(slots.isWaiting('b', 'b1')).toBe(true);
});
