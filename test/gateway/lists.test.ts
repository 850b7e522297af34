import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/seed.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
  const attach = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id } } }';
  const pair = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };
  const { errors } = await gateway.query(attach, { input: pair });
  expect(errors).toBeUndefined();
});
afterAll(() => gateway.close());

async function ask(query: string, variables: object = {}) {
  const { data, errors } = await gateway.query(query, { ...variables });
  if (errors) throw new Error(errors.map(({ message, extensions }) => `${extensions.code} ${message}`).join());
  return data;
}

const names = (list: { nodes: { name: string }[] }) => list.nodes.map(({ name }) => name);

describe('the server of an address', () => {
  const BY_ADDRESS = 'query ($address: String!) { serverByAddress(address: $address) { id name } }';
  const LIST = 'query ($address: String) { servers(filter: {address: $address}) { nodes { name } } }';

  test.each([
    ['10.10.0.11', 'web-01'],
    [' 10.10.0.11', 'web-01'],
    ['10.10.0.1', null],
    ['10.10.0.111', null],
    ['203.0.113.11', null],
  ])('%j -> %j', async (address, name) => {
    expect((await ask(BY_ADDRESS, { address })).serverByAddress?.name ?? null).toBe(name);
    expect(names((await ask(LIST, { address })).servers)).toEqual(name ? [name] : []);
  });

  test('IPv6 in any spelling -> the server', async () => {
    const { server } = await ask(`{ server(id: "${DEMO.ipv6ServerId}") { name addresses { address version } } }`);
    const address = server.addresses.find(({ version }: { version: number }) => version === 6).address;
    const [head, tail] = address.toUpperCase().split('::');
    const long = `${head}:${Array(8 - head.split(':').length - tail.split(':').length)
      .fill('0')
      .join(':')}:${tail}`;
    expect((await ask(BY_ADDRESS, { address: long })).serverByAddress).toMatchObject({ name: server.name });
  });

  test('two servers with it, on different networks -> CONFLICT with their ids; the filter lists both', async () => {
    const servers = ['private', 'storage'].map((network) => {
      const { id } = gateway.sandbox.addServer({ name: `twin-${network}` });
      gateway.sandbox.setServerAddresses(id, [{ network, fixedIps: ['10.77.0.1'] }]);
      return id;
    });
    const { errors } = await gateway.query(BY_ADDRESS, { address: '10.77.0.1' });
    expect(errors?.[0]?.extensions.code).toBe('CONFLICT');
    for (const id of servers) expect(errors?.[0]?.message).toContain(id);
    expect(names((await ask(LIST, { address: '10.77.0.1' })).servers).sort()).toEqual(['twin-private', 'twin-storage']);
    for (const id of servers) gateway.sandbox.deleteServer(id);
  });

  test.each(['10.10.0', '10.10.0.0/24', 'web-01', ''])('%j -> BAD_USER_INPUT', async (address) => {
    const { errors } = await gateway.query(BY_ADDRESS, { address });
    expect(errors?.[0]).toMatchObject({ message: expect.stringContaining('expected an IPv4 or IPv6 address') });
  });

  test('Neutron finds parts of addresses -> the plain address is sent, and what is listed besides is left out', async () => {
    gateway.sandbox.clearRequests();
    await ask(LIST, { address: '10.10.0.11' });
    const [list] = gateway.sandbox.requests.filter(({ path }) => path === '/servers/detail');
    expect(list?.query).toMatchObject({ ip: '10.10.0.11' });
  });
});

