// Made by `npm run codegen` from schema/ and codegen.yml. Never edited.
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { NovaServer, EmbeddedFlavor as NovaFlavor, ServerFault as NovaFault } from '../openstack/nova/types.ts';
import type { Share as ManilaShare, ExportLocation as ManilaExportLocation } from '../openstack/manila/types.ts';
import type { AccessRuleView } from './resolvers/access-rule.ts';
import type { AttachmentView, AttachmentEvent } from '../attachments/attachment.ts';
import type { Identity } from '../openstack/session.ts';
import type { GatewayContext } from './context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A moment in time, RFC 3339 with a zone, for example `2026-11-22T14:40:25.845Z`. OpenStack's zone-less timestamps are UTC. */
  DateTime: { input: string; output: Date | string; }
  /** A JSON object whose values are strings, as OpenStack keeps metadata. */
  StringMap: { input: Readonly<Record<string, string>>; output: Readonly<Record<string, string>>; }
};

/** What an access rule or an attachment grants. */
export const AccessLevel = {
  /** Reading only. */
  READ_ONLY: 'READ_ONLY',
  /** Reading and writing. */
  READ_WRITE: 'READ_WRITE'
} as const;

export type AccessLevel = typeof AccessLevel[keyof typeof AccessLevel];
/** A permission on a share: who may mount it, and how. */
export type AccessRule = {
  /**
   * The secret key that a CephFS client mounts with, for those Manila shows it to.
   * Null until the rule is active, and for other protocols; `******` when Manila hides it.
   */
  readonly accessKey?: Maybe<Scalars['String']['output']>;
  /** What it grants. */
  readonly accessLevel: AccessLevel;
  /** Whom it grants access: an address, a user or an id. `******` when Manila hides it from the caller. */
  readonly accessTo: Scalars['String']['output'];
  /** What `accessTo` is. */
  readonly accessType: AccessType;
  /** When it was made. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** The rule's UUID. */
  readonly id: Scalars['ID']['output'];
  /**
   * The key-value pairs on the rule. This gateway writes `managed_by`, `attachment_id`, `server_id`, `mount_point`, `access_to_given`, `user_id` (who attached) and `deployment` there.
   * Null with an error on this path when Manila cannot be asked.
   */
  readonly metadata?: Maybe<Scalars['StringMap']['output']>;
  /** How far Manila is with it. */
  readonly state: AccessRuleState;
  /** Manila's own word for the state, also when this schema does not know it. */
  readonly stateRaw?: Maybe<Scalars['String']['output']>;
  /** When it last changed. */
  readonly updatedAt?: Maybe<Scalars['DateTime']['output']>;
};

/** How far Manila is with an access rule. */
export const AccessRuleState = {
  /** It is in force. */
  ACTIVE: 'ACTIVE',
  /** The back end is applying it. */
  APPLYING: 'APPLYING',
  /** The back end is taking it away. */
  DENYING: 'DENYING',
  /** The back end refused it. */
  ERROR: 'ERROR',
  /** Manila has taken it, and will apply it. */
  QUEUED_TO_APPLY: 'QUEUED_TO_APPLY',
  /** Manila will take it away. */
  QUEUED_TO_DENY: 'QUEUED_TO_DENY',
  /** Manila will change its level. */
  QUEUED_TO_UPDATE: 'QUEUED_TO_UPDATE',
  /** Manila does not say, or says a word this schema does not know: see `stateRaw`. */
  UNKNOWN: 'UNKNOWN',
  /** The back end is changing its level. */
  UPDATING: 'UPDATING'
} as const;

export type AccessRuleState = typeof AccessRuleState[keyof typeof AccessRuleState];
/** Whether all access rules of a share are applied. */
export const AccessRulesStatus = {
  /** All are. */
  ACTIVE: 'ACTIVE',
  /** At least one is in error. */
  ERROR: 'ERROR',
  /** At least one is being applied or denied. */
  SYNCING: 'SYNCING',
  /** Manila says a word this schema does not know. */
  UNKNOWN: 'UNKNOWN'
} as const;

export type AccessRulesStatus = typeof AccessRulesStatus[keyof typeof AccessRulesStatus];
/** What an access rule names. */
export const AccessType = {
  /** A cephx id (CephFS). */
  CEPHX: 'CEPHX',
  /** A certificate's common name (GlusterFS). */
  CERT: 'CERT',
  /** An IP address or network (NFS). */
  IP: 'IP',
  /** Manila says a word this schema does not know. */
  UNKNOWN: 'UNKNOWN',
  /** A user or group (CIFS). */
  USER: 'USER'
} as const;

export type AccessType = typeof AccessType[keyof typeof AccessType];
/** How an address belongs to a server. */
export const AddressType = {
  /** The address of a port of the server. */
  FIXED: 'FIXED',
  /** An address that is forwarded to the server. */
  FLOATING: 'FLOATING'
} as const;

export type AddressType = typeof AddressType[keyof typeof AddressType];
/** Which share to attach to which server, and how. */
export type AttachShareInput = {
  /** What the server may do on the share. */
  readonly accessLevel?: InputMaybe<AccessLevel>;
  /**
   * Whom to grant access, at most 16: addresses or networks (NFS), a user (CIFS), a cephx id (CephFS).
   * Left out: the server's fixed addresses on the share's network, else all its fixed IPv4 addresses (NFS);
   * `srv-` and the server's id (CephFS). Needed for CIFS.
   */
  readonly accessTo?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Where the user wants it in the guest: an absolute POSIX path of at most 255 characters without `..`, unique on its server. */
  readonly mountPoint?: InputMaybe<Scalars['String']['input']>;
  /** The server's UUID. */
  readonly serverId: Scalars['ID']['input'];
  /** The share's UUID. */
  readonly shareId: Scalars['ID']['input'];
};

/** The answer to `attachShare`. */
export type AttachSharePayload = {
  /** The attachment as it is now. */
  readonly attachment: ShareAttachment;
};

/** Why work on an attachment failed. */
export type AttachmentFault = {
  /** When it happened. */
  readonly at: Scalars['DateTime']['output'];
  /** A word for programs, for example `RULE_ERROR`, `RULE_MISSING`, `UPSTREAM_ERROR` or `DEADLINE_EXCEEDED`. */
  readonly code: Scalars['String']['output'];
  /** What went wrong, with Manila's own words where it said any. */
  readonly message: Scalars['String']['output'];
  /** The request id to quote to the cloud's operators. */
  readonly openstackRequestId?: Maybe<Scalars['String']['output']>;
};

