import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { ask, type Bindings, compare, type Exchange, PROJECTS, readExchanges, translate } from './recorded.ts';

/** Nova's own share attachments, compared with a recorded cloud. The test runs each step of the sandbox's work itself. */

/** Longer than any test, in ms. */
const NEVER = 1_000_000_000;
const MAX_STEPS = 10;
const IMAGE = 'a61e1d8d-f0f6-4175-876f-2cea42344211';
const SERVER = 'da951bbb-6d79-490d-b883-e994599872b3';
const CEPHFS = 'ad58c9bc-ca98-423b-bfc8-f23ce8aa43b3';

let sandbox: Sandbox;
let tokens: Record<string, string>;
const bindings: Bindings = new Map([...PROJECTS, ['demo-net', 'private']]);

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 'empty', accessDelayMs: NEVER });
  const users = ['demo', 'reader', 'other', 'admin', 'gateway'];
  tokens = Object.fromEntries(users.map((user) => [user, sandbox.issueToken(user)]));
  sandbox.addServer({
    id: SERVER,
    name: 'transcript-1',
    flavor: { id: '42', name: 'm1.nano', vcpus: 1, ram: 64, disk: 1 },
    imageId: IMAGE,
    ports: [{ network: 'private', fixedIps: ['10.10.1.156'] }],
  });
  for (const id of ['d37102c1-3343-402d-a626-f7d796a6d57a', '7f17991d-ef66-4808-9df1-56a1104daad2']) {
    sandbox.addShare({ id });
  }
  sandbox.addShare({ id: '51afa375-d0a1-4a84-bbff-c45c237878b8', protocol: 'CIFS' });
  sandbox.addShare({ id: '93e24dd0-f69d-4139-8d1f-0ff461a5e450', project: 'other' });
  sandbox.addShare({ id: CEPHFS, protocol: 'CEPHFS' });
  const updatedAt = Date.now();
  const cephx = { accessType: 'cephx', accessKey: 'key', updatedAt };
  sandbox.addRule(CEPHFS, { ...cephx, accessTo: 'alice' });
  sandbox.addRule(CEPHFS, { ...cephx, accessTo: 'bobby', accessLevel: 'ro' });
  sandbox.addRule(CEPHFS, { accessType: 'ip', accessTo: '10.10.0.7', state: 'error', updatedAt });
});

afterAll(() => sandbox.close());

/** Requests that were not recorded, and steps that the recorded cloud took, before an exchange. */
const BEFORE: Record<string, () => Promise<void>> = {
  '001-list-empty': async () => {
    await send('POST', '/action', { 'os-stop': null });
    sandbox.step();
  },
  '055-manila-rules-after-detach': async () => sandbox.step(),
  '059-manila-rules-after-server-delete': async () => {
    await send('DELETE', '');
    for (let steps = 0; steps < MAX_STEPS; steps++) sandbox.step();
  },
};

async function send(method: string, path: string, body?: unknown): Promise<void> {
  await fetch(`${sandbox.url}/compute/v2.1/servers/${SERVER}${path}`, {
    method,
    headers: {
      'x-auth-token': tokens['demo'] ?? '',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** What a poll waits for: the status of the response, and of the server or share in it. */
function progressOf({ status, body }: { status: number; body: unknown }): string {
  const { server, share } = (body ?? {}) as Record<string, { status?: string } | undefined>;
  return `${status} ${server?.status ?? share?.status ?? ''}`;
}

/** Runs steps until a poll's progress is reached; then all of the response must be as recorded. */
async function checkPoll(exchange: Exchange, poll: { status: number; body: unknown }): Promise<void> {
  const current = async () => progressOf(await ask(translate(exchange, sandbox, bindings), tokens));
  for (let steps = 0; steps < MAX_STEPS && (await current()) !== progressOf(poll); steps++) sandbox.step();
  const { expected, actual } = await compare(
    { ...exchange, response: { ...poll, headers: {} } },
    { sandbox, bindings, tokens },
  );
  expect(actual).toEqual(expected);
}

test.each(readExchanges('nativeshare').map((exchange) => [exchange.name, exchange] as const))(
  '%s -> as recorded',
  async (name, exchange) => {
    await BEFORE[name]?.();
    for (const poll of exchange.polls ?? []) await checkPoll(exchange, poll);
    if (exchange.polls) return;
    const { expected, actual } = await compare(exchange, { sandbox, bindings, tokens });
    expect(actual).toEqual(expected);
  },
);
