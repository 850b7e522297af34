import { readFileSync, writeFileSync } from 'node:fs';

// Puts the optional packages of other platforms back into package-lock.json. `npm install` leaves out those that it did
// not see (npm/cli#4828), and then `npm ci` refuses the lock file. Their versions and platforms are in what
// asks for them; npm reads the rest when it installs one. To be run after each `npm install` that changed the lock file.

const FILE = 'package-lock.json';
const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 's390x', 'riscv64', 'wasm32', 'x64'];

const lock = JSON.parse(readFileSync(FILE, 'utf8'));

/** Whether a package finds another the way Node looks: beside it, then further up. */
function isFound(from, name) {
  const folders = from.split('/node_modules/');
  return folders.some((_, depth) => {
    const folder = folders.slice(0, folders.length - depth).join('/node_modules/');
    return `${folder}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages;
  });
}

/** What the lock file says of a package that only one platform takes. */
function entryOf(name, version, isDev) {
  const words = name.split(/[/-]/);
  const system = name === 'fsevents' ? 'darwin' : SYSTEMS.find((word) => words.includes(word));
  const processor = PROCESSORS.find((word) => words.includes(word));
  const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : words.includes('gnu') ? 'glibc' : null;
  return {
    version,
    ...(isDev && { dev: true }),
    ...(processor && { cpu: [processor] }),
    ...(system === 'linux' && libc && { libc: [libc] }),
    optional: true,
    ...(system && { os: [system] }),
  };
}

for (const [from, { dev, optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    const version = /^[~^]?(\d+\.\d+\.\d+\S*)$/.exec(range)?.[1];
    if (version && !isFound(from, name)) lock.packages[`node_modules/${name}`] = entryOf(name, version, dev);
  }
}
const byPath = ([a], [b]) => a.localeCompare(b, 'en'); // npm's own order
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(byPath));
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