/** Which share to detach from which server. */
export type DetachShareInput = {
  /** When given, it must be the attachment's mount point. */
  readonly mountPoint?: InputMaybe<Scalars['String']['input']>;
  /** The server's UUID. */
  readonly serverId: Scalars['ID']['input'];
  /** The share's UUID. */
  readonly shareId: Scalars['ID']['input'];
};

/** The answer to `detachShare`. */
export type DetachSharePayload = {
  /** The attachment as it is now; `DETACHED` when no access rule was left to take away. */
  readonly attachment: ShareAttachment;
};

/** Where a share can be mounted from. */
export type ExportLocation = {
  /** The export location's UUID. */
  readonly id: Scalars['ID']['output'];
  /** The key-value pairs on it (Manila 2.87). */
  readonly metadata: Scalars['StringMap']['output'];
  /** What a client mounts, for example `10.0.0.10:/shares/share-1`. */
  readonly path: Scalars['String']['output'];
  /** Whether the back end prefers it. */
  readonly preferred: Scalars['Boolean']['output'];
};

/** What can be changed. */
export type Mutation = {
  /**
   * Gives a server access to a share. Answers as soon as Manila has accepted the access rules;
   * the attachment is then `ATTACHING`, and becomes `ATTACHED` once every rule is active.
   * The same call again returns the attachment that is there; other arguments for an attached pair are a `CONFLICT`.
   */
  readonly attachShare: AttachSharePayload;
  /**
   * Takes a server's access to a share away. Unmount in the guest first: some back ends cut the mount at once.
   * Answers as soon as Manila has accepted; the attachment is `DETACHING`, and gone once no rule is left.
   */
  readonly detachShare: DetachSharePayload;
};


/** What can be changed. */
export type MutationAttachShareArgs = {
  input: AttachShareInput;
};


/** What can be changed. */
export type MutationDetachShareArgs = {
  input: DetachShareInput;
};

/** Where a page of a connection stands in the whole. */
export type PageInfo = {
  /** The cursor of the page's last edge: give it as `after` for the next page. */
  readonly endCursor?: Maybe<Scalars['String']['output']>;
  /** Whether there is more after this page. */
  readonly hasNextPage: Scalars['Boolean']['output'];
  /** Whether there is more before this page; always false here, as paging goes forward only. */
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the page's first edge. */
  readonly startCursor?: Maybe<Scalars['String']['output']>;
};

/** A Keystone project. */
export type Project = {
  /** The name of the domain that the project belongs to. */
  readonly domainName: Scalars['String']['output'];
  /** The project's id in Keystone. */
  readonly id: Scalars['ID']['output'];
  /** The project's name. */
  readonly name: Scalars['String']['output'];
};

/** What can be asked. */
export type Query = {
  /** One server by its id; null when the caller's project has none with it. */
  readonly server?: Maybe<Server>;
  /** The servers of the caller's project, newest first, as Nova lists them. */
  readonly servers: ServerConnection;
  /** One share by its id; null when the caller can see none with it. */
  readonly share?: Maybe<Share>;
  /** The attachment of one share to one server; null when they are not attached. */
  readonly shareAttachment?: Maybe<ShareAttachment>;
  /** The attachments of the caller's project, oldest first. */
  readonly shareAttachments: ShareAttachmentConnection;
  /** The shares of the caller's project, newest first, as Manila lists them. */
  readonly shares: ShareConnection;
  /** Who the caller's token is. */
  readonly viewer: Viewer;
};


/** What can be asked. */
export type QueryServerArgs = {
  id: Scalars['ID']['input'];
};


/** What can be asked. */
export type QueryServersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ServerFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** What can be asked. */
export type QueryShareArgs = {
  id: Scalars['ID']['input'];
};


/** What can be asked. */
export type QueryShareAttachmentArgs = {
  serverId: Scalars['ID']['input'];
  shareId: Scalars['ID']['input'];
};


/** What can be asked. */
export type QueryShareAttachmentsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ShareAttachmentFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** What can be asked. */
export type QuerySharesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ShareFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** A virtual machine, as Nova shows it to the caller. */
export type Server = {
  /** The IPv4 address by which its user says it is reached; null when none is set. */
  readonly accessIPv4?: Maybe<Scalars['String']['output']>;
  /** The IPv6 address by which its user says it is reached; null when none is set. */
  readonly accessIPv6?: Maybe<Scalars['String']['output']>;
  /** Its addresses on every network, in the order that Nova shows them. */
  readonly addresses: ReadonlyArray<ServerAddress>;
  /** The availability zone it runs in; null until it is scheduled. */
  readonly availabilityZone?: Maybe<Scalars['String']['output']>;
  /** When it was created. */
  readonly created: Scalars['DateTime']['output'];
  /** The free text of its user. */
  readonly description?: Maybe<Scalars['String']['output']>;
  /** Why it is in `ERROR`; null otherwise. */
  readonly fault?: Maybe<ServerFault>;
  /** Its size. Null while Nova cannot say. */
  readonly flavor?: Maybe<ServerFlavor>;
  /** An opaque id of the host, the same for all servers of this project on that host. */
  readonly hostId?: Maybe<Scalars['String']['output']>;
  /** The host name in the guest, where the cloud says (Nova 2.90). */
  readonly hostname?: Maybe<Scalars['String']['output']>;
  /** The server's UUID. */
  readonly id: Scalars['ID']['output'];
  /** The image that it was booted from; null for a server booted from a volume. */
  readonly imageId?: Maybe<Scalars['ID']['output']>;
  /** The name of the key pair put into it at boot. */
  readonly keyName?: Maybe<Scalars['String']['output']>;
  /** When it first ran. */
  readonly launchedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Whether it is locked against changes. */
  readonly locked: Scalars['Boolean']['output'];
  /** Why it was locked, where its user said so. */
  readonly lockedReason?: Maybe<Scalars['String']['output']>;
  /** The key-value pairs that its user set. */
  readonly metadata: Scalars['StringMap']['output'];
  /** The name its user gave it. Empty when Nova could not reach the server's cell (`status` is then `UNKNOWN`). */
  readonly name: Scalars['String']['output'];
  /** The availability zone it must stay in, where the cloud says (Nova 2.96); null when it may move. */
  readonly pinnedAvailabilityZone?: Maybe<Scalars['String']['output']>;
  /** Whether the machine runs, as the hypervisor says. */
  readonly powerState?: Maybe<ServerPowerState>;
  /** How far a build or a migration is, in percent. */
  readonly progress?: Maybe<Scalars['Int']['output']>;
  /** The id of the project that owns it. */
  readonly projectId: Scalars['ID']['output'];
  /** The names of its security groups. */
  readonly securityGroups: ReadonlyArray<Scalars['String']['output']>;
  /**
   * The shares attached to it through this gateway, oldest first.
   * Null with an error on this path when the attachment store is away.
   */
  readonly sharesAttached?: Maybe<ReadonlyArray<ShareAttachment>>;
  /** What it is doing now. */
  readonly status: ServerStatus;
  /** Nova's own word for the status, also when this schema does not know it. */
  readonly statusRaw: Scalars['String']['output'];
  /** The tags that its user set. */
  readonly tags: ReadonlyArray<Scalars['String']['output']>;
  /** The task that Nova is at, for example `powering-on`; null when there is none. */
  readonly taskState?: Maybe<Scalars['String']['output']>;
  /** When it was deleted. */
  readonly terminatedAt?: Maybe<Scalars['DateTime']['output']>;
  /** When it last changed. Attaching a share does not change it. */
  readonly updated?: Maybe<Scalars['DateTime']['output']>;
  /** The id of the user who created it. */
  readonly userId?: Maybe<Scalars['ID']['output']>;
  /** Nova's finer state of the virtual machine, for example `stopped`. */
  readonly vmState?: Maybe<Scalars['String']['output']>;
  /** The ids of the Cinder volumes attached to it. */
  readonly volumeIds: ReadonlyArray<Scalars['ID']['output']>;
};

