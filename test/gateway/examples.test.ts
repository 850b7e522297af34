import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { REJECTED_ADDRESS } from '../../src/sandbox/index.ts';
import { needPrograms } from '../support/debian.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

/** The examples that are not JavaScript, against the gateway. */

const PYTHON = '/usr/bin/python3';
const ATTACH = `mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id } } }`;

let gateway: TestGateway;
let stop: () => void = () => undefined;

beforeAll(async () => {
  needPrograms({
    ...{ curl: '/usr/bin/curl', jq: '/usr/bin/jq', python3: PYTHON },
    'python3-websockets': '/usr/lib/python3/dist-packages/websockets/__init__.py',
  });
  gateway = await startGateway({ env: { EVENT_LOG_LENGTH: '10' } });
});
afterEach(() => stop());
afterAll(() => gateway.close());

function run(program: string, args: readonly string[], token = gateway.token) {
  const env = { ...process.env, OS_TOKEN: token };
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  stop = () => void child.kill('SIGKILL');
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => void lines.push(line));
  const ended = once(child, 'close').then(([code]) => code as number);
  return { lines, ended, stderr: text(child.stderr) };
}

let count = 0;
function aPair(address = `10.10.3.${++count}`) {
  const server = gateway.sandbox.addServer({ ports: [{ network: 'private', fixedIps: [address] }] });
  return { serverId: server.id, shareId: gateway.sandbox.addShare().id };
}

async function attach(): Promise<string> {
  const input = aPair();
  const { errors } = await gateway.query(ATTACH, { input });
  expect(errors).toBeUndefined();
  return `${input.serverId}:${input.shareId}`;
}

describe('attach.sh', () => {
  const attachBy = ({ serverId, shareId }: ReturnType<typeof aPair>, token?: string) =>
    run('examples/attach.sh', [gateway.url, serverId, shareId, '/mnt/data'], token);

  test('a server and a share -> the mount commands, once the guest can mount', async () => {
    const { lines, ended, stderr } = attachBy(aPair());
    expect([await ended, await stderr]).toEqual([0, '']);
    expect(lines.join('\n')).toMatch(/mount -t nfs .* \/mnt\/data/);
  });

  test('Manila cannot grant access -> exit status 1, and the fault', async () => {
    const { lines, ended, stderr } = attachBy(aPair(REJECTED_ADDRESS));
    expect([await ended, lines]).toEqual([1, []]);
    expect(await stderr).toMatch(/^RULE_ERROR: /);
  });

  test('an unknown server, an invalid token -> exit status 1, and the code', async () => {
    const unknown = attachBy({ ...aPair(), serverId: '00000000-0000-4000-8000-000000000000' });
    expect([await unknown.ended, (await unknown.stderr).split(':')[0]]).toEqual([1, 'NOT_FOUND']);
    const invalid = attachBy(aPair(), 'no-such-token');
    expect([await invalid.ended, (await invalid.stderr).split(':')[0]]).toEqual([1, 'UNAUTHENTICATED']);
  });
});

describe('listener.py', () => {
  let directory: string;
  let proxy: TcpProxy;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'listener-py-'));
    proxy = await startTcpProxy(Number(new URL(gateway.url).port));
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true });
    await proxy.close();
  });

  test('events are printed once and in order, across a lost connection and a restart', async () => {
    const cursorFile = join(directory, 'cursor');
    const url = `ws://127.0.0.1:${proxy.port}/graphql`;
    const first = run(PYTHON, ['examples/listener.py', url, cursorFile]);
    await until(() => existsSync(cursorFile) && readFileSync(cursorFile, 'utf8').includes('-'));
    const ids = [await attach()];
    const attached = (lines: readonly string[]) =>
      lines.map((line) => JSON.parse(line)).flatMap((one) => (one.type === 'ATTACHED' ? [one.attachment.id] : []));
    await until(() => attached(first.lines).length === 1);
    proxy.cut();
    ids.push(await attach());
    await until(() => attached(first.lines).length === 2);
    stop();
    await first.ended;
    ids.push(await attach());
    const second = run(PYTHON, ['examples/listener.py', url, cursorFile]);
    await until(() => attached(second.lines).length === 1);
    expect([...attached(first.lines), ...attached(second.lines)]).toEqual(ids);
    const cursors = [...first.lines, ...second.lines].map((line) => JSON.parse(line).cursor);
    expect(new Set(cursors).size).toBe(cursors.length);
  });

  test('a cursor that the log no longer has -> begins again at the end of the log', async () => {
    for (let i = 0; i < 10; i++) await attach();
    const cursorFile = join(directory, 'expired');
    writeFileSync(cursorFile, '1-1');
    run(PYTHON, ['examples/listener.py', gateway.wsUrl, cursorFile]);
    await until(() => existsSync(cursorFile) && readFileSync(cursorFile, 'utf8') !== '1-1');
  });

  test('an invalid token -> exit status 1, and the reason', async () => {
    const { ended, stderr } = run(
      PYTHON,
      ['examples/listener.py', gateway.wsUrl, join(directory, 'x')],
      'no-such-token',
    );
    expect(await ended).toBe(1);
    expect(await stderr).toMatch(/^The token is not valid: .*Keystone/);
  });
});
