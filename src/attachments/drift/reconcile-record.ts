/** A close look at one attachment with the gateway's own credentials: the machine decides, as for any pass, and never grants. */
import { randomUUID } from 'node:crypto';
import type { Attachment, AttachmentView } from '../attachment.ts';
import { isInterruption } from '../reconcile/context.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { isUnsettled } from '../record.ts';
import { followsAddresses, isInChange, isStale } from '../retarget.ts';
import { consume, type SweepContext } from './context.ts';

/**
 * Claims the attachment and drives it, Nova asked for its server too. Gives what it is now; null when somebody else has it, or the
 * pass has used up its looks. Throws OpenStackError 401 when the gateway's own token died.
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
  // a detach that was accepted, or whose server is gone, is ours to finish; nothing else is
  const mayRevoke = claimed.status === 'detaching' && claimed.isAccepted;
  const rights = { mayGrant: false, mayRevoke };
  const pass = {
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
    const { attachment, requeueAfterMs } = await reconcile(pass, claimed);
    if (requeueAfterMs !== null) enqueueAfter(projectId, id, requeueAfterMs);
    return attachment;
  } catch (error) {
    await store.release(projectId, id, owner, isUnsettled(claimed.status) ? 0 : null).catch(() => undefined);
    if (isInterruption(error)) return null;
    throw error;
  }
}

/**
 * Marks an attachment stale, or takes the mark away, by the addresses that its server has now. No event, no upstream call.
 * Gives whether it changed anything.
 */
export async function markStale(
  { store, leaseMs }: Pick<SweepContext, 'store' | 'leaseMs'>,
  { projectId, id }: Attachment,
  wanted: readonly string[],
): Promise<boolean> {
  const owner = randomUUID();
  const claimed = await store.claim(projectId, id, { owner, ms: leaseMs });
  if (typeof claimed === 'string') return false;
  const isStale = isStaleAgainst(claimed, wanted);
  if (isStale === null || isStale === (claimed.staleSince !== null)) {
    await store.release(projectId, id, owner, isUnsettled(claimed.status) ? 0 : null);
    return false;
  }
  const now = new Date().toISOString();
  const marked = { ...claimed, staleSince: isStale ? now : null, updatedAt: now };
  return typeof (await store.commit(marked, { dueInMs: null, owner })) !== 'string';
}

/** Whether an attachment's rules are behind its server's addresses; null for one that is not attached, or does not follow them. */
export function isStaleAgainst(record: Attachment, wanted: readonly string[]): boolean | null {
  if (record.status !== 'attached' || !followsAddresses(record)) return null;
  return isInChange(record) || isStale(record, wanted);
}
