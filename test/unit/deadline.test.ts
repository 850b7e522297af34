import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { startDeadline } from '../../src/deadline.ts';
import { startOperationDeadline, withOperationTimeout } from '../../src/transport/graphql.ts';

const errorContext = { requestId: 'req-1', log: pino({ level: 'silent' }) };
const config = { ...readConfig({}), REQUEST_TIMEOUT_MS: 1 };

test('the signal is read before the time is up -> it aborts then, as UPSTREAM_TIMEOUT', async () => {
  const { signal } = startOperationDeadline(config);
  expect(signal.aborted).toBe(false);
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  expect(signal.reason).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
});

test('the signal is read after the time is up -> it has aborted', async () => {
  const deadline = startOperationDeadline(config);
  // a timer of the same length that starts later fires later
  await sleep(1);
  expect(deadline.signal).toMatchObject({ aborted: true, reason: { code: 'UPSTREAM_TIMEOUT' } });
});

test('the signal is read twice -> the same signal', () => {
  const deadline = startDeadline(1000);
  expect(deadline.signal).toBe(deadline.signal);
  deadline.end();
});

test('the work ended -> the signal never aborts', async () => {
  const deadline = startDeadline(1);
  const { signal } = deadline;
  deadline.end();
  await sleep(1);
  expect(signal.aborted).toBe(false);
});

test('the execution rejects -> a formatted error', async () => {
  const broken = Promise.reject(new Error('broken'));
  const { errors } = await withOperationTimeout(config, broken, errorContext);
  expect(errors).toMatchObject([{ message: 'Internal error', extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
});
