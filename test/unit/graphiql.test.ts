import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { parse, validate } from 'graphql';
import { examples } from '../../src/transport/graphiql/examples.ts';
import { type GraphiqlOptions, registerGraphiql } from '../../src/transport/graphiql/page.ts';

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const SANDBOX = { token: () => '</script><b>', serverId: 'a server', stoppedServerId: 'another', shareId: 'a share' };
const open: FastifyInstance[] = [];
const bundle = mkdtempSync(join(tmpdir(), 'graphiql-'));
writeFileSync(join(bundle, 'manifest.json'), JSON.stringify({ script: 'main-1.js', style: 'main-1.css' }));
writeFileSync(join(bundle, 'main-1.js'), 'export {};');

/** A server that responds to every GET with JSON, with GraphiQL in front of it. */
async function listen(options: Partial<GraphiqlOptions> = {}): Promise<string> {
  const app = fastify();
  open.push(app);
  const settings = { GRAPHIQL: true, CONSOLE: true, CONSOLE_LOGIN: false };
  registerGraphiql(app, { config: settings, sandbox: null, bundle, ...options });
  app.get('/graphql', async () => ({ api: true }));
  return app.listen({ port: 0, host: '127.0.0.1' });
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()));
});

afterAll(() => rmSync(bundle, { recursive: true }));

test('a browser opens /graphql -> a page that loads nothing from other origins, is not stored and not framed', async () => {
  const url = await listen();
  const { status, headers } = await fetch(`${url}/graphql`, { headers: HTML });
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'; script-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
});

test.each([
  ['an operation in the URL', '/graphql?query=%7Bviewer%7Buser%7Bname%7D%7D%7D', HTML],
  ['a program that accepts JSON', '/graphql', { accept: 'application/json' }],
  ['a program that accepts anything', '/graphql', { accept: '*/*' }],
])('%s -> left to the API', async (_who, path, headers) => {
  const url = await listen();
  const response = await fetch(url + path, { headers });
  expect(await response.json()).toEqual({ api: true });
});

test('GraphiQL is switched off -> the browser gets the response of the API', async () => {
  const url = await listen({ config: { GRAPHIQL: false, CONSOLE: true, CONSOLE_LOGIN: false } });
  const response = await fetch(`${url}/graphql`, { headers: HTML });
  expect(await response.json()).toEqual({ api: true });
});

test('the page loads its script -> cached for a year, since its name changes with its content', async () => {
  const url = await listen();
  const page = await (await fetch(`${url}/graphql`, { headers: HTML })).text();
  expect(page).toContain('src="graphql/assets/main-1.js"');
  const script = await fetch(`${url}/graphql/assets/main-1.js`);
  expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(script.headers.get('content-type')).toContain('javascript');
  expect(await script.text()).toBe('export {};');
});

test('a path outside the bundle -> not found', async () => {
  const url = await listen();
  const response = await fetch(`${url}/graphql/assets/..%2f..%2fpackage.json`);
  expect([400, 403, 404]).toContain(response.status);
});

test('the page is not built -> it says how to build it', async () => {
  const url = await listen({ bundle: join(bundle, 'nowhere') });
  const response = await fetch(`${url}/graphql`, { headers: HTML });
  expect(await response.text()).toContain('npm run build');
});

test('on a real cloud -> no token in the page', async () => {
  const url = await listen();
  const page = await (await fetch(`${url}/graphql`, { headers: HTML })).text();
  expect(page).toContain('{"token":null,"sandbox":false,');
});

test('a token with markup in it -> stays text in the page', async () => {
  const url = await listen({ sandbox: SANDBOX });
  const text = await (await fetch(`${url}/graphql`, { headers: HTML })).text();
  expect(text).toContain('\\u003c/script>\\u003cb>');
  expect(text).not.toContain('</script><b>');
});

test('the examples, with and without the sandbox -> valid in the schema', () => {
  const schema = makeExecutableSchema({
    typeDefs: readdirSync('schema').map((name) => readFileSync(`schema/${name}`, 'utf8')),
  });
  const shown = examples({ serverId: 's', stoppedServerId: 'u', shareId: 't' });
  expect(shown.flatMap(({ query }) => validate(schema, parse(query)))).toEqual([]);
  expect(shown.flatMap(({ variables }) => (variables ? [JSON.parse(variables)] : []))).toEqual([
    { filter: { name: 'web-01' } },
    { input: { serverId: 's', shareId: 't', mountPoint: '/mnt/share' } },
    { input: { serverId: 's', shareId: 't' } },
    { input: { serverId: 's', shareId: 't' } },
    { input: { serverId: 'u', shareId: 't', mountPoint: '/mnt/data', via: 'VIRTIOFS', tag: 'data' } },
    { input: { serverId: 'u' } },
    { input: { attachments: [{ serverId: 's', shareId: 't' }] } },
    { serverId: 's' },
    { address: '10.10.0.11' },
    { input: { name: 'my-share', sizeGib: 1, protocol: 'NFS' } },
    { input: { shareId: 't', sizeGib: 200 } },
    { input: { shareId: 't', name: 'before' } },
    { input: { shareId: 't', detach: true } },
  ]);
  expect(examples(null).map(({ query }) => query)).toEqual(shown.map(({ query }) => query));
});
