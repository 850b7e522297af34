import { afterEach, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { type GatewayOptions, startGateway, type TestGateway } from '../support/gateway.ts';
import { type Listener, listen } from '../support/listener.ts';

const ATTACH = `mutation ($input: AttachShareInput!) {
  attachShare(input: $input) { attachment { status isProtected isHidden accessRules { accessTo } } } }`;
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status } } }';
const PAIR = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };

let gateway: TestGateway;
let listener: Listener;

async function start(options: GatewayOptions = {}): Promise<void> {
  gateway = await startGateway(options);
  listener = listen(gateway, { after: '0-0' });
}

afterEach(async () => {
  await listener.close();
  await gateway.close();
});

const attach = (input: Record<string, unknown>) => gateway.query(ATTACH, { input: { ...PAIR, ...input } });
const ours = () => gateway.sandbox.rulesOf(PAIR.shareId).filter(({ metadata }) => metadata.managed_by);

test('isProtected and isHidden -> locks on the rule; another user cannot detach and reads who can; the same user can', async () => {
  await start();
  const { data } = await attach({ isProtected: true, isHidden: true });
  expect(data.attachShare.attachment).toMatchObject({ isProtected: true, isHidden: true });
  await listener.until('ATTACHED');
  const locks = ours().flatMap(({ id }) => gateway.sandbox.locksOf(id));
  expect(locks.map(({ action }) => action).sort()).toEqual(['delete', 'show']);

  const colleague = gateway.sandbox.issueToken('colleague');
  const rejected = await gateway.query(DETACH, { input: PAIR }, colleague);
  expect(rejected.errors?.[0]).toMatchObject({
    message: expect.stringMatching(/not placed by you.*who attached it, an administrator or a service/),
    extensions: { code: 'FORBIDDEN' },
  });
  expect(ours()).toHaveLength(1);

  const { errors } = await gateway.query(DETACH, { input: PAIR });
  expect(errors).toBeUndefined();
  await listener.until('DETACHED');
  expect(ours()).toEqual([]);
});

test('Manila cannot place the lock: 400, and the rule exists -> the rule is denied, nothing is attached', async () => {
  await start();
  gateway.sandbox.failLocks(1);
  const { errors } = await attach({ isProtected: true });
  expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  await gateway.sandbox.waitForRules(PAIR.shareId, () => ours().length === 0);
  const { data } = await gateway.query('{ shareAttachments { eventCursor totalCount } }');
  expect(data.shareAttachments).toEqual({ eventCursor: '0-0', totalCount: 0 });
});

test('Manila older than 2.82 -> NOT_SUPPORTED, and no rule: it would ignore the locks', async () => {
  await start();
  const versions = { versions: [{ id: 'v2.0', version: '2.73', min_version: '2.0' }] };
  gateway.sandbox.faults.add({
    service: 'manila',
    method: 'GET',
    path: /^\/?$/,
    kind: 'status',
    status: 200,
    body: versions,
  });
  const { errors } = await attach({ isProtected: true });
  expect(errors?.[0]).toMatchObject({
    message: expect.stringMatching(/2\.82.*2\.73/),
    extensions: { code: 'NOT_SUPPORTED' },
  });
  expect(ours()).toEqual([]);
});
