import { uuid } from '../arguments.ts';
import { type QueryResolvers, ShareProtocol, type ShareSnapshotResolvers, ShareSnapshotStatus } from '../generated.ts';
import { enumValue, upstreamReaders } from './upstream-value.ts';

const { text, integer, timestamp, stringMap } = upstreamReaders('manila');

/** The root fields that read snapshots. */
export const snapshotQueries: Pick<QueryResolvers, 'snapshot' | 'snapshots'> = {
  snapshot: (_root, { id }, { loaders }) => loaders.snapshot.load(uuid('id', id)),
  snapshots: (_root, args, { loaders }) => loaders.snapshots(args),
};

/** ShareSnapshot's fields from Manila's JSON. */
export const ShareSnapshot: ShareSnapshotResolvers = {
  id: (snapshot) => snapshot.id,
  name: (snapshot) => text(snapshot, 'name'),
  description: (snapshot) => text(snapshot, 'description'),
  status: (snapshot) => enumValue(ShareSnapshotStatus, snapshot.status),
  statusRaw: (snapshot) => text(snapshot, 'status'),
  shareId: (snapshot) => text(snapshot, 'share_id'),
  share: (snapshot, _args, { loaders }) => {
    const id = text(snapshot, 'share_id');
    return id === null ? null : loaders.share.load(id);
  },
  sizeGib: (snapshot) => integer(snapshot, 'size'),
  shareSizeGib: (snapshot) => integer(snapshot, 'share_size'),
  protocol: (snapshot) => enumValue(ShareProtocol, snapshot.share_proto),
  metadata: (snapshot) => stringMap(snapshot, 'metadata'),
  createdAt: (snapshot) => timestamp(snapshot, 'created_at'),
  projectId: (snapshot) => text(snapshot, 'project_id'),
  userId: (snapshot) => text(snapshot, 'user_id'),
};
