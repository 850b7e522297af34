/** The record of a share attached to a server: its fields, statuses, id and transitions. Imports no package. */

import type { FaultCode } from '../errors.ts';
import type { PendingChange, RequestedChange } from './pending.ts';
import type { Problem } from './problems.ts';

export type AttachmentStatus = 'attaching' | 'attached' | 'detaching' | 'error_attaching' | 'error_detaching';

/** Every status. */
export const STATUSES: readonly AttachmentStatus[] = [
  'attaching',
  'attached',
  'detaching',
  'error_attaching',
  'error_detaching',
];

/** A record's status, or `detached` after its removal, which only events and payloads show. */
export type AttachmentViewStatus = AttachmentStatus | 'detached';

export type AccessLevel = 'rw' | 'ro';
export type AccessType = 'ip' | 'user' | 'cephx';

/** Why the gateway detaches without a request. */
export type Reason = 'SERVER_DELETED' | 'SHARE_DELETED' | 'DETACHED_IN_NOVA';

/** One access rule that the attachment needs, and its last observed state. */
export interface Target {
  /** Canonical: an address without `/32` or `/128`, a network with its prefix, a user, a cephx id. */
  accessTo: string;
  /** Manila's id of the rule; null until the rule exists. */
  ruleId: string | null;
  /** Whether the gateway made the rule and therefore revokes it; false for a rule that existed before. */
  isOwned: boolean;
  /** Manila's `state` of the rule when last observed; null until the rule exists. */
  state: string | null;
  /**
   * Set while the rules change to the server's new addresses: `adding` is to be granted, `removing` is revoked once all
   * others are active. `updating`: its rule gets the record's access level.
   */
  change?: 'adding' | 'removing' | 'updating';
}

/** Why an attachment is in an error status. Never contains a token or an access key. */
export interface Fault {
  code: FaultCode;
  message: string;
  /** ISO 8601, UTC. */
  at: string;
  openstackRequestId: string | null;
}

/** How the server gets to the share: by Manila's access rules, or by a virtiofs device of Nova's. */
export type AttachVia = 'access_rule' | 'virtiofs';

/** Of a virtiofs attachment: what was requested of Nova, and the last observation of it. */
export interface VirtiofsState {
  /** The name by which the guest mounts the device. */
  tag: string;
  /** Nova's status of its mapping, as last observed; null until one is observed. */
  status: string | null;
  /** When the POST was sent that has made no mapping yet, ISO 8601; null when none was sent, or its outcome is known. */
  postedAt: string | null;
  /** When the DELETE was sent whose outcome is not known, ISO 8601. Absent: none. */
  deletedAt?: string | null;
  /** Nova's request id of the last POST or DELETE: its instance action says how the work ended. */
  openstackRequestId: string | null;
  /** When Nova was last asked for the mapping, ISO 8601; null before the first observation. */
  observedAt: string | null;
}

/** How a guest mounts the share, copied from Manila. `paths` is empty until the attachment is attached. */
export interface ExportedAs {
  /** `NFS`, `CIFS` or `CEPHFS`. */
  protocol: string;
  /** Export locations, preferred ones first. */
  paths: string[];
  /** The Ceph file system, where Manila names one. */
  fileSystem: string | null;
}

