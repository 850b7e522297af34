/** Reconciles one attachment with the service account: as in the queue, but never granting. */
import { randomUUID } from 'node:crypto';
import { type Attachment, type AttachmentView, isInProgress } from '../attachment.ts';
import { isInterruption } from '../reconcile/observe.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { followsAddresses, isRetargeting, isStale } from '../retarget.ts';
import { consume, type SweepContext } from './context.ts';

/**
 * Claims and reconciles the attachment, observing its server too. Returns its new view; null when it is held or gone,
 * or the scan's budget is used up. Throws OpenStackError 401 when the service account's token is no longer valid.
 */
export async function reconcileRecord(
  context: SweepContext,
  { projectId, id }: Attachment,
): Promise<AttachmentView | null> {
  if (!consume(context, 'reconciles')) return null;
  const { store, session, signal, leaseMs, deadlineMs, enqueueAfter } = context;
  const owner = randomUUID();
  const leaseEnds = performance.now() + leaseMs;
  const claimed = await store.claim(projectId, id, { owner, ms: leaseMs });
  if (typeof claimed === 'string') return null;
  // the service account finishes a detach that was accepted, or whose server is deleted, and nothing else
  const mayRevoke = claimed.status === 'detaching' && claimed.isAccepted;
  const rights = { mayGrant: false, mayRevoke };
  const reconcileContext = {
    store,
    session,
    rights,
    owner,
    leaseEnds,
    signal,
    deadlineMs,
    rethrowFinal: false,
    observesServer: true,
  };
  try {
    const { attachment, requeueAfterMs } = await reconcile(reconcileContext, claimed);
    if (requeueAfterMs !== null) enqueueAfter(projectId, id, requeueAfterMs);
    return attachment;
  } catch (error) {
    await store.release(projectId, id, owner, isInProgress(claimed.status) ? 0 : null).catch(() => undefined);
    if (isInterruption(error)) return null;
    throw error;
  }
}

/**
 * Sets or clears the stale mark of an attachment by its server's current addresses. No event, no upstream call. Returns
 * whether it changed the record.
 */
export async function markStale(
  { store, leaseMs }: Pick<SweepContext, 'store' | 'leaseMs'>,
  { projectId, id }: Attachment,
  addresses: readonly string[],
): Promise<boolean> {
  const owner = randomUUID();
  const claimed = await store.claim(projectId, id, { owner, ms: leaseMs });
  if (typeof claimed === 'string') return false;
  const isStale = isStaleAgainst(claimed, addresses);
  if (isStale === null || isStale === (claimed.staleSince !== null)) {
    await store.release(projectId, id, owner, isInProgress(claimed.status) ? 0 : null);
    return false;
  }
  const now = new Date().toISOString();
  const marked = { ...claimed, staleSince: isStale ? now : null, updatedAt: now };
  return typeof (await store.commit(marked, { dueInMs: null, owner })) !== 'string';
}

/** Whether an attachment's rules differ from its server's addresses; null unless it is attached and follows them. */
export function isStaleAgainst(record: Attachment, addresses: readonly string[]): boolean | null {
  if (record.status !== 'attached' || !followsAddresses(record)) return null;
  return isRetargeting(record) || isStale(record, addresses);
}
