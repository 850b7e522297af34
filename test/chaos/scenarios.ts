import { MANAGED_BY } from '../../src/attachments/rule-metadata.ts';
import type { RecordedRequest } from '../../src/sandbox/index.ts';
import { ADDRESS, FAILING_ADDRESS, type Scene, type User } from './environment.ts';
import { eventually } from './eventually.ts';
import type { Call, CrashPoint } from './points.ts';

/** A scenario: what is there before, and what is asked when the point is armed. */
export interface Scenario {
  given?: (scene: Scene, user: User) => Promise<unknown>;
  /** What goes wrong at Manila or Nova, put in place with the point. */
  fault?: (scene: Scene) => unknown;
  ask: (scene: Scene, user: User) => Promise<unknown>;
}

const refusal = (passed: number) => (scene: Scene) => {
  const body = { badRequest: { code: 400, message: 'Invalid access rule' } };
  let posts = 0;
  scene.sandbox.waitForRequest((request) => {
    if (!isCall(request, 'POST action') || posts++ < passed) return false;
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
  await becomes(scene, pair.id, 'attached');
}

/** How each scenario is played. */
export const PLAYED: Record<CrashPoint['scenario'], Scenario> = {
  attach: { ask: (scene, user) => user.attach(scene.pair) },
  attachTwo: { ask: (scene, user) => user.attach(scene.pair, [ADDRESS, '10.10.0.51']) },
  attachShared: {
    given: (scene, user) => attached(scene, user, scene.otherPair),
    ask: (scene, user) => user.attach(scene.pair),
  },
  refused: { fault: refusal(0), ask: (scene, user) => user.attach(scene.pair) },
  secondRefused: { fault: refusal(1), ask: (scene, user) => user.attach(scene.pair, [ADDRESS, '10.10.0.51']) },
  ruleFails: { ask: (scene, user) => user.attach(scene.pair, [FAILING_ADDRESS]) },
  again: {
    async given(scene, user) {
      await user.attach(scene.pair, [FAILING_ADDRESS]);
      await becomes(scene, scene.pair.id, 'error_attaching');
      for (const rule of scene.sandbox.rulesOf(scene.pair.shareId)) scene.sandbox.setRuleState(rule.id, 'active');
    },
    ask: (scene, user) => user.attach(scene.pair, [FAILING_ADDRESS]),
  },
  takenBack: {
    given: attached,
    fault: (scene) => scene.sandbox.setAccessDelay(300),
    async ask(scene, user) {
      await user.detach(scene.pair);
      await user.attach(scene.pair);
    },
  },
  serverDeleted: {
    fault(scene) {
      const stop = scene.sandbox.onRuleChange(() => {
        stop();
        scene.sandbox.deleteServer(scene.pair.serverId);
      });
    },
    ask: (scene, user) => user.attach(scene.pair),
  },
  detach: { given: attached, ask: (scene, user) => user.detach(scene.pair) },
  detachShared: {
    async given(scene, user) {
      await attached(scene, user);
      await attached(scene, user, scene.otherPair);
    },
    ask: (scene, user) => user.detach(scene.pair),
  },
  sweepServer: { given: attached, fault: ({ sandbox, pair }) => sandbox.deleteServer(pair.serverId), ask: nobody },
  sweepRule: {
    given: attached,
    fault: ({ sandbox, pair }) => sandbox.removeRule(sandbox.rulesOf(pair.shareId)[0]?.id ?? ''),
    ask: nobody,
  },
  sweepOrphan: {
    // a project of which the store knows: else the rebuild makes the record
    given: (scene, user) => user.look(scene.pair),
    fault({ sandbox, pair }) {
      const metadata = { managed_by: MANAGED_BY, attachment_id: pair.id, server_id: pair.serverId };
      sandbox.addRule(pair.shareId, { accessType: 'ip', accessTo: ADDRESS, metadata });
      sandbox.deleteServer(pair.serverId);
    },
    ask: nobody,
  },
  sweepLate: {
    given: (scene, user) => user.look(scene.pair),
    async fault({ sandbox, ledger, pair }) {
      const deployment = await ledger.deployment();
      const metadata = { managed_by: MANAGED_BY, attachment_id: pair.id, server_id: pair.serverId, deployment };
      const createdAt = Date.now() - 3_600_000;
      sandbox.addRule(pair.shareId, { accessType: 'ip', accessTo: ADDRESS, createdAt, metadata });
    },
    ask: nobody,
  },
};

// what is found behind our back, nobody asks for
async function nobody(): Promise<void> {}

/** Whether a request is such a call to Manila. */
export function isCall({ service, method, path }: RecordedRequest, call: Call['call']): boolean {
  const [verb = '', word = ''] = call.split(' ');
  return service === 'manila' && method === verb && path.endsWith(`/${word}`);
}

async function becomes({ ledger }: Scene, id: string, status: string): Promise<void> {
  await eventually(
    async () => (await ledger.record(id))?.status === status,
    () => status,
  );
}
