/**
 * The life of a virtiofs attachment, as one pure decision: what the record says and what Nova shows -> what to do next.
 * Nova makes the access rule and the device; the gateway only posts and deletes Nova's mapping with the caller's token, and observes.
 * No clock, no I/O, no package.
 */
import type { Attachment, AttachmentStatus, EventType, Reason } from '../attachment.ts';

/** Nova's mapping of the share to the server. `none`: Nova says 404. `not_visible`: Nova says 403, which tells nothing. */
export type ObservedMapping = 'none' | 'not_visible' | { readonly status: string; readonly tag: string };

/** How Nova's work on the last POST or DELETE went, from the server's instance actions. */
export interface ObservedAction {
  readonly result: 'running' | 'success' | 'error';
  /** Nova's own words of a failure; null where policy hides them. */
  readonly details: string | null;
}

/** What Nova and Manila show now. */
export interface VirtiofsObservation {
  readonly server: 'present' | 'gone' | 'not_asked';
  /** Nova's `OS-EXT-STS:vm_state` and `task_state`; null when not asked. */
  readonly vmState: string | null;
  readonly taskState: string | null;
  readonly share: 'present' | 'gone';
  readonly mapping: ObservedMapping;
  /** Whether a masked access rule of the share is being denied: Nova's rule of an attachment before this one. */
  readonly isRuleLeaving: boolean;
  readonly action: ObservedAction | null;
}

/** What may be done in this reconcile. */
export interface VirtiofsRights {
  /** The caller's own token is at hand: the only one that posts and deletes. */
  readonly mayChange: boolean;
  /** The mutation itself runs: what Nova would reject is rejected to the caller, and the record is as it was. */
  readonly isInMutation: boolean;
}

/** The clock's part in the decision. */
export interface VirtiofsTimes {
  /** Whether the status has lasted longer than its deadline. */
  readonly isOverdue: boolean;
  /**
   * Whether a POST, or a DELETE, without an answer can no longer land: none is open, or 60 s and one call's timeout have
   * passed since it was sent.
   */
  readonly isPostSettled: boolean;
  readonly isDeleteSettled: boolean;
}

export interface VirtiofsFault {
  readonly code: 'SERVER_NOT_STOPPED' | 'MAPPING_MISSING' | 'NOVA_ERROR' | 'DEADLINE_EXCEEDED' | 'SHARE_DELETED';
  readonly message: string;
}

export type VirtiofsAction =
  /** Nothing to do now; requeue. */
  | { do: 'wait' }
  /** Nothing to do until a caller returns. */
  | { do: 'idle' }
  | { do: 'post' }
  | { do: 'delete' }
  /** The mutation is refused with CONFLICT, and leaves the record as it was. */
  | { do: 'reject'; message: string }
  /** Commit a new status, with its event. */
  | { do: 'transition'; status: AttachmentStatus; event: EventType; reason?: Reason; fault?: VirtiofsFault }
  /** Commit the end. */
  | { do: 'remove'; reason?: Reason };

/** POSTs of one attach before giving up. */
export const MAX_POSTS = 3;
/** DELETEs of one detach before giving up. */
export const MAX_DELETES = 5;

/** The next step of one virtiofs attachment. */
export function decideVirtiofs(
  record: Attachment,
  observed: VirtiofsObservation,
  rights: VirtiofsRights,
  times: VirtiofsTimes,
): VirtiofsAction {
  if (observed.server === 'gone') return { do: 'remove', reason: 'SERVER_DELETED' };
  if (observed.mapping === 'not_visible') return decideUnseen(record, observed, rights, times);
  switch (record.status) {
    case 'attaching':
      return decideAttaching(record, observed, rights, times);
    case 'attached':
      return decideAttached(observed);
    case 'detaching':
      return decideDetaching(record, observed, rights, times);
    case 'error_attaching':
      return decideErrorAttaching(observed);
    case 'error_detaching':
      return observed.mapping === 'none' ? { do: 'remove' } : { do: 'idle' };
  }
}

