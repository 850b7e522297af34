import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PROBLEM_CODES, type ProblemCode } from '../../src/attachments/problems.ts';
import { DEMO, type Sandbox } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';

/** attachShareCheck: every problem that it reports, and that attachShare does what the check says. */

const CHECK = `query ($input: AttachShareCheckInput!) { attachShareCheck(input: $input) {
  via isOpen problems { code message certainty field } accessTo mountCommands } }`;
const ATTACH = `mutation ($input: AttachShareInput!) { attachShare(input: $input) {
  attachment { status warnings { code certainty } } } }`;

let gateway: TestGateway;
let sandbox: Sandbox;

beforeAll(async () => {
  gateway = await startGateway({ store: 'memory' });
  sandbox = gateway.sandbox;
});
afterAll(() => gateway.close());

/** The address of the compute host, for which Nova makes its rule. */
const HOST = '192.0.2.10';
const PORTS = [{ network: 'private', fixedIps: ['10.10.0.50'] }];

interface Scene {
  server: Parameters<Sandbox['addServer']>[0];
  share: Parameters<Sandbox['addShare']>[0];
}

interface Situation {
  /** What differs from an available NFS share, and a server with one address: stopped for VIRTIOFS. */
  is?: Partial<Scene>;
  input?: Record<string, unknown>;
  /** What is there already. */
  given?: (pair: { serverId: string; shareId: string }) => unknown;
  token?: () => string;
  code: ProblemCode;
  certainty?: 'CERTAIN' | 'LIKELY';
  field?: string | null;
  /** The code of attachShare, where it is not that of the problem. */
  rejects?: string | null;
}

const check = async (input: Record<string, unknown>, token = gateway.token) => {
  const { data, errors } = await gateway.query(CHECK, { input }, token);
  expect(errors).toBeUndefined();
  return data.attachShareCheck;
};

async function makePair(via: string, { server, share }: Partial<Scene>) {
  const stopped = via === 'VIRTIOFS' ? { status: 'SHUTOFF' } : {};
  const { id: serverId } = sandbox.addServer({ ports: PORTS, ...stopped, ...server });
  return { serverId, shareId: sandbox.addShare(share).id };
}

const attach = (input: Record<string, unknown>, token?: string) => gateway.query(ATTACH, { input }, token);

async function attached(input: Record<string, unknown>): Promise<void> {
  const { errors } = await attach(input);
  expect(errors).toBeUndefined();
}

/** The codes that the situations below bring about; the others have a test of their own here or in tell-guest.test.ts. */
const tested = new Set<string>(['CLOUD', 'ARGUMENT', 'GUEST_NOT_INFORMED']);

function verify(via: 'ACCESS_RULE' | 'VIRTIOFS', situations: Record<string, Situation>): void {
  for (const { code } of Object.values(situations)) tested.add(code);
  describe(via, () => {
    test.each(Object.entries(situations))('%s', async (_situation, one) => {
      const { code, certainty = 'CERTAIN', field = null, is = {}, given, input = {} } = one;
      const pair = await makePair(via, is);
      await given?.(pair);
      const token = one.token?.();
      const options = await check({ ...pair, ...input }, token);
      const option = options.find((each: { via: string }) => each.via === via);
      const message = expect.stringMatching(/\w{3}/);
      expect(option.problems).toContainEqual({ code, certainty, field, message });
      expect(option.isOpen).toBe(certainty === 'LIKELY');

      const { data, errors } = await attach({ ...pair, ...input, via }, token);
      const rejected = certainty === 'CERTAIN' ? PROBLEM_CODES[code] : null;
      expect(errors?.[0]?.extensions.code ?? null).toBe(one.rejects === undefined ? rejected : one.rejects);
      // the check changes nothing: what it calls open is still accepted, and keeps what the guest may stumble over
      if (['NOT_ON_SHARE_NETWORK', 'IPV6_RULE'].includes(code)) {
        expect(data.attachShare.attachment.warnings).toEqual([{ code, certainty }]);
      } else if (!errors) expect(data.attachShare.attachment.warnings).toEqual([]);
    });
  });
}

const unusable: Record<string, Situation> = {
  'the server is in ERROR': { is: { server: { status: 'ERROR' } }, code: 'SERVER_STATE', field: 'serverId' },
  'the share is extending': { is: { share: { status: 'extending' } }, code: 'SHARE_STATE', field: 'shareId' },
  'the share is in the recycle bin': {
    is: { share: { isSoftDeleted: true } },
    code: 'SHARE_IN_RECYCLE_BIN',
    field: 'shareId',
  },
  'the mount point is taken': {
    input: { mountPoint: '/mnt/data/' },
    given: ({ serverId }) =>
      attached({ serverId, shareId: sandbox.addShare().id, accessTo: ['10.10.0.9'], mountPoint: '/mnt/data' }),
    code: 'MOUNT_POINT_TAKEN',
    field: 'mountPoint',
  },
  'the token is a reader’s': {
    token: () => sandbox.issueToken('reader'),
    code: 'ROLE',
    certainty: 'LIKELY',
    rejects: 'FORBIDDEN',
  },
};

