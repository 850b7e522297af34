import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type GraphQLNamedType, getNamedType, isObjectType } from 'graphql';
import { Redis } from 'ioredis';
import { MANAGED_BY } from '../../src/attachments/rule-metadata.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { DEMO, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { type GatewayResponse, startGateway, type TestGateway } from '../support/gateway.ts';
import { startRedisServer } from '../support/redis.ts';
import { until } from '../support/until.ts';

const schema = createSchema();

/** A selection of every field of a type, without recursion. */
function everyField(type: GraphQLNamedType | null | undefined, above: readonly string[] = []): string {
  if (!isObjectType(type)) return '';
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type);
    if (!isObjectType(inner)) return [field.name];
    return [...above, type.name].includes(inner.name)
      ? []
      : [`${field.name} ${everyField(inner, [...above, type.name])}`];
  });
  return `{ ${fields.join(' ')} }`;
}

const fieldsOf = (name: string) => everyField(schema.getType(name));

/** The number of requests to each service. */
function counts({ requests }: Sandbox): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { service } of requests) found[service] = (found[service] ?? 0) + 1;
  return found;
}

/** An access rule with the gateway's metadata, from which it recovers its attachments. */
function attached(sandbox: Sandbox, serverId: string, shareId: string, accessTo: string): void {
  const metadata = { managed_by: MANAGED_BY, attachment_id: `${serverId}:${shareId}`, server_id: serverId };
  sandbox.addRule(shareId, { accessType: accessTo.startsWith('srv-') ? 'cephx' : 'ip', accessTo, metadata });
}

const pathOf = (error: { path?: (string | number)[] }) => error.path?.join('.');

