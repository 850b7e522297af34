import { spawnSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';

// Without the development dependencies (npm ci --omit=dev) what was built before is started.
const COMPILER = 'node_modules/typescript/bin/tsc';
if (!existsSync(COMPILER)) {
  if (existsSync('dist/main.js')) process.exit(0);
  process.stderr.write('There is no build in dist/, and no compiler: run npm ci && npm run build first\n');
  process.exit(1);
}
const { bundlePage } = await import('./bundle-page.mjs');

// Into dist: the compiled gateway, the Lua scripts that it reads beside its own files, GraphiQL and the console.
const compiled = spawnSync(process.execPath, [COMPILER, '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
cpSync('src/attachments/store/lua', 'dist/attachments/store/lua', { recursive: true });
await bundlePage('graphiql', {
  workers: {
    EDITOR_WORKER: 'monaco-editor/esm/vs/editor/editor.worker.js',
    JSON_WORKER: 'monaco-editor/esm/vs/language/json/json.worker.js',
    GRAPHQL_WORKER: 'monaco-graphql/esm/graphql.worker.js',
  },
});
await bundlePage('console');
