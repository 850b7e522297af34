import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { post, read, type SmallGateway, startTransports } from '../support/transports.ts';
import { connect } from '../support/ws-client.ts';

let gateway: SmallGateway;
beforeEach(async () => {
  gateway = await startTransports({ REQUEST_TIMEOUT_MS: '100' });
});
afterEach(async () => {
  gateway.probe.release();
  await gateway.close();
});

const get = async (path: string) => read(await fetch(gateway.url.replace('/graphql', path)));

describe('/readyz', () => {
  test('a check fails -> 503 with its name, the reason in the log only; /healthz stays 200', async () => {
    gateway.probe.checks = { store: () => Promise.reject(new Error('redis at 10.0.0.1')) };
    const { status, body, text } = await get('/readyz');
    expect([status, body]).toEqual([503, { status: 'unavailable', checks: { store: 'failed' } }]);
    expect(text).not.toContain('10.0.0.1');
    expect(JSON.stringify(gateway.probe.logged)).toContain('redis at 10.0.0.1');
    expect((await get('/healthz')).status).toBe(200);
  });

  test('a check never ends -> failed, its signal aborted', async () => {
    let checkSignal: AbortSignal | undefined;
    gateway.probe.checks = {
      store: (signal) => {
        checkSignal = signal;
        return new Promise(() => {});
      },
    };
    expect(await get('/readyz')).toMatchObject({ status: 503, body: { checks: { store: 'failed' } } });
    expect(checkSignal?.aborted).toBe(true);
  });

  test('many requests at once -> the check runs once', async () => {
    let runs = 0;
    gateway.probe.checks = {
      store: async () => {
        runs++;
      },
    };
    const responses = await Promise.all(Array.from({ length: 20 }, () => get('/readyz')));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    expect(runs).toBe(1);
  });

  test.each(['POST', 'DELETE'])('%s -> 405', async (method) => {
    const response = await fetch(gateway.url.replace('/graphql', '/readyz'), { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

describe('REQUEST_TIMEOUT_MS', () => {
  test('an operation that heeds its signal, over HTTP -> UPSTREAM_TIMEOUT on its path', async () => {
    const { status, body } = await post(gateway.url, { query: '{ hangs hello }' });
    expect(status).toBe(200);
    expect(body.data).toEqual({ hangs: null, hello: 'hello you' });
    expect(body.errors).toMatchObject([{ path: ['hangs'], extensions: { code: 'UPSTREAM_TIMEOUT' } }]);
  });

  test('the same over a socket', async () => {
    const client = await connect(gateway.wsUrl, { 'X-Auth-Token': 'good' });
    client.subscribe('1', '{ hangs }');
    expect((await client.next()).payload.errors[0].extensions.code).toBe('UPSTREAM_TIMEOUT');
    await client.close();
  });

  test('an operation that ignores its signal -> 504', async () => {
    const { status, body } = await post(gateway.url, { query: '{ waits }' });
    expect([status, body.errors[0].extensions.code]).toEqual([504, 'UPSTREAM_TIMEOUT']);
  });
});
