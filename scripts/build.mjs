import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { bundlePage } from './bundle-page.mjs';

// Into dist: the compiled gateway, the Lua scripts that it reads beside its own files, GraphiQL and the console.
const compiled = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
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
