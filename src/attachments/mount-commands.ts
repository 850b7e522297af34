/** The shell commands that mount an attached share in the guest. */
import type { AccessRule, ExportLocation, Share } from '../openstack/manila/types.ts';
import type { AccessLevel, AttachmentView } from './attachment.ts';

/** The fields of an attachment that a mount command depends on. */
type Mounted = Pick<AttachmentView, 'shareId' | 'mountPoint' | 'accessLevel' | 'targets'>;

/** One file system to mount. */
interface Mount {
  type: string;
  source: string;
  options: string[];
}

/** Manila's replacement for a value that a visibility lock hides from the caller. */
const HIDDEN = '******';

/**
 * The commands to run in the guest as root, one for each export location in the given order: each creates the mount
 * point (`/mnt/<share id>` when none was requested) and mounts. Empty for a protocol that the gateway does not attach.
 * Every word is quoted for a POSIX shell; a location that could not be pasted safely is left out.
 */
export function mountCommands(
  attachment: Mounted,
  share: Pick<Share, 'share_proto' | 'metadata'>,
  locations: readonly Pick<ExportLocation, 'path'>[],
  rules: readonly Pick<AccessRule, 'access_to' | 'access_key' | 'id'>[],
): string[] {
  const mountPoint = attachment.mountPoint ?? `/mnt/${attachment.shareId}`;
  return locations
    .map(({ path }) => describe(attachment, share, path, rules))
    .filter((mount): mount is Mount => mount !== null && isPasteable([mount.source, ...mount.options, mountPoint]))
    .map(({ type, source, options }) => {
      const flags = [...readOnly(attachment.accessLevel), ...options];
      const mount = ['mount', '-t', type, ...(flags.length > 0 ? ['-o', flags.join(',')] : []), source, mountPoint];
      return `mkdir -p ${quote(mountPoint)} && ${mount.map(quote).join(' ')}`;
    });
}

function describe(
  { targets }: Mounted,
  share: Pick<Share, 'share_proto' | 'metadata'>,
  path: string,
  rules: readonly Pick<AccessRule, 'access_to' | 'access_key' | 'id'>[],
): Mount | null {
  const target = targets[0];
  switch (share.share_proto.toUpperCase()) {
    case 'NFS':
      // without `vers`, client and server negotiate the newest version of both; some back ends have only 3
      return { type: 'nfs', source: path, options: [] };
    case 'CIFS':
      // mount.cifs asks for the password
      return {
        type: 'cifs',
        source: path.replaceAll('\\', '/'),
        options: target ? [`username=${target.accessTo}`] : [],
      };
    case 'CEPHFS': {
      if (!target) return null;
      const key = rules.find(({ id }) => id === target.ruleId)?.access_key;
      return {
        type: 'ceph',
        source: path,
        options: [`name=${target.accessTo}`, secret(target.accessTo, key), ...fileSystem(share.metadata)],
      };
    }
    default:
      return null;
  }
}

/** The key where Manila shows it, else the file in which Ceph's documentation keeps it, for the user to create. */
function secret(cephxId: string, key: string | null | undefined): string {
  return key && key !== HIDDEN ? `secret=${key}` : `secretfile=/etc/ceph/${cephxId}.secret`;
}

/** The cluster's file system, which Manila's CephFS driver names in `__mount_options` (drivers/cephfs/driver.py). */
function fileSystem(metadata: Readonly<Record<string, string>>): string[] {
  const option = (metadata.__mount_options ?? '').split(',').find((word) => word.startsWith('fs='));
  return option ? [option] : [];
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
