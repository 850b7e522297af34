import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { DEMO, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { buildGateway, type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { until } from '../support/until.ts';

/** Unhandled rejections and uncaught exceptions, in the process as users run it. */

let sandbox: Sandbox;
let gateway: GatewayProcess | null;

beforeAll(buildGateway, 60_000);
beforeEach(async () => {
  gateway = null;
  sandbox = await startSandbox();
});
afterEach(async () => {
  await gateway?.kill();
  await sandbox.close();
});

const start = async (settings: Record<string, string> = {}) => {
  gateway = await startGatewayProcess({ OS_AUTH_URL: sandbox.authUrl, LOG_LEVEL: 'error', ...settings });
  return gateway;
};

/** The gateway's own log, entry by entry. */
const logOf = ({ lines }: GatewayProcess) =>
  lines.flatMap((line) =>
    line.startsWith('{') ? [JSON.parse(line) as { level: number; msg: string; err: Error }] : [],
  );

async function ask({ graphiql }: GatewayProcess, query: string) {
  const response = await fetch(graphiql, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-auth-token': sandbox.issueToken('demo') },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as { data: unknown; errors?: unknown };
}

test('Nova omits fields of some servers -> null in their place, no rejected promise is left behind, and the process goes on', async () => {
  const running = await start();
  const server = (id: string, more: object) => ({ id, name: 'a', status: 'ACTIVE', metadata: {}, links: [], ...more });
  const servers = [
    server(DEMO.serverId, { created: '2025-01-01T00:00:00Z' }),
    server(DEMO.twoNetworkServerId, { tenant_id: 'p' }),
  ];
  const fault = sandbox.faults.add({
    ...{ service: 'nova', path: /^\/servers\/detail$/, kind: 'status', status: 200 },
    body: { servers },
  });
  const query = '{ servers { nodes { createdAt sharesAttached { id } projectId } } }';
  const nodes = [
    { createdAt: '2025-01-01T00:00:00.000Z', sharesAttached: [], projectId: null },
    { createdAt: null, sharesAttached: [], projectId: 'p' },
  ];
  // by graphql-js first, then compiled
  for (let i = 0; i < 4; i++) expect(await ask(running, query)).toEqual({ data: { servers: { nodes } } });
  expect(logOf(running).filter(({ msg }) => msg === 'unhandled rejection')).toEqual([]);
  fault.remove();
  expect((await ask(running, query)).errors).toBeUndefined();
});

/** A module that runs code on a signal. */
const onSignal = (code: string) => `--import=data:text/javascript,process.on('SIGUSR2',()=>{${code}})`;

test('an unhandled rejection -> in the log with its stack, and the process goes on', async () => {
  const running = await start({ NODE_OPTIONS: onSignal("Promise.reject(new(Error)('unhandled'))") });
  running.send('SIGUSR2');
  const line = await until(() => logOf(running).find(({ msg }) => msg === 'unhandled rejection'));
  expect(line).toMatchObject({ level: 50, err: { message: 'unhandled', stack: expect.stringContaining('data:') } });
  expect(await ask(running, '{ viewer { project { name } } }')).toEqual({
    data: { viewer: { project: { name: 'demo' } } },
  });
  expect(await running.stop()).toBe(0);
});

test('an uncaught exception -> in the log with its stack, and the process ends', async () => {
  const running = await start({ NODE_OPTIONS: onSignal("throw(new(Error)('broken'))") });
  running.send('SIGUSR2');
  expect(await running.ended).toBe(1);
  expect(logOf(running).at(-1)).toMatchObject({
    ...{ level: 60, msg: 'uncaught exception: the process ends' },
    err: { message: 'broken', stack: expect.stringContaining('data:') },
  });
});

test('a Node.js that is too old -> says which is needed, and ends', () => {
  const older = 'Object.defineProperty(process,"versions",{value:{...process.versions,node:"18.20.4"}})';
  const { status, stderr } = spawnSync(process.execPath, [`--import=data:text/javascript,${older}`, 'dist/main.js'], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([1, 'Node.js 20.19 or later is needed, this is 18.20.4\n']);
});

test('without the development dependencies and with a build -> npm start starts it', () => {
  const { status, stdout } = spawnSync(process.execPath, ['scripts/build.mjs'], {
    cwd: withoutDevelopmentDependencies(),
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([0, '']);
});

/** A folder with the build and its script, as npm ci --omit=dev leaves it. */
function withoutDevelopmentDependencies(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  cpSync('scripts', join(folder, 'scripts'), { recursive: true });
  mkdirSync(join(folder, 'dist'));
  cpSync('dist/main.js', join(folder, 'dist/main.js'));
  return folder;
}
