/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** The access that an access rule or an attachment grants. */
export type AccessLevel =
  /** Read access. */
  | 'READ_ONLY'
  /** Read and write access. */
  | 'READ_WRITE';

/** The state of an access rule: Manila's values. */
export type AccessRuleState =
  /** The rule is in effect. */
  | 'ACTIVE'
  /** The back end is applying the rule. */
  | 'APPLYING'
  /** The back end is denying the rule. */
  | 'DENYING'
  /** The back end failed to apply or deny the rule. */
  | 'ERROR'
  /** The rule is queued to be applied. */
  | 'QUEUED_TO_APPLY'
  /** The rule is queued to be denied. */
  | 'QUEUED_TO_DENY'
  /** A change of the access level is queued. */
  | 'QUEUED_TO_UPDATE'
  /** Manila sent no state, or one that this schema does not have: see `stateRaw`. */
  | 'UNKNOWN'
  /** The back end is changing the access level. */
  | 'UPDATING';

/** The kinds of client that an access rule names. */
export type AccessType =
  /** A cephx id (CephFS). */
  | 'CEPHX'
  /** A certificate's common name (GlusterFS). */
  | 'CERT'
  /** An IP address or network (NFS). */
  | 'IP'
  /** Manila sent a type that this schema does not have. */
  | 'UNKNOWN'
  /** A user or group (CIFS). */
  | 'USER';

/** The kinds of address. */
export type AddressType =
  /** An address of a port of the server. */
  | 'FIXED'
  /** A floating IP address that is forwarded to a port of the server. */
  | 'FLOATING';

/** The kinds of problems that `attachShareCheck` reports. */
export type AttachProblemCode =
  /** An argument is not for this way to attach. */
  | 'ARGUMENT'
  /** The pair is attached the other way, or with other arguments. */
  | 'ATTACHED_OTHERWISE'
  /** The cloud is too old, or lacks the feature. */
  | 'CLOUD'
  /** Nova takes no share attachment with a token of an application credential, a trust or OAuth. */
  | 'DELEGATED_TOKEN'
  /** The flavor may not give the server the shared memory that virtiofs needs. */
  | 'FLAVOR_MEMORY'
  /** The mount could not be written to the server's metadata (`tellGuest`). Only a warning. */
  | 'GUEST_NOT_INFORMED'
  /** An IPv6 client of a share that is exported from IPv4 addresses only. */
  | 'IPV6_RULE'
  /** An access rule for the same client has another access level. */
  | 'LEVEL_CONFLICT'
  /** Another attachment of the server has the mount point. */
  | 'MOUNT_POINT_TAKEN'
  /** The server has no port on the network on which the share is exported. */
  | 'NOT_ON_SHARE_NETWORK'
  /** There are no clients to grant access to, or too many: give `accessTo`. */
  | 'NO_ADDRESS'
  /** The share is not exported anywhere. */
  | 'NO_EXPORT_LOCATION'
  /** The share's protocol cannot be attached this way. */
  | 'PROTOCOL'
  /** `VIRTIOFS` has no read-only attachments. */
  | 'READ_ONLY'
  /** The token's roles may not allow it. */
  | 'ROLE'
  /** The access rule of an earlier attachment is still being denied: the attach waits for it. */
  | 'RULE_LEAVING'
  /** Nova is working on the server (`VIRTIOFS`): an attach now could leave it in error. */
  | 'SERVER_BUSY'
  /** The server must be stopped (`VIRTIOFS`). */
  | 'SERVER_NOT_STOPPED'
  /** The server is being built, deleted, in error, or in an unknown state. */
  | 'SERVER_STATE'
  /** The share is in Manila's recycle bin. */
  | 'SHARE_IN_RECYCLE_BIN'
  /** The share is not `AVAILABLE`. */
  | 'SHARE_STATE'
  /** The tag is not 1 to 36 letters, digits and hyphens. */
  | 'TAG'
  /** Another share has the tag on this server. */
  | 'TAG_TAKEN';

/** Arguments of `attachShareCheck`: those of `attachShare`. Each way takes the arguments that are for it. */
export type AttachShareCheckInput = {
  /** The access to grant. */
  readonly accessLevel?: AccessLevel | null | undefined;
  /** For `ACCESS_RULE`: the clients to grant access to, as in `attachShare`. */
  readonly accessTo?: ReadonlyArray<string> | null | undefined;
  /** For `ACCESS_RULE`: whether to hide whom the access rules admit, as in `attachShare`. */
  readonly isHidden?: boolean | null | undefined;
  /** For `ACCESS_RULE`: whether to lock the access rules against deletion, as in `attachShare`. */
  readonly isProtected?: boolean | null | undefined;
  /** Intended mount path in the guest, as in `attachShare`. */
  readonly mountPoint?: string | null | undefined;
  /** The server's UUID. */
  readonly serverId: string;
  /** The share's UUID. */
  readonly shareId: string;
  /** For `VIRTIOFS`: the name by which the guest mounts the device, as in `attachShare`. */
  readonly tag?: string | null | undefined;
};

