/** The entry: checks the version of Node.js, then starts the process. An older one could not read its modules. */
const NEEDED = [20, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(`Node.js ${NEEDED.join('.')} or later is needed, this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  void import('./process.ts').then(({ run }) => run());
}
