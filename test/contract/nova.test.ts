import { afterEach, describe, expect, test } from '@jest/globals';
import { getServer, listInterfaces, listServers } from '../../src/openstack/nova/client.ts';
import { deleteShareMetadata, setServerMetadata } from '../../src/openstack/nova/server-metadata.ts';
import { closeAll, essence, type Fixture, fixture, REQUEST_ID, replay, TOKEN } from './service.ts';

afterEach(closeAll);

const ABSENT = '00000000-dead-4bad-8bad-000000000000';
const last = (recorded: Fixture, at: number) => recorded.request.path.split(/[/?]/).at(at) ?? '';

describe.each(['epoxy', 'zed'] as const)('Nova of %s', (release) => {
  test('a server that is there -> its JSON as Nova sent it, asked with token, microversion and request id', async () => {
    const recorded = fixture('nova', 'server', release);
    const { answer, asked } = await replay(recorded, release, (session) => getServer(session, last(recorded, -1)));
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(asked[0]?.headers).toMatchObject({
      'x-auth-token': TOKEN,
      'x-openstack-request-id': REQUEST_ID,
      'openstack-api-version': recorded.request.headers['openstack-api-version'],
      accept: 'application/json',
    });
    expect(answer).toEqual((recorded.response.body as { server: unknown }).server);
  });

  test('a server that is not there -> null', async () => {
    const recorded = fixture('nova', 'server-unknown', release);
    const { answer, error, asked } = await replay(recorded, release, (session) => getServer(session, ABSENT));
    expect({ answer, error }).toEqual({ answer: null, error: null });
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
  });

  test('a full page of servers -> there may be a next one', async () => {
    const recorded = fixture('nova', 'servers-detail', release);
    const { answer, asked } = await replay(recorded, release, (session) => listServers(session, { limit: 2 }));
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(answer?.servers).toEqual((recorded.response.body as { servers: unknown }).servers);
    expect(answer?.hasNext).toBe(true);
  });

  test('a page at the end, after a marker -> no next one', async () => {
    const recorded = fixture('nova', 'servers-detail-last-page', release);
    const marker = new URLSearchParams(recorded.request.path.split('?')[1]).get('marker');
    const { answer, asked } = await replay(recorded, release, (session) => listServers(session, { limit: 2, marker }));
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(answer?.servers).toHaveLength(1);
    expect(answer?.hasNext).toBe(false);
  });

  test('filters -> query parameters as Nova names them, one for each status', async () => {
    const recorded = fixture('nova', 'servers-detail', release);
    const { asked } = await replay(recorded, release, (session) =>
      listServers(session, { limit: 5, filters: { name: 'web.*', status: ['ACTIVE', 'SHUTOFF'] } }),
    );
    expect(asked[0]?.path).toMatch(/\/servers\/detail\?limit=5&name=web\.\*&status=ACTIVE&status=SHUTOFF$/);
  });

  test('a marker that is gone -> refused for good, with what Nova says and its request id', async () => {
    const recorded = fixture('nova', 'servers-detail-bad-marker', release);
    const { error } = await replay(recorded, release, (session) => listServers(session, { limit: 2, marker: ABSENT }));
    const openstackRequestId = recorded.response.headers['x-openstack-request-id'];
    expect(error).toMatchObject({ service: 'nova', status: 400, faultName: 'badRequest', outcome: 'final' });
    expect(error).toMatchObject({ openstackRequestId, upstreamMessage: `marker [${ABSENT}] not found` });
    expect(error).toHaveProperty(
      'message',
      `Nova refused GET /servers/detail (400 badRequest, ${openstackRequestId}): marker [${ABSENT}] not found`,
    );
  });

  test("all projects' servers asked by a member -> refused with 403", async () => {
    const recorded = fixture('nova', 'servers-detail-all-tenants', release);
    const { error, asked } = await replay(recorded, release, (session) =>
      listServers(session, { limit: 1, filters: { all_tenants: '1' } }),
    );
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(error).toMatchObject({ status: 403, faultName: 'forbidden', outcome: 'final' });
  });

  test("the token is bad -> keystonemiddleware's 401, read from its other shape", async () => {
    const recorded = fixture('nova', 'server-bad-token', release);
    const { error } = await replay(recorded, release, (session) => getServer(session, ABSENT));
    expect(error).toMatchObject({ status: 401, faultName: 'error', outcome: 'final' });
    expect(error).toHaveProperty('upstreamMessage', 'The request you have made requires authentication.');
  });

  test("a server's ports -> their networks and fixed addresses", async () => {
    const recorded = fixture('nova', 'os-interface', release);
    const { answer, asked } = await replay(recorded, release, (session) => listInterfaces(session, last(recorded, -2)));
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(answer).toEqual((recorded.response.body as { interfaceAttachments: unknown }).interfaceAttachments);
  });

  test('the microversion is refused -> 406, read', async () => {
    const recorded = fixture('nova', 'server-microversion-too-high', release);
    const { error } = await replay(recorded, release, (session) => getServer(session, ABSENT));
    expect(error).toMatchObject({ status: 406, faultName: 'computeFault', outcome: 'final' });
  });
});

describe('the metadata of a server, recorded on 2025.1', () => {
  const KEY = 'share:e87ea07d-d679-4ae9-af23-29c11d904572';
  const SHARE = KEY.slice('share:'.length);
  const serverOf = ({ request }: Fixture) => request.path.split('/')[3] ?? '';
  const set = (recorded: Fixture, value: string) =>
    replay(recorded, 'epoxy', (session) => setServerMetadata(session, serverOf(recorded), KEY, value));
  const remove = (recorded: Fixture) =>
    replay(recorded, 'epoxy', (session) => deleteShareMetadata(session, serverOf(recorded), SHARE));

  test('an item -> set with a POST, as Nova takes it', async () => {
    const recorded = fixture('nova', 'server-metadata-set', 'epoxy');
    const { error, asked } = await set(recorded, 'nfs rw 10.20.0.11:/shares/share_e87e /srv/home');
    expect(error).toBeNull();
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
  });

  test('a value longer than 255 characters -> 400; a locked server -> 409; both final', async () => {
    const tooLong = await set(fixture('nova', 'server-metadata-too-long', 'epoxy'), 'x'.repeat(256));
    expect(tooLong.error).toMatchObject({ status: 400, outcome: 'final' });
    const locked = await set(fixture('nova', 'server-metadata-locked', 'epoxy'), 'nfs rw a:/b /srv/home');
    expect(locked.error).toMatchObject({ status: 409, outcome: 'final' });
  });

  test('removed, and removed again -> both succeed', async () => {
    for (const name of ['server-metadata-delete', 'server-metadata-delete-unknown']) {
      const recorded = fixture('nova', name, 'epoxy');
      const { error, asked } = await remove(recorded);
      expect(error).toBeNull();
      expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    }
  });
});
