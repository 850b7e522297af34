/** What reads the schema from the gateway and generates code: Relay's compiler, and codegen's client preset. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import relay from 'relay-runtime';
import { signIn, startGateway } from './gateway.mjs';

const HERE = new URL('.', import.meta.url).pathname;
let gateway;
let folder;
before(async () => {
  gateway = await startGateway();
  // inside this folder, so that what is generated finds its packages
  folder = mkdtempSync(join(HERE, 'generated-'));
});
after(() => {
  gateway?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

function run(program, args, cwd) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(HERE, 'node_modules', program), ...args], {
    cwd,
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${program}:\n${stdout}${stderr}`);
}

test('Relay: a fragment on Server with @refetchable, and pages with @connection -> compiled, fetched and refetched', async () => {
  const work = join(folder, 'relay');
  mkdirSync(join(work, '__generated__'), { recursive: true });
  writeFileSync(join(work, 'schema.graphql'), await (await fetch(`${gateway.url}/schema`)).text());
  writeFileSync(join(work, 'package.json'), '{"type": "module"}');
  cpSync(join(HERE, 'relay', 'servers.js'), join(work, 'servers.js'));
  const config = {
    src: '.',
    schema: './schema.graphql',
    language: 'javascript',
    eagerEsModules: true,
    artifactDirectory: './__generated__',
    customScalarTypes: { DateTime: 'string', StringMap: 'mixed' },
  };
  writeFileSync(join(work, 'relay.config.json'), JSON.stringify(config));
  run('relay-compiler/cli.js', ['relay.config.json'], work);

  const headers = { 'content-type': 'application/json', 'x-auth-token': await signIn(gateway.keystone) };
  const { Environment, Network, RecordSource, Store, fetchQuery, getRequest, createOperationDescriptor } = relay;
  const environment = new Environment({
    store: new Store(new RecordSource()),
    network: Network.create(async ({ text }, variables) => {
      const body = JSON.stringify({ query: text, variables });
      return await (await fetch(gateway.url, { method: 'POST', headers, body })).json();
    }),
  });
  const artifact = async (name) => (await import(join(work, '__generated__', `${name}.graphql.js`))).default;
  const list = await artifact('serversListQuery');
  await fetchQuery(environment, list, { count: 3 }).toPromise();
  const records = () => environment.getStore().getSource();
  const servers = () =>
    records()
      .getRecordIDs()
      .filter((id) => records().get(id)?.__typename === 'Server');
  assert.equal(servers().length, 3);
  const refetch = await artifact('ServerRefetchQuery');
  const [id] = servers();
  await fetchQuery(environment, refetch, { id }, { fetchPolicy: 'network-only' }).toPromise();
  const operation = createOperationDescriptor(getRequest(refetch), { id });
  assert.equal(environment.check(operation).status, 'available');
  assert.match(records().get(id).name, /\w/);
});

test('codegen’s client preset: the schema from the gateway -> documents that TypeScript checks', () => {
  const work = join(folder, 'typed');
  cpSync(join(HERE, 'typed'), work, { recursive: true });
  const config = {
    schema: `${gateway.url}/schema.graphql`,
    documents: ['queries.ts'],
    generates: {
      './gql/': {
        preset: 'client',
        config: { scalars: { DateTime: 'string', StringMap: 'Record<string, string>' }, useTypeImports: true },
      },
    },
  };
  writeFileSync(join(work, 'codegen.json'), JSON.stringify(config));
  run('@graphql-codegen/cli/esm/bin.js', ['--config', 'codegen.json'], work);
  run('typescript/bin/tsc', ['-p', 'tsconfig.json'], work);
});
