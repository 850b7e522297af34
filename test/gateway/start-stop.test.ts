import { afterEach, describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../src/config.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { hearingLog } from '../support/log.ts';
import { startRedisServer } from '../support/redis.ts';
import { until } from '../support/until.ts';

const VIEWER = '{ viewer { roles } }';
const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function start(options: Parameters<typeof startGateway>[0] = {}): Promise<TestGateway> {
  const gateway = await startGateway(options);
  open.push(gateway);
  return gateway;
}

const get = async ({ url }: Pick<TestGateway, 'url'>, path: string) => {
  const response = await fetch(url.replace('/graphql', path));
  return { status: response.status, body: await response.json(), headers: response.headers };
};

describe('a port that is in use', () => {
  test.each(['PORT', 'METRICS_PORT'])('%s -> an error that names the setting', async (setting) => {
    const first = await start({ store: 'memory' });
    const port = new URL(first.url).port;
    const starting = startGateway({ store: 'memory', sandbox: first.sandbox, env: { [setting]: port } });
    await expect(starting).rejects.toThrow(ConfigError);
    await expect(starting).rejects.toThrow(`${setting}: cannot listen on 127.0.0.1:${port}, another process`);
  });
});

describe('Redis is away at the start', () => {
  test('/healthz answers, /readyz and errors say what is missing; when Redis is there the gateway starts', async () => {
    const redis = await startRedisServer();
    open.push({ close: redis.stop });
    await redis.stop();
    const { log, lines } = hearingLog();
    const gateway = await start({ log, env: { REDIS_URL: redis.url } });
    expect(await get(gateway, '/healthz')).toMatchObject({ status: 200 });
    expect(await get(gateway, '/readyz')).toMatchObject({
      status: 503,
      body: { status: 'starting', checks: { store: 'failed', keystone: 'ok' } },
    });
    const rejected = await gateway.query(VIEWER);
    expect(rejected).toMatchObject({
      status: 503,
      errors: [{ extensions: { code: 'STATE_UNAVAILABLE', requestId: expect.stringMatching(/^req-/) } }],
    });
    expect(rejected.headers.get('retry-after')).toBe('5');
    expect((await get(gateway, '/v2.1/servers')).status).toBe(503);
    expect(lines.filter(({ msg }) => /cannot start yet/.test(String(msg)))).toMatchObject([
      { level: 40, reason: expect.stringContaining('Redis at 127.0.0.1') },
    ]);

    await redis.start();
    await until(async () => (await get(gateway, '/readyz')).status === 200);
    expect((await gateway.query(VIEWER)).errors).toBeUndefined();
  });
});

describe('Keystone is away at the start', () => {
  test('the gateway listens; /readyz says it, and it is ready when Keystone is back', async () => {
    const other = await start({ store: 'memory' });
    other.sandbox.down('keystone');
    const gateway = await start({ store: 'memory', sandbox: other.sandbox });
    expect(await get(gateway, '/readyz')).toMatchObject({ status: 503, body: { checks: { keystone: 'failed' } } });
    expect((await gateway.query(VIEWER)).errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
    other.sandbox.up('keystone');
    await until(async () => (await get(gateway, '/readyz')).status === 200);
    await until(async () => (await gateway.query(VIEWER)).errors === undefined);
  });
});

test('a stop drains first: /readyz is 503, requests are served on connections that then close', async () => {
  const gateway = await start({ store: 'memory', env: { DRAIN_MS: '600000' } });
  const draining = gateway.app.drain();
  expect(await get(gateway, '/readyz')).toMatchObject({ status: 503, body: { status: 'stopping' } });
  const served = await gateway.query(VIEWER);
  expect([served.status, served.errors, served.headers.get('connection')]).toEqual([200, undefined, 'close']);
  await gateway.close();
  open.pop();
  await draining;
});