/** One address of a server. */
export type ServerAddress = {
  /** The IP address. */
  readonly address: Scalars['String']['output'];
  /** The MAC address of the port. */
  readonly macAddress?: Maybe<Scalars['String']['output']>;
  /** The network's name. Nova merges networks of the same name. */
  readonly network: Scalars['String']['output'];
  /** Whether the address belongs to a port or floats in front of one. */
  readonly type: AddressType;
  /** 4 or 6. */
  readonly version: Scalars['Int']['output'];
};

/** A page of servers. */
export type ServerConnection = {
  /** The servers with their cursors. */
  readonly edges: ReadonlyArray<ServerEdge>;
  /** The servers alone. */
  readonly nodes: ReadonlyArray<Server>;
  /** Where this page stands. */
  readonly pageInfo: PageInfo;
  /** How many there are in all; null, as Nova has no count that is cheaper than listing them. */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** A server in a page. */
export type ServerEdge = {
  /** Where this server stands in the list. */
  readonly cursor: Scalars['String']['output'];
  /** The server. */
  readonly node: Server;
};

/** Why a server is in `ERROR`. */
export type ServerFault = {
  /** An HTTP-like code. */
  readonly code: Scalars['Int']['output'];
  /** When it happened. */
  readonly created: Scalars['DateTime']['output'];
  /** A trace, which Nova shows to administrators only. */
  readonly details?: Maybe<Scalars['String']['output']>;
  /** What Nova says. */
  readonly message: Scalars['String']['output'];
};

/** Which servers to list. All that is given must match. */
export type ServerFilter = {
  /** Names that contain this text. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** Servers in one of these statuses; an empty list is no filter. */
  readonly status?: InputMaybe<ReadonlyArray<ServerStatus>>;
};

/** A server's size at the time it was built: Nova embeds it in the server, so later changes of the flavor do not show. */
export type ServerFlavor = {
  /** Root disk in GiB. */
  readonly diskGib: Scalars['Int']['output'];
  /** Ephemeral disk in GiB. */
  readonly ephemeralGib: Scalars['Int']['output'];
  /** The flavor's extra specs; null when policy hides them. */
  readonly extraSpecs?: Maybe<Scalars['StringMap']['output']>;
  /** The flavor's name. */
  readonly name: Scalars['String']['output'];
  /** Memory in MiB. */
  readonly ramMib: Scalars['Int']['output'];
  /** Swap in MiB. */
  readonly swapMib: Scalars['Int']['output'];
  /** Virtual CPUs. */
  readonly vcpus: Scalars['Int']['output'];
};

/** The power state that the hypervisor reports. */
export const ServerPowerState = {
  /** It crashed. */
  CRASHED: 'CRASHED',
  /** The hypervisor does not say. */
  NOSTATE: 'NOSTATE',
  /** It is paused. */
  PAUSED: 'PAUSED',
  /** It runs. */
  RUNNING: 'RUNNING',
  /** It is off. */
  SHUTDOWN: 'SHUTDOWN',
  /** It is suspended. */
  SUSPENDED: 'SUSPENDED'
} as const;

export type ServerPowerState = typeof ServerPowerState[keyof typeof ServerPowerState];
/** What a server is doing: Nova's statuses. */
export const ServerStatus = {
  /** It runs. */
  ACTIVE: 'ACTIVE',
  /** It is being built. */
  BUILD: 'BUILD',
  /** It was deleted a moment ago. */
  DELETED: 'DELETED',
  /** Something failed; see `fault`. */
  ERROR: 'ERROR',
  /** A hard reboot is under way. */
  HARD_REBOOT: 'HARD_REBOOT',
  /** It moves to another host. */
  MIGRATING: 'MIGRATING',
  /** Its root password is being set. */
  PASSWORD: 'PASSWORD',
  /** It is paused in memory. */
  PAUSED: 'PAUSED',
  /** A soft reboot is under way. */
  REBOOT: 'REBOOT',
  /** It is being rebuilt from an image. */
  REBUILD: 'REBUILD',
  /** It runs from a rescue image. */
  RESCUE: 'RESCUE',
  /** It is being resized or migrated. */
  RESIZE: 'RESIZE',
  /** A resize is being taken back. */
  REVERT_RESIZE: 'REVERT_RESIZE',
  /** Its image is kept, its host is given up. */
  SHELVED: 'SHELVED',
  /** Shelved, and gone from its host. */
  SHELVED_OFFLOADED: 'SHELVED_OFFLOADED',
  /** It is stopped. */
  SHUTOFF: 'SHUTOFF',
  /** Deleted, and can still be restored. */
  SOFT_DELETED: 'SOFT_DELETED',
  /** Its memory is on disk. */
  SUSPENDED: 'SUSPENDED',
  /** Nova cannot say, or says a word this schema does not know: see `statusRaw`. */
  UNKNOWN: 'UNKNOWN',
  /** A resize waits for its user's confirmation. */
  VERIFY_RESIZE: 'VERIFY_RESIZE'
} as const;

export type ServerStatus = typeof ServerStatus[keyof typeof ServerStatus];
/** A shared file system, as Manila shows it to the caller. */
export type Share = {
  /** Who may mount it: all access rules that Manila shows the caller, also those that this gateway did not make. */
  readonly accessRules?: Maybe<ReadonlyArray<AccessRule>>;
  /** Whether all its access rules are applied: the worst state of all of them. */
  readonly accessRulesStatus?: Maybe<AccessRulesStatus>;
  /** The availability zone it lives in; null until it is scheduled. */
  readonly availabilityZone?: Maybe<Scalars['String']['output']>;
  /** Whether new shares can be made from its snapshots. */
  readonly createShareFromSnapshotSupport?: Maybe<Scalars['Boolean']['output']>;
  /** When it was created. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** The free text of its user. */
  readonly description?: Maybe<Scalars['String']['output']>;
  /** Where it can be mounted from, preferred locations first. Empty while it is not available. */
  readonly exportLocations?: Maybe<ReadonlyArray<ExportLocation>>;
  /** Whether it has replicas. */
  readonly hasReplicas: Scalars['Boolean']['output'];
  /** The share's UUID. */
  readonly id: Scalars['ID']['output'];
  /** Whether other projects can see it. */
  readonly isPublic: Scalars['Boolean']['output'];
  /** Whether it is in the recycle bin. */
  readonly isSoftDeleted: Scalars['Boolean']['output'];
  /** The key-value pairs that its user set. */
  readonly metadata: Scalars['StringMap']['output'];
  /** Whether its snapshots can be mounted. */
  readonly mountSnapshotSupport?: Maybe<Scalars['Boolean']['output']>;
  /** The name its user gave it. */
  readonly name?: Maybe<Scalars['String']['output']>;
  /** How far its creation from a snapshot is, as Manila says, for example `100%`. */
  readonly progress?: Maybe<Scalars['String']['output']>;
  /** The id of the project that owns it. */
  readonly projectId: Scalars['ID']['output'];
  /** The protocol that it is mounted by. */
  readonly protocol: ShareProtocol;
  /** Manila's own word for the protocol, also when this schema does not know it. */
  readonly protocolRaw: Scalars['String']['output'];
  /** How it is replicated: `readable`, `writable` or `dr`. */
  readonly replicationType?: Maybe<Scalars['String']['output']>;
  /** Whether it can be set back to a snapshot. */
  readonly revertToSnapshotSupport?: Maybe<Scalars['Boolean']['output']>;
  /** When it leaves the recycle bin for good. */
  readonly scheduledToBeDeletedAt?: Maybe<Scalars['DateTime']['output']>;
  /**
   * The servers it is attached to through this gateway, oldest first.
   * Null with an error on this path when the attachment store is away.
   */
  readonly serversAttached?: Maybe<ReadonlyArray<ShareAttachment>>;
  /** The share group it belongs to. */
  readonly shareGroupId?: Maybe<Scalars['ID']['output']>;
  /** The share network it is served on; null when the cloud's operator chose the network. */
  readonly shareNetworkId?: Maybe<Scalars['ID']['output']>;
  /** The share type. */
  readonly shareType: ShareType;
  /** Its size in GiB. */
  readonly sizeGib: Scalars['Int']['output'];
  /** The snapshot it was made from. */
  readonly snapshotId?: Maybe<Scalars['ID']['output']>;
  /** Whether snapshots of it can be taken. */
  readonly snapshotSupport?: Maybe<Scalars['Boolean']['output']>;
  /** What it is doing now. */
  readonly status: ShareStatus;
  /** Manila's own word for the status, also when this schema does not know it. */
  readonly statusRaw: Scalars['String']['output'];
  /** A migration or another long task under way. */
  readonly taskState?: Maybe<Scalars['String']['output']>;
  /** The id of the user who created it. */
  readonly userId?: Maybe<Scalars['ID']['output']>;
};

/** A share attached to a server: the server's access to it, from the wish to the end. */
export type ShareAttachment = {
  /** What the server may do on the share. */
  readonly accessLevel: AccessLevel;
  /** The access rules in Manila that make this attachment. */
  readonly accessRules: ReadonlyArray<AccessRule>;
  /** When it was asked for. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** Why it is in an error status, why the last detach came to nothing, or why the rules could not follow the addresses; null otherwise. */
  readonly fault?: Maybe<AttachmentFault>;
  /** The attachment's id: the server's and the share's id. */
  readonly id: Scalars['ID']['output'];
  /**
   * Whether the server's addresses changed since access was granted, where the gateway found them itself. The access rules follow with
   * the token of the same user's next query, or of `attachShare` again: the new addresses are granted, and `ATTACHED` is sent
   * again when the old ones are revoked.
   */
  readonly isStale: Scalars['Boolean']['output'];
  /**
   * What to run in the guest as root, ready to paste: one command for each export location, preferred ones first.
   * Null when Manila cannot be asked; empty while the share has no export location.
   */
  readonly mountCommands?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** Where the user wants it in the guest's file system. The gateway tells it, the guest mounts it. */
  readonly mountPoint?: Maybe<Scalars['String']['output']>;
  /** The server. Null with an error on this path when Nova cannot be asked; null alone when it is deleted. */
  readonly server?: Maybe<Server>;
  /** The server's UUID. */
  readonly serverId: Scalars['ID']['output'];
  /** The share. Null with an error on this path when Manila cannot be asked; null alone when it is deleted. */
  readonly share?: Maybe<Share>;
  /** The share's UUID. */
  readonly shareId: Scalars['ID']['output'];
  /** How far it is. */
  readonly status: ShareAttachmentStatus;
  /** When it last changed. */
  readonly updatedAt: Scalars['DateTime']['output'];
};

/** A page of attachments. */
export type ShareAttachmentConnection = {
  /** The attachments with their cursors. */
  readonly edges: ReadonlyArray<ShareAttachmentEdge>;
  /**
   * Where the event log stood when this list was read: give it as `after` of `shareAttachmentEvents`
   * to hear of every change since, without a gap between the list and the first event.
   */
  readonly eventCursor: Scalars['String']['output'];
  /** The attachments alone. */
  readonly nodes: ReadonlyArray<ShareAttachment>;
  /** Where this page stands. */
  readonly pageInfo: PageInfo;
  /** How many there are in all; null when a filter makes counting as dear as listing. */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** An attachment in a page. */
export type ShareAttachmentEdge = {
  /** Where this attachment stands in the list. */
  readonly cursor: Scalars['String']['output'];
  /** The attachment. */
  readonly node: ShareAttachment;
};

/** One change of an attachment. */
export type ShareAttachmentEvent = {
  /** When it happened. */
  readonly at: Scalars['DateTime']['output'];
  /** The attachment as this change left it. Fields of its server and share are read when the event is delivered. */
  readonly attachment: ShareAttachment;
  /** Where this event stands in the project's log: give it as `after` to go on from here. */
  readonly cursor: Scalars['String']['output'];
  /** Why the gateway did it of its own accord, for example `SERVER_DELETED`; null when a user asked for it. */
  readonly reason?: Maybe<Scalars['String']['output']>;
  /** The request id of the request that caused it. */
  readonly requestId?: Maybe<Scalars['String']['output']>;
  /** What happened. */
  readonly type: ShareAttachmentEventType;
};

/** What happened to an attachment: start, end and error of attach and detach, as Nova notifies of volumes. */
export const ShareAttachmentEventType = {
  /** Every access rule is active; sent again when the rules have followed the server's addresses. */
  ATTACHED: 'ATTACHED',
  /** Access could not be given, or was lost. */
  ATTACH_FAILED: 'ATTACH_FAILED',
  /** Somebody asked for it. */
  ATTACH_STARTED: 'ATTACH_STARTED',
  /** No access rule is left. */
  DETACHED: 'DETACHED',
  /** Access could not be taken away. */
  DETACH_FAILED: 'DETACH_FAILED',
  /** Access is being taken away. */
  DETACH_STARTED: 'DETACH_STARTED'
} as const;

export type ShareAttachmentEventType = typeof ShareAttachmentEventType[keyof typeof ShareAttachmentEventType];
/** Which attachments to list. All that is given must match. */
export type ShareAttachmentFilter = {
  /** Attachments of this server. */
  readonly serverId?: InputMaybe<Scalars['ID']['input']>;
  /** Attachments of this share. */
  readonly shareId?: InputMaybe<Scalars['ID']['input']>;
  /** Attachments in one of these statuses; an empty list is no filter. */
  readonly status?: InputMaybe<ReadonlyArray<ShareAttachmentStatus>>;
};

/** How far an attachment is. */
export const ShareAttachmentStatus = {
  /** Every access rule is active: the guest can mount. */
  ATTACHED: 'ATTACHED',
  /** The access rules are being applied; the guest cannot mount yet. */
  ATTACHING: 'ATTACHING',
  /** No access rule is left: the guest cannot mount. Seen in a payload or an event only. */
  DETACHED: 'DETACHED',
  /** The access rules are being taken away; the guest may still have access. */
  DETACHING: 'DETACHING',
  /** Access could not be given, or was lost; see `fault`. Attach again to retry, or detach. */
  ERROR_ATTACHING: 'ERROR_ATTACHING',
  /** Access could not be taken away: the guest may still have it; see `fault`. Detach again to retry. */
  ERROR_DETACHING: 'ERROR_DETACHING'
} as const;

export type ShareAttachmentStatus = typeof ShareAttachmentStatus[keyof typeof ShareAttachmentStatus];
/** A page of shares. */
export type ShareConnection = {
  /** The shares with their cursors. */
  readonly edges: ReadonlyArray<ShareEdge>;
  /** The shares alone. */
  readonly nodes: ReadonlyArray<Share>;
  /** Where this page stands. */
  readonly pageInfo: PageInfo;
  /** How many there are in all; null when Manila cannot say for this filter (a protocol, or more than one status). */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** A share in a page. */
export type ShareEdge = {
  /** Where this share stands in the list. */
  readonly cursor: Scalars['String']['output'];
  /** The share. */
  readonly node: Share;
};

/** Which shares to list. All that is given must match. */
export type ShareFilter = {
  /** Shares that carry all of these key-value pairs. */
  readonly metadata?: InputMaybe<Scalars['StringMap']['input']>;
  /** Names that contain this text. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** Shares of one of these protocols; an empty list is no filter. */
  readonly protocol?: InputMaybe<ReadonlyArray<ShareProtocol>>;
  /** Shares in one of these statuses; an empty list is no filter. */
  readonly status?: InputMaybe<ReadonlyArray<ShareStatus>>;
};

/** The protocol that a share is mounted by. */
export const ShareProtocol = {
  /** CephFS; access is by cephx id. */
  CEPHFS: 'CEPHFS',
  /** SMB/CIFS; access is by user. */
  CIFS: 'CIFS',
  /** GlusterFS; access is by certificate. Cannot be attached by this gateway. */
  GLUSTERFS: 'GLUSTERFS',
  /** Hadoop's file system; access is by user. Cannot be attached by this gateway. */
  HDFS: 'HDFS',
  /** Lustre. Cannot be attached by this gateway. */
  LUSTRE: 'LUSTRE',
  /** MapR's file system; access is by user. Cannot be attached by this gateway. */
  MAPRFS: 'MAPRFS',
  /** Network File System; access is by IP address. */
  NFS: 'NFS',
  /** Manila says a word this schema does not know: see `protocolRaw`. */
  UNKNOWN: 'UNKNOWN'
} as const;

export type ShareProtocol = typeof ShareProtocol[keyof typeof ShareProtocol];
/** What a share is doing: Manila's statuses. */
export const ShareStatus = {
  /** It can be used. */
  AVAILABLE: 'AVAILABLE',
  /** It waits for a copy to end. */
  AWAITING_TRANSFER: 'AWAITING_TRANSFER',
  /** A backup is being made. */
  BACKUP_CREATING: 'BACKUP_CREATING',
  /** A backup is being restored to it. */
  BACKUP_RESTORING: 'BACKUP_RESTORING',
  /** A backup could not be restored to it. */
  BACKUP_RESTORING_ERROR: 'BACKUP_RESTORING_ERROR',
  /** It is being created. */
  CREATING: 'CREATING',
  /** It is being created from a snapshot. */
  CREATING_FROM_SNAPSHOT: 'CREATING_FROM_SNAPSHOT',
  /** It was deleted a moment ago. */
  DELETED: 'DELETED',
  /** It is being deleted. */
  DELETING: 'DELETING',
  /** Its back end checks it after a restart. */
  ENSURING: 'ENSURING',
  /** Something failed. */
  ERROR: 'ERROR',
  /** It could not be deleted. */
  ERROR_DELETING: 'ERROR_DELETING',
  /** It is being made larger. */
  EXTENDING: 'EXTENDING',
  /** It could not be made larger. */
  EXTENDING_ERROR: 'EXTENDING_ERROR',
  /** It cannot be used. */
  INACTIVE: 'INACTIVE',
  /** It could not be put under Manila's care. */
  MANAGE_ERROR: 'MANAGE_ERROR',
  /** It is being put under Manila's care. */
  MANAGING: 'MANAGING',
  /** It moves to another back end. */
  MIGRATING: 'MIGRATING',
  /** A copy of it is being written while it moves. */
  MIGRATING_TO: 'MIGRATING_TO',
  /** Its replicas are being changed. */
  REPLICATION_CHANGE: 'REPLICATION_CHANGE',
  /** It is being restored. */
  RESTORING: 'RESTORING',
  /** It is being set back to a snapshot. */
  REVERTING: 'REVERTING',
  /** It could not be set back to a snapshot. */
  REVERTING_ERROR: 'REVERTING_ERROR',
  /** Its share server moves. */
  SERVER_MIGRATING: 'SERVER_MIGRATING',
  /** A copy of it is being written while its share server moves. */
  SERVER_MIGRATING_TO: 'SERVER_MIGRATING_TO',
  /** It is being made smaller. */
  SHRINKING: 'SHRINKING',
  /** It could not be made smaller. */
  SHRINKING_ERROR: 'SHRINKING_ERROR',
  /** It could not be made smaller, as its data would not fit. */
  SHRINKING_POSSIBLE_DATA_LOSS_ERROR: 'SHRINKING_POSSIBLE_DATA_LOSS_ERROR',
  /** Manila says a word this schema does not know: see `statusRaw`. */
  UNKNOWN: 'UNKNOWN',
  /** It was let go from Manila's care. */
  UNMANAGED: 'UNMANAGED',
  /** It could not be let go from Manila's care. */
  UNMANAGE_ERROR: 'UNMANAGE_ERROR',
  /** It is being let go from Manila's care. */
  UNMANAGING: 'UNMANAGING'
} as const;

export type ShareStatus = typeof ShareStatus[keyof typeof ShareStatus];
/** A Manila share type: what the back end offers. */
export type ShareType = {
  /** The share type's id; null when Manila does not say. */
  readonly id?: Maybe<Scalars['ID']['output']>;
  /** The share type's name. */
  readonly name?: Maybe<Scalars['String']['output']>;
};

/** What can be listened to. */
export type Subscription = {
  /** Every change of the attachments of the caller's project, in order, each once. */
  readonly shareAttachmentEvents: ShareAttachmentEvent;
};


/** What can be listened to. */
export type SubscriptionShareAttachmentEventsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  serverId?: InputMaybe<Scalars['ID']['input']>;
  shareId?: InputMaybe<Scalars['ID']['input']>;
};

/** A Keystone user. */
export type User = {
  /** The name of the domain that the user belongs to. */
  readonly domainName: Scalars['String']['output'];
  /** The user's id in Keystone. */
  readonly id: Scalars['ID']['output'];
  /** The user's name. */
  readonly name: Scalars['String']['output'];
};

/** What Keystone says of the caller's token. */
export type Viewer = {
  /** When the token stops working. */
  readonly expiresAt: Scalars['DateTime']['output'];
  /** The project that the token is scoped to. */
  readonly project: Project;
  /** The names of the roles that the user has in the project. */
  readonly roles: ReadonlyArray<Scalars['String']['output']>;
  /** The user. */
  readonly user: User;
};



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;





/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  AccessLevel: AccessLevel;
  AccessRule: ResolverTypeWrapper<AccessRuleView>;
  AccessRuleState: AccessRuleState;
  AccessRulesStatus: AccessRulesStatus;
  AccessType: AccessType;
  AddressType: AddressType;
  AttachShareInput: AttachShareInput;
  AttachSharePayload: ResolverTypeWrapper<Omit<AttachSharePayload, 'attachment'> & { attachment: ResolversTypes['ShareAttachment'] }>;
  AttachmentFault: ResolverTypeWrapper<AttachmentFault>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  DetachShareInput: DetachShareInput;
  DetachSharePayload: ResolverTypeWrapper<Omit<DetachSharePayload, 'attachment'> & { attachment: ResolversTypes['ShareAttachment'] }>;
  ExportLocation: ResolverTypeWrapper<ManilaExportLocation>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Project: ResolverTypeWrapper<Project>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Server: ResolverTypeWrapper<NovaServer>;
  ServerAddress: ResolverTypeWrapper<ServerAddress>;
  ServerConnection: ResolverTypeWrapper<Omit<ServerConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['ServerEdge']>, nodes: ReadonlyArray<ResolversTypes['Server']> }>;
  ServerEdge: ResolverTypeWrapper<Omit<ServerEdge, 'node'> & { node: ResolversTypes['Server'] }>;
  ServerFault: ResolverTypeWrapper<NovaFault>;
  ServerFilter: ServerFilter;
  ServerFlavor: ResolverTypeWrapper<NovaFlavor>;
  ServerPowerState: ServerPowerState;
  ServerStatus: ServerStatus;
  Share: ResolverTypeWrapper<ManilaShare>;
  ShareAttachment: ResolverTypeWrapper<AttachmentView>;
  ShareAttachmentConnection: ResolverTypeWrapper<Omit<ShareAttachmentConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['ShareAttachmentEdge']>, nodes: ReadonlyArray<ResolversTypes['ShareAttachment']> }>;
  ShareAttachmentEdge: ResolverTypeWrapper<Omit<ShareAttachmentEdge, 'node'> & { node: ResolversTypes['ShareAttachment'] }>;
  ShareAttachmentEvent: ResolverTypeWrapper<AttachmentEvent>;
  ShareAttachmentEventType: ShareAttachmentEventType;
  ShareAttachmentFilter: ShareAttachmentFilter;
  ShareAttachmentStatus: ShareAttachmentStatus;
  ShareConnection: ResolverTypeWrapper<Omit<ShareConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['ShareEdge']>, nodes: ReadonlyArray<ResolversTypes['Share']> }>;
  ShareEdge: ResolverTypeWrapper<Omit<ShareEdge, 'node'> & { node: ResolversTypes['Share'] }>;
  ShareFilter: ShareFilter;
  ShareProtocol: ShareProtocol;
  ShareStatus: ShareStatus;
  ShareType: ResolverTypeWrapper<ShareType>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  StringMap: ResolverTypeWrapper<Scalars['StringMap']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  User: ResolverTypeWrapper<User>;
  Viewer: ResolverTypeWrapper<Identity>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  AccessRule: AccessRuleView;
  AttachShareInput: AttachShareInput;
  AttachSharePayload: Omit<AttachSharePayload, 'attachment'> & { attachment: ResolversParentTypes['ShareAttachment'] };
  AttachmentFault: AttachmentFault;
  Boolean: Scalars['Boolean']['output'];
  DateTime: Scalars['DateTime']['output'];
  DetachShareInput: DetachShareInput;
  DetachSharePayload: Omit<DetachSharePayload, 'attachment'> & { attachment: ResolversParentTypes['ShareAttachment'] };
  ExportLocation: ManilaExportLocation;
  ID: Scalars['ID']['output'];
  Int: Scalars['Int']['output'];
  Mutation: Record<PropertyKey, never>;
  PageInfo: PageInfo;
  Project: Project;
  Query: Record<PropertyKey, never>;
  Server: NovaServer;
  ServerAddress: ServerAddress;
  ServerConnection: Omit<ServerConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['ServerEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Server']> };
  ServerEdge: Omit<ServerEdge, 'node'> & { node: ResolversParentTypes['Server'] };
  ServerFault: NovaFault;
  ServerFilter: ServerFilter;
  ServerFlavor: NovaFlavor;
  Share: ManilaShare;
  ShareAttachment: AttachmentView;
  ShareAttachmentConnection: Omit<ShareAttachmentConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['ShareAttachmentEdge']>, nodes: ReadonlyArray<ResolversParentTypes['ShareAttachment']> };
  ShareAttachmentEdge: Omit<ShareAttachmentEdge, 'node'> & { node: ResolversParentTypes['ShareAttachment'] };
  ShareAttachmentEvent: AttachmentEvent;
  ShareAttachmentFilter: ShareAttachmentFilter;
  ShareConnection: Omit<ShareConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['ShareEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Share']> };
  ShareEdge: Omit<ShareEdge, 'node'> & { node: ResolversParentTypes['Share'] };
  ShareFilter: ShareFilter;
  ShareType: ShareType;
  String: Scalars['String']['output'];
  StringMap: Scalars['StringMap']['output'];
  Subscription: Record<PropertyKey, never>;
  User: User;
  Viewer: Identity;
};

