// Made by `npm run codegen` from schema/ and codegen.yml. Never edited.
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { FoundNode } from './nodes.ts';
import type { NovaServer, EmbeddedFlavor as NovaFlavor, InstanceAction, ServerFault as NovaFault } from '../openstack/nova/types.ts';
import type { Share as ManilaShare, ExportLocation as ManilaExportLocation, ShareNetwork as ManilaShareNetwork, Message as ManilaMessage, Snapshot as ManilaSnapshot } from '../openstack/manila/types.ts';
import type { ShareOperationView, ShareFault as ShareFaultRecord, ShareEvent as LoggedShareEvent } from '../attachments/shares/operation.ts';
import type { ShareCommandResult } from '../attachments/shares/commands.ts';
import type { ShareTypeView } from './resolvers/share-type.ts';
import type { SubnetView, NoParent } from './resolvers/share-options.ts';
import type { AccessRuleView } from './resolvers/access-rule.ts';
import type { AttachmentView, Fault, VirtiofsState, AttachmentEvent } from '../attachments/attachment.ts';
import type { GivenOutcome } from './resolvers/bulk.ts';
import type { AttachOption } from '../attachments/check.ts';
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
  /** A timestamp, RFC 3339 with a zone, for example `2026-11-22T14:40:25.845Z`. OpenStack's timestamps without a zone are UTC. */
  DateTime: { input: string; output: Date | string; }
  /** A JSON object with string values, the form of metadata in OpenStack. */
  StringMap: { input: Readonly<Record<string, string>>; output: Readonly<Record<string, string>>; }
};

/** The access that an access rule or an attachment grants. */
export const AccessLevel = {
  /** Read access. */
  READ_ONLY: 'READ_ONLY',
  /** Read and write access. */
  READ_WRITE: 'READ_WRITE'
} as const;

export type AccessLevel = typeof AccessLevel[keyof typeof AccessLevel];
/** An access rule of a share: it grants a client access. */
export type AccessRule = {
  /**
   * The secret key that a CephFS client mounts the share with, for callers that Manila shows it to.
   * Null until the rule is active, and for other protocols; `******` when Manila hides it.
   */
  readonly accessKey?: Maybe<Scalars['String']['output']>;
  /** The access that the rule grants. */
  readonly accessLevel?: Maybe<AccessLevel>;
  /** The client that has access: an address, a user, a common name or a cephx id. `******` when Manila hides it from the caller. */
  readonly accessTo?: Maybe<Scalars['String']['output']>;
  /** The kind of client that `accessTo` names. */
  readonly accessType: AccessType;
  /** When the rule was created. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** The rule's UUID. */
  readonly id: Scalars['ID']['output'];
  /**
   * The metadata of the rule. On its own rules this gateway writes `managed_by`, `attachment_id`, `server_id`, `mount_point`,
   * `access_to_given`, `user_id` (the user who attached) and `deployment`.
   * Null with an error on this path when the call to Manila fails.
   */
  readonly metadata?: Maybe<Scalars['StringMap']['output']>;
  /** The state of the rule. */
  readonly state: AccessRuleState;
  /** The state as Manila sent it, for values that this schema does not have too. */
  readonly stateRaw?: Maybe<Scalars['String']['output']>;
  /** When the rule last changed. */
  readonly updatedAt?: Maybe<Scalars['DateTime']['output']>;
};

/** The state of an access rule: Manila's values. */
export const AccessRuleState = {
  /** The rule is in effect. */
  ACTIVE: 'ACTIVE',
  /** The back end is applying the rule. */
  APPLYING: 'APPLYING',
  /** The back end is denying the rule. */
  DENYING: 'DENYING',
  /** The back end failed to apply or deny the rule. */
  ERROR: 'ERROR',
  /** The rule is queued to be applied. */
  QUEUED_TO_APPLY: 'QUEUED_TO_APPLY',
  /** The rule is queued to be denied. */
  QUEUED_TO_DENY: 'QUEUED_TO_DENY',
  /** A change of the access level is queued. */
  QUEUED_TO_UPDATE: 'QUEUED_TO_UPDATE',
  /** Manila sent no state, or one that this schema does not have: see `stateRaw`. */
  UNKNOWN: 'UNKNOWN',
  /** The back end is changing the access level. */
  UPDATING: 'UPDATING'
} as const;

export type AccessRuleState = typeof AccessRuleState[keyof typeof AccessRuleState];
/** The combined state of the access rules of a share. */
export const AccessRulesStatus = {
  /** All rules are applied. */
  ACTIVE: 'ACTIVE',
  /** At least one rule is in error. */
  ERROR: 'ERROR',
  /** At least one rule is being applied or denied. */
  SYNCING: 'SYNCING',
  /** Manila sent a state that this schema does not have. */
  UNKNOWN: 'UNKNOWN'
} as const;

export type AccessRulesStatus = typeof AccessRulesStatus[keyof typeof AccessRulesStatus];
/** The kinds of client that an access rule names. */
export const AccessType = {
  /** A cephx id (CephFS). */
  CEPHX: 'CEPHX',
  /** A certificate's common name (GlusterFS). */
  CERT: 'CERT',
  /** An IP address or network (NFS). */
  IP: 'IP',
  /** Manila sent a type that this schema does not have. */
  UNKNOWN: 'UNKNOWN',
  /** A user or group (CIFS). */
  USER: 'USER'
} as const;

export type AccessType = typeof AccessType[keyof typeof AccessType];
/** The kinds of address. */
export const AddressType = {
  /** An address of a port of the server. */
  FIXED: 'FIXED',
  /** A floating IP address that is forwarded to a port of the server. */
  FLOATING: 'FLOATING'
} as const;

export type AddressType = typeof AddressType[keyof typeof AddressType];
/** Something that stands against attaching a share. */
export type AttachProblem = {
  /** Whether `attachShare` rejects it. */
  readonly certainty: Certainty;
  /** What kind of problem it is. */
  readonly code: AttachProblemCode;
  /** The argument to change; null when no argument helps. */
  readonly field?: Maybe<Scalars['String']['output']>;
  /** The problem in words, with what was expected and what is there. */
  readonly message: Scalars['String']['output'];
};

/** The kinds of problems that `attachShareCheck` reports. */
export const AttachProblemCode = {
  /** An argument is not for this way to attach. */
  ARGUMENT: 'ARGUMENT',
  /** The pair is attached the other way, or with other arguments. */
  ATTACHED_OTHERWISE: 'ATTACHED_OTHERWISE',
  /** The cloud is too old, or lacks the feature. */
  CLOUD: 'CLOUD',
  /** Nova takes no share attachment with a token of an application credential, a trust or OAuth. */
  DELEGATED_TOKEN: 'DELEGATED_TOKEN',
  /** The flavor may not give the server the shared memory that virtiofs needs. */
  FLAVOR_MEMORY: 'FLAVOR_MEMORY',
  /** The mount could not be written to the server's metadata (`tellGuest`). Only a warning. */
  GUEST_NOT_INFORMED: 'GUEST_NOT_INFORMED',
  /** An IPv6 client of a share that is exported from IPv4 addresses only. */
  IPV6_RULE: 'IPV6_RULE',
  /** An access rule for the same client has another access level. */
  LEVEL_CONFLICT: 'LEVEL_CONFLICT',
  /** Another attachment of the server has the mount point. */
  MOUNT_POINT_TAKEN: 'MOUNT_POINT_TAKEN',
  /** The server has no port on the network on which the share is exported. */
  NOT_ON_SHARE_NETWORK: 'NOT_ON_SHARE_NETWORK',
  /** There are no clients to grant access to, or too many: give `accessTo`. */
  NO_ADDRESS: 'NO_ADDRESS',
  /** The share is not exported anywhere. */
  NO_EXPORT_LOCATION: 'NO_EXPORT_LOCATION',
  /** The share's protocol cannot be attached this way. */
  PROTOCOL: 'PROTOCOL',
  /** `VIRTIOFS` has no read-only attachments. */
  READ_ONLY: 'READ_ONLY',
  /** The token's roles may not allow it. */
  ROLE: 'ROLE',
  /** The access rule of an earlier attachment is still being denied: the attach waits for it. */
  RULE_LEAVING: 'RULE_LEAVING',
  /** Nova is working on the server (`VIRTIOFS`): an attach now could leave it in error. */
  SERVER_BUSY: 'SERVER_BUSY',
  /** The server must be stopped (`VIRTIOFS`). */
  SERVER_NOT_STOPPED: 'SERVER_NOT_STOPPED',
  /** The server is being built, deleted, in error, or in an unknown state. */
  SERVER_STATE: 'SERVER_STATE',
  /** The share is in Manila's recycle bin. */
  SHARE_IN_RECYCLE_BIN: 'SHARE_IN_RECYCLE_BIN',
  /** The share is not `AVAILABLE`. */
  SHARE_STATE: 'SHARE_STATE',
  /** The tag is not 1 to 36 letters, digits and hyphens. */
  TAG: 'TAG',
  /** Another share has the tag on this server. */
  TAG_TAKEN: 'TAG_TAKEN'
} as const;

export type AttachProblemCode = typeof AttachProblemCode[keyof typeof AttachProblemCode];
/** Arguments of `attachShareCheck`: those of `attachShare`. Each way takes the arguments that are for it. */
export type AttachShareCheckInput = {
  /** The access to grant. */
  readonly accessLevel?: InputMaybe<AccessLevel>;
  /** For `ACCESS_RULE`: the clients to grant access to, as in `attachShare`. */
  readonly accessTo?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** For `ACCESS_RULE`: whether to hide whom the access rules admit, as in `attachShare`. */
  readonly isHidden?: InputMaybe<Scalars['Boolean']['input']>;
  /** For `ACCESS_RULE`: whether to lock the access rules against deletion, as in `attachShare`. */
  readonly isProtected?: InputMaybe<Scalars['Boolean']['input']>;
  /** Intended mount path in the guest, as in `attachShare`. */
  readonly mountPoint?: InputMaybe<Scalars['String']['input']>;
  /** The server's UUID. */
  readonly serverId: Scalars['ID']['input'];
  /** The share's UUID. */
  readonly shareId: Scalars['ID']['input'];
  /** For `VIRTIOFS`: the name by which the guest mounts the device, as in `attachShare`. */
  readonly tag?: InputMaybe<Scalars['String']['input']>;
};

/** Arguments of `attachShare`. */
export type AttachShareInput = {
  /** The access to grant. */
  readonly accessLevel?: InputMaybe<AccessLevel>;
  /**
   * The clients to grant access to, at most 16: addresses or networks (NFS), a user (CIFS), a cephx id (CephFS).
   * Default: for NFS the server's fixed addresses on the share's network, or all its fixed IPv4 addresses if it has none
   * there; for CephFS `srv-<server id>`. Required for CIFS, and for a server with more than 16 addresses. Not with
   * `VIRTIOFS`.
   */
  readonly accessTo?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Whether Manila hides from the project's other users whom the access rules admit (Manila 2.82). Not with `VIRTIOFS`. */
  readonly isHidden?: InputMaybe<Scalars['Boolean']['input']>;
  /**
   * Whether Manila locks the access rules against deletion, so that no user deletes the rules or the share under a mounted
   * guest (Manila 2.82). Only the user who attached, an administrator or a service can then detach. Not with `VIRTIOFS`,
   * where Nova locks its own rule.
   */
  readonly isProtected?: InputMaybe<Scalars['Boolean']['input']>;
  /** Intended mount path in the guest (informational): an absolute POSIX path of at most 255 characters without `..`, unique per server. */
  readonly mountPoint?: InputMaybe<Scalars['String']['input']>;
  /** The server's UUID. */
  readonly serverId: Scalars['ID']['input'];
  /** The share's UUID. */
  readonly shareId: Scalars['ID']['input'];
  /**
   * With `VIRTIOFS`: the name by which the guest mounts the device, 1 to 36 letters, digits and hyphens, unique per server.
   * Default: the share's id.
   */
  readonly tag?: InputMaybe<Scalars['String']['input']>;
  /**
   * Whether to write the mount into the server's metadata, as the item `share:<share id>`, from which the guest agent mounts
   * it where the operator has not configured Nova's vendor data. Removed by the detach; a failure is one of `warnings`.
   */
  readonly tellGuest?: InputMaybe<Scalars['Boolean']['input']>;
  /** How the server gets access. The guest mounts each way differently, so that the gateway does not choose. */
  readonly via?: InputMaybe<AttachVia>;
};

/** One way to attach a share to a server, and what `attachShare` would make of it now. */
export type AttachShareOption = {
  /** The clients that would be granted access by access rules; empty for `VIRTIOFS`, where Nova admits the compute host. */
  readonly accessTo: ReadonlyArray<Scalars['String']['output']>;
  /** Whether `attachShare` would accept it: no problem is `CERTAIN`. */
  readonly isOpen: Scalars['Boolean']['output'];
  /** Shell commands that would mount the share in the guest, as in `ShareAttachment.mountCommands`. */
  readonly mountCommands: ReadonlyArray<Scalars['String']['output']>;
  /** What stands against it, `CERTAIN` problems first. */
  readonly problems: ReadonlyArray<AttachProblem>;
  /** The way to attach. */
  readonly via: AttachVia;
};

/** Result of `attachShare`. */
export type AttachSharePayload = {
  /** The attachment after the request. */
  readonly attachment: ShareAttachment;
};

/** Arguments of `attachShares`. */
export type AttachSharesInput = {
  /** The pairs, 1 to 100, each with the arguments of `attachShare`. */
  readonly attachments: ReadonlyArray<AttachShareInput>;
};

/** Result of `attachShares`. */
export type AttachSharesPayload = {
  /** One outcome per pair, in the order of the input. */
  readonly outcomes: ReadonlyArray<AttachmentOutcome>;
};

/** How a server gets access to a share. */
export const AttachVia = {
  /**
   * Access rules in Manila for the server's own addresses, user or cephx id: on any hypervisor, while the server runs. The
   * guest mounts the share over the network.
   */
  ACCESS_RULE: 'ACCESS_RULE',
  /**
   * A virtiofs device that Nova gives to the server (Nova 2.97, 2025.1): NFS and CephFS shares, libvirt, attached and
   * detached while the server is stopped. The guest needs no network to the share.
   */
  VIRTIOFS: 'VIRTIOFS'
} as const;

export type AttachVia = typeof AttachVia[keyof typeof AttachVia];
/** Why an operation on an attachment failed. */
export type AttachmentFault = {
  /** When the failure happened. */
  readonly at: Scalars['DateTime']['output'];
  /** The kind of failure, for programs. */
  readonly code: AttachmentFaultCode;
  /** The code as the gateway recorded it, for values that this schema does not have too. */
  readonly codeRaw: Scalars['String']['output'];
  /** What failed, with Manila's message if there is one. */
  readonly message: Scalars['String']['output'];
  /** The OpenStack request id, to quote to the operators of the cloud. */
  readonly openstackRequestId?: Maybe<Scalars['String']['output']>;
};

/** The kinds of failure of an attachment after its request was accepted. */
export const AttachmentFaultCode = {
  /** Manila did not apply the access rules within `ATTACH_DEADLINE_MS`. */
  DEADLINE_EXCEEDED: 'DEADLINE_EXCEEDED',
  /** An access rule still exists after 5 denials: the guest may still have access. */
  DENY_FAILED: 'DENY_FAILED',
  /** The request to detach ended before Manila accepted it; the attachment is as it was. */
  DETACH_ABANDONED: 'DETACH_ABANDONED',
  /** The share has a rule for the same client with another access level. */
  LEVEL_CONFLICT: 'LEVEL_CONFLICT',
  /** Nova has no share attachment, and only a user's token may request one. */
  MAPPING_MISSING: 'MAPPING_MISSING',
  /** Nova shows the share attachment in error; `message` has the details where policy shows them. */
  NOVA_ERROR: 'NOVA_ERROR',
  /** An access rule is in error: Manila could not apply it. */
  RULE_ERROR: 'RULE_ERROR',
  /** An access rule does not exist: it was removed in Manila, or was never granted and the caller's token has expired. */
  RULE_MISSING: 'RULE_MISSING',
  /** The server was started before Nova was asked to attach or detach with virtiofs. */
  SERVER_NOT_STOPPED: 'SERVER_NOT_STOPPED',
  /** The share is deleted while Nova still has it attached: the server will not start. */
  SHARE_DELETED: 'SHARE_DELETED',
  /** A code that this schema does not have: see `codeRaw`. */
  UNKNOWN: 'UNKNOWN',
  /**
   * Nova or Manila keeps failing at a call that the attachment needs; the gateway tries again, less and less often.
   * `message` has the latest response.
   */
  UPSTREAM_FAILING: 'UPSTREAM_FAILING',
  /** Nova or Manila rejected a call that the attachment needs; `message` has its words. */
  UPSTREAM_REFUSED: 'UPSTREAM_REFUSED'
} as const;

export type AttachmentFaultCode = typeof AttachmentFaultCode[keyof typeof AttachmentFaultCode];
/** Who attached a share. */
export const AttachmentOrigin = {
  /** This gateway: it keeps a record, follows the attachment and sends its events. */
  GATEWAY: 'GATEWAY',
  /** Nova, at the request of another client. Only in `sharesAttached(inNova: true)`; it sends no events. */
  NOVA: 'NOVA'
} as const;

