import { makeExecutableSchema } from '@graphql-tools/schema';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createExecutor } from '../../src/graphql/execution/execute.ts';
import { post, type SmallGateway, startDoors } from '../support/transports.ts';

let gateway: SmallGateway;
beforeAll(async () => {
  gateway = await startDoors();
});
afterAll(() => gateway.close());

const ID = /req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** All that a client sees, but for what is each request's own. */
async function seen(sent: unknown, headers: Record<string, string> = {}) {
  const { status, headers: told, text } = await post(gateway.url, sent, headers);
  const { date: _date, 'x-openstack-request-id': id, ...rest } = Object.fromEntries(told);
  const [inBody = id] = text.match(ID) ?? [];
  expect(inBody).toBe(id);
  return { status, rest, text: text.replaceAll(ID, 'req-…') };
}

/** What was answered the first time, by Apollo Server, and then by the short way. */
async function answers(sent: unknown, headers: Record<string, string> = {}) {
  const first = await seen(sent, headers);
  const more = [await seen(sent, headers), await seen(sent, headers), await seen(sent, headers)];
  return { first, more };
}

describe('asked again -> what the first answer was: status, headers, bytes', () => {
  test.each([
    ['a query', { query: '{ hello(name: "again") }' }],
    [
      'one with a name and variables',
      { query: 'query A($n: String) { hello(name: $n) }', operationName: 'A', variables: { n: 'x' } },
    ],
    ['nulls beside it', { query: 'query N { hello }', operationName: null, variables: null }],
    ['one of two operations', { query: 'query A { hello } query B { __typename }', operationName: 'B' }],
    ['two operations and no name', { query: 'query A { hello } query B { hello }' }],
    ['a name that is not there', { query: 'query A { hello }', operationName: 'Z' }],
    ['variables of another type', { query: 'query V($n: Int!) { big(bytes: $n) }', variables: { n: 'x' } }],
    ['variables that are a list', { query: 'query W($n: Int!) { big(bytes: $n) }', variables: [1] }],
    ['a document that is wrong', { query: '{ nothing }' }],
    ['one that does not parse', { query: '{ hello ' }],
    ['a bug, half of an answer', { query: '{ boom hello }' }],
    ['a refusal', { query: '{ refused(code: "CONFLICT") }' }],
    ['no data at all', { query: '{ notNull }' }],
    ['a mutation', { query: 'mutation { set(value: 3) }' }],
    ['a subscription', { query: 'subscription { never }' }],
    ['too dear', { query: '{ things(first: 100000000) { nodes { id } } }' }],
    ['introspection', { query: '{ __schema { queryType { name } } }' }],
    ['extensions', { query: '{ hello }', extensions: { a: 1 } }],
    ['extensions that are wrong', { query: '{ hello }', extensions: 'a' }],
    ['a query that is none', { query: { kind: 'Document' } }],
    ['a batch', [{ query: '{ hello }' }]],
  ])('%s', async (_situation, sent) => {
    const { first, more } = await answers(sent);
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
    await seen({ query: '{ hello }' });
    const { first, more } = await answers({ query: '{ hello }' }, { accept });
    expect(more).toEqual([first, first, first]);
  });

  test('types that are JSON too', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset=UTF-8']) {
      const { first, more } = await answers({ query: '{ hello }' }, { 'content-type': type });
      expect(more).toEqual([first, first, first]);
    }
  });

  test.each([
    ['no token', { 'x-auth-token': '' }],
    ['a token that is not known', { 'x-auth-token': 'bad' }],
    ['Keystone away', { 'x-auth-token': 'away' }],
    ['no token, the new media type', { 'x-auth-token': '', accept: 'application/graphql-response+json' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['plain text', { 'content-type': 'text/plain' }],
    ['plain text beside JSON', { 'content-type': 'text/plain, application/json' }],
    ['no type', { 'content-type': '' }],
    ['only what is not JSON accepted', { accept: 'image/png' }],
  ])('%s, of a document that is known', async (_situation, headers) => {
    const query = `query ${_situation.replace(/\W/g, '')} { hello }`;
    const first = await seen({ query }, headers);
    for (let times = 0; times < 3; times++) await seen({ query });
    const again = await seen({ query }, headers);
    expect(again).toEqual(first);
    expect(again.status).toBeGreaterThan(400);
  });
});

test('each answer has a context of its own, and is logged', async () => {
  const { contexts } = gateway.probe;
  gateway.probe.logged.length = 0;
  for (let times = 0; times < 3; times++) await post(gateway.url, { query: 'query Logged { hello }' });
  expect(gateway.probe.contexts - contexts).toBe(3);
  const lines = gateway.probe.logged.filter((line) => (line as { msg: string }).msg === 'request');
  expect(lines).toHaveLength(3);
  for (const line of lines)
    expect(line).toMatchObject({ operationName: 'Logged', operationType: 'query', userId: 'u1' });
});

test('asked again -> Apollo Server is not; with a header or a parameter that is new -> it is', async () => {
  const schema = makeExecutableSchema({ typeDefs: 'type Query { hello: String }' });
  const executor = createExecutor({ schema, config: gateway.config });
  let asked = 0;
  const get = (sha256: string) => {
    asked++;
    return executor.documents.get(sha256);
  };
  const counted = await startDoors({}, { executor: { ...executor, documents: { ...executor.documents, get } } });
  try {
    for (let times = 0; times < 3; times++) await post(counted.url, { query: '{ hello }' });
    expect(asked).toBe(1);
    await post(counted.url, { query: '{ hello }' }, { accept: 'application/graphql-response+json' });
    expect(asked).toBe(2);
    await post(counted.url, { query: '{ hello }', extensions: {} });
    expect(asked).toBe(3);
    await post(counted.url, { query: '{ hello }', variables: {} });
    expect(asked).toBe(3);
  } finally {
    await counted.close();
  }
});