describe('filters', () => {
  test('hasShares, isAttached -> what is attached, and what is not, each in pages', async () => {
    const QUERY = `query ($is: Boolean) {
      servers(first: 200, filter: {hasShares: $is}) { nodes { name } }
      shares(first: 200, filter: {isAttached: $is}) { nodes { name } totalCount } }`;
    const attached = await ask(QUERY, { is: true });
    expect(names(attached.servers)).toContain('web-01');
    expect(names(attached.shares)).toContain('home-dirs');
    const free = await ask(QUERY, { is: false });
    const all = await ask(QUERY);
    expect(names(attached.servers).length + names(free.servers).length).toBe(names(all.servers).length);
    expect(names(free.servers)).not.toContain('web-01');
    expect(names(attached.shares).length + names(free.shares).length).toBe(names(all.shares).length);
    expect([attached.shares.totalCount, all.shares.totalCount]).toEqual([null, 25]);

    const paged: string[] = [];
    for (let after: string | null = null, pages = 0; pages < 50; pages++) {
      const { servers } = await ask(
        'query ($after: String) { servers(first: 7, after: $after, filter: {hasShares: false}) { nodes { name } pageInfo { hasNextPage endCursor } } }',
        { after },
      );
      paged.push(...names(servers));
      after = servers.pageInfo.endCursor;
      if (!servers.pageInfo.hasNextPage) break;
    }
    expect(paged).toEqual(names(free.servers));
  });

  test('exportPath -> the share that is mounted from it', async () => {
    const { share } = await ask(`{ share(id: "${DEMO.nfsShareId}") { name exportLocations { path } } }`);
    const QUERY = 'query ($path: String) { shares(filter: {exportPath: $path}) { nodes { name } totalCount } }';
    const { path } = share.exportLocations[0];
    expect((await ask(QUERY, { path })).shares).toEqual({ nodes: [{ name: share.name }], totalCount: 1 });
    expect((await ask(QUERY, { path: `${path}x` })).shares.nodes).toEqual([]);
  });
});

describe('an order', () => {
  const PAGES = `query ($after: String, $field: ServerOrderField!, $direction: OrderDirection) {
    servers(first: 9, after: $after, orderBy: {field: $field, direction: $direction}) {
      nodes { id name createdAt } pageInfo { hasNextPage endCursor } } }`;

  async function walk(variables: object) {
    const nodes: { id: string; name: string; createdAt: string }[] = [];
    for (let after: string | null = null; ; ) {
      const { servers } = await ask(PAGES, { ...variables, after });
      nodes.push(...servers.nodes);
      if (!servers.pageInfo.hasNextPage) return nodes;
      after = servers.pageInfo.endCursor;
    }
  }

  test('servers by name, both ways, in pages -> each once, in order', async () => {
    const up = (await walk({ field: 'NAME', direction: 'ASC' })).map(({ name }) => name);
    expect([up.length, new Set(up).size]).toEqual([40, 40]);
    expect(up).toEqual(up.toSorted());
    expect((await walk({ field: 'NAME', direction: 'DESC' })).map(({ name }) => name)).toEqual(up.toReversed());
    const byAge = (await walk({ field: 'CREATED_AT' })).map(({ createdAt }) => createdAt);
    expect(byAge).toEqual(byAge.toSorted());
  });

  test('shares by size, in pages -> each once, in order', async () => {
    const sizes: number[] = [];
    for (let after: string | null = null; ; ) {
      const { shares } = await ask(
        'query ($after: String) { shares(first: 6, after: $after, orderBy: {field: SIZE, direction: DESC}) { nodes { sizeGib } pageInfo { hasNextPage endCursor } } }',
        { after },
      );
      sizes.push(...shares.nodes.map(({ sizeGib }: { sizeGib: number }) => sizeGib));
      if (!shares.pageInfo.hasNextPage) break;
      after = shares.pageInfo.endCursor;
    }
    expect(sizes).toHaveLength(25);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
  });

  test('a cursor from a list in another order -> BAD_USER_INPUT that names both', async () => {
    const { servers } = await ask(PAGES, { field: 'NAME' });
    const after = servers.pageInfo.endCursor;
    for (const variables of [{ field: 'NAME', direction: 'DESC' }, { field: 'CREATED_AT' }]) {
      const { errors } = await gateway.query(PAGES, { ...variables, after });
      expect(errors?.[0]?.message).toContain('got one in NAME ASC');
    }
    const { errors } = await gateway.query('query ($after: String) { servers(after: $after) { nodes { id } } }', {
      after,
    });
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });
});
