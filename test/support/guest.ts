import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, jest } from '@jest/globals';

// a run of the agent is dozens of processes, and the tests of a busy machine wait for them
jest.setTimeout(120_000);

/** The shells that the agent must run under. `busybox` also has no other tools than those of busybox. */
export const SHELLS = ['dash', 'bash', 'busybox'] as const;
export type Shell = (typeof SHELLS)[number];

export const AGENT = fileURLToPath(new URL('../../guest/manila-guest-agent', import.meta.url));

const COMMANDS: Record<Shell, string[]> = {
  dash: ['/usr/bin/dash'],
  bash: ['/usr/bin/bash', '--posix'],
  busybox: ['/usr/bin/busybox', 'ash'],
};

/** What a program printed, and how it ended. */
export interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A program that goes on; `output` grows. */
export interface Background {
  readonly pid: number;
  readonly output: string;
  readonly ended: Promise<Run>;
  kill(signal: NodeJS.Signals): void;
}

export interface MountedFileSystem {
  mountPoint: string;
  source: string;
  options: string[];
}

/**
 * A guest: a mount namespace with an empty /mnt, /srv, /media, /run, /usr/local and an /etc of its own, in which mount(8) logs
 * its arguments and mounts a tmpfs in place of a network file system.
 */
export interface Guest {
  /** A directory that the test and the guest share. */
  readonly directory: string;
  /** Runs the agent, with the settings of `configure`. */
  agent(...options: string[]): Promise<Run>;
  startAgent(...options: string[]): Background;
  /** Variables of the environment of the agent. */
  readonly environment: NodeJS.ProcessEnv;
  /** Runs this text as `curl | sh` would. */
  script(text: string): Promise<Run>;
  /** Puts a program of this body before all others. */
  addTool(name: string, body: string): void;
  /** Ends what `behave` made hang, as if the file server had responded with an error. */
  killHanging(): void;
  /** From now on curl is not found. */
  withoutCurl(): void;
  /** Replaces the settings; `metadata_url` is set always. */
  configure(settings: Record<string, string | number>): void;
  /** Runs a script with sh, and throws when it fails. */
  sh(script: string): string;
  /** A process that goes on in the guest. */
  start(script: string): Background;
  /** Replaces the behaviour of mount(8) or umount(8) for a source or mount point. */
  behave(name: string, behaviour: 'hang' | 'fail' | 'astray'): void;
  behaveWell(): void;
  /** The mounts below /mnt, /srv and /media, in the order in which they were made. */
  mounts(): MountedFileSystem[];
  mountPoints(): string[];
  /** The arguments of each call of mount(8) or umount(8) by the agent, and forgets them. */
  calls(): string[][];
  close(): Promise<void>;
}

