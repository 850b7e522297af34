/** The record of a share attached to a server, its words, and its id. Imports no package. */

import type { FaultCode } from '../errors.ts';

export type AttachmentStatus = 'attaching' | 'attached' | 'detaching' | 'error_attaching' | 'error_detaching';

/** A record's status, or what it ends as: seen in events and payloads only. */
export type AttachmentViewStatus = AttachmentStatus | 'detached';

export type AccessLevel = 'rw' | 'ro';
export type AccessType = 'ip' | 'user' | 'cephx';

/** Why the gateway acts of its own accord. */
export type Reason = 'SERVER_DELETED' | 'SHARE_DELETED';

/** One access rule that the attachment needs, and what was last seen of it. */
export interface Target {
  /** Canonical: an address without `/32` or `/128`, a network with its prefix, a user, a cephx id. */
  accessTo: string;
  /** Manila's id of the rule; null until one is known. */
  ruleId: string | null;
  /** Whether we made the rule, and so take it away; false for a rule that was there before. */
  isOwned: boolean;
  /** Manila's word, as last seen; null until a rule is known. */
  state: string | null;
  /** While the rules follow the server's addresses: `coming` is to be granted, `leaving` goes when all others are active. */
  change?: 'coming' | 'leaving';
}

/** Why an attachment is in an error status. Never holds a token or an access key. */
export interface Fault {
  code: FaultCode;
  message: string;
  /** ISO 8601, UTC. */
  at: string;
  openstackRequestId: string | null;
}

/** What the store keeps of an attachment. */
export interface Attachment {
  /** `<server id>:<share id>`. */
  id: string;
  /** The project whose attachment it is: the server's. */
  projectId: string;
  serverId: string;
  shareId: string;
  mountPoint: string | null;
  accessLevel: AccessLevel;
  accessType: AccessType;
  /** `accessTo` as the user gave it, canonical and sorted; null when the gateway found the addresses. The same call again is told by it. */
  requestedAccessTo: string[] | null;
  targets: Target[];
  status: AttachmentStatus;
  /** Only while `detaching`: whether Manila accepted the caller's token for it. Until then a crash puts the attachment back to `previousStatus`. */
  isAccepted: boolean;
  /** The status before `detaching`. */
  previousStatus: AttachmentStatus | null;
  reason: Reason | null;
  /** Denials or renewed grants made in this status so far. */
  attempts: number;
  /** Uncertain outcomes in a row; sets the backoff. */
  failures: number;
  fault: Fault | null;
  /** Since when the targets are known not to be the server's addresses, ISO 8601; null while they are. A caller's token repairs it. */
  staleSince: string | null;
  /** The request that last asked for a change, and who asked. */
  requestId: string | null;
  userId: string | null;
  /** ISO 8601, UTC, milliseconds. */
  createdAt: string;
  updatedAt: string;
  /** When the present status began, ISO 8601: deadlines count from it. */
  statusSince: string;
  /** Rises with each commit and each claim: a writer with an older one is refused. */
  version: number;
}

export type EventType =
  | 'ATTACH_STARTED'
  | 'ATTACHED'
  | 'ATTACH_FAILED'
  | 'DETACH_STARTED'
  | 'DETACHED'
  | 'DETACH_FAILED';

/** An event as a commit hands it to the store. */
export interface NewEvent {
  type: EventType;
  /** ISO 8601, UTC. */
  at: string;
  requestId: string | null;
  reason: Reason | null;
  /** The attachment as the change leaves it. */
  attachment: AttachmentView;
}

/** An event as the log has it. */
export interface AttachmentEvent extends NewEvent {
  /** Its place in the project's log. */
  cursor: string;
}

/** An attachment as clients see it: also when it is gone. */
export type AttachmentView = Omit<Attachment, 'status'> & { status: AttachmentViewStatus };

/** The id of the attachment of a share to a server: the pair, as in Nova's `/servers/{server_id}/shares/{share_id}`. */
export function attachmentId(serverId: string, shareId: string): string {
  return `${serverId}:${shareId}`;
}

/** The pair behind an attachment's id; null when it is not one. */
export function parseAttachmentId(id: string): { serverId: string; shareId: string } | null {
  const [serverId, shareId, more] = id.split(':');
  return serverId && shareId && more === undefined ? { serverId, shareId } : null;
}
