import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Runs apt-get; several test files may install at the same time, and a service must not start. */
function aptGet(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const command = ['/tmp/test-apt-get.lock', 'apt-get', '-q', ...args];
  spawnSync('flock', command, { env, stdio: ['ignore', 'ignore', 'inherit'], timeout: 300_000 });
}

/**
 * Installs programs with apt-get, by Debian package and path, where one is missing and that is possible. Throws with what
 * to install otherwise.
 */
export function needPrograms(programs: Readonly<Record<string, string>>): void {
  const missing = () => Object.keys(programs).filter((name) => !existsSync(programs[name] as string));
  if (missing().length > 0 && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    aptGet('update');
    aptGet('install', '-y', '--no-install-recommends', ...missing());
  }
  if (missing().length === 0) return;
  const names = missing().join(' ');
  throw new Error(`The tests need ${names}: install them (Debian: apt-get install ${names})`);
}
