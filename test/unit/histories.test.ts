import { randomUUID } from 'node:crypto';
import { afterAll, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { type Attachment, type AttachmentEvent, attachmentId, type Target } from '../../src/attachments/attachment.ts';
import { createSessionRegistry } from '../../src/attachments/reconcile/sessions.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import { createReaders } from '../../src/openstack/http/readers.ts';
import type { AccessRule } from '../../src/openstack/manila/types.ts';
import type { Session } from '../../src/openstack/session.ts';
import { attachmentEvent } from '../support/attachment-records.ts';
import { checkProperty, runsOf } from '../support/property.ts';

/**
 * Random histories over the real service, reconciles and in-process store, with Manila as a map that loses responses,
 * rejects and fails, a server whose addresses change, and a process that crashes before or after a call or a commit.
 * Then a quiet period, after which everything must be consistent.
 */

const SERVER = '11111111-1111-4111-8111-111111111111';
const SHARE = '22222222-2222-4222-8222-222222222222';
const ID = attachmentId(SERVER, SHARE);
const PROJECT = 'project-1';
const LEASE_MS = 30_000;

class Crash extends Error {}

type Fault = 'none' | 'lost_before' | 'lost_after' | 'refused' | 'crash_before' | 'crash_after';

interface Environment {
  rules: Map<string, AccessRule>;
  count: number;
  faults: Fault[];
  /** Faults of the next commits. */
  storeFaults: Fault[];
  /** The server's, as Nova shows them. */
  addresses: string[];
  /** The attachment, read without faults. */
  record(): Promise<Attachment | null>;
  /** Actions that are never allowed. */
  violations: string[];
}

let environment: Environment;

const uncertain = () => new OpenStackError('no answer', { service: 'manila', kind: 'timeout' });
const refused = (status: number, message: string) =>
  new OpenStackError(message, { service: 'manila', kind: 'refused', status, upstreamMessage: message });

async function through<T>(faults: Fault[], work: () => T | Promise<T>): Promise<T> {
  const fault = faults.shift() ?? 'none';
  if (fault === 'lost_before') throw uncertain();
  if (fault === 'refused') throw refused(403, 'Access was denied to this resource.');
  if (fault === 'crash_before') throw new Crash();
  const done = await work();
  if (fault === 'lost_after') throw uncertain();
  if (fault === 'crash_after') throw new Crash();
  return done;
}

jest.unstable_mockModule('../../src/openstack/manila/client.ts', () => ({
  listShares: async () => ({ shares: [], count: null }),
  updateAccessLevel: async () => undefined,
  getShare: async () => ({
    id: SHARE,
    share_proto: 'NFS',
    status: 'available',
    share_network_id: null,
    project_id: PROJECT,
  }),
  getShareNetwork: async () => null,
  mayListShares: async () => true,
  listAllShares: async () => ({ shares: [], isComplete: true }),
  listAccessRules: () =>
    through(environment.faults, () => [...environment.rules.values()].map((rule) => ({ ...rule }))),
  listExportLocations: async () => [{ id: 'e', path: '10.0.0.1:/share', preferred: true }],
  listMessages: async () => [],
  updateAccessRuleMetadata: async () => undefined,
  isDuplicateRule: (error: unknown) => error instanceof OpenStackError && /exists/.test(error.upstreamMessage),
  allowAccess: (_: Session, __: string, rule: AccessRule) =>
    through(environment.faults, () => {
      if ([...environment.rules.values()].some((one) => one.access_to === rule.access_to)) {
        throw refused(400, `Share access ip:${rule.access_to} exists.`);
      }
      const made = { ...rule, id: `rule-${++environment.count}`, state: 'queued_to_apply' };
      environment.rules.set(made.id, made);
      return { ...made };
    }),
  denyAccess: (_: Session, __: string, ruleId: string) =>
    through(environment.faults, async () => {
      const rule = environment.rules.get(ruleId);
      if (!rule) throw refused(404, 'Resource could not be found.');
      environment.violations.push(...prematureDenial(await environment.record(), rule));
      rule.state = 'queued_to_deny';
    }),
}));
jest.unstable_mockModule('../../src/openstack/nova/client.ts', () => ({
  getServer: async () => ({
    id: SERVER,
    tenant_id: PROJECT,
    status: 'ACTIVE',
    addresses: { private: environment.addresses.map((addr) => ({ addr, version: 4, 'OS-EXT-IPS:type': 'fixed' })) },
  }),
  listInterfaces: async () => [],
  listServers: async () => ({ servers: [], hasNext: false }),
  mayListServers: async () => true,
}));

const microversions = await import('../../src/openstack/http/microversions.ts');
jest.unstable_mockModule('../../src/openstack/http/microversions.ts', () => ({
  ...microversions,
  supportedMicroversion: async () => '2.89',
}));

// lists follow each other without a pause: a history is played within milliseconds
const { listAccessRules } = await import('../../src/openstack/manila/client.ts');
jest.unstable_mockModule('../../src/attachments/rule-lists.ts', () => ({
  readRules: listAccessRules,
  untilNextList: () => 0,
}));

const { createAttachments } = await import('../../src/attachments/service.ts');
const { reconcile } = await import('../../src/attachments/reconcile/reconcile.ts');
const { markStale } = await import('../../src/attachments/drift/reconcile-record.ts');

const log = pino({ level: 'silent' });
const session = {
  cloud: { readers: createReaders() },
  token: 'token',
  identity: { projectId: PROJECT, userId: 'user-1', expiresAt: Date.now() + 3_600_000, roles: ['member'] },
  requestId: 'req-1',
  log,
} as unknown as Session;

/** The store as a process uses it that may crash at any write. */
function crashing(store: AttachmentStore): AttachmentStore {
  return {
    ...store,
    create: (...args) => through(environment.storeFaults, () => store.create(...args)),
    commit: (...args) => through(environment.storeFaults, () => store.commit(...args)),
    remove: (...args) => through(environment.storeFaults, () => store.remove(...args)),
  };
}

type Step =
  | { do: 'move'; addresses: string[]; isDetected: boolean }
  | { do: 'attach' | 'detach' | 'progress' | 'fail_rule' | 'removed_by_others'; faults: Fault[]; storeFaults: Fault[] }
  | { do: 'reconcile'; as: 'caller' | 'own' | 'none'; faults: Fault[]; storeFaults: Fault[] };

function newProcess(store: AttachmentStore) {
  const sessions = createSessionRegistry(null);
  const queue = { start() {}, enqueueAfter() {}, has: () => false, stop: async () => {} };
  return createAttachments({ store, sessions, queue, log, leaseMs: LEASE_MS, deadlineMs: 600_000 });
}

async function reconcileOnce(store: AttachmentStore, as: 'caller' | 'own' | 'none'): Promise<void> {
  const owner = randomUUID();
  const claimed = await store.claim(PROJECT, ID, { owner, ms: LEASE_MS });
  if (typeof claimed === 'string') return;
  const mayFinish = claimed.status === 'detaching' && claimed.isAccepted;
  const rights = { mayGrant: as === 'caller', mayRevoke: as === 'caller' || (as === 'own' && mayFinish) };
  const signal = new AbortController().signal;
  const leaseEnds = performance.now() + LEASE_MS;
  await reconcile(
    { store, session, rights, owner, leaseEnds, signal, deadlineMs: 600_000, rethrowFinal: false },
    claimed,
  );
}

/** Manila works on one rule at a time, in any order; on all of them when none is named. */
function progress(which?: number): void {
  for (const [i, rule] of [...environment.rules.values()].entries()) {
    if (which !== undefined && which % 2 !== i) continue;
    if (rule.state === 'queued_to_apply') rule.state = 'applying';
    else if (rule.state === 'applying') rule.state = 'active';
    else if (rule.state === 'queued_to_deny') rule.state = 'denying';
    else if (rule.state === 'denying') environment.rules.delete(rule.id);
  }
}

const quietly = async (work: Promise<unknown>) => {
  await work.catch((error: unknown) => {
    const isExpected =
      error instanceof Crash || error instanceof OpenStackError || (error as { code?: string }).code !== undefined;
    if (!isExpected) throw error;
    // a crashed process's lease expires before another one acts
    clock += LEASE_MS + 1;
  });
};

let clock = Date.now();

const fault = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Fault>('none') },
  fc.constantFrom<Fault>('lost_before', 'lost_after', 'refused', 'crash_before', 'crash_after'),
);
const storeFault = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Fault>('none') },
  fc.constantFrom<Fault>('crash_before', 'crash_after'),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom(
      'attach' as const,
      'detach' as const,
      'progress' as const,
      'fail_rule' as const,
      'removed_by_others' as const,
    ),
    faults: fc.array(fault, { maxLength: 4 }),
    storeFaults: fc.array(storeFault, { maxLength: 3 }),
  }),
  fc.record({
    do: fc.constant('move' as const),
    addresses: fc.subarray(['10.0.0.5', '10.0.0.6', '10.0.0.7'], { minLength: 1 }),
    isDetected: fc.boolean(),
  }),
  fc.record({
    do: fc.constant('reconcile' as const),
    as: fc.constantFrom('caller' as const, 'own' as const, 'none' as const),
    faults: fc.array(fault, { maxLength: 4 }),
    storeFaults: fc.array(storeFault, { maxLength: 3 }),
  }),
);