export type AttachmentOrigin = typeof AttachmentOrigin[keyof typeof AttachmentOrigin];
/** What became of one pair. */
export type AttachmentOutcome = {
  /** The attachment after the request; null with an error. */
  readonly attachment?: Maybe<ShareAttachment>;
  /** Why the pair was rejected, or not begun; null otherwise. */
  readonly error?: Maybe<OutcomeError>;
  /** The server's id, as given. */
  readonly serverId: Scalars['ID']['output'];
  /** The share's id, as given. */
  readonly shareId: Scalars['ID']['output'];
};

/** An availability zone. */
export type AvailabilityZone = {
  /** Whether the zone has a service that runs; null for Manila, which does not say. */
  readonly isAvailable?: Maybe<Scalars['Boolean']['output']>;
  /** The name of the zone, as `availabilityZone` of servers and shares has it. */
  readonly name: Scalars['String']['output'];
};

/** The availability zones of each service. A service that is unavailable costs its field only. */
export type AvailabilityZones = {
  /** Where Nova runs servers. */
  readonly servers?: Maybe<ReadonlyArray<AvailabilityZone>>;
  /** Where Manila creates shares. */
  readonly shares?: Maybe<ReadonlyArray<AvailabilityZone>>;
};

/** How certain it is that a problem prevents the attach. */
export const Certainty = {
  /** `attachShare` rejects it. */
  CERTAIN: 'CERTAIN',
  /** `attachShare` accepts it, and the guest may not be able to mount the share, or the cloud may refuse it later. */
  LIKELY: 'LIKELY'
} as const;

export type Certainty = typeof Certainty[keyof typeof Certainty];
/** Arguments of `createShare`. */
export type CreateShareInput = {
  /** The availability zone. Default: Manila chooses. */
  readonly availabilityZone?: InputMaybe<Scalars['String']['input']>;
  /** The description, at most 255 characters. */
  readonly description?: InputMaybe<Scalars['String']['input']>;
  /**
   * Makes repeating the mutation safe, also after a lost response: 1 to 128 characters of the client's choice, new for each
   * share, for example a UUID. With the same key and arguments the same user gets the same share as long as it exists; with
   * other arguments it is a `CONFLICT`.
   */
  readonly idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The metadata. Keys that begin with `nmg_` are the gateway's. */
  readonly metadata?: InputMaybe<Scalars['StringMap']['input']>;
  /** The name, at most 255 characters. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** The protocol, one of those that the cloud has enabled. */
  readonly protocol: ShareProtocol;
  /** The share network, which share types with `needsShareNetwork` require. */
  readonly shareNetworkId?: InputMaybe<Scalars['ID']['input']>;
  /** The name or id of the share type. Default: the snapshot's share's, or the cloud's default type. */
  readonly shareType?: InputMaybe<Scalars['String']['input']>;
  /** The size in GiB, at least 1; from a snapshot at least the snapshot's `shareSizeGib`. */
  readonly sizeGib: Scalars['Int']['input'];
  /** The snapshot from which the share is created, with its type and share network. */
  readonly snapshotId?: InputMaybe<Scalars['ID']['input']>;
};

/** Result of `createShare`. */
export type CreateSharePayload = {
  /** The work; null when the share of this `idempotencyKey` was there already. */
  readonly operation?: Maybe<ShareOperation>;
  /** The share; null while Manila has not said whether it created it: `operation` and `shareEvents` tell. */
  readonly share?: Maybe<Share>;
};

/** Arguments of `createSnapshot`. */
export type CreateSnapshotInput = {
  /** The description, at most 255 characters. */
  readonly description?: InputMaybe<Scalars['String']['input']>;
  /** The metadata; `NOT_SUPPORTED` before Manila 2.73. */
  readonly metadata?: InputMaybe<Scalars['StringMap']['input']>;
  /** The name, at most 255 characters. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** The UUID of the share, which must be `AVAILABLE`. */
  readonly shareId: Scalars['ID']['input'];
};

/** Result of `createSnapshot`. */
export type CreateSnapshotPayload = {
  /** The snapshot: `CREATING`. */
  readonly snapshot?: Maybe<ShareSnapshot>;
};

/** Arguments of `deleteShare`. */
export type DeleteShareInput = {
  /**
   * Whether to detach the share from all servers first, also from those that are mounting it now. The caller's token must
   * last until that is done.
   */
  readonly detach?: InputMaybe<Scalars['Boolean']['input']>;
  /** The share's UUID. */
  readonly shareId: Scalars['ID']['input'];
  /** With `detach`: how long the access rules stay in place, in seconds from 0 to 600, so that the guest agents unmount first. */
  readonly unmountGraceSeconds?: InputMaybe<Scalars['Int']['input']>;
};

/** Result of `deleteShare`. */
export type DeleteSharePayload = {
  /** The work. */
  readonly operation?: Maybe<ShareOperation>;
  /** The share after the request; null when it is gone already. */
  readonly share?: Maybe<Share>;
  /** The id of the share that is deleted, for caches. */
  readonly shareId?: Maybe<Scalars['ID']['output']>;
};

/** Arguments of `deleteSnapshot`. */
export type DeleteSnapshotInput = {
  /** The snapshot's UUID. */
  readonly snapshotId: Scalars['ID']['input'];
};

/** Result of `deleteSnapshot`. */
export type DeleteSnapshotPayload = {
  /** The snapshot after the request: `DELETING`; null when it is gone already. */
  readonly snapshot?: Maybe<ShareSnapshot>;
  /** The id of the snapshot that is deleted, for caches. */
  readonly snapshotId?: Maybe<Scalars['ID']['output']>;
};

/** Arguments of `detachShare`. */
export type DetachShareInput = {
  /** If given, it must equal the attachment's mount point. */
  readonly mountPoint?: InputMaybe<Scalars['String']['input']>;
  /** The server's UUID. */
  readonly serverId: Scalars['ID']['input'];
  /** The share's UUID. */
  readonly shareId: Scalars['ID']['input'];
  /**
   * How long the access rules stay in place, in seconds from 0 to 600, so that the guest agent unmounts the share first.
   * The status is `DETACHING` meanwhile; the wait ends early when the guest has read its list (`guestSeenAt`) and had time
   * to unmount. Without the agent the whole time passes.
   */
  readonly unmountGraceSeconds?: InputMaybe<Scalars['Int']['input']>;
};

/** Result of `detachShare`. */
export type DetachSharePayload = {
  /** The attachment after the request: `DETACHING`, or `DETACHED` when no access rule was left to revoke. */
  readonly attachment: ShareAttachment;
};

/** Arguments of `detachShares`. */
export type DetachSharesInput = {
  /** The pairs, 1 to 100, each with the arguments of `detachShare`. */
  readonly attachments: ReadonlyArray<DetachShareInput>;
};

/** Result of `detachShares`. */
export type DetachSharesPayload = {
  /** One outcome per pair, in the order of the input. */
  readonly outcomes: ReadonlyArray<AttachmentOutcome>;
};

/** The kinds of error, as in `extensions.code` of errors. */
export const ErrorCode = {
  /** A variable or an argument is not valid for the schema or for OpenStack. */
  BAD_USER_INPUT: 'BAD_USER_INPUT',
  /** It conflicts with the present state: other arguments, a mount point in use, a state that does not allow it. */
  CONFLICT: 'CONFLICT',
  /** The event log no longer contains the cursor. */
  CURSOR_EXPIRED: 'CURSOR_EXPIRED',
  /** The policy of Nova, Manila or the gateway does not allow it to this token. */
  FORBIDDEN: 'FORBIDDEN',
  /** A bug in the gateway. */
  INTERNAL_SERVER_ERROR: 'INTERNAL_SERVER_ERROR',
  /** A limit of the gateway is exceeded. */
  LIMIT_EXCEEDED: 'LIMIT_EXCEEDED',
  /** The server, share or attachment does not exist for this token. */
  NOT_FOUND: 'NOT_FOUND',
  /**
   * The cloud, its compute hosts or the flavor lack what the request needs; the message says what is needed and what is
   * there.
   */
  NOT_SUPPORTED: 'NOT_SUPPORTED',
  /** A quota or rate limit of OpenStack is exceeded. */
  QUOTA_EXCEEDED: 'QUOTA_EXCEEDED',
  /** The attachment store (Redis) is unavailable; nothing was sent to OpenStack. */
  STATE_UNAVAILABLE: 'STATE_UNAVAILABLE',
  /** The token is missing, invalid or expired. */
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  /** A code that this schema does not have. */
  UNKNOWN: 'UNKNOWN',
  /** An OpenStack service sent an invalid response. */
  UPSTREAM_ERROR: 'UPSTREAM_ERROR',
  /** An OpenStack service did not respond in time; the request may still take effect. */
  UPSTREAM_TIMEOUT: 'UPSTREAM_TIMEOUT',
  /** An OpenStack service cannot be reached, or reports that it is unavailable. */
  UPSTREAM_UNAVAILABLE: 'UPSTREAM_UNAVAILABLE'
} as const;

export type ErrorCode = typeof ErrorCode[keyof typeof ErrorCode];
/** A location that a share can be mounted from. */
export type ExportLocation = {
  /** The export location's UUID. */
  readonly id: Scalars['ID']['output'];
  /** The metadata of the export location (Manila 2.87 or later). */
  readonly metadata?: Maybe<Scalars['StringMap']['output']>;
  /** The path that a client mounts, for example `10.0.0.10:/shares/share-1`. */
  readonly path?: Maybe<Scalars['String']['output']>;
  /** Whether the back end prefers this location. */
  readonly preferred?: Maybe<Scalars['Boolean']['output']>;
};

/** A quota and its use. */
export type Limit = {
  /** How much the project may use; null: without limit. */
  readonly maximum?: Maybe<Scalars['Int']['output']>;
  /** How much the project uses. */
  readonly used?: Maybe<Scalars['Int']['output']>;
};

/** The quotas of a project, of each service. A service that is unavailable costs its field only. */
export type Limits = {
  /** Nova's. */
  readonly servers?: Maybe<ServerLimits>;
  /** Manila's. */
  readonly shares?: Maybe<ShareLimits>;
};

/** Write operations. */
export type Mutation = {
  /**
   * Grants a server access to a share. Returns when Manila has accepted the access rules: the attachment is then
   * `ATTACHING`, and becomes `ATTACHED` when every rule is active.
   * `attachShare` is idempotent: repeating it with the same arguments returns the existing attachment. Other arguments for
   * an attached server and share are a `CONFLICT`.
   */
  readonly attachShare?: Maybe<AttachSharePayload>;
  /**
   * Attaches shares to servers, many pairs with one request: each is done as `attachShare` does it, and has an outcome of its
   * own, so that one that is rejected does not stop the others. Servers and shares are read once for all pairs. Idempotent:
   * repeat it when the response was lost, or for the pairs that were not begun.
   */
  readonly attachShares?: Maybe<AttachSharesPayload>;
  /**
   * Creates a share. Returns when Manila has accepted the request: the share is then `CREATING`, and `shareEvents` has an event
   * when it is available. The gateway never creates it twice by a retry of its own: it finds it by the metadata `nmg_request`.
   * With an `idempotencyKey` repeating the mutation is safe too; without one, each call creates a share.
   */
  readonly createShare?: Maybe<CreateSharePayload>;
  /**
   * Creates a snapshot of a share: `CREATING` first. Not idempotent: each call creates one. After an `UPSTREAM_TIMEOUT` look
   * for it in `snapshots` before calling again.
   */
  readonly createSnapshot?: Maybe<CreateSnapshotPayload>;
  /**
   * Deletes a share and its data. Manila deletes also under guests that have it mounted: a share that is attached is a
   * `CONFLICT`, unless `detach` asks to detach it from all servers first. Idempotent while the deletion is in progress.
   */
  readonly deleteShare?: Maybe<DeleteSharePayload>;
  /** Deletes a snapshot. Idempotent while it is being deleted; afterwards it is `NOT_FOUND`. */
  readonly deleteSnapshot?: Maybe<DeleteSnapshotPayload>;
  /**
   * Revokes a server's access to a share, also one that Nova attached at the request of another client. Unmount the share
   * in the guest first: some back ends end the mount at once. With `VIRTIOFS` the server must be stopped, else `CONFLICT`.
   * Returns when Manila has accepted the revocation: the attachment is then `DETACHING`, and removed when no rule is left.
   */
  readonly detachShare?: Maybe<DetachSharePayload>;
  /**
   * Detaches shares from servers, many pairs with one request: each is done as `detachShare` does it, and has an outcome of
   * its own. Idempotent, except that a pair that is already detached is `NOT_FOUND`.
   */
  readonly detachShares?: Maybe<DetachSharesPayload>;
  /**
   * Reboots a server. Rejected as `startServer` is. A hard reboot repeats the mount of shares attached by virtiofs, and
   * cures a server in `ERROR` after the share that caused it was detached.
   */
  readonly rebootServer?: Maybe<ServerActionPayload>;
  /**
   * Extends or shrinks a share. Idempotent: a share that has the size already is returned. Returns when Manila has accepted
   * the request; attachments keep their access, and no share is attached meanwhile.
   */
  readonly resizeShare?: Maybe<ResizeSharePayload>;
  /**
   * Starts a stopped server. Rejected with `CONFLICT` while a share is being attached to the server or detached from it by
   * virtiofs, which would leave the server in `ERROR`. Returns when Nova has accepted the request.
   */
  readonly startServer?: Maybe<ServerActionPayload>;
  /** Stops a running server, as its power button would. Returns when Nova has accepted the request. */
  readonly stopServer?: Maybe<ServerActionPayload>;
  /** Changes a share's name, description and metadata. Idempotent. */
  readonly updateShare?: Maybe<UpdateSharePayload>;
  /**
   * Changes the access level of an attachment that is `ATTACHED`, without an outage, or its mount point. The status stays
   * `ATTACHED`; an `ATTACHED` event is sent again when the change is done, and until then `accessRules` are
   * `QUEUED_TO_UPDATE` or `UPDATING`. Idempotent.
   * Changing the level takes Manila 2.88, else `NOT_SUPPORTED` unless `allowOutage`; a rule that another attachment needs,
   * or that the gateway did not make, is a `CONFLICT`.
   */
  readonly updateShareAttachment?: Maybe<UpdateShareAttachmentPayload>;
};


/** Write operations. */
export type MutationAttachShareArgs = {
  input: AttachShareInput;
};


/** Write operations. */
export type MutationAttachSharesArgs = {
  input: AttachSharesInput;
};


/** Write operations. */
export type MutationCreateShareArgs = {
  input: CreateShareInput;
};


/** Write operations. */
export type MutationCreateSnapshotArgs = {
  input: CreateSnapshotInput;
};


/** Write operations. */
export type MutationDeleteShareArgs = {
  input: DeleteShareInput;
};


/** Write operations. */
export type MutationDeleteSnapshotArgs = {
  input: DeleteSnapshotInput;
};


/** Write operations. */
export type MutationDetachShareArgs = {
  input: DetachShareInput;
};


/** Write operations. */
export type MutationDetachSharesArgs = {
  input: DetachSharesInput;
};


/** Write operations. */
export type MutationRebootServerArgs = {
  input: RebootServerInput;
};


/** Write operations. */
export type MutationResizeShareArgs = {
  input: ResizeShareInput;
};


/** Write operations. */
export type MutationStartServerArgs = {
  input: ServerActionInput;
};


/** Write operations. */
export type MutationStopServerArgs = {
  input: ServerActionInput;
};


/** Write operations. */
export type MutationUpdateShareArgs = {
  input: UpdateShareInput;
};


/** Write operations. */
export type MutationUpdateShareAttachmentArgs = {
  input: UpdateShareAttachmentInput;
};

/** An object that can be read again by its id alone, as caches of clients do. */
export type Node = {
  /** The id of the object: OpenStack's UUID, or `<server id>:<share id>` of an attachment. */
  readonly id: Scalars['ID']['output'];
};

/** The directions of an order. */
export const OrderDirection = {
  /** Smallest, oldest or first by the alphabet first. */
  ASC: 'ASC',
  /** Largest, newest or last by the alphabet first. */
  DESC: 'DESC'
} as const;

export type OrderDirection = typeof OrderDirection[keyof typeof OrderDirection];
/** An error as data: the same code and message as the error of the mutation for one pair has. */
export type OutcomeError = {
  /** The kind of error. */
  readonly code: ErrorCode;
  /** The error in words, with what was expected and what came. */
  readonly message: Scalars['String']['output'];
  /** The OpenStack request id, to quote to the operators of the cloud. */
  readonly openstackRequestId?: Maybe<Scalars['String']['output']>;
  /** When to try again, in seconds. */
  readonly retryAfter?: Maybe<Scalars['Int']['output']>;
  /** The OpenStack service that failed: `nova`, `manila` or `keystone`. */
  readonly service?: Maybe<Scalars['String']['output']>;
  /** The HTTP status of that service. */
  readonly status?: Maybe<Scalars['Int']['output']>;
};

