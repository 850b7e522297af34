import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { type GatewayOptions, type GatewayResponse, startGateway, type TestGateway } from '../support/gateway.ts';
import { listenToShares } from '../support/share-listener.ts';
import { until } from '../support/until.ts';

const OPERATION =
  'operation { id type status fault { code message } } share { id name status sizeGib protocol metadata }';
const CREATE = `mutation ($input: CreateShareInput!) { createShare(input: $input) { ${OPERATION} } }`;
const RESIZE = `mutation ($input: ResizeShareInput!) { resizeShare(input: $input) { ${OPERATION} } }`;
const DELETE = `mutation ($input: DeleteShareInput!) { deleteShare(input: $input) { shareId ${OPERATION} } }`;
const UPDATE = `mutation ($input: UpdateShareInput!) { updateShare(input: $input) { share { name description metadata } } }`;
const ATTACH = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id status } } }';

let gateway: TestGateway;
let listener: ReturnType<typeof listenToShares>;

async function start(options: GatewayOptions = {}): Promise<void> {
  gateway = await startGateway(options);
  listener = listenToShares(gateway);
}

async function stop(): Promise<void> {
  await listener.close();
  await gateway.close();
}

/** Whether the tests of a group share one gateway. */
let isShared = false;

/** One gateway for all tests of a group. */
function shareGateway(): void {
  beforeAll(async () => {
    isShared = true;
    await start({ store: 'memory' });
  });
  afterAll(async () => {
    isShared = false;
    await stop();
  });
}

afterEach(async () => {
  if (!isShared) await stop();
});

const codeOf = ({ errors }: GatewayResponse) => errors?.[0]?.extensions['code'];
const create = (input: Record<string, unknown> = {}, token = gateway.token) =>
  gateway.query(CREATE, { input: { sizeGib: 2, protocol: 'NFS', name: 'made', ...input } }, token);
const resize = (sizeGib: number, shareId: string = DEMO.nfsShareId) =>
  gateway.query(RESIZE, { input: { shareId, sizeGib } });
const remove = (input: Record<string, unknown> = {}, token = gateway.token) =>
  gateway.query(DELETE, { input: { shareId: DEMO.nfsShareId, ...input } }, token);
const attach = (serverId: string) => gateway.query(ATTACH, { input: { serverId, shareId: DEMO.nfsShareId } });
const calls = (method: string, path: RegExp) =>
  gateway.sandbox.requests.filter((request) => request.method === method && path.test(request.path));

describe.each(['redis', 'memory'] as const)('create, resize and delete on the %s store', (store) => {
  test('the whole life of a share -> each end is heard, and nothing is in progress afterwards', async () => {
    await start({ store });
    const created = await create({ metadata: { team: 'web' } });
    expect(created.errors).toBeUndefined();
    const { share, operation } = created.data.createShare;
    expect(share).toMatchObject({ name: 'made', sizeGib: 2, metadata: { team: 'web' } });
    expect(share.metadata.nmg_request).toBe(operation.id);
    expect(await listener.types('CREATED')).toEqual(['CREATE_STARTED', 'CREATED']);
    expect(listener.heard.at(-1)).toMatchObject({ shareId: share.id, share: { status: 'AVAILABLE' } });

    expect((await resize(5, share.id)).data.resizeShare).toMatchObject({
      operation: { type: 'RESIZE', status: 'IN_PROGRESS' },
    });
    await listener.types('RESIZED');
    expect(gateway.sandbox.share(share.id)?.size).toBe(5);
    expect((await resize(5, share.id)).data.resizeShare).toMatchObject({ share: { sizeGib: 5 }, operation: null });

    expect((await remove({ shareId: share.id })).data.deleteShare).toMatchObject({
      shareId: share.id,
      operation: { type: 'DELETE', status: 'IN_PROGRESS' },
    });
    expect(await listener.types('DELETED')).toEqual([
      ...['CREATE_STARTED', 'CREATED', 'RESIZE_STARTED', 'RESIZED', 'DELETE_STARTED', 'DELETED'],
    ]);
    expect(gateway.sandbox.share(share.id)).toBeUndefined();
    expect((await gateway.query('{ shareOperations { id } }')).data.shareOperations).toEqual([]);
  });
});

