import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { at, type Client, clientOf, startClient } from './client.ts';

let client: Client;

beforeEach(async () => {
  client = await startClient();
});

afterEach(() => client.sandbox.close());

const names = async (query: string) => at((await client.nova('GET', `/servers${query}`)).body, 'servers.*.name');

test('a server is stopped -> powering-off, then SHUTOFF', async () => {
  client.sandbox.setAccessDelay(1_000_000_000);
  expect((await client.nova('POST', `/servers/${DEMO.serverId}/action`, { 'os-stop': null })).status).toBe(202);
  expect(client.sandbox.server(DEMO.serverId)).toMatchObject({ status: 'ACTIVE', taskState: 'powering-off' });
  const again = await client.nova('POST', `/servers/${DEMO.serverId}/action`, { 'os-stop': null });
  expect([again.status, at(again.body, 'conflictingRequest.message')]).toEqual([
    409,
    `Cannot 'stop' instance ${DEMO.serverId} while it is in task_state powering-off`,
  ]);
  client.sandbox.step();
  const { body } = await client.nova('GET', `/servers/${DEMO.serverId}`);
  expect(at(body, 'server')).toMatchObject({
    status: 'SHUTOFF',
    'OS-EXT-STS:vm_state': 'stopped',
    'OS-EXT-STS:power_state': 4,
  });
});

test('a server is deleted -> deleting, DELETED, 404; changes-since still shows it, a list does not', async () => {
  const since = new Date().toISOString();
  expect((await client.nova('DELETE', `/servers/${DEMO.serverId}`)).status).toBe(204);
  await client.sandbox.waitUntil(() => client.sandbox.server(DEMO.serverId) === undefined);
  expect((await client.nova('GET', `/servers/${DEMO.serverId}`)).status).toBe(404);
  const { body } = await client.nova('GET', `/servers/detail?changes-since=${since}`);
  expect(at(body, 'servers')).toEqual([expect.objectContaining({ id: DEMO.serverId, status: 'DELETED' })]);
  expect(await names('?name=^web-01$')).toEqual([]);
});

test('a server deleted by a test control -> 404 at once', async () => {
  client.sandbox.deleteServer(DEMO.serverId);
  expect((await client.nova('GET', `/servers/${DEMO.serverId}`)).status).toBe(404);
});

test.each([
  ['?name=^web-0[12]$', ['web-02', 'web-01']],
  ['?status=ERROR&status=BUILD', ['test-01', 'batch-01']],
  ['?tags=production,web', ['web-01']],
  ['?sort_key=display_name&sort_dir=asc&limit=2', ['api-01', 'api-02']],
  ['?ip=10.10.0.11$', ['web-01']],
  ['?locked=true', ['gitlab-01']],
])('servers%s -> the matching ones', async (query, expected) => {
  expect(await names(query)).toEqual(expected);
});

test('the next link with a repeated filter -> it has only the last value, as in Nova', async () => {
  const { body } = await client.nova('GET', '/servers?status=ACTIVE&status=SHUTOFF&limit=1');
  const next = new URL(String(at(body, 'servers_links.0.href')));
  expect(next.searchParams.getAll('status')).toEqual(['SHUTOFF']);
});

test('pages of seven -> every server once, and an empty list after the last', async () => {
  const seen: string[] = [];
  for (let path = '/servers?limit=7'; path; ) {
    const { body } = await client.nova('GET', path);
    seen.push(...(at(body, 'servers.*.id') as string[]));
    path = String(at(body, 'servers_links.0.href') ?? '').split('/compute/v2.1')[1] ?? '';
  }
  expect([seen.length, new Set(seen).size]).toEqual([40, 40]);
});

test('addresses and interfaces -> by network name, with MAC; floating ones in the former only', async () => {
  const ports = [
    { network: 'private', fixedIps: ['10.10.0.9', 'fd10::9'], floatingIps: ['198.51.100.9'] },
    { network: 'storage', fixedIps: ['10.20.0.9'] },
  ];
  client.sandbox.setServerAddresses(DEMO.serverId, ports);
  const { body } = await client.nova('GET', `/servers/${DEMO.serverId}`);
  const flat = (list: unknown) =>
    (list as Record<string, unknown>[]).map((entry) => [entry['addr'], entry['version'], entry['OS-EXT-IPS:type']]);
  expect(flat(at(body, 'server.addresses.private'))).toEqual([
    ['10.10.0.9', 4, 'fixed'],
    ['fd10::9', 6, 'fixed'],
    ['198.51.100.9', 4, 'floating'],
  ]);
  expect(flat(at(body, 'server.addresses.storage'))).toEqual([['10.20.0.9', 4, 'fixed']]);
  const interfaces = await client.nova('GET', `/servers/${DEMO.serverId}/os-interface`);
  expect(at(interfaces.body, 'interfaceAttachments.*.net_id')).toEqual([DEMO.privateNetworkId, DEMO.storageNetworkId]);
  expect(at(interfaces.body, 'interfaceAttachments.0.fixed_ips')).toHaveLength(2);
});

