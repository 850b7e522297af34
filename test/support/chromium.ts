import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type BrowserContext, chromium } from 'playwright-core';

const DEBIAN = '/usr/bin/chromium';

/** Debian's chromium: CHROMIUM_PATH, else where its package puts it, else installed by apt-get where that is possible. */
function findChromium(): string {
  const named = process.env['CHROMIUM_PATH'];
  if (named) return named;
  if (!existsSync(DEBIAN) && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    execFileSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore' });
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { env, stdio: 'ignore' });
  }
  if (existsSync(DEBIAN)) return DEBIAN;
  throw new Error('No chromium: install it (Debian: apt-get install chromium), or name one in CHROMIUM_PATH');
}

/** Starts chromium, headless, with an empty profile that goes with it, and without calls home. */
export async function startChromium(): Promise<BrowserContext> {
  return chromium.launchPersistentContext('', {
    executablePath: findChromium(),
    headless: true,
    viewport: { width: 1400, height: 900 },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
