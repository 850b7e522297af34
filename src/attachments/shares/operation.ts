/** The record of work on a share that this gateway was asked for: its fields, its outcome, its events. Imports no package. */

import type { NewShare } from '../../openstack/manila/shares.ts';

export type ShareOperationType = 'create' | 'resize' | 'delete';

/** Why work on a share failed, beside the words of `message`; schema/share-operations.graphql describes each. */
export type ShareFaultCode =
  | 'UPSTREAM_REFUSED'
  | 'UPSTREAM_FAILING'
  | 'SHARE_ERROR'
  | 'SHARE_DELETED'
  | 'DETACH_FAILED'
  | 'TOKEN_EXPIRED';

/** Never contains a token or an access key. */
export interface ShareFault {
  code: ShareFaultCode;
  message: string;
  /** ISO 8601, UTC. */
  at: string;
  openstackRequestId: string | null;
}

/** Work on a share as the store holds it, from the request until the share's status is stable. */
export interface ShareOperation {
  /** Of a creation: a UUID of its own, in the share's metadata as `nmg_request`. Else the share's id. */
  id: string;
  projectId: string;
  type: ShareOperationType;
  /** Null while Manila has not said, or not shown, which share it created. */
  shareId: string | null;
  /** Only of a creation. */
  /** Without the metadata that the gateway adds. */
  create?: NewShare;
  /** Only of a resize: the size in GiB before and after. */
  resize?: { from: number; to: number };
  /** Only of a deletion. */
  deletion?: {
    /** Whether the share is detached from all servers first. */
    detach: boolean;
    /** How long each server's access rules stay for its guest to unmount, in seconds. */
    unmountGraceSeconds: number;
    /** The group that the share is in. */
    shareGroupId: string | null;
    /** The attachments whose detach this operation has started. */
    started: readonly string[];
  };
  /** Only of a creation: a hash of its arguments, by which a repeated request with the same key is recognised. */
  digest?: string;
  /** Whether Manila accepted the change: from here on the share is only observed. */
  isAccepted: boolean;
  /** When the change was sent last, ISO 8601, while its outcome is unknown; null: not sent, or the outcome is known. */
  sentAt: string | null;
  /** How often the change was sent. */
  attempts: number;
  /** Consecutive uncertain outcomes: they set the backoff. */
  failures: number;
  /** The latest failure after which the gateway tries again; null after a success. */
  fault: ShareFault | null;
  /** The request that asked, its user, and when that user's token ends, ISO 8601: without it nothing is changed. */
  requestId: string;
  userId: string;
  tokenExpiresAt: string;
  /** ISO 8601, UTC, milliseconds. */
  createdAt: string;
  updatedAt: string;
  /** Incremented by each commit and each claim: a write with an older version is rejected. */
  version: number;
}

export type ShareOperationStatus = 'in_progress' | 'succeeded' | 'failed';

/** Work on a share as clients see it, also after its end. */
export type ShareOperationView = ShareOperation & { status: ShareOperationStatus };

export type ShareEventType =
  | 'CREATE_STARTED'
  | 'CREATED'
  | 'CREATE_FAILED'
  | 'RESIZE_STARTED'
  | 'RESIZED'
  | 'RESIZE_FAILED'
  | 'DELETE_STARTED'
  | 'DELETED'
  | 'DELETE_FAILED';

/** An event of a share as a commit passes it to the store. */
export interface NewShareEvent {
  type: ShareEventType;
  /** ISO 8601, UTC. */
  at: string;
  requestId: string | null;
  operation: ShareOperationView;
}

/** An event of a share as the log returns it. */
export interface ShareEvent extends NewShareEvent {
  /** Its position in the project's log. */
  cursor: string;
}

const EVENTS: Record<ShareOperationType, Record<ShareOperationStatus, ShareEventType>> = {
  create: { in_progress: 'CREATE_STARTED', succeeded: 'CREATED', failed: 'CREATE_FAILED' },
  resize: { in_progress: 'RESIZE_STARTED', succeeded: 'RESIZED', failed: 'RESIZE_FAILED' },
  delete: { in_progress: 'DELETE_STARTED', succeeded: 'DELETED', failed: 'DELETE_FAILED' },
};

/** The operation in a status, with why it failed. */
export function viewOf(
  operation: ShareOperation,
  status: ShareOperationStatus,
  fault: ShareFault | null = operation.fault,
): ShareOperationView {
  return { ...operation, status, fault };
}

/** The event of an operation in its status. */
export function shareEvent(operation: ShareOperationView): NewShareEvent {
  const { type, status, updatedAt, requestId } = operation;
  return { type: EVENTS[type][status], at: updatedAt, requestId, operation };
}

/** How long the gateway has worked on an operation, in ms. */
export function operationAgeMs({ createdAt }: Pick<ShareOperation, 'createdAt'>): number {
  return Date.now() - Date.parse(createdAt);
}
