import { makeExecutableSchema } from '@graphql-tools/schema';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createExecutor } from '../../src/graphql/execution/execute.ts';
import { post, type SmallGateway, startTransports } from '../support/transports.ts';

let gateway: SmallGateway;
beforeAll(async () => {
  gateway = await startTransports();
});
afterAll(() => gateway.close());

const ID = /req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** What a client receives, without the values that differ in every response. */
async function send(sent: unknown, headers: Record<string, string> = {}) {
  const { status, headers: received, text } = await post(gateway.url, sent, headers);
  const { date: _date, 'x-openstack-request-id': id, ...rest } = Object.fromEntries(received);
  const [inBody = id] = text.match(ID) ?? [];
  expect(inBody).toBe(id);
  return { status, rest, text: text.replaceAll(ID, 'req-…') };
}

/** The first response, by Apollo Server, and those of the fast path. */
async function sendRepeatedly(sent: unknown, headers: Record<string, string> = {}) {
  const first = await send(sent, headers);
  const more = [await send(sent, headers), await send(sent, headers), await send(sent, headers)];
  return { first, more };
}

describe('a repeated request -> the same status, headers and bytes', () => {
  test.each([
    ['a query', { query: '{ hello(name: "again") }' }],
    [
      'a query with a name and variables',
      { query: 'query A($n: String) { hello(name: $n) }', operationName: 'A', variables: { n: 'x' } },
    ],
    ['nulls beside it', { query: 'query N { hello }', operationName: null, variables: null }],
    ['one of two operations', { query: 'query A { hello } query B { __typename }', operationName: 'B' }],
    ['two operations and no name', { query: 'query A { hello } query B { hello }' }],
    ['an unknown name', { query: 'query A { hello }', operationName: 'Z' }],
    ['variables of another type', { query: 'query V($n: Int!) { big(bytes: $n) }', variables: { n: 'x' } }],
    ['variables that are a list', { query: 'query W($n: Int!) { big(bytes: $n) }', variables: [1] }],
    ['an invalid document', { query: '{ nothing }' }],
    ['a document that does not parse', { query: '{ hello ' }],
    ['a bug, partial data', { query: '{ boom hello }' }],
    ['an error of the gateway', { query: '{ rejected(code: "CONFLICT") }' }],
    ['no data at all', { query: '{ notNull }' }],
    ['a mutation', { query: 'mutation { set(value: 3) }' }],
    ['a subscription', { query: 'subscription { never }' }],
    ['too expensive', { query: '{ things(first: 100000000) { nodes { id } } }' }],
    ['introspection', { query: '{ __schema { queryType { name } } }' }],
    ['extensions', { query: '{ hello }', extensions: { a: 1 } }],
    ['invalid extensions', { query: '{ hello }', extensions: 'a' }],
    ['a query that is not text', { query: { kind: 'Document' } }],
    ['a batch', [{ query: '{ hello }' }]],
  ])('%s', async (_situation, sent) => {
    const { first, more } = await sendRepeatedly(sent);
    expect(more).toEqual([first, first, first]);
  });

  test.each([
    ['application/json'],
    ['application/graphql-response+json'],
    ['application/graphql-response+json, application/json;q=0.9'],
    ['text/html'],
    ['*/*;q=0.1'],
    [''],
  ])('Accept: %s', async (accept) => {
    await send({ query: '{ hello }' });
    const { first, more } = await sendRepeatedly({ query: '{ hello }' }, { accept });
    expect(more).toEqual([first, first, first]);
  });

  test('other spellings of application/json', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset=UTF-8']) {
      const { first, more } = await sendRepeatedly({ query: '{ hello }' }, { 'content-type': type });
      expect(more).toEqual([first, first, first]);
    }
  });

  test.each([
    ['no token', { 'x-auth-token': '' }],
    ['an unknown token', { 'x-auth-token': 'bad' }],
    ['Keystone away', { 'x-auth-token': 'away' }],
    ['no token, the new media type', { 'x-auth-token': '', accept: 'application/graphql-response+json' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['plain text', { 'content-type': 'text/plain' }],
    ['plain text beside JSON', { 'content-type': 'text/plain, application/json' }],
    ['no type', { 'content-type': '' }],
    ['only what is not JSON accepted', { accept: 'image/png' }],
  ])('%s, with a repeated document', async (_situation, headers) => {
    const query = `query ${_situation.replace(/\W/g, '')} { hello }`;
    const first = await send({ query }, headers);
    for (let times = 0; times < 3; times++) await send({ query });
    const again = await send({ query }, headers);
    expect(again).toEqual(first);
    expect(again.status).toBeGreaterThan(400);
  });
});

test('each response has its own context and log line', async () => {
  const { contexts } = gateway.probe;
  gateway.probe.logged.length = 0;
  for (let times = 0; times < 3; times++) await post(gateway.url, { query: 'query Logged { hello }' });
  expect(gateway.probe.contexts - contexts).toBe(3);
  const lines = gateway.probe.logged.filter((line) => (line as { msg: string }).msg === 'request');
  expect(lines).toHaveLength(3);
  for (const line of lines)
    expect(line).toMatchObject({ operationName: 'Logged', operationType: 'query', userId: 'u1' });
});

test('a repeated request -> without Apollo Server; with a new header or parameter -> with it', async () => {
  const schema = makeExecutableSchema({ typeDefs: 'type Query { hello: String }' });
  const executor = createExecutor({ schema, config: gateway.config });
  let lookups = 0;
  const get = (sha256: string) => {
    lookups++;
    return executor.documents.get(sha256);
  };
  const counted = await startTransports({}, { executor: { ...executor, documents: { ...executor.documents, get } } });
  try {
    for (let times = 0; times < 3; times++) await post(counted.url, { query: '{ hello }' });
    expect(lookups).toBe(1);
    await post(counted.url, { query: '{ hello }' }, { accept: 'application/graphql-response+json' });
    expect(lookups).toBe(2);
    await post(counted.url, { query: '{ hello }', extensions: {} });
    expect(lookups).toBe(3);
    await post(counted.url, { query: '{ hello }', variables: {} });
    expect(lookups).toBe(3);
  } finally {
    await counted.close();
  }
});