/** The position of a page within its connection. */
export type PageInfo = {
  /** The cursor to pass as `after` for the next page. */
  readonly endCursor?: Maybe<Scalars['String']['output']>;
  /** Whether there are items after this page. */
  readonly hasNextPage: Scalars['Boolean']['output'];
  /** Always false: paging is forward only. */
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  /** Of a history: whether the log no longer has its oldest entries, because it keeps a limited number; null for other lists. */
  readonly isTruncated?: Maybe<Scalars['Boolean']['output']>;
  /** The cursor of the page's first edge. */
  readonly startCursor?: Maybe<Scalars['String']['output']>;
};

/** A Keystone project. */
export type Project = {
  /** The name of the project's domain. */
  readonly domainName: Scalars['String']['output'];
  /** The project's id in Keystone. */
  readonly id: Scalars['ID']['output'];
  /** The project's name. */
  readonly name: Scalars['String']['output'];
};

/** Read operations. */
export type Query = {
  /**
   * Whether a share can be attached to a server, for each way to attach, with what stands against it. Changes nothing:
   * `attachShare` rejects with the same checks.
   */
  readonly attachShareCheck?: Maybe<ReadonlyArray<AttachShareOption>>;
  /** The availability zones of the cloud. */
  readonly availabilityZones?: Maybe<AvailabilityZones>;
  /** The quotas of the caller's project, and what it uses of them. */
  readonly limits?: Maybe<Limits>;
  /**
   * A server, a share, a snapshot or an attachment by its id; null when the caller's project has none with that id. The services that may
   * have the id are asked at the same time: `server`, `share` and `shareAttachment` ask one.
   */
  readonly node?: Maybe<Node>;
  /** The objects with these ids in the order of the ids, each as `node` returns it. Many ids take one list per service. */
  readonly nodes?: Maybe<ReadonlyArray<Maybe<Node>>>;
  /** A server by id; null when the caller's project has no such server. */
  readonly server?: Maybe<Server>;
  /**
   * The server with a fixed IP address; null when the caller's project has none. Servers on different networks may have the
   * same address: then it is a `CONFLICT`, and `servers(filter: {address})` lists them.
   */
  readonly serverByAddress?: Maybe<Server>;
  /** The servers of the caller's project, newest first, in Nova's order. */
  readonly servers?: Maybe<ServerConnection>;
  /** A share by id; null when no such share is visible to the caller. */
  readonly share?: Maybe<Share>;
  /**
   * The attachment of a share to a server; null when the share is not attached to the server. For a token that sees the
   * servers of all projects, also of another project's server.
   */
  readonly shareAttachment?: Maybe<ShareAttachment>;
  /**
   * What happened to the attachments of the caller's project, newest first: the events that `shareAttachmentEvents` sends,
   * as far as the event log reaches back (`EVENT_LOG_LENGTH`; `pageInfo.isTruncated`).
   */
  readonly shareAttachmentHistory?: Maybe<ShareAttachmentHistoryConnection>;
  /**
   * The attachments of the caller's project, oldest first. With a `serverId`, for a token that sees the servers of all
   * projects, those of the server's project.
   */
  readonly shareAttachments?: Maybe<ShareAttachmentConnection>;
  /** Manila's messages about operations that failed, newest first. Manila keeps them for 30 days by default. */
  readonly shareMessages?: Maybe<ReadonlyArray<ShareMessage>>;
  /** The share networks of the caller's project. */
  readonly shareNetworks?: Maybe<ReadonlyArray<ShareNetwork>>;
  /**
   * The shares of the caller's project that are being created, resized or deleted through this gateway, oldest first. What
   * has ended is in the events (`shareEvents`). Reading it lets work that waits for the caller's token go on.
   */
  readonly shareOperations?: Maybe<ReadonlyArray<ShareOperation>>;
  /** The share types that the caller can create shares with. */
  readonly shareTypes?: Maybe<ReadonlyArray<ShareType>>;
  /** The shares of the caller's project, newest first, in Manila's order. */
  readonly shares?: Maybe<ShareConnection>;
  /** A snapshot by id; null when the caller's project has no such snapshot. */
  readonly snapshot?: Maybe<ShareSnapshot>;
  /** The snapshots of the caller's project, newest first. */
  readonly snapshots?: Maybe<ShareSnapshotConnection>;
  /** The user and project of the caller's token. */
  readonly viewer: Viewer;
};


/** Read operations. */
export type QueryAttachShareCheckArgs = {
  input: AttachShareCheckInput;
};


/** Read operations. */
export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


/** Read operations. */
export type QueryNodesArgs = {
  ids: ReadonlyArray<Scalars['ID']['input']>;
};


/** Read operations. */
export type QueryServerArgs = {
  id: Scalars['ID']['input'];
};


/** Read operations. */
export type QueryServerByAddressArgs = {
  address: Scalars['String']['input'];
};


/** Read operations. */
export type QueryServersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ServerFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<ServerOrder>;
};


/** Read operations. */
export type QueryShareArgs = {
  id: Scalars['ID']['input'];
};


/** Read operations. */
export type QueryShareAttachmentArgs = {
  serverId: Scalars['ID']['input'];
  shareId: Scalars['ID']['input'];
};


/** Read operations. */
export type QueryShareAttachmentHistoryArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ShareAttachmentHistoryFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** Read operations. */
export type QueryShareAttachmentsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ShareAttachmentFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** Read operations. */
export type QueryShareMessagesArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  resourceId?: InputMaybe<Scalars['ID']['input']>;
};


/** Read operations. */
export type QueryShareNetworksArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** Read operations. */
export type QueryShareOperationsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** Read operations. */
export type QuerySharesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ShareFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<ShareOrder>;
};


/** Read operations. */
export type QuerySnapshotArgs = {
  id: Scalars['ID']['input'];
};


/** Read operations. */
export type QuerySnapshotsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ShareSnapshotFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** Arguments of `rebootServer`. */
export type RebootServerInput = {
  /** Whether the power is cut, instead of asking the guest to restart. */
  readonly isHard?: InputMaybe<Scalars['Boolean']['input']>;
  /** The server's UUID. */
  readonly serverId: Scalars['ID']['input'];
};

/** Arguments of `resizeShare`. */
export type ResizeShareInput = {
  /** The share's UUID. */
  readonly shareId: Scalars['ID']['input'];
  /** The new size in GiB, at least 1. */
  readonly sizeGib: Scalars['Int']['input'];
};

/** Result of `resizeShare`. */
export type ResizeSharePayload = {
  /** The work; null when the share has the size already. */
  readonly operation?: Maybe<ShareOperation>;
  /** The share after the request. */
  readonly share?: Maybe<Share>;
};

/** A virtual machine in Nova, as the caller sees it. */
export type Server = Node & {
  /** The IPv4 address that its user set for access; null when none is set. */
  readonly accessIPv4?: Maybe<Scalars['String']['output']>;
  /** The IPv6 address that its user set for access; null when none is set. */
  readonly accessIPv6?: Maybe<Scalars['String']['output']>;
  /**
   * What was done to the server, newest first, by any client: Nova's instance actions. Costs one call to Nova per server; null
   * with an error on this path when the call fails.
   */
  readonly actions?: Maybe<ServerActionConnection>;
  /** The addresses on all networks, in Nova's order. */
  readonly addresses?: Maybe<ReadonlyArray<ServerAddress>>;
  /** The availability zone of the server; null until the server is scheduled. */
  readonly availabilityZone?: Maybe<Scalars['String']['output']>;
  /** When the server was created. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** The description of the server. */
  readonly description?: Maybe<Scalars['String']['output']>;
  /** Why the server is in `ERROR`; null otherwise. */
  readonly fault?: Maybe<ServerFault>;
  /** The flavor of the server. Null when Nova cannot reach the server's cell. */
  readonly flavor?: Maybe<ServerFlavor>;
  /** An opaque id of the host, the same for all servers of the project on that host. */
  readonly hostId?: Maybe<Scalars['String']['output']>;
  /** The host name of the guest (Nova 2.90 or later). */
  readonly hostname?: Maybe<Scalars['String']['output']>;
  /** The server's UUID. */
  readonly id: Scalars['ID']['output'];
  /** The id of the image that the server was booted from; null for a server booted from a volume. */
  readonly imageId?: Maybe<Scalars['ID']['output']>;
  /** The name of the key pair injected at boot. */
  readonly keyName?: Maybe<Scalars['String']['output']>;
  /** When the server was first started. */
  readonly launchedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Whether the server is locked. */
  readonly locked?: Maybe<Scalars['Boolean']['output']>;
  /** The reason given for the lock. */
  readonly lockedReason?: Maybe<Scalars['String']['output']>;
  /** The metadata of the server. */
  readonly metadata?: Maybe<Scalars['StringMap']['output']>;
  /** The name of the server. Empty when Nova cannot reach the server's cell (`status` is then `UNKNOWN`). */
  readonly name?: Maybe<Scalars['String']['output']>;
  /** The availability zone that the server is pinned to (Nova 2.96 or later); null when it is not pinned. */
  readonly pinnedAvailabilityZone?: Maybe<Scalars['String']['output']>;
  /** The power state that the hypervisor reports. */
  readonly powerState?: Maybe<ServerPowerState>;
  /** The progress of a build or a migration in percent. */
  readonly progress?: Maybe<Scalars['Int']['output']>;
  /** The id of the project that owns the server. */
  readonly projectId?: Maybe<Scalars['ID']['output']>;
  /** The names of the server's security groups. */
  readonly securityGroups?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /**
   * The shares attached to the server through this gateway, oldest first. `shareAttachments` with a filter has all of them
   * in pages. Null with an error on this path when the attachment store is unavailable, or when the attachments of another
   * project's server cannot be read.
   */
  readonly sharesAttached?: Maybe<ReadonlyArray<ShareAttachment>>;
  /** The status of the server. */
  readonly status: ServerStatus;
  /** The status as Nova sent it, for values that this schema does not have too. */
  readonly statusRaw?: Maybe<Scalars['String']['output']>;
  /** The tags of the server. */
  readonly tags?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** The task in progress, for example `powering-on`; null when there is none. */
  readonly taskState?: Maybe<Scalars['String']['output']>;
  /** When the server was deleted. */
  readonly terminatedAt?: Maybe<Scalars['DateTime']['output']>;
  /** When the server last changed. Attaching a share does not change it. */
  readonly updatedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The id of the user who created the server. */
  readonly userId?: Maybe<Scalars['ID']['output']>;
  /** Nova's internal state of the virtual machine, for example `stopped`. */
  readonly vmState?: Maybe<Scalars['String']['output']>;
  /** The ids of the attached Cinder volumes. */
  readonly volumeIds?: Maybe<ReadonlyArray<Scalars['ID']['output']>>;
};


/** A virtual machine in Nova, as the caller sees it. */
export type ServerActionsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** A virtual machine in Nova, as the caller sees it. */
export type ServerSharesAttachedArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  inNova?: InputMaybe<Scalars['Boolean']['input']>;
};

/** Something that was done to a server. */
export type ServerAction = {
  /** Nova's name of the action, for example `create`, `reboot` or `attach_share`. */
  readonly action?: Maybe<Scalars['String']['output']>;
  /** When the action began. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** Nova's message, `Error` for an action that failed; null otherwise. */
  readonly message?: Maybe<Scalars['String']['output']>;
  /** The OpenStack request id of the action, to quote to the operators of the cloud. */
  readonly openstackRequestId: Scalars['ID']['output'];
  /** The id of the project of that user's token. */
  readonly projectId?: Maybe<Scalars['ID']['output']>;
  /** When the action last changed. */
  readonly updatedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The id of the user who asked for it. */
  readonly userId?: Maybe<Scalars['ID']['output']>;
};

/** A page of the actions of a server. */
export type ServerActionConnection = {
  /** The actions of the page with their cursors. */
  readonly edges: ReadonlyArray<ServerActionEdge>;
  /** The actions of the page. */
  readonly nodes: ReadonlyArray<ServerAction>;
  /** The position of the page. */
  readonly pageInfo: PageInfo;
};

/** An action of a server and its cursor. */
export type ServerActionEdge = {
  /** The position of the action in the list. */
  readonly cursor: Scalars['String']['output'];
  /** The action. */
  readonly node: ServerAction;
};

/** Arguments of `startServer` and `stopServer`. */
export type ServerActionInput = {
  /** The server's UUID. */
  readonly serverId: Scalars['ID']['input'];
};

/** Result of `startServer`, `stopServer` and `rebootServer`. */
export type ServerActionPayload = {
  /** Nova's id of the request, to quote to the operators of the cloud. */
  readonly openstackRequestId?: Maybe<Scalars['String']['output']>;
  /** The server after the request: `taskState` shows the work, which goes on. */
  readonly server: Server;
};

/** An address of a server. */
export type ServerAddress = {
  /** The IP address. */
  readonly address: Scalars['String']['output'];
  /** The MAC address of the port. */
  readonly macAddress?: Maybe<Scalars['String']['output']>;
  /** The name of the network. Nova merges networks of the same name. */
  readonly network: Scalars['String']['output'];
  /** Whether the address is fixed or floating. */
  readonly type: AddressType;
  /** The IP version: 4 or 6. */
  readonly version?: Maybe<Scalars['Int']['output']>;
};

/** A page of servers. */
export type ServerConnection = {
  /** The servers of the page with their cursors. */
  readonly edges: ReadonlyArray<ServerEdge>;
  /** The servers of the page. */
  readonly nodes: ReadonlyArray<Server>;
  /** The position of the page. */
  readonly pageInfo: PageInfo;
};

/** A server and its cursor. */
export type ServerEdge = {
  /** The position of the server in the list. */
  readonly cursor: Scalars['String']['output'];
  /** The server. */
  readonly node: Server;
};

/** Why a server is in `ERROR`. */
export type ServerFault = {
  /** Nova's code, similar to an HTTP status. */
  readonly code?: Maybe<Scalars['Int']['output']>;
  /** When the error happened. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** A stack trace; Nova shows it to administrators only. */
  readonly details?: Maybe<Scalars['String']['output']>;
  /** Nova's message. */
  readonly message?: Maybe<Scalars['String']['output']>;
};

/** Conditions on servers. A server must match all of them. */
export type ServerFilter = {
  /** Servers with this fixed IP address: not part of one, and not a floating one. */
  readonly address?: InputMaybe<Scalars['String']['input']>;
  /** Servers that have shares attached through this gateway, or those that have none. */
  readonly hasShares?: InputMaybe<Scalars['Boolean']['input']>;
  /** Servers whose name contains this text. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** Servers in one of these statuses; an empty list does not filter. */
  readonly status?: InputMaybe<ReadonlyArray<ServerStatus>>;
};

/** The flavor of a server when it was built. Nova keeps a copy in the server, so later changes of the flavor do not show. */
export type ServerFlavor = {
  /** The size of the root disk in GiB. */
  readonly diskGib?: Maybe<Scalars['Int']['output']>;
  /** The size of the ephemeral disk in GiB. */
  readonly ephemeralGib?: Maybe<Scalars['Int']['output']>;
  /** The extra specs of the flavor; null when Nova's policy hides them. */
  readonly extraSpecs?: Maybe<Scalars['StringMap']['output']>;
  /** The name of the flavor. */
  readonly name?: Maybe<Scalars['String']['output']>;
  /** The memory in MiB. */
  readonly ramMib?: Maybe<Scalars['Int']['output']>;
  /** The size of the swap disk in MiB. */
  readonly swapMib?: Maybe<Scalars['Int']['output']>;
  /** The number of virtual CPUs. */
  readonly vcpus?: Maybe<Scalars['Int']['output']>;
};

/** The quotas of a project in Nova. */
export type ServerLimits = {
  /** Memory in MiB. */
  readonly ramMib?: Maybe<Limit>;
  /** Server groups. */
  readonly serverGroups?: Maybe<Limit>;
  /** Servers. */
  readonly servers?: Maybe<Limit>;
  /** Virtual CPUs. */
  readonly vcpus?: Maybe<Limit>;
};

/** The order of a list of servers. */
export type ServerOrder = {
  /** The direction of the order. */
  readonly direction?: InputMaybe<OrderDirection>;
  /** What the servers are ordered by. Servers that Nova cannot reach are missing from a list with an order. */
  readonly field: ServerOrderField;
};

/** What servers can be ordered by. */
export const ServerOrderField = {
  /** When the server was created. */
  CREATED_AT: 'CREATED_AT',
  /** The name of the server. */
  NAME: 'NAME',
  /** When the server last changed. */
  UPDATED_AT: 'UPDATED_AT'
} as const;

export type ServerOrderField = typeof ServerOrderField[keyof typeof ServerOrderField];
/** The power state that the hypervisor reports. */
export const ServerPowerState = {
  /** The machine crashed. */
  CRASHED: 'CRASHED',
  /** The hypervisor does not report a state. */
  NOSTATE: 'NOSTATE',
  /** The machine is paused. */
  PAUSED: 'PAUSED',
  /** The machine is running. */
  RUNNING: 'RUNNING',
  /** The machine is off. */
  SHUTDOWN: 'SHUTDOWN',
  /** The machine is suspended. */
  SUSPENDED: 'SUSPENDED'
} as const;

