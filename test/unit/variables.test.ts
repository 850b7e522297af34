import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { createExecutor } from '../../src/graphql/execution/execute.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { plainContext } from '../support/graph.ts';

const executor = createExecutor({ schema: createSchema(), config: readConfig({}) });
const errorContext = { requestId: 'req-1', log: pino({ level: 'silent' }) };
const tick = () => new Promise(setImmediate);

/** Executes an operation several times: from the third time on it is compiled, if it can be. */
async function results(source: string, variables: Record<string, unknown>) {
  const parsed = executor.parseAndValidate(source, errorContext);
  if ('errors' in parsed) throw parsed.errors[0];
  const all = [];
  for (let uses = 0; uses < 4; uses++) {
    all.push(await executor.execute({ ...parsed, ...errorContext, variables, context: plainContext() }));
    await tick();
  }
  return all.map(({ data, errors }) => JSON.parse(JSON.stringify({ data, errors })));
}

describe('names of variables that JavaScript gives a meaning', () => {
  test.each(['__proto__', '__defineGetter__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
    '$%s -> its value in every execution, its default when it is absent',
    async (name) => {
      const source = `query ($${name}: Int = 3) { servers(first: $${name}) { pageInfo { endCursor } } }`;
      const first = (value: number) => ({ data: { servers: { pageInfo: { endCursor: `{"first":${value}}` } } } });
      expect(await results(source, JSON.parse(`{"${name}": 6}`))).toEqual(Array(4).fill(first(6)));
      expect(await results(source, {})).toEqual(Array(4).fill(first(3)));
    },
  );

  test('$__proto__ in @skip -> decides in every execution', async () => {
    const source = 'query ($__proto__: Boolean!) { viewer { user { id } roles @skip(if: $__proto__) } }';
    const all = await results(source, JSON.parse('{"__proto__": true}'));
    expect(all).toEqual(Array(4).fill({ data: { viewer: { user: { id: 'u' } } } }));
  });
});

describe('variables nested deeper than the call stack', () => {
  const deep = (open: string, close: string) => JSON.parse(`${open.repeat(20_000)}1${close.repeat(20_000)}`) as unknown;

  test.each([
    ['lists in an Int', 'query ($v: Int) { servers(first: $v) { nodes { id } } }', deep('[', ']')],
    [
      'objects in a StringMap',
      'query ($v: StringMap) { shares(filter: {metadata: $v}) { totalCount } }',
      deep('{"a":', '}'),
    ],
    [
      'lists in an enum list',
      'query ($v: [ServerStatus!]) { servers(filter: {status: $v}) { nodes { id } } }',
      deep('[', ']'),
    ],
    ['lists in an unused variable', '{ servers { nodes { id } } }', deep('[', ']')],
  ])('%s -> BAD_USER_INPUT', async (_name, source, v) => {
    const [result] = await results(source, { v });
    expect(result.data).toBeUndefined();
    expect(result.errors[0]).toMatchObject({
      message: 'variables: expected at most 32 levels of objects and lists',
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });
});
