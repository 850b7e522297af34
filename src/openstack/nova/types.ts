/** Nova's JSON, as the compute API sends it (nova api-ref `servers`, `os-interface`; recorded at 2.93, 2.96 and 2.100). */

/**
 * A server of `/servers/{id}` or `/servers/detail`. A server in an unreachable cell (2.69) has the `status` `UNKNOWN` and
 * only id, tenant_id, created and links besides.
 */
export interface NovaServer {
  id: string;
  /** `ACTIVE`, `BUILD`, `SHUTOFF`, …; `UNKNOWN` since 2.69. */
  status: string;
  tenant_id: string;
  /** ISO 8601 with `Z`. */
  created: string;
  links?: Link[];
  name?: string;
  user_id?: string;
  /** ISO 8601 with `Z`. */
  updated?: string;
  metadata?: Record<string, string>;
  /** Different for each project; empty until the server is scheduled. */
  hostId?: string;
  /** `""` for a server booted from a volume. */
  image?: { id: string; links?: Link[]; properties?: Record<string, string> } | '';
  flavor?: EmbeddedFlavor;
  /** By network name: networks with the same name share a key. */
  addresses?: Record<string, ServerAddress[]>;
  /** `""` when not set. */
  accessIPv4?: string;
  /** `""` when not set. */
  accessIPv6?: string;
  /** Only while the server builds, migrates or is active. */
  progress?: number;
  key_name?: string | null;
  /** `"True"` or `""`. */
  config_drive?: string;
  security_groups?: { name: string }[];
  /** Since 2.9. */
  locked?: boolean;
  /** Since 2.73. */
  locked_reason?: string | null;
  /** Since 2.19. */
  description?: string | null;
  /** Since 2.26. */
  tags?: string[];
  /** Since 2.63. */
  trusted_image_certificates?: string[] | null;
  /** Since 2.71; only of a single server. */
  server_groups?: string[];
  /** Since 2.96. */
  pinned_availability_zone?: string | null;
  /** Only in `ERROR` and `DELETED`. */
  fault?: ServerFault;
  'OS-DCF:diskConfig'?: string;
  /** `""` or null until the server is scheduled. */
  'OS-EXT-AZ:availability_zone'?: string | null;
  'OS-EXT-STS:task_state'?: string | null;
  'OS-EXT-STS:vm_state'?: string | null;
  /** 0 no state, 1 running, 3 paused, 4 shut down, 6 crashed, 7 suspended. */
  'OS-EXT-STS:power_state'?: number | null;
  /** ISO 8601 with microseconds and without a zone, UTC. */
  'OS-SRV-USG:launched_at'?: string | null;
  /** ISO 8601 with microseconds and without a zone, UTC. */
  'OS-SRV-USG:terminated_at'?: string | null;
  /** Since 2.3 for admins, since 2.90 for all. */
  'OS-EXT-SRV-ATTR:hostname'?: string;
  'os-extended-volumes:volumes_attached'?: { id: string; delete_on_termination?: boolean }[];
}

export interface Link {
  rel: string;
  href: string;
}

/** The flavor as it was when the server was built (2.47): no id. */
export interface EmbeddedFlavor {
  original_name: string;
  vcpus: number;
  /** MiB. */
  ram: number;
  /** GiB. */
  disk: number;
  /** GiB. */
  ephemeral: number;
  /** MiB. */
  swap: number;
  /** Absent when policy hides it. */
  extra_specs?: Record<string, string>;
}

export interface ServerAddress {
  addr: string;
  version: 4 | 6;
  'OS-EXT-IPS:type'?: 'fixed' | 'floating';
  'OS-EXT-IPS-MAC:mac_addr'?: string;
}

export interface ServerFault {
  code: number;
  message: string;
  /** ISO 8601 with `Z`. */
  created: string;
  /** Admins only. */
  details?: string;
}

/** A port of a server, from `/servers/{id}/os-interface`. */
export interface InterfaceAttachment {
  port_id: string;
  net_id: string;
  mac_addr: string;
  port_state: string;
  fixed_ips: { ip_address: string; subnet_id: string }[];
  /** Since 2.70. */
  tag?: string | null;
}

/** A share that Nova itself attached to a server. Since 2.97. */
export interface ServerShare {
  share_id: string;
  /** `attaching`, `inactive`, `active`, `detaching`, `error`. */
  status: string;
  /** The virtiofs tag by which the guest mounts it. */
  tag: string;
  /** Administrators only. */
  uuid?: string;
  export_location?: string;
}

/** What was done to a server. Since 2.84 `details` may be there: for administrators, or as policy allows. */
export interface InstanceAction {
  action: string;
  instance_uuid: string;
  request_id: string;
  user_id: string | null;
  project_id: string | null;
  start_time: string;
  updated_at?: string | null;
  message: string | null;
  events?: {
    event: string;
    start_time: string | null;
    finish_time: string | null;
    /** `Success` or `Error`; null while it runs. */
    result: string | null;
    traceback?: string | null;
    details?: string | null;
  }[];
}

/** A zone of `/os-availability-zone`. */
export interface AvailabilityZoneInfo {
  zoneName: string;
  zoneState?: { available?: boolean };
}
