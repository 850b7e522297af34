import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Target } from '../../src/attachments/attachment.ts';
import { mountCommands } from '../../src/attachments/mount-commands.ts';
import { checkProperty } from '../support/property.ts';

const SHARE = '74fd53dd-5483-4e5b-a038-8f60739d2daa';
const target = (accessTo: string): Target => ({ accessTo, ruleId: 'rule-1', isOwned: true, state: 'active' });

function commands(options: {
  protocol: string;
  path: string;
  accessTo?: string;
  mountPoint?: string | null;
  accessLevel?: 'rw' | 'ro';
  metadata?: Record<string, string>;
}) {
  const { protocol, path, accessTo = '10.0.0.5', mountPoint = '/srv/data', accessLevel = 'rw' } = options;
  return mountCommands(
    { shareId: SHARE, mountPoint, accessLevel, targets: [target(accessTo)] },
    { share_proto: protocol, metadata: options.metadata ?? {} },
    [{ path }],
  );
}

const MONS = '192.168.1.7:6789,192.168.1.8:6789:/volumes/_nogroup/4c55ad20';

describe('a share attached to a server -> the command for its guest', () => {
  test.each([
    [
      'NFS',
      { protocol: 'NFS', path: '10.0.0.10:/shares/share-1' },
      'mkdir -p /srv/data && mount -t nfs 10.0.0.10:/shares/share-1 /srv/data',
    ],
    [
      'NFS, read-only',
      { protocol: 'NFS', path: '10.0.0.10:/shares/share-1', accessLevel: 'ro' as const },
      'mkdir -p /srv/data && mount -t nfs -o ro 10.0.0.10:/shares/share-1 /srv/data',
    ],
    [
      'NFS over IPv6: the brackets are quoted',
      { protocol: 'NFS', path: '[fd00:fd00::17]:/shares/share-1' },
      "mkdir -p /srv/data && mount -t nfs '[fd00:fd00::17]:/shares/share-1' /srv/data",
    ],
    [
      'no mount point asked for: one by the share id',
      { protocol: 'NFS', path: '10.0.0.10:/s', mountPoint: null },
      `mkdir -p /mnt/${SHARE} && mount -t nfs 10.0.0.10:/s /mnt/${SHARE}`,
    ],
    [
      'CIFS: backslashes turned, the user named, the password asked for',
      { protocol: 'CIFS', path: '\\\\10.0.0.20\\share_1', accessTo: 'alice' },
      'mkdir -p /srv/data && mount -t cifs -o username=alice //10.0.0.20/share_1 /srv/data',
    ],
    [
      'CIFS, read-only',
      { protocol: 'CIFS', path: '\\\\10.0.0.20\\share_1', accessTo: 'alice', accessLevel: 'ro' as const },
      'mkdir -p /srv/data && mount -t cifs -o ro,username=alice //10.0.0.20/share_1 /srv/data',
    ],
    [
      'CephFS with its file system',
      { protocol: 'CEPHFS', path: MONS, accessTo: 'alice', metadata: { __mount_options: 'fs=cephfs' } },
      `mkdir -p /srv/data && mount -t ceph -o name=alice,secretfile=/etc/ceph/alice.secret,fs=cephfs ${MONS} /srv/data`,
    ],
    [
      'CephFS: the key is in a file',
      { protocol: 'CEPHFS', path: MONS, accessTo: 'alice' },
      `mkdir -p /srv/data && mount -t ceph -o name=alice,secretfile=/etc/ceph/alice.secret ${MONS} /srv/data`,
    ],
    [
      'other words of __mount_options are not taken over',
      { protocol: 'CEPHFS', path: MONS, accessTo: 'a', metadata: { __mount_options: 'suid,fs=one,exec' } },
      `mkdir -p /srv/data && mount -t ceph -o name=a,secretfile=/etc/ceph/a.secret,fs=one ${MONS} /srv/data`,
    ],
    [
      'blanks, quotes and what a shell would run',
      { protocol: 'NFS', path: "10.0.0.10:/it's $(reboot) `x`; rm -rf /", mountPoint: "/srv/o'hara && x" },
      `mkdir -p '/srv/o'\\''hara && x' && mount -t nfs '10.0.0.10:/it'\\''s $(reboot) \`x\`; rm -rf /' '/srv/o'\\''hara && x'`,
    ],
  ])('%s', (_name, options, command) => {
    expect(commands(options)).toEqual([command]);
  });

  test.each([
    ['a protocol that is not attached', { protocol: 'HDFS', path: 'hdfs://a/b' }],
    ['a path that mount would read as an option', { protocol: 'NFS', path: '-oexec' }],
    ['a path with a control character', { protocol: 'NFS', path: '10.0.0.10:/a\u001b[2Jb' }],
    ['a path with a line break', { protocol: 'NFS', path: '10.0.0.10:/a\nreboot' }],
    ['a mount point with a control character', { protocol: 'NFS', path: '10.0.0.10:/a', mountPoint: '/a\u0007' }],
    ['a cephx id that would be two options', { protocol: 'CEPHFS', path: MONS, accessTo: 'a,exec' }],
    [
      'a CIFS path with a comma, which would be an option',
      { protocol: 'CIFS', path: '\\\\10.0.0.20\\x,suid,dev', accessTo: 'alice' },
    ],
    ['no path', { protocol: 'NFS', path: '' }],
  ])('%s -> no command', (_name, options) => {
    expect(commands(options)).toEqual([]);
  });

  test('several export locations -> one command each, in their order', () => {
    const locations = [{ path: 'a:/1' }, { path: 'b:/1' }];
    const attachment = { shareId: SHARE, mountPoint: '/m', accessLevel: 'rw' as const, targets: [target('10.0.0.5')] };
    expect(mountCommands(attachment, { share_proto: 'NFS', metadata: {} }, locations)).toEqual([
      'mkdir -p /m && mount -t nfs a:/1 /m',
      'mkdir -p /m && mount -t nfs b:/1 /m',
    ]);
  });
});

test('any printable path and mount point -> a shell passes exactly those words to mount', async () => {
  const printable = fc.string({ minLength: 1, maxLength: 30 }).filter((text) => !/\p{Cc}/u.test(text));
  await checkProperty(
    fc.property(printable, printable, (rest, folder) => {
      const path = `10.0.0.10:/${rest}`;
      const mountPoint = `/${folder}`;
      const [command = ''] = commands({ protocol: 'NFS', path, mountPoint });
      const script = `mkdir() { printf '%s\\0' "$@"; }; mount() { printf '%s\\0' "$@"; }; ${command}`;
      const words = execFileSync('/bin/sh', ['-c', script]).toString().split('\0').slice(0, -1);
      expect(words).toEqual(['-p', mountPoint, '-t', 'nfs', path, mountPoint]);
    }),
    { numRuns: 100 },
  );
});
