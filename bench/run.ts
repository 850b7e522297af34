/** `npm run bench [-- <name> …]`: runs the benchmarks and prints one table. */
import { cpus, release, totalmem } from 'node:os';
import { attach } from './benches/attach.ts';
import { bulk } from './benches/bulk.ts';
import { dashboard } from './benches/dashboard.ts';
import { fair } from './benches/fair.ts';
import { fanout, sockets } from './benches/fanout.ts';
import { growth } from './benches/growth.ts';
import { list, tiny } from './benches/list.ts';
import { metrics } from './benches/metrics.ts';
import { redis } from './benches/redis.ts';
import { start } from './benches/start.ts';
import { vendordata } from './benches/vendordata.ts';
import { worth } from './benches/worth.ts';
import { type Line, markdown } from './table.ts';

const BENCHES: Record<string, () => Promise<Line[]>> = {
  list,
  tiny,
  dashboard,
  fair,
  fanout,
  sockets,
  attach,
  bulk,
  growth,
  redis,
  metrics,
  start,
  vendordata,
  worth,
};

const names = process.argv.slice(2);
const wrong = names.filter((name) => !(name in BENCHES));
if (wrong.length > 0) {
  process.stderr.write(`No such bench: ${wrong.join(', ')}. There are ${Object.keys(BENCHES).join(', ')}.\n`);
  process.exit(1);
}
const lines: Line[] = [];
for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
  process.stderr.write(`${name} …\n`);
  lines.push(...((await BENCHES[name]?.()) ?? []));
}
const [cpu] = cpus();
process.stdout.write(
  `${new Date().toISOString().slice(0, 10)}, \`npm run bench${names.map((name) => ` ${name}`).join('')}\`\n` +
    `${cpus().length} × ${cpu?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB\n` +
    `Node ${process.versions.node}, Linux ${release()}\n\n${markdown(lines)}\n`,
);
process.exit(0);
