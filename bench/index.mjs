import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';

// Compiles the gateway and the benchmarks into dist/bench, and runs bench/run.ts on core 1 with everything that it starts,
// except the measured server, which gets core 0.
const run = (command, args) => {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

// two projects: Yoga and Mercurius extend GraphQL's types
for (const project of ['bench/tsconfig.json', 'bench/servers/tsconfig.json']) {
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project]);
}
cpSync('src/attachments/store/lua', 'dist/bench/src/attachments/store/lua', { recursive: true });
cpSync('schema', 'dist/bench/schema', { recursive: true });
cpSync('guest/install.sh', 'dist/bench/guest/install.sh');
const canPin = spawnSync('taskset', ['-c', '1', 'true']).status === 0;
if (!canPin) process.stderr.write('Without taskset and a second core nothing is pinned: the ratios are unreliable.\n');
const node = [process.execPath, 'dist/bench/bench/run.js', ...process.argv.slice(2)];
if (canPin) run('taskset', ['-c', '1', ...node]);
else run(node[0], node.slice(1));
