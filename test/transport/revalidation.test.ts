import { afterEach, expect, test } from '@jest/globals';
import type { Authenticate } from '../../src/transport/authenticate.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { fakeAuthenticate, type SmallGateway, startTransports } from '../support/transports.ts';
import { until } from '../support/until.ts';
import { connect, type WsClient } from '../support/ws-client.ts';

/** Tokens of open sockets are validated again every TOKEN_CACHE_SECONDS. */

let gateway: SmallGateway | TestGateway;
afterEach(() => gateway.close());

const NEVER = 'subscription { never }';

/** A gateway whose Keystone revokes tokens, removes roles and goes away; it counts the validations. */
async function start(token: { roles?: string[]; isAway?: boolean }, revoked = new Set<string>()) {
  const validate = fakeAuthenticate(revoked);
  const validations: string[] = [];
  const authenticate: Authenticate = async (text, meta) => {
    validations.push(text ?? '');
    const session = await validate(token.isAway ? 'away' : text, meta);
    return { ...session, identity: { ...session.identity, roles: token.roles ?? ['member', 'reader'] } };
  };
  const small = await startTransports({ TOKEN_CACHE_SECONDS: '1' }, { authenticate });
  gateway = small;
  const open = async (name: string): Promise<WsClient> => {
    const client = await connect(small.wsUrl, { 'X-Auth-Token': name });
    client.subscribe('1', NEVER);
    await client.ping();
    return client;
  };
  return { open, validations, revoked };
}

test('a token is revoked -> all its sockets are closed with 4403 and a reason, those of another token stay', async () => {
  const { open, revoked } = await start({});
  const [first, second, other] = [await open('good1'), await open('good1'), await open('good2')];
  revoked.add('good1');
  const closed = { code: 4403, reason: 'The token is no longer valid: connect with a new one' };
  expect([await first?.waitForClose(), await second?.waitForClose()]).toEqual([closed, closed]);
  await other?.ping();
  await other?.close();
});

test('a role is removed -> closed with 4403', async () => {
  const token = { roles: ['reader', 'member'] };
  const { open } = await start(token);
  const client = await open('good');
  token.roles = ['reader'];
  expect(await client.waitForClose()).toMatchObject({ code: 4403, reason: expect.stringContaining('roles') });
});

test('nothing changed -> one validation for all sockets of a token, and they stay open', async () => {
  const { open, validations } = await start({});
  const clients = await Promise.all(Array.from({ length: 5 }, () => open('good')));
  validations.length = 0;
  await until(() => validations.length === 2);
  await Promise.all(clients.map((client) => client.ping()));
  expect(validations).toEqual(['good', 'good']);
  await Promise.all(clients.map((client) => client.close()));
});

test('Keystone is away -> the sockets stay open; it is back and the token revoked -> closed', async () => {
  const token: { isAway?: boolean } = {};
  const { open, validations, revoked } = await start(token);
  const client = await open('good');
  token.isAway = true;
  validations.length = 0;
  await until(() => validations.length > 0);
  await client.ping();
  revoked.add('good');
  token.isAway = false;
  expect(await client.waitForClose()).toMatchObject({ code: 4403 });
});

test('all sockets of a token are closed -> it is validated no more', async () => {
  const { open, validations } = await start({});
  const [first, other] = [await open('good1'), await open('good2')];
  await first?.close();
  validations.length = 0;
  await until(() => validations.length === 2);
  expect(validations).toEqual(['good2', 'good2']);
  await other?.close();
});

test('the real gateway, a token is revoked in Keystone -> its listener is closed with 4403', async () => {
  const real = await startGateway({ store: 'memory', env: { TOKEN_CACHE_SECONDS: '1' } });
  gateway = real;
  const client = await connect(real.wsUrl, { 'X-Auth-Token': real.token });
  client.subscribe('1', 'subscription { shareAttachmentEvents { type } }');
  await client.ping();
  real.sandbox.revokeToken(real.token);
  expect(await client.waitForClose()).toMatchObject({ code: 4403 });
});