verify('ACCESS_RULE', {
  ...unusable,
  'a protocol without access rules for servers': {
    is: { share: { protocol: 'HDFS' } },
    code: 'PROTOCOL',
    field: 'shareId',
  },
  'no export location yet': {
    is: { share: { exportLocations: [] } },
    code: 'NO_EXPORT_LOCATION',
    certainty: 'LIKELY',
    field: 'shareId',
  },
  'the server has no address': { is: { server: { ports: [] } }, code: 'NO_ADDRESS', field: 'accessTo' },
  'CIFS without a user': { is: { share: { protocol: 'CIFS' } }, code: 'NO_ADDRESS', field: 'accessTo' },
  'seventeen addresses: none is left out': {
    is: {
      server: {
        ports: [{ network: 'private', fixedIps: Array.from({ length: 17 }, (_, i) => `10.10.0.${100 + i}`) }],
      },
    },
    code: 'NO_ADDRESS',
    field: 'accessTo',
  },
  'a share network on which the server has no port': {
    is: { share: { shareNetworkId: DEMO.shareNetworkId } },
    code: 'NOT_ON_SHARE_NETWORK',
    certainty: 'LIKELY',
    field: 'serverId',
  },
  'an IPv6 client of an export on IPv4': {
    input: { accessTo: ['fd10::5'] },
    code: 'IPV6_RULE',
    certainty: 'LIKELY',
    field: 'accessTo',
  },
  'attached by virtiofs already': {
    is: { server: { status: 'SHUTOFF', ports: PORTS } },
    given: (pair) => attached({ ...pair, via: 'VIRTIOFS' }),
    code: 'ATTACHED_OTHERWISE',
    field: 'via',
  },
  'a rule with another level': {
    given: ({ shareId }) =>
      sandbox.addRule(shareId, { accessType: 'ip', accessTo: '10.10.0.50', accessLevel: 'ro', state: 'active' }),
    code: 'LEVEL_CONFLICT',
    field: 'accessLevel',
  },
  'a rule that is being denied': {
    given: ({ shareId }) => sandbox.addRule(shareId, { accessType: 'ip', accessTo: '10.10.0.50', state: 'denying' }),
    code: 'RULE_LEAVING',
    certainty: 'LIKELY',
  },
});

verify('VIRTIOFS', {
  ...unusable,
  'the server runs': { is: { server: { status: 'ACTIVE' } }, code: 'SERVER_NOT_STOPPED', field: 'serverId' },
  'the server is being started': {
    is: { server: { status: 'SHUTOFF', taskState: 'powering-on' } },
    code: 'SERVER_BUSY',
    field: 'serverId',
  },
  CIFS: { is: { share: { protocol: 'CIFS' } }, code: 'PROTOCOL', field: 'shareId' },
  'no export location': { is: { share: { exportLocations: [] } }, code: 'NO_EXPORT_LOCATION', field: 'shareId' },
  'read-only': { input: { accessLevel: 'READ_ONLY' }, code: 'READ_ONLY', field: 'accessLevel' },
  'a tag of 37 characters': { input: { tag: 'x'.repeat(37) }, code: 'TAG', field: 'tag' },
  'a tag that another share has': {
    input: { tag: 'data' },
    given: ({ serverId }) => attached({ serverId, shareId: sandbox.addShare().id, via: 'VIRTIOFS', tag: 'data' }),
    code: 'TAG_TAKEN',
    field: 'tag',
  },
  'attached by rules already': {
    given: (pair) => attached({ ...pair, accessTo: ['10.10.0.9'] }),
    code: 'ATTACHED_OTHERWISE',
    field: 'via',
  },
  'Nova’s rule of an earlier attachment is being denied': {
    given({ shareId }) {
      const locks = { userId: 'nova', isDeletionLocked: true, isVisibilityLocked: true };
      sandbox.addRule(shareId, { accessType: 'ip', accessTo: HOST, state: 'denying', ...locks });
    },
    code: 'RULE_LEAVING',
    certainty: 'LIKELY',
  },
  'a flavor without shared memory': { code: 'FLAVOR_MEMORY', certainty: 'LIKELY' },
  'a token of an application credential': {
    token: () => sandbox.issueToken('demo', { method: 'application_credential' }),
    code: 'DELEGATED_TOKEN',
  },
});

