import Fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { type Cloud, makeCloud } from './cloud.ts';
import { mount } from './http.ts';
import { keystoneApi } from './keystone/api.ts';
import { manilaApi } from './manila/api.ts';
import { novaApi } from './nova/api.ts';
import { makeRecorder, watchRequests } from './requests.ts';
import { seedBasics, seedDemo } from './seed.ts';
import {
  identityControls,
  requestControls,
  ruleControls,
  type Sandbox,
  serverControls,
  shareControls,
  workControls,
} from './test-controls.ts';
import { stopTimers } from './work.ts';

export type { AccessRule, ResourceLock, RuleChange, RuleState, Server, Share, ShareMapping } from './cloud.ts';
export type { Fault, FaultHandle } from './faults.ts';
export { BREAKING_ADDRESS, REJECTED_ADDRESS, SLOW_ADDRESS } from './manila/rules.ts';
export type { RecordedRequest } from './requests.ts';
export { DEMO } from './seed.ts';
export type { Sandbox } from './test-controls.ts';

export interface SandboxOptions {
  host?: string;
  /** 0: a free one. */
  port?: number;
  /** `demo`: 40 servers and 25 shares in `demo`. `empty`: users, networks, types, and nothing else. */
  seed?: 'demo' | 'empty';
  /** Duration of each transitional state of a rule, and of any other step, in ms. */
  accessDelayMs?: number;
  /** Duration of the driver's work on SLOW_ADDRESS, in ms; 20,000 by default. */
  slowAccessMs?: number;
  log?: Logger;
}

/** Starts a small Keystone, Nova and Manila on one loopback port. Users demo, reader, bystander, other, admin, gateway; password `secret`. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, seed = 'demo', accessDelayMs = 400, slowAccessMs = 20_000, log } = options;
  const cloud = makeCloud(accessDelayMs, slowAccessMs);
  seedBasics(cloud);
  if (seed === 'demo') seedDemo(cloud);
  const recorder = makeRecorder();
  const app = Fastify({ forceCloseConnections: true, exposeHeadRoutes: false, bodyLimit: 1_048_576 });
  watchRequests(app, cloud, recorder, log);
  for (const api of [keystoneApi(cloud), novaApi(cloud), manilaApi(cloud)]) mount(app, api);
  const url = await app.listen({ host, port });
  return {
    url,
    authUrl: `${url}/identity/v3`,
    ...identityControls(cloud),
    ...requestControls(recorder),
    ...serverControls(cloud),
    ...shareControls(cloud),
    ...ruleControls(cloud),
    ...workControls(cloud),
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
