/** Access rules compared with the records, both ways. */
import { randomUUID } from 'node:crypto';
import { OpenStackError } from '../../openstack/errors.ts';
import { denyAccess, getAccessRule, listAccessRules } from '../../openstack/manila/client.ts';
import type { AccessRule, Share } from '../../openstack/manila/types.ts';
import { getServer } from '../../openstack/nova/client.ts';
import { MANAGED_BY, match } from '../attacher.ts';
import { type Attachment, parseAttachmentId } from '../attachment.ts';
import { canonicalAddress, isSameTarget } from '../targets.ts';
import { judgeAddress, ownersByAddress } from './addresses.ts';
import { forEach, inTurn, type SweepContext, spend, tell } from './context.ts';
import { lookAt } from './look.ts';

/** Of the rule lists of a pass, those for shares that say of themselves that a rule is in error, and those for shares with attachments. */
const SHARE_OF_ERRORS = 1 / 4;
const SHARE_OF_ATTACHED = 1 / 2;

/** Lists the rules of the shares whose turn it is: first those in error, then those with attachments, then any. */
export async function sweepRules(context: SweepContext): Promise<void> {
  const owners = ownersByAddress(context.memory.servers.values());
  await forEach(context, chooseShares(context), async (share) => {
    if (!spend(context, 'ruleLists')) return;
    const rules = await listAccessRules(context.session, share.id);
    if (!rules) return;
    context.report.ruleLists++;
    const records = context.known.byShare.get(share.id) ?? [];
    for (const record of records) await compareRecord(context, record, rules);
    for (const rule of rules) {
      if (isOurs(rule) && !isGoing(rule) && !isNeeded(rule, records)) await judgeOrphan(context, share, rule);
      await judgeAddress(context, share.id, rule, owners);
    }
  });
}

function chooseShares(context: SweepContext): Set<Share> {
  const { known, shares, budget } = context;
  const isAttached = (share: Share) =>
    known.byShare.get(share.id)?.some((record) => record.status === 'attached') ?? false;
  const some = (name: string, fits: (share: Share) => boolean, count: number) =>
    inTurn(context, name, new Map([...shares].filter(([, share]) => fits(share))), Math.floor(count));
  const total = Math.min(budget.ruleLists, shares.size);
  const first = [
    ...some('in error', (share) => share.access_rules_status === 'error' && isAttached(share), total * SHARE_OF_ERRORS),
    ...some('attached', isAttached, total * SHARE_OF_ATTACHED),
  ];
  const chosen = new Set(first);
  for (const share of some('any', (one) => !chosen.has(one), total - chosen.size)) chosen.add(share);
  return chosen;
}

// what the list shows is only why the attachment is looked at: the machine decides on what it sees itself
async function compareRecord(context: SweepContext, record: Attachment, rules: readonly AccessRule[]): Promise<void> {
  if (record.status !== 'attached') return;
  const seen = match(record, rules, []).rules;
  const target = record.targets.findIndex(
    ({ change }, i) => change === undefined && (!seen[i] || seen[i]?.state === 'error'),
  );
  if (target < 0) return;
  const { projectId, serverId, shareId } = record;
  const kind = seen[target] ? 'RULE_ERROR' : 'RULE_MISSING';
  const { accessTo = null, ruleId = null } = record.targets[target] ?? {};
  const finding = { kind, projectId, serverId, shareId, ruleId, accessTo } as const;
  const what = seen[target] ? 'The access rule is in error' : 'The access rule is gone';
  if (context.report.isDryRun) {
    tell(context, { ...finding, outcome: 'planned', message: `${what}: the attachment would be ERROR_ATTACHING` });
    return;
  }
  const now = await lookAt(context, record);
  if (now?.status === 'error_attaching') {
    tell(context, { ...finding, outcome: 'done', message: `${what}: the attachment is ERROR_ATTACHING` });
  }
}

/**
 * A rule of ours that no record needed when the pass began. A record exists before its rule, and goes after it: so the store is read again, then the
 * rule, and only one that is still there has lost its record. In a project that the store does not know (yet), the rebuild will make the record.
 */
async function judgeOrphan(context: SweepContext, share: Share, rule: AccessRule): Promise<void> {
  const { session, store, known } = context;
  if (!known.isComplete || !spend(context, 'confirmations', 3)) return;
  const pair = parseAttachmentId(rule.metadata?.attachment_id ?? '');
  const serverId = rule.metadata?.server_id ?? pair?.serverId ?? null;
  const server = serverId === null ? undefined : await getServer(session, serverId);
  if (server) {
    if (!(await store.isKnown(server.tenant_id))) return;
    const [records = []] = await store.listForShares(server.tenant_id, [share.id]);
    if (isNeeded(rule, records)) return;
  }
  const now = await getAccessRule(session, rule.id);
  if (!now || isGoing(now)) return;
  const projectId = server?.tenant_id ?? share.project_id;
  const place = { projectId, serverId, shareId: share.id, ruleId: rule.id, accessTo: rule.access_to };
  if (server !== null) {
    const message =
      'A rule that this gateway made, and no attachment needs: attach and detach again, or revoke it in Manila';
    tell(context, { kind: 'RULE_WITHOUT_ATTACHMENT', outcome: 'left', ...place, message });
    return;
  }
  const finding = { kind: 'RULE_OF_DELETED_SERVER', ...place } as const;
  if (context.report.isDryRun) {
    tell(context, {
      ...finding,
      outcome: 'planned',
      message: 'No attachment, and the server is gone: it would be revoked',
    });
    return;
  }
  const failure = await revoke(context, share, rule);
  tell(context, {
    ...finding,
    outcome: failure === null ? 'done' : 'left',
    message: `No attachment, and the server is gone: ${failure ?? 'it is being revoked'}`,
  });
}

/**
 * Denies the rule under its target's lock, as a pass over an attachment would: a server with the same address may have attached since, and found the
 * rule there. Null: Manila took the denial, or the rule is gone; else why not.
 */
async function revoke({ session, store }: SweepContext, share: Share, rule: AccessRule): Promise<string | null> {
  const lock = `${share.id}:${rule.access_type}:${canonicalAddress(rule.access_to) ?? rule.access_to}`;
  const owner = randomUUID();
  const { timeoutMs } = session.cloud.settings;
  if (!(await store.lockTarget(share.project_id, lock, owner, 2 * timeoutMs))) return 'it is being granted again';
  try {
    const [records = []] = await store.listForShares(share.project_id, [share.id]);
    if (isNeeded(rule, records)) return 'another attachment needs it now';
    await denyAccess(session, share.id, rule.id);
    return null;
  } catch (error) {
    if (!(error instanceof OpenStackError) || error.status === 401 || error.outcome === 'uncertain') throw error;
    return error.status === 404 ? null : error.message;
  } finally {
    await store.unlockTarget(share.project_id, lock, owner);
  }
}

function isNeeded(rule: AccessRule, records: readonly Attachment[]): boolean {
  return records.some((record) =>
    record.targets.some(
      (target) =>
        target.ruleId === rule.id ||
        (record.accessType === rule.access_type && isSameTarget(record.accessType, target.accessTo, rule.access_to)),
    ),
  );
}

function isOurs(rule: AccessRule): boolean {
  return rule.metadata?.managed_by === MANAGED_BY;
}

function isGoing(rule: AccessRule): boolean {
  return rule.state === 'queued_to_deny' || rule.state === 'denying';
}
