import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const optionsFor = (target) => ({
  bundle: true,
  minify: true,
  outdir: target,
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  assetNames: '[name]-[hash]',
  loader: { '.ttf': 'file' },
  define: { 'process.env.NODE_ENV': '"production"' },
  target: ['chrome123', 'firefox120', 'safari17.5'],
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
});

/** What a bundle is made from. The lock file stands for every package. */
function hashOfInputs(folders) {
  const files = ['package-lock.json', 'scripts/build.mjs', 'scripts/bundle-page.mjs'];
  for (const folder of folders) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) files.push(join(entry.parentPath, entry.name));
    }
  }
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(file).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

/** The file that esbuild made for an entry point. */
function outputOf({ metafile }, entry) {
  const made = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint?.endsWith(entry));
  if (!made) throw new Error(`esbuild made nothing for ${entry}`);
  return { script: basename(made[0]), style: made[1].cssBundle && basename(made[1].cssBundle) };
}

/** Compressed once here, so that nothing is compressed while serving. */
function compress(target) {
  for (const name of readdirSync(target)) {
    if (!/\.(js|css)$/.test(name)) continue;
    writeFileSync(join(target, `${name}.gz`), gzipSync(readFileSync(join(target, name)), { level: 6 }));
  }
}

/**
 * Bundles the page web/<name>/main.tsx into dist/<name>. Does nothing when the last bundle was made from the same inputs.
 * `workers` names classic scripts of their own, as a page's Content-Security-Policy allows no blob: each name becomes a
 * constant with the file's URL, relative to the page's script.
 */
export async function bundlePage(name, { workers = {} } = {}) {
  const source = `web/${name}`;
  const target = `dist/${name}`;
  const stampFile = join(target, 'stamp');
  const stamp = hashOfInputs([source, 'web/shared']);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  rmSync(target, { recursive: true, force: true });
  const options = optionsFor(target);
  const built = await build({ ...options, format: 'iife', entryPoints: Object.values(workers) });
  const urls = Object.entries(workers).map(([constant, entry]) => [
    constant,
    JSON.stringify(`./${outputOf(built, entry).script}`),
  ]);
  const page = await build({
    ...options,
    format: 'esm',
    splitting: true,
    jsx: 'automatic',
    entryPoints: [`${source}/main.tsx`],
    define: { ...options.define, ...Object.fromEntries(urls) },
  });
  compress(target);
  writeFileSync(join(target, 'manifest.json'), JSON.stringify(outputOf(page, 'main.tsx')));
  writeFileSync(stampFile, stamp);
}