export type AccessRuleResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['AccessRule'] = ResolversParentTypes['AccessRule']> = {
  accessKey: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  accessLevel: Resolver<ResolversTypes['AccessLevel'], ParentType, ContextType>;
  accessTo: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  accessType: Resolver<ResolversTypes['AccessType'], ParentType, ContextType>;
  createdAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  metadata: Resolver<Maybe<ResolversTypes['StringMap']>, ParentType, ContextType>;
  state: Resolver<ResolversTypes['AccessRuleState'], ParentType, ContextType>;
  stateRaw: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  updatedAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
};

export type AttachSharePayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['AttachSharePayload'] = ResolversParentTypes['AttachSharePayload']> = {
  attachment: Resolver<ResolversTypes['ShareAttachment'], ParentType, ContextType>;
};

export type AttachmentFaultResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['AttachmentFault'] = ResolversParentTypes['AttachmentFault']> = {
  at: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  code: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  message: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  openstackRequestId: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DetachSharePayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['DetachSharePayload'] = ResolversParentTypes['DetachSharePayload']> = {
  attachment: Resolver<ResolversTypes['ShareAttachment'], ParentType, ContextType>;
};

export type ExportLocationResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ExportLocation'] = ResolversParentTypes['ExportLocation']> = {
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  metadata: Resolver<ResolversTypes['StringMap'], ParentType, ContextType>;
  path: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  preferred: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  attachShare?: Resolver<ResolversTypes['AttachSharePayload'], ParentType, ContextType, RequireFields<MutationAttachShareArgs, 'input'>>;
  detachShare?: Resolver<ResolversTypes['DetachSharePayload'], ParentType, ContextType, RequireFields<MutationDetachShareArgs, 'input'>>;
};