function decideAttaching(
  record: Attachment,
  observed: VirtiofsObservation,
  rights: VirtiofsRights,
  times: VirtiofsTimes,
): VirtiofsAction {
  const { mapping } = observed;
  if (mapping === 'none') return decideUnmapped(record, observed, rights, times);
  if (mapping === 'not_visible') return { do: 'wait' };
  switch (mapping.status) {
    case 'inactive':
    case 'active':
      // a DELETE without an answer may still take it away
      return times.isDeleteSettled ? { do: 'transition', status: 'attached', event: 'ATTACHED' } : { do: 'wait' };
    case 'error':
      if (rights.mayChange && record.attempts < MAX_POSTS && isStoppedAndIdle(observed)) return { do: 'delete' };
      return attachFailed(novaError(observed));
    default:
      // `attaching`; `detaching` when the mapping in error is being taken away to be posted again
      return times.isOverdue ? attachFailed(overdue()) : { do: 'wait' };
  }
}

// nothing is mapped: never posted, posted without an answer, or deleted to be posted again
function decideUnmapped(
  record: Attachment,
  observed: VirtiofsObservation,
  { mayChange, isInMutation }: VirtiofsRights,
  { isOverdue, isPostSettled, isDeleteSettled }: VirtiofsTimes,
): VirtiofsAction {
  if (observed.share === 'gone') return { do: 'remove', reason: 'SHARE_DELETED' };
  // a DELETE without an answer would take the new mapping away
  if (!isPostSettled || !isDeleteSettled) return { do: 'wait' };
  if (!mayChange || record.attempts >= MAX_POSTS) return attachFailed(missing());
  if (!isStoppedAndIdle(observed)) {
    const message = notStopped(observed);
    return isInMutation ? { do: 'reject', message } : attachFailed({ code: 'SERVER_NOT_STOPPED', message });
  }
  // Nova fails an attach while its old access rule is still being denied (nova.share_manager, within 2 s)
  if (observed.isRuleLeaving) return isOverdue ? attachFailed(overdue()) : { do: 'wait' };
  return { do: 'post' };
}

function decideAttached(observed: VirtiofsObservation): VirtiofsAction {
  const { mapping } = observed;
  if (mapping === 'none') return { do: 'remove', reason: 'DETACHED_IN_NOVA' };
  if (mapping !== 'not_visible' && mapping.status === 'error') {
    return attachFailed(novaError(observed, 'rebootServer(isHard: true) tries the mount again'));
  }
  if (observed.share === 'gone') return attachFailed(shareGone());
  return { do: 'idle' };
}

// a later observation heals what gave up too early, or what a reboot has mended
function decideErrorAttaching({ mapping, share }: VirtiofsObservation): VirtiofsAction {
  const isUsable = typeof mapping === 'object' && (mapping.status === 'inactive' || mapping.status === 'active');
  if (isUsable && share === 'present') return { do: 'transition', status: 'attached', event: 'ATTACHED' };
  if (mapping === 'none' && share === 'gone') return { do: 'remove', reason: 'SHARE_DELETED' };
  return { do: 'idle' };
}

function decideDetaching(
  record: Attachment,
  observed: VirtiofsObservation,
  { mayChange, isInMutation }: VirtiofsRights,
  { isOverdue, isPostSettled, isDeleteSettled }: VirtiofsTimes,
): VirtiofsAction {
  const { mapping } = observed;
  // a POST without an answer may still make the mapping: the record stays until it no longer can
  if (mapping === 'none') return isPostSettled ? { do: 'remove' } : { do: 'wait' };
  if (typeof mapping === 'object' && mapping.status === 'detaching') {
    return isOverdue ? detachFailed(overdue()) : { do: 'wait' };
  }
  if (typeof mapping === 'object' && mapping.status === 'error' && record.isAccepted) {
    const mayRetry = mayChange && record.attempts < MAX_DELETES && isDeletable(observed);
    return mayRetry ? { do: 'delete' } : detachFailed(novaError(observed));
  }
  // Nova took the DELETE, and has not begun with it
  if (record.isAccepted) return isOverdue ? detachFailed(overdue()) : { do: 'wait' };
  // while a DELETE may still land, the server must not be started
  if (!mayChange) return isDeleteSettled ? abandoned(record) : { do: 'wait' };
  if (!isDeletable(observed)) {
    const message = notStopped(observed);
    return isInMutation ? { do: 'reject', message } : detachFailed({ code: 'SERVER_NOT_STOPPED', message });
  }
  return { do: 'delete' };
}

