import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

// Into guest/install.sh: the agent, its units and the script that installs them, in one file that needs no other.
const GUEST = new URL('../guest/', import.meta.url);

/** The installer. `node scripts/bundle-guest.mjs` writes it; a test compares it with its parts. */
export function bundleInstaller() {
  const parts = {
    AGENT: readPart('manila-guest-agent'),
    SERVICE: readPart('systemd/manila-guest-agent.service'),
    TIMER: readPart('systemd/manila-guest-agent.timer'),
  };
  return readFileSync(new URL('install.sh.in', GUEST), 'utf8').replace(/^@(\w+)@$/gm, (_, name) => {
    const text = parts[name].trimEnd();
    if (new RegExp(`^END_OF_${name}$`, 'm').test(text)) throw new Error(`${name} holds the line that ends it`);
    return text;
  });
}

function readPart(name) {
  return readFileSync(new URL(name, GUEST), 'utf8');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(new URL('install.sh', GUEST), bundleInstaller(), { mode: 0o755 });
}
