import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeCursor, encodeCursor } from '../../src/graphql/connections/cursor.ts';
import { collect, MAX_READS, pageSize } from '../../src/graphql/connections/paging.ts';
import { listServers, type ReadServers } from '../../src/graphql/connections/servers.ts';
import { listShares, type ReadShares } from '../../src/graphql/connections/shares.ts';
import type { ShareFilter } from '../../src/graphql/generated.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import type { Share } from '../../src/openstack/manila/types.ts';
import type { NovaServer } from '../../src/openstack/nova/types.ts';
import { checkProperty } from '../support/property.ts';

const idOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

const serverOf = (n: number, status = 'ACTIVE'): NovaServer => ({
  id: idOf(n),
  status,
  tenant_id: 'p',
  created: '2026-11-22T14:40:16Z',
});

function shareOf(n: number, about: Partial<Share> = {}): Share {
  return {
    id: idOf(n),
    name: `share-${n}`,
    description: null,
    status: 'available',
    size: 1,
    share_proto: 'NFS',
    share_type: null,
    availability_zone: null,
    share_network_id: null,
    snapshot_id: null,
    project_id: 'p',
    is_public: false,
    metadata: {},
    created_at: '2026-11-22T14:40:25.845062',
    ...about,
  };
}

/** Nova's list: `hasNext` for every full page; an unknown marker is a 400. */
function novaOf(servers: NovaServer[], cap = 1000) {
  const queries: Parameters<ReadServers>[0][] = [];
  const read: ReadServers = async (page) => {
    queries.push(page);
    const start = page.marker === null ? 0 : servers.findIndex(({ id }) => id === page.marker) + 1;
    if (page.marker !== null && start === 0) {
      const upstreamMessage = `marker [${page.marker}] not found`;
      throw new OpenStackError('Nova refused', { service: 'nova', kind: 'refused', status: 400, upstreamMessage });
    }
    const { status } = page.filters;
    const matching = servers.slice(start).filter((server) => !status || status.includes(server.status));
    const shown = matching.slice(0, Math.min(page.limit, cap));
    return { servers: shown, hasNext: shown.length === Math.min(page.limit, cap) };
  };
  return { read, queries };
}

/** Manila's list: offset and limit count rows of shares joined with instances; a page has each share once. */
function manilaOf(shares: Share[], instancesOf: (index: number) => number = () => 1, cap = 1000) {
  const rows = shares.flatMap((share, index) => Array<Share>(instancesOf(index)).fill(share));
  const queries: Parameters<ReadShares>[0][] = [];
  const read: ReadShares = async (page) => {
    queries.push(page);
    const { status } = page.filters;
    const matching = rows.filter((share) => !status || share.status === status);
    const shown = new Set(matching.slice(page.offset, page.offset + Math.min(page.limit, cap)));
    return { shares: [...shown], count: new Set(matching).size };
  };
  return { read, queries };
}

interface Shown {
  nodes: { id: string }[];
  edges: { cursor: string }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** Reads all pages; fails when there is no end. */
async function walk(next: (after: string | null) => Promise<Shown>): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  for (let pages = 0; pages < 1000; pages++) {
    const page: Shown = await next(after);
    ids.push(...page.nodes.map(({ id }) => id));
    if (!page.pageInfo.hasNextPage) return ids;
    after = page.pageInfo.endCursor;
  }
  throw new Error('the walk did not end');
}