export type ServerPowerState = typeof ServerPowerState[keyof typeof ServerPowerState];
/** The status of a server: Nova's values. */
export const ServerStatus = {
  /** The server is running. */
  ACTIVE: 'ACTIVE',
  /** The server is being built. */
  BUILD: 'BUILD',
  /** The server was deleted. */
  DELETED: 'DELETED',
  /** An operation failed; see `fault`. */
  ERROR: 'ERROR',
  /** The server is being hard rebooted. */
  HARD_REBOOT: 'HARD_REBOOT',
  /** The server is being migrated to another host. */
  MIGRATING: 'MIGRATING',
  /** The root password is being set. */
  PASSWORD: 'PASSWORD',
  /** The server is paused; its state is kept in memory. */
  PAUSED: 'PAUSED',
  /** The server is being soft rebooted. */
  REBOOT: 'REBOOT',
  /** The server is being rebuilt from an image. */
  REBUILD: 'REBUILD',
  /** The server is running from a rescue image. */
  RESCUE: 'RESCUE',
  /** The server is being resized or cold migrated. */
  RESIZE: 'RESIZE',
  /** A resize is being reverted. */
  REVERT_RESIZE: 'REVERT_RESIZE',
  /** The server is shelved: stopped, with a snapshot of its image. */
  SHELVED: 'SHELVED',
  /** The server is shelved, and removed from its host. */
  SHELVED_OFFLOADED: 'SHELVED_OFFLOADED',
  /** The server is stopped. */
  SHUTOFF: 'SHUTOFF',
  /** The server is deleted, but can still be restored. */
  SOFT_DELETED: 'SOFT_DELETED',
  /** The server is suspended; its state is saved to disk. */
  SUSPENDED: 'SUSPENDED',
  /** Nova cannot reach the server's cell, or sent a status that this schema does not have: see `statusRaw`. */
  UNKNOWN: 'UNKNOWN',
  /** A resize is waiting for confirmation. */
  VERIFY_RESIZE: 'VERIFY_RESIZE'
} as const;

export type ServerStatus = typeof ServerStatus[keyof typeof ServerStatus];
/** A shared file system in Manila, as the caller sees it. */
export type Share = Node & {
  /** The access rules of the share that are visible to the caller, including those that this gateway did not create. */
  readonly accessRules?: Maybe<ReadonlyArray<AccessRule>>;
  /** The combined state of all access rules of the share. */
  readonly accessRulesStatus?: Maybe<AccessRulesStatus>;
  /** The availability zone of the share; null until the share is scheduled. */
  readonly availabilityZone?: Maybe<Scalars['String']['output']>;
  /** Whether shares can be created from its snapshots. */
  readonly createShareFromSnapshotSupport?: Maybe<Scalars['Boolean']['output']>;
  /** When the share was created. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** The description of the share. */
  readonly description?: Maybe<Scalars['String']['output']>;
  /** The export locations of the share, preferred ones first. Empty while the share is not available. */
  readonly exportLocations?: Maybe<ReadonlyArray<ExportLocation>>;
  /**
   * Whether the share has access rules whose clients are hidden from the caller and that this gateway did not create: for a
   * member of the project the only sign that Nova has, or just had, the share attached by virtiofs.
   */
  readonly hasHiddenRules?: Maybe<Scalars['Boolean']['output']>;
  /** Whether the share has replicas. */
  readonly hasReplicas?: Maybe<Scalars['Boolean']['output']>;
  /** The share's UUID. */
  readonly id: Scalars['ID']['output'];
  /** Whether the share is visible to all projects. */
  readonly isPublic?: Maybe<Scalars['Boolean']['output']>;
  /** Whether the share is in the recycle bin. */
  readonly isSoftDeleted?: Maybe<Scalars['Boolean']['output']>;
  /** The metadata of the share. */
  readonly metadata?: Maybe<Scalars['StringMap']['output']>;
  /** Whether its snapshots can be mounted. */
  readonly mountSnapshotSupport?: Maybe<Scalars['Boolean']['output']>;
  /** The name of the share. */
  readonly name?: Maybe<Scalars['String']['output']>;
  /** The progress of the creation from a snapshot, as Manila sends it, for example `100%`. */
  readonly progress?: Maybe<Scalars['String']['output']>;
  /** The id of the project that owns the share. */
  readonly projectId?: Maybe<Scalars['ID']['output']>;
  /** The protocol of the share. */
  readonly protocol: ShareProtocol;
  /** The protocol as Manila sent it, for values that this schema does not have too. */
  readonly protocolRaw?: Maybe<Scalars['String']['output']>;
  /** The replication type: `readable`, `writable` or `dr`. */
  readonly replicationType?: Maybe<Scalars['String']['output']>;
  /** Whether the share can be reverted to a snapshot. */
  readonly revertToSnapshotSupport?: Maybe<Scalars['Boolean']['output']>;
  /** When the share will be deleted from the recycle bin. */
  readonly scheduledToBeDeletedAt?: Maybe<Scalars['DateTime']['output']>;
  /**
   * The servers that the share is attached to through this gateway, oldest first. `shareAttachments` with a filter has all
   * of them in pages; of all projects for a token that sees the servers of all, else of the caller's. Null with an error on
   * this path when the attachment store is unavailable.
   */
  readonly serversAttached?: Maybe<ReadonlyArray<ShareAttachment>>;
  /** The id of the share group. */
  readonly shareGroupId?: Maybe<Scalars['ID']['output']>;
  /** The id of the share network; null when the share type does not use share networks. */
  readonly shareNetworkId?: Maybe<Scalars['ID']['output']>;
  /** The share type of the share. */
  readonly shareType?: Maybe<ShareType>;
  /** The size of the share in GiB; null while Manila does not know it, as for a share being brought under its management. */
  readonly sizeGib?: Maybe<Scalars['Int']['output']>;
  /** The id of the snapshot that the share was created from. */
  readonly snapshotId?: Maybe<Scalars['ID']['output']>;
  /** Whether snapshots of the share can be created. */
  readonly snapshotSupport?: Maybe<Scalars['Boolean']['output']>;
  /** The snapshots of the share, newest first. `snapshots` with a filter has all of them in pages. */
  readonly snapshots?: Maybe<ReadonlyArray<ShareSnapshot>>;
  /** The status of the share. */
  readonly status: ShareStatus;
  /** The status as Manila sent it, for values that this schema does not have too. */
  readonly statusRaw?: Maybe<Scalars['String']['output']>;
  /** The long-running task in progress, for example a migration. */
  readonly taskState?: Maybe<Scalars['String']['output']>;
  /** The id of the user who created the share. */
  readonly userId?: Maybe<Scalars['ID']['output']>;
};


/** A shared file system in Manila, as the caller sees it. */
export type ShareAccessRulesArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** A shared file system in Manila, as the caller sees it. */
export type ShareServersAttachedArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** A shared file system in Manila, as the caller sees it. */
export type ShareSnapshotsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** A share attached to a server: the server's access to it, from request to removal. */
export type ShareAttachment = Node & {
  /** The access that the server has to the share. */
  readonly accessLevel: AccessLevel;
  /** The access rules in Manila that grant this attachment's access; empty with `VIRTIOFS`, where Nova makes and hides its own. */
  readonly accessRules: ReadonlyArray<AccessRule>;
  /** When the attachment was requested; null with `origin: NOVA`, which Nova does not date. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** Why the attachment is in an error status, the last detach failed, or the update to new addresses failed; null otherwise. */
  readonly fault?: Maybe<AttachmentFault>;
  /**
   * When the server's guest last read which shares to mount, from Nova's metadata service, to the minute; null when it has
   * not within a week. The guest agent then mounts the attached shares.
   */
  readonly guestSeenAt?: Maybe<Scalars['DateTime']['output']>;
  /** What happened to the attachment, and to earlier ones of the same server and share, newest first. */
  readonly history?: Maybe<ShareAttachmentHistoryConnection>;
  /** The id of the attachment: `<server id>:<share id>`. */
  readonly id: Scalars['ID']['output'];
  /** Whether Manila hides from the project's other users whom the access rules admit. */
  readonly isHidden: Scalars['Boolean']['output'];
  /** Whether Manila keeps the access rules, and therefore the share, from being deleted before the share is detached. */
  readonly isProtected: Scalars['Boolean']['output'];
  /**
   * Whether the server's addresses changed after access was granted; always false when `accessTo` was given. The next
   * query of the same user, or a repeated `attachShare`, updates the access rules: it grants the new addresses and revokes
   * the old ones, and then an `ATTACHED` event is sent again.
   */
  readonly isStale: Scalars['Boolean']['output'];
  /**
   * Shell commands that mount the share in the guest, to be run as root: one per export location, preferred ones first;
   * with `VIRTIOFS` one with the tag.
   * The key of a CephFS share is not part of them: store `accessKey` of the access rule in the file that they name.
   * Empty while the share has no export location; null with an error on this path when the call to Manila fails.
   */
  readonly mountCommands?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** Intended mount path in the guest (informational). */
  readonly mountPoint?: Maybe<Scalars['String']['output']>;
  /** Who attached the share. */
  readonly origin: AttachmentOrigin;
  /** The server. Null without an error when it is deleted; null with an error on this path when the call to Nova fails. */
  readonly server?: Maybe<Server>;
  /** The server's UUID. */
  readonly serverId: Scalars['ID']['output'];
  /** The share. Null without an error when it is deleted; null with an error on this path when the call to Manila fails. */
  readonly share?: Maybe<Share>;
  /** The share's UUID. */
  readonly shareId: Scalars['ID']['output'];
  /** The state of the attachment. */
  readonly status: ShareAttachmentStatus;
  /** When the attachment last changed; null with `origin: NOVA`. */
  readonly updatedAt?: Maybe<Scalars['DateTime']['output']>;
  /** How the server gets access to the share. */
  readonly via: AttachVia;
  /** The device that Nova gives to the server; null with `ACCESS_RULE`. */
  readonly virtiofs?: Maybe<VirtiofsAttachment>;
  /** What was accepted and may keep the guest from mounting the share; empty for most attachments. */
  readonly warnings: ReadonlyArray<AttachProblem>;
};


