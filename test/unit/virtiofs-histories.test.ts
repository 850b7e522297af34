import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { type Attachment, type AttachmentEvent, attachmentId } from '../../src/attachments/attachment.ts';
import { createSessionRegistry } from '../../src/attachments/reconcile/sessions.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import { createReaders } from '../../src/openstack/http/readers.ts';
import type { Session } from '../../src/openstack/session.ts';
import { attachmentEvent } from '../support/attachment-records.ts';
import { checkProperty, runsOf } from '../support/property.ts';

/**
 * Random histories of attachments by virtiofs, over the real service, reconciles and in-process store. Nova and its compute
 * host are a model that behaves as observed on 2025.1: it does not check `task_state`, fails an attach while the old rule is
 * being denied, and puts a server that starts amid an attach or detach into ERROR. Calls are lost before or after they take
 * effect, or take effect later; the gateway crashes before or after each call and commit; other clients start and stop the
 * server, and attach and detach in Nova. Then a quiet period, after which everything must be consistent.
 */

const SERVER = '11111111-1111-4111-8111-111111111111';
const SHARE = '22222222-2222-4222-8222-222222222222';
const ID = attachmentId(SERVER, SHARE);
const PROJECT = 'project-1';
const LEASE_MS = 30_000;
const TIMEOUT_MS = 10_000;
/** A request that was sent this long ago takes no effect any more, in ms. */
const LANDS_MS = 60_000;

/** Histories of one run: 500 take half a minute of CPU. */
const RUNS = 600;

class Crash extends Error {}

/** `late`: no answer, and it takes effect at a later step, if at all. */
type Fault = 'none' | 'lost_before' | 'lost_after' | 'late' | 'refused' | 'crash_before' | 'crash_after' | 'crash_late';

interface Cloud {
  server: 'present' | 'deleted';
  vmState: 'stopped' | 'active' | 'error';
  taskState: 'powering-on' | 'powering-off' | null;
  /** Who asked for the start in progress. */
  startedBy: 'gateway' | 'another' | null;
  mapping: { status: string; tag: string; isOurs: boolean } | null;
  rule: 'none' | 'applying' | 'active' | 'denying';
  late: { sentAt: number; land: () => void }[];
  actions: Map<string, 'running' | 'success' | 'error'>;
  action: string | null;
  count: number;
}

interface Environment extends Cloud {
  faults: Fault[];
  storeFaults: Fault[];
  /** Whether another client has detached in Nova, which the gateway's own account cannot see there. */
  isDetachedByOthers: boolean;
  /** Servers that the gateway brought into ERROR, and guests that run with a device that is being taken away. */
  damages: string[];
}

let environment: Environment;
let clock = Date.UTC(2026, 0, 1);

function advance(ms: number): void {
  clock += ms;
  jest.setSystemTime(clock);
  environment.late = environment.late.filter(({ sentAt }) => clock - sentAt < LANDS_MS);
}

const uncertain = () => new OpenStackError('no answer', { service: 'nova', kind: 'timeout' });
const refused = (status: number, message: string) =>
  new OpenStackError(message, { service: 'nova', kind: 'refused', status, upstreamMessage: message });

async function through<T>(faults: Fault[], work: () => T | Promise<T>): Promise<T> {
  const fault = faults.shift() ?? 'none';
  if (fault === 'lost_before') throw uncertain();
  if (fault === 'refused') throw refused(403, 'Policy does not allow it.');
  if (fault === 'crash_before') throw new Crash();
  if (fault === 'late' || fault === 'crash_late') {
    const land = () => {
      try {
        void work();
      } catch {}
    };
    environment.late.push({ sentAt: clock, land });
    throw fault === 'late' ? uncertain() : new Crash();
  }
  const done = await work();
  if (fault === 'lost_after') throw uncertain();
  if (fault === 'crash_after') throw new Crash();
  return done;
}

/** Reads have no late effects. */
const reading = <T>(work: () => T): Promise<T> => {
  const [fault = 'none'] = environment.faults;
  if (fault === 'late' || fault === 'crash_late') environment.faults.shift();
  return through(environment.faults, work);
};

function begin(): string {
  const id = `req-${++environment.count}`;
  environment.actions.set(id, 'running');
  environment.action = id;
  return id;
}

