import { afterEach, expect, test } from '@jest/globals';
import { listAllShares } from '../../src/openstack/manila/client.ts';
import { closeAll, cloudAt, sessionIn, startService } from './service.ts';

afterEach(closeAll);

const VERSIONS = { versions: [{ id: 'v2.0', status: 'CURRENT', version: '2.82', min_version: '2.0' }] };

/** A Manila with these rows of share and instance that never gives more than `most` rows at once. */
async function manila(rows: string[], most: number) {
  const service = await startService(({ path }) => {
    const { pathname, searchParams } = new URL(path, 'http://manila');
    if (!pathname.endsWith('/shares/detail')) return { status: 200, body: VERSIONS };
    const offset = Number(searchParams.get('offset') ?? 0);
    const some = rows.slice(offset, offset + Math.min(most, Number(searchParams.get('limit'))));
    return { status: 200, body: { shares: [...new Set(some)].map((id) => ({ id })) } };
  });
  const session = sessionIn(cloudAt(service.url), { path: '/v2' });
  const reads = () => service.requests.filter(({ path }) => path.includes('/shares/detail')).length;
  return { session, reads };
}

const idsOf = ({ shares }: { shares: { id: string }[] }) => shares.map(({ id }) => id);

test('a cloud that gives fewer at once than asked for -> every share, none skipped', async () => {
  const { session } = await manila(['a', 'b', 'c', 'd', 'e'], 2);
  const all = await listAllShares(session, {});
  expect(idsOf(all)).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(all.isComplete).toBe(true);
});

test('shares with replicas take several rows -> each once', async () => {
  const { session } = await manila(['a', 'a', 'a', 'b', 'c', 'c', 'd'], 3);
  expect(idsOf(await listAllShares(session, {}))).toEqual(['a', 'b', 'c', 'd']);
});

test('a cloud that gives what is asked for -> one read, and the empty one that ends it', async () => {
  const { session, reads } = await manila(['a', 'b', 'c'], 1000);
  await listAllShares(session, {});
  expect(reads()).toBe(2);
});

test('a project with more shares than 100 of the cloud’s pages -> all of them', async () => {
  const many = Array.from({ length: 5001 }, (_, i) => `share-${i}`);
  const { session } = await manila(many, 50);
  const all = await listAllShares(session, {});
  expect(all.isComplete).toBe(true);
  expect(all.shares).toHaveLength(5001);
});

test('a list that never ends -> a bounded number of reads, and it says so', async () => {
  const endless = Array.from({ length: 2050 }, (_, i) => `share-${i}`);
  const { session, reads } = await manila(endless, 1);
  const some = await listAllShares(session, {});
  expect(some.isComplete).toBe(false);
  expect(reads()).toBe(2000);
  expect(idsOf(some)).toEqual(endless.slice(0, 2000));
});
