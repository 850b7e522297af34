import { describe, expect, test } from '@jest/globals';
import { buildSchema, type GraphQLScalarType, type GraphQLSchema, graphql } from 'graphql';
import { DateTime, StringMap } from '../../src/graphql/resolvers/scalars.ts';

describe('DateTime from OpenStack -> RFC 3339 in UTC', () => {
  test.each([
    ['Nova, with Z', '2026-11-22T14:40:16Z', '2026-11-22T14:40:16.000Z'],
    ['Manila, microseconds without a zone', '2026-11-22T14:40:25.420088', '2026-11-22T14:40:25.420Z'],
    ['Nova launched_at', '2026-11-22T14:41:12.000000', '2026-11-22T14:41:12.000Z'],
    ['milliseconds with Z', '2026-11-22T14:41:12.845Z', '2026-11-22T14:41:12.845Z'],
    ['a blank between date and time', '2026-11-22 14:41:12', '2026-11-22T14:41:12.000Z'],
    ['another zone', '2026-11-22T16:41:12+02:00', '2026-11-22T14:41:12.000Z'],
    ['a Date', new Date(0), '1970-01-01T00:00:00.000Z'],
  ])('%s', (_name, sent, shown) => {
    expect(DateTime.serialize(sent)).toBe(shown);
  });

  test.each([
    ['an empty text', ''],
    ['a word', 'yesterday'],
    ['a number', 12],
    ['an impossible date', '2026-13-45T99:00:00Z'],
    ['no Date', new Date(Number.NaN)],
  ])('%s -> an error that quotes it', (_name, sent) => {
    expect(() => DateTime.serialize(sent)).toThrow(/DateTime: expected a timestamp/);
  });

  test('a client sends one without a zone -> rejected, because it is ambiguous', () => {
    expect(() => DateTime.parseValue('2026-11-22T14:41:12')).toThrow(/with a zone/);
    expect(DateTime.parseValue('2026-11-22T14:41:12+01:00')).toBe('2026-11-22T13:41:12.000Z');
  });
});

describe('StringMap as an input', () => {
  const schema = echo();
  const ask = (source: string, variableValues?: Record<string, unknown>) =>
    graphql({ schema, source, ...(variableValues && { variableValues }) });

  test('as a literal, as a variable, and with a variable in a literal -> the same map', async () => {
    const expected = { data: { echo: { seed: 'rig', 'a b': "it's" } } };
    const map = { seed: 'rig', 'a b': "it's" };
    expect(await ask('query($map: StringMap) { echo(map: $map) }', { map })).toEqual(expected);
    expect(await ask('{ echo(map: {seed: "rig"}) }')).toEqual({ data: { echo: { seed: 'rig' } } });
    expect(await ask('query($v: String) { echo(map: {seed: $v}) }', { v: 'rig' })).toEqual({
      data: { echo: { seed: 'rig' } },
    });
  });

  test('an absent variable in a literal -> no field', async () => {
    expect(await ask('query($v: String) { echo(map: {a: "1", b: $v}) }', {})).toEqual({ data: { echo: { a: '1' } } });
  });

  test.each(['{a: 1}', '{a: null}', '{a: {b: "c"}}', '{a: ["b"]}', '["a"]', '"a"', '1'])(
    'the literal %s -> rejected',
    async (map) => {
      const { errors } = await ask(`{ echo(map: ${map}) }`);
      expect(errors?.[0]?.message).toMatch(/StringMap: expected/);
    },
  );

  test.each([[{ a: 1 }], [{ a: null }], [['a']], ['a'], [7]])('the variable %j -> rejected', async (map) => {
    const { errors } = await ask('query($map: StringMap) { echo(map: $map) }', { map });
    expect(errors?.[0]?.message).toMatch(/StringMap: expected/);
  });
});

function echo(): GraphQLSchema {
  const schema = buildSchema('scalar StringMap type Query { echo(map: StringMap): StringMap }');
  Object.assign(schema.getType('StringMap') as GraphQLScalarType, {
    serialize: StringMap.serialize,
    parseValue: StringMap.parseValue,
    parseLiteral: StringMap.parseLiteral,
  });
  const field = schema.getQueryType()?.getFields().echo;
  if (field) field.resolve = (_root, { map }) => map;
  return schema;
}