/** Throws with what to do where a guest cannot be made. */
export async function startGuest(shell: Shell, metadataUrl: string): Promise<Guest> {
  const binary = COMMANDS[shell][0] as string;
  requireProgram(binary, shell);
  requireNamespaces();
  const directory = mkdtempSync(join(tmpdir(), 'test-guest-'));
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  if (shell !== 'busybox') requireProgram('/usr/bin/curl', 'curl');
  writeTools(directory, bin);
  const path = shell === 'busybox' ? `${bin}:${applets()}` : `${bin}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin`;

  const namespace = spawn('unshare', ['-m', '--propagation', 'private', '/bin/sh', '-c', PREPARE], {
    // ends with its standard input, that is with the tests at the latest
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, DIRECTORY: directory },
  });
  await once(namespace.stdout, 'data');
  const enter = ['-m', '-t', String(namespace.pid), '--'];
  const env: NodeJS.ProcessEnv = { PATH: path, DIRECTORY: directory, HOME: '/root' };
  const config = join(directory, 'agent.conf');
  const callLog = join(directory, 'calls');
  const children = new Set<ChildProcess>();

  const spawnInside = (command: readonly string[], environment: NodeJS.ProcessEnv): Background => {
    const child = spawn('nsenter', [...enter, ...command], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    const ended = once(child, 'close').then(([code]) => {
      children.delete(child);
      return { code: code as number | null, stdout: `${Buffer.concat(out)}`, stderr: `${Buffer.concat(err)}` };
    });
    return {
      pid: child.pid as number,
      get output() {
        return `${Buffer.concat([...out, ...err])}`;
      },
      ended,
      kill: (signal) => void child.kill(signal),
    };
  };

  const guest: Guest = {
    directory,
    environment: {},
    startAgent: (...options) =>
      spawnInside([...COMMANDS[shell], AGENT, '--config', config, ...options], { ...env, ...guest.environment }),
    agent: (...options) => guest.startAgent(...options).ended,
    configure(settings) {
      const all = { metadata_url: metadataUrl, ...settings };
      const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}\n`);
      writeFileSync(config, `# settings of a test\n\n${lines.join('')}`);
    },
    script(text) {
      const script = join(directory, 'script');
      writeFileSync(script, text);
      const command = ['/bin/sh', '-c', 'input=$1; shift; exec "$@" <"$input"', 'sh', script, ...COMMANDS[shell]];
      return spawnInside(command, { ...env, ...guest.environment }).ended;
    },
    addTool(name, body) {
      rmSync(join(bin, name), { force: true });
      writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    },
    killHanging: () => process.kill(Number(readFileSync(join(directory, 'hangs'), 'utf8')), 'SIGKILL'),
    withoutCurl() {
      requireProgram('/usr/bin/wget', 'wget');
      guest.sh('ls /usr/bin >"$DIRECTORY/programs"; mkdir "$DIRECTORY/no-curl"');
      for (const program of readFileSync(join(directory, 'programs'), 'utf8').split('\n')) {
        if (program && program !== 'curl') symlinkSync(join('/usr/bin', program), join(directory, 'no-curl', program));
      }
      env.PATH = `${bin}:${join(directory, 'no-curl')}`;
    },
    sh(script) {
      const { status, stdout, stderr } = spawnSync('nsenter', [...enter, '/bin/sh', '-euc', script], {
        env: { ...process.env, DIRECTORY: directory },
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`status ${status} of ${script}: ${stderr}`);
      return stdout;
    },
    start: (script) => spawnInside(['/bin/sh', '-euc', script], { ...process.env, DIRECTORY: directory }),
    behave: (name, behaviour) => writeFileSync(join(directory, 'behaviour'), `${name}\t${behaviour}\n`, { flag: 'a' }),
    behaveWell: () => rmSync(join(directory, 'behaviour'), { force: true }),
    mounts: () => readMounts(namespace.pid as number),
    mountPoints: () => guest.mounts().map(({ mountPoint }) => mountPoint),
    calls() {
      if (!existsSync(callLog)) return [];
      const text = readFileSync(callLog, 'utf8');
      rmSync(callLog);
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split('\x1f').slice(0, -1));
    },
    async close() {
      for (const child of children) child.kill('SIGKILL');
      namespace.stdin.end();
      if (namespace.exitCode === null) await once(namespace, 'exit');
      rmSync(directory, { recursive: true, force: true });
    },
  };
  guest.configure({});
  return guest;
}

/** Runs as process 1 of nothing: it only holds the mount namespace, until its standard input ends. */
const PREPARE = `
set -e
mkdir -p "$DIRECTORY/etc/alternatives"
cp -a /etc/passwd /etc/group "$DIRECTORY/etc/"
[ ! -d /etc/alternatives ] || mount --bind /etc/alternatives "$DIRECTORY/etc/alternatives"
[ ! -e /etc/ld.so.cache ] || cp -a /etc/ld.so.cache "$DIRECTORY/etc/"
mkdir -p "$DIRECTORY/etc/systemd/system" "$DIRECTORY/etc/ceph" "$DIRECTORY/etc/cifs"
mount --rbind "$DIRECTORY/etc" /etc
for root in /mnt /srv /media /usr/local /run; do
  awk -v root="$root/" 'index($5, root) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
    while read -r below; do umount -l "$below"; done
  mount -t tmpfs -o mode=755 tmpfs "$root"
done
mkdir -p /usr/local/sbin
rm -rf /run/mount
echo ready
cat >/dev/null
`;

