import { afterEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { createExecutor } from '../../src/graphql/execution/execute.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { createMemoryQuota } from '../../src/transport/subscription-memory.ts';
import { type SmallGateway, startTransports } from '../support/transports.ts';
import { until } from '../support/until.ts';
import { connect, type WsClient } from '../support/ws-client.ts';

/** The memory that subscriptions hold: a document of some kilobytes takes megabytes when it is parsed and compiled. */

let gateway: SmallGateway | null = null;
afterEach(async () => {
  await gateway?.close();
  gateway = null;
});

async function start(env: Record<string, string>): Promise<SmallGateway> {
  gateway = await startTransports({ WS_MAX_SUBSCRIPTIONS: '1000', ...env });
  return gateway;
}
const connectAs = ({ wsUrl }: SmallGateway, token: string) => connect(wsUrl, { 'X-Auth-Token': token });

const LONG = 'x'.repeat(2000);
let last = 0;

/** Whether a subscription to a document with this comment is accepted, as the log says. */
async function isAccepted(client: WsClient, comment: string, variables?: object): Promise<boolean> {
  const lines = () => (gateway?.probe.logged ?? []) as { operationName?: string; outcome?: string; code?: string }[];
  const ofOperation = () => lines().filter(({ operationName }) => operationName === 'S');
  const before = ofOperation().length;
  last += 1;
  client.subscribe(`S${last}`, `subscription S { never }\n#${comment}`, variables);
  const line = await until(() => ofOperation()[before]);
  if (line.outcome !== 'started') expect(line.code).toBe('LIMIT_EXCEEDED');
  return line.outcome === 'started';
}

/** Subscribes until one is rejected, at most 400 times; returns how many were accepted. */
async function subscribeUntilRejected(client: WsClient, comment: (number: number) => string, variables?: object) {
  let accepted = 0;
  while (accepted < 400 && (await isAccepted(client, comment(accepted), variables))) accepted += 1;
  return accepted;
}

describe('on one socket', () => {
  test('different documents -> LIMIT_EXCEEDED at WS_MAX_MEMORY_BYTES; one completes -> accepted', async () => {
    const client = await connectAs(await start({ WS_MAX_MEMORY_BYTES: '1000000' }), 'good');
    expect(await subscribeUntilRejected(client, (n) => LONG + n)).toBe(7);
    client.send({ type: 'complete', id: `S${last - 1}` });
    expect(await isAccepted(client, `${LONG}again`)).toBe(true);
    await client.close();
  });

  test('one document many times -> its text counts once', async () => {
    const client = await connectAs(await start({ WS_MAX_MEMORY_BYTES: '1000000' }), 'good');
    expect(await subscribeUntilRejected(client, () => LONG)).toBeGreaterThan(200);
    await client.close();
  });

  test('large variables -> LIMIT_EXCEEDED', async () => {
    const client = await connectAs(await start({ WS_MAX_MEMORY_BYTES: '1000000' }), 'good');
    const variables = { x: Array.from({ length: 5000 }, () => []) };
    expect(await subscribeUntilRejected(client, () => '', variables)).toBe(4);
    await client.close();
  });
});

test.each([
  ['a token', 'WS_MAX_MEMORY_BYTES_PER_TOKEN', 'good1'],
  ['the gateway', 'WS_MAX_MEMORY_BYTES_TOTAL', 'good2'],
])(
  'on several sockets, over the limit of %s -> LIMIT_EXCEEDED; a socket closes -> accepted',
  async (_whose, name, token) => {
    const started = await start({ [name]: '1000000' });
    const [first, second] = [await connectAs(started, 'good1'), await connectAs(started, token)];
    for (let n = 0; n < 4; n++) expect(await isAccepted(first, LONG + n)).toBe(true);
    expect(await subscribeUntilRejected(second, (n) => `${LONG}1${n}`)).toBe(3);
    await first.close();
    await until(() => isAccepted(second, `${LONG}2`));
    await second.close();
  },
);

const context = { requestId: 'req-1', log: pino({ level: 'silent' }) };
const newExecutor = () => createExecutor({ schema: createSchema(), config: readConfig({}) });
function parse(executor: ReturnType<typeof newExecutor>, source: string) {
  const parsed = executor.parseAndValidate(source, context);
  if ('errors' in parsed) throw parsed.errors[0];
  return parsed.document;
}

test('everything released -> nothing is counted any more', () => {
  const acquire = createMemoryQuota({ socket: 300_000, token: 300_000, total: 300_000 });
  const keys = { socket: 's', token: 't', total: '' };
  const document = parse(newExecutor(), `#${LONG}\n{ __typename }`);
  for (let times = 0; times < 10; times++) {
    const held = [1, 2, 3].map(() => acquire(keys, document, { a: 1 }));
    for (const one of held) {
      if ('exceeded' in one) throw new Error(`expected room, exceeded ${one.exceeded}`);
      one.release();
    }
  }
});

test('a document that a subscription holds -> the same object after the cache has evicted it', () => {
  const executor = newExecutor();
  const held = parse(executor, '{ __typename }');
  for (let n = 0; n < 1100; n++) parse(executor, `{ a${n}: __typename }`);
  expect(parse(executor, '{ __typename }')).toBe(held);
});
