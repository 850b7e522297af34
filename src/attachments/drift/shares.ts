/** Deleted shares: suspected from Manila's list, confirmed only by a 404 of their GET. */
import { getShare, listAllShares } from '../../openstack/manila/client.ts';
import type { Share } from '../../openstack/manila/types.ts';
import { consume, forEach, report, type SweepContext, withinBudget } from './context.ts';
import { reconcileRecord } from './reconcile-record.ts';

/** Lists the shares of all projects, and removes the attachments of deleted ones: their rules went with them. */
export async function sweepShares(context: SweepContext): Promise<void> {
  const { snapshot, shares, report, session } = context;
  for (const share of await readShares(context)) shares.set(share.id, share);
  report.shares = shares.size;
  const missing = new Map([...snapshot.byShare.keys()].filter((id) => !shares.has(id)).map((id) => [id, id]));
  await forEach(context, withinBudget(context, 'shares to confirm', missing), async (id) => {
    if (!consume(context, 'confirmations')) return;
    const share = await getShare(session, id);
    if (share) shares.set(id, share);
    else await removeAll(context, id);
  });
}

async function readShares({ session, report }: SweepContext): Promise<Share[]> {
  const { shares, isComplete } = await listAllShares(session, { all_tenants: '1' });
  if (!isComplete) report.unfinished.push(`More than ${shares.length} shares: the others are not compared`);
  return shares;
}

async function removeAll(context: SweepContext, shareId: string): Promise<void> {
  for (const record of context.snapshot.byShare.get(shareId) ?? []) {
    const { projectId, serverId } = record;
    const finding = { kind: 'SHARE_DELETED' as const, projectId, serverId, shareId, ruleId: null, accessTo: null };
    if (context.report.isDryRun) {
      report(context, {
        ...finding,
        outcome: 'planned',
        message: 'The share is deleted: the attachment would be removed',
      });
      continue;
    }
    const now = await reconcileRecord(context, record);
    if (now?.status === 'detached') {
      report(context, { ...finding, outcome: 'done', message: 'The share is deleted: the attachment is removed' });
    }
  }
}
