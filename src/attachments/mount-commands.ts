import type { AccessRule, ExportLocation, Share } from '../openstack/manila/types.ts';
import type { AccessLevel, AttachmentView } from './attachment.ts';

/** What of an attachment a mount command depends on. */
type Mounted = Pick<AttachmentView, 'shareId' | 'mountPoint' | 'accessLevel' | 'targets'>;

/** One file system to mount: its type, what to mount, and its options. */
interface Mount {
  type: string;
  source: string;
  options: string[];
}

/** Where Manila stands for a value that a visibility lock hides from the caller. */
const HIDDEN = '******';

/**
 * What to run in the guest as root, one command for each export location in the order given: makes the mount point
 * (`/mnt/<share id>` when none was asked for) and mounts. Empty for a protocol that is not attached by this gateway.
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
      // No `vers`: client and server agree on the newest that both have, and some back ends have 3 only.
      return { type: 'nfs', source: path, options: [] };
    case 'CIFS':
      // mount.cifs asks for the password.
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

/** The key itself where Manila shows it, else the place where ceph's documentation keeps it, for the user to put it there. */
function secret(cephxId: string, key: string | null | undefined): string {
  return key && key !== HIDDEN ? `secret=${key}` : `secretfile=/etc/ceph/${cephxId}.secret`;
}

/** Manila's CephFS driver says in `__mount_options` which of a cluster's file systems it is (manila/share/drivers/cephfs/driver.py). */
function fileSystem(metadata: Readonly<Record<string, string>>): string[] {
  const option = (metadata.__mount_options ?? '').split(',').find((word) => word.startsWith('fs='));
  return option ? [option] : [];
}

function readOnly(accessLevel: AccessLevel): string[] {
  return accessLevel === 'ro' ? ['ro'] : [];
}

/**
 * Whether no quoting is needed against the terminal (control characters), against mount's own reading of a word as an
 * option, or against its splitting of options at commas.
 */
function isPasteable([source = '', ...rest]: string[]): boolean {
  const options = rest.slice(0, -1);
  const hasControl = [source, ...rest].some((word) => /\p{Cc}/u.test(word));
  return source !== '' && !source.startsWith('-') && !hasControl && !options.some((option) => option.includes(','));
}

/** A word for a POSIX shell: as it is where no character of it is special, else in single quotes. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
