import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { post, type SmallGateway, startTransports } from '../support/transports.ts';
import { connect } from '../support/ws-client.ts';

const PARAMS = { 'X-Auth-Token': 'good' };

let gateway: SmallGateway;
let closed: SmallGateway;
beforeAll(async () => {
  gateway = await startTransports({
    MAX_DEPTH: '4',
    MAX_ALIASES: '3',
    MAX_DIRECTIVES: '2',
    MAX_TOKENS: '600',
    MAX_COST: '500',
  });
  closed = await startTransports({ INTROSPECTION: 'false' });
});
afterAll(async () => {
  await gateway.close();
  await closed.close();
});

type OperationRequest = readonly [query: string, variables?: object | undefined];

/** The first error's code and message; the code is `ok` without an error. */
interface Outcome {
  code: string;
  message?: string;
  status?: number;
}

async function overHttp({ url }: SmallGateway, [query, variables]: OperationRequest): Promise<Outcome> {
  const { status, body } = await post(url, { query, variables });
  const error = body.errors?.[0];
  return error ? { code: error.extensions.code, message: error.message, status } : { code: 'ok', status };
}

async function overSocket({ wsUrl }: SmallGateway, [query, variables]: OperationRequest): Promise<Outcome> {
  const client = await connect(wsUrl, PARAMS);
  client.subscribe('1', query, variables);
  const { type, payload } = await client.next();
  await client.close();
  const error = type === 'error' ? payload[0] : payload.errors?.[0];
  return error ? { code: error.extensions.code, message: error.message } : { code: 'ok' };
}

const FITS: [string, ...OperationRequest][] = [
  ['depth 4', '{ things(first: 1) { nodes { self { id } } } }'],
  ['3 aliases', '{ a: hello b: hello c: hello }'],
  ['2 directives', '{ a: hello @skip(if: false) b: hello @include(if: true) }'],
  ['cost 402 by the default first', '{ things { nodes { id self { id } } } }'],
  ['cost by a small first', '{ things(first: 2) { nodes { id a: id b: id } } }'],
];

const CROSSES: [string, RegExp, ...OperationRequest][] = [
  ['depth 5', /depth limit of 4 exceeded, found 5/, '{ things(first: 1) { nodes { self { self { id } } } } }'],
  [
    'depth 5 by fragments',
    /depth limit of 4/,
    'query { ...A } fragment A on Query { things(first: 1) { ...B } } fragment B on ThingConnection { nodes { self { self { id } } } }',
  ],
  ['4 aliases', /liases limit of 3 exceeded, found 4/, '{ a: hello b: hello c: hello d: hello }'],
  [
    '4 aliases by a fragment spread twice',
    /liases limit of 3/,
    '{ things { nodes { ...A } edges { node { ...A } } } } fragment A on Thing { a: id b: id }',
  ],
  [
    '3 directives',
    /irectives limit of 2 exceeded, found 3/,
    '{ a: hello @skip(if: false) @include(if: true) b: hello @include(if: true) }',
  ],
  ['601 tokens', /more than 600 tokens/, `{ ${'hello '.repeat(600)} }`],
  [
    'cost by a large first',
    /Cost limit of 500 exceeded, found 2101/,
    '{ things(first: 700) { nodes { id } pageSize: __typename } }',
  ],
  ['cost by a variable', /Cost limit of 500/, 'query($n: Int) { things(first: $n) { nodes { id } } }', { n: 1000 }],
  [
    'cost by a variable left to its default',
    /Cost limit of 500/,
    'query($n: Int = 1000) { things(first: $n) { nodes { id } } }',
  ],
  ['cost by connections in connections', /Cost limit of 500/, '{ things { nodes { all { __typename } } } }'],
  ['cost by lists in lists', /Cost limit of 500/, '{ things(first: 100) { nodes { parts { id } } } }'],
  ['cost in a fragment', /Cost limit of 500/, '{ ...A } fragment A on Query { things(first: 600) { nodes { id } } }'],
];

describe.each([
  ['HTTP', overHttp],
  ['WebSocket', overSocket],
] as const)('over %s', (transport, send) => {
  test.each(FITS.map((row) => [row[0], row[1], row[2]] as const))(
    '%s -> data',
    async (_situation, query, variables) => {
      expect(await send(gateway, [query, variables])).toMatchObject({ code: 'ok' });
    },
  );

  test.each(CROSSES.map((row) => [row[0], row[1], row[2], row[3]] as const))(
    '%s -> LIMIT_EXCEEDED, with what was expected and found',
    async (_situation, message, query, variables) => {
      const outcome = await send(gateway, [query, variables]);
      expect(outcome).toMatchObject({ code: 'LIMIT_EXCEEDED', message: expect.stringMatching(message) });
      expect(outcome.status).toBe(transport === 'HTTP' ? 422 : undefined);
    },
  );

  test("GraphiQL's introspection -> data, whatever its depth", async () => {
    const query = getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true });
    expect(await send(gateway, [query])).toMatchObject({ code: 'ok' });
  });

  test('recursive introspection -> rejected', async () => {
    const circles = '{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }';
    expect(await send(gateway, [circles])).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
  });

  test('introspection switched off -> rejected', async () => {
    expect(await send(closed, ['{ __schema { types { name } } }'])).toMatchObject({
      code: 'GRAPHQL_VALIDATION_FAILED',
    });
    expect(await send(closed, ['{ __type(name: "Query") { name } }'])).toMatchObject({
      code: 'GRAPHQL_VALIDATION_FAILED',
    });
    expect(await send(closed, ['{ __typename }'])).toMatchObject({ code: 'ok' });
  });

  test.each([
    ['a field', '{ hellp }'],
    ['an argument', '{ hello(nane: "a") }'],
    ['an enum value', 'subscription { sized(size: LARG) }'],
    ['an enum value in a variable', 'subscription($s: Size) { sized(size: $s) }'],
    ['a type', 'query($n: Strin) { hello(name: $n) }'],
  ])('introspection switched off, %s misspelt -> no suggestion', async (_situation, query) => {
    const outcome = await send(closed, [query, { s: 'LARG' }]);
    expect(outcome.code).not.toBe('ok');
    expect(outcome.message).not.toMatch(/did you mean|LARGE/i);
  });

  test('the same field two thousand times -> an answer within the limits', async () => {
    const wide = await send(closed, [`{ ${'hello '.repeat(1900)} }`]);
    expect(['ok', 'LIMIT_EXCEEDED']).toContain(wide.code);
  });

  test('a repeated document with an expensive variable -> LIMIT_EXCEEDED', async () => {
    const query = 'query Again($n: Int) { things(first: $n) { nodes { id } } }';
    expect(await send(gateway, [query, { n: 1 }])).toMatchObject({ code: 'ok' });
    expect(await send(gateway, [query, { n: 1000 }])).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });
});