/** A share attached to a server: the server's access to it, from request to removal. */
export type ShareAttachmentAccessRulesArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** A share attached to a server: the server's access to it, from request to removal. */
export type ShareAttachmentHistoryArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** A page of attachments. */
export type ShareAttachmentConnection = {
  /** The attachments of the page with their cursors. */
  readonly edges: ReadonlyArray<ShareAttachmentEdge>;
  /**
   * The position of the event log when the list was read. Pass it as `after` to `shareAttachmentEvents` to receive every
   * change since, without a gap between the list and the first event.
   */
  readonly eventCursor: Scalars['String']['output'];
  /** The attachments of the page. */
  readonly nodes: ReadonlyArray<ShareAttachment>;
  /** The position of the page. */
  readonly pageInfo: PageInfo;
  /** The total number of attachments; null with a filter for which counting is as expensive as listing. */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** An attachment and its cursor. */
export type ShareAttachmentEdge = {
  /** The position of the attachment in the list. */
  readonly cursor: Scalars['String']['output'];
  /** The attachment. */
  readonly node: ShareAttachment;
};

/** A change of an attachment. */
export type ShareAttachmentEvent = {
  /** When the change happened. */
  readonly at: Scalars['DateTime']['output'];
  /** The attachment after the change. Its `server` and `share` are read when the event is delivered. */
  readonly attachment: ShareAttachment;
  /** The position of the event in the project's event log. Pass it as `after` to resume after this event. */
  readonly cursor: Scalars['String']['output'];
  /** Why the gateway made the change by itself; null for a user's request. */
  readonly reason?: Maybe<ShareAttachmentEventReason>;
  /** The reason as the gateway recorded it, for values that this schema does not have too. */
  readonly reasonRaw?: Maybe<Scalars['String']['output']>;
  /** The id of the request that caused the change. */
  readonly requestId?: Maybe<Scalars['String']['output']>;
  /** The kind of change. */
  readonly type: ShareAttachmentEventType;
};

/** Why the gateway changes an attachment without a request. */
export const ShareAttachmentEventReason = {
  /** Another client detached the share in Nova. */
  DETACHED_IN_NOVA: 'DETACHED_IN_NOVA',
  /** The server was deleted. */
  SERVER_DELETED: 'SERVER_DELETED',
  /** The share was deleted. */
  SHARE_DELETED: 'SHARE_DELETED',
  /** A reason that this schema does not have: see `reasonRaw`. */
  UNKNOWN: 'UNKNOWN'
} as const;

export type ShareAttachmentEventReason = typeof ShareAttachmentEventReason[keyof typeof ShareAttachmentEventReason];
/** The kinds of change: start, end and error of attach and detach, as in Nova's volume notifications. */
export const ShareAttachmentEventType = {
  /** Every access rule is active. Sent again after the rules were updated to the server's new addresses. */
  ATTACHED: 'ATTACHED',
  /** Access could not be granted, or was lost. */
  ATTACH_FAILED: 'ATTACH_FAILED',
  /** An attach was requested. */
  ATTACH_STARTED: 'ATTACH_STARTED',
  /** No access rule is left. */
  DETACHED: 'DETACHED',
  /** Access could not be revoked. */
  DETACH_FAILED: 'DETACH_FAILED',
  /** A detach was requested, or the gateway started one. */
  DETACH_STARTED: 'DETACH_STARTED'
} as const;

export type ShareAttachmentEventType = typeof ShareAttachmentEventType[keyof typeof ShareAttachmentEventType];
/** Conditions on attachments. An attachment must match all of them. */
export type ShareAttachmentFilter = {
  /** Attachments of this server. */
  readonly serverId?: InputMaybe<Scalars['ID']['input']>;
  /** Attachments of this share. */
  readonly shareId?: InputMaybe<Scalars['ID']['input']>;
  /** Attachments in one of these statuses; an empty list does not filter. */
  readonly status?: InputMaybe<ReadonlyArray<ShareAttachmentStatus>>;
};

/** A page of a history of attachments. */
export type ShareAttachmentHistoryConnection = {
  /** The events of the page with their cursors. */
  readonly edges: ReadonlyArray<ShareAttachmentHistoryEdge>;
  /** The events of the page. The `attachment` of each is as it was after the event. */
  readonly nodes: ReadonlyArray<ShareAttachmentEvent>;
  /** The position of the page, and whether older events are gone. */
  readonly pageInfo: PageInfo;
};

/** An event of a history and its cursor. */
export type ShareAttachmentHistoryEdge = {
  /** The cursor of the event, as in `ShareAttachmentEvent.cursor`. */
  readonly cursor: Scalars['String']['output'];
  /** The event. */
  readonly node: ShareAttachmentEvent;
};

/** Conditions on the events of a history. An event must match all of them. */
export type ShareAttachmentHistoryFilter = {
  /** Events of this server. */
  readonly serverId?: InputMaybe<Scalars['ID']['input']>;
  /** Events of this share. */
  readonly shareId?: InputMaybe<Scalars['ID']['input']>;
};

/** The states of an attachment. */
export const ShareAttachmentStatus = {
  /** Every access rule is active, or Nova has the share attached. The guest can mount it, with `VIRTIOFS` once its server runs. */
  ATTACHED: 'ATTACHED',
  /** The access rules are being applied, or Nova is attaching. The guest cannot mount the share yet. */
  ATTACHING: 'ATTACHING',
  /** No access rule is left. Only in payloads and events, never in lists. */
  DETACHED: 'DETACHED',
  /** The access rules are being revoked. The guest may still have access. */
  DETACHING: 'DETACHING',
  /** Access could not be granted, or was lost; see `fault`. Attach again to retry, or detach. */
  ERROR_ATTACHING: 'ERROR_ATTACHING',
  /** Access could not be revoked, and the guest may still have it; see `fault`. Detach again to retry. */
  ERROR_DETACHING: 'ERROR_DETACHING'
} as const;

export type ShareAttachmentStatus = typeof ShareAttachmentStatus[keyof typeof ShareAttachmentStatus];
/** A page of shares. */
export type ShareConnection = {
  /** The shares of the page with their cursors. */
  readonly edges: ReadonlyArray<ShareEdge>;
  /** The shares of the page. */
  readonly nodes: ReadonlyArray<Share>;
  /** The position of the page. */
  readonly pageInfo: PageInfo;
  /** The total number of shares; null when Manila cannot count for the filter (a protocol, more than one status, or `isAttached`). */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** A share and its cursor. */
export type ShareEdge = {
  /** The position of the share in the list. */
  readonly cursor: Scalars['String']['output'];
  /** The share. */
  readonly node: Share;
};

/** A change of a share that this gateway works on. */
export type ShareEvent = {
  /** When the change happened. */
  readonly at: Scalars['DateTime']['output'];
  /** The position of the event in the project's event log. Pass it as `after` to resume after this event. */
  readonly cursor: Scalars['String']['output'];
  /** The work after the change. */
  readonly operation: ShareOperation;
  /** The id of the request that caused the change. */
  readonly requestId?: Maybe<Scalars['String']['output']>;
  /** The share, read when the event is delivered; null when it does not exist yet, or any more. */
  readonly share?: Maybe<Share>;
  /** The UUID of the share; null while Manila has not said which share it creates. */
  readonly shareId?: Maybe<Scalars['ID']['output']>;
  /** The kind of change. */
  readonly type: ShareEventType;
};

/** The kinds of change: start, end and error of each operation. */
export const ShareEventType = {
  /** The share is available. */
  CREATED: 'CREATED',
  /** The share was not created, or is in error. */
  CREATE_FAILED: 'CREATE_FAILED',
  /** A creation was requested. */
  CREATE_STARTED: 'CREATE_STARTED',
  /** The share does not exist any more. */
  DELETED: 'DELETED',
  /** The share was not deleted. */
  DELETE_FAILED: 'DELETE_FAILED',
  /** A deletion was requested. */
  DELETE_STARTED: 'DELETE_STARTED',
  /** The share has its new size. */
  RESIZED: 'RESIZED',
  /** The share was not resized. */
  RESIZE_FAILED: 'RESIZE_FAILED',
  /** A new size was requested. */
  RESIZE_STARTED: 'RESIZE_STARTED'
} as const;

export type ShareEventType = typeof ShareEventType[keyof typeof ShareEventType];
/** Why work on a share failed. */
export type ShareFault = {
  /** When the failure happened. */
  readonly at: Scalars['DateTime']['output'];
  /** A code for programs. */
  readonly code: ShareFaultCode;
  /** What failed, with Manila's message if there is one. */
  readonly message: Scalars['String']['output'];
  /** The OpenStack request id, to quote to the operators of the cloud. */
  readonly openstackRequestId?: Maybe<Scalars['String']['output']>;
};

/** Why work on a share failed, for programs. */
export const ShareFaultCode = {
  /** The share could not be detached from a server, and was not deleted: see the attachment's fault. */
  DETACH_FAILED: 'DETACH_FAILED',
  /** The share was deleted by someone else meanwhile. */
  SHARE_DELETED: 'SHARE_DELETED',
  /** Manila accepted the request and could not do it: the share has an error status, or its old size. */
  SHARE_ERROR: 'SHARE_ERROR',
  /**
   * The token of the user who asked expired before Manila had accepted the change. Only that token changes shares: what it had
   * done until then stays, for example that the share is detached. Ask again with a new token.
   */
  TOKEN_EXPIRED: 'TOKEN_EXPIRED',
  /** The gateway that wrote the fault knows a reason that this one does not. */
  UNKNOWN: 'UNKNOWN',
  /** Manila keeps failing. The gateway tries again, and gives up after five times; ask again later. */
  UPSTREAM_FAILING: 'UPSTREAM_FAILING',
  /** Manila rejected the request; `message` has its words. Correct what it names, then ask again. */
  UPSTREAM_REFUSED: 'UPSTREAM_REFUSED'
} as const;

export type ShareFaultCode = typeof ShareFaultCode[keyof typeof ShareFaultCode];
/** Conditions on shares. A share must match all of them. */
export type ShareFilter = {
  /** The share with this export location, exactly as a client mounts it, for example `10.0.0.10:/shares/share-1`. */
  readonly exportPath?: InputMaybe<Scalars['String']['input']>;
  /** Shares that are attached to servers through this gateway, or those that are not. */
  readonly isAttached?: InputMaybe<Scalars['Boolean']['input']>;
  /** Shares with all of these key-value pairs in their metadata. */
  readonly metadata?: InputMaybe<Scalars['StringMap']['input']>;
  /** Shares whose name contains this text. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** Shares with one of these protocols; an empty list does not filter. */
  readonly protocol?: InputMaybe<ReadonlyArray<ShareProtocol>>;
  /** Shares in one of these statuses; an empty list does not filter. */
  readonly status?: InputMaybe<ReadonlyArray<ShareStatus>>;
};

/** The quotas of a project in Manila. */
export type ShareLimits = {
  /** The size of all replicas in GiB; null before Manila 2.53. */
  readonly replicaGib?: Maybe<Limit>;
  /** Replicas; null before Manila 2.53. */
  readonly replicas?: Maybe<Limit>;
  /** The size of all shares in GiB. */
  readonly shareGib?: Maybe<Limit>;
  /** Share networks. */
  readonly shareNetworks?: Maybe<Limit>;
  /** Shares. */
  readonly shares?: Maybe<Limit>;
  /** The size of all snapshots in GiB. */
  readonly snapshotGib?: Maybe<Limit>;
  /** Snapshots. */
  readonly snapshots?: Maybe<Limit>;
};

/** A message of Manila's about an operation that failed. */
export type ShareMessage = {
  /** Manila's id of the operation, for example `002` for the creation of a share. */
  readonly actionId?: Maybe<Scalars['String']['output']>;
  /** When the message was written. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** Manila's id of the cause. */
  readonly detailId?: Maybe<Scalars['String']['output']>;
  /** When Manila deletes the message. */
  readonly expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** The message's UUID. */
  readonly id: Scalars['ID']['output'];
  /** What happened and what to do, for people. */
  readonly message?: Maybe<Scalars['String']['output']>;
  /** Manila's id of the request that failed, to quote to the operators of the cloud. */
  readonly openstackRequestId?: Maybe<Scalars['String']['output']>;
  /** The id of the object that the message is about. */
  readonly resourceId?: Maybe<Scalars['ID']['output']>;
  /** The kind of object that the message is about, as Manila sends it, for example `SHARE`. */
  readonly resourceType?: Maybe<Scalars['String']['output']>;
};

/** A network on which shares are exported, for share types that need one. */
export type ShareNetwork = {
  /** When the share network was created. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** The description of the share network. */
  readonly description?: Maybe<Scalars['String']['output']>;
  /** The share network's UUID. */
  readonly id: Scalars['ID']['output'];
  /** The name of the share network. */
  readonly name?: Maybe<Scalars['String']['output']>;
  /** The id of the project that owns the share network. */
  readonly projectId?: Maybe<Scalars['ID']['output']>;
  /** The status of the share network as Manila sends it, for example `active`; null before Manila 2.63. */
  readonly status?: Maybe<Scalars['String']['output']>;
  /** The subnets of the share network. */
  readonly subnets?: Maybe<ReadonlyArray<ShareNetworkSubnet>>;
};

/** A subnet of a share network. */
export type ShareNetworkSubnet = {
  /** The availability zone that the subnet is for; null: all. */
  readonly availabilityZone?: Maybe<Scalars['String']['output']>;
  /** The addresses of the subnet, for example `10.20.0.0/24`; null until Manila knows them. */
  readonly cidr?: Maybe<Scalars['String']['output']>;
  /** The id of the subnet in Manila; null before Manila 2.51. */
  readonly id?: Maybe<Scalars['ID']['output']>;
  /** The version of IP: 4 or 6. */
  readonly ipVersion?: Maybe<Scalars['Int']['output']>;
  /** The id of the Neutron network; null when the subnet is not in Neutron. */
  readonly neutronNetworkId?: Maybe<Scalars['ID']['output']>;
  /** The id of the Neutron subnet. */
  readonly neutronSubnetId?: Maybe<Scalars['ID']['output']>;
};

/** Work on a share that this gateway was asked for, from the request until the share's status is stable. */
export type ShareOperation = {
  /** When it was requested. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** Why it failed, or why the latest attempt failed; null otherwise. */
  readonly fault?: Maybe<ShareFault>;
  /** The id of the operation: of a creation, the value of the share's metadata `nmg_request`; else the share's id. */
  readonly id: Scalars['ID']['output'];
  /** The id of the request, to find it in the gateway's log. */
  readonly requestId?: Maybe<Scalars['String']['output']>;
  /** The share; null when it does not exist yet, or any more. */
  readonly share?: Maybe<Share>;
  /** The share's UUID; null while Manila has not said which share it creates. */
  readonly shareId?: Maybe<Scalars['ID']['output']>;
  /** The size in GiB that the share will have; null for a deletion. */
  readonly sizeGib?: Maybe<Scalars['Int']['output']>;
  /** Whether it has ended, and how. */
  readonly status: ShareOperationStatus;
  /** What is done. */
  readonly type: ShareOperationType;
  /** When it last changed. */
  readonly updatedAt: Scalars['DateTime']['output'];
};

/** The states of work on a share. */
export const ShareOperationStatus = {
  /** It was given up; see `fault`. */
  FAILED: 'FAILED',
  /** Manila works on it, or the gateway has not reached Manila yet. */
  IN_PROGRESS: 'IN_PROGRESS',
  /** It is done. */
  SUCCEEDED: 'SUCCEEDED'
} as const;

export type ShareOperationStatus = typeof ShareOperationStatus[keyof typeof ShareOperationStatus];
/** What is done to a share. */
export const ShareOperationType = {
  /** The share is created. */
  CREATE: 'CREATE',
  /** The share is detached from all servers if that was asked for, and deleted. */
  DELETE: 'DELETE',
  /** The share is extended or shrunk. */
  RESIZE: 'RESIZE'
} as const;

export type ShareOperationType = typeof ShareOperationType[keyof typeof ShareOperationType];
/** The order of a list of shares. */
export type ShareOrder = {
  /** The direction of the order. */
  readonly direction?: InputMaybe<OrderDirection>;
  /** What the shares are ordered by. */
  readonly field: ShareOrderField;
};

/** What shares can be ordered by. */
export const ShareOrderField = {
  /** When the share was created. */
  CREATED_AT: 'CREATED_AT',
  /** The name of the share. */
  NAME: 'NAME',
  /** The size of the share. */
  SIZE: 'SIZE',
  /** When the share last changed. */
  UPDATED_AT: 'UPDATED_AT'
} as const;

export type ShareOrderField = typeof ShareOrderField[keyof typeof ShareOrderField];
/** The protocol of a share. */
export const ShareProtocol = {
  /** CephFS. Access is granted to cephx ids. */
  CEPHFS: 'CEPHFS',
  /** SMB/CIFS. Access is granted to users. */
  CIFS: 'CIFS',
  /** GlusterFS. Access is granted to certificates. This gateway cannot attach such shares. */
  GLUSTERFS: 'GLUSTERFS',
  /** HDFS. Access is granted to users. This gateway cannot attach such shares. */
  HDFS: 'HDFS',
  /** Lustre. This gateway cannot attach such shares. */
  LUSTRE: 'LUSTRE',
  /** MapR-FS. Access is granted to users. This gateway cannot attach such shares. */
  MAPRFS: 'MAPRFS',
  /** NFS. Access is granted to IP addresses. */
  NFS: 'NFS',
  /** Manila sent no protocol, or one that this schema does not have: see `protocolRaw`. */
  UNKNOWN: 'UNKNOWN'
} as const;

export type ShareProtocol = typeof ShareProtocol[keyof typeof ShareProtocol];
/** A snapshot of a share. */
export type ShareSnapshot = Node & {
  /** When the snapshot was created. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** The description of the snapshot. */
  readonly description?: Maybe<Scalars['String']['output']>;
  /** The snapshot's UUID. */
  readonly id: Scalars['ID']['output'];
  /** The metadata of the snapshot (Manila 2.73 or later). */
  readonly metadata?: Maybe<Scalars['StringMap']['output']>;
  /** The name of the snapshot. */
  readonly name?: Maybe<Scalars['String']['output']>;
  /** The id of the project that owns the snapshot. */
  readonly projectId?: Maybe<Scalars['ID']['output']>;
  /** The protocol of the share. */
  readonly protocol: ShareProtocol;
  /** The share that the snapshot was taken of. Null without an error when it is deleted. */
  readonly share?: Maybe<Share>;
  /** The id of the share that the snapshot was taken of. */
  readonly shareId?: Maybe<Scalars['ID']['output']>;
  /** The size of the share in GiB when the snapshot was taken. A share created from the snapshot is at least as large. */
  readonly shareSizeGib?: Maybe<Scalars['Int']['output']>;
  /** The size of the snapshot in GiB. */
  readonly sizeGib?: Maybe<Scalars['Int']['output']>;
  /** The status of the snapshot. */
  readonly status: ShareSnapshotStatus;
  /** The status as Manila sent it, for values that this schema does not have too. */
  readonly statusRaw?: Maybe<Scalars['String']['output']>;
  /** The id of the user who created the snapshot. */
  readonly userId?: Maybe<Scalars['ID']['output']>;
};

/** A page of snapshots. */
export type ShareSnapshotConnection = {
  /** The snapshots of the page with their cursors. */
  readonly edges: ReadonlyArray<ShareSnapshotEdge>;
  /** The snapshots of the page. */
  readonly nodes: ReadonlyArray<ShareSnapshot>;
  /** The position of the page. */
  readonly pageInfo: PageInfo;
  /** The total number of snapshots; null before Manila 2.79, which does not count them. */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** A snapshot and its cursor. */
export type ShareSnapshotEdge = {
  /** The position of the snapshot in the list. */
  readonly cursor: Scalars['String']['output'];
  /** The snapshot. */
  readonly node: ShareSnapshot;
};

/** Conditions on snapshots. A snapshot must match all of them. */
export type ShareSnapshotFilter = {
  /** Snapshots whose name contains this text. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** Snapshots of this share. */
  readonly shareId?: InputMaybe<Scalars['ID']['input']>;
  /** Snapshots in this status. */
  readonly status?: InputMaybe<ShareSnapshotStatus>;
};

/** The status of a snapshot: Manila's values. */
export const ShareSnapshotStatus = {
  /** The snapshot can be used. */
  AVAILABLE: 'AVAILABLE',
  /** A backup is being created from the snapshot. */
  BACKUP_CREATING: 'BACKUP_CREATING',
  /** The snapshot is being created. */
  CREATING: 'CREATING',
  /** The snapshot is being deleted. */
  DELETING: 'DELETING',
  /** Creating the snapshot failed. */
  ERROR: 'ERROR',
  /** Deleting the snapshot failed. */
  ERROR_DELETING: 'ERROR_DELETING',
  /** Bringing the snapshot under Manila's management failed. */
  MANAGE_ERROR: 'MANAGE_ERROR',
  /** The snapshot is being brought under Manila's management. */
  MANAGING: 'MANAGING',
  /** The share is being reverted to the snapshot. */
  RESTORING: 'RESTORING',
  /** Manila sent no status, or one that this schema does not have: see `statusRaw`. */
  UNKNOWN: 'UNKNOWN',
  /** Removing the snapshot from Manila's management failed. */
  UNMANAGE_ERROR: 'UNMANAGE_ERROR',
  /** The snapshot is being removed from Manila's management. */
  UNMANAGING: 'UNMANAGING'
} as const;

export type ShareSnapshotStatus = typeof ShareSnapshotStatus[keyof typeof ShareSnapshotStatus];
/** The status of a share: Manila's values. */
export const ShareStatus = {
  /** The share can be used. */
  AVAILABLE: 'AVAILABLE',
  /** The share is offered for transfer to another project. */
  AWAITING_TRANSFER: 'AWAITING_TRANSFER',
  /** A backup of the share is being created. */
  BACKUP_CREATING: 'BACKUP_CREATING',
  /** A backup is being restored to the share. */
  BACKUP_RESTORING: 'BACKUP_RESTORING',
  /** Restoring a backup to the share failed. */
  BACKUP_RESTORING_ERROR: 'BACKUP_RESTORING_ERROR',
  /** The share is being created. */
  CREATING: 'CREATING',
  /** The share is being created from a snapshot. */
  CREATING_FROM_SNAPSHOT: 'CREATING_FROM_SNAPSHOT',
  /** The share was deleted. */
  DELETED: 'DELETED',
  /** The share is being deleted. */
  DELETING: 'DELETING',
  /** The back end is verifying the share after a restart. */
  ENSURING: 'ENSURING',
  /** Creating the share failed. */
  ERROR: 'ERROR',
  /** Deleting the share failed. */
  ERROR_DELETING: 'ERROR_DELETING',
  /** The share is being extended. */
  EXTENDING: 'EXTENDING',
  /** Extending the share failed. */
  EXTENDING_ERROR: 'EXTENDING_ERROR',
  /** The share is inactive and cannot be used. */
  INACTIVE: 'INACTIVE',
  /** Bringing the share under Manila's management failed. */
  MANAGE_ERROR: 'MANAGE_ERROR',
  /** The share is being brought under Manila's management. */
  MANAGING: 'MANAGING',
  /** The share is being migrated to another back end. */
  MIGRATING: 'MIGRATING',
  /** The share is the destination of a migration. */
  MIGRATING_TO: 'MIGRATING_TO',
  /** The active replica of the share is being changed. */
  REPLICATION_CHANGE: 'REPLICATION_CHANGE',
  /** The share is being restored. */
  RESTORING: 'RESTORING',
  /** The share is being reverted to a snapshot. */
  REVERTING: 'REVERTING',
  /** Reverting the share to a snapshot failed. */
  REVERTING_ERROR: 'REVERTING_ERROR',
  /** The share server of the share is being migrated. */
  SERVER_MIGRATING: 'SERVER_MIGRATING',
  /** The share is the destination of a share server's migration. */
  SERVER_MIGRATING_TO: 'SERVER_MIGRATING_TO',
  /** The share is being shrunk. */
  SHRINKING: 'SHRINKING',
  /** Shrinking the share failed. */
  SHRINKING_ERROR: 'SHRINKING_ERROR',
  /** Shrinking the share failed because its data would not fit. */
  SHRINKING_POSSIBLE_DATA_LOSS_ERROR: 'SHRINKING_POSSIBLE_DATA_LOSS_ERROR',
  /** Manila sent no status, or one that this schema does not have: see `statusRaw`. */
  UNKNOWN: 'UNKNOWN',
  /** The share was removed from Manila's management. */
  UNMANAGED: 'UNMANAGED',
  /** Removing the share from Manila's management failed. */
  UNMANAGE_ERROR: 'UNMANAGE_ERROR',
  /** The share is being removed from Manila's management. */
  UNMANAGING: 'UNMANAGING'
} as const;

export type ShareStatus = typeof ShareStatus[keyof typeof ShareStatus];
/** A share type in Manila: what a share is created on, and what it can do. */
export type ShareType = {
  /** Whether shares can be created from snapshots of its shares; null for a type that is hidden from the caller. */
  readonly createShareFromSnapshotSupport?: Maybe<Scalars['Boolean']['output']>;
  /** The description of the share type. */
  readonly description?: Maybe<Scalars['String']['output']>;
  /** The extra specs that the caller may see, as Manila sends them: all values are strings, for example `True`. */
  readonly extraSpecs?: Maybe<Scalars['StringMap']['output']>;
  /** The id of the share type; null when Manila did not send it. */
  readonly id?: Maybe<Scalars['ID']['output']>;
  /** Whether a share is created with this type when no type is given; null before Manila 2.46, and for a type that is hidden from the caller. */
  readonly isDefault?: Maybe<Scalars['Boolean']['output']>;
  /** Whether all projects can use the type; null for a type that is hidden from the caller. */
  readonly isPublic?: Maybe<Scalars['Boolean']['output']>;
  /** The name of the share type. */
  readonly name?: Maybe<Scalars['String']['output']>;
  /**
   * Whether a share of this type needs a share network (`driver_handles_share_servers`); null for a type that is hidden from
   * the caller.
   */
  readonly needsShareNetwork?: Maybe<Scalars['Boolean']['output']>;
  /** Whether snapshots of its shares can be created; null for a type that is hidden from the caller. */
  readonly snapshotSupport?: Maybe<Scalars['Boolean']['output']>;
};

/** Event streams. */
export type Subscription = {
  /**
   * The changes of the attachments of the caller's project, in order and without duplicates. With a `serverId`, for a token
   * that sees the servers of all projects, those of the server's project.
   */
  readonly shareAttachmentEvents: ShareAttachmentEvent;
  /**
   * What becomes of the shares of the caller's project that are created, resized or deleted through this gateway, in order
   * and without duplicates. The gateway observes a share until its status is stable; it does not observe other shares.
   */
  readonly shareEvents: ShareEvent;
};


/** Event streams. */
export type SubscriptionShareAttachmentEventsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  serverId?: InputMaybe<Scalars['ID']['input']>;
  shareId?: InputMaybe<Scalars['ID']['input']>;
};


/** Event streams. */
export type SubscriptionShareEventsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  shareId?: InputMaybe<Scalars['ID']['input']>;
};

/** Arguments of `updateShareAttachment`. What is left out does not change. */
export type UpdateShareAttachmentInput = {
  /** The new access level. Not with `VIRTIOFS`, where Nova grants read and write access. */
  readonly accessLevel?: InputMaybe<AccessLevel>;
  /**
   * Whether the access rules may be revoked and granted again where Manila cannot change them (before 2.88): the guest loses
   * access meanwhile.
   */
  readonly allowOutage?: InputMaybe<Scalars['Boolean']['input']>;
  /** The new intended mount path in the guest: an absolute POSIX path as `attachShare` takes it. The guest agent mounts there. */
  readonly mountPoint?: InputMaybe<Scalars['String']['input']>;
  /** The server's UUID. */
  readonly serverId: Scalars['ID']['input'];
  /** The share's UUID. */
  readonly shareId: Scalars['ID']['input'];
};

/** Result of `updateShareAttachment`. */
export type UpdateShareAttachmentPayload = {
  /** The attachment after the request. */
  readonly attachment?: Maybe<ShareAttachment>;
};

/** Arguments of `updateShare`. What is left out does not change. */
export type UpdateShareInput = {
  /** The new description, at most 255 characters; empty for none. */
  readonly description?: InputMaybe<Scalars['String']['input']>;
  /** The new name, at most 255 characters; empty for none. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** Keys of the metadata to remove; a key that is not there is ignored. */
  readonly removeMetadata?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Metadata to add or to replace. Keys that begin with `nmg_` are the gateway's, those with `__` the driver's. */
  readonly setMetadata?: InputMaybe<Scalars['StringMap']['input']>;
  /** The share's UUID. */
  readonly shareId: Scalars['ID']['input'];
};

/** Result of `updateShare`. */
export type UpdateSharePayload = {
  /** The share after the change. */
  readonly share?: Maybe<Share>;
};

/** A Keystone user. */
export type User = {
  /** The name of the user's domain. */
  readonly domainName: Scalars['String']['output'];
  /** The user's id in Keystone. */
  readonly id: Scalars['ID']['output'];
  /** The user's name. */
  readonly name: Scalars['String']['output'];
};

/** The caller's token, as Keystone validated it. */
export type Viewer = {
  /** When the token expires. */
  readonly expiresAt: Scalars['DateTime']['output'];
  /** The project that the token is scoped to. */
  readonly project: Project;
  /** The names of the user's roles in the project. */
  readonly roles: ReadonlyArray<Scalars['String']['output']>;
  /** The user that the token belongs to. */
  readonly user: User;
};

/** A share attached by Nova's virtiofs. */
export type VirtiofsAttachment = {
  /** Nova's status of the attachment when it was last observed. */
  readonly status: VirtiofsStatus;
  /** Nova's own word for the status; empty before the first observation. */
  readonly statusRaw?: Maybe<Scalars['String']['output']>;
  /** The name by which the guest mounts the device: `mount -t virtiofs <tag> <mount point>`. */
  readonly tag?: Maybe<Scalars['String']['output']>;
};

/** Nova's statuses of a share attached by virtiofs. */
export const VirtiofsStatus = {
  /** Attached to a server that runs: the guest can mount it. */
  ACTIVE: 'ACTIVE',
  /** Nova is granting the compute host access to the share. */
  ATTACHING: 'ATTACHING',
  /** Nova is detaching it. */
  DETACHING: 'DETACHING',
  /** The attach, the detach or the mount failed. */
  ERROR: 'ERROR',
  /** Attached to a server that is stopped. */
  INACTIVE: 'INACTIVE',
  /** A status that is unknown to this schema, or not observed yet; see `statusRaw`. */
  UNKNOWN: 'UNKNOWN'
} as const;

export type VirtiofsStatus = typeof VirtiofsStatus[keyof typeof VirtiofsStatus];


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
  AttachProblem: ResolverTypeWrapper<AttachProblem>;
  AttachProblemCode: AttachProblemCode;
  AttachShareCheckInput: AttachShareCheckInput;
  AttachShareInput: AttachShareInput;
  AttachShareOption: ResolverTypeWrapper<AttachOption>;
  AttachSharePayload: ResolverTypeWrapper<Omit<AttachSharePayload, 'attachment'> & { attachment: ResolversTypes['ShareAttachment'] }>;
  AttachSharesInput: AttachSharesInput;
  AttachSharesPayload: ResolverTypeWrapper<Omit<AttachSharesPayload, 'outcomes'> & { outcomes: ReadonlyArray<ResolversTypes['AttachmentOutcome']> }>;
  AttachVia: AttachVia;
  AttachmentFault: ResolverTypeWrapper<Fault>;
  AttachmentFaultCode: AttachmentFaultCode;
  AttachmentOrigin: AttachmentOrigin;
  AttachmentOutcome: ResolverTypeWrapper<GivenOutcome>;
  AvailabilityZone: ResolverTypeWrapper<AvailabilityZone>;
  AvailabilityZones: ResolverTypeWrapper<NoParent>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  Certainty: Certainty;
  CreateShareInput: CreateShareInput;
  CreateSharePayload: ResolverTypeWrapper<ShareCommandResult>;
  CreateSnapshotInput: CreateSnapshotInput;
  CreateSnapshotPayload: ResolverTypeWrapper<Omit<CreateSnapshotPayload, 'snapshot'> & { snapshot: Maybe<ResolversTypes['ShareSnapshot']> }>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  DeleteShareInput: DeleteShareInput;
  DeleteSharePayload: ResolverTypeWrapper<ShareCommandResult>;
  DeleteSnapshotInput: DeleteSnapshotInput;
  DeleteSnapshotPayload: ResolverTypeWrapper<Omit<DeleteSnapshotPayload, 'snapshot'> & { snapshot: Maybe<ResolversTypes['ShareSnapshot']> }>;
  DetachShareInput: DetachShareInput;
  DetachSharePayload: ResolverTypeWrapper<Omit<DetachSharePayload, 'attachment'> & { attachment: ResolversTypes['ShareAttachment'] }>;
  DetachSharesInput: DetachSharesInput;
  DetachSharesPayload: ResolverTypeWrapper<Omit<DetachSharesPayload, 'outcomes'> & { outcomes: ReadonlyArray<ResolversTypes['AttachmentOutcome']> }>;
  ErrorCode: ErrorCode;
  ExportLocation: ResolverTypeWrapper<ManilaExportLocation>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  Limit: ResolverTypeWrapper<Limit>;
  Limits: ResolverTypeWrapper<NoParent>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Node: ResolverTypeWrapper<FoundNode>;
  OrderDirection: OrderDirection;
  OutcomeError: ResolverTypeWrapper<OutcomeError>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Project: ResolverTypeWrapper<Project>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RebootServerInput: RebootServerInput;
  ResizeShareInput: ResizeShareInput;
  ResizeSharePayload: ResolverTypeWrapper<ShareCommandResult>;
  Server: ResolverTypeWrapper<NovaServer>;
  ServerAction: ResolverTypeWrapper<InstanceAction>;
  ServerActionConnection: ResolverTypeWrapper<Omit<ServerActionConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['ServerActionEdge']>, nodes: ReadonlyArray<ResolversTypes['ServerAction']> }>;
  ServerActionEdge: ResolverTypeWrapper<Omit<ServerActionEdge, 'node'> & { node: ResolversTypes['ServerAction'] }>;
  ServerActionInput: ServerActionInput;
  ServerActionPayload: ResolverTypeWrapper<Omit<ServerActionPayload, 'server'> & { server: ResolversTypes['Server'] }>;
  ServerAddress: ResolverTypeWrapper<ServerAddress>;
  ServerConnection: ResolverTypeWrapper<Omit<ServerConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['ServerEdge']>, nodes: ReadonlyArray<ResolversTypes['Server']> }>;
  ServerEdge: ResolverTypeWrapper<Omit<ServerEdge, 'node'> & { node: ResolversTypes['Server'] }>;
  ServerFault: ResolverTypeWrapper<NovaFault>;
  ServerFilter: ServerFilter;
  ServerFlavor: ResolverTypeWrapper<NovaFlavor>;
  ServerLimits: ResolverTypeWrapper<ServerLimits>;
  ServerOrder: ServerOrder;
  ServerOrderField: ServerOrderField;
  ServerPowerState: ServerPowerState;
  ServerStatus: ServerStatus;
  Share: ResolverTypeWrapper<ManilaShare>;
  ShareAttachment: ResolverTypeWrapper<AttachmentView>;
  ShareAttachmentConnection: ResolverTypeWrapper<Omit<ShareAttachmentConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['ShareAttachmentEdge']>, nodes: ReadonlyArray<ResolversTypes['ShareAttachment']> }>;
  ShareAttachmentEdge: ResolverTypeWrapper<Omit<ShareAttachmentEdge, 'node'> & { node: ResolversTypes['ShareAttachment'] }>;
  ShareAttachmentEvent: ResolverTypeWrapper<AttachmentEvent>;
  ShareAttachmentEventReason: ShareAttachmentEventReason;
  ShareAttachmentEventType: ShareAttachmentEventType;
  ShareAttachmentFilter: ShareAttachmentFilter;
  ShareAttachmentHistoryConnection: ResolverTypeWrapper<Omit<ShareAttachmentHistoryConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['ShareAttachmentHistoryEdge']>, nodes: ReadonlyArray<ResolversTypes['ShareAttachmentEvent']> }>;
  ShareAttachmentHistoryEdge: ResolverTypeWrapper<Omit<ShareAttachmentHistoryEdge, 'node'> & { node: ResolversTypes['ShareAttachmentEvent'] }>;
  ShareAttachmentHistoryFilter: ShareAttachmentHistoryFilter;
  ShareAttachmentStatus: ShareAttachmentStatus;
  ShareConnection: ResolverTypeWrapper<Omit<ShareConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['ShareEdge']>, nodes: ReadonlyArray<ResolversTypes['Share']> }>;
  ShareEdge: ResolverTypeWrapper<Omit<ShareEdge, 'node'> & { node: ResolversTypes['Share'] }>;
  ShareEvent: ResolverTypeWrapper<LoggedShareEvent>;
  ShareEventType: ShareEventType;
  ShareFault: ResolverTypeWrapper<ShareFaultRecord>;
  ShareFaultCode: ShareFaultCode;
  ShareFilter: ShareFilter;
  ShareLimits: ResolverTypeWrapper<ShareLimits>;
  ShareMessage: ResolverTypeWrapper<ManilaMessage>;
  ShareNetwork: ResolverTypeWrapper<ManilaShareNetwork>;
  ShareNetworkSubnet: ResolverTypeWrapper<SubnetView>;
  ShareOperation: ResolverTypeWrapper<ShareOperationView>;
  ShareOperationStatus: ShareOperationStatus;
  ShareOperationType: ShareOperationType;
  ShareOrder: ShareOrder;
  ShareOrderField: ShareOrderField;
  ShareProtocol: ShareProtocol;
  ShareSnapshot: ResolverTypeWrapper<ManilaSnapshot>;
  ShareSnapshotConnection: ResolverTypeWrapper<Omit<ShareSnapshotConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['ShareSnapshotEdge']>, nodes: ReadonlyArray<ResolversTypes['ShareSnapshot']> }>;
  ShareSnapshotEdge: ResolverTypeWrapper<Omit<ShareSnapshotEdge, 'node'> & { node: ResolversTypes['ShareSnapshot'] }>;
  ShareSnapshotFilter: ShareSnapshotFilter;
  ShareSnapshotStatus: ShareSnapshotStatus;
  ShareStatus: ShareStatus;
  ShareType: ResolverTypeWrapper<ShareTypeView>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  StringMap: ResolverTypeWrapper<Scalars['StringMap']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  UpdateShareAttachmentInput: UpdateShareAttachmentInput;
  UpdateShareAttachmentPayload: ResolverTypeWrapper<Omit<UpdateShareAttachmentPayload, 'attachment'> & { attachment: Maybe<ResolversTypes['ShareAttachment']> }>;
  UpdateShareInput: UpdateShareInput;
  UpdateSharePayload: ResolverTypeWrapper<Omit<UpdateSharePayload, 'share'> & { share: Maybe<ResolversTypes['Share']> }>;
  User: ResolverTypeWrapper<User>;
  Viewer: ResolverTypeWrapper<Identity>;
  VirtiofsAttachment: ResolverTypeWrapper<VirtiofsState>;
  VirtiofsStatus: VirtiofsStatus;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  AccessRule: AccessRuleView;
  AttachProblem: AttachProblem;
  AttachShareCheckInput: AttachShareCheckInput;
  AttachShareInput: AttachShareInput;
  AttachShareOption: AttachOption;
  AttachSharePayload: Omit<AttachSharePayload, 'attachment'> & { attachment: ResolversParentTypes['ShareAttachment'] };
  AttachSharesInput: AttachSharesInput;
  AttachSharesPayload: Omit<AttachSharesPayload, 'outcomes'> & { outcomes: ReadonlyArray<ResolversParentTypes['AttachmentOutcome']> };
  AttachmentFault: Fault;
  AttachmentOutcome: GivenOutcome;
  AvailabilityZone: AvailabilityZone;
  AvailabilityZones: NoParent;
  Boolean: Scalars['Boolean']['output'];
  CreateShareInput: CreateShareInput;
  CreateSharePayload: ShareCommandResult;
  CreateSnapshotInput: CreateSnapshotInput;
  CreateSnapshotPayload: Omit<CreateSnapshotPayload, 'snapshot'> & { snapshot: Maybe<ResolversParentTypes['ShareSnapshot']> };
  DateTime: Scalars['DateTime']['output'];
  DeleteShareInput: DeleteShareInput;
  DeleteSharePayload: ShareCommandResult;
  DeleteSnapshotInput: DeleteSnapshotInput;
  DeleteSnapshotPayload: Omit<DeleteSnapshotPayload, 'snapshot'> & { snapshot: Maybe<ResolversParentTypes['ShareSnapshot']> };
  DetachShareInput: DetachShareInput;
  DetachSharePayload: Omit<DetachSharePayload, 'attachment'> & { attachment: ResolversParentTypes['ShareAttachment'] };
  DetachSharesInput: DetachSharesInput;
  DetachSharesPayload: Omit<DetachSharesPayload, 'outcomes'> & { outcomes: ReadonlyArray<ResolversParentTypes['AttachmentOutcome']> };
  ExportLocation: ManilaExportLocation;
  ID: Scalars['ID']['output'];
  Int: Scalars['Int']['output'];
  Limit: Limit;
  Limits: NoParent;
  Mutation: Record<PropertyKey, never>;
  Node: FoundNode;
  OutcomeError: OutcomeError;
  PageInfo: PageInfo;
  Project: Project;
  Query: Record<PropertyKey, never>;
  RebootServerInput: RebootServerInput;
  ResizeShareInput: ResizeShareInput;
  ResizeSharePayload: ShareCommandResult;
  Server: NovaServer;
  ServerAction: InstanceAction;
  ServerActionConnection: Omit<ServerActionConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['ServerActionEdge']>, nodes: ReadonlyArray<ResolversParentTypes['ServerAction']> };
  ServerActionEdge: Omit<ServerActionEdge, 'node'> & { node: ResolversParentTypes['ServerAction'] };
  ServerActionInput: ServerActionInput;
  ServerActionPayload: Omit<ServerActionPayload, 'server'> & { server: ResolversParentTypes['Server'] };
  ServerAddress: ServerAddress;
  ServerConnection: Omit<ServerConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['ServerEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Server']> };
  ServerEdge: Omit<ServerEdge, 'node'> & { node: ResolversParentTypes['Server'] };
  ServerFault: NovaFault;
  ServerFilter: ServerFilter;
  ServerFlavor: NovaFlavor;
  ServerLimits: ServerLimits;
  ServerOrder: ServerOrder;
  Share: ManilaShare;
  ShareAttachment: AttachmentView;
  ShareAttachmentConnection: Omit<ShareAttachmentConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['ShareAttachmentEdge']>, nodes: ReadonlyArray<ResolversParentTypes['ShareAttachment']> };
  ShareAttachmentEdge: Omit<ShareAttachmentEdge, 'node'> & { node: ResolversParentTypes['ShareAttachment'] };
  ShareAttachmentEvent: AttachmentEvent;
  ShareAttachmentFilter: ShareAttachmentFilter;
  ShareAttachmentHistoryConnection: Omit<ShareAttachmentHistoryConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['ShareAttachmentHistoryEdge']>, nodes: ReadonlyArray<ResolversParentTypes['ShareAttachmentEvent']> };
  ShareAttachmentHistoryEdge: Omit<ShareAttachmentHistoryEdge, 'node'> & { node: ResolversParentTypes['ShareAttachmentEvent'] };
  ShareAttachmentHistoryFilter: ShareAttachmentHistoryFilter;
  ShareConnection: Omit<ShareConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['ShareEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Share']> };
  ShareEdge: Omit<ShareEdge, 'node'> & { node: ResolversParentTypes['Share'] };
  ShareEvent: LoggedShareEvent;
  ShareFault: ShareFaultRecord;
  ShareFilter: ShareFilter;
  ShareLimits: ShareLimits;
  ShareMessage: ManilaMessage;
  ShareNetwork: ManilaShareNetwork;
  ShareNetworkSubnet: SubnetView;
  ShareOperation: ShareOperationView;
  ShareOrder: ShareOrder;
  ShareSnapshot: ManilaSnapshot;
  ShareSnapshotConnection: Omit<ShareSnapshotConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['ShareSnapshotEdge']>, nodes: ReadonlyArray<ResolversParentTypes['ShareSnapshot']> };
  ShareSnapshotEdge: Omit<ShareSnapshotEdge, 'node'> & { node: ResolversParentTypes['ShareSnapshot'] };
  ShareSnapshotFilter: ShareSnapshotFilter;
  ShareType: ShareTypeView;
  String: Scalars['String']['output'];
  StringMap: Scalars['StringMap']['output'];
  Subscription: Record<PropertyKey, never>;
  UpdateShareAttachmentInput: UpdateShareAttachmentInput;
  UpdateShareAttachmentPayload: Omit<UpdateShareAttachmentPayload, 'attachment'> & { attachment: Maybe<ResolversParentTypes['ShareAttachment']> };
  UpdateShareInput: UpdateShareInput;
  UpdateSharePayload: Omit<UpdateSharePayload, 'share'> & { share: Maybe<ResolversParentTypes['Share']> };
  User: User;
  Viewer: Identity;
  VirtiofsAttachment: VirtiofsState;
};

