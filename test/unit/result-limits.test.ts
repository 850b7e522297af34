import { describe, expect, test } from '@jest/globals';
import { type ExecutionResult, parse } from 'graphql';
import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { createExecutor } from '../../src/graphql/execution/execute.ts';
import { costOf } from '../../src/graphql/limits/cost.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { record } from '../support/attachment-records.ts';

const ID = '5e7ae700-0000-4000-8000-000000000001';
const SERVERS = 200;
/** Each level multiplies the result by the number of servers. */
const NESTED = `{ share(id: "${ID}") { serversAttached(first: 200) { server { sharesAttached(first: 200) { share {
  serversAttached(first: 200) { server { sharesAttached(first: 200) { share { accessRules(first: 200) { id } } } } } } } } } } }`;

const schema = createSchema();
const errorContext = { requestId: 'req-1', log: pino({ level: 'silent' }) };
const executorOf = (env: Record<string, string>) =>
  createExecutor({ schema, config: { ...readConfig(env), MAX_COST: Number.POSITIVE_INFINITY } });

const attachments = Array.from({ length: SERVERS }, (_, i) => record({ serverId: `server-${i}`, shareId: ID }));
const rules = Array.from({ length: SERVERS }, (_, i) => ({ id: `rule-${i}`, access_type: 'ip', access_to: 'a' }));

/** One share that is attached to 200 servers. */
const oneShare = (share: object = {}) => ({
  loaders: {
    share: { load: async () => ({ id: ID, status: 'available', ...share }) },
    server: { load: async (id: string) => ({ id, status: 'ACTIVE' }) },
    attachmentsOfShare: { load: async () => attachments },
    attachmentsOfServer: { load: async () => attachments.slice(0, 1) },
    accessRules: { load: async () => rules },
  },
});

/** Executes an operation several times: first by graphql-js, from the third time on compiled. */
async function results(executor: ReturnType<typeof createExecutor>, source: string, context: object) {
  const parsed = executor.parseAndValidate(source, errorContext);
  if ('errors' in parsed) throw parsed.errors[0];
  const all: ExecutionResult[] = [];
  for (let uses = 0; uses < 4; uses++) {
    all.push(await executor.execute({ ...parsed, ...errorContext, context }));
    await new Promise(setImmediate);
  }
  return all;
}

const shown = ({ data, errors = [] }: ExecutionResult) => [
  data,
  ...errors.map((one) => [one.extensions.code, one.message]),
];

describe('limits on the result, in plain and in compiled execution', () => {
  test('more objects than MAX_RESULT_OBJECTS -> LIMIT_EXCEEDED, and no field is resolved after it', async () => {
    let resolved = 0;
    const context = oneShare();
    const server = { load: async (id: string) => ({ id: `${id}${++resolved && ''}`, status: 'ACTIVE' }) };
    const executor = executorOf({ MAX_RESULT_OBJECTS: '1000' });
    const all = await results(executor, NESTED, { loaders: { ...context.loaders, server } });
    const message = 'Result limit of 1000 objects exceeded: ask for fewer fields, or a smaller `first`';
    expect(all.map(shown)).toEqual(Array(4).fill([null, ['LIMIT_EXCEEDED', message]]));
    expect(resolved).toBeLessThan(4 * 1000);
  });

  test('as many objects as MAX_RESULT_OBJECTS -> the result', async () => {
    const source = `{ share(id: "${ID}") { serversAttached(first: 99) { id } } }`;
    const all = await results(executorOf({ MAX_RESULT_OBJECTS: '100' }), source, oneShare());
    expect(all.map(({ errors }) => errors)).toEqual(Array(4).fill(undefined));
    const [one] = await results(executorOf({ MAX_RESULT_OBJECTS: '100' }), source.replace('99', '100'), oneShare());
    expect(one?.errors?.[0]?.extensions.code).toBe('LIMIT_EXCEEDED');
  });

  test.each([
    ['a long text', { description: 'x'.repeat(6000) }, 'description'],
    [
      'a large map',
      { metadata: Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`key-${i}`, 'x'.repeat(100)])) },
      'metadata',
    ],
  ])('%s twice is more than MAX_RESULT_BYTES -> LIMIT_EXCEEDED', async (_name, share, field) => {
    const executor = executorOf({ MAX_RESULT_BYTES: '10000' });
    const once = await results(executor, `{ share(id: "${ID}") { ${field} } }`, oneShare(share));
    expect(once.map(({ errors }) => errors)).toEqual(Array(4).fill(undefined));
    const twice = await results(executor, `{ share(id: "${ID}") { ${field} again: ${field} } }`, oneShare(share));
    const message = 'Result limit of 10000 bytes exceeded: ask for fewer fields, or a smaller `first`';
    expect(twice.map(shown)).toEqual(Array(4).fill([null, ['LIMIT_EXCEEDED', message]]));
  });

  test('a result that takes longer than the deadline -> UPSTREAM_TIMEOUT, while other work goes on', async () => {
    let ticks = 0;
    let isDone = false;
    const count = () => {
      ticks++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const executor = executorOf({
      MAX_RESULT_OBJECTS: '100000000',
      MAX_RESULT_BYTES: '1000000000',
      REQUEST_TIMEOUT_MS: '100',
    });
    const all = await results(executor, NESTED, oneShare());
    isDone = true;
    expect(all.map(shown)).toEqual(
      Array(4).fill([null, ['UPSTREAM_TIMEOUT', 'The operation took longer than 100 ms']]),
    );
    expect(ticks).toBeGreaterThan(4);
  });
});

describe('the cost of lists', () => {
  const cost = (source: string, variables = {}) => {
    const document = parse(source);
    const operation = document.definitions[0];
    if (operation?.kind !== 'OperationDefinition') throw new Error('no operation');
    return costOf({ schema, document, operation, variables });
  };

  test.each([
    ['a connection', 'servers', 'nodes { id }', 50],
    ['sharesAttached', `server(id: "${ID}") { sharesAttached`, 'id', 50],
    ['serversAttached', `share(id: "${ID}") { serversAttached`, 'id', 50],
    ['accessRules of a share', `share(id: "${ID}") { accessRules`, 'id', 50],
    ['accessRules of an attachment', `shareAttachment(serverId: "${ID}", shareId: "${ID}") { accessRules`, 'id', 16],
  ])('%s -> what `first` allows; absent or null: its default', (_name, field, inner, preset) => {
    const close = field.includes('{') ? '}' : '';
    const of = (args: string, variables = {}) =>
      cost(`query ($v: Int) { ${field}${args} { ${inner} } ${close} }`, variables);
    const step = of('(first: 8)') - of('(first: 7)');
    const preset_ = of('(first: 7)') + (preset - 7) * step;
    expect(step).toBeGreaterThan(0);
    expect([of(''), of('(first: null)'), of('(first: $v)'), of('(first: $v)', { v: null })]).toEqual(
      Array(4).fill(preset_),
    );
  });

  test('lists in lists -> multiplied, so such a query is over MAX_COST', async () => {
    expect(cost(NESTED)).toBeGreaterThan(200 ** 5);
    const source = NESTED.replaceAll('(first: 200)', '');
    expect(cost(source)).toBeGreaterThan(50 ** 5);
    const [result] = await results(createExecutor({ schema, config: readConfig({}) }), source, oneShare());
    expect(result?.errors?.[0]).toMatchObject({
      message: expect.stringMatching(/^Cost limit of 2000000 exceeded, found/),
      extensions: { code: 'LIMIT_EXCEEDED' },
    });
  });
});