/** Arguments of `attachShare`. */
export type AttachShareInput = {
  /** The access to grant. */
  readonly accessLevel?: AccessLevel | null | undefined;
  /**
   * The clients to grant access to, at most 16: addresses or networks (NFS), a user (CIFS), a cephx id (CephFS).
   * Default: for NFS the server's fixed addresses on the share's network, or all its fixed IPv4 addresses if it has none
   * there; for CephFS `srv-<server id>`. Required for CIFS, and for a server with more than 16 addresses. Not with
   * `VIRTIOFS`.
   */
  readonly accessTo?: ReadonlyArray<string> | null | undefined;
  /** Whether Manila hides from the project's other users whom the access rules admit (Manila 2.82). Not with `VIRTIOFS`. */
  readonly isHidden?: boolean | null | undefined;
  /**
   * Whether Manila locks the access rules against deletion, so that no user deletes the rules or the share under a mounted
   * guest (Manila 2.82). Only the user who attached, an administrator or a service can then detach. Not with `VIRTIOFS`,
   * where Nova locks its own rule.
   */
  readonly isProtected?: boolean | null | undefined;
  /** Intended mount path in the guest (informational): an absolute POSIX path of at most 255 characters without `..`, unique per server. */
  readonly mountPoint?: string | null | undefined;
  /** The server's UUID. */
  readonly serverId: string;
  /** The share's UUID. */
  readonly shareId: string;
  /**
   * With `VIRTIOFS`: the name by which the guest mounts the device, 1 to 36 letters, digits and hyphens, unique per server.
   * Default: the share's id.
   */
  readonly tag?: string | null | undefined;
  /**
   * Whether to write the mount into the server's metadata, as the item `share:<share id>`, from which the guest agent mounts
   * it where the operator has not configured Nova's vendor data. Removed by the detach; a failure is one of `warnings`.
   */
  readonly tellGuest?: boolean | null | undefined;
  /** How the server gets access. The guest mounts each way differently, so that the gateway does not choose. */
  readonly via?: AttachVia | null | undefined;
};

/** Arguments of `attachShares`. */
export type AttachSharesInput = {
  /** The pairs, 1 to 100, each with the arguments of `attachShare`. */
  readonly attachments: ReadonlyArray<AttachShareInput>;
};

/** How a server gets access to a share. */
export type AttachVia =
  /**
   * Access rules in Manila for the server's own addresses, user or cephx id: on any hypervisor, while the server runs. The
   * guest mounts the share over the network.
   */
  | 'ACCESS_RULE'
  /**
   * A virtiofs device that Nova gives to the server (Nova 2.97, 2025.1): NFS and CephFS shares, libvirt, attached and
   * detached while the server is stopped. The guest needs no network to the share.
   */
  | 'VIRTIOFS';

/** How certain it is that a problem prevents the attach. */
export type Certainty =
  /** `attachShare` rejects it. */
  | 'CERTAIN'
  /** `attachShare` accepts it, and the guest may not be able to mount the share, or the cloud may refuse it later. */
  | 'LIKELY';

/** Arguments of `detachShare`. */
export type DetachShareInput = {
  /** If given, it must equal the attachment's mount point. */
  readonly mountPoint?: string | null | undefined;
  /** The server's UUID. */
  readonly serverId: string;
  /** The share's UUID. */
  readonly shareId: string;
  /**
   * How long the access rules stay in place, in seconds from 0 to 600, so that the guest agent unmounts the share first.
   * The status is `DETACHING` meanwhile; the wait ends early when the guest has read its list (`guestSeenAt`) and had time
   * to unmount. Without the agent the whole time passes.
   */
  readonly unmountGraceSeconds?: number | null | undefined;
};

/** Arguments of `detachShares`. */
export type DetachSharesInput = {
  /** The pairs, 1 to 100, each with the arguments of `detachShare`. */
  readonly attachments: ReadonlyArray<DetachShareInput>;
};

/** The kinds of error, as in `extensions.code` of errors. */
export type ErrorCode =
  /** A variable or an argument is not valid for the schema or for OpenStack. */
  | 'BAD_USER_INPUT'
  /** It conflicts with the present state: other arguments, a mount point in use, a state that does not allow it. */
  | 'CONFLICT'
  /** The event log no longer contains the cursor. */
  | 'CURSOR_EXPIRED'
  /** The policy of Nova, Manila or the gateway does not allow it to this token. */
  | 'FORBIDDEN'
  /** A bug in the gateway. */
  | 'INTERNAL_SERVER_ERROR'
  /** A limit of the gateway is exceeded. */
  | 'LIMIT_EXCEEDED'
  /** The server, share or attachment does not exist for this token. */
  | 'NOT_FOUND'
  /**
   * The cloud, its compute hosts or the flavor lack what the request needs; the message says what is needed and what is
   * there.
   */
  | 'NOT_SUPPORTED'
  /** A quota or rate limit of OpenStack is exceeded. */
  | 'QUOTA_EXCEEDED'
  /** The attachment store (Redis) is unavailable; nothing was sent to OpenStack. */
  | 'STATE_UNAVAILABLE'
  /** The token is missing, invalid or expired. */
  | 'UNAUTHENTICATED'
  /** A code that this schema does not have. */
  | 'UNKNOWN'
  /** An OpenStack service sent an invalid response. */
  | 'UPSTREAM_ERROR'
  /** An OpenStack service did not respond in time; the request may still take effect. */
  | 'UPSTREAM_TIMEOUT'
  /** An OpenStack service cannot be reached, or reports that it is unavailable. */
  | 'UPSTREAM_UNAVAILABLE';

