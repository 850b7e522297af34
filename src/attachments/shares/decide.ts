/** What happens next with work on a share: a pure function of the operation and what Manila and the store show. */
import type { Attachment } from '../attachment.ts';
import type { ShareFault, ShareOperation } from './operation.ts';

/** What a decision needs of a share in Manila. */
export interface ObservedShare {
  id: string;
  status: string;
  size: number | null;
}

/** What Manila and the store show. */
export interface ShareObservation {
  /** The share; of a creation that Manila has not confirmed: the oldest with its request's id. Null: there is none. */
  share: ObservedShare | null;
  /** The share's attachments, read before a deletion is sent. */
  attachments: readonly Pick<Attachment, 'id' | 'status' | 'fault'>[];
}

export interface ShareRights {
  /** Whether the token of the user who asked is here. The gateway's own token only observes. */
  maySend: boolean;
  /** ms since the epoch. */
  now: number;
  /**
   * How long after a creation was sent without an answer it is not sent again, in ms: Manila may still be working on it,
   * and the share appears later.
   */
  resendAfterMs: number;
}

/** A failure without its time. */
export type Failure = Pick<ShareFault, 'code' | 'message'>;

export type ShareAction =
  | { do: 'wait' }
  /** Send the change to Manila. */
  | { do: 'send' }
  /** Manila has the change: from here on it is observed. */
  | { do: 'accept'; shareId: string }
  /** Detach these attachments. */
  | { do: 'detach'; ids: readonly string[] }
  | { do: 'succeed' }
  /** `asksManila`: Manila has a message about why. */
  | { do: 'fail'; failure: Failure; asksManila?: boolean };

/** How often a change is sent when its outcome stays unknown. */
export const MAX_ATTEMPTS = 5;

/** Manila's statuses in which something is still done to a share (manila/common/constants.py). */
const TRANSITIONAL: ReadonlySet<string> = new Set(
  'creating creating_from_snapshot deleting extending shrinking managing unmanaging migrating migrating_to restoring reverting server_migrating server_migrating_to replication_change ensuring backup_creating backup_restoring'.split(
    ' ',
  ),
);

/** Whether Manila still does something to a share in this status. */
export function isTransitional(status: string): boolean {
  return TRANSITIONAL.has(status);
}

/** Decides the next action. No clock, no I/O. */
export function decideShare(operation: ShareOperation, seen: ShareObservation, rights: ShareRights): ShareAction {
  if (operation.isAccepted) return decideAccepted(operation, seen.share);
  switch (operation.type) {
    case 'create':
      return decideCreation(operation, seen, rights);
    case 'resize':
      return decideResize(operation, seen, rights);
    default:
      return decideDeletion(operation, seen, rights);
  }
}

function decideCreation(operation: ShareOperation, { share }: ShareObservation, rights: ShareRights): ShareAction {
  if (share) return { do: 'accept', shareId: share.id };
  const { sentAt } = operation;
  if (sentAt !== null && rights.now - Date.parse(sentAt) < rights.resendAfterMs) return { do: 'wait' };
  return sendOrEnd(operation, rights, 'the share was not created');
}

function decideResize(operation: ShareOperation, { share }: ShareObservation, rights: ShareRights): ShareAction {
  if (!share) return gone();
  const isMine = operation.attempts > 0;
  if (isMine && (share.size === operation.resize?.to || ['extending', 'shrinking'].includes(share.status))) {
    return { do: 'accept', shareId: share.id };
  }
  return sendOrEnd(operation, rights, 'the share was not resized');
}

function decideDeletion(operation: ShareOperation, seen: ShareObservation, rights: ShareRights): ShareAction {
  const { share, attachments } = seen;
  if (!share) return { do: 'succeed' };
  if (share.status === 'deleting') return { do: 'accept', shareId: share.id };
  if (attachments.length === 0) return sendOrEnd(operation, rights, 'the share is detached and was not deleted');
  const started = operation.deletion?.started ?? [];
  const failed = attachments.find(({ id, status }) => status === 'error_detaching' && started.includes(id));
  if (failed) {
    const why = failed.fault?.message ?? 'no reason is known';
    return { do: 'fail', failure: { code: 'DETACH_FAILED', message: `${failed.id} could not be detached: ${why}` } };
  }
  const left = attachments.filter(({ status }) => status !== 'detaching').map(({ id }) => id);
  if (left.length === 0) return { do: 'wait' };
  if (!rights.maySend) return waitForToken(operation, rights, 'the share was not deleted');
  return operation.attempts < MAX_ATTEMPTS ? { do: 'detach', ids: left } : exhausted(operation);
}

function decideAccepted({ type, resize }: ShareOperation, share: ObservedShare | null): ShareAction {
  if (type === 'delete') {
    if (!share) return { do: 'succeed' };
    return share.status === 'deleting' ? { do: 'wait' } : failed(share, 'The share was not deleted');
  }
  if (!share) return gone();
  if (TRANSITIONAL.has(share.status)) return { do: 'wait' };
  if (type === 'create') {
    return share.status === 'error' ? failed(share, 'The share could not be created') : { do: 'succeed' };
  }
  // a back end that would lose data refuses, and the share is available with its old size
  const isResized = share.status === 'available' && share.size === resize?.to;
  return isResized ? { do: 'succeed' } : failed(share, `The share is not resized to ${resize?.to} GiB`);
}

/** Sends the change again, unless it was sent too often or the token is not here. */
function sendOrEnd(operation: ShareOperation, rights: ShareRights, what: string): ShareAction {
  if (!rights.maySend) return waitForToken(operation, rights, what);
  return operation.attempts < MAX_ATTEMPTS ? { do: 'send' } : exhausted(operation);
}

/** Only the token of the user who asked changes a share: after its end, the work ends too. */
export function waitForToken(
  { tokenExpiresAt }: ShareOperation,
  { now }: Pick<ShareRights, 'now'>,
  what: string,
): ShareAction {
  if (now < Date.parse(tokenExpiresAt)) return { do: 'wait' };
  const message = `The token of the user who asked expired at ${tokenExpiresAt}: ${what}. Ask again`;
  return { do: 'fail', failure: { code: 'TOKEN_EXPIRED', message } };
}

function exhausted({ attempts, fault }: ShareOperation): ShareAction {
  const message = `Sent ${attempts} times without effect${fault ? `: ${fault.message}` : ''}`;
  return { do: 'fail', failure: { code: 'UPSTREAM_FAILING', message } };
}

function gone(): ShareAction {
  return { do: 'fail', failure: { code: 'SHARE_DELETED', message: 'The share was deleted meanwhile' } };
}

function failed({ status }: ObservedShare, what: string): ShareAction {
  return {
    do: 'fail',
    failure: { code: 'SHARE_ERROR', message: `${what}: its status is ${status}` },
    asksManila: true,
  };
}
