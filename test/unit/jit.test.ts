import { makeExecutableSchema } from '@graphql-tools/schema';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  getVariableValues,
  type OperationDefinitionNode,
  parse,
  validate,
} from 'graphql';
import { pino } from 'pino';
import { formatError } from '../../src/graphql/errors.ts';
import { compileOperation, createCompiler } from '../../src/graphql/execution/jit/compile.ts';
import { DateTime, StringMap } from '../../src/graphql/resolvers/scalars.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { EVENT, IDS, plainContext } from '../support/graph.ts';
import { generateOperation } from '../support/operations.ts';
import { checkProperty, runsOf } from '../support/property.ts';

const RUNS = Number(process.env.COMPILED_RUNS ?? 1000);
const schema = createSchema();
const ERROR_CONTEXT = { requestId: 'req-1', log: pino({ level: 'silent' }) };

/**
 * A result as a client sees it, with its errors sorted, since each executor reports them in an order of its own. Of the
 * errors below one null, graphql-js reports the first and graphql-jit may report more: all of them count as one.
 */
function shown({ data, errors = [] }: ExecutionResult) {
  const formattedErrors = errors.map((error) => {
    const formatted = formatError(error, ERROR_CONTEXT);
    const nullPath = pathOfNull(data, formatted.path ?? []);
    return nullPath === null ? JSON.stringify(formatted) : `null at ${nullPath}`;
  });
  return { data: JSON.stringify(data), errors: [...new Set(formattedErrors)].sort() };
}

/** The ancestor of a path that is null; null when there is none. */
function pathOfNull(data: unknown, path: readonly (string | number)[]): string | null {
  let at = data;
  for (const [depth, key] of path.entries()) {
    if (at === null || at === undefined) return path.slice(0, depth).join('.');
    at = (at as Record<string | number, unknown>)[key];
  }
  return null;
}

interface Request {
  source: string;
  variables?: Record<string, unknown>;
  root?: unknown;
}

/** Executes with both. `compiled` is null where graphql-js executes: the operation cannot be compiled, or its variables are rejected. */
async function both(of: GraphQLSchema, { source, variables = {}, root }: Request) {
  const document = parse(source);
  expect(validate(of, document).map(String)).toEqual([]);
  const operation = document.definitions[0] as OperationDefinitionNode;
  const args = { schema: of, document, variableValues: variables, rootValue: root };
  const plain = shown(await execute({ ...args, contextValue: plainContext() }));
  const coerced = getVariableValues(of, operation.variableDefinitions ?? [], variables).coerced;
  const run = coerced && compileOperation(of, { document, operation, variables: coerced });
  const result = await run?.(root, plainContext(), variables);
  return { compiled: result && 'data' in result ? shown(result) : null, plain };
}

describe('generated operations: compiled and by graphql-js -> the same data, the same errors', () => {
  test.each(['query', 'subscription'] as const)(
    '%s',
    async (kind) => {
      let compiledCount = 0;
      await checkProperty(
        fc.asyncProperty(fc.gen(), async (g) => {
          const { source, variables } = generateOperation(g, schema, kind, IDS);
          const { compiled, plain } = await both(schema, {
            source,
            variables,
            ...(kind === 'subscription' && { root: EVENT }),
          });
          if (!compiled) return;
          compiledCount++;
          expect({ source, ...compiled }).toEqual({ source, ...plain });
        }),
        // Not shrunk: the failure shows the operation.
        { numRuns: kind === 'query' ? RUNS : RUNS / 5, endOnFailure: true },
      );
      expect(compiledCount).toBeGreaterThan(runsOf(RUNS) / 20);
    },
    600_000,
  );
});

const echo = makeExecutableSchema({
  typeDefs: `
    scalar DateTime
    scalar StringMap
    enum Level { LOW HIGH }
    input Nested { text: String = "preset" level: Level! when: DateTime map: StringMap inner: Nested list: [Int!] }
    type Query {
      id(value: ID): String int(value: Int = 7): String float(value: Float): String string(value: String): String
      boolean(value: Boolean): String level(value: Level = LOW): String when(value: DateTime): String
      map(value: StringMap): String list(value: [[Int]]): String nested(value: Nested): String must(value: Int!): String
      self: Query
    }
    type Mutation { set(value: Int): Int }`,
  resolvers: {
    DateTime,
    StringMap,
    Query: {
      ...Object.fromEntries(
        ['id', 'int', 'float', 'string', 'boolean', 'level', 'when', 'map', 'list', 'nested', 'must'].map((name) => [
          name,
          (_: unknown, args: object) => JSON.stringify(args),
        ]),
      ),
      self: () => ({}),
    },
    Mutation: { set: (_: unknown, { value }: { value: number }) => value },
  },
});