test('a server in ERROR -> its fault, with details for administrators only', async () => {
  const { body } = await client.nova('GET', `/servers/${DEMO.errorServerId}`);
  expect(at(body, 'server.fault')).toEqual({
    code: 500,
    created: expect.any(String),
    message: expect.stringContaining('No valid host'),
  });
  const admin = clientOf(client.sandbox, client.sandbox.issueToken('admin'));
  expect(at((await admin.nova('GET', `/servers/${DEMO.errorServerId}`)).body, 'server.fault')).toHaveProperty(
    'details',
  );
});

test('a cell is down -> its server has few fields, and lists with a filter omit it', async () => {
  client.sandbox.updateServer(DEMO.serverId, { isCellDown: true });
  expect(at((await client.nova('GET', `/servers/${DEMO.serverId}`)).body, 'server')).toMatchObject({
    status: 'UNKNOWN',
  });
  expect(await names('?limit=100')).toHaveLength(39);
  expect(at((await client.nova('GET', '/servers/detail')).body, 'servers')).toHaveLength(40);
});

test('a share created over HTTP -> creating, then available with export locations', async () => {
  const share = { name: 'made', size: 1, share_proto: 'nfs', metadata: { a: 'b' } };
  const { status, body } = await client.manila('POST', '/shares', { share });
  expect([status, at(body, 'share.status'), at(body, 'share.share_proto')]).toEqual([200, 'creating', 'NFS']);
  const id = String(at(body, 'share.id'));
  await client.sandbox.waitUntil(() => client.sandbox.share(id)?.status === 'available');
  const exports = await client.manila('GET', `/shares/${id}/export_locations`);
  expect(at(exports.body, 'export_locations.*.preferred')).toEqual([true, false]);
});

test('a share on a share network -> its neutron network', async () => {
  const { body } = await client.manila('GET', `/shares/${DEMO.storageShareId}`);
  const network = await client.manila('GET', `/share-networks/${at(body, 'share.share_network_id')}`);
  expect(at(network.body, 'share_network.share_network_subnets.0')).toMatchObject({
    neutron_net_id: DEMO.storageNetworkId,
    cidr: '10.20.0.0/24',
  });
});

test('a public share of another project -> readable, listed on request, not changeable', async () => {
  expect((await client.manila('GET', `/shares/${DEMO.publicShareId}`)).status).toBe(200);
  const ids = async (query: string) => at((await client.manila('GET', `/shares${query}`)).body, 'shares.*.id');
  expect(await ids('')).not.toContain(DEMO.publicShareId);
  expect(await ids('?is_public=true')).toContain(DEMO.publicShareId);
  const body = { allow_access: { access_type: 'ip', access_to: '10.10.0.5' } };
  expect((await client.manila('POST', `/shares/${DEMO.publicShareId}/action`, body)).status).toBe(403);
});

test.each([
  ['?name~=web', ['web-uploads', 'web-assets']],
  ['?name~=WEB-u', ['web-uploads']],
  ['?name~=web_u', ['web-uploads']],
  ['?name~=w%25ts', ['web-assets']],
  [`?name~=${encodeURIComponent('web\\_u')}`, []],
  ['?name~=.eb', []],
  ["?metadata={'owner': 'platform'}", ['build-cache', 'home-dirs']],
  [`?metadata={"owner": "platform", 'purpose': 'ci',}`, ['build-cache']],
  ['?status=error', ['restore-test']],
  ['?sort_key=name&sort_dir=asc&limit=2&offset=1', ['ci-artifacts', 'datasets']],
])('shares%s -> the matching ones', async (query, expected) => {
  const { body } = await client.manila('GET', `/shares${query}`);
  expect(at(body, 'shares.*.name')).toEqual(expected);
});

test('metadata that is not a Python literal -> 500 as in Manila', async () => {
  expect((await client.manila('GET', '/shares?metadata=owner=platform')).status).toBe(500);
});

test('two starts -> the same ids and times', async () => {
  const second = await startClient();
  const lists = ['/shares/detail', '/shares/detail?is_public=true'];
  for (const path of lists) {
    const [a, b] = await Promise.all([client.manila('GET', path), second.manila('GET', path)]);
    expect(JSON.stringify(b.body).replaceAll(second.sandbox.url, client.sandbox.url)).toBe(JSON.stringify(a.body));
  }
  const [a, b] = await Promise.all([client.nova('GET', '/servers/detail'), second.nova('GET', '/servers/detail')]);
  expect(JSON.stringify(b.body).replaceAll(second.sandbox.url, client.sandbox.url)).toBe(JSON.stringify(a.body));
  await second.sandbox.close();
});
