/** Compares access rules with records, in both directions. */
import { listAccessRules, listExportLocations } from '../../openstack/manila/client.ts';
import type { AccessRule, Share } from '../../openstack/manila/types.ts';
import type { Attachment } from '../attachment.ts';
import { exportedAs, withExports } from '../guest/exported-as.ts';
import { matchRules } from '../reconcile/observe.ts';
import { isRetargeting } from '../retarget.ts';
import { targetName, targetsOf } from '../store/targets.ts';
import { checkAddress, ownersByAddress } from './addresses.ts';
import { consume, forEach, report, rotate, type SweepContext } from './context.ts';
import { checkOrphan, isOrphan, neededRules } from './orphans.ts';
import { reconcileRecord } from './reconcile-record.ts';

/** Parts of a scan's rule lists: shares with a rule in error, and shares with attachments. */
const SHARE_OF_ERRORS = 1 / 4;
const SHARE_OF_ATTACHED = 1 / 2;

/** Lists the rules of some shares, in rotation: those with a rule in error, those with attachments, then any. */
export async function sweepRules(context: SweepContext): Promise<void> {
  const owners = ownersByAddress(context.memory.servers.values());
  await forEach(context, chooseShares(context), async (share) => {
    if (!consume(context, 'ruleLists')) return;
    const rules = await listAccessRules(context.session, share.id);
    if (!rules) return;
    context.report.ruleLists++;
    const records = context.snapshot.byShare.get(share.id) ?? [];
    const rulesOf = indexRules(share.id, rules);
    for (const record of records) await compareRecord(context, record, rulesOf(record));
    const needed = neededRules(records);
    await refreshExports(context, share, records);
    for (const rule of rules) {
      if (isOrphan(share.id, rule, needed)) await checkOrphan(context, share, rule, rules);
      await checkAddress(context, share.id, rule, owners);
    }
  });
}

function chooseShares(context: SweepContext): Set<Share> {
  const { snapshot, shares, budget } = context;
  const isAttached = (share: Share) =>
    snapshot.byShare.get(share.id)?.some((record) => record.status === 'attached') ?? false;
  const some = (name: string, fits: (share: Share) => boolean, count: number) =>
    rotate(context, name, new Map([...shares].filter(([, share]) => fits(share))), Math.floor(count));
  const total = Math.min(budget.ruleLists, shares.size);
  const preferred = [
    ...some('in error', (share) => share.access_rules_status === 'error' && isAttached(share), total * SHARE_OF_ERRORS),
    ...some('attached', isAttached, total * SHARE_OF_ATTACHED),
  ];
  const chosen = new Set(preferred);
  for (const share of some('any', (one) => !chosen.has(one), total - chosen.size)) chosen.add(share);
  return chosen;
}

/** Finds the rules of a record among its share's, which may be thousands: those for its targets, and those it names. */
function indexRules(shareId: string, rules: readonly AccessRule[]): (record: Attachment) => AccessRule[] {
  const byName = new Map(
    rules.map((rule) => [targetName({ shareId, accessType: rule.access_type, accessTo: rule.access_to }), rule]),
  );
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  return (record) => {
    const named = targetsOf(record).map((target) => byName.get(targetName(target)));
    const known = record.targets.map(({ ruleId }) => byId.get(ruleId ?? ''));
    return [...named, ...known].filter((rule) => rule !== undefined);
  };
}

/** Copies the share's export locations into the records that have none or others: guests read the records. */
async function refreshExports(context: SweepContext, share: Share, records: readonly Attachment[]): Promise<void> {
  const attached = records.filter((record) => record.status === 'attached' && !isRetargeting(record));
  if (attached.length === 0 || context.report.isDryRun || context.budget.exportLists <= 0) return;
  context.budget.exportLists--;
  const locations = await listExportLocations(context.session, share.id);
  if (!locations) return;
  for (const record of attached) {
    const now = withExports({ ...record, exportedAs: exportedAs(share) }, locations);
    if (JSON.stringify(now.exportedAs) === JSON.stringify(record.exportedAs)) continue;
    // a conflict means that the record changed meanwhile: the next scan compares it again
    await context.store.commit(now, { dueInMs: null });
  }
}

// the list is only a hint: reconciling decides on its own observation
async function compareRecord(context: SweepContext, record: Attachment, rules: readonly AccessRule[]): Promise<void> {
  if (record.status !== 'attached') return;
  const observed = matchRules(record, rules, [], null).rules;
  const target = record.targets.findIndex(
    ({ change }, i) => change === undefined && (!observed[i] || observed[i]?.state === 'error'),
  );
  if (target < 0) return;
  const { projectId, serverId, shareId } = record;
  const kind = observed[target] ? 'RULE_ERROR' : 'RULE_MISSING';
  const { accessTo = null, ruleId = null } = record.targets[target] ?? {};
  const finding = { kind, projectId, serverId, shareId, ruleId, accessTo } as const;
  const what = observed[target] ? 'The access rule is in error' : 'The access rule is gone';
  if (context.report.isDryRun) {
    report(context, { ...finding, outcome: 'planned', message: `${what}: the attachment would be ERROR_ATTACHING` });
    return;
  }
  const now = await reconcileRecord(context, record);
  if (now?.status === 'error_attaching') {
    report(context, { ...finding, outcome: 'done', message: `${what}: the attachment is ERROR_ATTACHING` });
  }
}
