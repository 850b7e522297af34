import { setTimeout as after } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { startRequestDeadline, withTimeout } from '../../src/transport/patience.ts';

const told = { requestId: 'req-1', log: pino({ level: 'silent' }) };

test('the signal is asked for before the time is over -> it aborts then', async () => {
  const patience = startRequestDeadline(1);
  const signal = patience.signal();
  expect(signal.aborted).toBe(false);
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  expect(signal.reason).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
});

test('the signal is asked for after the time is over -> it has aborted', async () => {
  const patience = startRequestDeadline(1);
  // a timer of the same length that was set later comes later
  await after(1);
  expect(patience.signal()).toMatchObject({ aborted: true, reason: { code: 'UPSTREAM_TIMEOUT' } });
});

test('asked for twice -> the same signal', () => {
  const patience = startRequestDeadline(1000);
  expect(patience.signal()).toBe(patience.signal());
  patience.end();
});

test('the operation ended -> the signal never aborts', async () => {
  const patience = startRequestDeadline(1);
  const signal = patience.signal();
  patience.end();
  await after(1);
  expect(signal.aborted).toBe(false);
});

test('the work rejects -> so does the answer', async () => {
  const broken = Promise.reject(new Error('broken'));
  await expect(withTimeout(1000, broken, told)).rejects.toThrow('broken');
});
