import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway({ store: 'memory' });
});

afterAll(() => gateway.close());

/** Creates snapshots of a share through Manila itself, and waits until they are available. */
async function snapshot(shareId: string, ...names: string[]): Promise<void> {
  for (const name of names) {
    const response = await fetch(`${gateway.sandbox.url}/share/v2/snapshots`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-auth-token': gateway.token,
        'x-openstack-manila-api-version': '2.89',
      },
      body: JSON.stringify({ snapshot: { share_id: shareId, name } }),
    });
    expect(response.status).toBe(202);
  }
  await gateway.sandbox.waitUntil(() =>
    gateway.sandbox.snapshotsOf(shareId).every(({ status }) => status === 'available'),
  );
}

describe('what a share can be created with', () => {
  test('share types -> extra specs are strings, and their meaning beside them', async () => {
    const { data, errors } = await gateway.query(
      '{ shareTypes { id name isDefault isPublic needsShareNetwork snapshotSupport createShareFromSnapshotSupport extraSpecs } }',
    );
    expect(errors).toBeUndefined();
    expect(data.shareTypes).toMatchObject([
      { name: 'default', isDefault: true, isPublic: true, needsShareNetwork: false, snapshotSupport: true },
      { name: 'dhss_true', isDefault: false, needsShareNetwork: true, createShareFromSnapshotSupport: true },
    ]);
    expect(data.shareTypes[1].extraSpecs).toMatchObject({ driver_handles_share_servers: 'True' });
  });

  test('the type of each share of a list -> one list of types for all', async () => {
    gateway.sandbox.clearRequests();
    const { data } = await gateway.query('{ shares(first: 5) { nodes { shareType { name needsShareNetwork } } } }');
    expect(data.shares.nodes.map((one: { shareType: object }) => one.shareType)).toEqual(
      Array.from({ length: 5 }, () => ({ name: 'default', needsShareNetwork: false })),
    );
    expect(gateway.sandbox.requests.filter(({ path }) => path.endsWith('/types'))).toHaveLength(1);
  });

  test('a type that is hidden from the caller -> its name, and null for the rest', async () => {
    const type = { id: '5e7ae700-0000-4000-8000-000000000001', name: 'private', hasShareServers: false };
    const { id } = gateway.sandbox.addShare({ type });
    const { data, errors } = await gateway.query(`{ share(id: "${id}") { shareType { name extraSpecs isDefault } } }`);
    expect(errors).toBeUndefined();
    expect(data.share.shareType).toEqual({ name: 'private', extraSpecs: null, isDefault: null });
  });

  test('share networks and zones -> of this project, of both services', async () => {
    const { data, errors } = await gateway.query(
      '{ shareNetworks { id name status subnets { neutronNetworkId cidr ipVersion } } availabilityZones { servers { name isAvailable } shares { name isAvailable } } }',
    );
    expect(errors).toBeUndefined();
    expect(data.shareNetworks).toEqual([
      {
        id: DEMO.shareNetworkId,
        name: 'storage',
        status: 'active',
        subnets: [{ neutronNetworkId: DEMO.storageNetworkId, cidr: '10.20.0.0/24', ipVersion: 4 }],
      },
    ]);
    expect(data.availabilityZones).toEqual({
      servers: [{ name: 'nova', isAvailable: true }],
      shares: [{ name: 'nova', isAvailable: null }],
    });
  });

  test('limits -> used and maximum of both services; without limit: null', async () => {
    gateway.sandbox.setShareQuota({ shares: 50 });
    const document =
      '{ limits { servers { servers { maximum used } } shares { shares { maximum used } shareGib { maximum } } } }';
    const { data, errors } = await gateway.query(document);
    gateway.sandbox.setShareQuota({ shares: -1 });
    expect(errors).toBeUndefined();
    expect(data.limits.servers.servers).toEqual({ maximum: 100, used: 40 });
    expect(data.limits.shares.shares.maximum).toBe(50);
    expect(data.limits.shares.shares.used).toBeGreaterThanOrEqual(25);
    expect(data.limits.shares.shareGib.maximum).toBeNull();
  });

  test('one service is away -> its field is null with an error, the other answers', async () => {
    gateway.sandbox.down('nova');
    const { data, errors } = await gateway.query(
      '{ limits { servers { vcpus { used } } shares { shares { maximum } } } }',
    );
    gateway.sandbox.up('nova');
    expect(data.limits).toEqual({ servers: null, shares: { shares: { maximum: null } } });
    expect(errors?.map(({ path, extensions }) => [path, extensions['code']])).toEqual([
      [['limits', 'servers'], 'UPSTREAM_UNAVAILABLE'],
    ]);
  });

  test('messages -> of one share, newest first', async () => {
    const none = await gateway.query(`{ shareMessages(resourceId: "${DEMO.nfsShareId}") { id } }`);
    expect(none.data.shareMessages).toEqual([]);
    const { errors } = await gateway.query('{ shareMessages(resourceId: "nonsense") { id } }');
    expect(errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT');
  });
});

describe('snapshots', () => {
  const NAMES = ['monday', 'tuesday', 'wednesday'];

  beforeAll(() => snapshot(DEMO.nfsShareId, ...NAMES));

  test('of a share, newest first, with their share', async () => {
    const { data, errors } = await gateway.query(
      `{ share(id: "${DEMO.nfsShareId}") { sizeGib snapshots(first: 2) { name status sizeGib shareSizeGib share { name } } } }`,
    );
    expect(errors).toBeUndefined();
    const of = (name: string) => ({
      name,
      status: 'AVAILABLE',
      sizeGib: 100,
      shareSizeGib: 100,
      share: { name: 'home-dirs' },
    });
    expect(data.share.snapshots).toEqual([of('wednesday'), of('tuesday')]);
  });

  test('in pages -> each once; a filter is Manila’s', async () => {
    const page = (after: string | null) =>
      gateway.query(
        'query ($after: String) { snapshots(first: 2, after: $after) { nodes { name } totalCount pageInfo { hasNextPage endCursor } } }',
        { after },
      );
    const first = (await page(null)).data.snapshots;
    const second = (await page(first.pageInfo.endCursor)).data.snapshots;
    expect([first.totalCount, first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([3, true, false]);
    expect([...first.nodes, ...second.nodes].map(({ name }: { name: string }) => name)).toEqual(NAMES.toReversed());
    const filter = { name: 'ues', shareId: DEMO.nfsShareId, status: 'AVAILABLE' };
    const { data } = await gateway.query(
      'query ($filter: ShareSnapshotFilter) { snapshots(filter: $filter) { nodes { name } } }',
      { filter },
    );
    expect(data.snapshots.nodes).toEqual([{ name: 'tuesday' }]);
  });

  test('by id -> null for another project', async () => {
    const [one] = gateway.sandbox.snapshotsOf(DEMO.nfsShareId);
    const document = `{ snapshot(id: "${one?.id}") { name shareId createdAt } }`;
    expect((await gateway.query(document)).data.snapshot).toMatchObject({ name: 'monday', shareId: DEMO.nfsShareId });
    const other = await gateway.query(document, {}, gateway.sandbox.issueToken('other'));
    expect([other.data.snapshot, other.errors]).toEqual([null, undefined]);
  });
});