/** An old address loses its access only when every new one has it. */
function prematureDenial(record: Attachment | null, rule: AccessRule): string[] {
  if (record?.status !== 'attached') return [];
  const isRemoving = record.targets.some(
    (target) => target.accessTo === rule.access_to && target.change === 'removing',
  );
  const kept = record.targets.filter((target) => target.change !== 'removing');
  const states = kept.map(
    ({ accessTo }) => [...environment.rules.values()].find((one) => one.access_to === accessTo)?.state,
  );
  return isRemoving && states.some((state) => state !== 'active') ? [`denied ${rule.access_to} with ${states}`] : [];
}

/** What drift detection does when it observes the server. */
async function detectDrift(store: AttachmentStore): Promise<void> {
  const record = await store.get(PROJECT, ID);
  if (record) await markStale({ store, leaseMs: LEASE_MS }, record, environment.addresses);
}

async function play(store: AttachmentStore, steps: Step[]): Promise<void> {
  let attachments = newProcess(crashing(store));
  for (const one of steps) {
    if (one.do === 'move') {
      environment.addresses = one.addresses;
      if (one.isDetected) await detectDrift(store);
      continue;
    }
    environment.faults = [...one.faults];
    environment.storeFaults = [...one.storeFaults];
    const before = clock;
    if (one.do === 'attach') await quietly(attachments.attach(session, ATTACH));
    else if (one.do === 'detach') await quietly(attachments.detach(session, DETACH));
    else if (one.do === 'reconcile') await quietly(reconcileOnce(crashing(store), one.as));
    else if (one.do === 'progress') progress(one.faults.length);
    else if (one.do === 'fail_rule')
      for (const rule of environment.rules.values()) if (rule.state === 'applying') rule.state = 'error';
    if (one.do === 'removed_by_others') environment.rules.delete([...environment.rules.keys()][0] ?? '');
    if (clock !== before) attachments = newProcess(crashing(store));
  }
}

