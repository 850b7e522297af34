/** The shell commands that mount an attached share in the guest. */
import type { ExportLocation, Share } from '../openstack/manila/types.ts';
import type { AccessLevel, AttachmentView, VirtiofsState } from './attachment.ts';
import { exportedAs } from './guest/exported-as.ts';
import { mountOf } from './guest/mount.ts';

/** The fields of an attachment that a mount command depends on. */
type Mounted = Pick<AttachmentView, 'shareId' | 'mountPoint' | 'accessLevel' | 'targets'> & {
  readonly virtiofs?: Pick<VirtiofsState, 'tag'> | undefined;
};

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
  const paths = locations.map(({ path }) => path);
  const login = { accessTo: attachment.targets[0]?.accessTo, isAttended: true };
  const mount = virtiofs
    ? { type: 'virtiofs', sources: [virtiofs.tag], options: [] }
    : mountOf({ ...exportedAs(share), paths }, login);
  if (!mount) return [];
  const { type, options } = mount;
  return mount.sources
    .filter((source) => isPasteable([source, ...options, mountPoint]))
    .map((source) => {
      const flags = [...readOnly(attachment.accessLevel), ...options];
      const words = ['mount', '-t', type, ...(flags.length > 0 ? ['-o', flags.join(',')] : []), source, mountPoint];
      return `mkdir -p ${quote(mountPoint)} && ${words.map(quote).join(' ')}`;
    });
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