/** Stand-ins for mount(8) and umount(8): they log their arguments, and behave as the test says. */
function writeTools(directory: string, bin: string): void {
  const log = `{ for word in ${'"$NAME" "$@"'}; do printf '%s\\037' "$word"; done; echo; } >>"${directory}/calls"`;
  const behaviour = `behaviour_of() {
  [ -f "${directory}/behaviour" ] || return 0
  awk -F '\\t' -v name="$1" '$1 == name { print $2 }' "${directory}/behaviour"
}
# a test can wait for the file, and end the process
hang() { echo $$ >"${directory}/hangs.new"; mv "${directory}/hangs.new" "${directory}/hangs"; exec sleep 1000000; }
`;
  const mount = `#!/bin/sh
NAME=mount
${log}
${behaviour}
while [ $# -gt 2 ]; do
  case $1 in -o) given=$2; shift ;; esac
  shift
done
options=mode=755
for option in $(echo "$given" | tr , ' '); do
  case $option in ro|rw|nosuid|nodev|noexec) options=$options,$option ;; secretfile=*) cat "\${option#*=}" >"${directory}/secret" ;; esac
done
case $(behaviour_of "$1") in
  hang) hang ;;
  fail) echo "mount.nfs: Connection refused" >&2; exit 32 ;;
  astray) exec /bin/mount -t tmpfs -o "$options" -- "$1" "${directory}/astray" ;;
esac
exec /bin/mount -t tmpfs -o "$options" -- "$1" "$2"
`;
  const umount = `#!/bin/sh
NAME=umount
${log}
${behaviour}
for target in "$@"; do :; done
case $(behaviour_of "$target") in
  hang) [ "$1" = -l ] || hang ;;
  fail) echo "umount: failed" >&2; exit 32 ;;
esac
exec /bin/umount "$@"
`;
  mkdirSync(join(directory, 'astray'));
  for (const [name, text] of Object.entries({ mount, umount })) {
    rmSync(join(bin, name), { force: true });
    writeFileSync(join(bin, name), text, { mode: 0o755 });
  }
}

let appletFolder: string | null = null;
afterAll(() => {
  if (appletFolder !== null) rmSync(appletFolder, { recursive: true, force: true });
});

/** A directory with the tools of busybox, for all guests of this test file. */
function applets(): string {
  if (appletFolder !== null) return appletFolder;
  const folder = mkdtempSync(join(tmpdir(), 'test-busybox-'));
  const names = execFileSync('/usr/bin/busybox', ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean);
  for (const name of names) symlinkSync('/usr/bin/busybox', join(folder, name));
  appletFolder = folder;
  return folder;
}

function readMounts(pid: number): MountedFileSystem[] {
  const decode = (text: string) =>
    text.replace(/\\(\d{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8)));
  return readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const fields = before.split(' ');
      return {
        mountPoint: decode(fields[4] ?? ''),
        options: (fields[5] ?? '').split(','),
        source: decode(after.split(' ')[1] ?? ''),
      };
    })
    .filter(({ mountPoint }) => /^\/(mnt|srv|media)\/./.test(mountPoint));
}

/** Installs a Debian package where that is possible; else throws with what to install. */
export function requireProgram(file: string, debianPackage: string): void {
  if (existsSync(file)) return;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-q'], { env, stdio: 'ignore', timeout: 300_000 });
    const install = ['install', '-q', '-y', '--no-install-recommends', debianPackage];
    spawnSync('apt-get', install, { env, stdio: 'ignore', timeout: 300_000 });
  }
  if (!existsSync(file)) throw new Error(`The tests need ${file} (Debian: apt-get install ${debianPackage})`);
}

function requireNamespaces(): void {
  const { status, stderr, error } = spawnSync('unshare', ['-m', 'true'], { encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(
    `The tests of the guest agent mount file systems in a mount namespace of their own, which needs root (CAP_SYS_ADMIN): ${error?.message ?? stderr.trim()}. ` +
      'Run them as root, in a container with --privileged or --cap-add SYS_ADMIN.',
  );
}