/** Conditions on servers. A server must match all of them. */
export type ServerFilter = {
  /** Servers with this fixed IP address: not part of one, and not a floating one. */
  readonly address?: string | null | undefined;
  /** Servers that have shares attached through this gateway, or those that have none. */
  readonly hasShares?: boolean | null | undefined;
  /** Servers whose name contains this text. */
  readonly name?: string | null | undefined;
  /** Servers in one of these statuses; an empty list does not filter. */
  readonly status?: ReadonlyArray<ServerStatus> | null | undefined;
};

/** The status of a server: Nova's values. */
export type ServerStatus =
  /** The server is running. */
  | 'ACTIVE'
  /** The server is being built. */
  | 'BUILD'
  /** The server was deleted. */
  | 'DELETED'
  /** An operation failed; see `fault`. */
  | 'ERROR'
  /** The server is being hard rebooted. */
  | 'HARD_REBOOT'
  /** The server is being migrated to another host. */
  | 'MIGRATING'
  /** The root password is being set. */
  | 'PASSWORD'
  /** The server is paused; its state is kept in memory. */
  | 'PAUSED'
  /** The server is being soft rebooted. */
  | 'REBOOT'
  /** The server is being rebuilt from an image. */
  | 'REBUILD'
  /** The server is running from a rescue image. */
  | 'RESCUE'
  /** The server is being resized or cold migrated. */
  | 'RESIZE'
  /** A resize is being reverted. */
  | 'REVERT_RESIZE'
  /** The server is shelved: stopped, with a snapshot of its image. */
  | 'SHELVED'
  /** The server is shelved, and removed from its host. */
  | 'SHELVED_OFFLOADED'
  /** The server is stopped. */
  | 'SHUTOFF'
  /** The server is deleted, but can still be restored. */
  | 'SOFT_DELETED'
  /** The server is suspended; its state is saved to disk. */
  | 'SUSPENDED'
  /** Nova cannot reach the server's cell, or sent a status that this schema does not have: see `statusRaw`. */
  | 'UNKNOWN'
  /** A resize is waiting for confirmation. */
  | 'VERIFY_RESIZE';

/** The kinds of change: start, end and error of attach and detach, as in Nova's volume notifications. */
export type ShareAttachmentEventType =
  /** Every access rule is active. Sent again after the rules were updated to the server's new addresses. */
  | 'ATTACHED'
  /** Access could not be granted, or was lost. */
  | 'ATTACH_FAILED'
  /** An attach was requested. */
  | 'ATTACH_STARTED'
  /** No access rule is left. */
  | 'DETACHED'
  /** Access could not be revoked. */
  | 'DETACH_FAILED'
  /** A detach was requested, or the gateway started one. */
  | 'DETACH_STARTED';

/** Conditions on attachments. An attachment must match all of them. */
export type ShareAttachmentFilter = {
  /** Attachments of this server. */
  readonly serverId?: string | null | undefined;
  /** Attachments of this share. */
  readonly shareId?: string | null | undefined;
  /** Attachments in one of these statuses; an empty list does not filter. */
  readonly status?: ReadonlyArray<ShareAttachmentStatus> | null | undefined;
};

/** Conditions on the events of a history. An event must match all of them. */
export type ShareAttachmentHistoryFilter = {
  /** Events of this server. */
  readonly serverId?: string | null | undefined;
  /** Events of this share. */
  readonly shareId?: string | null | undefined;
};

/** The states of an attachment. */
export type ShareAttachmentStatus =
  /** Every access rule is active, or Nova has the share attached. The guest can mount it, with `VIRTIOFS` once its server runs. */
  | 'ATTACHED'
  /** The access rules are being applied, or Nova is attaching. The guest cannot mount the share yet. */
  | 'ATTACHING'
  /** No access rule is left. Only in payloads and events, never in lists. */
  | 'DETACHED'
  /** The access rules are being revoked. The guest may still have access. */
  | 'DETACHING'
  /** Access could not be granted, or was lost; see `fault`. Attach again to retry, or detach. */
  | 'ERROR_ATTACHING'
  /** Access could not be revoked, and the guest may still have it; see `fault`. Detach again to retry. */
  | 'ERROR_DETACHING';

