import { describe, expect, test } from '@jest/globals';
import type { Attachments } from '../../src/attachments/service.ts';
import { type Clients, createLoaders } from '../../src/graphql/loaders.ts';
import { LIST_FROM, listLimit } from '../../src/openstack/list-or-get.ts';
import type { Share } from '../../src/openstack/manila/types.ts';
import type { NovaServer } from '../../src/openstack/nova/types.ts';
import type { Session } from '../../src/openstack/session.ts';

const session = {} as Session;
const serverOf = (id: string) => ({ id, status: 'ACTIVE' }) as NovaServer;
const shareOf = (id: string) => ({ id, status: 'available' }) as Share;
const ids = (count: number) => Array.from({ length: count }, (_, n) => `id-${n}`);

/** Clients that record their calls. Servers and shares in `unlisted` exist, but are in no list. */
function cloudOf(count: number, { unlisted = [] as string[], change = {} as Partial<Clients> } = {}) {
  const calls: string[] = [];
  const all = ids(count);
  const listed = all.filter((id) => !unlisted.includes(id));
  const clients: Clients = {
    async getServer(_session, id) {
      calls.push(`server ${id}`);
      return all.includes(id) ? serverOf(id) : null;
    },
    async listServers(_session, { limit }) {
      calls.push(`servers ${limit}`);
      return { servers: listed.slice(0, limit).map(serverOf), hasNext: listed.length > limit };
    },
    async getShare(_session, id) {
      calls.push(`share ${id}`);
      return all.includes(id) ? shareOf(id) : null;
    },
    async listShares(_session, { limit }) {
      calls.push(`shares ${limit}`);
      return { shares: listed.slice(0, limit).map(shareOf), count: listed.length };
    },
    async listInstanceActions() {
      return [];
    },
    async listExportLocations(_session, shareId) {
      calls.push(`locations ${shareId}`);
      return [
        { id: 'a', path: 'a:/', preferred: false },
        { id: 'b', path: 'b:/', preferred: true },
        { id: 'c', path: 'c:/' },
      ];
    },
    async listAccessRules(_session, shareId) {
      calls.push(`rules ${shareId}`);
      return null;
    },
    ...change,
  };
  const attachments = {
    async listForServers(_session, keys) {
      calls.push(`attachments of ${keys.length} servers`);
      return keys.map(() => []);
    },
    async listForShares(_session, keys) {
      calls.push(`attachments of ${keys.length} shares`);
      return keys.map(() => []);
    },
  } as Partial<Attachments> as Attachments;
  return { loaders: createLoaders(session, attachments, clients), calls };
}

