import { isMasked } from '../../attachments/rule-metadata.ts';
import { pageSize } from '../connections/paging.ts';
import { AccessRulesStatus, ShareProtocol, type ShareResolvers, ShareStatus } from '../generated.ts';
import { listedRule } from './access-rule.ts';
import { typeOfShare } from './share-type.ts';
import { enumValue, upstreamReaders } from './upstream-value.ts';

const { text, integer, flag, timestamp, stringMap } = upstreamReaders('manila');

/** Share's fields from Manila's JSON. `size` is null while the share is brought under Manila's management. */
export const Share: ShareResolvers = {
  id: (share) => share.id,
  name: (share) => text(share, 'name'),
  description: (share) => text(share, 'description'),
  status: (share) => enumValue(ShareStatus, share.status),
  statusRaw: (share) => text(share, 'status'),
  sizeGib: (share) => integer(share, 'size'),
  protocol: (share) => enumValue(ShareProtocol, share.share_proto),
  protocolRaw: (share) => text(share, 'share_proto'),
  shareType: (share) => typeOfShare(text(share, 'share_type'), text(share, 'share_type_name')),
  availabilityZone: (share) => text(share, 'availability_zone'),
  isPublic: (share) => flag(share, 'is_public'),
  accessRulesStatus: (share) =>
    share.access_rules_status ? enumValue(AccessRulesStatus, share.access_rules_status) : null,
  accessRules: async (share, { first }, { loaders }) => {
    const size = pageSize(first);
    const rules = await loaders.accessRules.load(share.id);
    return rules.slice(0, size).map((rule) => listedRule(share.id, rule));
  },
  hasHiddenRules: async (share, _args, { loaders }) => (await loaders.accessRules.load(share.id)).some(isMasked),
  exportLocations: (share, _args, { loaders }) => loaders.exportLocations.load(share.id),
  metadata: (share) => stringMap(share, 'metadata') ?? {},
  shareNetworkId: (share) => text(share, 'share_network_id'),
  shareGroupId: (share) => text(share, 'share_group_id'),
  snapshotId: (share) => text(share, 'snapshot_id'),
  progress: (share) => text(share, 'progress'),
  taskState: (share) => text(share, 'task_state'),
  hasReplicas: (share) => flag(share, 'has_replicas') ?? false,
  replicationType: (share) => text(share, 'replication_type'),
  snapshotSupport: (share) => flag(share, 'snapshot_support'),
  createShareFromSnapshotSupport: (share) => flag(share, 'create_share_from_snapshot_support'),
  revertToSnapshotSupport: (share) => flag(share, 'revert_to_snapshot_support'),
  mountSnapshotSupport: (share) => flag(share, 'mount_snapshot_support'),
  isSoftDeleted: (share) => flag(share, 'is_soft_deleted') ?? false,
  scheduledToBeDeletedAt: (share) => timestamp(share, 'scheduled_to_be_deleted_at'),
  createdAt: (share) => timestamp(share, 'created_at'),
  projectId: (share) => text(share, 'project_id'),
  userId: (share) => text(share, 'user_id'),
  snapshots: async (share, { first }, { loaders }) => {
    const size = pageSize(first);
    return (await loaders.snapshotsOfShare.load(share)).slice(0, size);
  },
  serversAttached: async (share, { first }, { loaders, identity }) => {
    const size = pageSize(first);
    const { id, project_id: projectId, is_public: isPublic } = share;
    const isOthers = typeof projectId === 'string' && (isPublic === true || projectId !== identity.projectId);
    const list = isOthers
      ? loaders.attachmentsOfOtherShare.load({ id, projectId })
      : loaders.attachmentsOfShare.load(id);
    return (await list).slice(0, size);
  },
};
