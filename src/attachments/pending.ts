/**
 * A requested change that neither Manila nor Nova has accepted yet. It is stored before the first call that changes
 * anything, so that a crash leaves nothing unknown; but clients see the attachment as it was, and no event tells of the
 * change until it is accepted: a request that is rejected changes nothing.
 */
import type { Attachment } from './attachment.ts';

/** What a record that is worked on changes: only until its first call is accepted, or may have been. */
export interface PendingChange {
  /** The event of the change, logged once it is accepted. */
  event: 'ATTACH_STARTED' | 'DETACH_STARTED';
  /** The record before the change, as clients see it; null for a new attachment, which they do not see. */
  before: Attachment | null;
}

/** What is stored beside a record that clients still see: the same change from its other side. */
export interface RequestedChange {
  event: PendingChange['event'];
  /** The record with the change. */
  record: Attachment;
}

/** The record with a change that is not accepted yet. */
export function withPending(before: Attachment, changed: Attachment, event: PendingChange['event']): Attachment {
  const { requested: _, ...visible } = before;
  return { ...changed, pending: { event, before: visible } };
}

/** The record as it is stored: what clients see, with the requested change beside it. */
export function toStored(record: Attachment): Attachment {
  const { pending, ...changed } = record;
  if (!pending?.before) return record;
  return { ...pending.before, version: record.version, requested: { event: pending.event, record: changed } };
}

/** The stored record as it is worked on: with its requested change, if it has one. */
export function fromStored(stored: Attachment): Attachment {
  const { requested, ...before } = stored;
  if (!requested) return stored;
  return { ...requested.record, version: stored.version, pending: { event: requested.event, before } };
}

/** Whether a record has a change that is not accepted yet, in either form. */
export function hasPending(record: Attachment): boolean {
  return Boolean(record.pending || record.requested);
}

/** Whether clients see a stored record: a new attachment is hidden until it is accepted. */
export function isVisible(stored: Attachment): boolean {
  return stored.pending === undefined;
}
