import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Guest, SHELLS, startGuest } from '../support/guest.ts';
import { type MetadataService, nfs, startMetadataService } from '../support/metadata-service.ts';

/** What a project member may not make a guest mount: each limit has a line that tries to cross it. */

const ID = 'e87ea07d-3b0c-4bd8-8a3e-6f7a5d1f2c11';

/** A line of fstab, and what the log says of it. */
const REFUSED: [line: string, why: string][] = [
  ['10.0.0.1:/x /etc nfs rw 0 0', 'not below /mnt'],
  ['10.0.0.1:/x /srv nfs rw 0 0', 'not below /mnt'],
  ['10.0.0.1:/x /srv/ nfs rw 0 0', 'not below /mnt'],
  ['10.0.0.1:/x /srvx/a nfs rw 0 0', 'not below /mnt'],
  ['10.0.0.1:/x srv/a nfs rw 0 0', 'not below /mnt'],
  ['10.0.0.1:/x -o/srv/a nfs rw 0 0', 'not below /mnt'],
  ['10.0.0.1:/x /srv/../etc nfs rw 0 0', '.. component'],
  ['10.0.0.1:/x /srv/a/.. nfs rw 0 0', '.. component'],
  ['10.0.0.1:/x /srv/./a nfs rw 0 0', '.. component'],
  ['10.0.0.1:/x /srv//a nfs rw 0 0', '.. component'],
  ['10.0.0.1:/x /srv/\\056\\056/etc nfs rw 0 0', 'unknown escape'],
  ['10.0.0.1:/x /srv/a\\012b nfs rw 0 0', 'unknown escape'],
  ['10.0.0.1:/x /srv/a\\ nfs rw 0 0', 'unknown escape'],
  [`10.0.0.1:/x /srv/${'a'.repeat(520)} nfs rw 0 0`, 'longer than 512'],
  [`10.0.0.1:/x /srv/a nfs rw,${'rw,'.repeat(400)}ro 0 0`, 'longer than 1024'],
  [`10.0.0.1:/${'x'.repeat(520)} /srv/a nfs rw 0 0`, 'longer than 512'],
  ['10.0.0.1:/x\u00e9 /srv/a nfs rw 0 0', 'printable ASCII'],
  ['10.0.0.1:/x /srv/h\u202eome nfs rw 0 0', 'printable ASCII'],
  ['10.0.0.1:/x /srv/a\tnfs rw 0 0', 'printable ASCII'],
  ['10.0.0.1:/x /srv/a nfs rw\r', 'printable ASCII'],
  ['10.0.0.1:/x /srv/\u001b[2Ja nfs rw 0 0', 'printable ASCII'],
  ['10.0.0.1:/x /srv/\u0000a nfs rw 0 0', 'printable ASCII'],
  ['10.0.0.1:/x /srv/\u007fa nfs rw 0 0', 'printable ASCII'],
  ['10.0.0.1:/x /srv/a', 'expected source'],
  ['10.0.0.1:/x /srv/a nfs rw 0 0 0', 'expected source'],
  ['/dev/vda1 /srv/a ext4 rw 0 0', 'type ext4 is not allowed'],
  ['/etc /srv/a none bind 0 0', 'type none is not allowed'],
  ['overlay /srv/a overlay lowerdir=/ 0 0', 'type overlay is not allowed'],
  ['x /srv/a tmpfs rw 0 0', 'type tmpfs is not allowed'],
  ['sshfs#a@b: /srv/a fuse rw 0 0', 'type fuse is not allowed'],
  ['10.0.0.1:/x /srv/a nfs,ceph rw 0 0', 'type nfs,ceph is not allowed'],
  ['10.0.0.1:/x /srv/a -tnfs rw 0 0', 'type -tnfs is not allowed'],
  ['--bind /srv/a nfs rw 0 0', 'not host:/path'],
  ['-o:/x /srv/a nfs rw 0 0', 'not host:/path'],
  ['/etc /srv/a nfs rw 0 0', 'not host:/path'],
  ['10.0.0.1 /srv/a nfs rw 0 0', 'not host:/path'],
  ['10.0.0.1:x /srv/a nfs rw 0 0', 'not host:/path'],
  ['[10.0.0.1;reboot]:/x /srv/a nfs rw 0 0', 'not host:/path'],
  ['10.0.0.1:/a/../b /srv/a nfs rw 0 0', '.. component'],
  ['/etc /srv/a cifs rw 0 0', 'not //host/share'],
  ['//-h/share /srv/a cifs rw 0 0', 'not //host/share'],
  ['//h/.. /srv/a cifs rw 0 0', 'not //host/share'],
  ['//h/ /srv/a cifs rw 0 0', 'not //host/share'],
  ['-v /srv/a virtiofs rw 0 0', 'not a virtiofs tag'],
  ['/dev/vda /srv/a virtiofs rw 0 0', 'not a virtiofs tag'],
  ['/x /srv/a ceph name=a 0 0', 'not host:/path'],
  ['-x:/x /srv/a ceph name=a 0 0', 'not monitors:/path'],
  ['10.0.0.1:/x /srv/a nfs rw,suid 0 0', 'option suid is not allowed'],
  ['10.0.0.1:/x /srv/a nfs rw,dev 0 0', 'option dev is not allowed'],
  ['10.0.0.1:/x /srv/a nfs rw,exec 0 0', 'option exec is not allowed'],
  ['10.0.0.1:/x /srv/a nfs rw,user 0 0', 'option user is not allowed'],
  ['10.0.0.1:/x /srv/a nfs rw,remount 0 0', 'option remount is not allowed'],
  ['10.0.0.1:/x /srv/a nfs bind 0 0', 'option bind is not allowed'],
  ['10.0.0.1:/x /srv/a nfs rw,context=x 0 0', 'option context= is not allowed'],
  ['10.0.0.1:/x /srv/a nfs rw,x-systemd.automount 0 0', 'option x-systemd.automount is not allowed'],
  ['10.0.0.1:/x /srv/a nfs rw,bg 0 0', 'option bg is not allowed'],
  ['10.0.0.1:/x /srv/a nfs rw,vers 0 0', 'option vers is not allowed'],
  ['10.0.0.1:/x /srv/a nfs rw,hard=1 0 0', 'option hard= is not allowed'],
  ['10.0.0.1:/x /srv/a nfs rw,dax 0 0', 'option dax is not allowed'],
  ['10.0.0.1:/x /srv/a nfs -o,rw 0 0', 'option -o is not allowed'],
  ['10.0.0.1:/x /srv/a nfs rw,vers= 0 0', 'invalid value of option vers='],
  ['10.0.0.1:/x /srv/a nfs rw,vers=$(id) 0 0', 'invalid value of option vers='],
  ['10.0.0.1:/x /srv/a nfs rw,sec=sys"suid 0 0', 'invalid value of option sec='],
  ['10.0.0.1:/x /srv/a ceph name=a,secretfile=/etc/shadow 0 0', 'secretfile is not'],
  ['10.0.0.1:/x /srv/a ceph name=a,secretfile=/etc/ceph/../shadow.secret 0 0', 'secretfile is not'],
  ['10.0.0.1:/x /srv/a ceph name=a,secretfile=/etc/ceph/.secret 0 0', 'secretfile is not'],
  ['10.0.0.1:/x /srv/a ceph name=a,secretfile=/etc/ceph/a.keyring 0 0', 'secretfile is not'],
  ['10.0.0.1:/x /srv/a ceph name=../../x 0 0', 'option name='],
  ['10.0.0.1:/x /srv/a ceph name=a,conf=/etc/passwd 0 0', 'option conf= is not allowed'],
  ['//h/s /srv/a cifs credentials=/etc/shadow 0 0', 'credentials is not'],
  ['//h/s /srv/a cifs password=x 0 0', 'option password= is not allowed'],
];

