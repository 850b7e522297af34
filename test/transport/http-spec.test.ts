import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { exchange, post, type SmallGateway, startTransports } from '../support/transports.ts';

const RESPONSE_JSON = 'application/graphql-response+json';
const JSON_TYPE = 'application/json';

const auditsOf = (gateway: () => SmallGateway) =>
  serverAudits({
    url: () => gateway().url,
    fetchFn: (url: string, init?: RequestInit) =>
      fetch(url, { ...init, headers: { ...init?.headers, 'x-auth-token': 'good' } }),
  }).map((audit) => [audit.name, audit] as const);

describe('HTTP_SPEC=2026, the released specification', () => {
  let gateway: SmallGateway;
  beforeAll(async () => {
    gateway = await startTransports();
  });
  afterAll(() => gateway.close());

  const PARTIAL = { query: '{ hello boom }' };
  const NULL = { query: '{ notNull }' };
  const VARIABLE = { query: 'query($n: Int!) { big(bytes: $n) }', variables: { n: 'x' } };

  test.each<[situation: string, sent: unknown, status: number]>([
    ['data without errors', { query: '{ hello }' }, 200],
    ['data with errors', PARTIAL, 294],
    ['data that is null', NULL, 294],
    ['a body that is not JSON', '{"query":', 400],
    ['a document that cannot be parsed', { query: '{' }, 400],
    ['a parameter with a typo', { qeury: '{ hello }' }, 422],
    ['variables that are a list', { query: '{ hello }', variables: [7] }, 422],
    ['validation', { query: '{ nothing }' }, 422],
    ['an operation that cannot be determined', { query: 'query A { hello } query B { hello }' }, 422],
    ['variables that cannot be coerced', VARIABLE, 422],
    ['a document over a limit', { query: `{ ${'a: hello '.repeat(3000)} }` }, 422],
  ])('%s: %j -> %i; 200 in the place of 294 for application/json', async (_situation, sent, expected) => {
    // twice: the second may take the fast path
    for (let i = 0; i < 2; i++) {
      const modern = await post(gateway.url, sent, { accept: RESPONSE_JSON });
      const legacy = await post(gateway.url, sent, { accept: JSON_TYPE });
      expect([modern.status, legacy.status]).toEqual([expected, expected === 294 ? 200 : expected]);
      if (expected < 300) {
        expect(modern.headers.get('content-type')).toContain(RESPONSE_JSON);
        expect(legacy.headers.get('content-type')).toContain(JSON_TYPE);
      } else if (typeof sent !== 'string') {
        expect(legacy.headers.get('content-type')).toContain(RESPONSE_JSON);
      }
    }
  });

  test('294 has the phrase of the specification', async () => {
    const body = JSON.stringify(PARTIAL);
    const head = `POST /graphql HTTP/1.1\r\nHost: a\r\nX-Auth-Token: good\r\nAccept: ${RESPONSE_JSON}\r\n`;
    const type = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
    expect(await exchange(gateway.url, head + type + body)).toMatch(/^HTTP\/1\.1 294 Partial Success\r\n/);
  });

  test.each<[situation: string, path: string, init: RequestInit, status: number, allow: string | null]>([
    ['a mutation by GET', '?query=mutation{set(value:1)}', {}, 405, 'POST'],
    ['an unsupported method', '', { method: 'PUT' }, 405, 'GET, POST'],
    [
      'a media type that is not supported',
      '',
      { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } },
      415,
      null,
    ],
    ['no acceptable media type', '?query={hello}', { headers: { accept: 'text/csv' } }, 406, null],
    ['a URL that is too long', `?query={hello}&x=${'x'.repeat(9000)}`, {}, 414, null],
    ['no token', '?query={hello}', { headers: { 'x-auth-token': '' } }, 401, null],
  ])('%s -> status', async (_situation, path, { headers, ...init }, expected, allow) => {
    const response = await fetch(gateway.url + path, {
      ...init,
      headers: { 'x-auth-token': 'good', 'apollo-require-preflight': '1', ...headers },
    });
    expect([response.status, response.headers.get('allow')]).toEqual([expected, allow]);
  });

  test.each(auditsOf(() => gateway).filter(([name]) => name.startsWith('MUST')))('%s -> ok', async (_name, audit) => {
    expect(await audit.fn()).toMatchObject({ status: 'ok' });
  });
});

describe('HTTP_SPEC=draft, what older clients expect', () => {
  let gateway: SmallGateway;
  beforeAll(async () => {
    gateway = await startTransports({ HTTP_SPEC: 'draft' });
  });
  afterAll(() => gateway.close());

  test.each(auditsOf(() => gateway))('%s -> ok', async (_name, audit) => {
    expect(await audit.fn()).toMatchObject({ status: 'ok' });
  });

  test('there are 61 audits', () => {
    expect(auditsOf(() => gateway)).toHaveLength(61);
  });
});