describe('the demo cloud', () => {
  let gateway: TestGateway;
  let sandbox: Sandbox;

  beforeAll(async () => {
    gateway = await startGateway({ env: { MAX_TOKENS: '5000', MAX_COST: '10000000' } });
    sandbox = gateway.sandbox;
    attached(sandbox, DEMO.serverId, DEMO.nfsShareId, '10.10.0.11');
    attached(sandbox, DEMO.serverId, DEMO.cephfsShareId, `srv-${DEMO.serverId}`);
  });
  afterAll(() => gateway.close());

  const ask = async (document: string, variables?: Record<string, unknown>): Promise<GatewayResponse> => {
    const result = await gateway.query(document, variables);
    expect(result.errors).toBeUndefined();
    return result;
  };

  test('every field of every type, from every root field -> no error', async () => {
    const pair = `serverId: "${DEMO.serverId}", shareId: "${DEMO.nfsShareId}"`;
    const roots = [
      `viewer ${fieldsOf('Viewer')}`,
      `server(id: "${DEMO.serverId}") ${fieldsOf('Server')}`,
      `servers ${fieldsOf('ServerConnection')}`,
      `share(id: "${DEMO.nfsShareId}") ${fieldsOf('Share')}`,
      `shares ${fieldsOf('ShareConnection')}`,
      `shareAttachment(${pair}) ${fieldsOf('ShareAttachment')}`,
      `shareAttachments ${fieldsOf('ShareAttachmentConnection')}`,
    ];
    for (const root of roots) {
      const { data } = await ask(`{ ${root} }`);
      expect(Object.values(data)[0]).toBeTruthy();
    }
  });

  test('web-01 with its shares -> the values of Nova, Manila and the record in one result', async () => {
    const { data } = await ask(
      `query($id: ID!) { server(id: $id) {
         name status statusRaw powerState addresses { network address version type } flavor { name vcpus ramMib diskGib }
         metadata tags keyName locked projectId
         sharesAttached { status accessLevel share { name sizeGib protocol } accessRules { accessTo state } mountCommands }
       } }`,
      { id: DEMO.serverId },
    );
    expect(data.server).toMatchObject({
      name: 'web-01',
      status: 'ACTIVE',
      statusRaw: 'ACTIVE',
      powerState: 'RUNNING',
      addresses: [{ network: 'private', address: '10.10.0.11', version: 4, type: 'FIXED' }],
      flavor: { name: 'm1.small', vcpus: 1, ramMib: 2048, diskGib: 20 },
      metadata: { role: 'frontend' },
      tags: ['production', 'web'],
      keyName: 'demo-key',
      locked: false,
      projectId: DEMO.projectId,
    });
    const byName = Object.fromEntries(
      data.server.sharesAttached.map((one: { share: { name: string } }) => [one.share.name, one]),
    );
    expect(Object.keys(byName).sort()).toEqual(['home-dirs', 'ml-models']);
    expect(byName['home-dirs']).toMatchObject({
      status: 'ATTACHED',
      accessLevel: 'READ_WRITE',
      share: { sizeGib: 100, protocol: 'NFS' },
      accessRules: [{ accessTo: '10.10.0.11', state: 'ACTIVE' }],
    });
    expect(byName['home-dirs'].mountCommands[0]).toMatch(
      /^mkdir -p \/mnt\/[0-9a-f-]+ && mount -t nfs \S+:\/\S+ \/mnt\//,
    );
    expect(byName['ml-models'].mountCommands[0]).toContain(`-o name=srv-${DEMO.serverId},`);
    expect(byName['ml-models'].mountCommands[0]).toContain(',fs=cephfs');
  });

  test('servers and shares in unusual states -> their statuses, faults and nulls', async () => {
    const { data } = await ask(
      `{ error: server(id: "${DEMO.errorServerId}") { status fault { message code createdAt } addresses { address } }
         build: server(id: "${DEMO.buildServerId}") { status taskState launchedAt }
         off: server(id: "${DEMO.shutoffServerId}") { status powerState }
         creating: share(id: "${DEMO.creatingShareId}") { status exportLocations { path } }
         broken: share(id: "${DEMO.errorShareId}") { status }
         public: share(id: "${DEMO.publicShareId}") { isPublic projectId }
         foreignServer: server(id: "${DEMO.otherServerId}") { id }
         foreignShare: share(id: "${DEMO.otherShareId}") { id } }`,
    );
    expect(data).toMatchObject({
      error: { status: 'ERROR', fault: { code: 500, message: expect.stringContaining('No valid host') } },
      build: { status: 'BUILD', taskState: 'spawning', launchedAt: null },
      off: { status: 'SHUTOFF', powerState: 'SHUTDOWN' },
      creating: { status: 'CREATING', exportLocations: [] },
      broken: { status: 'ERROR' },
      public: { isPublic: true, projectId: DEMO.otherProjectId },
      foreignServer: null,
      foreignShare: null,
    });
  });

  test.each([
    ['servers', 7, 40],
    ['servers', 40, 40],
    ['shares', 4, 25],
    ['shares', 25, 25],
  ])('all %s in pages of %d -> each once, and no page after the last', async (list, first, all) => {
    const ids: string[] = [];
    let after: string | null = null;
    let pages = 0;
    do {
      const { data }: GatewayResponse = await ask(
        `query($first: Int, $after: String) { page: ${list}(first: $first, after: $after) {
           nodes { id } edges { cursor node { id } } ${list === 'shares' ? 'totalCount' : ''} pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
        { first, after },
      );
      const { nodes, edges, pageInfo, totalCount } = data.page;
      expect(edges.map((edge: { node: unknown }) => edge.node)).toEqual(nodes);
      expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([edges[0].cursor, edges.at(-1).cursor]);
      expect([pageInfo.hasPreviousPage, totalCount]).toEqual([false, list === 'shares' ? 25 : undefined]);
      ids.push(...nodes.map(({ id }: { id: string }) => id));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
      pages++;
    } while (after);
    expect([ids.length, new Set(ids).size, pages]).toEqual([all, all, Math.ceil(all / first)]);
  });

  test('attachments page by page -> each once, with the total and the cursor of the event log', async () => {
    const page = (after: string | null) =>
      ask(
        'query($after: String) { shareAttachments(first: 1, after: $after) { nodes { id } totalCount eventCursor pageInfo { hasNextPage endCursor } } }',
        { after },
      ).then(({ data }) => data.shareAttachments);
    const one = await page(null);
    const two = await page(one.pageInfo.endCursor);
    expect([one.totalCount, one.pageInfo.hasNextPage, two.pageInfo.hasNextPage]).toEqual([2, true, false]);
    expect(new Set([one.nodes[0].id, two.nodes[0].id]).size).toBe(2);
    expect(one.eventCursor).toMatch(/^\d+-\d+$/);
  });

  test.each([
    ['servers by name', 'servers(filter: {name: "web-0"})', 8],
    ['servers by a name that is a regular expression elsewhere', 'servers(filter: {name: "web-.*"})', 0],
    ['servers by one status', 'servers(filter: {status: [SHUTOFF]})', 2],
    ['servers by several statuses', 'servers(filter: {status: [ERROR, BUILD, SUSPENDED]})', 3],
    ['servers by name and status', 'servers(filter: {name: "db", status: [SHUTOFF]})', 1],
    ['shares by name', 'shares(filter: {name: "logs"})', 1],
    ['shares by one status', 'shares(filter: {status: [ERROR]})', 1],
    ['shares by several statuses', 'shares(filter: {status: [ERROR, CREATING]})', 2],
    ['shares by protocol', 'shares(filter: {protocol: [CIFS]})', 6],
    ['shares by several protocols', 'shares(filter: {protocol: [CIFS, CEPHFS]})', 12],
    ['shares by metadata', 'shares(filter: {metadata: {owner: "platform"}})', 2],
    ['shares by several pairs of metadata', 'shares(filter: {metadata: {owner: "platform", purpose: "ci"}})', 1],
    ['shares by metadata and protocol', 'shares(filter: {metadata: {owner: "research"}, protocol: [NFS]})', 1],
    ['attachments by server', `shareAttachments(filter: {serverId: "${DEMO.serverId}"})`, 2],
    ['attachments by share', `shareAttachments(filter: {shareId: "${DEMO.nfsShareId}"})`, 1],
    ['attachments by status', 'shareAttachments(filter: {status: [ATTACHED]})', 2],
    ['attachments by a status that none has', 'shareAttachments(filter: {status: [DETACHING]})', 0],
  ])('%s -> those that match', async (_name, field, found) => {
    const { data } = await ask(`{ page: ${field} { nodes { id } pageInfo { hasNextPage } } }`);
    expect([data.page.nodes.length, data.page.pageInfo.hasNextPage]).toEqual([found, false]);
  });

  test('metadata with quotes and backslashes -> found', async () => {
    const metadata = { note: `it's "here" \\ there` };
    const share = sandbox.addShare({ name: 'quoted', metadata });
    const { data } = await ask(
      'query($metadata: StringMap) { shares(filter: {metadata: $metadata}) { nodes { id metadata } } }',
      {
        metadata,
      },
    );
    expect(data.shares.nodes).toEqual([{ id: share.id, metadata }]);
    sandbox.deleteShare(share.id);
  });

  test.each([
    ['first: 0', '{ servers(first: 0) { nodes { id } } }', 'first: expected 1 to 200, got 0'],
    [
      'a cursor of another list',
      '{ shares(after: "WzEsInNlcnZlciIse31d") { nodes { id } } }',
      'got one of a list of servers',
    ],
    ['a malformed id', '{ share(id: "home-dirs") { id } }', 'id: expected a UUID, got "home-dirs"'],
  ])('%s -> BAD_USER_INPUT', async (_name, document, message) => {
    const { errors } = await gateway.query(document);
    expect(errors?.map((error) => [error.extensions.code, error.message])).toEqual([
      ['BAD_USER_INPUT', expect.stringContaining(message)],
    ]);
  });

  test('the server of a cursor is deleted -> the next page; Nova has purged it -> BAD_USER_INPUT', async () => {
    const server = sandbox.addServer({ name: 'short-lived' });
    const { data } = await ask('{ servers(first: 1) { nodes { id } pageInfo { endCursor } } }');
    expect(data.servers.nodes).toEqual([{ id: server.id }]);
    sandbox.deleteServer(server.id);
    const next = 'query($after: String) { servers(first: 1, after: $after) { nodes { id } } }';
    const after: string = data.servers.pageInfo.endCursor;
    const first = await ask('{ servers(first: 1) { nodes { id } } }');
    expect((await gateway.query(next, { after })).data).toEqual(first.data);

    const cursor = Buffer.from(after, 'base64url').toString().replace(server.id, randomUUID());
    const { errors } = await gateway.query(next, { after: Buffer.from(cursor).toString('base64url') });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', service: 'nova', status: 400 });
    expect(errors?.[0]?.message).toContain('deleted');
  });
});

describe('a hundred servers, each with three of fifty shares', () => {
  const SHOWN = 'status share { name sizeGib status }';
  let gateway: TestGateway;
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox({ seed: 'empty' });
    const shares = Array.from({ length: 50 }, (_, n) => sandbox.addShare({ name: `share-${n}`, createdAt: n }).id);
    for (let n = 0; n < 100; n++) {
      const server = sandbox.addServer({ name: `server-${n}`, createdAt: n }).id;
      for (const step of [0, 7, 23]) attached(sandbox, server, shares[(n + step) % 50] ?? '', `10.10.0.${n}`);
    }
    gateway = await startGateway({ sandbox });
    // The first query recovers the attachments from Manila, validates the token and negotiates microversions.
    await gateway.query('{ servers(first: 1) { nodes { sharesAttached { id } } } }');
  });
  afterAll(async () => {
    await gateway.close();
    await sandbox.close();
  });
  beforeEach(() => sandbox.clearRequests());

  test('servers with their shares -> 1 request to Nova, 1 to Manila', async () => {
    const { data, errors } = await gateway.query(
      `{ servers(first: 100) { nodes { name sharesAttached { ${SHOWN} } } } }`,
    );
    expect(errors).toBeUndefined();
    const attachments = data.servers.nodes.flatMap((server: { sharesAttached: unknown[] }) => server.sharesAttached);
    expect([data.servers.nodes.length, attachments.length]).toEqual([100, 300]);
    expect(attachments[0]).toEqual({
      status: 'ATTACHED',
      share: { name: expect.any(String), sizeGib: 1, status: 'AVAILABLE' },
    });
    expect(counts(sandbox)).toEqual({ nova: 1, manila: 1 });
  });

  test('the same with export locations and access rules -> at most one more per share and kind', async () => {
    const { errors } = await gateway.query(
      `{ servers(first: 100) { nodes { sharesAttached { ${SHOWN} mountCommands accessRules { metadata }
           share { exportLocations { path } accessRules { state } } } } } }`,
    );
    expect(errors).toBeUndefined();
    expect(counts(sandbox)).toEqual({ nova: 1, manila: 1 + 50 + 50 });
  });

  test('shares with their servers -> 1 request to Manila, 1 to Nova', async () => {
    const { data, errors } = await gateway.query(
      '{ shares(first: 50) { totalCount nodes { name serversAttached { status server { name status } } } } }',
    );
    expect(errors).toBeUndefined();
    const attachments = data.shares.nodes.flatMap((share: { serversAttached: unknown[] }) => share.serversAttached);
    expect([data.shares.totalCount, attachments.length]).toEqual([50, 300]);
    expect(counts(sandbox)).toEqual({ nova: 1, manila: 1 });
  });

  test('attachments with both sides -> 1 request to each', async () => {
    const { data, errors } = await gateway.query(
      '{ shareAttachments(first: 200) { nodes { server { name } share { name } } pageInfo { hasNextPage } } }',
    );
    expect(errors).toBeUndefined();
    expect([data.shareAttachments.nodes.length, data.shareAttachments.pageInfo.hasNextPage]).toEqual([200, true]);
    expect(counts(sandbox)).toEqual({ nova: 1, manila: 1 });
  });

  test('servers alone -> no request to Manila', async () => {
    await gateway.query('{ servers(first: 100) { nodes { name status } } }');
    expect(counts(sandbox)).toEqual({ nova: 1 });
  });

  test('servers with their shares -> one command to Redis for the attachments of all of them', async () => {
    const { data } = await gateway.query('{ servers(first: 100) { nodes { id } } }');
    const ids: string[] = data.servers.nodes.map(({ id }: { id: string }) => id);
    const redis = new Redis(gateway.config.REDIS_URL ?? '');
    const monitor = await redis.monitor();
    const commands: string[][] = [];
    monitor.on('monitor', (_time: string, command: string[], source: string) => {
      const isOurs = command.some((word) => word.includes(gateway.config.REDIS_PREFIX));
      if (source !== 'lua' && isOurs && ids.some((id) => command.some((word) => word.includes(id))))
        commands.push(command);
    });
    await gateway.query(`{ servers(first: 100) { nodes { sharesAttached { ${SHOWN} } } } }`);
    const end = new Promise((resolve) => {
      monitor.on('monitor', (_time: string, command: string[]) => command.includes('the end') && resolve(true));
    });
    await redis.echo('the end');
    expect(await end).toBe(true);
    monitor.disconnect();
    redis.disconnect();
    expect(commands).toHaveLength(1);
  });

  describe('when a service is unavailable', () => {
    const request = 'req-3f6d1c52-6ad5-4a9e-9b61-000000000001';

    test('Manila responds 503 -> the servers are returned, each missing share has an error on its path', async () => {
      const fault = sandbox.faults.add({
        service: 'manila',
        kind: 'status',
        status: 503,
        headers: { 'x-openstack-request-id': request },
      });
      const {
        data,
        errors = [],
        status,
      } = await gateway.query(`{ servers(first: 3) { nodes { name sharesAttached { ${SHOWN} } } } }`);
      fault.remove();
      expect(status).toBe(200);
      expect(data.servers.nodes.map(({ name }: { name: string }) => name)).toEqual([
        'server-99',
        'server-98',
        'server-97',
      ]);
      expect(data.servers.nodes[0].sharesAttached).toEqual(Array(3).fill({ status: 'ATTACHED', share: null }));
      expect(errors.map(pathOf).sort()).toEqual(
        [0, 1, 2].flatMap((server) =>
          [0, 1, 2].map((share) => `servers.nodes.${server}.sharesAttached.${share}.share`),
        ),
      );
      for (const { extensions } of errors) {
        expect(extensions).toMatchObject({
          code: 'UPSTREAM_UNAVAILABLE',
          service: 'manila',
          status: 503,
          openstackRequestId: request,
        });
      }
    });

    test('Nova breaks every connection -> the shares are returned', async () => {
      sandbox.down('nova');
      const { data, errors = [] } = await gateway.query(
        '{ shares(first: 1) { nodes { name serversAttached { status server { name } } } } servers { nodes { id } } }',
      );
      sandbox.up('nova');
      expect([data.servers, errors.map(pathOf)]).toEqual([null, expect.arrayContaining(['servers'])]);
      expect(data.shares.nodes[0].serversAttached).toContainEqual({ status: 'ATTACHED', server: null });
      expect(new Set(errors.map(({ extensions }) => `${extensions.code} ${extensions.service}`))).toEqual(
        new Set(['UPSTREAM_UNAVAILABLE nova']),
      );
    });
  });

  test('a share that is deleted in Manila -> null without an error', async () => {
    const { data } = await gateway.query('{ shareAttachments(first: 5) { nodes { share { id } } } }');
    const { id } = data.shareAttachments.nodes[0].share;
    sandbox.deleteShare(id);
    const after = await gateway.query(
      '{ shareAttachments(first: 5) { nodes { shareId share { id } mountCommands } } }',
    );
    expect(after.errors).toBeUndefined();
    expect(after.data.shareAttachments.nodes.filter((one: { shareId: string }) => one.shareId === id)).toEqual(
      expect.arrayContaining([{ shareId: id, share: null, mountCommands: [] }]),
    );
  });
});

