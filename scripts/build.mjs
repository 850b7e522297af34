import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { bundleGraphiql } from './bundle-graphiql.mjs';

// Into dist: the compiled gateway, the Lua scripts that it reads beside its own files, and the GraphiQL page.
const compiled = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
cpSync('src/attachments/store/lua', 'dist/attachments/store/lua', { recursive: true });
await bundleGraphiql();
