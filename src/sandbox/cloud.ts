export type ServiceName = 'keystone' | 'nova' | 'manila';

export interface Project {
  readonly id: string;
  readonly name: string;
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly password: string;
  /** The first one is the default project. */
  readonly grants: readonly { readonly project: Project; readonly roles: readonly string[] }[];
}

export interface Token {
  readonly id: string;
  readonly user: User;
  /** Null: unscoped. */
  readonly project: Project | null;
  readonly roles: readonly string[];
  readonly methods: readonly string[];
  readonly auditIds: readonly string[];
  /** In ms since the epoch, as all times in the sandbox. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  isRevoked: boolean;
}

export interface Network {
  readonly id: string;
  readonly name: string;
  readonly subnets: readonly { readonly id: string; readonly cidr: string; readonly version: 4 | 6 }[];
}

export interface Port {
  readonly id: string;
  readonly network: Network;
  readonly mac: string;
  readonly fixedIps: readonly string[];
  readonly floatingIps: readonly string[];
}

export interface Flavor {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  readonly ram: number;
  readonly disk: number;
  readonly extraSpecs?: Readonly<Record<string, string>>;
}

export interface Server {
  readonly id: string;
  name: string;
  readonly projectId: string;
  readonly userId: string;
  /** Nova's status: ACTIVE, BUILD, SHUTOFF, ERROR, DELETED, … */
  status: string;
  taskState: string | null;
  /** Null before it is scheduled, and if it never was. */
  host: string | null;
  ports: Port[];
  flavor: Flavor;
  /** Null: boots from a volume. */
  imageId: string | null;
  volumeIds: readonly string[];
  keyName: string | null;
  description: string | null;
  metadata: Readonly<Record<string, string>>;
  tags: readonly string[];
  isLocked: boolean;
  lockedReason: string | null;
  /** Shown in ERROR and DELETED only. */
  fault: { readonly code: number; readonly message: string; readonly at: number } | null;
  readonly createdAt: number;
  updatedAt: number;
  launchedAt: number | null;
  terminatedAt: number | null;
  /** Its cell is down: lists omit it or show few fields, and so does a GET (since 2.69). */
  isCellDown: boolean;
}

export interface ExportLocation {
  readonly id: string;
  readonly path: string;
  readonly preferred: boolean;
  readonly isAdminOnly: boolean;
}

export interface ShareType {
  readonly id: string;
  readonly name: string;
  readonly hasShareServers: boolean;
}

export interface ShareNetwork {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  readonly network: Network;
  readonly createdAt: number;
}

export interface Share {
  readonly id: string;
  name: string | null;
  description: string | null;
  readonly projectId: string;
  readonly userId: string;
  /** GiB. */
  size: number;
  /** NFS, CIFS or CEPHFS. */
  protocol: string;
  /** Manila's status: available, creating, deleting, error, … */
  status: string;
  type: ShareType;
  isPublic: boolean;
  isSoftDeleted: boolean;
  metadata: Readonly<Record<string, string>>;
  shareNetworkId: string | null;
  /** The snapshot that it was created from. */
  snapshotId: string | null;
  /** How much of it is in use: a back end refuses to shrink it below. */
  usedGib: number;
  exportLocations: readonly ExportLocation[];
  /** Null before it is scheduled. */
  host: string | null;
  readonly createdAt: number;
  updatedAt: number;
}

export interface Snapshot {
  readonly id: string;
  readonly shareId: string;
  readonly projectId: string;
  readonly userId: string;
  name: string | null;
  description: string | null;
  /** GiB, of the share when the snapshot was taken. */
  readonly size: number;
  readonly protocol: string;
  /** Manila's status: available, creating, deleting, error. */
  status: string;
  metadata: Readonly<Record<string, string>>;
  readonly createdAt: number;
}

export type RuleState =
  | 'queued_to_apply'
  | 'applying'
  | 'active'
  | 'queued_to_update'
  | 'updating'
  | 'queued_to_deny'
  | 'denying'
  | 'error';

export interface AccessRule {
  readonly id: string;
  readonly shareId: string;
  readonly accessType: string;
  readonly accessTo: string;
  accessLevel: string;
  state: RuleState;
  /** Set for cephx rules when they become active. */
  accessKey: string | null;
  metadata: Readonly<Record<string, string>>;
  readonly userId: string;
  /** The id of the request that created it; Manila's user messages contain it. */
  readonly requestId: string;
  readonly createdAt: number;
  updatedAt: number | null;
}

/** Whether the removal of a rule in this state is in progress. */
export function isDenying(state: RuleState): boolean {
  return state === 'queued_to_deny' || state === 'denying';
}

