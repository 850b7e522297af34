import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Guest, SHELLS, startGuest } from '../support/guest.ts';
import { type MetadataService, nfs, shares, startMetadataService } from '../support/metadata-service.ts';
import { until } from '../support/until.ts';

/** How the agent runs: settings, one run at a time, the loop, the timer, --status and --dry-run. */

const STATE = '/run/manila-guest-agent';

let service: MetadataService;
let guest: Guest;

beforeAll(async () => {
  service = await startMetadataService();
});
afterAll(() => service.close());

describe.each(SHELLS)('under %s', (shell) => {
  beforeEach(async () => {
    service.vendordata = { static: {} };
    service.items({});
    guest = await startGuest(shell, service.url);
  });
  afterEach(() => guest.close());

  describe('settings', () => {
    const write = (text: string) => writeFileSync(join(guest.directory, 'agent.conf'), text);

    test.each([
      ['an unknown name', 'root = /srv'],
      ['no name', '/srv'],
      ['not a number', 'max_mounts = many'],
      ['zero', 'mount_timeout = 0'],
      ['octal', 'mount_timeout = 010'],
      ['an unknown type', 'types = nfs ext4'],
      ['a relative root', 'roots = srv'],
      ['a root with dots', 'roots = /srv/../etc'],
      ['no root', 'roots ='],
      ['neither yes nor no', 'strict_modes = maybe'],
      ['options that undo nosuid', 'extra_options = noexec,suid'],
      ['another protocol', 'metadata_url = file:///etc'],
      ['a key with a quotation mark', 'vendordata_key = a"b'],
      ['a control character', 'roots = /srv\u0007'],
    ])('%s stops the agent before it does anything', async (_, line) => {
      write(`# comment\n${line}\n`);
      service.requests.length = 0;
      const { code, stderr } = await guest.agent();
      expect(code).toBe(78);
      expect(stderr).toContain('agent.conf, line 2');
      expect(service.requests).toEqual([]);
    });

    test('are text: nothing in them is run', async () => {
      write('extra_options = $(touch$IFS/run/evil)`touch$IFS/run/evil`\nmetadata_items = no; touch /run/evil\n');
      expect((await guest.agent()).code).toBe(78);
      expect(guest.sh('ls /run')).toBe('');
    });

    test('spaces, comments and a missing line break at the end', async () => {
      write(`\n  # comment\n\tmetadata_url=${service.url}/\n  roots   =   /media  \nmetadata_items = no`);
      service.list(nfs('/media/a'), nfs('/srv/b'));
      await guest.agent();
      expect(guest.mountPoints()).toEqual(['/media/a']);
    });
  });

  describe('one run at a time', () => {
    test('a second run leaves the first alone', async () => {
      guest.behave('10.20.0.11:/shares/srv/a', 'hang');
      guest.configure({ mount_timeout: 300 });
      service.list(nfs('/srv/a'));
      const first = guest.startAgent();
      await until(() => existsSync(join(guest.directory, 'hangs')));
      const { code, stderr } = await guest.agent();
      expect(stderr).toBe(`manila-guest-agent: another run is active (process ${first.pid})\n`);
      expect(code).toBe(0);
      expect(guest.calls()).toHaveLength(1);
      guest.killHanging();
      await first.ended;
      expect(guest.sh(`ls ${STATE}`)).not.toContain('lock');
    });

    test('the lock of a process that was killed is taken over, even if its id is in use again', async () => {
      service.list(nfs('/srv/a'));
      guest.sh(`mkdir -m 700 ${STATE}; echo '999999999 1' >${STATE}/lock`);
      await guest.agent();
      expect(guest.mountPoints()).toEqual(['/srv/a']);
      guest.sh(`echo '${process.pid} 1' >${STATE}/lock`);
      service.list();
      await guest.agent();
      expect(guest.mountPoints()).toEqual([]);
      expect(guest.sh(`ls ${STATE}`)).not.toContain('lock');
    });

    test('TERM ends a run and gives the lock back', async () => {
      guest.behave('10.20.0.11:/shares/srv/a', 'hang');
      guest.configure({ mount_timeout: 300 });
      service.list(nfs('/srv/a'));
      const run = guest.startAgent();
      await until(() => existsSync(join(guest.directory, 'hangs')));
      run.kill('SIGTERM');
      // a shell reacts when the program that it waits for has ended
      guest.killHanging();
      expect((await run.ended).code).toBe(143);
      expect(guest.sh(`ls ${STATE}`)).not.toContain('lock');
    });
  });

  describe('--loop', () => {
    /** In place of sleep(1): writes down for how long, and sleeps until it is killed. */
    const replaceSleep = () =>
      guest.addTool('sleep', `echo "$1" >>"${guest.directory}/sleeps"; exec /usr/bin/tail -f /dev/null`);
    const sleeps = () => {
      const file = join(guest.directory, 'sleeps');
      return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    };

    test('waits refreshSeconds between runs, and HUP starts one at once', async () => {
      replaceSleep();
      service.vendordata = { shares: { ...shares(nfs('/srv/a')), refreshSeconds: 25 } };
      const loop = guest.startAgent('--loop');
      await until(() => sleeps().length === 1);
      expect(guest.mountPoints()).toEqual(['/srv/a']);
      expect(sleeps()).toEqual(['25']);
      service.vendordata = { shares: { ...shares(), refreshSeconds: 3 } };
      loop.kill('SIGHUP');
      await until(() => sleeps().length === 2);
      expect(guest.mountPoints()).toEqual([]);
      service.vendordata = { shares: { ...shares(), refreshSeconds: 999_999 } };
      loop.kill('SIGHUP');
      await until(() => sleeps().length === 3);
      service.vendordata = { shares: {} };
      loop.kill('SIGHUP');
      await until(() => sleeps().length === 4);
      // bounded, and kept while the list is unknown
      expect(sleeps()).toEqual(['25', '10', '3600', '3600']);
      loop.kill('SIGTERM');
      expect((await loop.ended).code).toBe(0);
    });

    test('a wrong setting after the start is logged, and the loop goes on', async () => {
      replaceSleep();
      guest.configure({ refresh_seconds: 42 });
      const loop = guest.startAgent('--loop');
      await until(() => sleeps().length === 1);
      expect(sleeps()).toEqual(['42']);
      guest.configure({ max_mounts: 'many' });
      service.list(nfs('/srv/a'));
      loop.kill('SIGHUP');
      await until(() => sleeps().length === 2);
      expect(loop.output).toContain('invalid setting max_mounts = many');
      expect(guest.mountPoints()).toEqual([]);
      guest.configure({});
      loop.kill('SIGHUP');
      await until(() => guest.mountPoints().length === 1);
      loop.kill('SIGTERM');
      await loop.ended;
    });
  });

  describe('--timer', () => {
    const DROP_IN = '/run/systemd/system/manila-guest-agent.timer.d/refresh.conf';

    test('refreshSeconds becomes the interval, once for each change', async () => {
      guest.sh('mkdir -p /run/systemd/system');
      guest.addTool('systemctl', `echo "$@" >>"${guest.directory}/systemctl"`);
      const reloads = () => readFileSync(join(guest.directory, 'systemctl'), 'utf8').split('\n').filter(Boolean);
      const run = (refreshSeconds: number) => {
        service.vendordata = { shares: { ...shares(), refreshSeconds } };
        return guest.agent('--timer', 'manila-guest-agent.timer');
      };
      await run(60);
      expect(guest.sh('ls /run/systemd/system')).toBe('');
      await run(120);
      await run(120);
      expect(reloads()).toEqual(['daemon-reload']);
      expect(guest.sh(`cat ${DROP_IN}`)).toBe('[Timer]\nOnUnitInactiveSec=\nOnBootSec=10s\nOnUnitInactiveSec=120s\n');
      await run(60);
      expect(reloads()).toHaveLength(2);
      expect(guest.sh(`cat ${DROP_IN}`)).toContain('OnUnitInactiveSec=60s');
    });

    test('without systemd it is ignored', async () => {
      service.vendordata = { shares: { ...shares(), refreshSeconds: 120 } };
      expect(await guest.agent('--timer', 'manila-guest-agent.timer')).toMatchObject({ code: 0, stderr: '' });
      expect(guest.sh('ls /run')).toBe('manila-guest-agent\n');
    });
  });

  test('--dry-run says what a run would do, and changes nothing', async () => {
    service.list(nfs('/srv/a'), nfs('/srv/b', '10.20.0.11:/old'));
    await guest.agent();
    guest.calls();
    service.list(
      nfs('/srv/b', '10.20.0.11:/new'),
      nfs('/srv/c'),
      '10.0.0.1:6789:/d /srv/d ceph name=alice,secret=AQDkey== 0 0',
      nfs('/etc/e'),
    );
    guest.sh(`mkdir "$DIRECTORY/before"; cp -a ${STATE} "$DIRECTORY/before/"`);
    const { code, stdout, stderr } = await guest.agent('--dry-run');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'unmount /srv/b',
      'unmount /srv/a',
      'mount 10.20.0.11:/new on /srv/b (nfs, rw,_netdev,nosuid,nodev)',
      'mount 10.20.0.11:/shares/srv/c on /srv/c (nfs, rw,_netdev,nosuid,nodev)',
      'mount 10.0.0.1:6789:/d on /srv/d (ceph, name=alice,secret=***,nosuid,nodev)',
      '',
    ]);
    expect(stderr).toContain('refused: the mount point is not below');
    expect(guest.calls()).toEqual([]);
    expect(guest.mountPoints()).toEqual(['/srv/a', '/srv/b']);
    expect(guest.sh(`diff -r ${STATE} "$DIRECTORY/before/manila-guest-agent"; ls /srv`)).toBe('a\nb\n');
  });

  test('--dry-run before the first run leaves no trace', async () => {
    service.list(nfs('/srv/a'));
    const { stdout } = await guest.agent('--dry-run');
    expect(stdout).toBe('mount 10.20.0.11:/shares/srv/a on /srv/a (nfs, rw,_netdev,nosuid,nodev)\n');
    expect(guest.sh('ls /run /srv')).toBe('/run:\n\n/srv:\n');
  });

  test('--status names the mounts, who lists them, and what is wrong', async () => {
    expect((await guest.agent('--status')).stdout).toBe('no mounts\n');
    service.list(nfs('/srv/a'), nfs('/etc/b'));
    await guest.agent();
    const { stdout } = await guest.agent('--status');
    expect(stdout).toBe(
      '/srv/a: mounted, nfs 10.20.0.11:/shares/srv/a (rw,_netdev,nosuid,nodev), listed by vendordata\n' +
        'problem, 1 in a row: refused: the mount point is not below /mnt /srv /media /data: ' +
        `${nfs('/etc/b')}\n`,
    );
  });

  test('the list becomes unknown and known again: both are logged', async () => {
    service.vendordata = { static: {}, shares: {} };
    const logs: string[] = [];
    for (let run = 1; run <= 3; run++) logs.push((await guest.agent()).stderr);
    expect(logs.map((log) => log.includes('unknown'))).toEqual([true, true, false]);
    service.list();
    expect((await guest.agent()).stderr).toBe('manila-guest-agent: the list of shares is known again\n');
  });

  test('under systemd each line of the log has its level', async () => {
    guest.environment.JOURNAL_STREAM = '8:1234';
    service.list(nfs('/srv/a'), nfs('/etc/b'));
    const lines = (await guest.agent('--verbose')).stderr.split('\n');
    expect(lines.map((line) => line.slice(0, 3))).toEqual(['<4>', '<5>', '']);
  });

  test('records are for root alone, mount points are for all', async () => {
    service.list(nfs('/srv/a/b'));
    await guest.agent();
    expect(guest.sh(`stat -c %a ${STATE} ${STATE}/mounts /srv/a`)).toBe('700\n600\n755\n');
  });

  test('an unknown option prints the usage', async () => {
    const { code, stderr } = await guest.agent('--unknown');
    expect(code).toBe(64);
    expect(stderr).toContain('--dry-run');
    expect((await guest.agent('--version')).stdout).toBe('manila-guest-agent 1\n');
  });
});
