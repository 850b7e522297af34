import { afterEach, describe, expect, test } from '@jest/globals';
import { issueToken, pingKeystone, revokeToken, validateToken } from '../../src/openstack/keystone/client.ts';
import { checkCredentials, createServiceAccount } from '../../src/openstack/keystone/service-account.ts';
import {
  closeAll,
  cloudAt,
  essence,
  fixture,
  keptLog,
  REQUEST_ID,
  type Reply,
  startService,
  TOKEN,
} from './service.ts';

afterEach(closeAll);

const { log } = keptLog();
const DEMO = {
  method: 'password',
  user: { name: 'demo', domain: { name: 'Default' } },
  password: 'secret',
  project: { name: 'demo', domain: { name: 'Default' } },
} as const;

/** Keystone's JSON, as recorded. */
interface Token {
  user: { id: string };
  project?: { id: string };
  roles?: { name: string }[];
  catalog: { name: string; type: string; endpoints: { id: string }[] }[];
  expires_at: string;
}

describe.each(['epoxy', 'zed'] as const)('Keystone of %s', (release) => {
  const replaying = async (name: string) => {
    const recorded = fixture('keystone', name, release);
    const service = await startService(() => recorded.response);
    return { recorded, service, cloud: cloudAt(service.url) };
  };

  test('a good token -> who it is, until when, and the catalog; asked with its own right', async () => {
    const { recorded, service, cloud } = await replaying('validate-token');
    const { identity, catalog } = await validateToken(cloud, TOKEN, REQUEST_ID, log);
    const { token } = recorded.response.body as { token: Token };
    expect(service.requests.map(essence)).toEqual([essence(recorded.request)]);
    expect(service.requests[0]?.headers).toMatchObject({
      'x-auth-token': TOKEN,
      'x-subject-token': TOKEN,
      'x-openstack-request-id': REQUEST_ID,
    });
    expect(identity).toEqual({
      userId: token.user.id,
      userName: 'demo',
      userDomainName: 'Default',
      projectId: token.project?.id,
      projectName: 'demo',
      projectDomainName: 'Default',
      roles: token.roles?.map((role) => role.name),
      expiresAt: new Date(token.expires_at).getTime(),
    });
    const expected = token.catalog.map(({ type, endpoints }) => ({
      type,
      endpoints: endpoints.map(({ id: _id, ...endpoint }) => endpoint),
    }));
    expect(catalog).toEqual(expected);
  });

  test.each([
    ['unknown, as its own asker', 'validate-token-unknown', 401],
    ['unknown or revoked', 'validate-token-revoked', 404],
  ])('a token that is %s -> UNAUTHENTICATED with what Keystone said', async (_what, name, status) => {
    const { recorded, cloud } = await replaying(name);
    const openstackRequestId = recorded.response.headers['x-openstack-request-id'];
    await expect(validateToken(cloud, TOKEN, REQUEST_ID, log)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      details: { service: 'keystone', status, openstackRequestId },
    });
  });

  test.each<[string, object, boolean | undefined]>([
    ['a password and another factor', { methods: ['password', 'totp'] }, undefined],
    ['an application credential', { methods: ['application_credential', 'token'] }, true],
    ['a trust', { methods: ['token', 'password'], 'OS-TRUST:trust': { id: 't' } }, true],
    ['OAuth', { methods: ['oauth1'] }, true],
  ])('a token from %s -> known whether it may carry less than its user may', async (_what, details, isDelegated) => {
    const { status, headers, body } = fixture('keystone', 'validate-token', release).response;
    const token = { ...(body as { token: Token }).token, ...details };
    const service = await startService(() => ({ status, headers, body: { token } }));
    const { identity } = await validateToken(cloudAt(service.url), TOKEN, REQUEST_ID, log);
    expect(identity.isDelegated).toBe(isDelegated);
  });

  test.each<[string, object]>([
    ['a user without a domain', { user: { id: 'u1', name: 'someone@example.org', 'OS-FEDERATION': {} } }],
    ['roles and methods null', { roles: null, methods: null }],
    ['an expiry without a zone', { expires_at: '2099-01-01T00:00:00.000000' }],
    ['a service without endpoints', { catalog: [{ type: 'compute', name: 'dead' }, null, { endpoints: [] }] }],
    ['endpoints without a URL', { catalog: [{ type: 'compute', endpoints: [{ interface: 'public', url: null }, 7] }] }],
  ])('a token with %s -> a session', async (_what, details) => {
    const { status, headers, body } = fixture('keystone', 'validate-token', release).response;
    const token = { ...(body as { token: Token }).token, ...details };
    const service = await startService(() => ({ status, headers, body: { token } }));
    const { identity, catalog } = await validateToken(cloudAt(service.url), TOKEN, REQUEST_ID, log);
    expect(identity.projectId).toBe(token.project?.id);
    expect(Number.isNaN(identity.expiresAt)).toBe(false);
    if ('expires_at' in details) expect(identity.expiresAt).toBe(Date.UTC(2099, 0, 1));
    for (const { endpoints } of catalog) for (const { url } of endpoints) expect(typeof url).toBe('string');
  });

  test.each<[string, object]>([
    ['a user without an id', { user: { name: 'demo' } }],
    ['no expiry', { expires_at: null }],
    ['roles as text', { roles: 'admin' }],
    ['a project as a number', { project: 7 }],
  ])('a token with %s -> a bad response', async (_what, details) => {
    const { status, headers, body } = fixture('keystone', 'validate-token', release).response;
    const token = { ...(body as { token: Token }).token, ...details };
    const service = await startService(() => ({ status, headers, body: { token } }));
    await expect(validateToken(cloudAt(service.url), TOKEN, REQUEST_ID, log)).rejects.toMatchObject({
      kind: 'bad_response',
    });
  });

  test('a token without a project -> FORBIDDEN, says what is needed', async () => {
    const { cloud } = await replaying('validate-token-unscoped');
    await expect(validateToken(cloud, TOKEN, REQUEST_ID, log)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: 'Expected a token scoped to a project, got one without a scope',
    });
  });

  test('a user signs in -> the token from the header, with its identity', async () => {
    const { recorded, service, cloud } = await replaying('issue-token');
    const { token, identity } = await issueToken(cloud, DEMO, REQUEST_ID, log);
    expect(service.requests.map(essence)).toEqual([essence(recorded.request)]);
    expect(service.requests[0]?.headers).not.toHaveProperty('x-auth-token');
    expect({ token, userName: identity.userName }).toEqual({ token: '(a token)', userName: 'demo' });
  });

  test('a user signs in with a wrong password -> refused for good', async () => {
    const { recorded, service, cloud } = await replaying('issue-token-wrong-password');
    const attempt = issueToken(cloud, { ...DEMO, password: 'wrong' }, REQUEST_ID, log);
    await expect(attempt).rejects.toMatchObject({ service: 'keystone', status: 401, outcome: 'final' });
    expect(service.requests.map(essence)).toEqual([essence(recorded.request)]);
  });

  test('a token is revoked -> asked with its own right', async () => {
    const { recorded, service, cloud } = await replaying('revoke-token');
    await revokeToken(cloud, TOKEN, REQUEST_ID, log);
    expect(service.requests.map(essence)).toEqual([essence(recorded.request)]);
    expect(service.requests[0]?.headers['x-subject-token']).toBe(TOKEN);
  });

  test('Keystone is asked whether it is there -> its version document, without a token', async () => {
    const { recorded, service, cloud } = await replaying('version');
    await pingKeystone(cloud, REQUEST_ID, log);
    expect(service.requests.map(essence)).toEqual([essence(recorded.request)]);
  });
});

