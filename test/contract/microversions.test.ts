import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { isAtLeast, supportedMicroversion } from '../../src/openstack/http/microversions.ts';
import { getServer } from '../../src/openstack/nova/client.ts';
import { MANILA, NOVA } from '../../src/openstack/services.ts';
import {
  closeAll,
  cloudAt,
  fixture,
  MICROVERSIONS,
  type Reply,
  sessionIn,
  startService,
  TOKEN,
  withVersions,
} from './service.ts';

afterEach(closeAll);

const versions = (version: string, min_version: string): Reply => ({
  status: 200,
  body: { versions: [{ id: 'v2.0', version, min_version }] },
});

describe.each([
  ['epoxy', ''],
  ['zed', '/8903955a85ba4379b4c0dd07ac47cdef'],
] as const)('a cloud of %s', (release, path) => {
  test('both services asked -> the newest that both sides know, asked beside the endpoint', async () => {
    const service = await startService(withVersions(release, () => 'hang'));
    const session = sessionIn(cloudAt(service.url), { path });
    const nova = await supportedMicroversion(session, NOVA);
    const manila = await supportedMicroversion(session, MANILA);
    expect({ nova, manila }).toEqual(MICROVERSIONS[release]);
    expect(service.requests.map((seen) => seen.path)).toEqual(['/v2.1/', '/v2/']);
    expect(service.requests[1]?.headers['x-auth-token']).toBe(TOKEN);
  });

  test('the document beside the endpoint is refused -> the one above it, which is a 300', async () => {
    const service = await startService((seen) =>
      seen.path === '/'
        ? fixture('manila', 'versions', release).response
        : fixture('manila', 'version-v2-no-token', release).response,
    );
    const session = sessionIn(cloudAt(service.url), { path });
    expect(await supportedMicroversion(session, MANILA)).toBe(MICROVERSIONS[release].manila);
    expect(service.requests.map((seen) => seen.path)).toEqual(['/v2/', '/']);
  });
});

test('the endpoint stands under a path, links name another host -> the path is kept, links are not followed', async () => {
  const service = await startService((seen) =>
    seen.path === '/share/v2/' ? fixture('manila', 'version-v2', 'epoxy').response : { status: 404 },
  );
  const cloud = cloudAt(service.url, {
    endpointOverrides: { manila: `${service.url}/share/v2/8903955a85ba4379b4c0dd07ac47cdef` },
  });
  expect(await supportedMicroversion(sessionIn(cloud), MANILA)).toBe('2.89');
});

test('an endpoint without a version -> the version of the API that we speak', async () => {
  const service = await startService(withVersions('zed', () => ({ status: 404 })));
  const cloud = cloudAt(service.url, { endpointOverrides: { nova: `${service.url}/` } });
  expect(await supportedMicroversion(sessionIn(cloud), NOVA)).toBe('2.93');
});

test('many ask at once -> asked once, and kept for other tokens', async () => {
  const service = await startService(withVersions('epoxy', () => 'hang'));
  const cloud = cloudAt(service.url);
  const sessions = [sessionIn(cloud), sessionIn(cloud), sessionIn(cloud, { token: 'another' })];
  await Promise.all(sessions.map((session) => supportedMicroversion(session, NOVA)));
  await supportedMicroversion(sessionIn(cloud, { token: 'a third' }), NOVA);
  expect(service.requests).toHaveLength(1);
});

test('the first who asks leaves -> the others get their answer', async () => {
  let answer = () => {};
  const service = await startService(
    () =>
      new Promise<Reply>((resolve) => {
        answer = () => resolve(fixture('nova', 'version', 'epoxy').response);
      }),
  );
  const cloud = cloudAt(service.url);
  const leaving = new AbortController();
  const asked = service.nextRequest();
  const first = supportedMicroversion({ ...sessionIn(cloud), signal: leaving.signal }, NOVA);
  const second = supportedMicroversion(sessionIn(cloud), NOVA);
  await asked;
  leaving.abort();
  await expect(first).rejects.toMatchObject({ kind: 'timeout' });
  answer();
  expect(await second).toBe(MICROVERSIONS.epoxy.nova);
});

test('the answer is a failure -> not kept', async () => {
  const replies: Reply[] = [{ status: 500 }, { status: 500 }, versions('2.90', '2.1')];
  const service = await startService(() => replies.shift() ?? 'hang');
  const session = sessionIn(cloudAt(service.url));
  await expect(supportedMicroversion(session, NOVA)).rejects.toMatchObject({ status: 500 });
  expect(await supportedMicroversion(session, NOVA)).toBe('2.90');
});

test.each([
  ['too old', '2.44', '2.0'],
  ['too new', '2.120', '2.97'],
])('a cloud that is %s -> UPSTREAM_ERROR with what it has and what is needed', async (_what, to, from) => {
  const service = await startService(() => versions(to, from));
  await expect(supportedMicroversion(sessionIn(cloudAt(service.url)), MANILA)).rejects.toMatchObject({
    code: 'UPSTREAM_ERROR',
    message: `Manila has no supported microversion: expected one from 2.45 to 2.89, got ${from} to ${to}`,
  });
});

test('Nova v2.0, which has no microversions -> an error that says so', async () => {
  const body = { version: { id: 'v2.0', version: '', min_version: '' } };
  const service = await startService(() => ({ status: 200, body }));
  await expect(supportedMicroversion(sessionIn(cloudAt(service.url)), NOVA)).rejects.toMatchObject({
    kind: 'bad_response',
    message: 'Nova answered GET /v2.1/ (200) without a microversion',
  });
});

test('the cloud takes the microversion no more (406) -> asked again at the next call', async () => {
  const service = await startService(
    withVersions('epoxy', () => fixture('nova', 'server-microversion-too-high', 'epoxy').response),
  );
  const session = sessionIn(cloudAt(service.url));
  const id = '00000000-dead-4bad-8bad-000000000000';
  await expect(getServer(session, id)).rejects.toMatchObject({ status: 406 });
  await expect(getServer(session, id)).rejects.toMatchObject({ status: 406 });
  expect(service.requests.filter((seen) => seen.path === '/v2.1/')).toHaveLength(2);
});

test.each([
  ['2.10', '2.9', true],
  ['2.9', '2.10', false],
  ['2.45', '2.45', true],
  ['3.0', '2.99', true],
])('%s at least %s -> %s', (microversion, wanted, isIt) => {
  expect(isAtLeast(microversion, wanted)).toBe(isIt);
});

test('no version document at the catalog’s URL -> a bad response with its path, not a missing resource', async () => {
  const notFound: Reply = { status: 404, body: { itemNotFound: { code: 404, message: 'Not found.' } } };
  const service = await startService(() => notFound);
  await expect(getServer(sessionIn(cloudAt(service.url)), randomUUID())).rejects.toMatchObject({
    kind: 'bad_response',
    outcome: 'uncertain',
    message: 'Nova has no version document at /v2.1/ (404): check its catalog URL',
  });
});
