import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { badEvents, recordsWithoutRule, rulesWithoutRecord, virtiofsViolations } from '../support/ledger.ts';
import { asUser, type Environment, newScene, pauseManila, resumeManila, type Scene } from './environment.ts';
import type { Call, CrashPoint, Outcome } from './points.ts';
import { isCall, PLAYED } from './scenarios.ts';

/** How long a gateway may take to reach its point on a machine whose cores are busy, in ms. */
const TIMEOUT_MS = 180_000;

/** The state when no work is left. */
export interface Found extends Outcome {
  badEvents: string[];
  rulesWithoutRecord: string[];
  recordsWithoutRule: string[];
  /** The gateway's rules whose metadata names an attachment that does not exist. */
  orphanedRules: string[];
  /** What Nova attached by virtiofs and no record has, and records without it; servers in ERROR. */
  virtiofs: string[];
}

/**
 * Plays a point's scenario with new servers and a new share, kills the gateway at the point, starts another, and waits
 * until no work is left. Manila does not progress before the scenario's request is answered or the gateway killed, so
 * that the order of events does not depend on the speed of the machine.
 * @param reads whether the user reads the attachment once afterwards
 */
export async function crashAt(environment: Environment, point: CrashPoint, reads: boolean): Promise<Found> {
  const scene = newScene(environment);
  const { ledger, pair } = scene;
  const { given, fault, request } = PLAYED[point.scenario];
  const victim = await environment.gateway();
  const user = asUser(environment, victim);
  await given?.(scene, user);
  await eventually(
    () => ledger.isAtRest(pair.id),
    () => 'no work is left before the scenario begins',
  );
  const from = (await ledger.events()).length;
  scene.sandbox.clearRequests();
  pauseManila(scene);
  const dead = killAt(scene, point, victim);
  await fault?.(scene);
  // where the point is inside the mutation, its response never comes
  let response: unknown = 'none';
  request(scene, user).then(
    (answered) => {
      response = answered;
      resumeManila(scene);
    },
    () => undefined,
  );
  await reached(
    dead,
    () => `The gateway did not reach the point: ${point.name}; its response: ${JSON.stringify(response)}`,
  );
  resumeManila(scene);
  await ledger.expireLeases();

  const next = await environment.start();
  if (reads) await asUser(environment, next).read(pair);
  return await recovered(scene, from, point.scenario.startsWith('drift') ? point.alone.status : null);
}

async function reached(dead: Promise<void>, describe: () => string): Promise<void> {
  const cancelled = new AbortController();
  const timeout = sleep(TIMEOUT_MS, undefined, { signal: cancelled.signal }).then(() => {
    throw new Error(describe());
  });
  timeout.catch(() => undefined);
  await Promise.race([dead, timeout]).finally(() => cancelled.abort());
}

function killAt({ sandbox, proxy }: Scene, { at }: CrashPoint, victim: GatewayProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const kill = () => void victim.kill().then(resolve, reject);
    if ('script' in at) proxy.stopAt(at, kill);
    else if (at.side === 'before') killBefore(sandbox, at, kill);
    else killAfter(sandbox, at, kill);
  });
}

// as the request arrives, and before any work: it never gets a response
function killBefore(sandbox: Scene['sandbox'], { call, nth }: Call, kill: () => void): void {
  let count = 0;
  void sandbox.waitForRequest((request) => {
    if (!isCall(request, call) || ++count < nth) return false;
    sandbox.faults.add({ service: request.service, method: request.method, path: /./, times: 1, kind: 'hang' });
    kill();
    return true;
  });
}

// when the work is done, and before the response is sent
function killAfter(sandbox: Scene['sandbox'], { call, nth }: Call, kill: () => void): void {
  void sandbox.waitUntil(() => {
    const done = sandbox.requests.filter((request) => isCall(request, call) && request.status > 0);
    if (done.length < nth) return false;
    kill();
    return true;
  });
}

const IN_PROGRESS = new Set(['attaching', 'detaching']);

// a drift scan has happened when its outcome is there
async function recovered({ sandbox, ledger, pair }: Scene, from: number, scanned: Outcome['status'] | null) {
  const rules = () => sandbox.rulesOf(pair.shareId);
  let seen = {};
  await eventually(
    async () => {
      const status = (await ledger.record(pair.id))?.status ?? 'gone';
      const isAtRest = await ledger.isAtRest(pair.id);
      seen = { status, rules: rules(), isAtRest };
      const isWorking = sandbox.mappingsOf(pair.serverId).some((mapping) => /^(?:at|de)taching$/.test(mapping.status));
      const isSettled = !isWorking && rules().every((rule) => rule.state === 'active' || rule.state === 'error');
      const isScanned = scanned === null || (status === scanned && (scanned !== 'gone' || rules().length === 0));
      return isSettled && !IN_PROGRESS.has(status) && isAtRest && isScanned;
    },
    () => `no work is left: ${JSON.stringify(seen)}`,
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
    orphanedRules: rules
      .filter((rule) => rule.metadata.managed_by)
      .map((rule) => rule.metadata.attachment_id ?? '')
      .filter((id) => !ids.has(id)),
    virtiofs: virtiofsViolations(sandbox, [pair.serverId], records),
  };
}
