import { expect, test } from '@jest/globals';
import { OpenStackError } from '../../src/openstack/errors.ts';
import type { FinishedCall } from '../../src/openstack/http/call.ts';
import { createServiceStates } from '../../src/openstack/service-state.ts';
import { hearingLog } from '../support/log.ts';

const TIMEOUT_MS = 10_000;

const call = (outcome: Partial<FinishedCall> = {}): FinishedCall => ({
  ...{ service: 'nova', method: 'GET', path: '/servers/detail', status: 200, error: null, seconds: 1 },
  ...outcome,
});
const refused = (status: number) =>
  call({ status, error: new OpenStackError(`refused ${status}`, { service: 'nova', kind: 'refused', status }) });
const timedOut = (seconds: number) =>
  call({ status: null, seconds, error: new OpenStackError('too late', { service: 'nova', kind: 'timeout' }) });
const notConnected = () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  return call({
    status: null,
    error: new OpenStackError('not reached', { service: 'nova', kind: 'unreachable' }, { cause }),
  });
};

test.each<[situation: string, calls: FinishedCall[], messages: string[]]>([
  ['calls that are answered', [call(), refused(404), refused(403), refused(429)], []],
  ['a connection that cannot be opened', [call(), notConnected()], ['Nova is unavailable']],
  ['two failures, then a success', [refused(500), refused(503), call(), refused(500)], []],
  [
    'three failures in a row, and more',
    [refused(500), refused(503), timedOut(10), refused(500)],
    ['Nova is unavailable'],
  ],
  ['timeouts of calls that had little time', [timedOut(1), timedOut(1), timedOut(1), timedOut(1)], []],
  ['away and back', [notConnected(), call(), call()], ['Nova is unavailable', 'Nova is available again']],
  [
    'away and back by a rejected call',
    [notConnected(), refused(404)],
    ['Nova is unavailable', 'Nova is available again'],
  ],
])('%s', (_situation, calls, messages) => {
  const { log, lines } = hearingLog();
  const states = createServiceStates(log, TIMEOUT_MS);
  for (const one of calls) states.observe(one);
  expect(lines.map(({ msg, level, service }) => [msg, level, service])).toEqual(
    messages.map((msg) => [msg, 40, 'nova']),
  );
  expect(states.isUp('nova')).toBe(messages.length % 2 === 0);
  expect(states.isUp('manila')).toBe(true);
});