function finish(result: 'success' | 'error'): void {
  if (environment.action) environment.actions.set(environment.action, result);
}

/** POST: the checks are Nova's, which do not include task_state. */
function post(tag: string, isOurs: boolean) {
  if (environment.server === 'deleted') throw refused(404, 'Instance could not be found.');
  if (environment.vmState !== 'stopped') throw refused(409, 'Cannot create share while it is in vm_state');
  if (environment.mapping) throw refused(409, 'Share or tag already associated to this server.');
  if (environment.taskState === 'powering-on' && environment.startedBy === 'gateway' && isOurs) {
    environment.damages.push('POST during a start that the gateway let through');
  }
  environment.mapping = { status: 'attaching', tag, isOurs };
  return { share: { share_id: SHARE, status: 'attaching', tag }, openstackRequestId: begin() };
}

function remove(isOurs: boolean) {
  if (!environment.mapping || environment.server === 'deleted') throw refused(404, 'Share could not be found.');
  if (environment.vmState === 'active') throw refused(409, 'Cannot delete share while it is in vm_state active');
  if (environment.taskState === 'powering-on' && environment.startedBy === 'gateway' && isOurs) {
    environment.damages.push('DELETE during a start that the gateway let through');
  }
  environment.mapping.status = 'detaching';
  return { isGone: false, openstackRequestId: begin() };
}

function power(action: object, by: 'gateway' | 'another'): string {
  if (environment.server === 'deleted') throw refused(404, 'Instance could not be found.');
  if (environment.taskState !== null) throw refused(409, 'Cannot while it is in task_state');
  const isStop = 'os-stop' in action;
  const isAllowed = isStop
    ? environment.vmState !== 'stopped'
    : environment.vmState === 'stopped' || 'reboot' in action;
  if (!isAllowed) throw refused(409, 'Cannot while it is in vm_state');
  environment.taskState = isStop ? 'powering-off' : 'powering-on';
  environment.startedBy = isStop ? null : by;
  return 'req-power';
}

/** One step of the compute host's work. */
function progress(fails: boolean): void {
  const { mapping } = environment;
  if (environment.rule === 'denying' && mapping?.status !== 'attaching') environment.rule = 'none';
  if (environment.taskState === 'powering-off') Object.assign(environment, { vmState: 'stopped', taskState: null });
  if (environment.taskState === 'powering-on') powerOn();
  if (mapping?.status === 'attaching') grant(fails);
  else if (mapping?.status === 'detaching') {
    environment.mapping = null;
    if (environment.rule !== 'none') environment.rule = 'denying';
    finish('success');
  } else if (mapping?.status === 'active' && environment.vmState === 'stopped') mapping.status = 'inactive';
}

function powerOn(): void {
  const { mapping, startedBy } = environment;
  environment.taskState = null;
  environment.startedBy = null;
  if (mapping && ['attaching', 'detaching'].includes(mapping.status)) {
    environment.vmState = 'error';
    if (startedBy === 'gateway' && mapping.isOurs) environment.damages.push(`ERROR: started while ${mapping.status}`);
  } else if (mapping && environment.rule !== 'active') {
    environment.vmState = 'error';
    mapping.status = 'error';
  } else {
    environment.vmState = 'active';
    if (mapping) mapping.status = 'active';
  }
}

function grant(fails: boolean): void {
  const { mapping } = environment;
  if (!mapping) return;
  if (fails || environment.rule === 'denying') {
    mapping.status = 'error';
    if (environment.rule === 'denying') environment.rule = 'none';
    finish('error');
  } else if (environment.rule === 'none') environment.rule = 'applying';
  else {
    environment.rule = 'active';
    mapping.status = 'inactive';
    finish('success');
  }
}

const RULE = { id: 'r', access_type: 'ip', access_to: '******', access_level: 'rw', metadata: {} };