test('every problem code has a situation', () => {
  expect([...tested].sort()).toEqual(Object.keys(PROBLEM_CODES).sort());
});

test('arguments of the other way -> attachShare rejects them, and the check leaves them to the way they are for', async () => {
  const pair = await makePair('VIRTIOFS', {});
  const rejected = await Promise.all([
    attach({ ...pair, tag: 'data' }),
    attach({ ...pair, via: 'VIRTIOFS', accessTo: ['10.0.0.5'] }),
    attach({ ...pair, via: 'VIRTIOFS', isHidden: true }),
  ]);
  expect(rejected.map(({ errors }) => errors?.[0]?.extensions.code)).toEqual(Array(3).fill('BAD_USER_INPUT'));
  const options = await check({ ...pair, tag: 'data', accessTo: ['10.0.0.5'], isHidden: true });
  expect(options).toMatchObject([{ isOpen: true, accessTo: ['10.0.0.5'] }, { isOpen: true }]);
});

test('a flavor with hw:mem_page_size -> no problem; whom access would be granted, and the mount commands', async () => {
  const flavor = { id: '9', name: 'v1', vcpus: 1, ram: 512, disk: 1, extraSpecs: { 'hw:mem_page_size': 'large' } };
  const pair = await makePair('VIRTIOFS', { server: { status: 'SHUTOFF', flavor, ports: PORTS } });
  const [byRule, virtiofs] = await check({ ...pair, mountPoint: '/mnt/data', tag: 'data' });
  expect(byRule).toMatchObject({ via: 'ACCESS_RULE', isOpen: true, problems: [], accessTo: ['10.10.0.50'] });
  expect(byRule.mountCommands[0]).toMatch(/^mkdir -p \/mnt\/data && mount -t nfs \S+ \/mnt\/data$/);
  expect(virtiofs).toEqual({
    ...{ via: 'VIRTIOFS', isOpen: true, problems: [], accessTo: [] },
    mountCommands: ['mkdir -p /mnt/data && mount -t virtiofs data /mnt/data'],
  });
});

test('a cloud without either -> CLOUD, with what is needed and what is there; a check writes nothing', async () => {
  for (const [service, version] of [
    ['nova', '2.93'],
    ['manila', '2.75'],
  ] as const) {
    sandbox.faults.add({
      ...{ service, method: 'GET', path: /^\/?$/, kind: 'status', status: 200, times: 1 },
      body: { version: { version, min_version: '2.0' } },
    });
  }
  const old = await startGateway({ store: 'memory', sandbox });
  try {
    const pair = await makePair('VIRTIOFS', {});
    sandbox.clearRequests();
    const { data } = await old.query(CHECK, { input: { ...pair, isProtected: true } });
    const codes = data.attachShareCheck.map(({ problems }: { problems: { code: string; message: string }[] }) =>
      problems.map(({ code, message }) => `${code}: ${message}`).join(),
    );
    expect(codes[0]).toMatch(/CLOUD: .*2\.82.*2\.75/);
    expect(codes[1]).toMatch(/CLOUD: .*2\.97.*2\.93/);
    expect(sandbox.requests.filter(({ method, service }) => method !== 'GET' && service !== 'keystone')).toEqual([]);
  } finally {
    await old.close();
  }
});

test.each([
  [403, 'Feature not supported until computes have not been updated.', 'NOT_SUPPORTED'],
  [409, 'Feature not supported because either compute or instance are not configured correctly.', 'NOT_SUPPORTED'],
  [409, 'Share protocol NFS is not supported.', 'BAD_USER_INPUT'],
  [409, 'Share 1 export location is missing.', 'CONFLICT'],
  [400, 'Invalid input for field/attribute tag.', 'BAD_USER_INPUT'],
  [403, "Policy doesn't allow os_compute_api:os-server-shares:create to be performed.", 'FORBIDDEN'],
  [404, 'Share 1 could not be found.', 'NOT_FOUND'],
])('Nova rejects the attach with %s "%s" -> %s, and nothing is left', async (status, message, code) => {
  const pair = await makePair('VIRTIOFS', {});
  const path = new RegExp(`${pair.serverId}/shares$`);
  const body = { fault: { code: status, message } };
  sandbox.faults.add({ service: 'nova', method: 'POST', path, kind: 'status', status, body, times: 1 });
  const { errors } = await attach({ ...pair, via: 'VIRTIOFS' });
  expect(errors?.[0]).toMatchObject({ message: expect.stringContaining(message), extensions: { code } });
  const SEE = 'query ($s: ID!, $t: ID!) { shareAttachment(serverId: $s, shareId: $t) { status } }';
  const { data } = await gateway.query(SEE, { s: pair.serverId, t: pair.shareId });
  expect(data.shareAttachment).toBeNull();
});
