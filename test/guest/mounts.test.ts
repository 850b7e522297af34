import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { guestDocument } from '../../src/attachments/guest/document.ts';
import { anAttachment } from '../support/attachments.ts';
import { type Guest, SHELLS, startGuest } from '../support/guest.ts';
import { type MetadataService, nfs, startMetadataService } from '../support/metadata-service.ts';
import { until } from '../support/until.ts';

/** What the agent makes of a list: mounts, unmounts, changes, and what it leaves alone. */

const ID = 'e87ea07d-3b0c-4bd8-8a3e-6f7a5d1f2c11';

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

  /** Runs the agent with these lines listed, and forgets the calls: the situation that a test starts from. */
  async function mounted(...lines: string[]) {
    service.list(...lines);
    const { code, stderr } = await guest.agent();
    expect({ code, mounts: guest.mountPoints().length, stderr }).toMatchObject({ code: 0, mounts: lines.length });
    guest.calls();
  }

  test('a listed share is mounted, with nosuid and nodev', async () => {
    service.list('10.20.0.11:/shares/home /srv/home nfs rw,_netdev 0 0');
    const { code, stderr } = await guest.agent();
    expect(stderr).toBe('manila-guest-agent: mounted 10.20.0.11:/shares/home on /srv/home\n');
    expect(code).toBe(0);
    expect(guest.calls()).toEqual([
      ['mount', '-t', 'nfs', '-o', 'rw,_netdev,nosuid,nodev', '--', '10.20.0.11:/shares/home', '/srv/home'],
    ]);
    expect(guest.mounts()).toMatchObject([{ mountPoint: '/srv/home', source: '10.20.0.11:/shares/home' }]);
    expect(guest.mounts()[0]?.options).toEqual(expect.arrayContaining(['rw', 'nosuid', 'nodev']));
  });

  test('each type has its own source and options', async () => {
    guest.sh('echo key >/etc/ceph/alice.secret; echo username=bob >/etc/cifs/bob.credentials');
    await mounted(
      '[fd00::11]:/shares/a /mnt/a nfs4 ro,vers=4.1,hard,timeo=600 0 0',
      '10.0.0.1:6789,10.0.0.2:6789:/volumes/b /mnt/b ceph rw,name=alice,secretfile=/etc/ceph/alice.secret,fs=cephfs 0 0',
      '//10.0.0.3/share\\040c /mnt/c\\040d cifs rw,credentials=/etc/cifs/bob.credentials 0 0',
      `${ID} /mnt/${ID} virtiofs ro 0 0`,
    );
    expect(guest.mounts().map(({ mountPoint, source }) => [mountPoint, source])).toEqual([
      ['/mnt/a', '[fd00::11]:/shares/a'],
      ['/mnt/b', '10.0.0.1:6789,10.0.0.2:6789:/volumes/b'],
      ['/mnt/c d', '//10.0.0.3/share c'],
      [`/mnt/${ID}`, ID],
    ]);
  });

  test("the gateway's own document for virtiofs -> mounted by its tag; another tag -> mounted anew; detached -> unmounted", async () => {
    const attached = (tag: string) =>
      guestDocument([
        anAttachment({
          ...{ shareId: ID, mountPoint: '/srv/data', via: 'virtiofs', status: 'attached', targets: [] },
          virtiofs: { tag, status: 'active', postedAt: null, openstackRequestId: null, observedAt: null },
        }),
      ]);
    service.vendordata = { static: {}, shares: attached('data') };
    expect(await guest.agent()).toMatchObject({ code: 0 });
    const flags = ['-t', 'virtiofs', '-o', 'rw,nosuid,nodev', '--'];
    expect(guest.calls()).toEqual([['mount', ...flags, 'data', '/srv/data']]);
    service.vendordata = { static: {}, shares: attached('other') };
    expect(await guest.agent()).toMatchObject({ code: 0 });
    expect(guest.calls()).toEqual([
      ['umount', expect.anything(), '/srv/data'],
      ['mount', ...flags, 'other', '/srv/data'],
    ]);
    service.vendordata = { static: {}, shares: guestDocument([]) };
    expect(await guest.agent()).toMatchObject({ code: 0 });
    expect(guest.mountPoints()).toEqual([]);
  });

  test('a second run with the same list does nothing, and says nothing', async () => {
    await mounted(nfs('/srv/home'), nfs('/mnt/with\\040space', '10.20.0.11:/a\\040b'));
    expect(await guest.agent()).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(guest.calls()).toEqual([]);
  });

  test('one GET of each document a run', async () => {
    service.requests.length = 0;
    await guest.agent();
    expect(service.requests).toEqual(['/openstack/latest/vendor_data2.json', '/openstack/latest/meta_data.json']);
  });

  test('a share that is no longer listed is unmounted, and the directory that was made for it goes', async () => {
    await mounted(nfs('/srv/home'), nfs('/srv/data'));
    service.list(nfs('/srv/data'));
    const { stderr } = await guest.agent();
    expect(stderr).toBe('manila-guest-agent: unmounted /srv/home\n');
    expect(guest.calls()).toEqual([['umount', '--', '/srv/home']]);
    expect(guest.mountPoints()).toEqual(['/srv/data']);
    expect(guest.sh('ls /srv')).toBe('data\n');
  });

  test('version 1 with an empty fstab: nothing is attached, so everything of the agent is unmounted', async () => {
    await mounted(nfs('/srv/home'), nfs('/srv/data'));
    service.list();
    await guest.agent();
    expect(guest.mountPoints()).toEqual([]);
  });

  test('a directory that was there before stays after the unmount', async () => {
    guest.sh('mkdir /srv/home');
    await mounted(nfs('/srv/home'));
    service.list();
    await guest.agent();
    expect(guest.mountPoints()).toEqual([]);
    expect(guest.sh('ls /srv')).toBe('home\n');
  });

  test('another source: the old one is unmounted, the new one mounted', async () => {
    await mounted(nfs('/srv/home', '10.20.0.11:/shares/old'));
    service.list(nfs('/srv/home', '10.20.0.12:/shares/new'));
    await guest.agent();
    expect(guest.mounts()).toMatchObject([{ mountPoint: '/srv/home', source: '10.20.0.12:/shares/new' }]);
  });

  test('other options: mounted again with them', async () => {
    await mounted(nfs('/srv/home'));
    service.list(nfs('/srv/home', undefined, 'ro'));
    await guest.agent();
    expect(guest.mounts()).toHaveLength(1);
    expect(guest.mounts()[0]?.options).toContain('ro');
  });

  test('a busy mount stays at first, and is unmounted lazily after lazy_after', async () => {
    await mounted(nfs('/srv/home'));
    const user = guest.start('cd /srv/home; echo here; exec sleep 1000000');
    await until(() => user.output.includes('here'));
    service.list();
    guest.configure({ lazy_after: 9999 });
    const first = await guest.agent();
    expect(first.stderr).toMatch(/cannot unmount \/srv\/home yet: .*busy/i);
    expect(guest.mountPoints()).toEqual(['/srv/home']);
    expect((await guest.agent('--status')).stdout).toContain('/srv/home: mounted, to be unmounted');
    guest.configure({ lazy_after: 0 });
    const second = await guest.agent();
    expect(second.stderr).toMatch(/unmounted \/srv\/home lazily/);
    expect(guest.mountPoints()).toEqual([]);
    expect(guest.calls().filter(([name]) => name === 'umount')).toEqual([
      ['umount', '--', '/srv/home'],
      ['umount', '--', '/srv/home'],
      ['umount', '-l', '--', '/srv/home'],
    ]);
    user.kill('SIGKILL');
  });

  test('an unmount that hangs has a deadline, and does not stop the others', async () => {
    await mounted(nfs('/srv/a'), nfs('/srv/b'));
    guest.behave('/srv/b', 'hang');
    guest.configure({ unmount_timeout: 1 });
    service.list();
    const { stderr } = await guest.agent();
    expect(stderr).toContain('cannot unmount /srv/b yet: no result after 1 s');
    expect(guest.mountPoints()).toEqual(['/srv/b']);
  });

  test('a busy mount whose source changes: nothing is mounted over it, and the change happens later', async () => {
    await mounted(nfs('/srv/home', '10.20.0.11:/shares/old'));
    const user = guest.start('cd /srv/home; echo here; exec sleep 1000000');
    await until(() => user.output.includes('here'));
    guest.configure({ lazy_after: 9999 });
    service.list(nfs('/srv/home', '10.20.0.12:/shares/new'));
    await guest.agent();
    expect(guest.mounts()).toMatchObject([{ source: '10.20.0.11:/shares/old' }]);
    user.kill('SIGKILL');
    await user.ended;
    await guest.agent();
    expect(guest.mounts()).toMatchObject([{ source: '10.20.0.12:/shares/new' }]);
  });

  test('a mount that the agent did not make is left alone, listed or not', async () => {
    guest.sh(
      'mkdir /srv/own /srv/other; /bin/mount -t tmpfs own /srv/own; /bin/mount -t tmpfs 10.20.0.11:/x /srv/other',
    );
    service.list(nfs('/srv/own'), nfs('/srv/other', '10.20.0.11:/x'), nfs('/srv/home'));
    const { stderr } = await guest.agent();
    expect(stderr).toContain('/srv/own is not mounted: something else is mounted there');
    expect(stderr).not.toContain('/srv/other');
    expect(guest.mounts().map(({ source }) => source)).toEqual(['own', '10.20.0.11:/x', '10.20.0.11:/shares/srv/home']);
    service.list();
    await guest.agent();
    expect(guest.mounts().map(({ source }) => source)).toEqual(['own', '10.20.0.11:/x']);
  });

  test('a mount made by hand in place of the agent’s, of the same source: left alone', async () => {
    await mounted(nfs('/srv/home', '10.20.0.11:/x'));
    // the kernel may give the next mount the id of the one that ended: such a mount is moved away, and keeps the id
    guest.sh(`
      id() { awk '$5 == "/srv/home" { print $1 }' /proc/self/mountinfo; }
      old=$(id)
      /bin/umount /srv/home
      for n in 1 2 3 4 5 6 7 8; do
        /bin/mount -t tmpfs 10.20.0.11:/x /srv/home
        [ "$(id)" = "$old" ] || break
        mkdir "$DIRECTORY/away$n" && /bin/mount --move /srv/home "$DIRECTORY/away$n"
      done`);
    service.list();
    await guest.agent();
    expect(guest.calls()).toEqual([]);
    expect(guest.mountPoints()).toEqual(['/srv/home']);
  });

  test('another mount covers that of the agent: neither is unmounted', async () => {
    await mounted(nfs('/srv/home'));
    guest.sh('/bin/mount -t tmpfs over /srv/home');
    service.list();
    const { stderr } = await guest.agent();
    expect(stderr).toContain('something else is mounted over it');
    expect(guest.mounts().map(({ source }) => source)).toEqual(['10.20.0.11:/shares/srv/home', 'over']);
    guest.sh('/bin/umount /srv/home');
    await guest.agent();
    expect(guest.mountPoints()).toEqual([]);
  });

  test('a mount made by hand below that of the agent: a lazy unmount does not take it along', async () => {
    await mounted(nfs('/srv/home'));
    guest.sh('mkdir /srv/home/own; /bin/mount -t tmpfs own /srv/home/own');
    guest.configure({ lazy_after: 0 });
    service.list();
    const { stderr } = await guest.agent();
    expect(stderr).toContain('/srv/home/own is mounted below it, and not by this agent');
    expect(guest.mountPoints()).toEqual(['/srv/home', '/srv/home/own']);
  });

  test('unmounted by hand while it is listed: mounted again', async () => {
    await mounted(nfs('/srv/home'));
    guest.sh('/bin/umount /srv/home');
    await guest.agent();
    expect(guest.mountPoints()).toEqual(['/srv/home']);
  });

  test('a mount that fails does not stop the others, is tried at each run, and is logged ever less', async () => {
    guest.behave('10.20.0.11:/shares/srv/a', 'fail');
    service.list(nfs('/srv/a'), nfs('/srv/b'));
    const logged: number[] = [];
    for (let run = 1; run <= 9; run++) {
      const { stderr, code } = await guest.agent();
      expect(code).toBe(0);
      if (stderr.includes('cannot mount 10.20.0.11:/shares/srv/a on /srv/a: mount.nfs: Connection refused'))
        logged.push(run);
    }
    expect(logged).toEqual([1, 2, 4, 8]);
    expect(guest.calls().filter((words) => words.at(-1) === '/srv/a')).toHaveLength(9);
    expect(guest.mountPoints()).toEqual(['/srv/b']);
    expect((await guest.agent('--status')).stdout).toMatch(/problem, 9 in a row: cannot mount .* on \/srv\/a/);
    expect(guest.sh('ls /srv')).toBe('b\n');
    guest.behaveWell();
    expect((await guest.agent()).stderr).toContain(
      'mounted 10.20.0.11:/shares/srv/a on /srv/a after 9 failed attempts',
    );
    expect((await guest.agent('--status')).stdout).not.toContain('problem');
  });

  test('a mount that hangs has a deadline, and the next run finds it when it came late', async () => {
    guest.behave('10.20.0.11:/shares/srv/a', 'hang');
    guest.configure({ mount_timeout: 1 });
    service.list(nfs('/srv/a'), nfs('/srv/b'));
    const { stderr } = await guest.agent();
    expect(stderr).toContain('cannot mount 10.20.0.11:/shares/srv/a on /srv/a: no result after 1 s');
    expect(guest.mountPoints()).toEqual(['/srv/b']);
    guest.sh('/bin/mount -t tmpfs 10.20.0.11:/shares/srv/a /srv/a');
    guest.calls();
    await guest.agent();
    expect(guest.calls()).toEqual([]);
    service.list(nfs('/srv/b'));
    await guest.agent();
    expect(guest.mountPoints()).toEqual(['/srv/b']);
    expect(guest.sh('ls /srv')).toBe('b\n');
  });

  test('killed in the middle of a mount: the next run knows that the mount is its own', async () => {
    guest.behave('10.20.0.11:/shares/srv/a', 'hang');
    service.list(nfs('/srv/a'));
    const run = guest.startAgent();
    await until(() => existsSync(join(guest.directory, 'hangs')));
    run.kill('SIGKILL');
    await run.ended.catch(() => undefined);
    guest.sh('/bin/mount -t tmpfs 10.20.0.11:/shares/srv/a /srv/a');
    service.list();
    await guest.agent();
    expect(guest.mountPoints()).toEqual([]);
  });

  test('what failed last time is tried last', async () => {
    guest.behave('10.20.0.11:/shares/srv/a', 'fail');
    service.list(nfs('/srv/a'), nfs('/srv/b'));
    await guest.agent();
    guest.calls();
    service.list(nfs('/srv/a'), nfs('/srv/b'), nfs('/srv/c'));
    await guest.agent();
    expect(guest.calls().map((words) => words.at(-1))).toEqual(['/srv/c', '/srv/a']);
  });

  test('a run that takes longer than run_timeout mounts nothing more; the next one does', async () => {
    guest.behave('10.20.0.11:/shares/srv/a', 'hang');
    guest.configure({ mount_timeout: 1, run_timeout: 1 });
    service.list(nfs('/srv/a'), nfs('/srv/b'));
    expect((await guest.agent()).stderr).toContain('the run took longer than 1 s');
    expect(guest.mountPoints()).toEqual([]);
    guest.configure({ mount_timeout: 1 });
    await guest.agent();
    expect(guest.mountPoints()).toEqual(['/srv/b']);
  });

  test('nested mount points: from the outside in, and away from the inside out', async () => {
    await mounted(nfs('/srv/a/b/c'), nfs('/srv/a'), nfs('/srv/a/b'));
    expect(guest.mountPoints()).toEqual(['/srv/a', '/srv/a/b', '/srv/a/b/c']);
    service.list();
    await guest.agent();
    expect(guest.calls().map((words) => words.at(-1))).toEqual(['/srv/a/b/c', '/srv/a/b', '/srv/a']);
    expect(guest.mountPoints()).toEqual([]);
  });

  test('the outer share goes: the inner one is mounted again in the directory below', async () => {
    await mounted(nfs('/srv/a'), nfs('/srv/a/b'));
    service.list(nfs('/srv/a/b'));
    await guest.agent();
    expect(guest.mountPoints()).toEqual(['/srv/a/b']);
  });

  test('the outer share is not there yet: the inner one waits; mounted first, it is not hidden', async () => {
    guest.behave('10.20.0.11:/shares/srv/a', 'fail');
    service.list(nfs('/srv/a'), nfs('/srv/a/b'));
    expect((await guest.agent()).stderr).toContain('/srv/a/b waits for /srv/a, which is not mounted');
    guest.behaveWell();
    service.list(nfs('/srv/a/b'));
    await guest.agent();
    service.list(nfs('/srv/a'), nfs('/srv/a/b'));
    expect((await guest.agent()).stderr).toContain('/srv/a is not mounted: it would hide the mount on /srv/a/b');
    expect(guest.mountPoints()).toEqual(['/srv/a/b']);
  });

  test('two lines for one mount point: the first is mounted, the second refused', async () => {
    service.list(nfs('/srv/a', '10.20.0.11:/x'), nfs('/srv/a', '10.20.0.12:/x'));
    const { stderr } = await guest.agent();
    expect(guest.mounts()).toMatchObject([{ source: '10.20.0.11:/x' }]);
    expect(stderr).toContain('an earlier line has the same mount point');
  });

  test('CephX: without the secret file nothing is mounted, and the log says what to do', async () => {
    service.list('10.0.0.1:6789:/volumes/b /srv/b ceph rw,name=alice,secretfile=/etc/ceph/alice.secret 0 0');
    expect((await guest.agent()).stderr).toContain(
      '/srv/b is not mounted: write the CephX key of "alice" to /etc/ceph/alice.secret (mode 0600)',
    );
    expect(guest.calls()).toEqual([]);
    guest.sh('echo key >/etc/ceph/alice.secret');
    await guest.agent();
    expect(guest.mountPoints()).toEqual(['/srv/b']);
  });

  test('CephX: a key in the list is on no command line and in no log', async () => {
    service.list('10.0.0.1:6789:/volumes/b /srv/b ceph rw,name=alice,secret=AQD+/key== 0 0');
    const run = await guest.agent('--verbose');
    const status = await guest.agent('--status');
    expect(guest.mountPoints()).toEqual(['/srv/b']);
    expect(readFileSync(join(guest.directory, 'secret'), 'utf8')).toBe('AQD+/key==');
    expect(JSON.stringify([guest.calls(), run, status])).not.toContain('AQD');
    expect(guest.sh('find /run -name "*secret*"')).toBe('');
  });

  describe('items of the server metadata', () => {
    test('are mounted, and unmounted when they are gone', async () => {
      service.items({ [`share:${ID}`]: 'nfs rw 10.20.0.11:/shares/x /srv/home', note: 'nfs rw 10.20.0.11:/y /srv/y' });
      await guest.agent();
      expect(guest.mounts()).toMatchObject([{ mountPoint: '/srv/home', source: '10.20.0.11:/shares/x' }]);
      expect(guest.calls()[0]?.slice(3, 5)).toEqual(['-o', 'rw,_netdev,nosuid,nodev']);
      service.metadata = { uuid: ID, hostname: 'no meta at all' };
      await guest.agent();
      expect(guest.mountPoints()).toEqual([]);
    });

    test('may have options; the secret file of a CephX name is the usual one', async () => {
      guest.sh('echo key >/etc/ceph/alice.secret');
      service.items({ [`share:${ID}`]: 'ceph ro 10.0.0.1:6789:/volumes/b /srv/b name=alice,fs=cephfs' });
      await guest.agent();
      expect(guest.calls()[0]?.[4]).toBe(
        'ro,_netdev,name=alice,fs=cephfs,secretfile=/etc/ceph/alice.secret,nosuid,nodev',
      );
    });

    test('are not read with metadata_items = no', async () => {
      guest.configure({ metadata_items: 'no' });
      service.items({ [`share:${ID}`]: 'nfs rw 10.20.0.11:/shares/x /srv/home' });
      await guest.agent();
      expect(guest.mountPoints()).toEqual([]);
    });

    test('the same share in both lists is one mount; it goes when both lists are known not to have it', async () => {
      service.items({ [`share:${ID}`]: 'nfs rw 10.20.0.11:/shares/x /srv/home' });
      service.list(nfs('/srv/home', '10.20.0.11:/shares/x'));
      expect((await guest.agent()).stderr).not.toContain('refused');
      service.vendordata = { static: {}, shares: {} };
      service.items({});
      await guest.agent();
      expect(guest.mountPoints()).toEqual(['/srv/home']);
      service.list();
      await guest.agent();
      expect(guest.mountPoints()).toEqual([]);
    });

    test('do not replace what vendordata listed while vendordata is unknown', async () => {
      await mounted(nfs('/srv/home', '10.20.0.11:/shares/x'));
      service.vendordata = { static: {}, shares: {} };
      service.items({ [`share:${ID}`]: 'nfs rw 203.0.113.9:/evil /srv/home' });
      await guest.agent();
      expect(guest.mounts()).toMatchObject([{ source: '10.20.0.11:/shares/x' }]);
    });

    test('unknown: what they listed stays, whatever vendordata lists', async () => {
      service.items({ [`share:${ID}`]: 'nfs rw 10.20.0.11:/shares/x /srv/home' });
      service.list();
      await guest.agent();
      service.metadata = (response) => response.writeHead(500).end('no');
      await guest.agent();
      expect(guest.mountPoints()).toEqual(['/srv/home']);
    });
  });

  test('the state is lost: the mounts stay, and are left alone', async () => {
    await mounted(nfs('/srv/home'));
    guest.sh('rm -r /run/manila-guest-agent');
    await guest.agent();
    service.list();
    await guest.agent();
    expect(guest.mountPoints()).toEqual(['/srv/home']);
    rmSync(join(guest.directory, 'calls'), { force: true });
  });
});