/** Items of the server metadata, and what the log says of them. */
const REFUSED_ITEMS: [key: string, value: string, why: string][] = [
  [`share:${ID}`, 'nfs rw 10.0.0.1:/x /etc', 'not below /mnt'],
  [`share:${ID}`, 'nfs rw,suid 10.0.0.1:/x /srv/a', 'expected type, rw or ro'],
  [`share:${ID}`, 'nfs suid 10.0.0.1:/x /srv/a', 'expected type, rw or ro'],
  [`share:${ID}`, 'nfs rw 10.0.0.1:/x', 'expected type, rw or ro'],
  [`share:${ID}`, 'nfs rw 10.0.0.1:/x /srv/a suid', 'option suid is not allowed'],
  [`share:${ID}`, 'nfs rw 10.0.0.1:/x /srv/a hard 0 0', 'expected type, rw or ro'],
  [`share:${ID}`, 'nfs rw 10.0.0.1:/x /srv/a\nnfs rw 10.0.0.1:/y /srv/b', 'printable ASCII'],
  [`share:${ID}`, 'tmpfs rw x /srv/a', 'type tmpfs is not allowed'],
  [`share:${ID}`, '--bind rw /etc /srv/a', 'type --bind is not allowed'],
  ['share:../../etc', 'nfs rw 10.0.0.1:/x /srv/a', 'not a share id'],
  ['share:', 'nfs rw 10.0.0.1:/x /srv/a', 'not a share id'],
];

