import { setImmediate as nextTick } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createProjectLimit, ProjectBusyError } from '../../src/openstack/http/project-limit.ts';

const never = new AbortController().signal;

/** Whether a promise is settled in this tick. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  await nextTick();
  return settled;
}

test('a project has used its share -> its next request waits, other projects’ do not', async () => {
  const { acquire } = createProjectLimit(2, 10);
  const [first] = await Promise.all([acquire('a', never), acquire('a', never)]);
  const third = acquire('a', never);
  expect(await isSettled(third)).toBe(false);
  expect(await isSettled(acquire('b', never))).toBe(true);
  first?.();
  expect(await isSettled(third)).toBe(true);
});

test('requests wait -> in order', async () => {
  const { acquire } = createProjectLimit(1, 10);
  const order: number[] = [];
  const release = await acquire('a', never);
  const waiting = [1, 2, 3].map(async (n) => {
    const next = await acquire('a', never);
    order.push(n);
    next();
  });
  release();
  await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
});

test('a waiting request aborts -> its reason; the slot goes to the next', async () => {
  const { acquire } = createProjectLimit(1, 10);
  const release = await acquire('a', never);
  const leaving = new AbortController();
  const aborted = acquire('a', leaving.signal);
  const next = acquire('a', never);
  leaving.abort(new Error('left'));
  await expect(aborted).rejects.toThrow('left');
  release();
  (await next)();
  await expect(acquire('a', never)).resolves.toBeInstanceOf(Function);
});

test('a request aborts as its slot becomes free -> the slot is not lost', async () => {
  const { acquire } = createProjectLimit(1, 10);
  const release = await acquire('a', never);
  const leaving = new AbortController();
  const aborted = acquire('a', leaving.signal).then(
    (next) => next(),
    () => undefined,
  );
  leaving.abort();
  release();
  await aborted;
  await expect(acquire('a', never)).resolves.toBeInstanceOf(Function);
});

test('too many wait -> an error at once', async () => {
  const { acquire } = createProjectLimit(1, 1);
  await acquire('a', never);
  const waiting = acquire('a', never);
  await expect(acquire('a', never)).rejects.toBeInstanceOf(ProjectBusyError);
  expect(await isSettled(waiting)).toBe(false);
});
