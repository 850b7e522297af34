import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

// Runs test/chaos/main.ts from its sources, against the gateway as it is built.
const OUT = 'node_modules/.cache/chaos.mjs';

// the files that a module reads beside itself are where it was, not where the bundle is
const besideTheSource = {
  name: 'beside-the-source',
  setup({ onLoad }) {
    onLoad({ filter: /\/(src|test)\/.*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { loader: 'ts', contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)) };
    });
  },
};

const built = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
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
