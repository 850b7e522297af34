import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';

// Runs scripts/generated-docs.ts from its source: writes the generated parts of docs/.
const OUT = 'node_modules/.cache/docs.mjs';

await build({
  entryPoints: ['scripts/generated-docs.ts'],
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  outfile: OUT,
});
process.exit(spawnSync(process.execPath, [OUT], { stdio: 'inherit' }).status ?? 1);