jest.unstable_mockModule('../../src/openstack/manila/client.ts', () => ({
  updateAccessLevel: async () => undefined,
  getShare: async () => ({ id: SHARE, share_proto: 'NFS', status: 'available', project_id: PROJECT }),
  getShareNetwork: async () => null,
  mayListShares: async () => true,
  listAllShares: async () => ({ shares: [], isComplete: true }),
  listShares: async () => ({ shares: [], count: null }),
  listAccessRules: () => reading(() => (environment.rule === 'none' ? [] : [{ ...RULE, state: environment.rule }])),
  listExportLocations: async () => [{ id: 'e', path: '10.0.0.1:/share', preferred: true }],
  listMessages: async () => [],
  updateAccessRuleMetadata: async () => undefined,
  isDuplicateRule: () => false,
  allowAccess: async () => undefined,
  denyAccess: async () => undefined,
}));
const nova = await import('../../src/openstack/nova/client.ts');
jest.unstable_mockModule('../../src/openstack/nova/client.ts', () => ({
  ...nova,
  getServer: () =>
    reading(() =>
      environment.server === 'deleted'
        ? null
        : {
            ...{ id: SERVER, tenant_id: PROJECT, addresses: {} },
            status: { stopped: 'SHUTOFF', active: 'ACTIVE', error: 'ERROR' }[environment.vmState],
            'OS-EXT-STS:vm_state': environment.vmState,
            'OS-EXT-STS:task_state': environment.taskState,
          },
    ),
  listInterfaces: async () => [],
  mayListServers: async () => true,
}));
const shown = () => {
  const { mapping, server } = environment;
  return mapping && server === 'present' ? { share_id: SHARE, status: mapping.status, tag: mapping.tag } : null;
};
/** Nova's policy hides the share attachments from other projects, the gateway's own among them. */
const assertMember = ({ token }: Session) => {
  if (token === 'own') throw refused(403, 'Policy does not allow it.');
};
jest.unstable_mockModule('../../src/openstack/nova/shares.ts', () => ({
  SHARES_SINCE: '2.97',
  hasServerShares: async () => ({ isSupported: true, microversion: '2.100' }),
  listServerShares: (session: Session) =>
    reading(() => {
      assertMember(session);
      return [shown()].filter((one) => one !== null);
    }),
  getServerShare: (session: Session) =>
    reading(() => {
      assertMember(session);
      return shown();
    }),
  // a share that does not exist only asks for the right
  attachServerShare: (_: Session, __: string, { shareId, tag }: { shareId: string; tag: string }) =>
    through(environment.faults, () => {
      if (shareId !== SHARE) throw refused(404, 'Share could not be found.');
      return post(tag, true);
    }),
  detachServerShare: (_: Session, __: string, shareId: string) =>
    through(environment.faults, () => {
      if (shareId !== SHARE) return { isGone: true, openstackRequestId: null };
      try {
        return remove(true);
      } catch (error) {
        if ((error as OpenStackError).status === 404) return { isGone: true, openstackRequestId: null };
        throw error;
      }
    }),
  getInstanceAction: async (_: Session, __: string, requestId: string) => {
    const state = environment.actions.get(requestId);
    if (!state) return null;
    const result = { running: null, success: 'Success', error: 'Error' }[state];
    return { message: null, events: [{ result, details: null }] };
  },
  powerServer: (_: Session, __: string, action: object) => through(environment.faults, () => power(action, 'gateway')),
}));
// lists follow each other without a pause: a history is played within milliseconds
const { listAccessRules } = await import('../../src/openstack/manila/client.ts');
jest.unstable_mockModule('../../src/attachments/rule-lists.ts', () => ({
  readRules: listAccessRules,
  untilNextList: () => 0,
}));

const microversions = await import('../../src/openstack/http/microversions.ts');
jest.unstable_mockModule('../../src/openstack/http/microversions.ts', () => ({
  ...microversions,
  supportedMicroversion: async () => '2.89',
}));

const { createAttachments } = await import('../../src/attachments/service.ts');
const { reconcile } = await import('../../src/attachments/reconcile/reconcile.ts');

const log = pino({ level: 'silent' });
const newSession = (token: string) =>
  ({
    token,
    identity: { projectId: PROJECT, userId: 'user-1', expiresAt: Number.MAX_SAFE_INTEGER, roles: ['member'] },
    requestId: 'req-1',
    cloud: { settings: { timeoutMs: TIMEOUT_MS }, readers: createReaders() },
    log,
  }) as unknown as Session;
const session = newSession('token');

