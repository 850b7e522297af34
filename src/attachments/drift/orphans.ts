/** Access rules of ours that no record needs: what a lost record, or an answer after our deadline, left behind. */
import { randomUUID } from 'node:crypto';
import { OpenStackError } from '../../openstack/errors.ts';
import { denyAccess, getAccessRule } from '../../openstack/manila/client.ts';
import type { AccessRule, Share } from '../../openstack/manila/types.ts';
import { getServer } from '../../openstack/nova/client.ts';
import type { NovaServer } from '../../openstack/nova/types.ts';
import { timeOf } from '../../openstack/timestamp.ts';
import { canonicalAddress, isSameTarget } from '../access-targets.ts';
import { type Attachment, parseAttachmentId } from '../attachment.ts';
import { MANAGED_BY } from '../reconcile/observe.ts';
import { inStatus, isUnsettled } from '../record.ts';
import { recordsOf } from '../recovery.ts';
import { consume, report, type SweepContext } from './context.ts';
import type { SweepOutcome } from './report.ts';

/**
 * A rule of ours that no record needed when the pass began. A record exists before its rule, and goes after it: so the store is read again, then the
 * rule, and only one that is still there has lost its record. In a project that the store does not know (yet), the rebuild will make the record.
 */
export async function checkOrphan(
  context: SweepContext,
  share: Share,
  rule: AccessRule,
  rules: readonly AccessRule[],
): Promise<void> {
  const { session, store, snapshot } = context;
  if (!snapshot.isComplete || !consume(context, 'confirmations', 3)) return;
  const pair = parseAttachmentId(rule.metadata?.attachment_id ?? '');
  const serverId = rule.metadata?.server_id ?? pair?.serverId ?? null;
  const server = serverId === null ? undefined : await getServer(session, serverId);
  if (server) {
    if (!(await store.isRecovered(server.tenant_id))) return;
    const [records = []] = await store.listForShares(server.tenant_id, [share.id]);
    if (isNeeded(rule, records)) return;
  }
  const now = await getAccessRule(session, rule.id);
  if (!now || isBeingDenied(now)) return;
  const projectId = server?.tenant_id ?? share.project_id;
  const place = { projectId, serverId, shareId: share.id, ruleId: rule.id, accessTo: rule.access_to };
  if (server !== null) {
    const { outcome, message } = await recreateForRevocation(context, share, now, rules, server);
    report(context, { kind: 'RULE_WITHOUT_ATTACHMENT', outcome, ...place, message });
    return;
  }
  const finding = { kind: 'RULE_OF_DELETED_SERVER', ...place } as const;
  if (context.report.isDryRun) {
    report(context, {
      ...finding,
      outcome: 'planned',
      message: 'No attachment, and the server is gone: it would be revoked',
    });
    return;
  }
  const failure = await revoke(context, share.project_id, share, rule);
  report(context, {
    ...finding,
    outcome: failure === null ? 'done' : 'left',
    message: `No attachment, and the server is gone: ${failure ?? 'it is being revoked'}`,
  });
}

/**
 * A rule that Manila made after its attachment was gone: an allow_access that it served when we had given up on it. It gets its record back, on
 * its way out, so that nothing can cross with its revocation: whoever attaches the same pair finds that record, and a pass over it does the rest.
 *
 * Only where that is certain: the rule carries the word of this store's gateways (rules of gateways with another store, or of before this store lost its
 * state, are left to a person), the server says whose project it is, and the rule is older than any work on it could last. The rebuild does not ask for
 * that word: a store that lost its state has lost it too, and what Manila has is the truth then.
 */
