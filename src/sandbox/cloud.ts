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
  /** ms since the epoch, as all times in here. */
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
}

export interface Server {
  readonly id: string;
  name: string;
  readonly projectId: string;
  readonly userId: string;
  /** Nova's word: ACTIVE, BUILD, SHUTOFF, ERROR, DELETED, … */
  status: string;
  taskState: string | null;
  /** Null while it is not placed, or was never. */
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
  /** Its cell does not answer: lists leave it out or show little of it, and so does a GET (since 2.69). */
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
  /** Manila's word: available, creating, deleting, error, … */
  status: string;
  type: ShareType;
  isPublic: boolean;
  isSoftDeleted: boolean;
  metadata: Readonly<Record<string, string>>;
  shareNetworkId: string | null;
  exportLocations: readonly ExportLocation[];
  /** Null while it is not placed. */
  host: string | null;
  readonly createdAt: number;
  updatedAt: number;
}

export type RuleState = 'queued_to_apply' | 'applying' | 'active' | 'queued_to_deny' | 'denying' | 'error';

export interface AccessRule {
  readonly id: string;
  readonly shareId: string;
  readonly accessType: string;
  readonly accessTo: string;
  readonly accessLevel: string;
  state: RuleState;
  /** Cephx rules get one when they become active. */
  accessKey: string | null;
  metadata: Readonly<Record<string, string>>;
  /** Others of the project see `******`, and cannot deny it. The one who made it, and admins, can. */
  readonly isVisibilityLocked: boolean;
  readonly isDeletionLocked: boolean;
  readonly userId: string;
  /** The local id of the request that made it; Manila's user messages quote it. */
  readonly requestId: string;
  readonly createdAt: number;
  updatedAt: number | null;
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

/** A rule that changed; `state` null: it is gone. */
export interface RuleChange {
  readonly rule: Readonly<AccessRule>;
  readonly state: RuleState | null;
}

/** Everything the sandbox knows. Plain data: the services read and change it, and so may a test. */
export interface Cloud {
  readonly users: User[];
  readonly networks: Network[];
  readonly flavors: Flavor[];
  readonly shareTypes: ShareType[];
  readonly tokens: Map<string, Token>;
  readonly servers: Map<string, Server>;
  /** Deleted servers, oldest first: `changes-since` still shows them. */
  readonly deletedServers: Map<string, Server>;
  readonly shares: Map<string, Share>;
  readonly shareNetworks: Map<string, ShareNetwork>;
  readonly rules: Map<string, AccessRule>;
  /** Newest last. */
  readonly messages: UserMessage[];
  /** Shares whose rules the driver is busy with, or soon will be. */
  readonly syncing: Set<string>;
  readonly ruleListeners: Set<(change: RuleChange) => void>;
  /** Called after anything may have changed. */
  readonly watchers: Set<() => void>;
  /** How long each step of asynchronous work takes, ms. */
  stepMs: number;
  /** How long the driver takes for SLOW_ADDRESS, ms. */
  readonly slowMs: number;
  /** Work that waits for its time. */
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
    rules: new Map(),
    messages: [],
    syncing: new Set(),
    ruleListeners: new Set(),
    watchers: new Set(),
    stepMs,
    slowMs,
    timers: new Map(),
  };
}

/** Adds under a key and forgets the oldest above `limit`, so that a long run does not grow. */
export function remember<T>(map: Map<string, T>, key: string, value: T, limit: number): void {
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= limit) return;
    map.delete(oldest);
  }
}

/** Whether a token may do what admins do. */
export function isAdmin(token: Token): boolean {
  return token.roles.includes('admin');
}

/** Whether a token may change things in its project. */
export function isMember(token: Token): boolean {
  return token.roles.includes('member') || isAdmin(token);
}