/** The store as a process uses it that may crash at any write. */
function crashing(store: AttachmentStore): AttachmentStore {
  return {
    ...store,
    create: (...args) => through(environment.storeFaults, () => store.create(...args)),
    commit: (...args) => through(environment.storeFaults, () => store.commit(...args)),
    remove: (...args) => through(environment.storeFaults, () => store.remove(...args)),
  };
}

function newProcess(store: AttachmentStore) {
  const sessions = createSessionRegistry(null);
  const queue = { start() {}, enqueueAfter() {}, has: () => false, stop: async () => {} };
  return createAttachments({ store, sessions, queue, log, leaseMs: LEASE_MS, deadlineMs: 600_000 });
}

type As = 'caller' | 'own' | 'none';

async function reconcileOnce(store: AttachmentStore, as: As): Promise<void> {
  const owner = randomUUID();
  const claimed = await store.claim(PROJECT, ID, { owner, ms: LEASE_MS });
  if (typeof claimed === 'string') return;
  const rights = { mayGrant: as === 'caller', mayRevoke: as === 'caller' };
  const signal = new AbortController().signal;
  const leaseEnds = performance.now() + LEASE_MS;
  const context = { store, rights, owner, leaseEnds, signal, deadlineMs: 600_000, rethrowFinal: false };
  await reconcile({ ...context, session: as === 'own' ? newSession('own') : session, observesServer: true }, claimed);
}

type Do =
  | 'attach'
  | 'detach'
  | 'start'
  | 'stop'
  | 'reboot'
  | 'progress'
  | 'fail'
  | 'land'
  | 'wait'
  | 'nova_start'
  | 'nova_stop'
  | 'nova_attach'
  | 'nova_detach'
  | 'delete_server';
type Step = { do: Do | 'reconcile'; as: As; faults: Fault[]; storeFaults: Fault[] };

/** What other clients do in Nova: a request that it rejects changes nothing. */
const tryInNova = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (!(error instanceof OpenStackError)) throw error;
  }
};

const quietly = async (work: Promise<unknown>) => {
  await work.catch((error: unknown) => {
    const isExpected =
      error instanceof Crash || error instanceof OpenStackError || (error as { code?: string }).code !== undefined;
    if (!isExpected) throw error;
    // a crashed process's lease expires before another one acts
    if (error instanceof Crash) advance(LEASE_MS + 1);
    // the lock of a mutation that waits for it expires too
    else advance(1);
  });
};

async function perform(attachments: ReturnType<typeof newProcess>, store: AttachmentStore, one: Step): Promise<void> {
  const pair = { serverId: SERVER, shareId: SHARE, mountPoint: null };
  const by = (action: 'start' | 'stop' | 'hard_reboot') => attachments.power(session, { serverId: SERVER, action });
  switch (one.do) {
    case 'attach':
      return await quietly(
        attachments.attach(session, { ...pair, via: 'virtiofs', accessLevel: 'rw', accessTo: null }),
      );
    case 'detach':
      return await quietly(attachments.detach(session, pair));
    case 'start':
    case 'stop':
      return await quietly(by(one.do));
    case 'reboot':
      return await quietly(by('hard_reboot'));
    case 'reconcile':
      return await quietly(reconcileOnce(crashing(store), one.as));
    case 'progress':
    case 'fail':
      return progress(one.do === 'fail');
    case 'land':
      for (const { land } of environment.late.splice(0)) land();
      return;
    case 'wait':
      return advance(20_000);
    case 'nova_start':
    case 'nova_stop':
      return tryInNova(() => power(one.do === 'nova_stop' ? { 'os-stop': null } : { 'os-start': null }, 'another'));
    case 'nova_attach':
      return tryInNova(() => post(SHARE, false));
    case 'nova_detach':
      environment.isDetachedByOthers = true;
      return tryInNova(() => remove(false));
    case 'delete_server':
      Object.assign(environment, { server: 'deleted', mapping: null, rule: 'none' });
  }
}