describe('each scalar, as a literal and as a variable -> what graphql-js gives', () => {
  test.each([
    ['id', 'ID', '"abc"', 'abc'],
    ['id', 'ID', '12', 12],
    ['int', 'Int', '-3', -3],
    ['int', 'Int', 'null', null],
    ['float', 'Float', '1', 1],
    ['float', 'Float', '-1.5e3', -1500],
    ['string', 'String', '"tab\\tquote\\"\\u2028"', 'tab\tquote"\u2028'],
    ['string', 'String', '"""block\n  text"""', 'block\ntext'],
    ['boolean', 'Boolean', 'true', true],
    ['level', 'Level', 'HIGH', 'HIGH'],
    ['when', 'DateTime', '"2026-11-22T14:40:25+01:00"', '2026-11-22T14:40:25+01:00'],
    ['map', 'StringMap', '{ a: "b" }', { a: 'b' }],
    ['list', '[[Int]]', '[[1, null], 2]', [[1, null], [2]]],
    ['list', '[[Int]]', '3', 3],
    [
      'nested',
      'Nested',
      '{ level: LOW, inner: { level: HIGH, list: 1 } }',
      { level: 'LOW', inner: { level: 'HIGH', list: 1 } },
    ],
    ['nested', 'Nested', '{ level: LOW, map: { a: "b" } }', { level: 'LOW', map: { a: 'b' } }],
    ['must', 'Int!', '1', 1],
  ])('%s: %s, %s', async (field, type, literal, value) => {
    const requests: Request[] = [
      { source: `{ ${field}(value: ${literal}) }` },
      { source: `query ($v: ${type}) { ${field}(value: $v) }`, variables: { v: value } },
      { source: `query ($v: ${type} = ${literal}) { ${field}(value: $v) }` },
      ...(type.endsWith('!') ? [] : [{ source: `query ($v: ${type}) { ${field}(value: $v) }` }]),
    ];
    for (const request of requests) {
      const { compiled, plain } = await both(echo, request);
      expect(plain.errors).toEqual([]);
      expect({ ...request, ...(compiled ?? plain) }).toEqual({ ...request, ...plain });
    }
  });

  test('a variable inside a literal', async () => {
    const source = 'query ($v: Level!, $w: [Int!]) { nested(value: { level: $v, list: $w, inner: { level: $v } }) }';
    for (const variables of [
      { v: 'LOW', w: [1] },
      { v: 'HIGH', w: null },
    ]) {
      const { compiled, plain } = await both(echo, { source, variables });
      expect(compiled).toEqual(plain);
    }
  });
});

describe('operations that graphql-js executes', () => {
  const isCompiled = (source: string) => {
    const document = parse(source);
    const operation = document.definitions[0] as OperationDefinitionNode;
    return compileOperation(echo, { document, operation, variables: {} }) !== null;
  };
  const DATE = '__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d';

  test.each([
    ['a literal that graphql-jit would run', `{ string(value: "${DATE}0)+(globalThis.isHarmed=true") }`],
    ['the same as a default', `query ($v: String = "${DATE}0)+(globalThis.isHarmed=true") { string(value: $v) }`],
    [
      'the same inside of an input object',
      `{ nested(value: { level: LOW, text: "${DATE}0)+(globalThis.isHarmed=true" }) }`,
    ],
    ['the same in a block string', `{ string(value: """${DATE}0)+(globalThis.isHarmed=true""") }`],
    ['quotes', '{ string(value: "a\\"b") }'],
    ['an alias that is a word of JavaScript', '{ __proto__: int }'],
    ['introspection', '{ __schema { types { name } } }'],
    ['an object as a literal of a scalar', '{ map(value: { a: "b" }) }'],
    ['a variable with a recursive input type', 'query ($v: Nested) { nested(value: $v) }'],
    ['a mutation', 'mutation { set(value: 1) }'],
    [
      'more than MAX_FIELDS fields',
      `{ ${'self { '.repeat(10)} ${Array.from({ length: 1001 }, (_, i) => `f${i}: int`)} ${'} '.repeat(10)} }`,
    ],
    [
      'fragments that grow',
      `{ ...F0 } ${Array.from({ length: 12 }, (_, i) => `fragment F${i} on Query { a: self { ...F${i + 1} } b: self { ...F${i + 1} } }`).join(' ')} fragment F12 on Query { int }`,
    ],
  ])('%s', (_situation, source) => {
    expect(validate(echo, parse(source)).map(String)).toEqual([]);
    expect(isCompiled(source)).toBe(false);
    expect(globalThis).not.toHaveProperty('isHarmed');
  });

  test('any other operation is compiled', () => {
    expect(isCompiled('{ __typename int(value: 3) string(value: "web-01 a:b/c=") self { level(value: HIGH) } }')).toBe(
      true,
    );
  });
});

