import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { besideTheSource } from './beside-the-source.mjs';

// Into node_modules/.cache/gateway: src/main.ts with its packages in one file, with the code that V8 made of it. It is
// for tests that start a gateway more than a hundred times: it starts in a third of the CPU time of dist/main.js.
const FOLDER = 'node_modules/.cache/gateway';
const PROGRAM = `${FOLDER}/start.cjs`;

rmSync(FOLDER, { recursive: true, force: true });
await build({
  entryPoints: ['src/main.ts'],
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  minifyWhitespace: true,
  outfile: `${FOLDER}/main.cjs`,
  logLevel: 'warning',
  plugins: [besideTheSource],
});
copyFileSync('scripts/start-cached.cjs', PROGRAM);

// one run that ends by itself: the cache then holds every function that a start needs
const env = { PATH: process.env.PATH, PORT: '0', SANDBOX_PORT: '0', LOG_LEVEL: 'silent', GRAPHIQL: 'false' };
const child = spawn(process.execPath, [PROGRAM], { env, stdio: ['ignore', 'pipe', 'inherit'] });
child.stdout.once('data', () => child.kill('SIGTERM'));
const [code] = await once(child, 'exit');
process.exit(code ?? 1);
