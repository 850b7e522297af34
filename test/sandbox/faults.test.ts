import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { allow, type Client, startClient } from './client.ts';

let client: Client;

beforeEach(async () => {
  client = await startClient();
});

afterEach(() => client.sandbox.close());

const getServer = () => client.nova('GET', `/servers/${DEMO.serverId}`);

test('a status fault for two requests -> two errors, then the service responds', async () => {
  const fault = client.sandbox.faults.add({
    service: 'nova',
    kind: 'status',
    status: 503,
    times: 2,
    headers: { 'retry-after': '7' },
  });
  const first = await getServer();
  expect([first.status, first.headers.get('retry-after')]).toEqual([503, '7']);
  expect([(await getServer()).status, (await getServer()).status]).toEqual([503, 200]);
  expect(fault.hits).toBe(2);
});

test('a fault for one path and method -> other requests are not affected', async () => {
  client.sandbox.faults.add({
    service: 'manila',
    method: 'POST',
    path: /^\/shares\/[^/]+\/action$/,
    kind: 'status',
    status: 500,
  });
  expect((await client.manila('GET', '/shares')).status).toBe(200);
  expect((await client.manila('POST', `/shares/${DEMO.nfsShareId}/action`, {})).status).toBe(500);
  expect((await getServer()).status).toBe(200);
});

test('the fault is removed -> the service responds', async () => {
  const fault = client.sandbox.faults.add({ service: 'nova', kind: 'html' });
  const page = await getServer();
  expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html']);
  expect(page.body).toContain('Bad Gateway');
  fault.remove();
  expect((await getServer()).status).toBe(200);
});

test('the connection breaks -> no response and no work', async () => {
  client.sandbox.faults.add({ service: 'manila', kind: 'reset', times: 1 });
  await expect(allow(client, '10.10.0.5')).rejects.toThrow('fetch failed');
  expect(client.sandbox.rulesOf(DEMO.nfsShareId)).toEqual([]);
});

test('the response is lost -> the work is done', async () => {
  client.sandbox.faults.add({ service: 'manila', method: 'POST', kind: 'lose_reply', times: 1 });
  await expect(allow(client, '10.10.0.5')).rejects.toThrow('fetch failed');
  expect(client.sandbox.rulesOf(DEMO.nfsShareId)).toEqual([expect.objectContaining({ accessTo: '10.10.0.5' })]);
});

test('a request hangs -> recorded when it arrives, and dropped when the sandbox closes', async () => {
  client.sandbox.faults.add({ service: 'nova', kind: 'hang' });
  const answer = getServer().catch((error: Error) => error.message);
  const request = await client.sandbox.waitForRequest(({ service }) => service === 'nova');
  expect(request).toMatchObject({ method: 'GET', path: `/servers/${DEMO.serverId}`, status: 0 });
  await client.sandbox.close();
  expect(await answer).toBe('fetch failed');
});

test('a delayed request -> handled later', async () => {
  client.sandbox.faults.add({ service: 'nova', kind: 'delay', delayMs: 1 });
  expect((await getServer()).status).toBe(200);
});

test('a service is down -> it alone breaks every connection until it is up', async () => {
  client.sandbox.down('manila');
  await expect(client.manila('GET', '/shares')).rejects.toThrow('fetch failed');
  expect((await getServer()).status).toBe(200);
  client.sandbox.up('manila');
  expect((await client.manila('GET', '/shares')).status).toBe(200);
});

test('requests are recorded -> service, path without prefix, query, status, ids, version', async () => {
  await fetch(`${client.sandbox.url}/compute/v2.1/servers?limit=1&status=ACTIVE&status=ERROR`, {
    headers: { 'openstack-api-version': 'compute 2.90', 'x-openstack-request-id': 'req-1' },
  });
  await fetch(client.sandbox.authUrl);
  await fetch(`${client.sandbox.url}/share/`);
  expect(client.sandbox.requests).toEqual([
    {
      service: 'nova',
      method: 'GET',
      path: '/servers',
      query: { limit: '1', status: ['ACTIVE', 'ERROR'] },
      status: 401,
      requestId: 'req-1',
      microversion: '2.90',
    },
    { service: 'keystone', method: 'GET', path: '/', query: {}, status: 200, requestId: null, microversion: null },
    { service: 'manila', method: 'GET', path: '/share/', query: {}, status: 300, requestId: null, microversion: null },
  ]);
  client.sandbox.clearRequests();
  expect(client.sandbox.requests).toEqual([]);
});

test('the sandbox closes with work in progress -> the work is cancelled, without further notifications', async () => {
  client.sandbox.setAccessDelay(1_000_000_000);
  await allow(client, '10.10.0.5');
  const seen: unknown[] = [];
  client.sandbox.onRuleChange((change) => seen.push(change));
  await client.sandbox.close();
  await expect(getServer()).rejects.toThrow('fetch failed');
  expect(seen).toEqual([]);
});
