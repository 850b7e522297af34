import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { GatewayError } from '../../src/errors.ts';
import type { Cloud } from '../../src/openstack/cloud.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import type { ValidatedToken } from '../../src/openstack/keystone/client.ts';
import { createAuthenticate } from '../../src/transport/authenticate.ts';

const meta = { requestId: 'req-1', log: pino({ level: 'silent' }) };

/** An authenticate with a fake Keystone and a fake clock. */
function create(options: { seconds?: number; life?: number; answer?: () => Promise<ValidatedToken> } = {}) {
  const clock = { now: 1_000_000 };
  const validations: string[] = [];
  const validated = (): ValidatedToken => ({
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
      validations.push(token);
      return options.answer ? options.answer() : validated();
    },
  });
  return { authenticate, clock, validations, validated };
}

describe('a valid token', () => {
  test('used twice -> one call to Keystone, each session has its own request id', async () => {
    const { authenticate, validations } = create();
    const first = await authenticate('t', meta);
    const second = await authenticate('t', { ...meta, requestId: 'req-2' });
    expect([first.requestId, second.requestId, first.token, first.identity.projectId]).toEqual([
      'req-1',
      'req-2',
      't',
      'p',
    ]);
    expect(validations).toEqual(['t']);
  });

  test('used by many requests at once -> one call to Keystone', async () => {
    const { authenticate, validations } = create();
    await Promise.all(Array.from({ length: 20 }, () => authenticate('t', meta)));
    expect(validations).toEqual(['t']);
  });

  test('used again after TOKEN_CACHE_SECONDS -> another call to Keystone', async () => {
    const { authenticate, clock, validations } = create({ seconds: 10 });
    await authenticate('t', meta);
    clock.now += 9999;
    await authenticate('t', meta);
    clock.now += 1;
    await authenticate('t', meta);
    expect(validations).toHaveLength(2);
  });

  test('TOKEN_CACHE_SECONDS is 0 -> a call to Keystone each time', async () => {
    const { authenticate, validations } = create({ seconds: 0 });
    await authenticate('t', meta);
    await authenticate('t', meta);
    expect(validations).toHaveLength(2);
  });

  test('it expires before TOKEN_CACHE_SECONDS -> UNAUTHENTICATED from then on', async () => {
    const { authenticate, clock } = create({ life: 5000 });
    await authenticate('t', meta);
    clock.now += 5000;
    await expect(authenticate('t', meta)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('two tokens -> two sessions', async () => {
    const { authenticate, validations } = create();
    await authenticate('a', meta);
    await authenticate('b', meta);
    expect(validations).toEqual(['a', 'b']);
  });

  test('the first request is aborted -> the others still get a session', async () => {
    const { authenticate } = create();
    const gone = AbortSignal.abort();
    const [session] = await Promise.all([authenticate('t', { ...meta, signal: gone }), authenticate('t', meta)]);
    expect(session.signal).toBe(gone);
  });
});

describe('an invalid token', () => {
  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['spaces', 'a b'],
    ['a line break', 'a\r\nX-Admin: 1'],
    ['not ASCII', 'tökén'],
    ['8193 characters', 'a'.repeat(8193)],
  ])('%s -> UNAUTHENTICATED, no call to Keystone', async (_situation, token) => {
    const { authenticate, validations } = create();
    await expect(authenticate(token, meta)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(validations).toEqual([]);
  });

  test('rejected by Keystone -> not cached', async () => {
    const { authenticate, validations } = create({
      answer: () => Promise.reject(new GatewayError('UNAUTHENTICATED', 'unknown')),
    });
    await expect(authenticate('t', meta)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(authenticate('t', meta)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(validations).toHaveLength(2);
  });

  test.each(['timeout', 'unreachable', 'refused', 'bad_response'] as const)(
    'Keystone %s -> UPSTREAM_UNAVAILABLE that says so, not UNAUTHENTICATED',
    async (kind) => {
      const cause = new OpenStackError('Keystone did not answer', {
        service: 'keystone',
        kind,
        openstackRequestId: 'req-k',
      });
      const { authenticate } = create({ answer: () => Promise.reject(cause) });
      await expect(authenticate('t', meta)).rejects.toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
        message: expect.stringContaining('Keystone did not answer'),
        details: { service: 'keystone', openstackRequestId: 'req-k' },
        cause,
      });
    },
  );
});