/** An attachment as the store holds it. */
export interface Attachment {
  /** `<server id>:<share id>`. */
  id: string;
  /** The server's project. */
  projectId: string;
  serverId: string;
  shareId: string;
  mountPoint: string | null;
  /** Absent in records made before 0.2: `access_rule`. */
  via?: AttachVia;
  /** Only of a virtiofs attachment. */
  virtiofs?: VirtiofsState;
  /** Whether the share is another project's, which then reads the metadata of the rules: they name no one. Absent: no. */
  isForeignShare?: boolean;
  /** What was accepted and may not work. Absent in records made before 0.2: none. */
  warnings?: readonly Problem[];
  /** Whether Manila's locks keep the rules from being deleted, and their targets from being seen. Absent: no. */
  isProtected?: boolean;
  isHidden?: boolean;
  accessLevel: AccessLevel;
  /** While targets are `updating`: whether rules are denied and granted again, for a Manila that cannot change them. */
  renewsRules?: boolean;
  accessType: AccessType;
  /**
   * `accessTo` of the request, canonical and sorted; null when the gateway chose the targets. A repeated request is
   * recognised by it.
   */
  requestedAccessTo: string[] | null;
  targets: Target[];
  /** Whether the mount is written as an item of its server's metadata. */
  tellGuest?: boolean;
  /** Absent in records made before 0.2. */
  exportedAs?: ExportedAs;
  status: AttachmentStatus;
  /**
   * Only while `detaching`: whether Manila accepted a revocation with the caller's token. Until then, the attachment
   * returns to `previousStatus` after a crash.
   */
  isAccepted: boolean;
  /** Only while `detaching`: until when the rules stay for the guest to unmount, ISO 8601. */
  graceUntil?: string | undefined;
  /** The status before `detaching`. */
  previousStatus: AttachmentStatus | null;
  reason: Reason | null;
  /** While it is worked on, and stored of a new attachment: a change that is not accepted yet. */
  pending?: PendingChange;
  /** Stored of an existing attachment: a change that is not accepted yet. */
  requested?: RequestedChange;
  /** Denials and renewed grants made in this status so far. */
  attempts: number;
  /** Consecutive uncertain outcomes of reads; they set the backoff. */
  failures: number;
  /** Consecutive uncertain outcomes of changes, which a successful read does not reset. Absent: none. */
  changeFailures?: number;
  /** During a backoff: when the next attempt is due, ISO 8601. */
  retryAt?: string;
  fault: Fault | null;
  /**
   * Since when the targets are known to differ from the server's addresses, ISO 8601; null while they are equal. Only a
   * caller's token changes the rules.
   */
  staleSince: string | null;
  /** The request that last asked for a change, and its user. */
  requestId: string | null;
  userId: string | null;
  /** ISO 8601, UTC, milliseconds. */
  createdAt: string;
  updatedAt: string;
  /** When the current status began, ISO 8601: deadlines count from it. */
  statusSince: string;
  /** Incremented by each commit and each claim: a write with an older version is rejected. */
  version: number;
}

/** Every type of event. */
export const EVENT_TYPES: readonly EventType[] = [
  'ATTACH_STARTED',
  'ATTACHED',
  'ATTACH_FAILED',
  'DETACH_STARTED',
  'DETACHED',
  'DETACH_FAILED',
];

export type EventType =
  | 'ATTACH_STARTED'
  | 'ATTACHED'
  | 'ATTACH_FAILED'
  | 'DETACH_STARTED'
  | 'DETACHED'
  | 'DETACH_FAILED';

/** An event as a commit passes it to the store. */
export interface NewEvent {
  type: EventType;
  /** ISO 8601, UTC. */
  at: string;
  requestId: string | null;
  reason: Reason | null;
  /** The attachment after the change. */
  attachment: AttachmentView;
}

/** An event as the log returns it. */
export interface AttachmentEvent extends NewEvent {
  /** Its position in the project's log. */
  cursor: string;
}

/** An attachment as clients see it, also after its removal. */
export type AttachmentView = Omit<Attachment, 'status'> & {
  status: AttachmentViewStatus;
  /** Whether Nova attached the share at someone else's request, so that the store has no record. Absent: no. */
  isOfNova?: boolean;
};

/** Statuses in which an attachment needs its access rules to stay. */
const HOLDING_STATUSES: ReadonlySet<AttachmentViewStatus> = new Set(['attaching', 'attached', 'error_attaching']);

/**
 * Whether an attachment holds a target of its own: it needs the target's access rule to stay. Not while it detaches, and
 * not before Manila has accepted its caller: a rejected request must not keep a rule alive.
 */