const ATTACH = {
  serverId: SERVER,
  shareId: SHARE,
  mountPoint: '/mnt/data',
  accessLevel: 'rw' as const,
  accessTo: null,
};
const DETACH = { serverId: SERVER, shareId: SHARE, mountPoint: null };

async function quietPeriod(store: AttachmentStore): Promise<Attachment | null> {
  environment.faults = [];
  environment.storeFaults = [];
  for (let i = 0; i < 60; i++) {
    clock += LEASE_MS + 1;
    await detectDrift(store);
    await reconcileOnce(store, 'caller');
    progress();
  }
  return await store.get(PROJECT, ID);
}

/** Which event may follow which. DETACH_FAILED leads back to any previous status; a retry may repeat a failure. */
function isOrdered(events: AttachmentEvent[]): boolean {
  const may: Record<string, string[]> = {
    ATTACH_STARTED: ['ATTACHED', 'ATTACH_FAILED', 'DETACH_STARTED'],
    ATTACHED: ['ATTACHED', 'ATTACH_FAILED', 'DETACH_STARTED'],
    ATTACH_FAILED: ['ATTACH_STARTED', 'DETACH_STARTED', 'DETACHED'],
    DETACH_STARTED: ['DETACHED', 'DETACH_FAILED', 'ATTACH_STARTED'],
    DETACHED: ['ATTACH_STARTED'],
    DETACH_FAILED: ['ATTACH_STARTED', 'DETACH_STARTED', 'ATTACHED', 'ATTACH_FAILED'],
  };
  return events.every((event, i) => {
    const last = events[i - 1];
    return last ? (may[last.type]?.includes(event.type) ?? false) : event.type === 'ATTACH_STARTED';
  });
}