describe('createShare, rejected', () => {
  shareGateway();

  test.each([
    ['an unknown type', { shareType: 'nope' }, 'NOT_FOUND', /Share type not found/],
    ['an unknown zone', { availabilityZone: 'mars' }, 'NOT_FOUND', /zone mars could not be found/],
    ['a type that needs a share network', { shareType: 'dhss_true' }, 'BAD_USER_INPUT', /Share network must be set/],
    ['a protocol that is not enabled', { protocol: 'HDFS' }, 'BAD_USER_INPUT', /Available protocols: \['NFS'/],
    ['no size', { sizeGib: 0 }, 'BAD_USER_INPUT', /sizeGib: expected at least 1, got 0/],
    ['metadata of the gateway’s', { metadata: { nmg_request: 'x' } }, 'BAD_USER_INPUT', /do not begin with nmg_/],
    ['metadata of the driver’s', { metadata: { __mount: 'x' } }, 'BAD_USER_INPUT', /do not begin with/],
  ])('%s -> rejected with its reason, and no share', async (_what, input, code, message) => {
    const response = await create({ name: 'never', ...input });
    expect([codeOf(response), response.data.createShare]).toEqual([code, null]);
    expect(response.errors?.[0]?.message).toMatch(message);
    expect(gateway.sandbox.sharesNamed('never')).toEqual([]);
    expect((await gateway.query('{ shareOperations { id } }')).data.shareOperations).toEqual([]);
  });

  test('over the quota -> QUOTA_EXCEEDED, and the failure is heard', async () => {
    gateway.sandbox.setShareQuota({ gigabytes: 1 });
    const response = await create();
    gateway.sandbox.setShareQuota({ gigabytes: -1 });
    expect(response.errors?.[0]?.extensions).toMatchObject({ code: 'QUOTA_EXCEEDED', status: 413, service: 'manila' });
    await until(() => listener.heard.at(-1)?.operation.fault?.message.includes('ShareSizeExceeds'));
    expect(listener.heard.at(-1)).toMatchObject({
      type: 'CREATE_FAILED',
      operation: { fault: { code: 'UPSTREAM_REFUSED' } },
    });
  });
});

describe('createShare', () => {
  test('no type is given and the cloud has no default -> fails later, with Manila’s words', async () => {
    await start({ store: 'memory' });
    gateway.sandbox.setDefaultShareType(false);
    expect((await create()).errors).toBeUndefined();
    await listener.types('CREATE_FAILED');
    expect(listener.heard.at(-1)?.operation).toMatchObject({
      status: 'FAILED',
      fault: {
        code: 'SHARE_ERROR',
        message: expect.stringMatching(/status is error\. Manila: .*No default share type/),
      },
    });
  });

  test('Manila made the share and its answer was lost -> found by its request, never made twice', async () => {
    await start();
    const fault = gateway.sandbox.faults.add({
      ...{ service: 'manila', method: 'POST', path: /\/shares$/, times: 1 },
      ...{ kind: 'lose_reply' },
    });
    const { data, errors } = await create({ name: 'once' });
    expect(errors).toBeUndefined();
    expect(data.createShare.operation.status).toBe('IN_PROGRESS');
    expect(await listener.types('CREATED')).toEqual(['CREATE_STARTED', 'CREATED']);
    expect(fault.hits).toBe(1);
    expect(gateway.sandbox.sharesNamed('once')).toHaveLength(1);
    expect(listener.heard.at(-1)?.shareId).toBe(gateway.sandbox.sharesNamed('once')[0]?.id);
  });

  test('Manila answers 500 and made nothing -> looked for, then sent again: one share', async () => {
    await start({ store: 'memory' });
    gateway.sandbox.faults.add({
      ...{ service: 'manila', method: 'POST', path: /\/shares$/, times: 2 },
      ...{ kind: 'status', status: 500 },
    });
    const { data } = await create({ name: 'again' });
    expect(data.createShare).toMatchObject({ share: null, operation: { status: 'IN_PROGRESS' } });
    expect(await listener.types('CREATED')).toEqual(['CREATE_STARTED', 'CREATED']);
    expect(gateway.sandbox.sharesNamed('again')).toHaveLength(1);
    expect(calls('POST', /\/shares$/)).toHaveLength(3);
  });

  test('an idempotency key again -> the same share, in progress and later; other arguments -> CONFLICT', async () => {
    await start({ store: 'memory' });
    const key = { idempotencyKey: 'a-form-of-the-portal' };
    const [first, second] = await Promise.all([create(key), create(key)]);
    const id = await until(() => gateway.sandbox.sharesNamed('made')[0]?.id);
    expect([first.errors, second.errors]).toEqual([undefined, undefined]);
    await listener.types('CREATED');
    expect((await create(key)).data.createShare).toMatchObject({ share: { id }, operation: null });
    expect(codeOf(await create({ ...key, sizeGib: 3 }))).toBe('CONFLICT');
    expect(gateway.sandbox.sharesNamed('made')).toHaveLength(1);
    const { data } = await create({ ...key, name: 'of a colleague' }, gateway.sandbox.issueToken('colleague'));
    expect(data.createShare.share.id).not.toBe(id);
  });

  test('from a snapshot -> of its type; smaller than the snapshot -> BAD_USER_INPUT', async () => {
    await start({ store: 'memory' });
    const { data, errors } = await gateway.query(
      'mutation ($input: CreateSnapshotInput!) { createSnapshot(input: $input) { snapshot { id status shareSizeGib } } }',
      { input: { shareId: DEMO.nfsShareId, name: 'before', metadata: { a: 'b' } } },
    );
    expect(errors).toBeUndefined();
    const { id, shareSizeGib } = data.createSnapshot.snapshot;
    expect(codeOf(await create({ snapshotId: id }))).toBe('BAD_USER_INPUT');
    await create({ snapshotId: id, sizeGib: shareSizeGib, name: 'restored' });
    await listener.types('CREATED');
    expect(gateway.sandbox.sharesNamed('restored')[0]?.snapshotId).toBe(id);

    expect(codeOf(await remove())).toBe('FORBIDDEN');
    const drop =
      'mutation ($id: ID!) { deleteSnapshot(input: { snapshotId: $id }) { snapshotId snapshot { status } } }';
    expect((await gateway.query(drop, { id })).data.deleteSnapshot.snapshotId).toBe(id);
    await until(() => gateway.sandbox.snapshotsOf(DEMO.nfsShareId).length === 0);
    expect(codeOf(await gateway.query(drop, { id }))).toBe('NOT_FOUND');
  });
});

describe('resizeShare', () => {
  test('a back end that would lose data refuses -> RESIZE_FAILED with Manila’s words, the size unchanged', async () => {
    await start({ store: 'memory' });
    gateway.sandbox.updateShare(DEMO.nfsShareId, { usedGib: 80 });
    expect((await resize(50)).errors).toBeUndefined();
    await listener.types('RESIZE_FAILED');
    expect(listener.heard.at(-1)?.operation.fault).toEqual({
      code: 'SHARE_ERROR',
      message: expect.stringMatching(/not resized to 50 GiB: .*refused to shrink/),
    });
    expect(gateway.sandbox.share(DEMO.nfsShareId)?.size).toBe(100);
  });

  test('while it is resized -> the same again is returned, another size is a CONFLICT', async () => {
    await start({ store: 'memory' });
    gateway.sandbox.setAccessDelay(1_000_000);
    await resize(200);
    expect((await resize(200)).data.resizeShare.operation).toMatchObject({ type: 'RESIZE', status: 'IN_PROGRESS' });
    expect(codeOf(await resize(300))).toBe('CONFLICT');
    expect(codeOf(await remove())).toBe('CONFLICT');
    expect(calls('POST', /\/action$/)).toHaveLength(1);
  });

  test('the answer of Manila was lost -> observed, not sent twice', async () => {
    await start({ store: 'memory' });
    gateway.sandbox.faults.add({
      ...{ service: 'manila', method: 'POST', path: /\/action$/, times: 1 },
      ...{ kind: 'lose_reply' },
    });
    await resize(150);
    await listener.types('RESIZED');
    expect(calls('POST', /\/action$/)).toHaveLength(1);
  });
});

describe('deleteShare', () => {
  const SERVERS = [DEMO.serverId, DEMO.twoNetworkServerId, DEMO.ipv6ServerId];

  test('while it is attached -> CONFLICT, and nothing is deleted', async () => {
    await start({ store: 'memory' });
    await attach(DEMO.serverId);
    const response = await remove();
    expect([codeOf(response), response.errors?.[0]?.message]).toEqual([
      'CONFLICT',
      expect.stringContaining(DEMO.serverId),
    ]);
    expect(calls('DELETE', /\/shares\//)).toEqual([]);
  });

  test('with detach, attached to three servers -> all rules are revoked, then it is deleted', async () => {
    await start();
    for (const serverId of SERVERS) await attach(serverId);
    let rulesAtDelete = -1;
    gateway.sandbox
      .waitForRequest(({ method, path }) => method === 'DELETE' && path.includes('/shares/'))
      .then(() => {
        rulesAtDelete = gateway.sandbox.rulesOf(DEMO.nfsShareId).filter(({ metadata }) => metadata.managed_by).length;
      });
    const { data, errors } = await remove({ detach: true });
    expect(errors).toBeUndefined();
    expect(data.deleteShare.operation.status).toBe('IN_PROGRESS');
    expect((await remove({ detach: true })).data.deleteShare.operation.type).toBe('DELETE');
    expect(codeOf(await attach(DEMO.shutoffServerId))).toBe('CONFLICT');
    expect(await listener.types('DELETED')).toEqual(['DELETE_STARTED', 'DELETED']);
    expect(rulesAtDelete).toBe(0);
    expect(gateway.sandbox.share(DEMO.nfsShareId)).toBeUndefined();
    expect((await gateway.query('{ shareAttachments { nodes { id } } }')).data.shareAttachments.nodes).toEqual([]);
  });

  test('the token expires before all is detached -> DELETE_FAILED with TOKEN_EXPIRED, detached and not deleted', async () => {
    await start({ store: 'memory' });
    await attach(DEMO.serverId);
    await until(async () =>
      gateway.sandbox.rulesOf(DEMO.nfsShareId).some(({ metadata, state }) => metadata.managed_by && state === 'active'),
    );
    gateway.sandbox.setAccessDelay(1_000_000);
    const token = gateway.sandbox.issueToken('demo', { expiresInMs: 6000 });
    expect((await remove({ detach: true }, token)).errors).toBeUndefined();
    await until(() => gateway.sandbox.rulesOf(DEMO.nfsShareId).some(({ state }) => state === 'queued_to_deny'));
    await until(async () => (await gateway.query('{ viewer { expiresAt } }', {}, token)).status === 401);
    gateway.sandbox.setAccessDelay(20);
    gateway.sandbox.step();
    await listener.types('DELETE_FAILED');
    expect(listener.heard.at(-1)?.operation.fault?.code).toBe('TOKEN_EXPIRED');
    expect(gateway.sandbox.share(DEMO.nfsShareId)?.status).toBe('available');
  });

  test.each([
    ['with a snapshot', /it has snapshots/],
    ['with a lock', /locks prevent it/],
    ['in a wrong state', /its status is extending/],
  ])('%s, and attached -> CONFLICT before anything is detached', async (what, message) => {
    await start({ store: 'memory' });
    await attach(DEMO.serverId);
    const post = (path: string, body: object) =>
      fetch(`${gateway.sandbox.url}/share/v2${path}`, {
        method: 'POST',
        headers: {
          ...{ 'content-type': 'application/json', 'x-auth-token': gateway.token },
          'x-openstack-manila-api-version': '2.89',
        },
        body: JSON.stringify(body),
      });
    if (what === 'with a snapshot') await post('/snapshots', { snapshot: { share_id: DEMO.nfsShareId } });
    if (what === 'with a lock') {
      const lock = { resource_id: DEMO.nfsShareId, resource_type: 'share', resource_action: 'delete' };
      expect((await post('/resource-locks', { resource_lock: lock })).status).toBe(200);
    }
    if (what === 'in a wrong state') gateway.sandbox.updateShare(DEMO.nfsShareId, { status: 'extending' });
    const response = await remove({ detach: true });
    expect([codeOf(response), response.errors?.[0]?.message]).toEqual(['CONFLICT', expect.stringMatching(message)]);
    expect(gateway.sandbox.rulesOf(DEMO.nfsShareId).some(({ metadata }) => metadata.managed_by)).toBe(true);
    expect(calls('DELETE', /\/shares\//)).toEqual([]);
  });

  test('an unknown share, another project’s -> NOT_FOUND', async () => {
    await start({ store: 'memory' });
    expect(codeOf(await remove({ shareId: DEMO.otherShareId }))).toBe('NOT_FOUND');
    expect(codeOf(await remove({}, gateway.sandbox.issueToken('reader')))).toBe('FORBIDDEN');
  });

  test('an attachment that this project does not have -> CONFLICT', async () => {
    await start({ store: 'memory' });
    gateway.sandbox.addRule(DEMO.nfsShareId, {
      ...{ accessType: 'ip', accessTo: '10.99.0.1' },
      metadata: { managed_by: 'nova-manila-gateway' },
    });
    expect(codeOf(await remove({ detach: true }))).toBe('CONFLICT');
  });
});

describe('updateShare', () => {
  shareGateway();

  test('name, description and metadata -> changed in Manila; keys that are not there are ignored', async () => {
    const input = {
      ...{ shareId: DEMO.nfsShareId, name: 'homes', description: '' },
      ...{ setMetadata: { tier: 'gold' }, removeMetadata: ['owner', 'unknown'] },
    };
    const { data, errors } = await gateway.query(UPDATE, { input });
    expect(errors).toBeUndefined();
    expect(data.updateShare.share).toEqual({ name: 'homes', description: '', metadata: { tier: 'gold' } });
    expect(gateway.sandbox.share(DEMO.nfsShareId)?.name).toBe('homes');
  });

  test('several aliases, one refused -> the others’ data', async () => {
    const { data, errors } = await gateway.query(
      `mutation { a: updateShare(input: { shareId: "${DEMO.nfsShareId}", name: "a" }) { share { name } }
        b: updateShare(input: { shareId: "${DEMO.otherShareId}", name: "b" }) { share { name } } }`,
    );
    expect(data).toEqual({ a: { share: { name: 'a' } }, b: null });
    expect(errors).toHaveLength(1);
  });
});