export function holdsTarget(
  { status, pending }: Pick<Attachment, 'status' | 'pending'>,
  { change }: Pick<Target, 'change'>,
): boolean {
  return HOLDING_STATUSES.has(status) && !pending && change !== 'removing';
}

/** The id of the attachment of a share to a server: the pair, as in Nova's `/servers/{server_id}/shares/{share_id}`. */
export function attachmentId(serverId: string, shareId: string): string {
  return `${serverId}:${shareId}`;
}

/** The pair behind an attachment's id; null when it is not one. */
export function parseAttachmentId(id: string): { serverId: string; shareId: string } | null {
  const [serverId, shareId, more] = id.split(':');
  return serverId && shareId && more === undefined ? { serverId, shareId } : null;
}

/** The record in a new status: its counters and its deadline start anew. */
export function withStatus(
  record: Attachment,
  status: AttachmentStatus,
  change: { fault?: Fault | null; reason?: Reason | null } = {},
): Attachment {
  const now = new Date().toISOString();
  const { changeFailures: _failures, retryAt: _retryAt, ...current } = record;
  return {
    ...current,
    status,
    fault: change.fault ?? null,
    reason: change.reason ?? null,
    previousStatus: status === 'detaching' ? record.status : null,
    graceUntil: undefined,
    // the instance action of an earlier POST or DELETE says nothing of the work that begins now
    ...(record.virtiofs && isInProgress(status) && { virtiofs: { ...record.virtiofs, openstackRequestId: null } }),
    // no caller has to be authorised to detach from a server that no longer exists
    isAccepted: status === 'detaching' && change.reason === 'SERVER_DELETED',
    attempts: 0,
    failures: 0,
    updatedAt: now,
    statusSince: now,
  };
}

/** The state of a virtiofs attachment of which Nova was not asked yet. */
export function newVirtiofsState(tag: string): VirtiofsState {
  return { tag, status: null, postedAt: null, openstackRequestId: null, observedAt: null };
}

/** Whether Nova attached the share as a virtiofs device. */
export function isVirtiofs({ via }: Pick<Attachment, 'via'>): boolean {
  return via === 'virtiofs';
}

/** Whether an attachment in this status is still being changed. */
export function isInProgress(status: AttachmentViewStatus): boolean {
  return status === 'attaching' || status === 'detaching';
}

/** The fault for an upstream error. */
export function toFault(error: { message: string; openstackRequestId: string | null }): Fault {
  return {
    code: 'UPSTREAM_REFUSED',
    message: error.message,
    at: new Date().toISOString(),
    openstackRequestId: error.openstackRequestId,
  };
}

/** The fault for an upstream error after which the gateway tries again. It lasts until a call of that kind succeeds. */
export function toRetryFault(error: { message: string; openstackRequestId: string | null }): Fault {
  return { ...toFault(error), code: 'UPSTREAM_FAILING' };
}

/** The record after a successful read or change: what failed of that kind no longer counts. */
export function withSuccess(record: Attachment, kind: 'read' | 'change'): Attachment {
  const { changeFailures = 0, retryAt, ...current } = record;
  const left = kind === 'read' ? changeFailures : 0;
  if (left > 0) return { ...record, failures: 0 };
  return { ...current, failures: 0, fault: record.fault?.code === 'UPSTREAM_FAILING' ? null : record.fault };
}

/** How long the gateway has worked on a record, in ms. For a stale attachment this begins long after its status did. */
export function elapsedMs(record: Attachment): number {
  return Date.now() - Math.max(Date.parse(record.statusSince), Date.parse(record.updatedAt));
}

/** An event about the attachment in its current state. */
export function newEvent(type: EventType, attachment: AttachmentView): NewEvent {
  return { type, at: attachment.updatedAt, requestId: attachment.requestId, reason: attachment.reason, attachment };
}
