import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { type ConsoleOptions, registerConsole } from '../../src/transport/console/page.ts';

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const SETTINGS = { CONSOLE: true, CONSOLE_LOGIN: false, GRAPHIQL: true, PUBLIC_URL: undefined };
const open: FastifyInstance[] = [];
const bundle = mkdtempSync(join(tmpdir(), 'console-'));
writeFileSync(join(bundle, 'manifest.json'), JSON.stringify({ script: 'main-1.js', style: 'main-1.css' }));
writeFileSync(join(bundle, 'main-1.js'), 'export {};');

async function listen(config: Partial<ConsoleOptions['config']> = {}): Promise<string> {
  const app = fastify();
  open.push(app);
  registerConsole(app, { config: { ...SETTINGS, ...config }, sandbox: null, bundle });
  return app.listen({ port: 0, host: '127.0.0.1' });
}

const get = (url: string, headers: Record<string, string> = HTML) => fetch(url, { headers, redirect: 'manual' });

afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()));
});

afterAll(() => rmSync(bundle, { recursive: true }));

test('a browser opens / -> a page with a strict policy, relative files and no token', async () => {
  const url = await listen();
  const response = await get(`${url}/`);
  expect(response.headers.get('content-security-policy')).toContain("script-src 'self'; style-src 'self';");
  expect(response.headers.get('content-security-policy')).not.toContain('unsafe');
  const page = await response.text();
  expect(page).toContain('src="console/assets/main-1.js"');
  expect(page).toContain('{"token":null,"sandbox":false,"hasLogin":false,"hasGraphiql":true}');
  expect((await get(`${url}/console/assets/main-1.js`)).headers.get('cache-control')).toContain('immutable');
});

test('a program opens / -> 404, as before', async () => {
  const url = await listen();
  expect((await get(`${url}/`, { accept: 'application/json' })).status).toBe(404);
  expect((await get(`${url}/`, { accept: '*/*' })).status).toBe(404);
});

test('CONSOLE is off -> 404 for browsers too', async () => {
  const url = await listen({ CONSOLE: false });
  expect((await get(`${url}/`)).status).toBe(404);
});

test('below a prefix, without the slash at the end -> a redirect to it, as files are relative', async () => {
  const url = await listen({ PUBLIC_URL: 'https://host.example/gateway' });
  const response = await get(`${url}/gateway`);
  expect([response.status, response.headers.get('location')]).toEqual([308, '/gateway/']);
});