let service: MetadataService;
let guest: Guest;

beforeAll(async () => {
  service = await startMetadataService();
});
afterAll(() => service.close());

describe.each(SHELLS)('under %s', (shell) => {
  describe('lines', () => {
    beforeAll(async () => {
      guest = await startGuest(shell, service.url);
    });
    afterAll(() => guest.close());

    test('each is refused for its reason, and a good line after them is mounted', async () => {
      service.list(...REFUSED.map(([line]) => line), nfs('/mnt/good'));
      service.items({});
      const { stderr } = await guest.agent();
      const logged = stderr.split('\n').filter((line) => line.includes('refused: '));
      const expected = REFUSED.map(([line, why]) => [line, expect.stringContaining(why)]);
      expect(REFUSED.map(([line], index) => [line, logged[index]])).toEqual(expected);
      expect(logged).toHaveLength(REFUSED.length);
      // printable, whatever the lines hold
      expect(stderr).toMatch(/^[\n -~]*$/);
      expect(guest.calls().map((words) => words.at(-1))).toEqual(['/mnt/good']);
      expect(guest.mountPoints()).toEqual(['/mnt/good']);
    });

    test.each(REFUSED_ITEMS)('item %j: %j is refused', async (key, value, why) => {
      service.list(nfs('/mnt/good'));
      service.items({ [key]: value });
      const { stderr } = await guest.agent();
      expect(stderr).toContain('refused: ');
      expect(stderr).toContain(why);
      expect(guest.mountPoints()).toEqual(['/mnt/good']);
    });
  });

  describe('directories', () => {
    beforeEach(async () => {
      service.vendordata = { static: {} };
      service.items({});
      guest = await startGuest(shell, service.url);
    });
    afterEach(() => guest.close());

    test.each([
      [
        'a symbolic link as the mount point',
        'mkdir /mnt/etc; ln -s /mnt/etc /srv/a',
        '/srv/a',
        '/srv/a is a symbolic link',
      ],
      ['a symbolic link above it', 'mkdir /mnt/etc; ln -s /mnt/etc /srv/a', '/srv/a/b', '/srv/a is a symbolic link'],
      ['a symbolic link to nothing', 'ln -s /mnt/none /srv/a', '/srv/a', '/srv/a is a symbolic link'],
      ['a file', 'echo text >/srv/a', '/srv/a', '/srv/a is not a directory'],
      ['a file above it', 'echo text >/srv/a', '/srv/a/b', '/srv/a is not a directory'],
      ['a directory with files', 'mkdir /srv/a; echo text >/srv/a/file', '/srv/a', 'the directory is not empty'],
      [
        'a directory with a hidden file',
        'mkdir /srv/a; echo text >/srv/a/.file',
        '/srv/a',
        'the directory is not empty',
      ],
      [
        'below a directory of another user',
        'mkdir /srv/a; chown 1000 /srv/a',
        '/srv/a/b',
        'users other than root can write to /srv/a',
      ],
      [
        'below a directory that all may write',
        'mkdir -m 1777 /srv/a',
        '/srv/a/b',
        'users other than root can write to /srv/a',
      ],
      [
        'below a directory that a group may write',
        'mkdir -m 775 /srv/a',
        '/srv/a/b',
        'users other than root can write to /srv/a',
      ],
      [
        'above another mount',
        'mkdir -p /srv/a/b; /bin/mount -t tmpfs own /srv/a/b',
        '/srv/a',
        'it would hide the mount on /srv/a/b',
      ],
    ])('%s: refused, and unchanged', async (_, prepare, mountPoint, why) => {
      guest.sh(prepare);
      const before = guest.sh('ls -lR /srv /mnt');
      service.list(nfs(mountPoint));
      const { stderr } = await guest.agent();
      expect(stderr).toContain(`${mountPoint} is not mounted: `);
      expect(stderr).toContain(why);
      expect(guest.calls()).toEqual([]);
      expect(guest.sh('ls -lR /srv /mnt')).toBe(before);
    });

    test('non_empty = allow: mounted over the files, which are back after the unmount', async () => {
      guest.configure({ non_empty: 'allow' });
      guest.sh('mkdir /srv/a; echo text >/srv/a/file');
      service.list(nfs('/srv/a'));
      await guest.agent();
      expect(guest.mountPoints()).toEqual(['/srv/a']);
      service.list();
      await guest.agent();
      expect(guest.sh('cat /srv/a/file')).toBe('text\n');
    });

    test('strict_modes = no: mounted below a directory of another user', async () => {
      guest.configure({ strict_modes: 'no' });
      guest.sh('mkdir /srv/a; chown 1000 /srv/a');
      service.list(nfs('/srv/a/b'));
      await guest.agent();
      expect(guest.mountPoints()).toEqual(['/srv/a/b']);
    });

    test('inside a share that the agent mounted, the owner of a directory is not examined', async () => {
      service.list(nfs('/srv/a'));
      await guest.agent();
      guest.sh('mkdir -m 777 /srv/a/b; chown 1000 /srv/a /srv/a/b');
      service.list(nfs('/srv/a'), nfs('/srv/a/b/c'));
      await guest.agent();
      expect(guest.mountPoints()).toEqual(['/srv/a', '/srv/a/b/c']);
      guest.sh('ln -s / /srv/a/root');
      service.list(nfs('/srv/a'), nfs('/srv/a/root/etc'));
      expect((await guest.agent()).stderr).toContain('/srv/a/root is a symbolic link');
      expect(guest.mountPoints()).toEqual(['/srv/a']);
    });

    test('the path changes while it is mounted, so the mount lands elsewhere: it is unmounted at once', async () => {
      guest.behave('10.20.0.11:/shares/srv/a', 'astray');
      service.list(nfs('/srv/a'));
      const { stderr } = await guest.agent();
      expect(stderr).toContain(`the path changed while it was mounted; unmounted ${guest.directory}/astray again`);
      expect(guest.sh('cat /proc/self/mountinfo')).not.toContain('/astray');
      expect(guest.mountPoints()).toEqual([]);
    });

    test('a root that is a symbolic link of the system itself is followed', async () => {
      guest.sh('mkdir /mnt/var-srv; ln -s /mnt/var-srv /run/srv');
      guest.configure({ roots: '/run/srv' });
      service.list(nfs('/run/srv/a'), nfs('/srv/b'));
      const { stderr } = await guest.agent();
      expect(guest.mountPoints()).toEqual(['/mnt/var-srv/a']);
      expect(stderr).toContain('the mount point is not below /run/srv');
      await guest.agent();
      expect(guest.calls()).toHaveLength(1);
    });

    test('more lines than max_mounts: the rest is ignored', async () => {
      guest.configure({ max_mounts: 2 });
      service.list(nfs('/srv/a'), nfs('/srv/b'), nfs('/srv/c'), nfs('/srv/d'));
      const { stderr } = await guest.agent();
      expect(guest.mountPoints()).toEqual(['/srv/a', '/srv/b']);
      expect(stderr.match(/max_mounts/g)).toHaveLength(1);
    });

    test('types, extra_options and allow_options narrow and widen what may be mounted', async () => {
      guest.configure({ types: 'nfs', extra_options: 'noexec', allow_options: 'softreval nfsprog=' });
      service.list(nfs('/srv/a', '10.0.0.1:/a', 'rw,nfsprog=7'), `${ID} /srv/b virtiofs ro 0 0`);
      const { stderr } = await guest.agent();
      expect(stderr).toContain('type virtiofs is not allowed');
      expect(guest.calls()[0]?.[4]).toBe('rw,nfsprog=7,_netdev,nosuid,nodev,noexec');
      expect(guest.mounts()[0]?.options).toContain('noexec');
    });

    test('text for a shell is text', async () => {
      service.list(
        nfs('/srv/$(touch$IFS$DIRECTORY/run)`id`;\';\\040\\"', '10.0.0.1:/a$(id)'),
        nfs("/srv/$(id)'*?[a]", '10.0.0.1:/*'),
      );
      await guest.agent();
      expect(guest.mounts()).toMatchObject([{ mountPoint: "/srv/$(id)'*?[a]", source: '10.0.0.1:/*' }]);
      service.list();
      await guest.agent();
      expect(guest.mountPoints()).toEqual([]);
      expect(existsSync(join(guest.directory, 'run'))).toBe(false);
    });
  });
});
