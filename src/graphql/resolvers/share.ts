import { isMasked } from '../../attachments/rule-metadata.ts';
import type { ShareResolvers } from '../generated.ts';
import { AccessRulesStatus, ShareProtocol, ShareStatus } from '../generated.ts';
import { listedRule } from './access-rule.ts';
import { enumValue } from './enum-value.ts';

/** Share's fields from Manila's JSON. */
export const Share: ShareResolvers = {
  id: (share) => share.id,
  name: (share) => share.name,
  description: (share) => share.description,
  status: (share) => enumValue(ShareStatus, share.status),
  statusRaw: (share) => share.status,
  sizeGib: (share) => share.size,
  protocol: (share) => enumValue(ShareProtocol, share.share_proto),
  protocolRaw: (share) => share.share_proto,
  shareType: (share) => ({ id: share.share_type, name: share.share_type_name ?? null }),
  availabilityZone: (share) => share.availability_zone,
  isPublic: (share) => share.is_public,
  accessRulesStatus: (share) =>
    share.access_rules_status ? enumValue(AccessRulesStatus, share.access_rules_status) : null,
  accessRules: async (share, _args, { loaders }) =>
    (await loaders.accessRules.load(share.id)).map((rule) => listedRule(share.id, rule)),
  hasHiddenRules: async (share, _args, { loaders }) => (await loaders.accessRules.load(share.id)).some(isMasked),
  exportLocations: (share, _args, { loaders }) => loaders.exportLocations.load(share.id),
  metadata: (share) => share.metadata,
  shareNetworkId: (share) => share.share_network_id,
  shareGroupId: (share) => share.share_group_id ?? null,
  snapshotId: (share) => share.snapshot_id,
  progress: (share) => share.progress ?? null,
  taskState: (share) => share.task_state ?? null,
  hasReplicas: (share) => share.has_replicas ?? false,
  replicationType: (share) => share.replication_type ?? null,
  snapshotSupport: (share) => share.snapshot_support ?? null,
  createShareFromSnapshotSupport: (share) => share.create_share_from_snapshot_support ?? null,
  revertToSnapshotSupport: (share) => share.revert_to_snapshot_support ?? null,
  mountSnapshotSupport: (share) => share.mount_snapshot_support ?? null,
  isSoftDeleted: (share) => share.is_soft_deleted ?? false,
  scheduledToBeDeletedAt: (share) => share.scheduled_to_be_deleted_at ?? null,
  createdAt: (share) => share.created_at,
  projectId: (share) => share.project_id,
  userId: (share) => share.user_id ?? null,
  serversAttached: (share, _args, { loaders }) => loaders.attachmentsOfShare.load(share.id),
};
