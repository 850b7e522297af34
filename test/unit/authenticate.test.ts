import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { GatewayError } from '../../src/errors.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import type { ValidatedToken } from '../../src/openstack/keystone/client.ts';
import { createAuthenticate } from '../../src/transport/authenticate.ts';

const asking = { requestId: 'req-1', log: pino({ level: 'silent' }) };

/** A check with a Keystone of functions and a clock of its own. */
function check(options: { seconds?: number; life?: number; answer?: () => Promise<ValidatedToken> } = {}) {
  const clock = { now: 1_000_000 };
  const asked: string[] = [];
  const facts = (): ValidatedToken => ({
    identity: {
      userId: 'u',
      userName: 'demo',
      userDomainName: 'Default',
      projectId: 'p',
      projectName: 'demo',
      projectDomainName: 'Default',
      roles: [],
      expiresAt: 1_000_000 + (options.life ?? 3_600_000),
    },
    catalog: [],
  });
  const authenticate = createAuthenticate({
    cloud: {} as Cloud,
    config: readConfig({ TOKEN_CACHE_SECONDS: String(options.seconds ?? 300) }),
    now: () => clock.now,
    validate: async (_cloud, token) => {
      asked.push(token);
      return options.answer ? options.answer() : facts();
    },
  });
  return { authenticate, clock, asked, facts };
}

describe('a good token', () => {
  test('asked for twice -> Keystone is asked once, each session has its own request', async () => {
    const { authenticate, asked } = check();
    const first = await authenticate('t', asking);
    const second = await authenticate('t', { ...asking, requestId: 'req-2' });
    expect([first.requestId, second.requestId, first.token, first.identity.projectId]).toEqual([
      'req-1',
      'req-2',
      't',
      'p',
    ]);
    expect(asked).toEqual(['t']);
  });

  test('asked for at once by many -> Keystone is asked once', async () => {
    const { authenticate, asked } = check();
    await Promise.all(Array.from({ length: 20 }, () => authenticate('t', asking)));
    expect(asked).toEqual(['t']);
  });

  test('TOKEN_CACHE_SECONDS later -> Keystone is asked again', async () => {
    const { authenticate, clock, asked } = check({ seconds: 10 });
    await authenticate('t', asking);
    clock.now += 9999;
    await authenticate('t', asking);
    clock.now += 1;
    await authenticate('t', asking);
    expect(asked).toHaveLength(2);
  });

  test('TOKEN_CACHE_SECONDS is 0 -> Keystone is asked each time', async () => {
    const { authenticate, asked } = check({ seconds: 0 });
    await authenticate('t', asking);
    await authenticate('t', asking);
    expect(asked).toHaveLength(2);
  });

  test('its end comes before the cache’s -> refused from then on', async () => {
    const { authenticate, clock } = check({ life: 5000 });
    await authenticate('t', asking);
    clock.now += 5000;
    await expect(authenticate('t', asking)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('two tokens -> two sessions', async () => {
    const { authenticate, asked } = check();
    await authenticate('a', asking);
    await authenticate('b', asking);
    expect(asked).toEqual(['a', 'b']);
  });

  test('the first asker goes away -> the others still hear', async () => {
    const { authenticate } = check();
    const gone = AbortSignal.abort();
    const [session] = await Promise.all([authenticate('t', { ...asking, signal: gone }), authenticate('t', asking)]);
    expect(session.signal).toBe(gone);
  });
});

describe('a bad one', () => {
  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['spaces', 'a b'],
    ['a line break', 'a\r\nX-Admin: 1'],
    ['not ASCII', 'tökén'],
    ['8193 characters', 'a'.repeat(8193)],
  ])('%s -> UNAUTHENTICATED, Keystone is not asked', async (_situation, token) => {
    const { authenticate, asked } = check();
    await expect(authenticate(token, asking)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(asked).toEqual([]);
  });

  test('refused -> not remembered', async () => {
    const { authenticate, asked } = check({
      answer: () => Promise.reject(new GatewayError('UNAUTHENTICATED', 'unknown')),
    });
    await expect(authenticate('t', asking)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(authenticate('t', asking)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(asked).toHaveLength(2);
  });

  test.each(['timeout', 'unreachable', 'refused', 'bad_response'] as const)(
    'Keystone %s -> UPSTREAM_UNAVAILABLE that says so, not UNAUTHENTICATED',
    async (kind) => {
      const cause = new OpenStackError('Keystone did not answer', {
        service: 'keystone',
        kind,
        openstackRequestId: 'req-k',
      });
      const { authenticate } = check({ answer: () => Promise.reject(cause) });
      await expect(authenticate('t', asking)).rejects.toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
        message: expect.stringContaining('Keystone did not answer'),
        details: { service: 'keystone', openstackRequestId: 'req-k' },
        cause,
      });
    },
  );
});