const noneAttached = async () => new Set<string>();

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('walking a list page by page', () => {
  /** The maximum limit of the cloud. */
  const cap = fc.constantFrom(1000, 10, 7);

  test('any number of servers in pages of any size, also where the cloud caps the limit -> each once, in order', async () => {
    await checkProperty(
      fc.asyncProperty(fc.nat(40), fc.integer({ min: 1, max: 45 }), cap, async (count, first, most) => {
        const servers = numbers(count).map((n) => serverOf(n));
        const { read } = novaOf(servers, most);
        expect(await walk((after) => listServers(read, { first, after }, noneAttached))).toEqual(
          servers.map(({ id }) => id),
        );
      }),
    );
  });

  test('any number of shares, some with replicas or under a capped limit, so that pages are short -> each once, in order', async () => {
    const instances = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 40 });
    await checkProperty(
      fc.asyncProperty(instances, fc.integer({ min: 1, max: 45 }), cap, async (counts, first, most) => {
        const shares = counts.map((_, n) => shareOf(n));
        const { read } = manilaOf(shares, (index) => counts[index] ?? 1, most);
        expect(await walk((after) => listShares(read, { first, after }, noneAttached))).toEqual(
          shares.map(({ id }) => id),
        );
      }),
    );
  });

  test('any protocols and statuses -> each share that matches once, in order', async () => {
    const share = fc.record({
      share_proto: fc.constantFrom('NFS', 'CIFS', 'CEPHFS', 'NEW'),
      status: fc.constantFrom('available', 'error', 'dancing'),
    });
    const filter = fc.record({
      protocol: fc.subarray(['NFS', 'CIFS', 'UNKNOWN'] as const),
      status: fc.subarray(['AVAILABLE', 'ERROR', 'UNKNOWN'] as const),
    });
    await checkProperty(
      fc.asyncProperty(
        fc.array(share, { maxLength: 60 }),
        filter,
        fc.integer({ min: 1, max: 9 }),
        async (some, filter, first) => {
          const shares = some.map((about, n) => shareOf(n, about));
          const upstreamToSchema = { NEW: 'UNKNOWN', dancing: 'UNKNOWN' } as Record<string, string>;
          const expected = shares.filter(
            ({ share_proto, status }) =>
              (filter.protocol.length === 0 ||
                (filter.protocol as string[]).includes(upstreamToSchema[share_proto] ?? share_proto)) &&
              (filter.status.length === 0 ||
                (filter.status as string[]).includes(upstreamToSchema[status] ?? status.toUpperCase())),
          );
          const { read } = manilaOf(shares);
          const ids = await walk((after) =>
            listShares(read, { first, after, filter: filter as ShareFilter }, noneAttached),
          );
          expect(ids).toEqual(expected.map(({ id }) => id));
        },
      ),
    );
  });

  test('the cursor of each edge as `after` -> the list from the next item on', async () => {
    const shares = numbers(7).map((n) => shareOf(n));
    const { read } = manilaOf(shares, (index) => (index % 3) + 1);
    const { edges } = await listShares(read, { first: 7 }, noneAttached);
    for (const [index, { cursor }] of edges.entries()) {
      const rest = await listShares(read, { first: 7, after: cursor }, noneAttached);
      expect(rest.nodes.map(({ id }) => id)).toEqual(shares.slice(index + 1).map(({ id }) => id));
    }
  });

  test('shares are created between two pages -> none is shown twice', async () => {
    const shares = numbers(9).map((n) => shareOf(n));
    const page = await listShares(manilaOf(shares).read, { first: 4 }, noneAttached);
    const later = manilaOf([shareOf(101), shareOf(100), ...shares]);
    const next = await listShares(later.read, { first: 4, after: page.pageInfo.endCursor }, noneAttached);
    expect(next.nodes.map(({ id }) => id)).toEqual(shares.slice(4, 8).map(({ id }) => id));
  });
});

describe('the queries to the services', () => {
  test('a page of servers -> one request for one more than shown', async () => {
    const { read, queries } = novaOf(numbers(101).map((n) => serverOf(n)));
    const page = await listServers(read, { first: 100 }, noneAttached);
    expect(queries).toEqual([{ limit: 101, marker: null, filters: {}, sort: null }]);
    expect([page.nodes.length, page.pageInfo.hasNextPage, page.totalCount]).toEqual([100, true, null]);
  });

  test('the last page of servers is exactly full -> no next page', async () => {
    const { read } = novaOf(numbers(100).map((n) => serverOf(n)));
    expect((await listServers(read, { first: 100 }, noneAttached)).pageInfo.hasNextPage).toBe(false);
  });

  test('a page of shares -> one request with the count', async () => {
    const { read, queries } = manilaOf(numbers(120).map((n) => shareOf(n)));
    const page = await listShares(read, { first: 50 }, noneAttached);
    expect(queries).toEqual([{ limit: 51, offset: 0, withCount: true, filters: {}, sort: null }]);
    expect([page.nodes.length, page.pageInfo.hasNextPage, page.totalCount]).toEqual([50, true, 120]);
  });

  test('one status of shares -> Manila filters and counts', async () => {
    const { read, queries } = manilaOf(numbers(9).map((n) => shareOf(n, { status: n % 2 ? 'error' : 'available' })));
    const page = await listShares(read, { filter: { status: ['ERROR'] } }, noneAttached);
    expect(queries.map(({ filters }) => filters)).toEqual([{ status: 'error' }]);
    expect([page.nodes.length, page.totalCount]).toEqual([4, 4]);
  });

  test('two statuses of shares -> filtered here, without a total', async () => {
    const { read, queries } = manilaOf([
      shareOf(1),
      shareOf(2, { status: 'error' }),
      shareOf(3, { status: 'creating' }),
    ]);
    const page = await listShares(read, { filter: { status: ['ERROR', 'CREATING'] } }, noneAttached);
    expect(queries.map(({ filters }) => filters)).toEqual([{}]);
    expect([page.nodes.length, page.totalCount]).toEqual([2, null]);
  });

  test('a name with special characters of regular expressions -> escaped for Nova', async () => {
    const { read, queries } = novaOf([]);
    await listServers(read, { filter: { name: 'a.b|c[1]\\' } }, noneAttached);
    expect(queries[0]?.filters).toEqual({ name: 'a\\.b[|]c\\[1\\]\\\\' });
  });

  test("a name with signs of SQL's LIKE -> they stand for themselves", async () => {
    const { read, queries } = manilaOf([]);
    await listShares(read, { filter: { name: '100%_\\', metadata: { a: 'b' } } }, noneAttached);
    expect(queries[0]?.filters).toEqual({ 'name~': '100\\%\\_\\\\', metadata: { a: 'b' } });
  });

  test('filter ACTIVE, and Nova also lists a rebooting server -> it is left out', async () => {
    const read: ReadServers = async () => ({ servers: [serverOf(1), serverOf(2, 'REBOOT')], hasNext: false });
    expect((await listServers(read, { filter: { status: ['ACTIVE'] } }, noneAttached)).nodes).toEqual([serverOf(1)]);
  });

  test('filter UNKNOWN, which Nova rejects -> filtered here', async () => {
    const { read, queries } = novaOf([serverOf(1), serverOf(2, 'UNKNOWN'), serverOf(3, 'BRAND_NEW')]);
    const page = await listServers(read, { filter: { status: ['UNKNOWN'] } }, noneAttached);
    expect(queries[0]?.filters).toEqual({});
    expect(page.nodes.map(({ id }) => id)).toEqual([idOf(2), idOf(3)]);
  });
});

