import { setTimeout as wait } from 'node:timers/promises';
import type { FaultHandle } from '../../src/sandbox/index.ts';
import { asUser } from './environment.ts';
import { type Inventory, takeInventory } from './inventory.ts';
import { drawPlan, type Step } from './plan.ts';
import { type ChaosEnvironment, startChaosEnvironment } from './process-control.ts';

/** Users with requests at the same time. */
const USERS = 8;
const SIZE = { servers: 12, shares: 6, gateways: 2 };
/** Responses after which a user waits before the next request: otherwise most of a run would get the same one. */
const UNAVAILABLE = new Set(['STATE_UNAVAILABLE', 'UPSTREAM_UNAVAILABLE', 'connection lost']);
const BACKOFF_MS = 300;
/** How long the gateways may need to finish their work after the last fault, in ms, and how often that is checked. */
const QUIET_MS = 240_000;
const CHECK_MS = 1000;
/** Checks in a row that find nothing wrong: drift detection scans between them. */
const CHECKS = 3;

/** What a run did, and the state after the quiet period. */
export interface Totals extends Inventory {
  seed: number;
  ops: number;
  /** By `done`, the error's code, or that the connection was lost. */
  responses: Record<string, number>;
  /** Failed calls, by kind. */
  faults: Record<string, number>;
  incidents: Record<string, number>;
  seconds: number;
}

/** Runs a seed's plan, waits until no work is left, and takes the inventory. */
export async function runChaos({ seed, ops }: { seed: number; ops: number }): Promise<Totals> {
  const startedAt = performance.now();
  const environment = await startChaosEnvironment(SIZE);
  try {
    const counts = { responses: {}, incidents: {} };
    const faults: { kind: string; handle: FaultHandle }[] = [];
    const plan = drawPlan(seed, ops, SIZE).entries();
    const user = async () => {
      for (const [at, step] of plan) {
        if (step.fault) faults.push({ kind: labelOf(step.fault), handle: environment.sandbox.faults.add(step.fault) });
        if (step.incident && trigger(environment, step, at)) count(counts.incidents, step.incident);
        const response = await send(environment, step);
        count(counts.responses, response);
        if (UNAVAILABLE.has(response)) await wait(BACKOFF_MS);
      }
    };
    await Promise.all(Array.from({ length: USERS }, user));
    environment.sandbox.faults.clear();
    const inventory = await settle(environment);
    const met: Record<string, number> = {};
    for (const { kind, handle } of faults) count(met, kind, handle.hits);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    return { seed, ops, ...counts, faults: met, seconds, ...inventory };
  } finally {
    await environment.close();
  }
}

async function send(environment: ChaosEnvironment, step: Step): Promise<string> {
  const gateway = await environment.gateway(step.gateway);
  const pair = {
    id: '',
    serverId: environment.servers[step.server] ?? '',
    shareId: environment.shares[step.share] ?? '',
  };
  try {
    const answer = await asUser(environment, gateway)[step.request](pair);
    return answer.errors ? String(answer.errors[0]?.extensions?.code) : 'done';
  } catch {
    return 'connection lost';
  }
}

// whether it happened: the rule to remove may not exist
function trigger(environment: ChaosEnvironment, { incident, server, share, gateway }: Step, at: number): boolean {
  const { sandbox, servers, shares } = environment;
  const [rule] = sandbox.rulesOf(shares[share] ?? '').filter(({ state }) => state === 'active');
  const address = `10.10.${2 + Math.floor(at / 250)}.${1 + (at % 250)}`;
  switch (incident) {
    case 'gateway killed':
      return environment.killGateway(gateway);
    case 'Redis killed':
      return environment.killRedis();
    case 'server deleted':
      // every other time its address is given to the new server
      environment.replaceServer(server, at % 2 ? address : `10.10.1.${Math.max(1, server)}`);
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
      sandbox.revokeToken(environment.token);
      environment.token = sandbox.issueToken('demo');
      return true;
    case null:
      return false;
  }
}

// the user reads now and then, as users do
async function settle(environment: ChaosEnvironment): Promise<Inventory> {
  const deadline = performance.now() + QUIET_MS;
  let passed = 0;
  for (;;) {
    await environment.whenUp();
    await asUser(environment, await environment.gateway(0)).list();
    await wait(CHECK_MS);
    const inventory = await takeInventory(environment);
    const isSettled = [
      inventory.unsettled,
      inventory.recordsWithoutRule,
      inventory.rulesWithoutRecord,
      inventory.badEvents,
    ].every((found) => found.length === 0);
    passed = isSettled ? passed + 1 : 0;
    if (passed === CHECKS || performance.now() > deadline) return inventory;
  }
}

function labelOf({ kind, status }: NonNullable<Step['fault']>): string {
  return status ? String(status) : kind;
}

function count(counts: Record<string, number>, what: string, by = 1): void {
  counts[what] = (counts[what] ?? 0) + by;
}