export type PageInfoResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ProjectResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Project'] = ResolversParentTypes['Project']> = {
  domainName: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  server?: Resolver<Maybe<ResolversTypes['Server']>, ParentType, ContextType, RequireFields<QueryServerArgs, 'id'>>;
  servers?: Resolver<ResolversTypes['ServerConnection'], ParentType, ContextType, RequireFields<QueryServersArgs, 'first'>>;
  share?: Resolver<Maybe<ResolversTypes['Share']>, ParentType, ContextType, RequireFields<QueryShareArgs, 'id'>>;
  shareAttachment?: Resolver<Maybe<ResolversTypes['ShareAttachment']>, ParentType, ContextType, RequireFields<QueryShareAttachmentArgs, 'serverId' | 'shareId'>>;
  shareAttachments?: Resolver<ResolversTypes['ShareAttachmentConnection'], ParentType, ContextType, RequireFields<QueryShareAttachmentsArgs, 'first'>>;
  shares?: Resolver<ResolversTypes['ShareConnection'], ParentType, ContextType, RequireFields<QuerySharesArgs, 'first'>>;
  viewer?: Resolver<ResolversTypes['Viewer'], ParentType, ContextType>;
};

export type ServerResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Server'] = ResolversParentTypes['Server']> = {
  accessIPv4: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  accessIPv6: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  addresses: Resolver<ReadonlyArray<ResolversTypes['ServerAddress']>, ParentType, ContextType>;
  availabilityZone: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  created: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  description: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  fault: Resolver<Maybe<ResolversTypes['ServerFault']>, ParentType, ContextType>;
  flavor: Resolver<Maybe<ResolversTypes['ServerFlavor']>, ParentType, ContextType>;
  hostId: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hostname: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  imageId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  keyName: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  launchedAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  locked: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  lockedReason: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  metadata: Resolver<ResolversTypes['StringMap'], ParentType, ContextType>;
  name: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  pinnedAvailabilityZone: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  powerState: Resolver<Maybe<ResolversTypes['ServerPowerState']>, ParentType, ContextType>;
  progress: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  projectId: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  securityGroups: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  sharesAttached: Resolver<Maybe<ReadonlyArray<ResolversTypes['ShareAttachment']>>, ParentType, ContextType>;
  status: Resolver<ResolversTypes['ServerStatus'], ParentType, ContextType>;
  statusRaw: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  tags: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  taskState: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  terminatedAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  updated: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  userId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  vmState: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  volumeIds: Resolver<ReadonlyArray<ResolversTypes['ID']>, ParentType, ContextType>;
};

