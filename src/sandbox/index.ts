import Fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { type Cloud, makeCloud } from './cloud.ts';
import { mount } from './http.ts';
import { keystoneDoor } from './keystone/api.ts';
import { manilaDoor } from './manila/api.ts';
import { novaDoor } from './nova/api.ts';
import { makeRecorder, watchRequests } from './requests.ts';
import { seedBasics, seedDemo } from './seed.ts';
import {
  identityHands,
  requestHands,
  ruleHands,
  type Sandbox,
  serverHands,
  shareHands,
  workHands,
} from './test-controls.ts';
import { stopTimers } from './work.ts';

export type { AccessRule, RuleChange, RuleState, Server, Share } from './cloud.ts';
export type { Fault, FaultHandle } from './faults.ts';
export { BREAKING_ADDRESS, REFUSED_ADDRESS, SLOW_ADDRESS } from './manila/rules.ts';
export type { RecordedRequest } from './requests.ts';
export { DEMO } from './seed.ts';
export type { Sandbox } from './test-controls.ts';

export interface SandboxOptions {
  host?: string;
  /** 0 takes a free one. */
  port?: number;
  /** `demo`: 40 servers and 25 shares in `demo`. `empty`: users, networks, types, and nothing else. */
  seed?: 'demo' | 'empty';
  /** How long a rule stays in each of its passing states, and how long any other step takes, ms. */
  accessDelayMs?: number;
  /** How long the driver takes for SLOW_ADDRESS, ms; 20,000 by default. */
  slowAccessMs?: number;
  log?: Logger;
}

/** Starts a small Keystone, Nova and Manila on one loopback port. Users demo, reader, other, admin, gateway; password `secret`. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, seed = 'demo', accessDelayMs = 400, slowAccessMs = 20_000, log } = options;
  const cloud = makeCloud(accessDelayMs, slowAccessMs);
  seedBasics(cloud);
  if (seed === 'demo') seedDemo(cloud);
  const recorder = makeRecorder();
  const app = Fastify({ forceCloseConnections: true, exposeHeadRoutes: false, bodyLimit: 1_048_576 });
  watchRequests(app, cloud, recorder, log);
  for (const door of [keystoneDoor(cloud), novaDoor(cloud), manilaDoor(cloud)]) mount(app, door);
  const url = await app.listen({ host, port });
  return {
    url,
    authUrl: `${url}/identity/v3`,
    ...identityHands(cloud),
    ...requestHands(recorder),
    ...serverHands(cloud),
    ...shareHands(cloud),
    ...ruleHands(cloud),
    ...workHands(cloud),
    close: () => stop(app, cloud),
  };
}

async function stop(app: FastifyInstance, cloud: Cloud): Promise<void> {
  stopTimers(cloud);
  cloud.ruleListeners.clear();
  cloud.watchers.clear();
  app.server.closeAllConnections();
  await app.close();
}
