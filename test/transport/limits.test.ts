import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { post, type SmallGateway, startDoors } from '../support/transports.ts';
import { connect } from '../support/ws-client.ts';

const PARAMS = { 'X-Auth-Token': 'good' };

let gateway: SmallGateway;
let closed: SmallGateway;
beforeAll(async () => {
  gateway = await startDoors({
    MAX_DEPTH: '4',
    MAX_ALIASES: '3',
    MAX_DIRECTIVES: '2',
    MAX_TOKENS: '600',
    MAX_COST: '500',
  });
  closed = await startDoors({ INTROSPECTION: 'false' });
});
afterAll(async () => {
  await gateway.close();
  await closed.close();
});

type Asked = readonly [query: string, variables?: object | undefined];

/** What a door answered: the first error's code and message, `ok` without one. */
interface Heard {
  code: string;
  message?: string;
  status?: number;
}

async function overHttp({ url }: SmallGateway, [query, variables]: Asked): Promise<Heard> {
  const { status, body } = await post(url, { query, variables });
  const error = body.errors?.[0];
  return error ? { code: error.extensions.code, message: error.message, status } : { code: 'ok', status };
}

async function overSocket({ wsUrl }: SmallGateway, [query, variables]: Asked): Promise<Heard> {
  const client = await connect(wsUrl, PARAMS);
  client.subscribe('1', query, variables);
  const { type, payload } = await client.next();
  await client.close();
  const error = type === 'error' ? payload[0] : payload.errors?.[0];
  return error ? { code: error.extensions.code, message: error.message } : { code: 'ok' };
}

const FITS: [string, ...Asked][] = [
  ['depth 4', '{ things(first: 1) { nodes { self { id } } } }'],
  ['3 aliases', '{ a: hello b: hello c: hello }'],
  ['2 directives', '{ a: hello @skip(if: false) b: hello @include(if: true) }'],
  ['cost 402 by the default first', '{ things { nodes { id self { id } } } }'],
  ['cost by a small first', '{ things(first: 2) { nodes { id a: id b: id } } }'],
];

const CROSSES: [string, RegExp, ...Asked][] = [
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
] as const)('over %s', (door, ask) => {
  test.each(FITS.map((row) => [row[0], row[1], row[2]] as const))(
    '%s -> answered',
    async (_situation, query, variables) => {
      expect(await ask(gateway, [query, variables])).toMatchObject({ code: 'ok' });
    },
  );

  test.each(CROSSES.map((row) => [row[0], row[1], row[2], row[3]] as const))(
    '%s -> LIMIT_EXCEEDED, with what was expected and found',
    async (_situation, message, query, variables) => {
      const heard = await ask(gateway, [query, variables]);
      expect(heard).toMatchObject({ code: 'LIMIT_EXCEEDED', message: expect.stringMatching(message) });
      expect(heard.status).toBe(door === 'HTTP' ? 400 : undefined);
    },
  );

  test("GraphiQL's introspection -> answered, whatever its depth", async () => {
    const asked = getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true });
    expect(await ask(gateway, [asked])).toMatchObject({ code: 'ok' });
  });

  test('introspection that goes round in circles -> refused', async () => {
    const circles = '{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }';
    expect(await ask(gateway, [circles])).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
  });

  test('introspection switched off -> refused', async () => {
    expect(await ask(closed, ['{ __schema { types { name } } }'])).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
    expect(await ask(closed, ['{ __type(name: "Query") { name } }'])).toMatchObject({
      code: 'GRAPHQL_VALIDATION_FAILED',
    });
    expect(await ask(closed, ['{ __typename }'])).toMatchObject({ code: 'ok' });
  });

  test.each([
    ['a field', '{ hellp }'],
    ['an argument', '{ hello(nane: "a") }'],
    ['an enum value', 'subscription { sized(size: LARG) }'],
    ['an enum value in a variable', 'subscription($s: Size) { sized(size: $s) }'],
    ['a type', 'query($n: Strin) { hello(name: $n) }'],
  ])('introspection switched off, %s misspelt -> no suggestion', async (_situation, query) => {
    const heard = await ask(closed, [query, { s: 'LARG' }]);
    expect(heard.code).not.toBe('ok');
    expect(heard.message).not.toMatch(/did you mean|LARGE/i);
  });

  test('the same fields two thousand times over -> an answer', async () => {
    const wide = await ask(closed, [`{ ${'hello '.repeat(1900)} }`]);
    expect(['ok', 'LIMIT_EXCEEDED']).toContain(wide.code);
  });

  test('a document that was answered before, now with a dear variable -> refused all the same', async () => {
    const query = 'query Again($n: Int) { things(first: $n) { nodes { id } } }';
    expect(await ask(gateway, [query, { n: 1 }])).toMatchObject({ code: 'ok' });
    expect(await ask(gateway, [query, { n: 1000 }])).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });
});