// 403: only the instance action of the last POST or DELETE can be observed
function decideUnseen(
  record: Attachment,
  { action, share }: VirtiofsObservation,
  { mayChange }: VirtiofsRights,
  { isOverdue, isDeleteSettled }: VirtiofsTimes,
): VirtiofsAction {
  const isDetaching = record.status === 'detaching';
  if (record.status === 'attached' && share === 'gone') return attachFailed(shareGone());
  if (record.status !== 'attaching' && !isDetaching) return { do: 'idle' };
  // no DELETE was accepted, and what this session cannot see it does not delete
  if (isDetaching && !record.isAccepted) {
    return (mayChange && !isOverdue) || !isDeleteSettled ? { do: 'wait' } : abandoned(record);
  }
  if (action?.result === 'success') {
    return isDetaching ? { do: 'remove' } : { do: 'transition', status: 'attached', event: 'ATTACHED' };
  }
  if (action?.result === 'error') {
    const fault: VirtiofsFault = { code: 'NOVA_ERROR', message: withDetails('Nova could not do it', action.details) };
    return isDetaching ? detachFailed(fault) : attachFailed(fault);
  }
  if (!isOverdue) return { do: 'wait' };
  return isDetaching ? detachFailed(overdue()) : attachFailed(overdue());
}

/** Whether Nova takes a POST, and finishes it: stopped, and no task under way, which Nova itself does not check. */
export function isStoppedAndIdle({ vmState, taskState }: Pick<VirtiofsObservation, 'vmState' | 'taskState'>): boolean {
  return vmState === 'stopped' && taskState === null;
}

/** Whether Nova takes a DELETE: as a POST, and from a server in error. */
export function isDeletable({ vmState, taskState }: Pick<VirtiofsObservation, 'vmState' | 'taskState'>): boolean {
  return (vmState === 'stopped' || vmState === 'error') && taskState === null;
}

/** Why Nova's attach or detach has to wait: the server's states. */
export function notStopped({ vmState, taskState }: Pick<VirtiofsObservation, 'vmState' | 'taskState'>): string {
  const now = taskState === null ? `it is ${vmState ?? 'unknown'}` : `it is ${vmState ?? 'unknown'} and ${taskState}`;
  return `The server must be stopped, with no task under way: ${now}`;
}

function attachFailed(fault: VirtiofsFault): VirtiofsAction {
  return { do: 'transition', status: 'error_attaching', event: 'ATTACH_FAILED', fault };
}

function detachFailed(fault: VirtiofsFault): VirtiofsAction {
  return { do: 'transition', status: 'error_detaching', event: 'DETACH_FAILED', fault };
}

/** A detach that Nova never accepted, and whose caller is no longer here: back to what it was. */
function abandoned(record: Attachment): VirtiofsAction {
  const status = record.previousStatus ?? 'attached';
  return { do: 'transition', status, event: 'DETACH_FAILED' };
}

function novaError({ action }: Pick<VirtiofsObservation, 'action'>, advice?: string): VirtiofsFault {
  const message = withDetails('Nova shows the share attachment in error', action?.details ?? null);
  return { code: 'NOVA_ERROR', message: advice === undefined ? message : `${message}. ${advice}` };
}

function withDetails(message: string, details: string | null): string {
  return details ? `${message}: ${details}` : message;
}

function overdue(): VirtiofsFault {
  return { code: 'DEADLINE_EXCEEDED', message: 'Nova did not finish in time' };
}

function missing(): VirtiofsFault {
  const message = 'Nova has no such share attachment, and only a user may ask for it: attach again';
  return { code: 'MAPPING_MISSING', message };
}

function shareGone(): VirtiofsFault {
  return { code: 'SHARE_DELETED', message: 'The share is deleted. The server will not start: detach the share' };
}
