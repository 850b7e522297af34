import { describe, expect, test } from '@jest/globals';
import {
  buildSchema,
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLInputField,
  graphql,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { pino } from 'pino';
import type { AttachmentEvent, AttachmentView } from '../../src/attachments/attachment.ts';
import type { Attachments, AttachRequest } from '../../src/attachments/service.ts';
import type { GatewayContext } from '../../src/graphql/context.ts';
import { type Clients, createLoaders } from '../../src/graphql/loaders.ts';
import { Subscription } from '../../src/graphql/resolvers/subscription.ts';
import { enumValue } from '../../src/graphql/resolvers/upstream-value.ts';
import { createSchema, readTypeDefs } from '../../src/graphql/schema.ts';
import type { AccessRule, Share } from '../../src/openstack/manila/types.ts';
import type { NovaServer } from '../../src/openstack/nova/types.ts';
import type { Identity, Session } from '../../src/openstack/session.ts';
import { anAttachment } from '../support/attachments.ts';

const schema = createSchema();
const SERVER = '00f9e5cb-8ff8-44ff-8e0e-2439f68c5854';
const SHARE = '74fd53dd-5483-4e5b-a038-8f60739d2daa';
const AT = '2026-11-22T14:40:25.000Z';

const server: NovaServer = { id: SERVER, name: 'web-01', status: 'ACTIVE', tenant_id: 'p', created: AT };
const share = { id: SHARE, share_proto: 'NFS', status: 'available', size: 2, metadata: {} } as Share;
const attachment: AttachmentView = anAttachment({
  projectId: 'p',
  serverId: SERVER,
  shareId: SHARE,
  accessLevel: 'ro',
  targets: [
    { accessTo: '10.0.0.5', ruleId: 'rule-1', isOwned: true, state: 'queued_to_apply' },
    { accessTo: '10.0.0.6', ruleId: null, isOwned: true, state: null },
  ],
  requestId: 'req-1',
  userId: 'u',
  createdAt: AT,
  updatedAt: AT,
  statusSince: AT,
  version: 1,
});

/** A context of plain objects. A client function that is not given must not be called. */
function contextOf(clients: Partial<Clients>, attachments: Partial<Attachments> = {}): GatewayContext {
  const identity: Identity = {
    userId: 'u',
    userName: 'demo',
    userDomainName: 'Default',
    projectId: 'p',
    projectName: 'demo',
    projectDomainName: 'Default',
    roles: ['member', 'reader'],
    expiresAt: Date.parse(AT),
  };
  const session = { identity, log: pino({ level: 'silent' }) } as unknown as Session;
  const loaders = createLoaders(session, attachments as Attachments, clients as Clients);
  return { requestId: 'req-1', session, identity, loaders, attachments: attachments as Attachments } as GatewayContext;
}

const ask = async (source: string, context: GatewayContext, variableValues: Record<string, unknown> = {}) =>
  JSON.parse(JSON.stringify(await graphql({ schema, source, contextValue: context, variableValues })));

describe('the schema', () => {
  test('the executed schema -> equals schema/, descriptions included', () => {
    expect(printSchema(lexicographicSortSchema(schema))).toBe(
      printSchema(lexicographicSortSchema(buildSchema(readTypeDefs().join('\n')))),
    );
  });

  test('every type, field, argument, input field and enum value -> has a description', () => {
    const bare = Object.values(schema.getTypeMap())
      .filter(({ name }) => !name.startsWith('__') && !['Boolean', 'Float', 'ID', 'Int', 'String'].includes(name))
      .flatMap((type) => {
        const parts = [{ path: type.name, description: type.description }];
        if (isEnumType(type))
          parts.push(
            ...type.getValues().map(({ name, description }) => ({ path: `${type.name}.${name}`, description })),
          );
        if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
          for (const field of Object.values<GraphQLField<unknown, unknown> | GraphQLInputField>(type.getFields())) {
            const path = `${type.name}.${field.name}`;
            parts.push({ path, description: field.description });
            if ('args' in field)
              parts.push(...field.args.map(({ name, description }) => ({ path: `${path}(${name})`, description })));
          }
        }
        return parts;
      })
      .filter(({ description }) => !description?.trim());
    expect(bare).toEqual([]);
  });
});

