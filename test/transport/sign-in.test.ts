import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';

const PASSWORD = 'secret';
let gateway: TestGateway;
let logged = '';

beforeAll(async () => {
  const log = pino(
    { level: 'trace' },
    new Writable({
      write(line, _encoding, done) {
        logged += line;
        done();
      },
    }),
  );
  gateway = await startGateway({ store: 'memory', log, env: { CONSOLE_LOGIN: 'true' } });
});

afterAll(() => gateway.close());

/** A client behind a trusted proxy: each test has an address of its own, as sign-ins are limited per address. */
async function post(path: string, body: unknown, headers: Record<string, string> = {}, url = gateway.url) {
  const response = await fetch(new URL(path, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  // biome-ignore lint/suspicious/noExplicitAny: the shape of each response is what the tests look at
  return { status: response.status, headers: response.headers, body: (await response.json()) as any };
}

const from = (address: string) => ({ 'x-forwarded-for': address });
const maria = { user: 'maria', domain: 'Default', password: PASSWORD };
const viewerOf = async (token: string) =>
  (await gateway.query('{ viewer { user { name } project { name } } }', {}, token)).data?.viewer;

test('name and password -> a token without a project and the projects; one of them -> a token of it', async () => {
  const login = await post('/console/login', maria, from('192.0.2.1'));
  expect(login.status).toBe(200);
  expect(login.body.projects.map(({ name }: { name: string }) => name)).toEqual(['demo', 'other']);
  expect(await viewerOf(login.body.token)).toBeUndefined();
  const headers = { ...from('192.0.2.1'), 'x-auth-token': login.body.token };
  const scoped = await post('/console/project', { projectId: DEMO.otherProjectId }, headers);
  expect(await viewerOf(scoped.body.token)).toEqual({ user: { name: 'maria' }, project: { name: 'other' } });
});

test('a token of one project -> the projects to change to; no role there -> 401', async () => {
  const headers = { ...from('192.0.2.2'), 'x-auth-token': gateway.sandbox.issueToken('maria') };
  expect((await post('/console/projects', {}, headers)).body.projects).toHaveLength(2);
  const scoped = await post('/console/project', { projectId: DEMO.otherProjectId }, headers);
  expect(await viewerOf(scoped.body.token)).toMatchObject({ project: { name: 'other' } });
  const foreign = { ...headers, 'x-auth-token': gateway.token };
  const refused = await post('/console/project', { projectId: DEMO.otherProjectId }, foreign);
  expect(refused.status).toBe(401);
  expect(refused.body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
});

test.each([
  ['a wrong password', { ...maria, password: 'wrong-password' }, 401, 'UNAUTHENTICATED'],
  ['an unknown domain', { ...maria, domain: 'Elsewhere' }, 401, 'UNAUTHENTICATED'],
  ['no password', { user: 'maria', domain: 'Default' }, 400, 'BAD_USER_INPUT'],
  ['a password that is no text', { ...maria, password: { $ne: 'wrong-password' } }, 400, 'BAD_USER_INPUT'],
])('%s -> an error that repeats nothing of it', async (_what, body, status, code) => {
  const response = await post('/console/login', body, from('192.0.2.3'));
  expect(response.status).toBe(status);
  expect(response.body.errors[0].extensions).toEqual({ code, requestId: expect.any(String) });
  expect(JSON.stringify(response.body)).not.toContain('wrong-password');
});

test('no token for the projects -> 401', async () => {
  expect((await post('/console/projects', {}, from('192.0.2.4'))).status).toBe(401);
});

test('Keystone is away -> 503', async () => {
  gateway.sandbox.down('keystone');
  const response = await post('/console/login', maria, from('192.0.2.5'));
  gateway.sandbox.up('keystone');
  expect([response.status, response.body.errors[0].extensions.code]).toEqual([503, 'UPSTREAM_UNAVAILABLE']);
});

test('many sign-ins for one user, from many addresses -> limited, and other users are not', async () => {
  const wrong = { user: 'reader', domain: 'Default', password: 'guess' };
  const statuses: number[] = [];
  for (let index = 0; index < 12; index += 1) {
    statuses.push((await post('/console/login', wrong, from(`198.51.100.${index}`))).status);
  }
  expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
  expect((await post('/console/login', maria, from('198.51.100.1'))).status).toBe(200);
});

test('many sign-ins from one address -> limited, with the time to wait', async () => {
  const names = Array.from({ length: 31 }, (_, index) => `unknown-${index}`);
  const responses = [];
  for (const user of names) responses.push(await post('/console/login', { ...maria, user }, from('203.0.113.9')));
  const last = responses.at(-1);
  expect(responses.slice(0, -1).every(({ status }) => status === 401)).toBe(true);
  expect(last?.status).toBe(429);
  expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('CONSOLE_LOGIN is off -> no such path, and a token can still change its project', async () => {
  const other = await startGateway({ store: 'memory', sandbox: gateway.sandbox });
  expect((await post('/console/login', maria, {}, other.url)).status).toBe(404);
  expect((await post('/console/projects', {}, { 'x-auth-token': gateway.token }, other.url)).status).toBe(200);
  await other.close();
});

test('all that was logged -> no password and no token', () => {
  expect(logged).toContain('/console/login');
  expect(logged).not.toContain(PASSWORD);
  expect(logged).not.toContain('wrong-password');
  expect(logged).not.toContain(gateway.token);
});