test.each([
  ['with a line break', 'a\nb'],
  ['with a space', 'a b'],
  ['that is empty', ''],
  ['beyond ASCII', 'tökén'],
  ['longer than any', 'x'.repeat(8193)],
])('a token %s -> UNAUTHENTICATED, Keystone is not asked', async (_what, token) => {
  const service = await startService(() => ({ status: 500 }));
  const asking = validateToken(cloudAt(service.url), token, REQUEST_ID, log);
  await expect(asking).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(service.requests).toEqual([]);
});

test('the address of Keystone is wrong: a 404 of something else -> an error, not UNAUTHENTICATED', async () => {
  const service = await startService(() => ({ status: 404, body: '<h1>Not Found</h1>' }));
  const asking = validateToken(cloudAt(service.url), TOKEN, REQUEST_ID, log);
  await expect(asking).rejects.toMatchObject({ name: 'OpenStackError', status: 404, faultName: null });
});

test('Keystone is away -> unreachable, not UNAUTHENTICATED', async () => {
  const service = await startService(() => 'reset');
  const asking = validateToken(cloudAt(service.url), TOKEN, REQUEST_ID, log);
  await expect(asking).rejects.toMatchObject({ service: 'keystone', kind: 'unreachable', outcome: 'uncertain' });
});

test.each([
  [{ domain: { id: 'default', name: 'Default' } }, 'one scoped to a domain'],
  [{ system: { all: true } }, 'one scoped to the system'],
])('a token with the scope %j -> FORBIDDEN, got %s', async (scope, words) => {
  const recorded = fixture('keystone', 'validate-token-unscoped', 'epoxy').response;
  const { token } = recorded.body as { token: Token };
  const service = await startService(() => ({ status: 200, body: { token: { ...token, ...scope } } }));
  const asking = validateToken(cloudAt(service.url), TOKEN, REQUEST_ID, log);
  await expect(asking).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining(words) });
});