describe('when an operation is compiled', () => {
  const prepare = (source: string, variables = {}) => {
    const document = parse(source);
    return { document, operation: document.definitions[0] as OperationDefinitionNode, variables };
  };
  const tick = () => new Promise(setImmediate);

  test('first use -> not; second use -> not during the request; after it -> yes', async () => {
    const compiler = createCompiler(echo);
    const prepared = prepare('{ int }');
    expect(compiler.find(prepared)).toBeNull();
    await tick();
    expect(compiler.find(prepared)).toBeNull();
    expect(compiler.find(prepared)).toBeNull();
    await tick();
    expect(await compiler.find(prepared)?.(undefined, {}, {})).toEqual({ data: { int: '{"value":7}' } });
  });

  test('an absent variable inside a literal -> executed by graphql-js', async () => {
    const compiler = createCompiler(echo);
    const prepared = prepare('query ($w: [Int!]) { nested(value: { level: LOW, list: $w }) }');
    for (let uses = 0; uses < 3; uses++) {
      expect(compiler.find(prepared)).toBeNull();
      await tick();
    }
    const withVariable = { ...prepared, variables: { w: [1] } };
    for (let uses = 0; uses < 2; uses++) compiler.find(withVariable);
    await tick();
    expect(compiler.find(withVariable)).not.toBeNull();
  });

  test('several at once -> one per tick', async () => {
    const compiler = createCompiler(echo);
    const all = ['{ int }', '{ id }', '{ float }'].map((source) => prepare(source));
    for (const prepared of [...all, ...all]) compiler.find(prepared);
    const counts: number[] = [];
    for (let ticks = 0; ticks < 4; ticks++) {
      await tick();
      counts.push(all.filter((prepared) => compiler.find(prepared)).length);
    }
    expect(counts).toEqual([1, 2, 3, 3]);
  });

  test('@skip and @include -> a compiled operation for each combination', async () => {
    const compiler = createCompiler(echo);
    const prepared = prepare('query ($a: Boolean!) { int @skip(if: $a) id @include(if: $a) }', {});
    const results = [];
    for (const a of [true, false]) {
      for (let uses = 0; uses < 2; uses++) compiler.find({ ...prepared, variables: { a } });
      await tick();
      results.push(await compiler.find({ ...prepared, variables: { a } })?.(undefined, {}, { a }));
    }
    expect(results).toEqual([{ data: { id: '{}' } }, { data: { int: '{"value":7}' } }]);
  });

  test('more operations than the cache holds -> the least recently used one is compiled again', async () => {
    const compiler = createCompiler(echo);
    const first = prepare('{ int }');
    for (let uses = 0; uses < 2; uses++) compiler.find(first);
    await tick();
    expect(compiler.find(first)).not.toBeNull();
    // Sources that fill the cache: two of 150,000 characters are more than 262,144.
    for (const field of ['id', 'float']) {
      const large = prepare(`{ ${field} } # ${'x'.repeat(150_000)}`);
      for (let uses = 0; uses < 2; uses++) compiler.find(large);
      await tick();
    }
    expect(compiler.find(first)).toBeNull();
  });
});
