import { setTimeout as wait } from 'node:timers/promises';
import type { FaultHandle } from '../../src/sandbox/index.ts';
import { asUser } from './environment.ts';
import { type Stock, takeStock } from './inventory.ts';
import { drawPlan, type Step } from './plan.ts';
import { type Stage, setStage } from './process-control.ts';

/** Users who ask at the same time. */
const USERS = 8;
const SIZE = { servers: 12, shares: 6, gateways: 2 };
/** Answers after which a user waits a little, in ms: else most of a run would be asked of a gateway that just says so. */
const AWAY = new Set(['STATE_UNAVAILABLE', 'UPSTREAM_UNAVAILABLE', 'connection lost']);
const BACK_OFF_MS = 300;
/** How long it may take to come to rest when all goes well again, in ms, and how often that is looked at. */
const QUIET_MS = 120_000;
const LOOK_MS = 1000;
/** It stays at rest for so many looks: a sweep comes by in each. */
const LOOKS = 3;

/** What a run did, and what was found in the quiet after it. */
export interface Totals extends Stock {
  seed: number;
  ops: number;
  /** `done`, else the error's code, else that the gateway went away. */
  answers: Record<string, number>;
  /** Calls that went wrong, by kind. */
  faults: Record<string, number>;
  mishaps: Record<string, number>;
  seconds: number;
}

/** Plays a seed's plan, waits until all is quiet, and takes stock. */
export async function runChaos({ seed, ops }: { seed: number; ops: number }): Promise<Totals> {
  const startedAt = performance.now();
  const stage = await setStage(SIZE);
  try {
    const counts = { answers: {}, mishaps: {} };
    const faults: { kind: string; handle: FaultHandle }[] = [];
    const plan = drawPlan(seed, ops, SIZE).entries();
    const user = async () => {
      for (const [at, step] of plan) {
        if (step.fault) faults.push({ kind: labelOf(step.fault), handle: stage.sandbox.faults.add(step.fault) });
        if (step.mishap && happen(stage, step, at)) count(counts.mishaps, step.mishap);
        const answer = await ask(stage, step);
        count(counts.answers, answer);
        if (AWAY.has(answer)) await wait(BACK_OFF_MS);
      }
    };
    await Promise.all(Array.from({ length: USERS }, user));
    stage.sandbox.faults.clear();
    const stock = await comeToRest(stage);
    const met: Record<string, number> = {};
    for (const { kind, handle } of faults) count(met, kind, handle.hits);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    return { seed, ops, ...counts, faults: met, seconds, ...stock };
  } finally {
    await stage.close();
  }
}

async function ask(stage: Stage, step: Step): Promise<string> {
  const gateway = await stage.gateway(step.gateway);
  const pair = { id: '', serverId: stage.servers[step.server] ?? '', shareId: stage.shares[step.share] ?? '' };
  try {
    const answer = await asUser(stage, gateway)[step.ask](pair);
    return answer.errors ? String(answer.errors[0]?.extensions?.code) : 'done';
  } catch {
    return 'connection lost';
  }
}

// whether it happened: a rule that is to go may not be there
function happen(stage: Stage, { mishap, server, share, gateway }: Step, at: number): boolean {
  const { sandbox, servers, shares } = stage;
  const [rule] = sandbox.rulesOf(shares[share] ?? '').filter(({ state }) => state === 'active');
  const address = `10.10.${2 + Math.floor(at / 250)}.${1 + (at % 250)}`;
  switch (mishap) {
    case 'gateway killed':
      return stage.killGateway(gateway);
    case 'Redis killed':
      return stage.killRedis();
    case 'server deleted':
      // every other time the address goes to the server that comes after it
      stage.replaceServer(server, at % 2 ? address : `10.10.1.${Math.max(1, server)}`);
      return true;
    case 'addresses changed':
      sandbox.setServerAddresses(servers[server] ?? '', [{ network: 'private', fixedIps: [address] }]);
      return true;
    case 'rule removed':
      if (rule) sandbox.removeRule(rule.id);
      return rule !== undefined;
    case 'rule failed':
      if (rule) sandbox.setRuleState(rule.id, 'error');
      return rule !== undefined;
    case 'token revoked':
      sandbox.revokeToken(stage.token);
      stage.token = sandbox.issueToken('demo');
      return true;
    case null:
      return false;
  }
}

// the user looks now and then, as users do
async function comeToRest(stage: Stage): Promise<Stock> {
  const deadline = performance.now() + QUIET_MS;
  let looksAtRest = 0;
  for (;;) {
    await stage.whenUp();
    await asUser(stage, await stage.gateway(0)).list();
    await wait(LOOK_MS);
    const stock = await takeStock(stage);
    const isAtRest = [stock.unsettled, stock.recordsWithoutRule, stock.rulesWithoutRecord, stock.badEvents].every(
      (found) => found.length === 0,
    );
    looksAtRest = isAtRest ? looksAtRest + 1 : 0;
    if (looksAtRest === LOOKS || performance.now() > deadline) return stock;
  }
}

function labelOf({ kind, status }: NonNullable<Step['fault']>): string {
  return status ? String(status) : kind;
}

function count(counts: Record<string, number>, what: string, by = 1): void {
  counts[what] = (counts[what] ?? 0) + by;
}