const fault = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Fault>('none') },
  fc.constantFrom<Fault>('lost_before', 'lost_after', 'late', 'refused', 'crash_before', 'crash_after', 'crash_late'),
);
const storeFault = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Fault>('none') },
  fc.constantFrom<Fault>('crash_before', 'crash_after'),
);
const weighted = (weight: number, ...what: Step['do'][]) => ({ weight, arbitrary: fc.constantFrom(...what) });
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.oneof(
    weighted(24, 'attach', 'detach'),
    weighted(24, 'progress', 'reconcile'),
    weighted(16, 'start', 'stop'),
    weighted(8, 'fail', 'land', 'wait', 'reboot', 'nova_start', 'nova_stop'),
    weighted(4, 'nova_attach', 'nova_detach'),
    weighted(1, 'delete_server'),
  ),
  as: fc.constantFrom<As>('caller', 'caller', 'own', 'none'),
  faults: fc.array(fault, { maxLength: 9 }),
  storeFaults: fc.array(storeFault, { maxLength: 4 }),
});

async function play(store: AttachmentStore, steps: Step[]): Promise<void> {
  let attachments = newProcess(crashing(store));
  for (const one of steps) {
    environment.faults = [...one.faults];
    environment.storeFaults = [...one.storeFaults];
    const before = clock;
    await perform(attachments, store, one);
    if (clock - before > LEASE_MS) attachments = newProcess(crashing(store));
  }
}

/** What is late lands, the host finishes, the server is stopped, and the user's token observes. */
async function quietPeriod(store: AttachmentStore): Promise<Attachment | null> {
  environment.faults = [];
  environment.storeFaults = [];
  for (const { land } of environment.late.splice(0)) land();
  for (let i = 0; i < 40; i++) {
    advance(LEASE_MS + 1);
    progress(false);
    if (environment.vmState === 'active') tryInNova(() => power({ 'os-stop': null }, 'another'));
    await reconcileOnce(store, 'caller');
  }
  return await store.get(PROJECT, ID);
}

/** What an event claims that Nova does not show at that moment. */
function falseClaims({ type, attachment }: AttachmentEvent): string[] {
  const status = environment.server === 'deleted' ? undefined : environment.mapping?.status;
  const isUsable = status === 'inactive' || status === 'active' || environment.isDetachedByOthers;
  if (type === 'ATTACHED' && !isUsable) return [`ATTACHED with ${status}`];
  const isLeft = type === 'DETACHED' && status !== undefined && environment.mapping?.isOurs;
  return isLeft ? [`DETACHED (${attachment.reason}) with ${status}`] : [];
}

function fail(error: Error): never {
  throw error;
}

let played = 0;
beforeAll(() => {
  const real = ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'setTimeout', 'clearTimeout'] as const;
  jest.useFakeTimers({ doNotFake: [...real, 'setInterval', 'clearInterval', 'performance', 'hrtime'], now: clock });
});
afterAll(() => {
  jest.useRealTimers();
  expect(played).toBeGreaterThanOrEqual(runsOf(RUNS));
});

test('after any history and a quiet period: no mapping without a record, no record without a mapping, no server in ERROR by our hand', async () => {
  await checkProperty(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const store = createMemoryStore({ logLength: 10_000, now: () => clock });
      environment = {
        ...{ server: 'present', vmState: 'stopped', taskState: null, startedBy: null },
        ...{ mapping: null, rule: 'none', late: [], actions: new Map(), action: null, count: 0 },
        ...{ faults: [], storeFaults: [], isDetachedByOthers: false, damages: [] },
      };
      await store.markRecovered(PROJECT);
      const claims: string[] = [];
      await store.subscribe(PROJECT, (event) => claims.push(...falseClaims(attachmentEvent(event))), fail);
      await play(store, steps);
      const record = await quietPeriod(store);
      const { mapping, damages } = environment;
      expect({
        'servers in ERROR by our hand': damages,
        'mappings without a record': mapping?.isOurs && !record ? [mapping] : [],
        'records without a mapping': record?.status === 'attached' && !mapping ? [record] : [],
        'false claims': claims,
      }).toEqual({
        'servers in ERROR by our hand': [],
        'mappings without a record': [],
        'records without a mapping': [],
        'false claims': [],
      });
      expect(['attached', 'error_attaching', 'error_detaching', undefined]).toContain(record?.status);
      if (environment.server === 'deleted') expect(record).toBeNull();
      played++;
    }),
    { numRuns: RUNS },
  );
});
