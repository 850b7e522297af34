import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const SOURCE = 'web/graphiql';
const TARGET = 'dist/graphiql';
const STAMP = join(TARGET, 'stamp');

/** Monaco's workers: classic scripts of their own, as the page's Content-Security-Policy allows no blob. */
const WORKERS = {
  EDITOR_WORKER: 'monaco-editor/esm/vs/editor/editor.worker.js',
  JSON_WORKER: 'monaco-editor/esm/vs/language/json/json.worker.js',
  GRAPHQL_WORKER: 'monaco-graphql/esm/graphql.worker.js',
};

const COMMON = {
  bundle: true,
  minify: true,
  outdir: TARGET,
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  assetNames: '[name]-[hash]',
  loader: { '.ttf': 'file' },
  define: { 'process.env.NODE_ENV': '"production"' },
  target: ['chrome123', 'firefox120', 'safari17.5'],
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
};

/** What the bundle is made from. The lock file stands for every package. */
function hashOfInputs() {
  const files = ['package-lock.json', 'scripts/bundle-graphiql.mjs'];
  for (const name of readdirSync(SOURCE).sort()) files.push(join(SOURCE, name));
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

/** The file that esbuild made for an entry point. */
function outputOf({ metafile }, entry) {
  const made = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint?.endsWith(entry));
  if (!made) throw new Error(`esbuild made nothing for ${entry}`);
  return { script: basename(made[0]), style: made[1].cssBundle && basename(made[1].cssBundle) };
}

/** Compressed once here, so that nothing is compressed while serving. */
function compress() {
  for (const name of readdirSync(TARGET)) {
    if (!/\.(js|css)$/.test(name)) continue;
    writeFileSync(join(TARGET, `${name}.gz`), gzipSync(readFileSync(join(TARGET, name)), { level: 6 }));
  }
}

/** Bundles the GraphiQL page into dist/graphiql. Does nothing when the last bundle was made from the same inputs. */
export async function bundleGraphiql() {
  const stamp = hashOfInputs();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return;
  rmSync(TARGET, { recursive: true, force: true });
  const workers = await build({ ...COMMON, format: 'iife', entryPoints: Object.values(WORKERS) });
  const named = Object.entries(WORKERS).map(([name, entry]) => [
    name,
    JSON.stringify(`./${outputOf(workers, entry).script}`),
  ]);
  const page = await build({
    ...COMMON,
    format: 'esm',
    splitting: true,
    jsx: 'automatic',
    entryPoints: [`${SOURCE}/main.tsx`],
    define: { ...COMMON.define, ...Object.fromEntries(named) },
  });
  compress();
  writeFileSync(join(TARGET, 'manifest.json'), JSON.stringify(outputOf(page, 'main.tsx')));
  writeFileSync(STAMP, stamp);
}
