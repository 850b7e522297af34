/** The sandbox cloud as a process: every call `sandbox.js <ms>` late, a rule active `<ms>` after it was asked for. */
import { startSandbox } from '../src/sandbox/index.ts';
import { answerQuestions } from './questions.ts';

const [callMs = 20, activeMs = 300] = process.argv.slice(2).map(Number);
// Two steps: queued, applying.
const sandbox = await startSandbox({ accessDelayMs: activeMs / 2 });
for (const service of ['nova', 'manila'] as const) sandbox.faults.add({ service, kind: 'delay', delayMs: callMs });
answerQuestions({
  token: () => sandbox.issueToken('demo'),
  pairs: ({ count }: { count: number }) =>
    Array.from({ length: count }, (_, i) => ({
      serverId: sandbox.addServer({ ports: [{ network: 'private', fixedIps: [`10.10.${2 + (i >> 7)}.${i & 127}`] }] })
        .id,
      shareId: sandbox.addShare().id,
    })),
});
process.send?.({ url: sandbox.url });
