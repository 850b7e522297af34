/** What a guest mounts, as the vendor data of Nova's metadata service tells it. Pure: from records alone. */
import type { AccessLevel, Attachment } from '../attachment.ts';
import { mountOf } from './mount.ts';

/** At what interval the guest agent reads its list, in seconds. */
export const REFRESH_SECONDS = 60;

/** What the guest agent reads at most: longer lines are listed in `shares` only (guest/README.md). */
const MAX_FSTAB = 64 * 1024;
const MAX_LINE = 1024;
const MAX_FIELD = 512;

/** One share of the list. */
export interface GuestShare {
  id: string;
  status: Attachment['status'];
  via: 'access_rule' | 'virtiofs';
  protocol: string;
  accessLevel: AccessLevel;
  mountPoint: string;
  /** The type for mount(8). */
  type: string;
  /** One for each export location, preferred ones first; the tag of a virtiofs device. Empty until the share is attached. */
  sources: string[];
  options: string[];
}

/** The answer to Nova. `version` and `fstab` come first: a shell finds them without a JSON parser. */
export interface GuestDocument {
  version: 1;
  fstab: string;
  refreshSeconds: number;
  shares: GuestShare[];
}

/**
 * The document for one server's attachments. `fstab` has a line for each attached share that can be written as one; a
 * mount point with other characters than printable ASCII stands in `shares` only. No mount point: `/mnt/<share id>`.
 * @param keys CephX keys by share id, where the operator accepts them in the guest's metadata
 */
export function guestDocument(
  records: readonly Attachment[],
  keys: ReadonlyMap<string, string> = new Map(),
): GuestDocument {
  const shares = records.flatMap((record) => shareOf(record, keys.get(record.shareId)) ?? []);
  let fstab = '';
  for (const share of shares) {
    const line = share.status === 'attached' ? fstabLine(share) : null;
    if (line && fstab.length + line.length + 1 <= MAX_FSTAB) fstab += `${line}\n`;
  }
  return { version: 1, fstab, refreshSeconds: REFRESH_SECONDS, shares };
}

function shareOf(record: Attachment, key: string | undefined): GuestShare | null {
  const { shareId, status, accessLevel } = record;
  const common = { id: shareId, status, accessLevel, mountPoint: record.mountPoint ?? `/mnt/${shareId}` };
  if (record.via === 'virtiofs') {
    const { protocol = '' } = record.exportedAs ?? {};
    const sources = record.virtiofs ? [record.virtiofs.tag] : [];
    return { ...common, via: 'virtiofs', protocol, type: 'virtiofs', sources, options: [] };
  }
  if (!record.exportedAs) return null;
  const { protocol } = record.exportedAs;
  const accessTo = record.targets[0]?.accessTo ?? '';
  const mount = mountOf(record.exportedAs, { accessTo, isAttended: false, key });
  return mount && { ...common, via: 'access_rule', protocol, ...mount };
}

/** Nova's limit for the value of a server metadata item (nova api/openstack/compute/schemas/server_metadata.py). */
const MAX_ITEM = 255;

/**
 * The server metadata item by which a guest learns of one attachment where Nova has no target for vendor data: `share:<share id>` =
 * `<type> <rw|ro> <source> <mount point> [<options>]` (guest/README.md). Null when it cannot be written in one, for
 * example longer than Nova takes.
 */
export function guestItem(record: Attachment): { key: string; value: string } | null {
  const share = shareOf(record, undefined);
  const source = share?.sources[0];
  if (!share || source === undefined || source.startsWith('-')) return null;
  // the agent implies the secret file
  const options = share.options.filter((option) => !option.startsWith('secretfile='));
  if (options.some((option) => option.includes(','))) return null;
  const fields = [
    share.type,
    share.accessLevel,
    source,
    share.mountPoint,
    ...(options.length > 0 ? [options.join(',')] : []),
  ];
  const escaped = fields.map(escapeField);
  const value = escaped.join(' ');
  return escaped.every((field) => field !== null) && value.length <= MAX_ITEM
    ? { key: guestItemKey(record), value }
    : null;
}

/** The key of that item. */
export function guestItemKey({ shareId }: Pick<Attachment, 'shareId'>): string {
  return `share:${shareId}`;
}

/** A line of fstab(5) for the first source; null when a field cannot be written in one. */
function fstabLine({ type, sources, mountPoint, options, accessLevel }: GuestShare): string | null {
  const source = sources[0];
  if (source === undefined) return null;
  const flags = [accessLevel, 'nosuid', 'nodev', ...(type === 'virtiofs' ? [] : ['_netdev']), ...options];
  // a comma would split one option in two
  if (options.some((option) => option.includes(','))) return null;
  const fields = [source, mountPoint, type, flags.join(',')].map(escapeField);
  const line = `${fields.join(' ')} 0 0`;
  const isWritable = fields.every((field) => field !== null && field.length <= MAX_FIELD);
  return isWritable && !source.startsWith('-') && line.length <= MAX_LINE ? line : null;
}

/** A field with a space as `\040` and `#` as `\043`; null for what is no printable ASCII, or is a backslash. */
function escapeField(text: string): string | null {
  if (!/^[\x20-\x5b\x5d-\x7e]+$/.test(text)) return null;
  return text.replaceAll(' ', '\\040').replaceAll('#', '\\043');
}
