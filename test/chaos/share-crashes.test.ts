import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RecordedRequest } from '../../src/sandbox/index.ts';
import { eventually } from '../support/eventually.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import type { Write } from '../support/redis-proxy.ts';
import { asUser, type Environment, startEnvironment } from './environment.ts';

/** A call of Manila's that changes a share; `after`: it is done, and its response is not sent. */
interface ShareCall {
  method: 'POST' | 'DELETE';
  side: 'before' | 'after';
}

const CREATE =
  'mutation ($name: String) { createShare(input: { name: $name, sizeGib: 1, protocol: NFS }) { operation { id } } }';
const DELETE = 'mutation ($id: ID!) { deleteShare(input: { shareId: $id, detach: true }) { operation { id } } }';
const RETURN = '{ shareOperations { id } }';

/** Where the gateway is killed while it creates a share, in the order in which it gets there. */
const CREATIONS: [name: string, at: Write | ShareCall][] = [
  ['the intent is recorded', { script: 'share_create', side: 'after' }],
  ['the request is about to be sent', { script: 'share_commit', side: 'after' }],
  ['Manila gets the request', { method: 'POST', side: 'before' }],
  ['Manila has made the share', { method: 'POST', side: 'after' }],
  ['the share is about to be recorded', { script: 'share_commit', side: 'before', nth: 2 }],
  ['the share is recorded', { script: 'share_commit', side: 'after', nth: 2 }],
];

/** Where it is killed while it detaches a share and deletes it. */
const DELETIONS: [name: string, at: Write | ShareCall][] = [
  ['the intent is recorded', { script: 'share_create', side: 'after' }],
  ['the detaches are about to begin', { script: 'share_commit', side: 'after' }],
  ['the detach is recorded', { script: 'commit', says: /detaching/, side: 'after' }],
  ['Manila gets the request', { method: 'DELETE', side: 'before' }],
  ['Manila has begun to delete', { method: 'DELETE', side: 'after' }],
  ['the end is about to be recorded', { script: 'share_commit', says: /"succeeded"/, side: 'before' }],
];

let environment: Environment;

beforeAll(async () => {
  // a creation without an answer is not repeated within a lease
  const settings = { UPSTREAM_TIMEOUT_MS: '1000', LEASE_MS: '3000' };
  environment = await startEnvironment({ hasAccount: true, scans: false }, settings);
});

afterAll(() => environment.close());

/** Sends a document without waiting for its response, which does not come when the gateway is killed. */
function send({ graphiql }: GatewayProcess, query: string, variables: object = {}): Promise<unknown> {
  return fetch(graphiql, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-auth-token': environment.token },
    body: JSON.stringify({ query, variables }),
  }).catch(() => undefined);
}

const isCall = ({ method, path }: RecordedRequest, call: ShareCall) =>
  method === call.method && /\/shares(\/[0-9a-f-]{36})?$/.test(path);

/** Kills the gateway at a point; resolves when it is dead. */
function killAt({ sandbox, proxy }: Environment, at: Write | ShareCall, victim: GatewayProcess): Promise<void> {
  sandbox.clearRequests();
  return new Promise((resolve, reject) => {
    const kill = () => void victim.kill().then(resolve, reject);
    if ('script' in at) proxy.stopAt(at, kill);
    else if (at.side === 'before') {
      void sandbox.waitForRequest((request) => {
        if (!isCall(request, at)) return false;
        sandbox.faults.add({ service: 'manila', method: request.method, path: /./, times: 1, kind: 'hang' });
        kill();
        return true;
      });
    } else {
      void sandbox
        .waitUntil(() => sandbox.requests.some((request) => isCall(request, at) && request.status > 0))
        .then(kill);
    }
  });
}

/** Starts another gateway, lets the user come back, and waits until no work is left. Returns the events since. */
async function recover(from: number): Promise<string[]> {
  const { ledger } = environment;
  await ledger.expireLeases();
  await send(await environment.start(), RETURN);
  await eventually(
    async () => (await ledger.shareOperations()).length === 0,
    () => 'work on a share is left',
  );
  return (await ledger.shareEvents()).slice(from).map(({ type }) => type);
}

describe('the gateway is killed while it creates a share', () => {
  test.each(CREATIONS)('%s -> one share, available', async (name, at) => {
    const victim = await environment.gateway();
    const from = (await environment.ledger.shareEvents()).length;
    const dead = killAt(environment, at, victim);
    void send(victim, CREATE, { name });
    await dead;
    expect(await recover(from)).toEqual(['CREATE_STARTED', 'CREATED']);
    const made = environment.sandbox.sharesNamed(name);
    expect(made.map(({ status }) => status)).toEqual(['available']);
    environment.sandbox.deleteShare(made[0]?.id ?? '');
  });
});

describe('the gateway is killed while it detaches and deletes a share', () => {
  test.each(DELETIONS)('%s -> no share, no attachment', async (_name, at) => {
    const { sandbox, ledger } = environment;
    const victim = await environment.gateway();
    const share = sandbox.addShare();
    const server = sandbox.addServer({ ports: [{ network: 'private', fixedIps: ['10.10.0.50'] }] });
    await asUser(environment, victim).attach({ id: '', serverId: server.id, shareId: share.id });
    await eventually(
      async () => (await ledger.records()).every(({ status }) => status === 'attached'),
      () => 'the share is not attached',
    );
    const from = (await ledger.shareEvents()).length;
    const dead = killAt(environment, at, victim);
    void send(victim, DELETE, { id: share.id });
    await dead;
    expect(await recover(from)).toEqual(['DELETE_STARTED', 'DELETED']);
    expect(sandbox.share(share.id)).toBeUndefined();
    expect(await ledger.records()).toEqual([]);
  });
});
