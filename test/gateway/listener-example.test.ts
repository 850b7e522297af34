import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';

/** examples/listener.mjs against the gateway. test/chaos/listeners.test.ts also cuts its connection. */

const ATTACH = `mutation ($serverId: ID!, $shareId: ID!) {
  attachShare(input: { serverId: $serverId, shareId: $shareId }) { attachment { id } }
}`;

let gateway: TestGateway;
let directory: string;
let cursorFile: string;
let stop: () => void;

beforeEach(async () => {
  gateway = await startGateway({ env: { EVENT_LOG_LENGTH: '10' } });
  directory = mkdtempSync(join(tmpdir(), 'listener-example-'));
  cursorFile = join(directory, 'cursor');
  stop = () => undefined;
});

afterEach(async () => {
  stop();
  rmSync(directory, { recursive: true });
  await gateway.close();
});

function start(args: readonly string[], token: string) {
  const program = spawn(process.execPath, ['examples/listener.mjs', ...args], {
    env: { ...process.env, OS_TOKEN: token },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  stop = () => void program.kill('SIGKILL');
  const events: { cursor: string; type: string; attachment: { id: string } }[] = [];
  createInterface({ input: program.stdout }).on('line', (line) => void events.push(JSON.parse(line)));
  const exit = once(program, 'exit').then(([code]) => code as number);
  return { events, exit, stderr: text(program.stderr) };
}

let servers = 0;
async function attach() {
  const fixedIps = [`10.10.2.${++servers}`];
  const server = gateway.sandbox.addServer({ ports: [{ network: 'private', fixedIps }] });
  const share = gateway.sandbox.addShare();
  const { errors } = await gateway.query(ATTACH, { serverId: server.id, shareId: share.id });
  expect(errors).toBeUndefined();
  return `${server.id}:${share.id}`;
}

test('no cursor file -> the listener begins at the end of the log, and stores each cursor that it has printed', async () => {
  await attach();
  const { events } = start([gateway.wsUrl, cursorFile], gateway.token);
  await until(() => existsSync(cursorFile) && readFileSync(cursorFile, 'utf8').includes('-'));
  await attach();
  await until(() => events.some(({ type }) => type === 'ATTACHED'));
  await until(() => readFileSync(cursorFile, 'utf8') === events.at(-1)?.cursor);
});

test('a cursor that the log no longer has -> the listener begins again at the cursor of the list', async () => {
  for (let i = 0; i < 10; i++) await attach();
  await until(
    async () =>
      (await gateway.query('{ shareAttachments(filter: { status: ATTACHING }) { nodes { id } } }')).data
        .shareAttachments.nodes.length === 0,
  );
  writeFileSync(cursorFile, '1-1');
  const { events } = start([gateway.wsUrl, cursorFile], gateway.token);
  await until(() => readFileSync(cursorFile, 'utf8') !== '1-1');
  const id = await attach();
  await until(() => events.some(({ type, attachment }) => type === 'ATTACHED' && attachment.id === id));
  expect(new Set(events.map(({ attachment }) => attachment.id))).toEqual(new Set([id]));
});

test('an invalid token -> exit status 1, and the reason', async () => {
  const { exit, stderr } = start([gateway.wsUrl, cursorFile], 'no-such-token');
  expect(await exit).toBe(1);
  expect(await stderr).toMatch(/^The token is not valid: .*Keystone/);
});

test('an argument is missing -> exit status 2, and the usage', async () => {
  const { exit, stderr } = start([gateway.wsUrl], gateway.token);
  expect(await exit).toBe(2);
  expect(await stderr).toMatch(/^Usage: /);
});