export type AccessRuleResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['AccessRule'] = ResolversParentTypes['AccessRule']> = {
  accessKey: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  accessLevel: Resolver<Maybe<ResolversTypes['AccessLevel']>, ParentType, ContextType>;
  accessTo: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  accessType: Resolver<ResolversTypes['AccessType'], ParentType, ContextType>;
  createdAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  metadata: Resolver<Maybe<ResolversTypes['StringMap']>, ParentType, ContextType>;
  state: Resolver<ResolversTypes['AccessRuleState'], ParentType, ContextType>;
  stateRaw: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  updatedAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
};

export type AttachProblemResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['AttachProblem'] = ResolversParentTypes['AttachProblem']> = {
  certainty: Resolver<ResolversTypes['Certainty'], ParentType, ContextType>;
  code: Resolver<ResolversTypes['AttachProblemCode'], ParentType, ContextType>;
  field: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  message: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type AttachShareOptionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['AttachShareOption'] = ResolversParentTypes['AttachShareOption']> = {
  accessTo: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  isOpen: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  mountCommands: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  problems: Resolver<ReadonlyArray<ResolversTypes['AttachProblem']>, ParentType, ContextType>;
  via: Resolver<ResolversTypes['AttachVia'], ParentType, ContextType>;
};

export type AttachSharePayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['AttachSharePayload'] = ResolversParentTypes['AttachSharePayload']> = {
  attachment: Resolver<ResolversTypes['ShareAttachment'], ParentType, ContextType>;
};

export type AttachSharesPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['AttachSharesPayload'] = ResolversParentTypes['AttachSharesPayload']> = {
  outcomes: Resolver<ReadonlyArray<ResolversTypes['AttachmentOutcome']>, ParentType, ContextType>;
};

export type AttachmentFaultResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['AttachmentFault'] = ResolversParentTypes['AttachmentFault']> = {
  at: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  code: Resolver<ResolversTypes['AttachmentFaultCode'], ParentType, ContextType>;
  codeRaw: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  message: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  openstackRequestId: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type AttachmentOutcomeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['AttachmentOutcome'] = ResolversParentTypes['AttachmentOutcome']> = {
  attachment: Resolver<Maybe<ResolversTypes['ShareAttachment']>, ParentType, ContextType>;
  error: Resolver<Maybe<ResolversTypes['OutcomeError']>, ParentType, ContextType>;
  serverId: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  shareId: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type AvailabilityZoneResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['AvailabilityZone'] = ResolversParentTypes['AvailabilityZone']> = {
  isAvailable: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  name: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type AvailabilityZonesResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['AvailabilityZones'] = ResolversParentTypes['AvailabilityZones']> = {
  servers: Resolver<Maybe<ReadonlyArray<ResolversTypes['AvailabilityZone']>>, ParentType, ContextType>;
  shares: Resolver<Maybe<ReadonlyArray<ResolversTypes['AvailabilityZone']>>, ParentType, ContextType>;
};

export type CreateSharePayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['CreateSharePayload'] = ResolversParentTypes['CreateSharePayload']> = {
  operation: Resolver<Maybe<ResolversTypes['ShareOperation']>, ParentType, ContextType>;
  share: Resolver<Maybe<ResolversTypes['Share']>, ParentType, ContextType>;
};

export type CreateSnapshotPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['CreateSnapshotPayload'] = ResolversParentTypes['CreateSnapshotPayload']> = {
  snapshot: Resolver<Maybe<ResolversTypes['ShareSnapshot']>, ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DeleteSharePayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['DeleteSharePayload'] = ResolversParentTypes['DeleteSharePayload']> = {
  operation: Resolver<Maybe<ResolversTypes['ShareOperation']>, ParentType, ContextType>;
  share: Resolver<Maybe<ResolversTypes['Share']>, ParentType, ContextType>;
  shareId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
};

export type DeleteSnapshotPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['DeleteSnapshotPayload'] = ResolversParentTypes['DeleteSnapshotPayload']> = {
  snapshot: Resolver<Maybe<ResolversTypes['ShareSnapshot']>, ParentType, ContextType>;
  snapshotId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
};

export type DetachSharePayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['DetachSharePayload'] = ResolversParentTypes['DetachSharePayload']> = {
  attachment: Resolver<ResolversTypes['ShareAttachment'], ParentType, ContextType>;
};

export type DetachSharesPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['DetachSharesPayload'] = ResolversParentTypes['DetachSharesPayload']> = {
  outcomes: Resolver<ReadonlyArray<ResolversTypes['AttachmentOutcome']>, ParentType, ContextType>;
};

export type ExportLocationResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ExportLocation'] = ResolversParentTypes['ExportLocation']> = {
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  metadata: Resolver<Maybe<ResolversTypes['StringMap']>, ParentType, ContextType>;
  path: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  preferred: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
};

export type LimitResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Limit'] = ResolversParentTypes['Limit']> = {
  maximum: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  used: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type LimitsResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Limits'] = ResolversParentTypes['Limits']> = {
  servers: Resolver<Maybe<ResolversTypes['ServerLimits']>, ParentType, ContextType>;
  shares: Resolver<Maybe<ResolversTypes['ShareLimits']>, ParentType, ContextType>;
};

export type MutationResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  attachShare?: Resolver<Maybe<ResolversTypes['AttachSharePayload']>, ParentType, ContextType, RequireFields<MutationAttachShareArgs, 'input'>>;
  attachShares?: Resolver<Maybe<ResolversTypes['AttachSharesPayload']>, ParentType, ContextType, RequireFields<MutationAttachSharesArgs, 'input'>>;
  createShare?: Resolver<Maybe<ResolversTypes['CreateSharePayload']>, ParentType, ContextType, RequireFields<MutationCreateShareArgs, 'input'>>;
  createSnapshot?: Resolver<Maybe<ResolversTypes['CreateSnapshotPayload']>, ParentType, ContextType, RequireFields<MutationCreateSnapshotArgs, 'input'>>;
  deleteShare?: Resolver<Maybe<ResolversTypes['DeleteSharePayload']>, ParentType, ContextType, RequireFields<MutationDeleteShareArgs, 'input'>>;
  deleteSnapshot?: Resolver<Maybe<ResolversTypes['DeleteSnapshotPayload']>, ParentType, ContextType, RequireFields<MutationDeleteSnapshotArgs, 'input'>>;
  detachShare?: Resolver<Maybe<ResolversTypes['DetachSharePayload']>, ParentType, ContextType, RequireFields<MutationDetachShareArgs, 'input'>>;
  detachShares?: Resolver<Maybe<ResolversTypes['DetachSharesPayload']>, ParentType, ContextType, RequireFields<MutationDetachSharesArgs, 'input'>>;
  rebootServer?: Resolver<Maybe<ResolversTypes['ServerActionPayload']>, ParentType, ContextType, RequireFields<MutationRebootServerArgs, 'input'>>;
  resizeShare?: Resolver<Maybe<ResolversTypes['ResizeSharePayload']>, ParentType, ContextType, RequireFields<MutationResizeShareArgs, 'input'>>;
  startServer?: Resolver<Maybe<ResolversTypes['ServerActionPayload']>, ParentType, ContextType, RequireFields<MutationStartServerArgs, 'input'>>;
  stopServer?: Resolver<Maybe<ResolversTypes['ServerActionPayload']>, ParentType, ContextType, RequireFields<MutationStopServerArgs, 'input'>>;
  updateShare?: Resolver<Maybe<ResolversTypes['UpdateSharePayload']>, ParentType, ContextType, RequireFields<MutationUpdateShareArgs, 'input'>>;
  updateShareAttachment?: Resolver<Maybe<ResolversTypes['UpdateShareAttachmentPayload']>, ParentType, ContextType, RequireFields<MutationUpdateShareAttachmentArgs, 'input'>>;
};

export type NodeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType: TypeResolveFn<'Server' | 'Share' | 'ShareAttachment' | 'ShareSnapshot', ParentType, ContextType>;
};

export type OutcomeErrorResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['OutcomeError'] = ResolversParentTypes['OutcomeError']> = {
  code: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  openstackRequestId: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  retryAfter: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  service: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  status: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  isTruncated: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  startCursor: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ProjectResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Project'] = ResolversParentTypes['Project']> = {
  domainName: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  attachShareCheck?: Resolver<Maybe<ReadonlyArray<ResolversTypes['AttachShareOption']>>, ParentType, ContextType, RequireFields<QueryAttachShareCheckArgs, 'input'>>;
  availabilityZones?: Resolver<Maybe<ResolversTypes['AvailabilityZones']>, ParentType, ContextType>;
  limits?: Resolver<Maybe<ResolversTypes['Limits']>, ParentType, ContextType>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QueryNodeArgs, 'id'>>;
  nodes?: Resolver<Maybe<ReadonlyArray<Maybe<ResolversTypes['Node']>>>, ParentType, ContextType, RequireFields<QueryNodesArgs, 'ids'>>;
  server?: Resolver<Maybe<ResolversTypes['Server']>, ParentType, ContextType, RequireFields<QueryServerArgs, 'id'>>;
  serverByAddress?: Resolver<Maybe<ResolversTypes['Server']>, ParentType, ContextType, RequireFields<QueryServerByAddressArgs, 'address'>>;
  servers?: Resolver<Maybe<ResolversTypes['ServerConnection']>, ParentType, ContextType, RequireFields<QueryServersArgs, 'first'>>;
  share?: Resolver<Maybe<ResolversTypes['Share']>, ParentType, ContextType, RequireFields<QueryShareArgs, 'id'>>;
  shareAttachment?: Resolver<Maybe<ResolversTypes['ShareAttachment']>, ParentType, ContextType, RequireFields<QueryShareAttachmentArgs, 'serverId' | 'shareId'>>;
  shareAttachmentHistory?: Resolver<Maybe<ResolversTypes['ShareAttachmentHistoryConnection']>, ParentType, ContextType, RequireFields<QueryShareAttachmentHistoryArgs, 'first'>>;
  shareAttachments?: Resolver<Maybe<ResolversTypes['ShareAttachmentConnection']>, ParentType, ContextType, RequireFields<QueryShareAttachmentsArgs, 'first'>>;
  shareMessages?: Resolver<Maybe<ReadonlyArray<ResolversTypes['ShareMessage']>>, ParentType, ContextType, RequireFields<QueryShareMessagesArgs, 'first'>>;
  shareNetworks?: Resolver<Maybe<ReadonlyArray<ResolversTypes['ShareNetwork']>>, ParentType, ContextType, RequireFields<QueryShareNetworksArgs, 'first'>>;
  shareOperations?: Resolver<Maybe<ReadonlyArray<ResolversTypes['ShareOperation']>>, ParentType, ContextType, RequireFields<QueryShareOperationsArgs, 'first'>>;
  shareTypes?: Resolver<Maybe<ReadonlyArray<ResolversTypes['ShareType']>>, ParentType, ContextType>;
  shares?: Resolver<Maybe<ResolversTypes['ShareConnection']>, ParentType, ContextType, RequireFields<QuerySharesArgs, 'first'>>;
  snapshot?: Resolver<Maybe<ResolversTypes['ShareSnapshot']>, ParentType, ContextType, RequireFields<QuerySnapshotArgs, 'id'>>;
  snapshots?: Resolver<Maybe<ResolversTypes['ShareSnapshotConnection']>, ParentType, ContextType, RequireFields<QuerySnapshotsArgs, 'first'>>;
  viewer?: Resolver<ResolversTypes['Viewer'], ParentType, ContextType>;
};

export type ResizeSharePayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ResizeSharePayload'] = ResolversParentTypes['ResizeSharePayload']> = {
  operation: Resolver<Maybe<ResolversTypes['ShareOperation']>, ParentType, ContextType>;
  share: Resolver<Maybe<ResolversTypes['Share']>, ParentType, ContextType>;
};