/** Conditions on shares. A share must match all of them. */
export type ShareFilter = {
  /** The share with this export location, exactly as a client mounts it, for example `10.0.0.10:/shares/share-1`. */
  readonly exportPath?: string | null | undefined;
  /** Shares that are attached to servers through this gateway, or those that are not. */
  readonly isAttached?: boolean | null | undefined;
  /** Shares with all of these key-value pairs in their metadata. */
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  /** Shares whose name contains this text. */
  readonly name?: string | null | undefined;
  /** Shares with one of these protocols; an empty list does not filter. */
  readonly protocol?: ReadonlyArray<ShareProtocol> | null | undefined;
  /** Shares in one of these statuses; an empty list does not filter. */
  readonly status?: ReadonlyArray<ShareStatus> | null | undefined;
};

/** The protocol of a share. */
export type ShareProtocol =
  /** CephFS. Access is granted to cephx ids. */
  | 'CEPHFS'
  /** SMB/CIFS. Access is granted to users. */
  | 'CIFS'
  /** GlusterFS. Access is granted to certificates. This gateway cannot attach such shares. */
  | 'GLUSTERFS'
  /** HDFS. Access is granted to users. This gateway cannot attach such shares. */
  | 'HDFS'
  /** Lustre. This gateway cannot attach such shares. */
  | 'LUSTRE'
  /** MapR-FS. Access is granted to users. This gateway cannot attach such shares. */
  | 'MAPRFS'
  /** NFS. Access is granted to IP addresses. */
  | 'NFS'
  /** Manila sent no protocol, or one that this schema does not have: see `protocolRaw`. */
  | 'UNKNOWN';

/** The status of a share: Manila's values. */
export type ShareStatus =
  /** The share can be used. */
  | 'AVAILABLE'
  /** The share is offered for transfer to another project. */
  | 'AWAITING_TRANSFER'
  /** A backup of the share is being created. */
  | 'BACKUP_CREATING'
  /** A backup is being restored to the share. */
  | 'BACKUP_RESTORING'
  /** Restoring a backup to the share failed. */
  | 'BACKUP_RESTORING_ERROR'
  /** The share is being created. */
  | 'CREATING'
  /** The share is being created from a snapshot. */
  | 'CREATING_FROM_SNAPSHOT'
  /** The share was deleted. */
  | 'DELETED'
  /** The share is being deleted. */
  | 'DELETING'
  /** The back end is verifying the share after a restart. */
  | 'ENSURING'
  /** Creating the share failed. */
  | 'ERROR'
  /** Deleting the share failed. */
  | 'ERROR_DELETING'
  /** The share is being extended. */
  | 'EXTENDING'
  /** Extending the share failed. */
  | 'EXTENDING_ERROR'
  /** The share is inactive and cannot be used. */
  | 'INACTIVE'
  /** Bringing the share under Manila's management failed. */
  | 'MANAGE_ERROR'
  /** The share is being brought under Manila's management. */
  | 'MANAGING'
  /** The share is being migrated to another back end. */
  | 'MIGRATING'
  /** The share is the destination of a migration. */
  | 'MIGRATING_TO'
  /** The active replica of the share is being changed. */
  | 'REPLICATION_CHANGE'
  /** The share is being restored. */
  | 'RESTORING'
  /** The share is being reverted to a snapshot. */
  | 'REVERTING'
  /** Reverting the share to a snapshot failed. */
  | 'REVERTING_ERROR'
  /** The share server of the share is being migrated. */
  | 'SERVER_MIGRATING'
  /** The share is the destination of a share server's migration. */
  | 'SERVER_MIGRATING_TO'
  /** The share is being shrunk. */
  | 'SHRINKING'
  /** Shrinking the share failed. */
  | 'SHRINKING_ERROR'
  /** Shrinking the share failed because its data would not fit. */
  | 'SHRINKING_POSSIBLE_DATA_LOSS_ERROR'
  /** Manila sent no status, or one that this schema does not have: see `statusRaw`. */
  | 'UNKNOWN'
  /** The share was removed from Manila's management. */
  | 'UNMANAGED'
  /** Removing the share from Manila's management failed. */
  | 'UNMANAGE_ERROR'
  /** The share is being removed from Manila's management. */
  | 'UNMANAGING';

export type AttachmentRowFragment = { readonly id: string, readonly serverId: string, readonly shareId: string, readonly status: ShareAttachmentStatus, readonly via: AttachVia, readonly mountPoint: string | null, readonly accessLevel: AccessLevel, readonly isStale: boolean, readonly updatedAt: string | null, readonly fault: { readonly message: string, readonly codeRaw: string, readonly openstackRequestId: string | null } | null, readonly server: { readonly id: string, readonly name: string | null, readonly status: ServerStatus } | null, readonly share: { readonly id: string, readonly name: string | null, readonly protocol: ShareProtocol } | null };

