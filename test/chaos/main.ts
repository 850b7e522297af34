import { parseArgs } from 'node:util';
import { runChaos } from './run.ts';
import { failuresOf, tableOf } from './table.ts';

/** `npm run chaos -- --ops 2000 [--seed N]`: prints the run's table; exits with 1 if something that must be 0 is not. */

const { values } = parseArgs({ options: { ops: { type: 'string', default: '2000' }, seed: { type: 'string' } } });
const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
const ops = Number(values.ops);
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(ops) || ops < 1) {
  process.stderr.write('Expected --ops and --seed as whole numbers\n');
  process.exit(2);
}
// exit handlers kill the processes that were started
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.stderr.write(`seed ${seed}, ${ops} operations\n`);
const totals = await runChaos({ seed, ops });
process.stdout.write(`${tableOf(totals)}\n`);
const failures = failuresOf(totals).filter(([, found]) => found.length > 0);
for (const [row, found] of failures) process.stderr.write(`${row}:\n  ${found.slice(0, 20).join('\n  ')}\n`);
const isPassed = failures.length === 0 && totals.responses['INTERNAL_SERVER_ERROR'] === undefined;
process.exit(isPassed ? 0 : 1);