test.each([
  ['its id', { id: 'abc' }, { id: 'abc', secret: 's' }],
  [
    'its name and user',
    { name: 'gateway', user: { name: 'demo', domain: { id: 'default' } } },
    { name: 'gateway', user: { name: 'demo', domain: { id: 'default' } }, secret: 's' },
  ],
])('an application credential by %s -> sent without a scope, which it carries', async (_what, application, sent) => {
  const { response } = fixture('keystone', 'issue-token', 'epoxy');
  const service = await startService(() => response);
  const credentials = { method: 'application_credential', application, secret: 's' } as const;
  await issueToken(cloudAt(service.url), credentials, REQUEST_ID, log);
  expect(service.requests[0]?.body).toEqual({
    auth: { identity: { methods: ['application_credential'], application_credential: sent } },
  });
});

describe("the gateway's own credentials", () => {
  const expiringIn = (ms: number) => {
    const { status, body } = fixture('keystone', 'issue-token', 'epoxy').response;
    const token = { ...(body as { token: Token }).token, expires_at: new Date(Date.now() + ms).toISOString() };
    return { status, body: { token } };
  };

  test('many ask at once -> one token is issued, and kept', async () => {
    const service = await startService(() => ({ ...expiringIn(3_600_000), headers: { 'x-subject-token': 't1' } }));
    const account = createServiceAccount(cloudAt(service.url), DEMO, log);
    const sessions = await Promise.all([account.session('req-1'), account.session('req-2')]);
    sessions.push(await account.session('req-3'));
    expect(sessions.map(({ token, requestId }) => [token, requestId])).toEqual([
      ['t1', 'req-1'],
      ['t1', 'req-2'],
      ['t1', 'req-3'],
    ]);
    expect(service.requests).toHaveLength(1);
  });

  test('the token has less than a minute to live -> another is issued', async () => {
    const lives = [59_000, 3_600_000];
    const service = await startService(() => ({
      ...expiringIn(lives.shift() ?? 0),
      headers: { 'x-subject-token': `t${2 - lives.length}` },
    }));
    const account = createServiceAccount(cloudAt(service.url), DEMO, log);
    const tokens = [await account.session('req-1'), await account.session('req-2'), await account.session('req-3')];
    expect(tokens.map(({ token }) => token)).toEqual(['t1', 't2', 't2']);
  });

  test('Keystone refuses once -> UPSTREAM_ERROR, not kept: the next asks again', async () => {
    const replies = [
      fixture('keystone', 'issue-token-wrong-password', 'epoxy').response,
      { ...expiringIn(3_600_000), headers: { 'x-subject-token': 't1' } },
    ];
    const service = await startService(() => replies.shift() ?? 'hang');
    const account = createServiceAccount(cloudAt(service.url), DEMO, log);
    await expect(account.session('req-1')).rejects.toMatchObject({ code: 'UPSTREAM_ERROR' });
    expect((await account.session('req-2')).token).toBe('t1');
  });

  test('a service takes the token no more -> forgotten once, though two sessions of it say so', async () => {
    let issued = 0;
    const service = await startService(() => {
      issued += 1;
      return { ...expiringIn(3_600_000), headers: { 'x-subject-token': `t${issued}` } };
    });
    const account = createServiceAccount(cloudAt(service.url), DEMO, log);
    const first = await account.session('req-1');
    account.invalidate(first);
    expect((await account.session('req-2')).token).toBe('t2');
    account.invalidate(first);
    expect((await account.session('req-3')).token).toBe('t2');
  });
});

test.each<[string, Reply]>([
  ['is unavailable', { status: 503 }],
  ['breaks connections', 'reset'],
])(
  'Keystone %s while much work needs a token -> a few attempts, then UPSTREAM_UNAVAILABLE at once',
  async (_what, reply) => {
    const service = await startService(() => reply);
    const account = createServiceAccount(cloudAt(service.url), DEMO, log);
    for (let i = 0; i < 132; i++) await account.session(REQUEST_ID).catch(() => undefined);
    expect(service.requests.length).toBeLessThan(12);
    await expect(account.session(REQUEST_ID)).rejects.toMatchObject({ kind: 'unreachable' });
  },
);

describe('the credentials are checked at start', () => {
  const accountWith = async (reply: Reply) => {
    const service = await startService(() => reply);
    return createServiceAccount(cloudAt(service.url), DEMO, log);
  };

  test('Keystone rejects them -> UPSTREAM_ERROR, and the start stops', async () => {
    const account = await accountWith(fixture('keystone', 'issue-token-wrong-password', 'epoxy').response);
    await expect(checkCredentials(account, log)).rejects.toMatchObject({ code: 'UPSTREAM_ERROR' });
  });

  test.each<[string, Reply]>([
    ['is unavailable', { status: 503 }],
    ['fails', { status: 500 }],
    ['breaks the connection', 'reset'],
  ])('Keystone %s -> logged, and the start goes on', async (_what, reply) => {
    const { log: kept, text } = keptLog();
    await checkCredentials(await accountWith(reply), kept);
    expect(text()).toContain('cannot be checked now');
  });
});