/** A lock against the deletion of a share or rule, or against showing a rule's client and key to other users. */
export interface ResourceLock {
  readonly id: string;
  readonly userId: string;
  readonly projectId: string;
  readonly context: 'user' | 'admin' | 'service';
  readonly resourceType: 'share' | 'access_rule';
  readonly resourceId: string;
  action: 'delete' | 'show';
  reason: string | null;
  readonly createdAt: number;
  updatedAt: number | null;
}

/** A share that Nova attached to a server (virtiofs). */
export interface ShareMapping {
  readonly uuid: string;
  readonly serverId: string;
  readonly shareId: string;
  readonly protocol: string;
  readonly tag: string;
  readonly exportLocation: string;
  status: 'attaching' | 'inactive' | 'active' | 'detaching' | 'error';
  /** The host still works on its access rule. */
  isGranting: boolean;
}

/** A recorded action on a server, with the event of its compute host. */
export interface InstanceAction {
  readonly action: string;
  readonly requestId: string;
  readonly userId: string;
  readonly projectId: string;
  readonly startedAt: number;
  updatedAt: number;
  /** `Error` if it failed. */
  message: string | null;
  readonly event: {
    readonly name: string;
    finishedAt: number | null;
    result: 'Success' | 'Error' | null;
    details: string | null;
  };
}

export interface UserMessage {
  readonly id: string;
  readonly projectId: string;
  readonly resourceId: string;
  readonly requestId: string;
  readonly actionId: string;
  readonly detailId: string;
  readonly text: string;
  readonly createdAt: number;
}

/** A change of a rule; `state` null: it was removed. */
export interface RuleChange {
  readonly rule: Readonly<AccessRule>;
  readonly state: RuleState | null;
}

/** The state of the sandbox: plain data that the services and tests read and change. */
export interface Cloud {
  readonly users: User[];
  readonly networks: Network[];
  readonly flavors: Flavor[];
  readonly shareTypes: ShareType[];
  readonly tokens: Map<string, Token>;
  readonly servers: Map<string, Server>;
  /** Deleted servers, oldest first, for `changes-since`. */
  readonly deletedServers: Map<string, Server>;
  readonly shares: Map<string, Share>;
  readonly shareNetworks: Map<string, ShareNetwork>;
  readonly snapshots: Map<string, Snapshot>;
  /** Each project's quota of shares and their size in GiB; -1: without limit. */
  shareQuota: { shares: number; gigabytes: number };
  /** Whether the first share type is the default one. Without one, a share created without a type ends in error. */
  hasDefaultShareType: boolean;
  readonly rules: Map<string, AccessRule>;
  readonly locks: Map<string, ResourceLock>;
  /** How many of the next requests for a lock fail. */
  failingLocks: number;
  readonly shareMappings: Map<string, ShareMapping>;
  /** By server, newest first. */
  readonly instanceActions: Map<string, InstanceAction[]>;
  /** Compute hosts that are down, with the work that waits for them. */
  readonly downHosts: Map<string, (() => void)[]>;
  /** Whether administrators of other projects read a server's shares, as since 2026.1. */
  adminsReadServerShares: boolean;
  /** Newest last. */
  readonly messages: UserMessage[];
  /** Shares whose rules the driver works on, or that are scheduled for it. */
  readonly syncing: Set<string>;
  readonly ruleListeners: Set<(change: RuleChange) => void>;
  /** Called after each change. */
  readonly watchers: Set<() => void>;
  /** Duration of each step of asynchronous work, in ms. */
  stepMs: number;
  /** Duration of the driver's work on SLOW_ADDRESS, in ms. */
  readonly slowMs: number;
  /** Scheduled work. */
  readonly timers: Map<NodeJS.Timeout, () => void>;
}

/** An empty cloud. */
export function makeCloud(stepMs: number, slowMs: number): Cloud {
  return {
    users: [],
    networks: [],
    flavors: [],
    shareTypes: [],
    tokens: new Map(),
    servers: new Map(),
    deletedServers: new Map(),
    shares: new Map(),
    shareNetworks: new Map(),
    snapshots: new Map(),
    shareQuota: { shares: -1, gigabytes: -1 },
    hasDefaultShareType: true,
    rules: new Map(),
    locks: new Map(),
    failingLocks: 0,
    shareMappings: new Map(),
    instanceActions: new Map(),
    downHosts: new Map(),
    adminsReadServerShares: false,
    messages: [],
    syncing: new Set(),
    ruleListeners: new Set(),
    watchers: new Set(),
    stepMs,
    slowMs,
    timers: new Map(),
  };
}

/** Adds an entry, and removes the oldest ones above `limit`. */
export function remember<T>(map: Map<string, T>, key: string, value: T, limit: number): void {
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= limit) return;
    map.delete(oldest);
  }
}

/** Whether a token has the role admin. */
export function isAdmin(token: Token): boolean {
  return token.roles.includes('admin');
}

/** Whether a token may change objects of its project. */
export function isMember(token: Token): boolean {
  return token.roles.includes('member') || isAdmin(token);
}
