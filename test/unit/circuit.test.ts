import { describe, expect, test } from '@jest/globals';
import { type CircuitKey, createCircuits } from '../../src/openstack/http/circuit.ts';

/** When calls to a failing service are sent again, by a clock of the test. */

const WRITE: CircuitKey = { service: 'manila', isWrite: true, project: 'a' };
const FAILURE = { message: 'Manila failed (500)', isConnection: false };
const NO_CONNECTION = { message: 'Manila could not be reached', isConnection: true };

function started() {
  let now = 0;
  const circuits = createCircuits(() => now);
  /** The delay in ms until the next call, or 0 if a call is sent now. */
  const waitOf = (key: CircuitKey): number => {
    try {
      circuits.enter(key).cancel();
      return 0;
    } catch (error) {
      return (error as { retryAfterMs: number }).retryAfterMs;
    }
  };
  const fail = (key: CircuitKey, times = 1, failure = FAILURE) => {
    for (let i = 0; i < times; i++) circuits.enter(key).fail(failure);
  };
  const pass = (ms: number) => {
    now += ms;
  };
  return { circuits, waitOf, fail, pass };
}

describe('a service that fails one project’s writes', () => {
  test('fewer than 5 failures in a row -> calls are sent', () => {
    const { circuits, fail, waitOf } = started();
    fail(WRITE, 4);
    circuits.enter(WRITE).succeed();
    fail(WRITE, 4);
    expect(waitOf(WRITE)).toBe(0);
  });

  test('it keeps failing -> 250 ms, doubling to 5 s, later to 60 s', () => {
    const { fail, waitOf, pass } = started();
    fail(WRITE, 4);
    const waits = Array.from({ length: 18 }, () => {
      fail(WRITE);
      const wait = waitOf(WRITE);
      pass(wait);
      return wait;
    });
    const first = [250, 500, 1000, 2000, 4000, 5000, 5000, 5000, 5000, 5000, 5000, 5000];
    expect(waits).toEqual([...first, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });

  test('open -> UPSTREAM_UNAVAILABLE with the reason and the time of the next call', () => {
    const { circuits, fail } = started();
    fail(WRITE, 5);
    expect(() => circuits.enter(WRITE)).toThrow(
      expect.objectContaining({
        kind: 'unreachable',
        retryAfterMs: 250,
        message: 'Writes to Manila keep failing and are not sent for now; the last failure: Manila failed (500)',
      }),
    );
  });

  test('the delay has passed -> one call at a time; it succeeds -> closed', () => {
    const { circuits, fail, waitOf, pass } = started();
    fail(WRITE, 5);
    pass(250);
    const probe = circuits.enter(WRITE);
    expect(waitOf(WRITE)).toBeGreaterThan(0);
    probe.succeed();
    expect(waitOf(WRITE)).toBe(0);
    fail(WRITE, 4);
    expect(waitOf(WRITE)).toBe(0);
  });

  test('the probe’s caller aborts -> the next call is the probe', () => {
    const { circuits, fail, waitOf, pass } = started();
    fail(WRITE, 5);
    pass(250);
    circuits.enter(WRITE).cancel();
    expect(waitOf(WRITE)).toBe(0);
  });

  test('calls that were sent before it opened fail later -> no longer delay', () => {
    const { circuits, waitOf } = started();
    const attempts = Array.from({ length: 30 }, () => circuits.enter(WRITE));
    for (const attempt of attempts) attempt.fail(FAILURE);
    expect(waitOf(WRITE)).toBe(250);
  });

  test('reads succeed meanwhile -> writes stay delayed', () => {
    const { circuits, fail, waitOf } = started();
    fail(WRITE, 5);
    circuits.enter({ ...WRITE, isWrite: false }).succeed();
    expect(waitOf(WRITE)).toBe(250);
  });

  test.each<[string, Partial<CircuitKey>]>([
    ['another project', { project: 'b' }],
    ['another service', { service: 'nova' }],
    ['reads', { isWrite: false }],
  ])('%s -> calls are sent', (_what, other) => {
    const { fail, waitOf } = started();
    fail(WRITE, 5);
    expect(waitOf({ ...WRITE, ...other })).toBe(0);
  });

  test('the service asks for a longer delay -> that, up to the limit', () => {
    const { circuits, fail, waitOf } = started();
    fail(WRITE, 4);
    circuits.enter(WRITE).fail({ ...FAILURE, retryAfterMs: 7000 });
    expect(waitOf(WRITE)).toBe(7000);
    const read = { ...WRITE, isWrite: false };
    fail(read, 4);
    circuits.enter(read).fail({ ...FAILURE, retryAfterMs: 3_600_000 });
    expect(waitOf(read)).toBe(5000);
  });
});

describe('a service without connections', () => {
  test('for any project -> open for all, reads and writes, at most 5 s', () => {
    const { fail, waitOf, pass } = started();
    fail(WRITE, 5, NO_CONNECTION);
    expect(waitOf({ service: 'manila', isWrite: false, project: 'b' })).toBe(250);
    for (let i = 0; i < 20; i++) {
      pass(5000);
      fail(WRITE, 1, NO_CONNECTION);
    }
    expect(waitOf(WRITE)).toBe(5000);
  });

  test('any call succeeds, or fails otherwise -> closed', () => {
    const { fail, waitOf, pass } = started();
    fail(WRITE, 5, NO_CONNECTION);
    pass(250);
    fail({ ...WRITE, project: 'b' });
    expect(waitOf(WRITE)).toBe(0);
  });
});
