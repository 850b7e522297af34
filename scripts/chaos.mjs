import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';
import { besideTheSource } from './beside-the-source.mjs';

// Runs test/chaos/main.ts from its sources, against the gateway in one file.
const OUT = 'node_modules/.cache/chaos.mjs';

const built = spawnSync(process.execPath, ['scripts/bundle-gateway.mjs'], { stdio: 'inherit' });
if (built.status !== 0) process.exit(built.status ?? 1);
await build({
  entryPoints: ['test/chaos/main.ts'],
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  outfile: OUT,
  plugins: [besideTheSource],
});
const run = spawnSync(process.execPath, ['--enable-source-maps', OUT, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(run.status ?? 1);
