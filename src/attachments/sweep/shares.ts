/** Shares that are gone: found by Manila's list, believed only when their GET says 404. */
import { getShare, listShares } from '../../openstack/manila/client.ts';
import type { Share } from '../../openstack/manila/types.ts';
import { affordable, forEach, type SweepContext, spend, tell } from './context.ts';
import { lookAt } from './look.ts';

const PAGE = 1000;
/** A cloud of 100,000 shares. */
const MAX_PAGES = 100;

/** Reads the shares of all projects, and ends the attachments of those that are gone: their rules went with them. */
export async function sweepShares(context: SweepContext): Promise<void> {
  const { known, shares, report, session } = context;
  for (const share of await readShares(context)) shares.set(share.id, share);
  report.shares = shares.size;
  const missing = new Map([...known.byShare.keys()].filter((id) => !shares.has(id)).map((id) => [id, id]));
  await forEach(context, affordable(context, 'shares to confirm', missing), async (id) => {
    if (!spend(context, 'confirmations')) return;
    const share = await getShare(session, id);
    if (share) shares.set(id, share);
    else await endAll(context, id);
  });
}

// a short page is not the end: Manila limits rows of share instances before it groups them
async function readShares({ session, report }: SweepContext): Promise<Share[]> {
  const shares: Share[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const options = { limit: PAGE, offset: page * PAGE, filters: { all_tenants: '1' as const } };
    const { shares: some } = await listShares(session, options);
    if (some.length === 0) return shares;
    shares.push(...some);
  }
  report.unfinished.push(`More than ${MAX_PAGES * PAGE} shares: the others are not compared`);
  return shares;
}

async function endAll(context: SweepContext, shareId: string): Promise<void> {
  for (const record of context.known.byShare.get(shareId) ?? []) {
    const { projectId, serverId } = record;
    const finding = { kind: 'SHARE_DELETED' as const, projectId, serverId, shareId, ruleId: null, accessTo: null };
    if (context.report.isDryRun) {
      tell(context, { ...finding, outcome: 'planned', message: 'The share is gone: the attachment would be removed' });
      continue;
    }
    const now = await lookAt(context, record);
    if (now?.status === 'detached') {
      tell(context, { ...finding, outcome: 'done', message: 'The share is gone: the attachment is removed' });
    }
  }
}
