/** The sandbox cloud as a process: every response is delayed by `sandbox.js <ms>`, and a rule is active `<ms>` after its request. */
import { startSandbox } from '../src/sandbox/index.ts';
import { handleCalls } from './calls.ts';

const [callMs = 20, activeMs = 300] = process.argv.slice(2).map(Number);
// two steps: queued, applying
const sandbox = await startSandbox({ accessDelayMs: activeMs / 2 });
for (const service of ['nova', 'manila'] as const) sandbox.faults.add({ service, kind: 'delay', delayMs: callMs });
let servers = 0;
let calls = 0;
const { requests } = sandbox;
handleCalls({
  /** The number of calls so far. */
  calls: () => {
    calls += requests.length;
    sandbox.clearRequests();
    return calls;
  },
  /** New servers, each with each of some new shares. */
  grid: ({ servers: count, shares }: { servers: number; shares: number }) => {
    const shareIds = Array.from({ length: shares }, () => sandbox.addShare().id);
    return Array.from({ length: count }, () => {
      servers++;
      const ports = [{ network: 'private', fixedIps: [`10.20.${servers >> 8}.${servers & 255}`] }];
      return { serverId: sandbox.addServer({ ports }).id };
    }).flatMap(({ serverId }) => shareIds.map((shareId) => ({ serverId, shareId })));
  },
  token: () => sandbox.issueToken('demo'),
  pairs: ({ count }: { count: number }) =>
    Array.from({ length: count }, (_, i) => ({
      serverId: sandbox.addServer({ ports: [{ network: 'private', fixedIps: [`10.10.${2 + (i >> 7)}.${i & 127}`] }] })
        .id,
      shareId: sandbox.addShare().id,
    })),
});
process.send?.({ url: sandbox.url });