describe("OpenStack's words as enums", () => {
  const cases = [
    'ServerStatus',
    'ShareStatus',
    'ShareProtocol',
    'AccessRulesStatus',
    'AccessType',
    'AccessRuleState',
  ].map((name) => schema.getType(name) as GraphQLEnumType);

  test.each(cases)('$name: every value in either case -> itself', (type) => {
    const values = Object.fromEntries(type.getValues().map(({ name }) => [name, name]));
    for (const name of Object.keys(values)) {
      expect([enumValue(values, name), enumValue(values, name.toLowerCase())]).toEqual([name, name]);
    }
  });

  test.each([
    ['a new word', 'dancing'],
    ['none', null],
    ['nothing', undefined],
    ['empty', ''],
    ['a property of objects', 'constructor'],
  ])('%s -> UNKNOWN', (_name, word) => {
    expect(enumValue({ ACTIVE: 'ACTIVE', UNKNOWN: 'UNKNOWN' }, word)).toBe('UNKNOWN');
  });

  test('an unknown status of Nova -> UNKNOWN with the raw value, no error', async () => {
    const context = contextOf({ getServer: async () => ({ ...server, status: 'DANCING' }) });
    const result = await ask(`{ server(id: "${SERVER}") { status statusRaw } }`, context);
    expect(result).toEqual({ data: { server: { status: 'UNKNOWN', statusRaw: 'DANCING' } } });
  });
});

describe('a server', () => {
  test('in a cell that is down -> the few fields that Nova sends, the others empty or null', async () => {
    const context = contextOf({
      getServer: async () => ({ id: SERVER, status: 'UNKNOWN', tenant_id: 'p', created: AT }),
    });
    const result = await ask(
      `{ server(id: "${SERVER}") { name status addresses { address } flavor { name } imageId metadata tags securityGroups volumeIds locked powerState updatedAt createdAt projectId userId } }`,
      context,
    );
    expect(result.data.server).toEqual({
      name: '',
      status: 'UNKNOWN',
      addresses: [],
      flavor: null,
      imageId: null,
      metadata: {},
      tags: [],
      securityGroups: [],
      volumeIds: [],
      locked: false,
      powerState: null,
      updatedAt: null,
      createdAt: AT,
      projectId: 'p',
      userId: null,
    });
  });

  test('booted from a volume, without access addresses, not scheduled -> null for each empty string', async () => {
    const empty = { image: '' as const, accessIPv4: '', accessIPv6: '', hostId: '', 'OS-EXT-AZ:availability_zone': '' };
    const context = contextOf({ getServer: async () => ({ ...server, ...empty }) });
    const result = await ask(
      `{ server(id: "${SERVER}") { imageId accessIPv4 accessIPv6 hostId availabilityZone } }`,
      context,
    );
    expect(result.data.server).toEqual({
      imageId: null,
      accessIPv4: null,
      accessIPv6: null,
      hostId: null,
      availabilityZone: null,
    });
  });

  test('on two networks -> every address with its network, in order', async () => {
    const addresses: NovaServer['addresses'] = {
      private: [
        { addr: '10.0.0.5', version: 4, 'OS-EXT-IPS:type': 'fixed', 'OS-EXT-IPS-MAC:mac_addr': 'fa:16:3e:00:00:01' },
        { addr: '203.0.113.5', version: 4, 'OS-EXT-IPS:type': 'floating' },
      ],
      storage: [{ addr: 'fd00::5', version: 6 }],
    };
    const context = contextOf({ getServer: async () => ({ ...server, addresses }) });
    const result = await ask(
      `{ server(id: "${SERVER}") { addresses { network address version type macAddress } } }`,
      context,
    );
    expect(result.data.server.addresses).toEqual([
      { network: 'private', address: '10.0.0.5', version: 4, type: 'FIXED', macAddress: 'fa:16:3e:00:00:01' },
      { network: 'private', address: '203.0.113.5', version: 4, type: 'FLOATING', macAddress: null },
      { network: 'storage', address: 'fd00::5', version: 6, type: 'FIXED', macAddress: null },
    ]);
  });
});