export type ServerAddressResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerAddress'] = ResolversParentTypes['ServerAddress']> = {
  address: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  macAddress: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  network: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  type: Resolver<ResolversTypes['AddressType'], ParentType, ContextType>;
  version: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type ServerConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerConnection'] = ResolversParentTypes['ServerConnection']> = {
  edges: Resolver<ReadonlyArray<ResolversTypes['ServerEdge']>, ParentType, ContextType>;
  nodes: Resolver<ReadonlyArray<ResolversTypes['Server']>, ParentType, ContextType>;
  pageInfo: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type ServerEdgeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerEdge'] = ResolversParentTypes['ServerEdge']> = {
  cursor: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node: Resolver<ResolversTypes['Server'], ParentType, ContextType>;
};

export type ServerFaultResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerFault'] = ResolversParentTypes['ServerFault']> = {
  code: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  created: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  details: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  message: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ServerFlavorResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerFlavor'] = ResolversParentTypes['ServerFlavor']> = {
  diskGib: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  ephemeralGib: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  extraSpecs: Resolver<Maybe<ResolversTypes['StringMap']>, ParentType, ContextType>;
  name: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  ramMib: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  swapMib: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  vcpus: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type ShareResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Share'] = ResolversParentTypes['Share']> = {
  accessRules: Resolver<Maybe<ReadonlyArray<ResolversTypes['AccessRule']>>, ParentType, ContextType>;
  accessRulesStatus: Resolver<Maybe<ResolversTypes['AccessRulesStatus']>, ParentType, ContextType>;
  availabilityZone: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  createShareFromSnapshotSupport: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  createdAt: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  description: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  exportLocations: Resolver<Maybe<ReadonlyArray<ResolversTypes['ExportLocation']>>, ParentType, ContextType>;
  hasReplicas: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  isPublic: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  isSoftDeleted: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  metadata: Resolver<ResolversTypes['StringMap'], ParentType, ContextType>;
  mountSnapshotSupport: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  name: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  progress: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  projectId: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  protocol: Resolver<ResolversTypes['ShareProtocol'], ParentType, ContextType>;
  protocolRaw: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  replicationType: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  revertToSnapshotSupport: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  scheduledToBeDeletedAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  serversAttached: Resolver<Maybe<ReadonlyArray<ResolversTypes['ShareAttachment']>>, ParentType, ContextType>;
  shareGroupId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  shareNetworkId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  shareType: Resolver<ResolversTypes['ShareType'], ParentType, ContextType>;
  sizeGib: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  snapshotId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  snapshotSupport: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  status: Resolver<ResolversTypes['ShareStatus'], ParentType, ContextType>;
  statusRaw: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  taskState: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  userId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
};

