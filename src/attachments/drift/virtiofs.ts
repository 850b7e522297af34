/** Attachments by virtiofs: what others detached in Nova, and access rules that Nova has left behind. */
import { OpenStackError } from '../../openstack/errors.ts';
import { listAccessRules, listResourceLocks } from '../../openstack/manila/client.ts';
import type { AccessRule } from '../../openstack/manila/types.ts';
import { hasServerShares, listServerShares } from '../../openstack/nova/shares.ts';
import type { ServerShare } from '../../openstack/nova/types.ts';
import type { Attachment } from '../attachment.ts';
import { isBeingDenied } from '../reconcile/decide.ts';
import { isManaged } from '../rule-metadata.ts';
import type { DeletedMapping } from '../store/contract.ts';
import { consume, forEach, report, rotate, type SweepContext } from './context.ts';
import { reconcileRecord } from './reconcile-record.ts';

/** How long Nova may take to revoke its rule after a server is deleted, in ms. */
const REVOKED_WITHIN_MS = 300_000;
/** After this time a rule that is left is no longer looked for, in ms: every scan has reported it. */
const FORGOTTEN_AFTER_MS = 7 * 86_400_000;
/** The reason of the locks on Nova's rules (nova share/manila.py). */
const LOCK_REASON = 'Lock by nova';
/** Share of the remaining confirmations spent on servers with attachments by virtiofs. */
const SHARE_OF_SERVERS = 1 / 4;

/** Compares records with what Nova has attached, where its policy shows that, and looks for rules that Nova has left. */
export async function sweepVirtiofs(context: SweepContext): Promise<void> {
  if (!(await hasServerShares(context.session)).isSupported) return;
  await compareMappings(context);
  await checkDeletedMappings(context);
}

async function compareMappings(context: SweepContext): Promise<void> {
  const { snapshot, budget, session } = context;
  const isAtRest = ({ via, status }: Attachment) =>
    via === 'virtiofs' && (status === 'attached' || status === 'error_attaching');
  const servers = new Map([...snapshot.byServer].filter(([, records]) => records.some(isAtRest)));
  const chosen = rotate(
    context,
    'servers with virtiofs',
    new Map([...servers.keys()].map((id) => [id, id])),
    Math.floor(budget.confirmations * SHARE_OF_SERVERS),
  );
  let isVisible = true;
  await forEach(context, chosen, async (serverId) => {
    if (!isVisible || !consume(context, 'confirmations')) return;
    const mappings = await listServerShares(session, serverId).catch((error: unknown) => {
      if (!(error instanceof OpenStackError) || error.status !== 403) throw error;
      // until 2026.1 Nova shows them to the server's own project alone
      isVisible = false;
      return null;
    });
    if (!mappings) return;
    for (const record of servers.get(serverId) ?? []) if (isAtRest(record)) await compare(context, record, mappings);
  });
}

async function compare(context: SweepContext, record: Attachment, mappings: readonly ServerShare[]): Promise<void> {
  const { projectId, serverId, shareId } = record;
  const mapping = mappings.find(({ share_id: id }) => id === shareId);
  if (mapping ? mapping.status === record.virtiofs?.status : record.status !== 'attached') return;
  const kind = mapping ? 'CHANGED_IN_NOVA' : 'DETACHED_IN_NOVA';
  const finding = { kind, projectId, serverId, shareId, ruleId: null, accessTo: null } as const;
  const what = mapping
    ? `Nova shows the share attachment as ${mapping.status}`
    : 'Nova no longer has the share attached';
  if (context.report.isDryRun) {
    report(context, { ...finding, outcome: 'planned', message: `${what}: the attachment would be observed again` });
    return;
  }
  const now = await reconcileRecord(context, record);
  if (now) report(context, { ...finding, outcome: 'done', message: `${what}: the attachment is ${now.status}` });
}

async function checkDeletedMappings(context: SweepContext): Promise<void> {
  const due = (await context.store.deletedMappings()).filter(({ at }) => Date.now() - at > REVOKED_WITHIN_MS);
  const byName = new Map(due.map((one) => [`${one.serverId} ${one.shareId}`, one]));
  const chosen = rotate(context, 'deleted mappings', byName, context.budget.confirmations);
  await forEach(context, chosen, async (mapping) => {
    if (!consume(context, 'confirmations')) return;
    const left = await rulesLeft(context, mapping);
    for (const rule of left ?? []) reportLeft(context, mapping, rule);
    const isDone = left?.length === 0 || Date.now() - mapping.at > FORGOTTEN_AFTER_MS;
    if (isDone && !context.report.isDryRun) await context.store.forgetDeletedMapping(mapping);
  });
}

/** Nova's rules on the share; null while that is not known. None when another server has the share: it needs the rule. */
async function rulesLeft(context: SweepContext, { shareId }: DeletedMapping): Promise<AccessRule[] | null> {
  const { session, snapshot } = context;
  if (!snapshot.isComplete) return null;
  const records = snapshot.byShare.get(shareId) ?? [];
  if (records.some(({ via }) => via === 'virtiofs')) return [];
  const rules = (await listAccessRules(session, shareId)) ?? [];
  const left: AccessRule[] = [];
  for (const rule of rules.filter((one) => !isManaged(one))) {
    if (!consume(context, 'confirmations')) return null;
    const locks = await listResourceLocks(session, rule.id);
    if (locks.some(({ lock_reason: reason }) => reason === LOCK_REASON)) left.push(rule);
  }
  // Nova is at it
  return left.some(({ state }) => isBeingDenied(state)) ? null : left;
}

function reportLeft(context: SweepContext, mapping: DeletedMapping, rule: AccessRule): void {
  const { projectId, serverId, shareId, at } = mapping;
  const minutes = Math.floor((Date.now() - at) / 60_000);
  const message =
    `The server was deleted ${minutes} minutes ago, and Nova's access rule for its compute host is still there, locked. ` +
    'Unless another server on that host has the share attached, an administrator removes it with unrestrict';
  report(context, {
    kind: 'NOVA_RULE_LEFT',
    outcome: 'manual',
    ...{ projectId, serverId, shareId, ruleId: rule.id, accessTo: rule.access_to, message },
  });
}
