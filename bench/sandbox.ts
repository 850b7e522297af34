/** The sandbox cloud as a process: every response is delayed by `sandbox.js <ms>`, and a rule is active `<ms>` after its request. */
import { startSandbox } from '../src/sandbox/index.ts';
import { handleCalls } from './calls.ts';

const [callMs = 20, activeMs = 300] = process.argv.slice(2).map(Number);
// two steps: queued, applying
const sandbox = await startSandbox({ accessDelayMs: activeMs / 2 });
for (const service of ['nova', 'manila'] as const) sandbox.faults.add({ service, kind: 'delay', delayMs: callMs });
handleCalls({
  token: () => sandbox.issueToken('demo'),
  pairs: ({ count }: { count: number }) =>
    Array.from({ length: count }, (_, i) => ({
      serverId: sandbox.addServer({ ports: [{ network: 'private', fixedIps: [`10.10.${2 + (i >> 7)}.${i & 127}`] }] })
        .id,
      shareId: sandbox.addShare().id,
    })),
});
process.send?.({ url: sandbox.url });
