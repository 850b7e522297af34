import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type CreateServerForIntegrationTests, defineIntegrationTestSuite } from '@apollo/server-integration-testsuite';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { expect, test } from '@jest/globals';
import { readConfig } from '../../src/config.ts';
import { createExecutor } from '../../src/graphql/execution/execute.ts';
import { DIFFERENCES } from '../support/apollo-suite-differences.ts';
import { startDoors } from '../support/transports.ts';

/** The suite asks at `/`, has no token, and compares whole errors: the path and a token are put in, our request ids taken out. */
async function startAtRoot(door: string) {
  const server = createServer((request, response) => {
    const url = door + (request.url ?? '').replace(/^[^?]*/, '');
    const headers = { ...request.headers, 'x-auth-token': 'good' };
    const passed = send(url, { method: request.method, headers }, async (answer) => {
      const body = (await text(answer)).replaceAll(/,"requestId":"req-[^"]*"/g, '');
      const length = { 'content-length': Buffer.byteLength(body) };
      response.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...length });
      response.end(body);
    });
    request.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

type Started = Awaited<ReturnType<CreateServerForIntegrationTests>>;

async function startDoor({
  schema,
  typeDefs,
  resolvers,
}: Parameters<CreateServerForIntegrationTests>[0]): Promise<Started> {
  const made = schema ?? makeExecutableSchema({ typeDefs: typeDefs ?? [], ...(resolvers && { resolvers }) });
  const executor = createExecutor({ schema: made, config: readConfig({ PORT: '0' }) });
  const gateway = await startDoors({}, { executor, makeContext: () => ({}) });
  const root = await startAtRoot(gateway.url);
  async function stop(): Promise<void> {
    root.server.closeAllConnections();
    root.server.close();
    await gateway.close();
  }
  // all that the suite does with a server
  return { url: root.url, server: { stop } as unknown as Started['server'] };
}

/** As jest-circus keeps what is going to run; nothing that it exports lets some cases of a suite be left out. */
interface Entry {
  readonly type: 'describeBlock' | 'test';
  readonly name: string;
  readonly parent: { readonly name: string };
  children: Entry[];
}

/** Takes the cases of these names away; gives the names that none has. */
function leaveOut(names: ReadonlySet<string>): string[] {
  const symbol = Object.getOwnPropertySymbols(globalThis).find(
    ({ description }) => description === 'JEST_STATE_SYMBOL',
  );
  const { rootDescribeBlock } = Reflect.get(globalThis, symbol ?? '') as { rootDescribeBlock: Entry };
  const found = new Set<string>();
  function takeFrom(group: Entry): void {
    group.children = group.children.filter(({ type, name, parent }) => {
      const whole = `${parent.name} > ${name}`;
      if (type !== 'test' || !names.has(whole)) return true;
      found.add(whole);
      return false;
    });
    for (const child of group.children) if (child.type === 'describeBlock') takeFrom(child);
  }
  takeFrom(rootDescribeBlock);
  return [...names].filter((name) => !found.has(name));
}

defineIntegrationTestSuite(startDoor, { noIncrementalDelivery: true });
const unknown = leaveOut(new Set(Object.values(DIFFERENCES).flat()));

test('each case that is left out by name -> is one of the suite', () => {
  expect(unknown).toEqual([]);
});