describe('when Redis is unavailable', () => {
  const SHOWN = '{ servers(first: 2) { nodes { name sharesAttached { id } } } }';

  test('servers with their shares -> sharesAttached is STATE_UNAVAILABLE on its path, until Redis is back', async () => {
    const redis = await startRedisServer();
    const gateway = await startGateway({ env: { REDIS_URL: redis.url } });
    expect((await gateway.query(SHOWN)).errors).toBeUndefined();

    await redis.stop();
    const { data, errors } = await gateway.query(SHOWN);
    expect(data.servers.nodes).toEqual([
      { name: expect.any(String), sharesAttached: null },
      { name: expect.any(String), sharesAttached: null },
    ]);
    expect(errors?.map((error) => [pathOf(error), error.extensions.code])).toEqual([
      ['servers.nodes.0.sharesAttached', 'STATE_UNAVAILABLE'],
      ['servers.nodes.1.sharesAttached', 'STATE_UNAVAILABLE'],
    ]);

    await redis.start();
    const again = await until(async () => {
      const result = await gateway.query(SHOWN);
      return result.errors ? null : result;
    });
    expect(again.data.servers.nodes.map((one: { sharesAttached: unknown }) => one.sharesAttached)).toEqual([[], []]);
    await gateway.close();
    await redis.stop();
  });
});