describe('ids', () => {
  test('in capitals -> requested in lower case', async () => {
    const calls: string[] = [];
    const getServer: Clients['getServer'] = async (_session, id) => {
      calls.push(id);
      return null;
    };
    expect(await ask(`{ server(id: "${SERVER.toUpperCase()}") { id } }`, contextOf({ getServer }))).toEqual({
      data: { server: null },
    });
    expect(calls).toEqual([SERVER]);
  });

  test.each([
    '{ server(id: "web-01") { id } }',
    '{ share(id: "") { id } }',
    `{ shareAttachment(serverId: "${SERVER}", shareId: "x") { id } }`,
    '{ shareAttachments(filter: {serverId: "../servers"}) { nodes { id } } }',
    `mutation { attachShare(input: {serverId: "x", shareId: "${SHARE}"}) { attachment { id } } }`,
    `mutation { detachShare(input: {serverId: "${SERVER}", shareId: "${SHARE}/action"}) { attachment { id } } }`,
  ])('malformed in %s -> rejected with what was expected, without a call', async (source) => {
    const { errors } = await ask(source, contextOf({}));
    expect(errors[0].message).toMatch(/Id: expected a UUID, got|^id: expected a UUID, got/);
  });

  test('malformed in a subscription -> rejected', () => {
    const { subscribe } = Subscription.shareAttachmentEvents as { subscribe: (...args: unknown[]) => unknown };
    expect(() => subscribe({}, { serverId: 'x' }, contextOf({}))).toThrow('serverId: expected a UUID, got "x"');
  });
});

