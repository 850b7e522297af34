import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { asUser, newScene, type Scene, type World } from './environment.ts';
import { eventually } from './eventually.ts';
import { badEvents, recordsWithoutRule, rulesWithoutRecord } from './ledger.ts';
import type { Call, CrashPoint, Outcome } from './points.ts';
import { isCall, PLAYED } from './scenarios.ts';

/** How long a gateway may take to come to its point, in ms. */
const PATIENCE_MS = 60_000;

/** How it was found when all had come to rest. */
export interface Found extends Outcome {
  badEvents: string[];
  rulesWithoutRecord: string[];
  recordsWithoutRule: string[];
  /** Rules of ours whose metadata names an attachment that is not there. */
  rulesOfNobody: string[];
}

/**
 * Plays a point's scenario with a pair of its own, kills the gateway at the point, starts another, and waits until all is at rest.
 * @param looks whether the user looks once then
 */
export async function crashAt(world: World, point: CrashPoint, looks: boolean): Promise<Found> {
  const scene = newScene(world);
  const { ledger, pair } = scene;
  const { given, fault, ask } = PLAYED[point.scenario];
  const victim = await world.gateway();
  const user = asUser(world, victim);
  await given?.(scene, user);
  await eventually(
    () => ledger.isAtRest(pair.id),
    () => 'the scenario begins at rest',
  );
  const from = (await ledger.events()).length;
  scene.sandbox.clearRequests();
  const dead = killAt(scene, point, victim);
  fault?.(scene);
  // where the point is the mutation's own, its answer never comes
  ask(scene, user).catch(() => undefined);
  await reached(dead, point);

  const next = await world.start();
  if (looks) await asUser(world, next).look(pair);
  return await settled(scene, from, point.scenario.startsWith('sweep') ? point.alone.status : null);
}

async function reached(dead: Promise<void>, point: CrashPoint): Promise<void> {
  const giveUp = new AbortController();
  const never = sleep(PATIENCE_MS, undefined, { signal: giveUp.signal }).then(() => {
    throw new Error(`The gateway never came to the point: ${point.name}`);
  });
  never.catch(() => undefined);
  await Promise.race([dead, never]).finally(() => giveUp.abort());
}

function killAt({ sandbox, proxy }: Scene, { at }: CrashPoint, victim: GatewayProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const kill = () => void victim.kill().then(resolve, reject);
    if ('script' in at) proxy.stopAt(at, kill);
    else if (at.side === 'before') killBefore(sandbox, at, kill);
    else killAfter(sandbox, at, kill);
  });
}

// as the request comes, and before any work: it is never answered
function killBefore(sandbox: Scene['sandbox'], { call, nth }: Call, kill: () => void): void {
  let passed = 0;
  void sandbox.waitForRequest((request) => {
    if (!isCall(request, call) || ++passed < nth) return false;
    sandbox.faults.add({ service: 'manila', method: request.method, path: /./, times: 1, kind: 'hang' });
    kill();
    return true;
  });
}

// when the work is done, and before the answer goes out
function killAfter(sandbox: Scene['sandbox'], { call, nth }: Call, kill: () => void): void {
  void sandbox.waitUntil(() => {
    const answered = sandbox.requests.filter((request) => isCall(request, call) && request.status > 0);
    if (answered.length < nth) return false;
    kill();
    return true;
  });
}

const MOVING = new Set(['attaching', 'detaching']);

// a sweep is waited for by what it must bring about
async function settled({ sandbox, ledger, pair }: Scene, from: number, awaited: Outcome['status'] | null) {
  const rules = () => sandbox.rulesOf(pair.shareId);
  let seen = {};
  await eventually(
    async () => {
      const status = (await ledger.record(pair.id))?.status ?? 'gone';
      const isAtRest = await ledger.isAtRest(pair.id);
      seen = { status, rules: rules(), isAtRest };
      const isStill = rules().every((rule) => rule.state === 'active' || rule.state === 'error');
      const isSwept = awaited === null || (status === awaited && (awaited !== 'gone' || rules().length === 0));
      return isStill && !MOVING.has(status) && isAtRest && isSwept;
    },
    () => `at rest: ${JSON.stringify(seen)}`,
  );
  return await find({ sandbox, ledger, pair }, from);
}

async function find(
  { sandbox, ledger, pair }: Pick<Scene, 'sandbox' | 'ledger' | 'pair'>,
  from: number,
): Promise<Found> {
  const [records, events] = [await ledger.records(), await ledger.events()];
  const ids = new Set(records.map((record) => record.id));
  const rules = sandbox.rulesOf(pair.shareId);
  return {
    status: (records.find((record) => record.id === pair.id)?.status ?? 'gone') as Outcome['status'],
    events: events
      .slice(from)
      .map((event) => event.type)
      .join(' '),
    badEvents: badEvents(events, records),
    rulesWithoutRecord: rulesWithoutRecord(sandbox, [pair.shareId], records),
    recordsWithoutRule: recordsWithoutRule(sandbox, records),
    rulesOfNobody: rules.map((rule) => rule.metadata.attachment_id ?? '').filter((id) => !ids.has(id)),
  };
}