export type ServerResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Server'] = ResolversParentTypes['Server']> = {
  accessIPv4: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  accessIPv6: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  actions: Resolver<Maybe<ResolversTypes['ServerActionConnection']>, ParentType, ContextType, RequireFields<ServerActionsArgs, 'first'>>;
  addresses: Resolver<Maybe<ReadonlyArray<ResolversTypes['ServerAddress']>>, ParentType, ContextType>;
  availabilityZone: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  createdAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  description: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  fault: Resolver<Maybe<ResolversTypes['ServerFault']>, ParentType, ContextType>;
  flavor: Resolver<Maybe<ResolversTypes['ServerFlavor']>, ParentType, ContextType>;
  hostId: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hostname: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  imageId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  keyName: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  launchedAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  locked: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  lockedReason: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  metadata: Resolver<Maybe<ResolversTypes['StringMap']>, ParentType, ContextType>;
  name: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  pinnedAvailabilityZone: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  powerState: Resolver<Maybe<ResolversTypes['ServerPowerState']>, ParentType, ContextType>;
  progress: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  projectId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  securityGroups: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  sharesAttached: Resolver<Maybe<ReadonlyArray<ResolversTypes['ShareAttachment']>>, ParentType, ContextType, RequireFields<ServerSharesAttachedArgs, 'first' | 'inNova'>>;
  status: Resolver<ResolversTypes['ServerStatus'], ParentType, ContextType>;
  statusRaw: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  tags: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  taskState: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  terminatedAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  updatedAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  userId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  vmState: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  volumeIds: Resolver<Maybe<ReadonlyArray<ResolversTypes['ID']>>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ServerActionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerAction'] = ResolversParentTypes['ServerAction']> = {
  action: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  createdAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  message: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  openstackRequestId: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  projectId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  updatedAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  userId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
};