describe('an attachment', () => {
  const get: Attachments['get'] = async () => attachment as Awaited<ReturnType<Attachments['get']>>;
  const query = (fields: string) => `{ shareAttachment(serverId: "${SERVER}", shareId: "${SHARE}") { ${fields} } }`;

  test('its rules -> from the record, without a call; a target without a rule yet is left out', async () => {
    const result = await ask(
      query('status accessLevel accessRules { id accessType accessTo accessLevel state stateRaw accessKey }'),
      contextOf({}, { get }),
    );
    expect(result.data.shareAttachment).toEqual({
      status: 'ATTACHING',
      accessLevel: 'READ_ONLY',
      accessRules: [
        {
          id: 'rule-1',
          accessType: 'IP',
          accessTo: '10.0.0.5',
          accessLevel: 'READ_ONLY',
          state: 'QUEUED_TO_APPLY',
          stateRaw: 'queued_to_apply',
          accessKey: null,
        },
      ],
    });
  });

  test("a cephx rule's key, metadata and times -> one list of the share's rules", async () => {
    const rule = {
      id: 'rule-1',
      access_key: 'AQ==',
      metadata: { a: 'b' },
      created_at: '2026-11-22T14:40:25.5',
    } as unknown as AccessRule;
    let calls = 0;
    const listAccessRules: Clients['listAccessRules'] = async () => {
      calls++;
      return [rule];
    };
    const cephx: Attachments['get'] = async () =>
      ({ ...attachment, accessType: 'cephx' }) as Awaited<ReturnType<Attachments['get']>>;
    const result = await ask(
      query('accessRules { accessKey metadata createdAt updatedAt }'),
      contextOf({ listAccessRules }, { get: cephx }),
    );
    expect(result.data.shareAttachment.accessRules).toEqual([
      { accessKey: 'AQ==', metadata: { a: 'b' }, createdAt: '2026-11-22T14:40:25.500Z', updatedAt: null },
    ]);
    expect(calls).toBe(1);
  });

  test('Manila unavailable -> null and an error for the fields that need it, the others are returned', async () => {
    const away = async () => {
      throw new Error('Manila is away');
    };
    const context = contextOf({ getShare: away, listAccessRules: away, listExportLocations: away }, { get });
    const result = await ask(query('id share { name } mountCommands accessRules { id metadata }'), context);
    expect(result.data.shareAttachment).toEqual({
      id: attachment.id,
      share: null,
      mountCommands: null,
      accessRules: [{ id: 'rule-1', metadata: null }],
    });
    expect(result.errors.map(({ path }: { path: unknown[] }) => path.slice(1).join('.')).sort()).toEqual([
      'accessRules.0.metadata',
      'mountCommands',
      'share',
    ]);
  });

  test('server and share deleted -> null without an error, no command', async () => {
    const none = async () => null;
    const context = contextOf({ getServer: none, getShare: none, listExportLocations: none }, { get });
    const result = await ask(query('server { id } share { id } mountCommands'), context);
    expect(result).toEqual({ data: { shareAttachment: { server: null, share: null, mountCommands: [] } } });
  });

  test('mount commands -> preferred location first', async () => {
    const listExportLocations: Clients['listExportLocations'] = async () => [
      { id: 'a', path: '10.0.0.20:/s', preferred: false },
      { id: 'b', path: '10.0.0.10:/s', preferred: true },
    ];
    const context = contextOf({ getShare: async () => share, listExportLocations }, { get });
    const result = await ask(query('mountCommands'), context);
    expect(result.data.shareAttachment.mountCommands).toEqual([
      `mkdir -p /mnt/${SHARE} && mount -t nfs -o ro 10.0.0.10:/s /mnt/${SHARE}`,
      `mkdir -p /mnt/${SHARE} && mount -t nfs -o ro 10.0.0.20:/s /mnt/${SHARE}`,
    ]);
  });
});

describe('lists of attachments', () => {
  const cases: [string, string, unknown, unknown][] = [
    ['no filter', '', { first: 50, after: null }, 1],
    [
      'every filter',
      `(first: 3, filter: {status: [ATTACHED, DETACHED, ERROR_DETACHING], serverId: "${SERVER}", shareId: "${SHARE}"})`,
      { first: 3, after: null, status: ['attached', 'error_detaching'], serverId: SERVER, shareId: SHARE },
      1,
    ],
    ['an empty list of statuses', '(filter: {status: []})', { first: 50, after: null }, 1],
    ['only DETACHED, which is never listed', '(filter: {status: [DETACHED]})', { first: 1, after: null }, 0],
  ];

  test.each(cases)('%s -> the options of the list in the store', async (_name, args, options, shown) => {
    const calls: unknown[] = [];
    const list: Attachments['list'] = async (_session, listOptions) => {
      calls.push(listOptions);
      return {
        items: [{ position: 'p1', attachment: attachment as never }],
        hasMore: false,
        totalCount: 1,
        cursor: '7-0',
      };
    };
    const result = await ask(`{ shareAttachments${args} { nodes { id } eventCursor } }`, contextOf({}, { list }));
    expect(calls).toEqual([options]);
    expect([result.data.shareAttachments.nodes.length, result.data.shareAttachments.eventCursor]).toEqual([
      shown,
      '7-0',
    ]);
  });

  test('the store stopped before it found a match -> the next page continues there', async () => {
    const calls: (string | null)[] = [];
    const list: Attachments['list'] = async (_session, { after }) => {
      calls.push(after);
      return { items: [], hasMore: true, totalCount: null, cursor: '7-0', endPosition: 'p1000' };
    };
    const context = contextOf({}, { list });
    const source = 'query($after: String) { shareAttachments(after: $after) { pageInfo { hasNextPage endCursor } } }';
    const { pageInfo } = (await ask(source, context)).data.shareAttachments;
    expect(pageInfo.hasNextPage).toBe(true);
    await ask(source, context, { after: pageInfo.endCursor });
    expect(calls).toEqual([null, 'p1000']);
  });
});