export type ShareAttachmentResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareAttachment'] = ResolversParentTypes['ShareAttachment']> = {
  accessLevel: Resolver<ResolversTypes['AccessLevel'], ParentType, ContextType>;
  accessRules: Resolver<ReadonlyArray<ResolversTypes['AccessRule']>, ParentType, ContextType>;
  createdAt: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  fault: Resolver<Maybe<ResolversTypes['AttachmentFault']>, ParentType, ContextType>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  isStale: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  mountCommands: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  mountPoint: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  server: Resolver<Maybe<ResolversTypes['Server']>, ParentType, ContextType>;
  serverId: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  share: Resolver<Maybe<ResolversTypes['Share']>, ParentType, ContextType>;
  shareId: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  status: Resolver<ResolversTypes['ShareAttachmentStatus'], ParentType, ContextType>;
  updatedAt: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type ShareAttachmentConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareAttachmentConnection'] = ResolversParentTypes['ShareAttachmentConnection']> = {
  edges: Resolver<ReadonlyArray<ResolversTypes['ShareAttachmentEdge']>, ParentType, ContextType>;
  eventCursor: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  nodes: Resolver<ReadonlyArray<ResolversTypes['ShareAttachment']>, ParentType, ContextType>;
  pageInfo: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type ShareAttachmentEdgeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareAttachmentEdge'] = ResolversParentTypes['ShareAttachmentEdge']> = {
  cursor: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node: Resolver<ResolversTypes['ShareAttachment'], ParentType, ContextType>;
};

