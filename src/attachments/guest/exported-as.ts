/** How a guest mounts a share, copied from Manila into the records of its attachments: guests read the store alone. */
import type { ExportLocation, Share } from '../../openstack/manila/types.ts';
import type { Attachment, ExportedAs } from '../attachment.ts';

/** What a share says of itself before its export locations are read. */
export function exportedAs(share: Pick<Share, 'share_proto' | 'metadata'>): ExportedAs {
  return { protocol: share.share_proto.toUpperCase(), paths: [], fileSystem: fileSystemOf(share.metadata) };
}

/** Export locations in the order in which to try them: those that Manila prefers first. */
export function preferredFirst(locations: readonly ExportLocation[]): ExportLocation[] {
  return locations.toSorted((a, b) => Number(b.preferred ?? false) - Number(a.preferred ?? false));
}

/** The file system of a Ceph cluster, which Manila's CephFS driver names in `__mount_options` (drivers/cephfs/driver.py). */
function fileSystemOf(metadata: Readonly<Record<string, string>> | null | undefined): string | null {
  const option = (metadata?.__mount_options ?? '').split(',').find((word) => word.startsWith('fs='));
  return option ? option.slice('fs='.length) : null;
}

/** The record with its share's export locations, preferred ones first. */
export function withExports(record: Attachment, locations: readonly ExportLocation[]): Attachment {
  if (!record.exportedAs) return record;
  const paths = preferredFirst(locations).map(({ path }) => path);
  return { ...record, exportedAs: { ...record.exportedAs, paths } };
}

/** Whether the record does not say how to mount it: records made by an older version lack it until a scan has read it. */
export function lacksExports({ via, status, exportedAs }: Attachment): boolean {
  return via !== 'virtiofs' && status === 'attached' && (exportedAs?.paths.length ?? 0) === 0;
}