/** What an event claims that Manila does not show at that moment. */
function falseClaims(event: AttachmentEvent): string[] {
  const rules = [...environment.rules.values()];
  const states = rules.map((rule) => rule.state);
  const { targets } = event.attachment;
  const isActive = (target: Target) =>
    target.change === 'removing' || rules.find((rule) => rule.access_to === target.accessTo)?.state === 'active';
  const isTarget = (rule: AccessRule) => targets.some((target) => target.accessTo === rule.access_to);
  if (event.type === 'ATTACHED' && !(targets.length > 0 && targets.every(isActive) && rules.every(isTarget))) {
    return [`ATTACHED to ${JSON.stringify(targets)} with rules ${JSON.stringify(rules)}`];
  }
  return event.type === 'DETACHED' && states.length > 0 ? [`DETACHED with rules ${states}`] : [];
}

function fail(error: Error): never {
  throw error;
}

const RUNS = 500;
let played = 0;
afterAll(() => expect(played).toBeGreaterThanOrEqual(runsOf(RUNS)));

test('after any history and a quiet period: nothing in progress, no rule without a record, attached means active, events in order', async () => {
  await checkProperty(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const store = createMemoryStore({ logLength: 10_000, now: () => clock });
      environment = {
        rules: new Map(),
        count: 0,
        faults: [],
        storeFaults: [],
        addresses: ['10.0.0.5', '10.0.0.6'],
        record: () => store.get(PROJECT, ID),
        violations: [],
      };
      await store.markRecovered(PROJECT);
      const claims: string[] = [];
      await store.subscribe(PROJECT, (event) => claims.push(...falseClaims(attachmentEvent(event))), fail);
      await play(store, steps);
      const record = await quietPeriod(store);
      const targets = new Set(record?.targets.map((target) => target.accessTo));
      for (const rule of environment.rules.values()) expect(targets).toContain(rule.access_to);
      expect(['attached', 'error_attaching', 'error_detaching', undefined]).toContain(record?.status);
      if (record?.status === 'attached') {
        const rules = [...environment.rules.values()].map((rule) => `${rule.access_to} ${rule.state}`);
        expect(rules.sort()).toEqual(environment.addresses.map((address) => `${address} active`));
        expect(record.staleSince).toBeNull();
      }
      expect(claims).toEqual([]);
      expect(environment.violations).toEqual([]);
      const events = await store.readEvents(PROJECT, '0-0', 10_000);
      expect(events).not.toBe('expired');
      expect(isOrdered(events as AttachmentEvent[])).toBe(true);
      played++;
    }),
    { numRuns: RUNS },
  );
});
