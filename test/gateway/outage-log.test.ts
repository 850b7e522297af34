import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { hearingLog } from '../support/log.ts';
import { until } from '../support/until.ts';

const REQUEST_ID = 'req-00000000-0000-4000-8000-00000000f001';
const SHARES = '{ shares(first: 1) { nodes { id } } }';

describe('the log of a gateway whose Manila goes away', () => {
  const { log, lines } = hearingLog();
  let gateway: TestGateway;
  beforeEach(async () => {
    gateway = await startGateway({ log, env: { SWEEP_INTERVAL_MS: '0' } });
  });
  afterEach(async () => {
    await gateway.close();
    lines.length = 0;
  });

  const warnings = () => lines.filter(({ level, service }) => Number(level) >= 40 && service === 'manila');

  test('one warning when it goes and one when it is back, with the reason; requests say which service failed', async () => {
    expect((await gateway.query(SHARES)).errors).toBeUndefined();
    gateway.sandbox.down('manila');
    for (let i = 0; i < 4; i++) expect((await gateway.query(SHARES)).errors).toHaveLength(1);
    expect(warnings()).toMatchObject([
      { level: 40, msg: 'Manila is unavailable', reason: expect.stringContaining('Manila') },
    ]);
    await until(() => lines.filter(({ msg, service }) => msg === 'request' && service === 'manila').length === 4);
    gateway.sandbox.up('manila');
    await until(async () => (await gateway.query(SHARES)).errors === undefined);
    expect(warnings().map(({ msg }) => msg)).toEqual(['Manila is unavailable', 'Manila is available again']);
  });

  test('a rejected call -> no warning; the request line has its status and request id', async () => {
    gateway.sandbox.faults.add({
      service: 'manila',
      method: 'GET',
      path: /shares\/detail/,
      times: 1,
      kind: 'status',
      status: 403,
      headers: { 'x-openstack-request-id': REQUEST_ID },
    });
    await gateway.query(SHARES);
    const line = await until(() => lines.find(({ msg, service }) => msg === 'request' && service === 'manila'));
    expect(line).toMatchObject({
      code: 'FORBIDDEN',
      upstreamStatus: 403,
      openstackRequestId: REQUEST_ID,
    });
    expect(warnings()).toEqual([]);
  });

  test('health checks are logged at debug, requests at info', async () => {
    const base = gateway.url.replace('/graphql', '');
    await fetch(`${base}/healthz`);
    await fetch(`${base}/readyz`);
    await fetch(`${base}/nothing`);
    const requests = await until(() => {
      const found = lines.filter(({ msg, path }) => msg === 'request' && path !== '/graphql');
      return found.length === 3 && found;
    });
    expect(requests.map(({ path, level }) => [path, level])).toEqual([
      ['/healthz', 20],
      ['/readyz', 20],
      ['/nothing', 30],
    ]);
  });
});