describe('mutations', () => {
  test('attachShare with ids only -> read-write, and both sides are read again after it', async () => {
    const calls: AttachRequest[] = [];
    const lists: string[] = [];
    const attachments: Partial<Attachments> = {
      async attach(_session, request) {
        calls.push(request);
        return attachment;
      },
      async listForServers(_session, ids) {
        lists.push(...ids);
        return ids.map(() => []);
      },
    };
    const context = contextOf({ getServer: async () => server }, attachments);
    await context.loaders.attachmentsOfServer.load(SERVER);
    const result = await ask(
      `mutation { attachShare(input: {serverId: "${SERVER}", shareId: "${SHARE}"}) { attachment { status server { sharesAttached { id } } } } }`,
      context,
    );
    expect(result.data.attachShare.attachment).toEqual({ status: 'ATTACHING', server: { sharesAttached: [] } });
    expect(calls).toMatchObject([
      { serverId: SERVER, shareId: SHARE, mountPoint: null, accessLevel: 'rw', accessTo: null, via: 'access_rule' },
    ]);
    expect(lists).toEqual([SERVER, SERVER]);
  });

  test('attachShare with every argument, and detachShare -> passed on unchanged', async () => {
    const calls: unknown[] = [];
    const note = async (_session: Session, request: unknown) => {
      calls.push(request);
      return { ...attachment, status: 'detached' as const };
    };
    const context = contextOf({}, { attach: note, detach: note });
    const ids = `serverId: "${SERVER}", shareId: "${SHARE}", mountPoint: "/srv"`;
    await ask(
      `mutation { attachShare(input: {${ids}, accessLevel: READ_ONLY, accessTo: ["10.0.0.5"]}) { attachment { id } } }`,
      context,
    );
    const result = await ask(`mutation { detachShare(input: {${ids}}) { attachment { status } } }`, context);
    expect(result.data.detachShare.attachment.status).toBe('DETACHED');
    expect(calls).toMatchObject([
      { serverId: SERVER, shareId: SHARE, mountPoint: '/srv', accessLevel: 'ro', accessTo: ['10.0.0.5'] },
      { serverId: SERVER, shareId: SHARE, mountPoint: '/srv', unmountGraceSeconds: 0 },
    ]);
  });
});

test('a subscription -> the filter unchanged, and each event as in the log', async () => {
  const event: AttachmentEvent = {
    type: 'DETACHED',
    at: AT,
    requestId: null,
    reason: 'SERVER_DELETED',
    attachment,
    cursor: '8-0',
  };
  const calls: unknown[] = [];
  const subscribe: Attachments['subscribe'] = async (_session, filter) => {
    calls.push(filter);
    return (async function* () {
      yield event;
    })();
  };
  const field = Subscription.shareAttachmentEvents as {
    subscribe: (...args: unknown[]) => Promise<AsyncIterable<AttachmentEvent>>;
    resolve: (event: AttachmentEvent) => AttachmentEvent;
  };
  const events = await field.subscribe(
    {},
    { serverId: SERVER.toUpperCase(), after: '7-0' },
    contextOf({}, { subscribe }),
  );
  const seen: AttachmentEvent[] = [];
  for await (const one of events) seen.push(field.resolve(one));
  expect(seen).toEqual([event]);
  expect(calls).toEqual([{ serverId: SERVER, shareId: null, after: '7-0' }]);
});

test('viewer -> user, project and roles of the token', async () => {
  const result = await ask(
    '{ viewer { user { id name domainName } project { id name } roles expiresAt } }',
    contextOf({}),
  );
  expect(result.data.viewer).toEqual({
    user: { id: 'u', name: 'demo', domainName: 'Default' },
    project: { id: 'p', name: 'demo' },
    roles: ['member', 'reader'],
    expiresAt: AT,
  });
});