describe.each([
  ['servers', 'server'],
  ['shares', 'share'],
] as const)('%s by id', (list, one) => {
  test(`fewer than ${LIST_FROM} -> a GET each`, async () => {
    const { loaders, calls } = cloudOf(10);
    const found = await loaders[one].loadMany(ids(LIST_FROM - 1));
    expect(found).toMatchObject(ids(LIST_FROM - 1).map((id) => ({ id })));
    expect(calls).toEqual(ids(LIST_FROM - 1).map((id) => `${one} ${id}`));
  });

  test(`${LIST_FROM} and more, loaded many times -> one list, with a bound`, async () => {
    const { loaders, calls } = cloudOf(60);
    const keys = [...ids(50), ...ids(50)];
    const found = await Promise.all(keys.map((id) => loaders[one].load(id)));
    expect(found.map((item) => item?.id)).toEqual(keys);
    expect(calls).toEqual([`${list} 1000`]);
  });

  test('a few of very many -> a list in proportion, and a GET for each that is not in it', async () => {
    const { loaders, calls } = cloudOf(500);
    const keys = ['id-0', 'id-499', 'id-74', 'id-100'];
    const found = await loaders[one].loadMany(keys);
    expect(found).toMatchObject(keys.map((id) => ({ id })));
    expect(calls).toEqual([`${list} 100`, `${one} id-499`, `${one} id-100`]);
  });

  test('one of many is not in the list -> a GET finds out whether it exists', async () => {
    const { loaders, calls } = cloudOf(10, { unlisted: ['id-3'] });
    const found = await Promise.all([...ids(5), 'gone'].map((id) => loaders[one].load(id)));
    expect(found.map((item) => item?.id)).toEqual([...ids(5), undefined]);
    expect(calls).toEqual([`${list} ${listLimit(6)}`, `${one} id-3`, `${one} gone`]);
  });

  test('many more in a later tick -> from the same list', async () => {
    const { loaders, calls } = cloudOf(20);
    await loaders[one].loadMany(ids(5));
    await loaders[one].loadMany(ids(20));
    expect(calls).toEqual([`${list} ${listLimit(5)}`]);
  });

  test('many more in a later tick, of very many -> a longer list, once', async () => {
    const { loaders, calls } = cloudOf(500);
    await loaders[one].loadMany(ids(3));
    await loaders[one].loadMany(ids(150));
    await loaders[one].loadMany(ids(200));
    expect(calls).toEqual([`${list} 75`, `${list} 1000`]);
  });

  test('those of a page that was listed -> no further call', async () => {
    const { loaders, calls } = cloudOf(3);
    await loaders[list]({ first: 50 });
    expect(calls).toEqual([`${list} 51`]);
    await loaders[one].loadMany(ids(3));
    expect(calls).toHaveLength(1);
  });

  test('cleared after a list -> read again', async () => {
    const { loaders, calls } = cloudOf(5);
    await loaders[one].loadMany(ids(5));
    loaders[one].clear('id-1');
    await loaders[one].load('id-1');
    expect(calls).toEqual([`${list} ${listLimit(5)}`, `${one} id-1`]);
  });
});

describe('failures', () => {
  test('one of two GETs fails -> the other succeeds', async () => {
    const getShare: Clients['getShare'] = async (_session, id) => {
      if (id === 'id-0') throw new Error('Manila is away');
      return shareOf(id);
    };
    const { loaders } = cloudOf(2, { change: { getShare } });
    const found = await Promise.allSettled(ids(2).map((id) => loaders.share.load(id)));
    expect(found.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  test('the list fails -> its error for each, and no storm of GETs', async () => {
    const listShares: Clients['listShares'] = async () => {
      throw new Error('Manila is away');
    };
    const { loaders, calls } = cloudOf(5, { change: { listShares } });
    const found = await Promise.allSettled(ids(5).map((id) => loaders.share.load(id)));
    expect(new Set(found.map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(calls).toEqual([]);
  });
});

describe('loaders by share and by server', () => {
  test('attachments of many -> one round trip for all of the tick', async () => {
    const { loaders, calls } = cloudOf(0);
    await Promise.all([
      ...ids(100).map((id) => loaders.attachmentsOfServer.load(id)),
      ...ids(40).map((id) => loaders.attachmentsOfShare.load(id)),
    ]);
    expect(calls).toEqual(['attachments of 100 servers', 'attachments of 40 shares']);
  });

  test('export locations loaded twice -> one request per share, preferred ones first', async () => {
    const { loaders, calls } = cloudOf(0);
    const [locations] = await Promise.all([loaders.exportLocations.load('s'), loaders.exportLocations.load('s')]);
    expect(locations.map(({ id }) => id)).toEqual(['b', 'a', 'c']);
    expect(calls).toEqual(['locations s']);
  });

  test('access rules of a deleted share -> none', async () => {
    const { loaders } = cloudOf(0);
    expect(await loaders.accessRules.load('s')).toEqual([]);
  });

  test('200 shares at once -> never more than 16 concurrent calls', async () => {
    let running = 0;
    let maximum = 0;
    const listAccessRules: Clients['listAccessRules'] = async () => {
      maximum = Math.max(maximum, ++running);
      await new Promise((done) => setImmediate(done));
      running--;
      return [];
    };
    const { loaders } = cloudOf(0, { change: { listAccessRules } });
    await loaders.accessRules.loadMany(ids(200));
    expect(maximum).toBe(16);
  });
});