async function recreateForRevocation(
  context: SweepContext,
  share: Share,
  rule: AccessRule,
  rules: readonly AccessRule[],
  server: NovaServer | undefined,
): Promise<{ outcome: SweepOutcome; message: string }> {
  const { store, enqueueAfter, report, deadlineMs } = context;
  const id = rule.metadata?.attachment_id;
  const theirs = rules.filter((one) => one.metadata?.attachment_id === id);
  const [known] = server ? recordsOf(server.tenant_id, share, theirs) : [];
  const word = rule.metadata?.deployment;
  if (!known || known.serverId !== server?.id || !word || word !== (await store.storeId())) {
    return {
      outcome: 'left',
      message:
        'A rule that a gateway made, and no attachment of this one needs: attach and detach again, or revoke it in Manila',
    };
  }
  if (Date.now() - (timeOf(rule.created_at) ?? Date.now()) < deadlineMs) {
    return { outcome: 'left', message: 'A new rule that no attachment needs: it is revoked when it is older' };
  }
  if (report.isDryRun) return { outcome: 'planned', message: 'A rule that no attachment needs: it would be revoked' };
  if (!consume(context, 'reconciles'))
    return { outcome: 'left', message: 'A rule that no attachment needs: the next pass revokes it' };
  // without its mount point, which may be another attachment's by now
  const record = { ...inStatus(known, 'detaching'), isAccepted: true, mountPoint: null };
  const event = {
    type: 'DETACH_STARTED' as const,
    at: record.updatedAt,
    requestId: null,
    reason: null,
    attachment: record,
  };
  const made = await store.create(record, event, null, 0);
  if (made.outcome === 'created') enqueueAfter(record.projectId, record.id, 0);
  else if (made.outcome === 'exists') return await revokeAlongside(context, share, rule, made.attachment);
  return { outcome: 'done', message: 'A rule that no attachment needs: it is being revoked' };
}

/** Revokes a rule that its attachment has no use for (any more), while nobody else works on the attachment and may come to need it. */
async function revokeAlongside(
  context: SweepContext,
  share: Share,
  rule: AccessRule,
  { projectId, id }: Attachment,
): Promise<{ outcome: SweepOutcome; message: string }> {
  const { store, leaseMs } = context;
  const owner = randomUUID();
  const claimed = await store.claim(projectId, id, { owner, ms: leaseMs });
  if (typeof claimed === 'string') return { outcome: 'left', message: 'Its attachment is being worked on' };
  try {
    const failure = await revoke(context, projectId, share, rule);
    const message = `A rule that its attachment does not need: ${failure ?? 'it is being revoked'}`;
    return { outcome: failure === null ? 'done' : 'left', message };
  } finally {
    await store.release(projectId, id, owner, isUnsettled(claimed.status) ? 0 : null);
  }
}

/**
 * Denies the rule under its target's lock, as a pass over an attachment would: a server with the same address may have attached since, and found the
 * rule there. Null: Manila took the denial, or the rule is gone; else why not.
 */
async function revoke(
  { session, store }: SweepContext,
  projectId: string,
  share: Share,
  rule: AccessRule,
): Promise<string | null> {
  const lock = `${share.id}:${rule.access_type}:${canonicalAddress(rule.access_to) ?? rule.access_to}`;
  const owner = randomUUID();
  const { timeoutMs } = session.cloud.settings;
  if (!(await store.lockTarget(projectId, lock, owner, 2 * timeoutMs))) return 'it is being granted again';
  try {
    const [records = []] = await store.listForShares(projectId, [share.id]);
    if (isNeeded(rule, records)) return 'another attachment needs it now';
    await denyAccess(session, share.id, rule.id);
    return null;
  } catch (error) {
    if (!(error instanceof OpenStackError) || error.status === 401 || error.outcome === 'uncertain') throw error;
    return error.status === 404 ? null : error.message;
  } finally {
    await store.unlockTarget(projectId, lock, owner);
  }
}

/** Whether a rule is ours, and neither on its way out nor needed by one of the share's records. */
export function isOrphan(rule: AccessRule, records: readonly Attachment[]): boolean {
  return isOurs(rule) && !isBeingDenied(rule) && !isNeeded(rule, records);
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

function isBeingDenied(rule: AccessRule): boolean {
  return rule.state === 'queued_to_deny' || rule.state === 'denying';
}
