import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';

const LOCK = 'dist/.building';
/** Its modification time is when the latest build began. */
const STAMP = 'dist/.built';
const SOURCES = ['src', 'web', 'scripts', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
const POLL_MS = 100;
const LOCK_TIMEOUT_MS = 60_000;

/**
 * Compiles the gateway into dist, as `npm start` does, unless dist is newer than every source. Test files that run at the
 * same time wait for the one that builds. Throws if it does not compile. Also jest's globalSetup of the browser tests.
 */
export default buildGateway;
export function buildGateway(): void {
  mkdirSync('dist', { recursive: true });
  takeLock();
  try {
    const begun = new Date();
    if (isFresh()) return;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/build.mjs'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`The gateway does not build:\n${stdout}${stderr}`);
    writeFileSync(STAMP, '');
    // what changed while it was being compiled is not in it
    utimesSync(STAMP, begun, begun);
  } finally {
    rmdirSync(LOCK);
  }
}

function isFresh(): boolean {
  if (!existsSync(STAMP) || !existsSync('dist/main.js')) return false;
  return newest(SOURCES) < statSync(STAMP).mtimeMs;
}

// directories count too: they change when a file goes
function newest(paths: readonly string[]): number {
  return Math.max(
    ...paths.map((path) => {
      const { mtimeMs } = statSync(path);
      if (!statSync(path).isDirectory()) return mtimeMs;
      return Math.max(mtimeMs, newest(readdirSync(path).map((name) => `${path}/${name}`)));
    }),
  );
}

// a directory is made by one only; one that was left by a run that died is taken over
function takeLock(): void {
  for (const deadline = Date.now() + LOCK_TIMEOUT_MS; ; ) {
    try {
      mkdirSync(LOCK);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (Date.now() > deadline) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
    }
  }
}