export type ServerRowFragment = { readonly id: string, readonly name: string | null, readonly status: ServerStatus, readonly taskState: string | null, readonly addresses: ReadonlyArray<{ readonly network: string, readonly address: string, readonly type: AddressType }> | null, readonly sharesAttached: ReadonlyArray<{ readonly id: string, readonly serverId: string, readonly shareId: string, readonly status: ShareAttachmentStatus, readonly via: AttachVia, readonly mountPoint: string | null, readonly accessLevel: AccessLevel, readonly isStale: boolean, readonly updatedAt: string | null, readonly fault: { readonly message: string, readonly codeRaw: string, readonly openstackRequestId: string | null } | null, readonly server: { readonly id: string, readonly name: string | null, readonly status: ServerStatus } | null, readonly share: { readonly id: string, readonly name: string | null, readonly protocol: ShareProtocol } | null }> | null };

export type ShareRowFragment = { readonly id: string, readonly name: string | null, readonly status: ShareStatus, readonly statusRaw: string | null, readonly sizeGib: number | null, readonly protocol: ShareProtocol, readonly serversAttached: ReadonlyArray<{ readonly id: string, readonly serverId: string, readonly shareId: string, readonly status: ShareAttachmentStatus, readonly via: AttachVia, readonly mountPoint: string | null, readonly accessLevel: AccessLevel, readonly isStale: boolean, readonly updatedAt: string | null, readonly fault: { readonly message: string, readonly codeRaw: string, readonly openstackRequestId: string | null } | null, readonly server: { readonly id: string, readonly name: string | null, readonly status: ServerStatus } | null, readonly share: { readonly id: string, readonly name: string | null, readonly protocol: ShareProtocol } | null }> | null };

export type ServersQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: ServerFilter | null | undefined;
}>;


export type ServersQuery = { readonly servers: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string | null, readonly status: ServerStatus, readonly taskState: string | null, readonly addresses: ReadonlyArray<{ readonly network: string, readonly address: string, readonly type: AddressType }> | null, readonly sharesAttached: ReadonlyArray<{ readonly id: string, readonly serverId: string, readonly shareId: string, readonly status: ShareAttachmentStatus, readonly via: AttachVia, readonly mountPoint: string | null, readonly accessLevel: AccessLevel, readonly isStale: boolean, readonly updatedAt: string | null, readonly fault: { readonly message: string, readonly codeRaw: string, readonly openstackRequestId: string | null } | null, readonly server: { readonly id: string, readonly name: string | null, readonly status: ServerStatus } | null, readonly share: { readonly id: string, readonly name: string | null, readonly protocol: ShareProtocol } | null }> | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } | null };

export type SharesQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: ShareFilter | null | undefined;
}>;


export type SharesQuery = { readonly shares: { readonly totalCount: number | null, readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string | null, readonly status: ShareStatus, readonly statusRaw: string | null, readonly sizeGib: number | null, readonly protocol: ShareProtocol, readonly serversAttached: ReadonlyArray<{ readonly id: string, readonly serverId: string, readonly shareId: string, readonly status: ShareAttachmentStatus, readonly via: AttachVia, readonly mountPoint: string | null, readonly accessLevel: AccessLevel, readonly isStale: boolean, readonly updatedAt: string | null, readonly fault: { readonly message: string, readonly codeRaw: string, readonly openstackRequestId: string | null } | null, readonly server: { readonly id: string, readonly name: string | null, readonly status: ServerStatus } | null, readonly share: { readonly id: string, readonly name: string | null, readonly protocol: ShareProtocol } | null }> | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } | null };

export type AttachmentsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: ShareAttachmentFilter | null | undefined;
}>;


