/**
 * Manila's JSON, as the shared file systems API v2 sends it (manila api-ref; recorded at 2.73, 2.82 and 2.89). Times are ISO
 * 8601 in UTC, with microseconds and without a zone.
 */

/** A share of `/shares/{id}` or `/shares/detail`. */
export interface Share {
  id: string;
  name: string | null;
  description: string | null;
  /** `available`, `creating`, `error`, … */
  status: string;
  /** GiB. */
  size: number;
  /** `NFS`, `CIFS`, `CEPHFS`, … */
  share_proto: string;
  /** The type's id. */
  share_type: string | null;
  /** Since 2.6. */
  share_type_name?: string | null;
  availability_zone: string | null;
  share_network_id: string | null;
  snapshot_id: string | null;
  project_id: string;
  is_public: boolean;
  metadata: Record<string, string>;
  created_at: string;
  /** The worst state of all rules: `active`, `error`, `syncing` (since 2.28), before that `out_of_sync`. Since 2.10. */
  access_rules_status?: string | null;
  /** The state of a migration. Since 2.5. */
  task_state?: string | null;
  /** Since 2.2. */
  snapshot_support?: boolean;
  /** Since 2.11. */
  has_replicas?: boolean;
  /** Since 2.11. */
  replication_type?: string | null;
  /** Since 2.16. */
  user_id?: string | null;
  /** Since 2.24. */
  create_share_from_snapshot_support?: boolean;
  /** Since 2.27. */
  revert_to_snapshot_support?: boolean;
  /** Since 2.31. */
  share_group_id?: string | null;
  /** Since 2.31. */
  source_share_group_snapshot_member_id?: string | null;
  /** Since 2.32. */
  mount_snapshot_support?: boolean;
  /** `"100%"`. Since 2.54. */
  progress?: string | null;
  /** Since 2.69. */
  is_soft_deleted?: boolean;
  /** Since 2.69. */
  scheduled_to_be_deleted_at?: string | null;
  /** Since 2.80. */
  source_backup_id?: string | null;
}

/** A path to mount a share from: `/shares/{id}/export_locations` (since 2.9). */
export interface ExportLocation {
  id: string;
  path: string;
  /** Since 2.14. */
  preferred?: boolean;
  /** Whether it is on the administrators' network, which guests cannot reach. For admins only: others never get such a one. */
  is_admin_only?: boolean;
  /** Since 2.87. */
  metadata?: Record<string, string>;
}

/** An access rule. Fields that a visibility lock hides are `"******"` (locks since 2.82, masked at every microversion). */
export interface AccessRule {
  id: string;
  /** Only in a single rule, not in a list. */
  share_id?: string;
  /** `ip`, `user`, `cert` or `cephx`. */
  access_type: string;
  access_to: string;
  /** `rw` or `ro`. */
  access_level: string;
  /** `queued_to_apply`, `applying`, `active`, `queued_to_update`, `updating`, `queued_to_deny`, `denying`, `error`; null for an orphan (manila/share/access.py). */
  state: string | null;
  /** CephFS's secret; null until the rule is active. Since 2.21. */
  access_key?: string | null;
  /** Since 2.33. */
  created_at?: string | null;
  /** Since 2.33. */
  updated_at?: string | null;
  /** Never hidden. Since 2.45. */
  metadata?: Record<string, string>;
}

/** A lock on a share or an access rule. Since 2.81. */
export interface ResourceLock {
  id: string;
  resource_id: string;
  /** `share` or `access_rule`. */
  resource_type: string;
  /** `delete`, or `show` of an access rule. */
  resource_action: string;
  lock_reason: string | null;
}

/** The argument of `allow_access`. */
export interface NewAccessRule {
  access_type: string;
  access_to: string;
  access_level: string;
  /** Since 2.45. Keys of 1 to 255 characters, values of 1 to 1023. */
  metadata?: Record<string, string>;
  /** Locks that only their maker, an administrator or a service lifts. Since 2.82; ignored before. */
  lock_visibility?: boolean;
  lock_deletion?: boolean;
  lock_reason?: string;
}

/** A user message about a failed operation: `/messages` (since 2.37). */
export interface Message {
  id: string;
  resource_type: string;
  resource_id: string;
  /** `010` update access rules, `003` delete access rules (manila/message/message_field.py). */
  action_id: string;
  detail_id: string;
  user_message: string;
  message_level: string;
  request_id: string | null;
  project_id: string;
  created_at: string;
  expires_at: string | null;
}

/** A network on which shares are exported. Since 2.51 its subnets have the fields that were at the top level before. */
export interface ShareNetwork {
  id: string;
  name: string | null;
  description?: string | null;
  project_id: string;
  created_at?: string | null;
  /** Since 2.63. */
  status?: string;
  /** Since 2.51. */
  share_network_subnets?: ShareNetworkSubnet[];
  /** Before 2.51. */
  neutron_net_id?: string | null;
  /** Before 2.51. */
  neutron_subnet_id?: string | null;
  /** Before 2.51. */
  cidr?: string | null;
  /** Before 2.51. */
  ip_version?: number | null;
}

export interface ShareNetworkSubnet {
  id: string;
  neutron_net_id: string | null;
  neutron_subnet_id: string | null;
  cidr: string | null;
  ip_version: number | null;
  availability_zone: string | null;
}

/** A share type: `/types`. Its extra specs are strings, `"True"` too. */
export interface ShareType {
  id: string;
  name: string | null;
  extra_specs?: Record<string, string>;
  required_extra_specs?: Record<string, string>;
  'share_type_access:is_public'?: boolean;
  /** Since 2.41. */
  description?: string | null;
  /** Since 2.46. */
  is_default?: boolean;
}

/** A zone of `/availability-zones` (since 2.7). */
export interface AvailabilityZone {
  id: string;
  name: string;
}

/** A snapshot: `/snapshots/{id}` or `/snapshots/detail`. */
export interface Snapshot {
  id: string;
  share_id: string;
  /** GiB, of the share when the snapshot was taken. */
  share_size: number | null;
  /** GiB. */
  size: number | null;
  /** `available`, `creating`, `error`, … */
  status: string;
  name: string | null;
  description: string | null;
  share_proto: string | null;
  created_at: string;
  /** Since 2.17. */
  project_id?: string;
  /** Since 2.17. */
  user_id?: string;
  /** Since 2.73. */
  metadata?: Record<string, string>;
}
