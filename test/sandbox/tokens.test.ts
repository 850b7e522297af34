import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { at, type Client, clientOf, startClient } from './client.ts';

let client: Client;

beforeEach(async () => {
  client = await startClient();
});

afterEach(() => client.sandbox.close());

const DOMAIN = { name: 'Default' };
const password = (name: string, secret = 'secret') => ({
  methods: ['password'],
  password: { user: { name, domain: DOMAIN, password: secret } },
});
const authenticate = (auth: object, query = '') => client.keystone('POST', `/auth/tokens${query}`, { auth });
const validate = (own: string, subject: string) =>
  clientOf(client.sandbox, own).keystone('GET', '/auth/tokens?nocatalog', undefined, { 'x-subject-token': subject });

test('password and project -> a token that the services accept, with a catalog of this address', async () => {
  const { status, headers, body } = await authenticate({
    identity: password('demo'),
    scope: { project: { name: 'demo', domain: { id: 'default' } } },
  });
  expect([status, at(body, 'token.project.id')]).toEqual([201, DEMO.projectId]);
  expect(at(body, 'token.catalog.*.type')).toEqual(['compute', 'sharev2', 'identity', 'shared-file-system']);
  expect(at(body, 'token.catalog.0.endpoints.*.url')).toContain(`${client.sandbox.url}/compute/v2.1`);
  const token = headers.get('x-subject-token') ?? '';
  expect((await clientOf(client.sandbox, token).nova('GET', `/servers/${DEMO.serverId}`)).status).toBe(200);
});

test.each([
  ['a wrong password', { identity: password('demo', 'wrong') }],
  ['an unknown user', { identity: password('unknown') }],
  ['a project of others', { identity: password('demo'), scope: { project: { name: 'other', domain: DOMAIN } } }],
  [
    'another domain',
    { identity: password('demo'), scope: { project: { name: 'demo', domain: { name: 'Elsewhere' } } } },
  ],
])('%s -> the same 401', async (_situation, auth) => {
  const { status, headers, body } = await authenticate(auth);
  expect([status, at(body, 'error.message')]).toEqual([401, 'The request you have made requires authentication.']);
  expect(headers.get('www-authenticate')).toBe(`Keystone uri="${client.sandbox.authUrl}"`);
});

test('no identity in the request -> 400', async () => {
  expect((await authenticate({})).status).toBe(400);
});

test('a token issued from a token -> expires with it', async () => {
  const old = client.sandbox.issueToken('demo', { expiresInMs: 60_000 });
  const before = await validate(old, old);
  const { status, body } = await authenticate({ identity: { methods: ['token'], token: { id: old } } }, '?nocatalog');
  expect([status, at(body, 'token.methods'), at(body, 'token.expires_at')]).toEqual([
    201,
    ['token', 'password'],
    at(before.body, 'token.expires_at'),
  ]);
});

test('an unscoped token -> no project, and the services reject it', async () => {
  const { headers, body } = await authenticate({ identity: password('demo'), scope: 'unscoped' });
  expect(at(body, 'token')).not.toHaveProperty('project');
  const unscoped = clientOf(client.sandbox, headers.get('x-subject-token') ?? '');
  expect([(await unscoped.nova('GET', '/servers')).status, (await unscoped.manila('GET', '/shares')).status]).toEqual([
    403, 403,
  ]);
});

test('the caller’s own token -> validated with itself; another user’s -> 403, except for the gateway', async () => {
  const [demo, other, gateway] = ['demo', 'other', 'gateway'].map((user) => client.sandbox.issueToken(user)) as [
    string,
    string,
    string,
  ];
  expect(at((await validate(demo, demo)).body, 'token.user.name')).toBe('demo');
  expect((await validate(other, demo)).status).toBe(403);
  expect((await validate(gateway, demo)).status).toBe(200);
});

test('an expired token -> 401 as the caller’s, 404 as the subject, 401 from the services', async () => {
  const expired = client.sandbox.issueToken('demo', { expiresInMs: -1 });
  const gateway = client.sandbox.issueToken('gateway');
  expect((await validate(expired, expired)).status).toBe(401);
  expect((await validate(gateway, expired)).status).toBe(404);
  expect((await clientOf(client.sandbox, expired).nova('GET', '/servers')).status).toBe(401);
});

test('a token revoked over HTTP or by a test control -> rejected from then on', async () => {
  const [first, second] = [client.sandbox.issueToken('demo'), client.sandbox.issueToken('demo')];
  const revoked = await clientOf(client.sandbox, first).keystone('DELETE', '/auth/tokens', undefined, {
    'x-subject-token': first,
  });
  expect(revoked.status).toBe(204);
  client.sandbox.revokeToken(second);
  expect([(await validate(first, first)).status, (await validate(second, second)).status]).toEqual([401, 401]);
});

test('each user -> project and roles', async () => {
  const users = ['demo', 'reader', 'other', 'admin', 'gateway'];
  const seen = await Promise.all(
    users.map(async (user) => {
      const token = client.sandbox.issueToken(user);
      const { body } = await validate(token, token);
      return [user, at(body, 'token.project.name'), (at(body, 'token.roles.*.name') as string[]).sort()];
    }),
  );
  expect(seen).toEqual([
    ['demo', 'demo', ['member', 'reader']],
    ['reader', 'demo', ['reader']],
    ['other', 'other', ['member', 'reader']],
    ['admin', 'admin', ['admin', 'manager', 'member', 'reader']],
    ['gateway', 'service', ['admin', 'manager', 'member', 'reader', 'service']],
  ]);
});