describe('a filter that drops nearly all', () => {
  const shares = numbers(2500).map((n) => shareOf(n, n === 2450 ? { share_proto: 'CIFS' } : {}));

  test('the matching share is beyond MAX_READS -> an empty page with a cursor that continues', async () => {
    const { read, queries } = manilaOf(shares);
    const page = await listShares(read, { first: 5, filter: { protocol: ['CIFS'] } }, noneAttached);
    expect(queries).toHaveLength(MAX_READS);
    expect([page.nodes.length, page.pageInfo.hasNextPage]).toEqual([0, true]);
    const next = await listShares(
      read,
      { first: 5, after: page.pageInfo.endCursor, filter: { protocol: ['CIFS'] } },
      noneAttached,
    );
    expect(next.nodes.map(({ id }) => id)).toEqual([idOf(2450)]);
    expect(next.pageInfo.hasNextPage).toBe(false);
  });
});

describe('what a client may not send', () => {
  test.each([0, -1, 201, 2 ** 31 - 1])('first: %d -> BAD_USER_INPUT with what was expected', (first) => {
    expect(() => pageSize(first)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: `first: expected 1 to 200, got ${first}` }),
    );
  });

  test('first absent or null -> 50', () => {
    expect([pageSize(undefined), pageSize(null), pageSize(1), pageSize(200)]).toEqual([50, 50, 1, 200]);
  });

  test.each([
    ['of another list', encodeCursor('share', { offset: 1, id: idOf(1), seen: 1 }), 'got one of a list of shares'],
    [
      'of a later version',
      Buffer.from(JSON.stringify([2, 'server', { marker: idOf(1) }])).toString('base64url'),
      'server',
    ],
    [
      'with a marker that is no id',
      Buffer.from('[1,"server",{"marker":"&all_tenants=1"}]').toString('base64url'),
      'server',
    ],
    ['that is no JSON', 'garbage', 'got something else'],
    ['that is too long', 'A'.repeat(5000), 'got something else'],
    ['that is JSON of another kind', Buffer.from('{"a":1}').toString('base64url'), 'got something else'],
  ])('a cursor %s -> BAD_USER_INPUT without a call', async (_name, after, message) => {
    const { read, queries } = novaOf([]);
    await expect(listServers(read, { after }, noneAttached)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(message),
    });
    expect(queries).toEqual([]);
  });

  test('any text as a cursor -> a position or BAD_USER_INPUT', async () => {
    await checkProperty(
      fc.property(fc.string(), fc.constantFrom('server', 'share', 'attachment'), (cursor, kind) => {
        expect(() => decodeCursor(kind as 'server', cursor)).toThrow(
          expect.objectContaining({ code: 'BAD_USER_INPUT' }),
        );
      }),
    );
  });

  test('the cursor of a server that was deleted -> BAD_USER_INPUT with the error of Nova as its cause', async () => {
    const after = encodeCursor('server', { marker: idOf(99) });
    await expect(listServers(novaOf([serverOf(1)]).read, { after }, noneAttached)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('deleted'),
      details: { service: 'nova', status: 400 },
    });
  });

  test('a name or metadata that is too long -> BAD_USER_INPUT', async () => {
    const filter = { name: 'n'.repeat(256) };
    await expect(listServers(novaOf([]).read, { filter }, noneAttached)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    const metadata = { a: 'b'.repeat(5000) };
    await expect(listShares(manilaOf([]).read, { filter: { metadata } }, noneAttached)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });
});

test('an upstream list without end -> collect stops after MAX_READS', async () => {
  let reads = 0;
  const page = await collect(
    5,
    null,
    async () => {
      reads++;
      return { rows: [{ node: 1, after: reads }], next: reads };
    },
    () => false,
  );
  expect([reads, page]).toEqual([MAX_READS, { rows: [], hasNextPage: true, end: MAX_READS }]);
});