export type AttachmentsQuery = { readonly shareAttachments: { readonly totalCount: number | null, readonly nodes: ReadonlyArray<{ readonly id: string, readonly serverId: string, readonly shareId: string, readonly status: ShareAttachmentStatus, readonly via: AttachVia, readonly mountPoint: string | null, readonly accessLevel: AccessLevel, readonly isStale: boolean, readonly updatedAt: string | null, readonly fault: { readonly message: string, readonly codeRaw: string, readonly openstackRequestId: string | null } | null, readonly server: { readonly id: string, readonly name: string | null, readonly status: ServerStatus } | null, readonly share: { readonly id: string, readonly name: string | null, readonly protocol: ShareProtocol } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } | null };

export type EventCursorQueryVariables = Exact<{ [key: string]: never; }>;


export type EventCursorQuery = { readonly shareAttachments: { readonly eventCursor: string } | null };

export type EventsSubscriptionVariables = Exact<{
  after: string;
}>;


export type EventsSubscription = { readonly shareAttachmentEvents: { readonly cursor: string, readonly type: ShareAttachmentEventType, readonly at: string, readonly reasonRaw: string | null, readonly requestId: string | null, readonly attachment: { readonly id: string, readonly serverId: string, readonly shareId: string, readonly status: ShareAttachmentStatus, readonly via: AttachVia, readonly mountPoint: string | null, readonly accessLevel: AccessLevel, readonly isStale: boolean, readonly updatedAt: string | null, readonly fault: { readonly message: string, readonly codeRaw: string, readonly openstackRequestId: string | null } | null, readonly server: { readonly id: string, readonly name: string | null, readonly status: ServerStatus } | null, readonly share: { readonly id: string, readonly name: string | null, readonly protocol: ShareProtocol } | null } } };

export type AttachmentQueryVariables = Exact<{
  serverId: string;
  shareId: string;
}>;


export type AttachmentQuery = { readonly shareAttachment: { readonly createdAt: string | null, readonly guestSeenAt: string | null, readonly isProtected: boolean, readonly mountCommands: ReadonlyArray<string> | null, readonly id: string, readonly serverId: string, readonly shareId: string, readonly status: ShareAttachmentStatus, readonly via: AttachVia, readonly mountPoint: string | null, readonly accessLevel: AccessLevel, readonly isStale: boolean, readonly updatedAt: string | null, readonly accessRules: ReadonlyArray<{ readonly id: string, readonly accessType: AccessType, readonly accessTo: string | null, readonly accessLevel: AccessLevel | null, readonly state: AccessRuleState }>, readonly warnings: ReadonlyArray<{ readonly code: AttachProblemCode, readonly message: string }>, readonly fault: { readonly message: string, readonly codeRaw: string, readonly openstackRequestId: string | null } | null, readonly server: { readonly id: string, readonly name: string | null, readonly status: ServerStatus } | null, readonly share: { readonly id: string, readonly name: string | null, readonly protocol: ShareProtocol } | null } | null };

export type AttachShareCheckQueryVariables = Exact<{
  input: AttachShareCheckInput;
}>;


export type AttachShareCheckQuery = { readonly attachShareCheck: ReadonlyArray<{ readonly via: AttachVia, readonly isOpen: boolean, readonly accessTo: ReadonlyArray<string>, readonly mountCommands: ReadonlyArray<string>, readonly problems: ReadonlyArray<{ readonly code: AttachProblemCode, readonly message: string, readonly certainty: Certainty, readonly field: string | null }> }> | null };

export type AttachSharesMutationVariables = Exact<{
  input: AttachSharesInput;
}>;


export type AttachSharesMutation = { readonly attachShares: { readonly outcomes: ReadonlyArray<{ readonly serverId: string, readonly shareId: string, readonly error: { readonly code: ErrorCode, readonly message: string, readonly openstackRequestId: string | null } | null }> } | null };

export type DetachSharesMutationVariables = Exact<{
  input: DetachSharesInput;
}>;


export type DetachSharesMutation = { readonly detachShares: { readonly outcomes: ReadonlyArray<{ readonly serverId: string, readonly shareId: string, readonly error: { readonly code: ErrorCode, readonly message: string, readonly openstackRequestId: string | null } | null }> } | null };

export type HistoryRowFragment = { readonly cursor: string, readonly type: ShareAttachmentEventType, readonly at: string, readonly reasonRaw: string | null, readonly requestId: string | null, readonly attachment: { readonly id: string, readonly serverId: string, readonly shareId: string, readonly server: { readonly id: string, readonly name: string | null } | null, readonly share: { readonly id: string, readonly name: string | null } | null } };

export type HistoryQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: ShareAttachmentHistoryFilter | null | undefined;
}>;


export type HistoryQuery = { readonly shareAttachmentHistory: { readonly nodes: ReadonlyArray<{ readonly cursor: string, readonly type: ShareAttachmentEventType, readonly at: string, readonly reasonRaw: string | null, readonly requestId: string | null, readonly attachment: { readonly id: string, readonly serverId: string, readonly shareId: string, readonly server: { readonly id: string, readonly name: string | null } | null, readonly share: { readonly id: string, readonly name: string | null } | null } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null, readonly isTruncated: boolean | null } } | null };

export type LimitsQueryVariables = Exact<{ [key: string]: never; }>;


export type LimitsQuery = { readonly limits: { readonly shares: { readonly shares: { readonly maximum: number | null, readonly used: number | null } | null, readonly shareGib: { readonly maximum: number | null, readonly used: number | null } | null } | null } | null };