export type ShareAttachmentEventResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareAttachmentEvent'] = ResolversParentTypes['ShareAttachmentEvent']> = {
  at: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  attachment: Resolver<ResolversTypes['ShareAttachment'], ParentType, ContextType>;
  cursor: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  reason: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  requestId: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  type: Resolver<ResolversTypes['ShareAttachmentEventType'], ParentType, ContextType>;
};

export type ShareConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareConnection'] = ResolversParentTypes['ShareConnection']> = {
  edges: Resolver<ReadonlyArray<ResolversTypes['ShareEdge']>, ParentType, ContextType>;
  nodes: Resolver<ReadonlyArray<ResolversTypes['Share']>, ParentType, ContextType>;
  pageInfo: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type ShareEdgeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareEdge'] = ResolversParentTypes['ShareEdge']> = {
  cursor: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node: Resolver<ResolversTypes['Share'], ParentType, ContextType>;
};

export type ShareTypeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareType'] = ResolversParentTypes['ShareType']> = {
  id: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  name: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export interface StringMapScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['StringMap'], any> {
  name: 'StringMap';
}

export type SubscriptionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  shareAttachmentEvents?: SubscriptionResolver<ResolversTypes['ShareAttachmentEvent'], "shareAttachmentEvents", ParentType, ContextType, Partial<SubscriptionShareAttachmentEventsArgs>>;
};

export type UserResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['User'] = ResolversParentTypes['User']> = {
  domainName: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ViewerResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Viewer'] = ResolversParentTypes['Viewer']> = {
  expiresAt: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  project: Resolver<ResolversTypes['Project'], ParentType, ContextType>;
  roles: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  user: Resolver<ResolversTypes['User'], ParentType, ContextType>;
};

export type Resolvers<ContextType = GatewayContext> = {
  AccessRule: AccessRuleResolvers<ContextType>;
  AttachSharePayload: AttachSharePayloadResolvers<ContextType>;
  AttachmentFault: AttachmentFaultResolvers<ContextType>;
  DateTime: GraphQLScalarType;
  DetachSharePayload: DetachSharePayloadResolvers<ContextType>;
  ExportLocation: ExportLocationResolvers<ContextType>;
  Mutation: MutationResolvers<ContextType>;
  PageInfo: PageInfoResolvers<ContextType>;
  Project: ProjectResolvers<ContextType>;
  Query: QueryResolvers<ContextType>;
  Server: ServerResolvers<ContextType>;
  ServerAddress: ServerAddressResolvers<ContextType>;
  ServerConnection: ServerConnectionResolvers<ContextType>;
  ServerEdge: ServerEdgeResolvers<ContextType>;
  ServerFault: ServerFaultResolvers<ContextType>;
  ServerFlavor: ServerFlavorResolvers<ContextType>;
  Share: ShareResolvers<ContextType>;
  ShareAttachment: ShareAttachmentResolvers<ContextType>;
  ShareAttachmentConnection: ShareAttachmentConnectionResolvers<ContextType>;
  ShareAttachmentEdge: ShareAttachmentEdgeResolvers<ContextType>;
  ShareAttachmentEvent: ShareAttachmentEventResolvers<ContextType>;
  ShareConnection: ShareConnectionResolvers<ContextType>;
  ShareEdge: ShareEdgeResolvers<ContextType>;
  ShareType: ShareTypeResolvers<ContextType>;
  StringMap: GraphQLScalarType;
  Subscription: SubscriptionResolvers<ContextType>;
  User: UserResolvers<ContextType>;
  Viewer: ViewerResolvers<ContextType>;
};

