import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createMetrics, OTHER } from '../../src/metrics/metrics.ts';
import { SERIES } from '../../src/metrics/series.ts';
import { routeOf } from '../../src/metrics/upstream.ts';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { samplesOf, sumOf } from '../support/metrics.ts';
import { until } from '../support/until.ts';
import { connect } from '../support/ws-client.ts';

const SERVER = '{ server(id: "00000000-0000-4000-8000-00000000aaaa") { name } }';

describe('a gateway with metrics', () => {
  let gateway: TestGateway;
  beforeEach(async () => {
    gateway = await startGateway({ env: { METRICS_PORT: '0', VENDORDATA: 'true' } });
  });
  afterEach(() => gateway.close());

  /** The samples once this one has the value: a response is counted after it was sent. */
  const whenCounted = (name: string, value: number, ...texts: string[]) =>
    until(async () => {
      const samples = await samplesOf(gateway);
      return sumOf(samples, name, ...texts) === value && samples;
    });

  test('counts requests by transport, operation and code, those on the fast path too', async () => {
    await gateway.query('{ viewer { roles } }');
    await gateway.query('{ viewer { roles } }');
    await gateway.query('{ nothing }');
    await gateway.query('{ viewer { roles } }', {}, 'unknown');
    await gateway.query('{ viewer { roles } }', {}, null);
    const samples = await whenCounted('nmg_requests_total', 5, 'transport="graphql_http"');
    const counted = [...samples].filter(([key]) => key.startsWith('nmg_requests_total'));
    expect(Object.fromEntries(counted)).toEqual({
      'nmg_requests_total{transport="graphql_http",operation="query",code="OK"}': 2,
      'nmg_requests_total{transport="graphql_http",operation="none",code="GRAPHQL_VALIDATION_FAILED"}': 1,
      'nmg_requests_total{transport="graphql_http",operation="none",code="UNAUTHENTICATED"}': 2,
    });
    expect(sumOf(samples, 'nmg_request_duration_seconds_count', 'operation="query"')).toBe(2);
  });

  test('counts operations on a WebSocket', async () => {
    const client = await connect(gateway.wsUrl, { 'X-Auth-Token': gateway.token });
    client.subscribe('1', '{ viewer { roles } }');
    await client.nextOf('complete');
    client.subscribe('2', 'subscription { shareAttachmentEvents { cursor } }');
    client.subscribe('3', '{ nothing }');
    await client.nextOf('error', '3');
    const samples = await whenCounted('nmg_requests_total', 3, 'transport="graphql_ws"');
    for (const [operation, code] of [
      ['query', 'OK'],
      ['subscription', 'OK'],
      ['none', 'GRAPHQL_VALIDATION_FAILED'],
    ]) {
      expect(sumOf(samples, 'nmg_requests_total', `operation="${operation}",code="${code}"`)).toBe(1);
    }
    await client.close();
  });

  test('counts calls to OpenStack by route without ids, with their status or their failure', async () => {
    await gateway.query(SERVER);
    await gateway.query(SERVER.replace('aaaa', 'bbbb'));
    const samples = await samplesOf(gateway);
    const route = 'service="nova",method="GET",route="/servers/{id}",status="404"';
    expect(samples.get(`nmg_upstream_requests_total{${route}}`)).toBe(2);
    expect(sumOf(samples, 'nmg_upstream_request_duration_seconds_count', 'service="keystone"')).toBeGreaterThan(0);
  });

  test('counts what became of each request for vendor data', async () => {
    const url = gateway.url.replace(/graphql$/, 'vendordata');
    const nova = gateway.sandbox.issueToken('nova');
    const body = { 'project-id': DEMO.projectId, 'instance-id': DEMO.serverId };
    const send = (path: string, token: string, json: unknown) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-auth-token': token },
        body: JSON.stringify(json),
      });
    await send('', gateway.token, body);
    await send('', 'unknown', body);
    await send('', nova, {});
    await send('/cloud-init', nova, body);
    await until(async () => (await send('', nova, body)).status === 200);
    const name = 'nmg_vendordata_requests_total';
    const samples = await whenCounted(name, 1, 'document="shares",outcome="ok"');
    expect(samples.get(`${name}{document="shares",outcome="forbidden"}`)).toBe(1);
    expect(samples.get(`${name}{document="shares",outcome="unauthenticated"}`)).toBe(1);
    expect(samples.get(`${name}{document="shares",outcome="invalid"}`)).toBe(1);
    expect(samples.get(`${name}{document="installer",outcome="ok"}`)).toBe(1);
  });

  test('counts an attachment, its events, who hears of them, and its reconciles', async () => {
    const client = await connect(gateway.wsUrl, { 'X-Auth-Token': gateway.token });
    client.subscribe('1', 'subscription { shareAttachmentEvents { type } }');
    await until(async () => sumOf(await samplesOf(gateway), 'nmg_subscriptions', 'graphql_ws') === 1);
    const input = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };
    const { errors } = await gateway.query(
      'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id } } }',
      { input },
    );
    expect(errors).toBeUndefined();
    await client.nextData('1');
    await client.nextData('1');
    const samples = await whenCounted('nmg_events_delivered_total', 2);
    expect(sumOf(samples, 'nmg_events_published_total', 'type="ATTACHED"')).toBe(1);
    expect(sumOf(samples, 'nmg_websockets')).toBe(1);
    expect(sumOf(samples, 'nmg_store_operation_duration_seconds_count', 'operation="create",outcome="ok"')).toBe(1);
    expect(sumOf(samples, 'nmg_token_lookups_total', 'result="miss"')).toBeGreaterThan(0);
    expect(samples.get('nmg_redis_up')).toBe(1);
    expect(samples.get('nmg_upstream_up{service="manila"}')).toBe(1);
    await client.close();
    await whenCounted('nmg_websockets_closed_total', 1);
  });

  test('has the metrics of the process, and names no project, user, server or share', async () => {
    await gateway.query(SERVER);
    const samples = await samplesOf(gateway);
    expect(samples.has('nodejs_eventloop_lag_seconds')).toBe(true);
    expect([...samples.keys()].join('\n')).not.toMatch(/[0-9a-f]{8}-?[0-9a-f]{4}-/);
  });

  test('serves nothing but GET /metrics', async () => {
    const url = gateway.app.metricsUrl() ?? '';
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
    expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404);
    expect((await fetch(url)).headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect((await fetch(gateway.url.replace('/graphql', '/metrics'))).status).toBe(404);
  });
});

