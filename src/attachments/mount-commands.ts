/** The shell commands that mount an attached share in the guest. */
import type { ExportLocation, Share } from '../openstack/manila/types.ts';
import type { AccessLevel, AttachmentView, VirtiofsState } from './attachment.ts';
import { fileSystemOf } from './guest/exported-as.ts';

/** The fields of an attachment that a mount command depends on. */
type Mounted = Pick<AttachmentView, 'shareId' | 'mountPoint' | 'accessLevel' | 'targets'> & {
  readonly virtiofs?: Pick<VirtiofsState, 'tag'> | undefined;
};

/** One file system to mount. */
interface Mount {
  type: string;
  source: string;
  options: string[];
}

/**
 * The commands to run in the guest as root, one for each export location in the given order: each creates the mount
 * point (`/mnt/<share id>` when none was requested) and mounts. A virtiofs attachment has one, with
 * its tag. Empty for a protocol that the gateway does not attach.
 * Every word is quoted for a POSIX shell; a location that could not be pasted safely is left out. A CephX key is never
 * part of a command: every user of the guest could read it in the list of processes.
 */
export function mountCommands(
  attachment: Mounted,
  share: Pick<Share, 'share_proto' | 'metadata'>,
  locations: readonly Pick<ExportLocation, 'path'>[],
): string[] {
  const mountPoint = attachment.mountPoint ?? `/mnt/${attachment.shareId}`;
  const { virtiofs } = attachment;
  const mounts = virtiofs
    ? [{ type: 'virtiofs', source: virtiofs.tag, options: [] }]
    : locations.map(({ path }) => describe(attachment, share, path));
  return mounts
    .filter((mount): mount is Mount => mount !== null && isPasteable([mount.source, ...mount.options, mountPoint]))
    .map(({ type, source, options }) => {
      const flags = [...readOnly(attachment.accessLevel), ...options];
      const mount = ['mount', '-t', type, ...(flags.length > 0 ? ['-o', flags.join(',')] : []), source, mountPoint];
      return `mkdir -p ${quote(mountPoint)} && ${mount.map(quote).join(' ')}`;
    });
}

function describe({ targets }: Mounted, share: Pick<Share, 'share_proto' | 'metadata'>, path: string): Mount | null {
  const target = targets[0];
  switch (share.share_proto.toUpperCase()) {
    case 'NFS':
      // without `vers`, client and server negotiate the newest version of both; some back ends have only 3
      return { type: 'nfs', source: path, options: [] };
    case 'CIFS':
      // mount.cifs passes the path to the kernel as one of its options: a comma in it would begin another one
      if (path.includes(',')) return null;
      // mount.cifs asks for the password
      return {
        type: 'cifs',
        source: path.replaceAll('\\', '/'),
        options: target ? [`username=${target.accessTo}`] : [],
      };
    case 'CEPHFS': {
      if (!target) return null;
      return {
        type: 'ceph',
        source: path,
        options: [`name=${target.accessTo}`, keyFile(target.accessTo), ...fileSystem(share.metadata)],
      };
    }
    default:
      return null;
  }
}

/** The file in which Ceph's documentation keeps the key, for the user to create from the rule's `accessKey`. */
function keyFile(cephxId: string): string {
  return `secretfile=/etc/ceph/${cephxId}.secret`;
}

/** The cluster's file system, which Manila's CephFS driver names in `__mount_options` (drivers/cephfs/driver.py). */
function fileSystem(metadata: Readonly<Record<string, string>>): string[] {
  const name = fileSystemOf(metadata);
  return name === null ? [] : [`fs=${name}`];
}

function readOnly(accessLevel: AccessLevel): string[] {
  return accessLevel === 'ro' ? ['ro'] : [];
}

/**
 * Whether the words are safe where quoting does not help: control characters in a terminal, a source that mount would
 * read as an option, and a comma, at which mount splits options.
 */
function isPasteable([source = '', ...rest]: string[]): boolean {
  const options = rest.slice(0, -1);
  const hasControl = [source, ...rest].some((word) => /\p{Cc}/u.test(word));
  return source !== '' && !source.startsWith('-') && !hasControl && !options.some((option) => option.includes(','));
}

/** A word for a POSIX shell: in single quotes where a character is special. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
