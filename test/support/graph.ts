import type { Attachment, AttachmentEvent } from '../../src/attachments/attachment.ts';
import { GatewayError } from '../../src/errors.ts';
import type { AccessRule, ExportLocation, Share } from '../../src/openstack/manila/types.ts';
import type { NovaServer } from '../../src/openstack/nova/types.ts';
import { record } from './attachment-records.ts';

const id = (number: number) => `5e7ae700-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** Ids for the plain context: some name nothing, or something that cannot be serialised. */
export const IDS = Array.from({ length: 8 }, (_, i) => id(i));

const SERVERS: (NovaServer | null | Error)[] = [
  {
    id: id(0),
    name: 'web-01',
    status: 'ACTIVE',
    tenant_id: 'p',
    created: '2026-11-22T16:19:17Z',
    flavor: { original_name: 'm1', vcpus: 1, ram: 512, disk: 1, ephemeral: 0, swap: 0, extra_specs: { a: 'b' } },
    addresses: { private: [{ addr: '10.0.0.5', version: 4, 'OS-EXT-IPS:type': 'fixed' }] },
    metadata: { env: 'prod' },
    'OS-EXT-STS:power_state': 1,
    'OS-SRV-USG:launched_at': '2026-11-22T16:20:05.000000',
    fault: { code: 500, message: 'no host', created: '2026-11-22T16:19:17Z' },
  },
  { id: id(1), status: 'UNKNOWN', tenant_id: 'p', created: '2026-11-22T16:19:17Z' },
  // Values that cannot be serialised: an invalid date, a flavor without a name, metadata that is not a string.
  { id: id(2), name: 'bad', status: 'NEW_WORD', tenant_id: 'p', created: 'yesterday' },
  {
    id: id(3),
    name: 'worse',
    status: 'ERROR',
    tenant_id: 'p',
    created: '2026-11-22T16:19:17Z',
    flavor: { vcpus: 1.5, ram: 512 } as NovaServer['flavor'] & object,
    metadata: { env: 1 } as unknown as Record<string, string>,
  },
  null,
  new GatewayError('UPSTREAM_UNAVAILABLE', 'Nova is away', { service: 'nova' }),
  new Error('secret detail'),
];

const SHARE = {
  name: 'home',
  description: null,
  status: 'available',
  size: 10,
  share_proto: 'NFS',
  share_type: 't',
  share_type_name: 'type',
  availability_zone: 'nova',
  share_network_id: null,
  snapshot_id: null,
  project_id: 'p',
  is_public: false,
  metadata: { env: 'prod' },
  created_at: '2026-11-22T16:19:21.801259',
  access_rules_status: 'active',
};
const SHARES: (Share | null | Error)[] = [
  { ...SHARE, id: id(0) },
  { ...SHARE, id: id(1), share_proto: 'CEPHFS', name: null, scheduled_to_be_deleted_at: '2026-11-23T00:00:00.000000' },
  { ...SHARE, id: id(2), size: null as unknown as number },
  { ...SHARE, id: id(3), created_at: 'never' },
  null,
  new GatewayError('FORBIDDEN', 'Manila refused', { service: 'manila', status: 403, openstackRequestId: 'req-9' }),
];

const RULES: AccessRule[] = [
  { id: 'r1', access_type: 'ip', access_to: '10.0.0.5', access_level: 'rw', state: 'active', metadata: { a: 'b' } },
  {
    id: 'r2',
    access_type: 'cephx',
    access_to: 'alice',
    access_level: 'ro',
    state: null,
    access_key: 'k',
    created_at: 'x',
  },
];
const LOCATIONS: ExportLocation[] = [
  { id: 'l1', path: '10.0.0.9:/share', preferred: true },
  { id: 'l2', path: '10.0.0.8:/share' },
];

const targets = [{ accessTo: '10.0.0.5', ruleId: 'r1', isOwned: true, state: 'active' }];
const at = (number: number) =>
  record({
    id: `${id(number)}:${id((number * 3) % 6)}`,
    serverId: id(number),
    shareId: id((number * 3) % 6),
    targets,
    status: number % 2 === 0 ? 'attached' : 'error_attaching',
    fault:
      number % 2 === 0
        ? null
        : {
            code: 'RULE_ERROR',
            message: 'no',
            at: number === 3 ? 'never' : '2026-01-01T00:00:00Z',
            openstackRequestId: null,
          },
    accessType: number === 1 ? 'cephx' : 'ip',
  });
const ATTACHMENTS: Attachment[] = [0, 1, 2, 3].map(at);

/** An event of a subscription's source. */
export const EVENT: AttachmentEvent = {
  cursor: '1-0',
  type: 'ATTACHED',
  at: '2026-01-01T00:00:00.000Z',
  requestId: null,
  reason: null,
  attachment: at(0),
};

async function pick<T>(all: readonly (T | Error)[], number: number): Promise<T> {
  const one = all[number % all.length] as T | Error;
  if (one instanceof Error) throw one;
  return one;
}

const numberOf = (one: string) => Number(one.slice(-12)) || 0;

/** JSON with sorted keys, since the order of arguments is not defined. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

const nodeOf = async (one: string) => {
  if (numberOf(one) > 4) return { ...(await pick(ATTACHMENTS, numberOf(one))), __typename: 'ShareAttachment' };
  const isServer = numberOf(one) % 2 === 0;
  const found = isServer ? await pick<NovaServer | null>(SERVERS, numberOf(one)) : await pick(SHARES, numberOf(one));
  return found && { ...found, __typename: isServer ? 'Server' : 'Share' };
};

/** A context whose loaders and attachments return plain data; the result shows their arguments. */
export function plainContext(): object {
  // Values that cannot be serialised come first: graphql-js 16 does not handle the promises of a list's earlier items
  // when a later one throws, and their rejections would end the process.
  const page = <T>(all: readonly (T | null | Error)[], { first }: { first?: number | null }) =>
    ((first ?? 0) % 2 === 0 ? all.slice(0, 2) : [all[2], ...all.slice(0, 2)]) as T[];
  const connection = <T>(nodes: T[], args: object) => ({
    nodes,
    edges: nodes.map((node, i) => ({ node, cursor: `${i} ${sortedJson(args)}` })),
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: sortedJson(args) },
    totalCount: null,
  });
  const identity = {
    userId: 'u',
    userName: 'demo',
    projectId: 'p',
    projectName: 'demo',
    roles: ['member'],
    expiresAt: 1e12,
  };
  return {
    identity: { ...identity, userDomainName: 'Default', projectDomainName: null },
    session: { identity },
    loaders: {
      node: {
        load: (one: string) => nodeOf(one),
        loadMany: (all: string[]) => Promise.all(all.map((one) => nodeOf(one).catch((error: unknown) => error))),
      },
      server: { load: (one: string) => pick(SERVERS, numberOf(one)) },
      share: { load: (one: string) => pick(SHARES, numberOf(one)) },
      exportLocations: { load: async (one: string) => (numberOf(one) === 2 ? pick([new Error('no')], 0) : LOCATIONS) },
      accessRules: { load: async () => RULES },
      attachmentsOfServer: { load: async (one: string) => ATTACHMENTS.filter(({ serverId }) => serverId === one) },
      attachmentsOfShare: {
        load: async (one: string) =>
          numberOf(one) === 1
            ? pick([new GatewayError('STATE_UNAVAILABLE', 'Redis is away')], 0)
            : ATTACHMENTS.slice(0, 2),
      },
      servers: async (args: { first?: number | null }) => {
        if ((args.first ?? 1) < 0) throw new GatewayError('BAD_USER_INPUT', `first: ${sortedJson(args)}`);
        return connection(page(SERVERS, args), args);
      },
      shares: async (args: { first?: number | null }) => connection(page(SHARES, args), args),
    },
    attachments: {
      get: async (_session: unknown, serverId: string) => ATTACHMENTS.find((one) => one.serverId === serverId) ?? null,
      list: async (_session: unknown, options: object) => ({
        items: ATTACHMENTS.map((attachment, i) => ({ position: `${i}`, attachment })),
        hasMore: true,
        totalCount: null,
        cursor: sortedJson(options),
      }),
    },
  };
}
