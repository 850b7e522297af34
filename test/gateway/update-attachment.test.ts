import { afterEach, describe, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { type GatewayOptions, type GatewayResponse, startGateway, type TestGateway } from '../support/gateway.ts';
import { type Listener, listen } from '../support/listener.ts';

const ATTACHMENT = 'attachment { status accessLevel mountPoint accessRules { accessLevel state } fault { code } }';
const ATTACH = `mutation ($input: AttachShareInput!) { attachShare(input: $input) { ${ATTACHMENT} } }`;
const UPDATE = `mutation ($input: UpdateShareAttachmentInput!) { updateShareAttachment(input: $input) { ${ATTACHMENT} } }`;
const PAIR = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };

let gateway: TestGateway;
let listener: Listener;

/** A gateway with the share attached. */
async function start(options: GatewayOptions = {}, input: Record<string, unknown> = {}): Promise<void> {
  gateway = await startGateway(options);
  listener = listen(gateway, { after: '0-0' });
  await gateway.query(ATTACH, { input: { ...PAIR, ...input } });
  await listener.until('ATTACHED');
}

afterEach(async () => {
  await listener.close();
  await gateway.close();
});

const codeOf = ({ errors }: GatewayResponse) => errors?.[0]?.extensions['code'];
const update = (input: Record<string, unknown>, pair = PAIR) => gateway.query(UPDATE, { input: { ...pair, ...input } });
const managed = () => gateway.sandbox.rulesOf(DEMO.nfsShareId).filter(({ metadata }) => metadata.managed_by);
const calls = (method: string, path: RegExp) =>
  gateway.sandbox.requests.filter((request) => request.method === method && path.test(request.path));

describe.each(['redis', 'memory'] as const)('updateShareAttachment on the %s store', (store) => {
  test('another access level -> the same rule is updated, ATTACHED again when Manila has it', async () => {
    await start({ store });
    const [rule] = managed();
    gateway.sandbox.setAccessDelay(1_000_000);
    const { data, errors } = await update({ accessLevel: 'READ_ONLY' });
    expect(errors).toBeUndefined();
    expect(data.updateShareAttachment.attachment).toMatchObject({ status: 'ATTACHED', accessLevel: 'READ_ONLY' });
    gateway.sandbox.setAccessDelay(20);
    gateway.sandbox.step();
    const [event] = (await listener.until('ATTACHED')).slice(-1);
    expect(event?.attachment.accessRules.map(({ state }) => state)).toEqual(['ACTIVE']);
    expect(managed()).toMatchObject([{ id: rule?.id, accessLevel: 'ro', state: 'active' }]);
    expect(calls('PUT', /\/share-access-rules\/[^/]+$/)).toHaveLength(1);
    expect((await update({ accessLevel: 'READ_ONLY' })).errors).toBeUndefined();
    expect(calls('PUT', /\/share-access-rules\/[^/]+$/)).toHaveLength(1);
  });

  test('another mount point -> in the record and in the rule’s metadata; one that is taken -> CONFLICT', async () => {
    await start({ store }, { mountPoint: '/mnt/a' });
    expect((await update({ mountPoint: '/mnt/b/' })).data.updateShareAttachment.attachment.mountPoint).toBe('/mnt/b');
    expect(managed()[0]?.metadata.mount_point).toBe('/mnt/b');
    await listener.until('ATTACHED');
    const other = { serverId: DEMO.serverId, shareId: DEMO.storageShareId };
    expect(
      (await gateway.query(ATTACH, { input: { ...other, accessTo: ['10.0.0.9'], mountPoint: '/mnt/a' } })).errors,
    ).toBeUndefined();
    expect(codeOf(await update({ mountPoint: '/mnt/a' }))).toBe('CONFLICT');
    expect((await update({ mountPoint: '/mnt/b' })).errors).toBeUndefined();
  });
});

describe('what is rejected', () => {
  test('not attached -> NOT_FOUND; a rule that another attachment needs -> CONFLICT', async () => {
    await start({ store: 'memory' }, { accessTo: ['10.10.0.77'] });
    const other = { serverId: DEMO.twoNetworkServerId, shareId: DEMO.nfsShareId };
    expect(codeOf(await update({ accessLevel: 'READ_ONLY' }, other))).toBe('NOT_FOUND');
    await gateway.query(ATTACH, { input: { ...other, accessTo: ['10.10.0.77'] } });
    expect(codeOf(await update({ accessLevel: 'READ_ONLY' }))).toBe('CONFLICT');
    expect(managed()).toMatchObject([{ accessLevel: 'rw' }]);
  });

  test('Manila refuses -> its code, and the attachment is as it was', async () => {
    await start({ store: 'memory' });
    gateway.sandbox.updateShare(DEMO.nfsShareId, { status: 'extending' });
    expect(codeOf(await update({ accessLevel: 'READ_ONLY' }))).toBe('BAD_USER_INPUT');
    const { data } = await gateway.query(
      `{ shareAttachment(serverId: "${DEMO.serverId}", shareId: "${DEMO.nfsShareId}") { status accessLevel } }`,
    );
    expect(data.shareAttachment).toEqual({ status: 'ATTACHED', accessLevel: 'READ_WRITE' });
  });
});

describe('Manila before 2.88', () => {
  const OLD = { service: 'manila', method: 'GET', path: /^\/?$/, kind: 'status', status: 200 } as const;
  const body = {
    versions: [{ id: 'v2.0', status: 'CURRENT', version: '2.73', min_version: '2.0', updated: '2015-08-27T11:33:21Z' }],
  };

  test('NOT_SUPPORTED; with allowOutage the rule is revoked and granted again', async () => {
    const { startSandbox } = await import('../../src/sandbox/index.ts');
    const sandbox = await startSandbox({ accessDelayMs: 20 });
    sandbox.faults.add({ ...OLD, body });
    await start({ store: 'memory', sandbox });
    const [rule] = managed();
    const refused = await update({ accessLevel: 'READ_ONLY' });
    expect([codeOf(refused), refused.errors?.[0]?.message]).toEqual([
      'NOT_SUPPORTED',
      expect.stringMatching(/expected Manila 2\.88 or later, the cloud has 2\.73/),
    ]);
    expect((await update({ accessLevel: 'READ_ONLY', allowOutage: true })).errors).toBeUndefined();
    await listener.until('ATTACHED');
    expect(managed()).toMatchObject([{ accessLevel: 'ro', state: 'active' }]);
    expect(managed()[0]?.id).not.toBe(rule?.id);
    await sandbox.close();
  });
});
