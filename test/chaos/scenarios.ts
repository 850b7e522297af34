import { MANAGED_BY } from '../../src/attachments/rule-metadata.ts';
import type { RecordedRequest } from '../../src/sandbox/index.ts';
import { eventually } from '../support/eventually.ts';
import { ADDRESS, FAILING_ADDRESS, type Scene, type User } from './environment.ts';
import type { Call, CrashPoint } from './points.ts';

/** A scenario: the state before, and the request that leads to the point. */
export interface Scenario {
  given?: (scene: Scene, user: User) => Promise<unknown>;
  /** What goes wrong in Manila or Nova from then on. */
  fault?: (scene: Scene) => unknown;
  request: (scene: Scene, user: User) => Promise<unknown>;
}

/** Manila rejects the POST after so many others. */
const rejection = (accepted: number) => (scene: Scene) => {
  const body = { badRequest: { code: 400, message: 'Invalid access rule' } };
  let posts = 0;
  scene.sandbox.waitForRequest((request) => {
    if (!isCall(request, 'POST action') || posts++ < accepted) return false;
    scene.sandbox.faults.add({
      service: 'manila',
      method: 'POST',
      path: /action$/,
      times: 1,
      kind: 'status',
      status: 400,
      body,
    });
    return true;
  });
};

async function attached(scene: Scene, user: User, pair = scene.pair, accessTo?: string[]): Promise<void> {
  await user.attach(pair, accessTo);
  await untilStatus(scene, pair.id, 'attached');
}

/** How each scenario is played. */
export const PLAYED: Record<CrashPoint['scenario'], Scenario> = {
  attach: { request: (scene, user) => user.attach(scene.pair) },
  attachTwo: { request: (scene, user) => user.attach(scene.pair, [ADDRESS, '10.10.0.51']) },
  attachShared: {
    given: (scene, user) => attached(scene, user, scene.otherPair),
    request: (scene, user) => user.attach(scene.pair),
  },
  rejected: { fault: rejection(0), request: (scene, user) => user.attach(scene.pair) },
  secondRejected: { fault: rejection(1), request: (scene, user) => user.attach(scene.pair, [ADDRESS, '10.10.0.51']) },
  ruleFails: { request: (scene, user) => user.attach(scene.pair, [FAILING_ADDRESS]) },
  attachAgain: {
    async given(scene, user) {
      await user.attach(scene.pair, [FAILING_ADDRESS]);
      await untilStatus(scene, scene.pair.id, 'error_attaching');
      for (const rule of scene.sandbox.rulesOf(scene.pair.shareId)) scene.sandbox.setRuleState(rule.id, 'active');
    },
    request: (scene, user) => user.attach(scene.pair, [FAILING_ADDRESS]),
  },
  attachWhileDetaching: {
    given: attached,
    async request(scene, user) {
      await user.detach(scene.pair);
      return await user.attach(scene.pair);
    },
  },
  serverDeleted: {
    fault(scene) {
      const stop = scene.sandbox.onRuleChange(() => {
        stop();
        scene.sandbox.deleteServer(scene.pair.serverId);
      });
    },
    request: (scene, user) => user.attach(scene.pair),
  },
  detach: { given: attached, request: (scene, user) => user.detach(scene.pair) },
  detachShared: {
    async given(scene, user) {
      await attached(scene, user);
      await attached(scene, user, scene.otherPair);
    },
    request: (scene, user) => user.detach(scene.pair),
  },
  driftServer: { given: attached, fault: ({ sandbox, pair }) => sandbox.deleteServer(pair.serverId), request: none },
  driftRule: {
    given: attached,
    fault: ({ sandbox, pair }) => sandbox.removeRule(sandbox.rulesOf(pair.shareId)[0]?.id ?? ''),
    request: none,
  },
  driftOrphan: {
    // the project's records are recovered before: otherwise the recovery creates the record
    given: (scene, user) => user.read(scene.pair),
    fault({ sandbox, pair }) {
      const metadata = { managed_by: MANAGED_BY, attachment_id: pair.id, server_id: pair.serverId };
      sandbox.addRule(pair.shareId, { accessType: 'ip', accessTo: ADDRESS, metadata });
      sandbox.deleteServer(pair.serverId);
    },
    request: none,
  },
  driftLate: {
    given: (scene, user) => user.read(scene.pair),
    async fault({ sandbox, ledger, pair }) {
      const deployment = await ledger.storeId();
      const metadata = { managed_by: MANAGED_BY, attachment_id: pair.id, server_id: pair.serverId, deployment };
      const createdAt = Date.now() - 3_600_000;
      sandbox.addRule(pair.shareId, { accessType: 'ip', accessTo: ADDRESS, createdAt, metadata });
    },
    request: none,
  },
  virtiofsAttach: { request: (scene, user) => user.attachVirtiofs(stopped(scene)) },
  virtiofsDetach: {
    async given(scene, user) {
      await user.attachVirtiofs(stopped(scene));
      await untilStatus(scene, scene.pair.id, 'attached');
    },
    request: (scene, user) => user.detach(scene.pair),
  },
  virtiofsRetry: { fault: failOnce, request: (scene, user) => user.attachVirtiofs(stopped(scene)) },
};

/** The pair, its server stopped. */
function stopped({ sandbox, pair }: Scene): Scene['pair'] {
  sandbox.updateServer(pair.serverId, { status: 'SHUTOFF' });
  return pair;
}

/** The access rule that Nova makes for its host fails, once. */
function failOnce({ sandbox, pair }: Scene): void {
  const stop = sandbox.onRuleChange(({ rule, state }) => {
    if (rule.shareId !== pair.shareId || state !== 'active') return;
    stop();
    sandbox.setRuleState(rule.id, 'error');
  });
}

// drift detection needs no request
async function none(): Promise<void> {}

/** Whether a request is this call. */
export function isCall({ service, method, path }: RecordedRequest, call: Call['call']): boolean {
  const [verb = '', word = ''] = call.split(' ');
  if (word !== 'shares') return service === 'manila' && method === verb && path.endsWith(`/${word}`);
  return service === 'nova' && method === verb && /^\/servers\/[^/]+\/shares(?:\/|$)/.test(path);
}

async function untilStatus({ ledger }: Scene, id: string, status: string): Promise<void> {
  await eventually(
    async () => (await ledger.record(id))?.status === status,
    () => status,
  );
}
