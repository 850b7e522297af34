import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { bundleInstaller } from '../../scripts/bundle-guest.mjs';
import { AGENT, type Guest, requireProgram, SHELLS, startGuest } from '../support/guest.ts';
import { type MetadataService, nfs, startMetadataService } from '../support/metadata-service.ts';

/** The one file that installs the agent, from curl, from cloud-init or while an image is built. */

const file = (name: string) => fileURLToPath(new URL(`../../guest/${name}`, import.meta.url));
const text = (name: string) => readFileSync(file(name), 'utf8');
const UNITS = '/etc/systemd/system';

test('guest/install.sh is made of its parts (node scripts/bundle-guest.mjs)', () => {
  expect(text('install.sh')).toBe(bundleInstaller());
});

test('shellcheck has nothing to say', () => {
  requireProgram('/usr/bin/shellcheck', 'shellcheck');
  const { stdout } = spawnSync('shellcheck', ['-s', 'sh', AGENT, file('install.sh')], { encoding: 'utf8' });
  expect(stdout).toBe('');
});

test('cloud-init runs it: it begins with #!, and it is plain ASCII', () => {
  expect(text('install.sh').startsWith('#!/bin/sh\n')).toBe(true);
  expect(text('install.sh')).toMatch(/^[\n -~\t]*$/);
});

test('the service has no mount namespace of its own', () => {
  const settings = text('systemd/manila-guest-agent.service')
    .split('\n')
    .filter((line) => /^\w+=/.test(line))
    .map((line) => line.slice(0, line.indexOf('=')));
  // systemd.exec(5): each of these gives a service a mount namespace, from which mounts do not reach the guest
  const namespaced =
    /^(Protect(System|Home|Kernel.*|ControlGroups|Proc)|Private.*|ProcSubset|.*Paths|TemporaryFileSystem|Bind.*|Root.*|MountFlags|MountAPIVFS|MountImages|ExtensionImages|DynamicUser|(Runtime|State|Cache|Logs|Configuration)Directory|LoadCredential.*|SetCredential.*|InaccessiblePaths|NetworkNamespacePath)$/;
  expect(settings.filter((name) => namespaced.test(name))).toEqual([]);
  expect(settings).toEqual(expect.arrayContaining(['CapabilityBoundingSet', 'SystemCallFilter', 'KillMode']));
});

let service: MetadataService;
let guest: Guest;

beforeAll(async () => {
  service = await startMetadataService();
});
afterAll(() => service.close());

describe.each(SHELLS)('under %s', (shell) => {
  beforeEach(async () => {
    guest = await startGuest(shell, service.url);
    guest.addTool('systemctl', `echo "$@" >>"${guest.directory}/systemctl"`);
    guest.sh('mkdir -p /run/systemd/system; : >"$DIRECTORY/systemctl"');
  });
  afterEach(() => guest.close());

  const systemctl = () => guest.sh('cat "$DIRECTORY/systemctl"; : >"$DIRECTORY/systemctl"').split('\n').filter(Boolean);
  const installed = (path: string) => guest.sh(`cat ${path}`);

  test('curl | sh: the agent, the units and the timer', async () => {
    expect(await guest.script(text('install.sh'))).toMatchObject({ code: 0 });
    expect(installed('/usr/local/sbin/manila-guest-agent')).toBe(text('manila-guest-agent'));
    expect(installed(`${UNITS}/manila-guest-agent.service`)).toBe(text('systemd/manila-guest-agent.service'));
    expect(installed(`${UNITS}/manila-guest-agent.timer`)).toBe(text('systemd/manila-guest-agent.timer'));
    expect(guest.sh(`stat -c %a /usr/local/sbin/manila-guest-agent ${UNITS}/manila-guest-agent.timer`)).toBe(
      '755\n644\n',
    );
    expect(systemctl()).toEqual([
      'daemon-reload',
      'enable manila-guest-agent.timer',
      'restart manila-guest-agent.timer',
    ]);
    expect(guest.sh('ls /etc')).not.toContain('manila-guest-agent.conf');
  });

  test('what was installed mounts', async () => {
    await guest.script(text('install.sh'));
    service.list(nfs('/srv/a'));
    const run = await guest.script(`/usr/local/sbin/manila-guest-agent --config "$DIRECTORY/agent.conf"`);
    expect(run).toMatchObject({ code: 0 });
    expect(guest.mountPoints()).toEqual(['/srv/a']);
  });

  test('again: an update, and settings that are there stay', async () => {
    guest.sh("echo 'roots = /srv' >/etc/manila-guest-agent.conf; echo old >/usr/local/sbin/manila-guest-agent");
    const script = text('install.sh').replace("CONFIG=''", "CONFIG='roots = /data'");
    await guest.script(script);
    await guest.script(script);
    expect(installed('/usr/local/sbin/manila-guest-agent')).toBe(text('manila-guest-agent'));
    expect(installed('/etc/manila-guest-agent.conf')).toBe('roots = /srv\n');
    expect(guest.sh('ls /usr/local/sbin')).toBe('manila-guest-agent\n');
  });

  test('CONFIG becomes the settings, PREFIX the place', async () => {
    const settings = 'vendordata_key = files\nroots = /srv';
    await guest.script(
      `PREFIX=/run/opt; export PREFIX\n${text('install.sh').replace("CONFIG=''", `CONFIG='${settings}'`)}`,
    );
    expect(installed('/etc/manila-guest-agent.conf')).toBe(`${settings}\n`);
    expect(installed(`${UNITS}/manila-guest-agent.service`)).toContain(
      'ExecStart=/run/opt/sbin/manila-guest-agent --timer',
    );
    expect(guest.sh('ls /run/opt/sbin')).toBe('manila-guest-agent\n');
  });

  test('a download that was cut short does nothing', async () => {
    const script = text('install.sh');
    for (const end of [0.2, 0.5, 0.9]) await guest.script(script.slice(0, script.length * end));
    await guest.script(script.slice(0, script.lastIndexOf('main')));
    expect(guest.sh('ls /usr/local/sbin')).toBe('');
    expect(systemctl()).toEqual([]);
  });

  test('in an image that is being built: enabled, not started', async () => {
    guest.sh('rmdir /run/systemd/system');
    await guest.script(text('install.sh'));
    expect(systemctl()).toEqual(['enable manila-guest-agent.timer']);
  });

  test('--uninstall: the units and the agent go, mounts and settings stay', async () => {
    await guest.script(text('install.sh').replace("CONFIG=''", "CONFIG='roots = /srv'"));
    systemctl();
    await guest.script(text('install.sh').replace(/main "\$@"\n$/, 'main --uninstall\n'));
    expect(systemctl()).toEqual(['disable --now manila-guest-agent.timer', 'daemon-reload']);
    expect(guest.sh(`ls /usr/local/sbin ${UNITS}`)).toBe(`${UNITS}:\n\n/usr/local/sbin:\n`);
    expect(installed('/etc/manila-guest-agent.conf')).toBe('roots = /srv\n');
  });
});

test('without systemd the agent is installed, and the log says how to run it', async () => {
  guest = await startGuest('busybox', service.url);
  const { code, stderr } = await guest.script(text('install.sh'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('--loop --syslog at boot') });
  expect(guest.sh('ls /usr/local/sbin; ls /etc/systemd/system')).toBe('manila-guest-agent\n');
  await guest.close();
});