export const AttachmentRowFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"AttachmentRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ShareAttachment"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"serverId"}},{"kind":"Field","name":{"kind":"Name","value":"shareId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"via"}},{"kind":"Field","name":{"kind":"Name","value":"mountPoint"}},{"kind":"Field","name":{"kind":"Name","value":"accessLevel"}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"fault"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"codeRaw"}},{"kind":"Field","name":{"kind":"Name","value":"openstackRequestId"}}]}},{"kind":"Field","name":{"kind":"Name","value":"server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"share"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"protocol"}}]}}]}}]} as unknown as DocumentNode<AttachmentRowFragment, unknown>;
export const ServerRowFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ServerRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Server"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"taskState"}},{"kind":"Field","name":{"kind":"Name","value":"addresses"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"network"}},{"kind":"Field","name":{"kind":"Name","value":"address"}},{"kind":"Field","name":{"kind":"Name","value":"type"}}]}},{"kind":"Field","name":{"kind":"Name","value":"sharesAttached"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"AttachmentRow"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"AttachmentRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ShareAttachment"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"serverId"}},{"kind":"Field","name":{"kind":"Name","value":"shareId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"via"}},{"kind":"Field","name":{"kind":"Name","value":"mountPoint"}},{"kind":"Field","name":{"kind":"Name","value":"accessLevel"}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"fault"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"codeRaw"}},{"kind":"Field","name":{"kind":"Name","value":"openstackRequestId"}}]}},{"kind":"Field","name":{"kind":"Name","value":"server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"share"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"protocol"}}]}}]}}]} as unknown as DocumentNode<ServerRowFragment, unknown>;
export const ShareRowFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ShareRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Share"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"statusRaw"}},{"kind":"Field","name":{"kind":"Name","value":"sizeGib"}},{"kind":"Field","name":{"kind":"Name","value":"protocol"}},{"kind":"Field","name":{"kind":"Name","value":"serversAttached"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"AttachmentRow"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"AttachmentRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ShareAttachment"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"serverId"}},{"kind":"Field","name":{"kind":"Name","value":"shareId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"via"}},{"kind":"Field","name":{"kind":"Name","value":"mountPoint"}},{"kind":"Field","name":{"kind":"Name","value":"accessLevel"}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"fault"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"codeRaw"}},{"kind":"Field","name":{"kind":"Name","value":"openstackRequestId"}}]}},{"kind":"Field","name":{"kind":"Name","value":"server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"share"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"protocol"}}]}}]}}]} as unknown as DocumentNode<ShareRowFragment, unknown>;
export const HistoryRowFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"HistoryRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ShareAttachmentEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"at"}},{"kind":"Field","name":{"kind":"Name","value":"reasonRaw"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"attachment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"serverId"}},{"kind":"Field","name":{"kind":"Name","value":"shareId"}},{"kind":"Field","name":{"kind":"Name","value":"server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"share"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<HistoryRowFragment, unknown>;
export const ServersDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Servers"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ServerFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"servers"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ServerRow"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"AttachmentRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ShareAttachment"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"serverId"}},{"kind":"Field","name":{"kind":"Name","value":"shareId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"via"}},{"kind":"Field","name":{"kind":"Name","value":"mountPoint"}},{"kind":"Field","name":{"kind":"Name","value":"accessLevel"}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"fault"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"codeRaw"}},{"kind":"Field","name":{"kind":"Name","value":"openstackRequestId"}}]}},{"kind":"Field","name":{"kind":"Name","value":"server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"share"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"protocol"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ServerRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Server"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"taskState"}},{"kind":"Field","name":{"kind":"Name","value":"addresses"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"network"}},{"kind":"Field","name":{"kind":"Name","value":"address"}},{"kind":"Field","name":{"kind":"Name","value":"type"}}]}},{"kind":"Field","name":{"kind":"Name","value":"sharesAttached"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"AttachmentRow"}}]}}]}}]} as unknown as DocumentNode<ServersQuery, ServersQueryVariables>;
export const SharesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Shares"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ShareFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"shares"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ShareRow"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"totalCount"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"AttachmentRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ShareAttachment"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"serverId"}},{"kind":"Field","name":{"kind":"Name","value":"shareId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"via"}},{"kind":"Field","name":{"kind":"Name","value":"mountPoint"}},{"kind":"Field","name":{"kind":"Name","value":"accessLevel"}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"fault"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"codeRaw"}},{"kind":"Field","name":{"kind":"Name","value":"openstackRequestId"}}]}},{"kind":"Field","name":{"kind":"Name","value":"server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"share"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"protocol"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ShareRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Share"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"statusRaw"}},{"kind":"Field","name":{"kind":"Name","value":"sizeGib"}},{"kind":"Field","name":{"kind":"Name","value":"protocol"}},{"kind":"Field","name":{"kind":"Name","value":"serversAttached"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"AttachmentRow"}}]}}]}}]} as unknown as DocumentNode<SharesQuery, SharesQueryVariables>;
export const AttachmentsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Attachments"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ShareAttachmentFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"shareAttachments"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"AttachmentRow"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"totalCount"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"AttachmentRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ShareAttachment"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"serverId"}},{"kind":"Field","name":{"kind":"Name","value":"shareId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"via"}},{"kind":"Field","name":{"kind":"Name","value":"mountPoint"}},{"kind":"Field","name":{"kind":"Name","value":"accessLevel"}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"fault"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"codeRaw"}},{"kind":"Field","name":{"kind":"Name","value":"openstackRequestId"}}]}},{"kind":"Field","name":{"kind":"Name","value":"server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"share"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"protocol"}}]}}]}}]} as unknown as DocumentNode<AttachmentsQuery, AttachmentsQueryVariables>;
export const EventCursorDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"EventCursor"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"shareAttachments"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"1"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"eventCursor"}}]}}]}}]} as unknown as DocumentNode<EventCursorQuery, EventCursorQueryVariables>;
export const EventsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"Events"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"shareAttachmentEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"at"}},{"kind":"Field","name":{"kind":"Name","value":"reasonRaw"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"attachment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"AttachmentRow"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"AttachmentRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ShareAttachment"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"serverId"}},{"kind":"Field","name":{"kind":"Name","value":"shareId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"via"}},{"kind":"Field","name":{"kind":"Name","value":"mountPoint"}},{"kind":"Field","name":{"kind":"Name","value":"accessLevel"}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"fault"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"codeRaw"}},{"kind":"Field","name":{"kind":"Name","value":"openstackRequestId"}}]}},{"kind":"Field","name":{"kind":"Name","value":"server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"share"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"protocol"}}]}}]}}]} as unknown as DocumentNode<EventsSubscription, EventsSubscriptionVariables>;
export const AttachmentDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Attachment"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"serverId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"shareId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"shareAttachment"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"serverId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"serverId"}}},{"kind":"Argument","name":{"kind":"Name","value":"shareId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"shareId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"AttachmentRow"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"guestSeenAt"}},{"kind":"Field","name":{"kind":"Name","value":"isProtected"}},{"kind":"Field","name":{"kind":"Name","value":"mountCommands"}},{"kind":"Field","name":{"kind":"Name","value":"accessRules"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"accessType"}},{"kind":"Field","name":{"kind":"Name","value":"accessTo"}},{"kind":"Field","name":{"kind":"Name","value":"accessLevel"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}},{"kind":"Field","name":{"kind":"Name","value":"warnings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"AttachmentRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ShareAttachment"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"serverId"}},{"kind":"Field","name":{"kind":"Name","value":"shareId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"via"}},{"kind":"Field","name":{"kind":"Name","value":"mountPoint"}},{"kind":"Field","name":{"kind":"Name","value":"accessLevel"}},{"kind":"Field","name":{"kind":"Name","value":"isStale"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"fault"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"codeRaw"}},{"kind":"Field","name":{"kind":"Name","value":"openstackRequestId"}}]}},{"kind":"Field","name":{"kind":"Name","value":"server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"share"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"protocol"}}]}}]}}]} as unknown as DocumentNode<AttachmentQuery, AttachmentQueryVariables>;
export const AttachShareCheckDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"AttachShareCheck"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AttachShareCheckInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"attachShareCheck"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"via"}},{"kind":"Field","name":{"kind":"Name","value":"isOpen"}},{"kind":"Field","name":{"kind":"Name","value":"problems"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"certainty"}},{"kind":"Field","name":{"kind":"Name","value":"field"}}]}},{"kind":"Field","name":{"kind":"Name","value":"accessTo"}},{"kind":"Field","name":{"kind":"Name","value":"mountCommands"}}]}}]}}]} as unknown as DocumentNode<AttachShareCheckQuery, AttachShareCheckQueryVariables>;
export const AttachSharesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"AttachShares"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AttachSharesInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"attachShares"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"outcomes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"serverId"}},{"kind":"Field","name":{"kind":"Name","value":"shareId"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"openstackRequestId"}}]}}]}}]}}]}}]} as unknown as DocumentNode<AttachSharesMutation, AttachSharesMutationVariables>;
export const DetachSharesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"DetachShares"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"DetachSharesInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"detachShares"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"outcomes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"serverId"}},{"kind":"Field","name":{"kind":"Name","value":"shareId"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"openstackRequestId"}}]}}]}}]}}]}}]} as unknown as DocumentNode<DetachSharesMutation, DetachSharesMutationVariables>;
export const HistoryDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"History"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ShareAttachmentHistoryFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"shareAttachmentHistory"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"HistoryRow"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}},{"kind":"Field","name":{"kind":"Name","value":"isTruncated"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"HistoryRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ShareAttachmentEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"at"}},{"kind":"Field","name":{"kind":"Name","value":"reasonRaw"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"attachment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"serverId"}},{"kind":"Field","name":{"kind":"Name","value":"shareId"}},{"kind":"Field","name":{"kind":"Name","value":"server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"share"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<HistoryQuery, HistoryQueryVariables>;
export const LimitsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Limits"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"limits"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"shares"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"shares"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"maximum"}},{"kind":"Field","name":{"kind":"Name","value":"used"}}]}},{"kind":"Field","name":{"kind":"Name","value":"shareGib"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"maximum"}},{"kind":"Field","name":{"kind":"Name","value":"used"}}]}}]}}]}}]}}]} as unknown as DocumentNode<LimitsQuery, LimitsQueryVariables>;