export type ServerActionConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerActionConnection'] = ResolversParentTypes['ServerActionConnection']> = {
  edges: Resolver<ReadonlyArray<ResolversTypes['ServerActionEdge']>, ParentType, ContextType>;
  nodes: Resolver<ReadonlyArray<ResolversTypes['ServerAction']>, ParentType, ContextType>;
  pageInfo: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type ServerActionEdgeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerActionEdge'] = ResolversParentTypes['ServerActionEdge']> = {
  cursor: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node: Resolver<ResolversTypes['ServerAction'], ParentType, ContextType>;
};

export type ServerActionPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerActionPayload'] = ResolversParentTypes['ServerActionPayload']> = {
  openstackRequestId: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  server: Resolver<ResolversTypes['Server'], ParentType, ContextType>;
};

export type ServerAddressResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerAddress'] = ResolversParentTypes['ServerAddress']> = {
  address: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  macAddress: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  network: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  type: Resolver<ResolversTypes['AddressType'], ParentType, ContextType>;
  version: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type ServerConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerConnection'] = ResolversParentTypes['ServerConnection']> = {
  edges: Resolver<ReadonlyArray<ResolversTypes['ServerEdge']>, ParentType, ContextType>;
  nodes: Resolver<ReadonlyArray<ResolversTypes['Server']>, ParentType, ContextType>;
  pageInfo: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type ServerEdgeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerEdge'] = ResolversParentTypes['ServerEdge']> = {
  cursor: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node: Resolver<ResolversTypes['Server'], ParentType, ContextType>;
};

export type ServerFaultResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerFault'] = ResolversParentTypes['ServerFault']> = {
  code: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  createdAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  details: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  message: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ServerFlavorResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerFlavor'] = ResolversParentTypes['ServerFlavor']> = {
  diskGib: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  ephemeralGib: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  extraSpecs: Resolver<Maybe<ResolversTypes['StringMap']>, ParentType, ContextType>;
  name: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  ramMib: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  swapMib: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  vcpus: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type ServerLimitsResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ServerLimits'] = ResolversParentTypes['ServerLimits']> = {
  ramMib: Resolver<Maybe<ResolversTypes['Limit']>, ParentType, ContextType>;
  serverGroups: Resolver<Maybe<ResolversTypes['Limit']>, ParentType, ContextType>;
  servers: Resolver<Maybe<ResolversTypes['Limit']>, ParentType, ContextType>;
  vcpus: Resolver<Maybe<ResolversTypes['Limit']>, ParentType, ContextType>;
};

export type ShareResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Share'] = ResolversParentTypes['Share']> = {
  accessRules: Resolver<Maybe<ReadonlyArray<ResolversTypes['AccessRule']>>, ParentType, ContextType, RequireFields<ShareAccessRulesArgs, 'first'>>;
  accessRulesStatus: Resolver<Maybe<ResolversTypes['AccessRulesStatus']>, ParentType, ContextType>;
  availabilityZone: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  createShareFromSnapshotSupport: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  createdAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  description: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  exportLocations: Resolver<Maybe<ReadonlyArray<ResolversTypes['ExportLocation']>>, ParentType, ContextType>;
  hasHiddenRules: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  hasReplicas: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  isPublic: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  isSoftDeleted: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  metadata: Resolver<Maybe<ResolversTypes['StringMap']>, ParentType, ContextType>;
  mountSnapshotSupport: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  name: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  progress: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  projectId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  protocol: Resolver<ResolversTypes['ShareProtocol'], ParentType, ContextType>;
  protocolRaw: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  replicationType: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  revertToSnapshotSupport: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  scheduledToBeDeletedAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  serversAttached: Resolver<Maybe<ReadonlyArray<ResolversTypes['ShareAttachment']>>, ParentType, ContextType, RequireFields<ShareServersAttachedArgs, 'first'>>;
  shareGroupId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  shareNetworkId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  shareType: Resolver<Maybe<ResolversTypes['ShareType']>, ParentType, ContextType>;
  sizeGib: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  snapshotId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  snapshotSupport: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  snapshots: Resolver<Maybe<ReadonlyArray<ResolversTypes['ShareSnapshot']>>, ParentType, ContextType, RequireFields<ShareSnapshotsArgs, 'first'>>;
  status: Resolver<ResolversTypes['ShareStatus'], ParentType, ContextType>;
  statusRaw: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  taskState: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  userId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ShareAttachmentResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareAttachment'] = ResolversParentTypes['ShareAttachment']> = {
  accessLevel: Resolver<ResolversTypes['AccessLevel'], ParentType, ContextType>;
  accessRules: Resolver<ReadonlyArray<ResolversTypes['AccessRule']>, ParentType, ContextType, RequireFields<ShareAttachmentAccessRulesArgs, 'first'>>;
  createdAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  fault: Resolver<Maybe<ResolversTypes['AttachmentFault']>, ParentType, ContextType>;
  guestSeenAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  history: Resolver<Maybe<ResolversTypes['ShareAttachmentHistoryConnection']>, ParentType, ContextType, RequireFields<ShareAttachmentHistoryArgs, 'first'>>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  isHidden: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  isProtected: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  isStale: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  mountCommands: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  mountPoint: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  origin: Resolver<ResolversTypes['AttachmentOrigin'], ParentType, ContextType>;
  server: Resolver<Maybe<ResolversTypes['Server']>, ParentType, ContextType>;
  serverId: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  share: Resolver<Maybe<ResolversTypes['Share']>, ParentType, ContextType>;
  shareId: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  status: Resolver<ResolversTypes['ShareAttachmentStatus'], ParentType, ContextType>;
  updatedAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  via: Resolver<ResolversTypes['AttachVia'], ParentType, ContextType>;
  virtiofs: Resolver<Maybe<ResolversTypes['VirtiofsAttachment']>, ParentType, ContextType>;
  warnings: Resolver<ReadonlyArray<ResolversTypes['AttachProblem']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
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
  reason: Resolver<Maybe<ResolversTypes['ShareAttachmentEventReason']>, ParentType, ContextType>;
  reasonRaw: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  requestId: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  type: Resolver<ResolversTypes['ShareAttachmentEventType'], ParentType, ContextType>;
};

export type ShareAttachmentHistoryConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareAttachmentHistoryConnection'] = ResolversParentTypes['ShareAttachmentHistoryConnection']> = {
  edges: Resolver<ReadonlyArray<ResolversTypes['ShareAttachmentHistoryEdge']>, ParentType, ContextType>;
  nodes: Resolver<ReadonlyArray<ResolversTypes['ShareAttachmentEvent']>, ParentType, ContextType>;
  pageInfo: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type ShareAttachmentHistoryEdgeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareAttachmentHistoryEdge'] = ResolversParentTypes['ShareAttachmentHistoryEdge']> = {
  cursor: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node: Resolver<ResolversTypes['ShareAttachmentEvent'], ParentType, ContextType>;
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

export type ShareEventResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareEvent'] = ResolversParentTypes['ShareEvent']> = {
  at: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  cursor: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  operation: Resolver<ResolversTypes['ShareOperation'], ParentType, ContextType>;
  requestId: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  share: Resolver<Maybe<ResolversTypes['Share']>, ParentType, ContextType>;
  shareId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  type: Resolver<ResolversTypes['ShareEventType'], ParentType, ContextType>;
};

export type ShareFaultResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareFault'] = ResolversParentTypes['ShareFault']> = {
  at: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  code: Resolver<ResolversTypes['ShareFaultCode'], ParentType, ContextType>;
  message: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  openstackRequestId: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ShareLimitsResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareLimits'] = ResolversParentTypes['ShareLimits']> = {
  replicaGib: Resolver<Maybe<ResolversTypes['Limit']>, ParentType, ContextType>;
  replicas: Resolver<Maybe<ResolversTypes['Limit']>, ParentType, ContextType>;
  shareGib: Resolver<Maybe<ResolversTypes['Limit']>, ParentType, ContextType>;
  shareNetworks: Resolver<Maybe<ResolversTypes['Limit']>, ParentType, ContextType>;
  shares: Resolver<Maybe<ResolversTypes['Limit']>, ParentType, ContextType>;
  snapshotGib: Resolver<Maybe<ResolversTypes['Limit']>, ParentType, ContextType>;
  snapshots: Resolver<Maybe<ResolversTypes['Limit']>, ParentType, ContextType>;
};

export type ShareMessageResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareMessage'] = ResolversParentTypes['ShareMessage']> = {
  actionId: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  createdAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  detailId: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  expiresAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  message: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  openstackRequestId: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  resourceId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  resourceType: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ShareNetworkResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareNetwork'] = ResolversParentTypes['ShareNetwork']> = {
  createdAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  description: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  projectId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  status: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  subnets: Resolver<Maybe<ReadonlyArray<ResolversTypes['ShareNetworkSubnet']>>, ParentType, ContextType>;
};

export type ShareNetworkSubnetResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareNetworkSubnet'] = ResolversParentTypes['ShareNetworkSubnet']> = {
  availabilityZone: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  cidr: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  id: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  ipVersion: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  neutronNetworkId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  neutronSubnetId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
};

export type ShareOperationResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareOperation'] = ResolversParentTypes['ShareOperation']> = {
  createdAt: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  fault: Resolver<Maybe<ResolversTypes['ShareFault']>, ParentType, ContextType>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  requestId: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  share: Resolver<Maybe<ResolversTypes['Share']>, ParentType, ContextType>;
  shareId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  sizeGib: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  status: Resolver<ResolversTypes['ShareOperationStatus'], ParentType, ContextType>;
  type: Resolver<ResolversTypes['ShareOperationType'], ParentType, ContextType>;
  updatedAt: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type ShareSnapshotResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareSnapshot'] = ResolversParentTypes['ShareSnapshot']> = {
  createdAt: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  description: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  id: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  metadata: Resolver<Maybe<ResolversTypes['StringMap']>, ParentType, ContextType>;
  name: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  projectId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  protocol: Resolver<ResolversTypes['ShareProtocol'], ParentType, ContextType>;
  share: Resolver<Maybe<ResolversTypes['Share']>, ParentType, ContextType>;
  shareId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  shareSizeGib: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  sizeGib: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  status: Resolver<ResolversTypes['ShareSnapshotStatus'], ParentType, ContextType>;
  statusRaw: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  userId: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ShareSnapshotConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareSnapshotConnection'] = ResolversParentTypes['ShareSnapshotConnection']> = {
  edges: Resolver<ReadonlyArray<ResolversTypes['ShareSnapshotEdge']>, ParentType, ContextType>;
  nodes: Resolver<ReadonlyArray<ResolversTypes['ShareSnapshot']>, ParentType, ContextType>;
  pageInfo: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type ShareSnapshotEdgeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareSnapshotEdge'] = ResolversParentTypes['ShareSnapshotEdge']> = {
  cursor: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node: Resolver<ResolversTypes['ShareSnapshot'], ParentType, ContextType>;
};

export type ShareTypeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['ShareType'] = ResolversParentTypes['ShareType']> = {
  createShareFromSnapshotSupport: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  description: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  extraSpecs: Resolver<Maybe<ResolversTypes['StringMap']>, ParentType, ContextType>;
  id: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  isDefault: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  isPublic: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  name: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  needsShareNetwork: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  snapshotSupport: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
};

export interface StringMapScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['StringMap'], any> {
  name: 'StringMap';
}

export type SubscriptionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  shareAttachmentEvents?: SubscriptionResolver<ResolversTypes['ShareAttachmentEvent'], "shareAttachmentEvents", ParentType, ContextType, Partial<SubscriptionShareAttachmentEventsArgs>>;
  shareEvents?: SubscriptionResolver<ResolversTypes['ShareEvent'], "shareEvents", ParentType, ContextType, Partial<SubscriptionShareEventsArgs>>;
};

export type UpdateShareAttachmentPayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['UpdateShareAttachmentPayload'] = ResolversParentTypes['UpdateShareAttachmentPayload']> = {
  attachment: Resolver<Maybe<ResolversTypes['ShareAttachment']>, ParentType, ContextType>;
};

export type UpdateSharePayloadResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['UpdateSharePayload'] = ResolversParentTypes['UpdateSharePayload']> = {
  share: Resolver<Maybe<ResolversTypes['Share']>, ParentType, ContextType>;
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

export type VirtiofsAttachmentResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['VirtiofsAttachment'] = ResolversParentTypes['VirtiofsAttachment']> = {
  status: Resolver<ResolversTypes['VirtiofsStatus'], ParentType, ContextType>;
  statusRaw: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  tag: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type Resolvers<ContextType = GatewayContext> = {
  AccessRule: AccessRuleResolvers<ContextType>;
  AttachProblem: AttachProblemResolvers<ContextType>;
  AttachShareOption: AttachShareOptionResolvers<ContextType>;
  AttachSharePayload: AttachSharePayloadResolvers<ContextType>;
  AttachSharesPayload: AttachSharesPayloadResolvers<ContextType>;
  AttachmentFault: AttachmentFaultResolvers<ContextType>;
  AttachmentOutcome: AttachmentOutcomeResolvers<ContextType>;
  AvailabilityZone: AvailabilityZoneResolvers<ContextType>;
  AvailabilityZones: AvailabilityZonesResolvers<ContextType>;
  CreateSharePayload: CreateSharePayloadResolvers<ContextType>;
  CreateSnapshotPayload: CreateSnapshotPayloadResolvers<ContextType>;
  DateTime: GraphQLScalarType;
  DeleteSharePayload: DeleteSharePayloadResolvers<ContextType>;
  DeleteSnapshotPayload: DeleteSnapshotPayloadResolvers<ContextType>;
  DetachSharePayload: DetachSharePayloadResolvers<ContextType>;
  DetachSharesPayload: DetachSharesPayloadResolvers<ContextType>;
  ExportLocation: ExportLocationResolvers<ContextType>;
  Limit: LimitResolvers<ContextType>;
  Limits: LimitsResolvers<ContextType>;
  Mutation: MutationResolvers<ContextType>;
  Node: NodeResolvers<ContextType>;
  OutcomeError: OutcomeErrorResolvers<ContextType>;
  PageInfo: PageInfoResolvers<ContextType>;
  Project: ProjectResolvers<ContextType>;
  Query: QueryResolvers<ContextType>;
  ResizeSharePayload: ResizeSharePayloadResolvers<ContextType>;
  Server: ServerResolvers<ContextType>;
  ServerAction: ServerActionResolvers<ContextType>;
  ServerActionConnection: ServerActionConnectionResolvers<ContextType>;
  ServerActionEdge: ServerActionEdgeResolvers<ContextType>;
  ServerActionPayload: ServerActionPayloadResolvers<ContextType>;
  ServerAddress: ServerAddressResolvers<ContextType>;
  ServerConnection: ServerConnectionResolvers<ContextType>;
  ServerEdge: ServerEdgeResolvers<ContextType>;
  ServerFault: ServerFaultResolvers<ContextType>;
  ServerFlavor: ServerFlavorResolvers<ContextType>;
  ServerLimits: ServerLimitsResolvers<ContextType>;
  Share: ShareResolvers<ContextType>;
  ShareAttachment: ShareAttachmentResolvers<ContextType>;
  ShareAttachmentConnection: ShareAttachmentConnectionResolvers<ContextType>;
  ShareAttachmentEdge: ShareAttachmentEdgeResolvers<ContextType>;
  ShareAttachmentEvent: ShareAttachmentEventResolvers<ContextType>;
  ShareAttachmentHistoryConnection: ShareAttachmentHistoryConnectionResolvers<ContextType>;
  ShareAttachmentHistoryEdge: ShareAttachmentHistoryEdgeResolvers<ContextType>;
  ShareConnection: ShareConnectionResolvers<ContextType>;
  ShareEdge: ShareEdgeResolvers<ContextType>;
  ShareEvent: ShareEventResolvers<ContextType>;
  ShareFault: ShareFaultResolvers<ContextType>;
  ShareLimits: ShareLimitsResolvers<ContextType>;
  ShareMessage: ShareMessageResolvers<ContextType>;
  ShareNetwork: ShareNetworkResolvers<ContextType>;
  ShareNetworkSubnet: ShareNetworkSubnetResolvers<ContextType>;
  ShareOperation: ShareOperationResolvers<ContextType>;
  ShareSnapshot: ShareSnapshotResolvers<ContextType>;
  ShareSnapshotConnection: ShareSnapshotConnectionResolvers<ContextType>;
  ShareSnapshotEdge: ShareSnapshotEdgeResolvers<ContextType>;
  ShareType: ShareTypeResolvers<ContextType>;
  StringMap: GraphQLScalarType;
  Subscription: SubscriptionResolvers<ContextType>;
  UpdateShareAttachmentPayload: UpdateShareAttachmentPayloadResolvers<ContextType>;
  UpdateSharePayload: UpdateSharePayloadResolvers<ContextType>;
  User: UserResolvers<ContextType>;
  Viewer: ViewerResolvers<ContextType>;
  VirtiofsAttachment: VirtiofsAttachmentResolvers<ContextType>;
};