test('METRICS_PORT=off -> no metrics', async () => {
  const gateway = await startGateway();
  expect(gateway.app.metricsUrl()).toBeNull();
  expect((await gateway.query('{ viewer { roles } }')).status).toBe(200);
  await gateway.close();
});

describe('the number of time series', () => {
  test.each(Object.keys(SERIES) as (keyof typeof SERIES)[])('%s: is bounded, whatever the labels are', async (name) => {
    const metrics = createMetrics({ withProcess: false });
    const { type, labels } = SERIES[name];
    const sizes = Object.values(labels).map((values) => (typeof values === 'number' ? values : values.length) + 1);
    expect(sizes.reduce((all, size) => all * size, 1)).toBeLessThanOrEqual(30_000);
    for (let n = 0; n < 300; n += 1) {
      const made = Object.fromEntries(Object.keys(labels).map((label) => [label, `made up ${n}`]));
      if (type === 'counter') metrics.count(name as never, made as never);
      else if (type === 'histogram') metrics.observe(name as never, made as never, 1);
      else metrics.gauge(name as never, (() => [[made, 1]]) as never);
    }
    const counted = (await metrics.text())
      .split('\n')
      .filter((line) => line.startsWith(`${name}`) && !/_bucket|_sum/.test(line));
    const free = Object.values(labels).filter((values) => typeof values === 'number');
    // a gauge's values are read anew
    expect(counted.length).toBeLessThanOrEqual(1 + free.reduce((all, max) => all + (max as number), 0));
    if (Object.keys(labels).length > 0) expect(counted.join()).toContain(`"${OTHER}"`);
  });

  test('routes have no ids', () => {
    const id = '00000000-0000-4000-8000-00000000aaaa';
    expect(routeOf(`/servers/${id}/metadata/share:${id.replaceAll('-', '')}`)).toBe(
      '/servers/{id}/metadata/share:{id}',
    );
    expect(routeOf('/servers/detail')).toBe('/servers/detail');
  });
});
