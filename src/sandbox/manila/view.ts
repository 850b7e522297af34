import {
  type AccessRule,
  type Cloud,
  type ExportLocation,
  isAdmin,
  type Share,
  type ShareNetwork,
  type ShareType,
  type Token,
  type UserMessage,
} from '../cloud.ts';
import { uuidFor } from '../ids.ts';
import { bareMicroseconds } from '../time.ts';
import { linksOf } from './links.ts';
import { rulesStatusOf } from './rules.ts';

const MESSAGE_TTL_MS = 30 * 86_400_000;
const MASK = '******';

/** The token and microversion of a request. */
export interface View {
  readonly token: Token;
  readonly version: number;
  readonly origin: string;
}

/** A share in a list without details. */
export function shareSummary(share: Share, { origin }: View) {
  return { id: share.id, name: share.name, links: linksOf(origin, `shares/${share.id}`) };
}

/** A share with its details, by microversion and role (manila/api/views/shares.py). */
export function shareDetail(cloud: Cloud, share: Share, { token, version, origin }: View) {
  const since = (minor: number, fields: object) => (version >= minor ? fields : {});
  const paths = share.exportLocations.map((location) => location.path);
  return {
    id: share.id,
    size: share.size,
    availability_zone: share.host === null ? null : 'nova',
    created_at: bareMicroseconds(share.createdAt),
    status: share.status,
    name: share.name,
    description: share.description,
    project_id: share.projectId,
    snapshot_id: share.snapshotId,
    share_network_id: share.shareNetworkId,
    share_proto: share.protocol,
    ...(version < 9 && { export_location: paths[0] ?? null }),
    metadata: share.metadata,
    share_type: version >= 6 ? share.type.id : share.type.name,
    volume_type: share.type.name,
    links: linksOf(origin, `shares/${share.id}`),
    is_public: share.isPublic,
    ...(version < 9 && { export_locations: paths }),
    ...since(2, { snapshot_support: true }),
    ...since(5, { task_state: null }),
    ...since(6, { share_type_name: share.type.name }),
    ...since(10, { access_rules_status: rulesStatusOf(cloud, share.id) }),
    ...since(11, { replication_type: null, has_replicas: false }),
    ...since(16, { user_id: share.userId }),
    ...since(24, { create_share_from_snapshot_support: true }),
    ...since(27, { revert_to_snapshot_support: true }),
    ...since(31, { share_group_id: null, source_share_group_snapshot_member_id: null }),
    ...since(32, { mount_snapshot_support: true }),
    ...since(54, { progress: share.status === 'creating' ? null : '100%' }),
    ...since(69, { is_soft_deleted: share.isSoftDeleted, scheduled_to_be_deleted_at: null }),
    ...since(85, { source_backup_id: null }),
    ...(isAdmin(token) && { share_server_id: null, host: share.host }),
  };
}

/** A rule. Lists omit the share since 2.45. `isMasked`: a visibility lock hides client and key. */
export function ruleView(rule: AccessRule, version: number, options: { isInList: boolean; isMasked: boolean }) {
  return {
    id: rule.id,
    ...(!(options.isInList && version >= 45) && { share_id: rule.shareId }),
    access_level: rule.accessLevel,
    access_to: options.isMasked ? MASK : rule.accessTo,
    access_type: rule.accessType,
    state: version >= 28 ? rule.state : oldState(rule.state),
    ...(version >= 21 && { access_key: options.isMasked ? MASK : rule.accessKey }),
    ...(version >= 33 && {
      created_at: bareMicroseconds(rule.createdAt),
      updated_at: rule.updatedAt === null ? null : bareMicroseconds(rule.updatedAt),
    }),
    ...(version >= 45 && { metadata: rule.metadata }),
  };
}

/** Before 2.28 rules had fewer states (manila/common/constants.py). */
function oldState(state: AccessRule['state']): string {
  if (state === 'queued_to_update' || state === 'updating') return 'active';
  if (state === 'queued_to_apply' || state === 'applying') return 'new';
  return state === 'queued_to_deny' || state === 'denying' ? 'deleting' : state;
}

/** An export location. Only administrators see `is_admin_only`. */
export function exportView(share: Share, location: ExportLocation, { token, version }: View, isShow: boolean) {
  return {
    id: location.id,
    path: location.path,
    ...(version >= 14 && { preferred: location.preferred }),
    ...(version >= 87 && { metadata: {} }),
    ...(isAdmin(token) && { share_instance_id: uuidFor(`instance/${share.id}`), is_admin_only: location.isAdminOnly }),
    ...(isShow && {
      created_at: bareMicroseconds(share.createdAt),
      updated_at: bareMicroseconds(share.updatedAt),
    }),
  };
}

/** A user message (manila/api/views/messages.py). */
export function messageView(message: UserMessage, { origin }: View) {
  return {
    id: message.id,
    project_id: message.projectId,
    action_id: message.actionId,
    detail_id: message.detailId,
    message_level: 'ERROR',
    created_at: bareMicroseconds(message.createdAt),
    expires_at: bareMicroseconds(message.createdAt + MESSAGE_TTL_MS),
    request_id: message.requestId,
    links: linksOf(origin, `messages/${message.id}`),
    resource_type: 'SHARE',
    resource_id: message.resourceId,
    user_message: message.text,
  };
}

/** A share network: one Neutron network up to 2.50, a list of subnets since 2.51 (manila/api/views/share_networks.py). */
export function shareNetworkView({ id, name, projectId, network, createdAt }: ShareNetwork, version: number) {
  const subnet = network.subnets[0];
  const net = {
    neutron_net_id: network.id,
    neutron_subnet_id: subnet?.id ?? null,
    network_type: null,
    segmentation_id: null,
    cidr: subnet?.cidr ?? null,
    ip_version: subnet?.version ?? null,
    ...(version >= 18 && { gateway: subnet?.cidr.replace(/0\/\d+$/, '1') ?? null }),
    ...(version >= 20 && { mtu: 1500 }),
  };
  const times = { created_at: bareMicroseconds(createdAt), updated_at: null };
  const subnets = [
    { id: uuidFor(`${id}/subnet`), availability_zone: null, ...times, ...net, ...(version >= 78 && { metadata: {} }) },
  ];
  return {
    id,
    name,
    project_id: projectId,
    ...times,
    description: null,
    ...(version < 51 && net),
    ...(version >= 63 && { status: 'active', security_service_update_support: true }),
    ...(version >= 70 && { network_allocation_update_support: true }),
    ...(version >= 51 && { share_network_subnets: subnets }),
  };
}

/** A share type; `volume_types` in the list is an older name of the same. */
export function typeView(type: ShareType, version: number, isDefault: boolean) {
  const handles = type.hasShareServers ? 'True' : 'False';
  return {
    id: type.id,
    name: type.name,
    extra_specs: {
      driver_handles_share_servers: handles,
      snapshot_support: 'True',
      create_share_from_snapshot_support: 'True',
      revert_to_snapshot_support: 'True',
      mount_snapshot_support: 'True',
    },
    required_extra_specs: { driver_handles_share_servers: handles },
    'share_type_access:is_public': true,
    ...(version >= 41 && { description: null }),
    ...(version >= 46 && { is_default: isDefault }),
  };
}
