/**
 * Orphans: access rules made by a gateway that no record needs, left by a lost record or by a response after our
 * deadline.
 */
import { randomUUID } from 'node:crypto';
import { OpenStackError } from '../../openstack/errors.ts';
import { denyAccess, getAccessRule } from '../../openstack/manila/client.ts';
import type { AccessRule, Share } from '../../openstack/manila/types.ts';
import { getServer } from '../../openstack/nova/client.ts';
import type { NovaServer } from '../../openstack/nova/types.ts';
import { timeOf } from '../../openstack/timestamp.ts';
import { type Attachment, isInProgress, newEvent, parseAttachmentId, withStatus } from '../attachment.ts';
import { isBeingDenied } from '../reconcile/decide.ts';
import { recordsOf } from '../recovery.ts';
import { isManaged, readRuleMetadata, targetLockKey } from '../rule-metadata.ts';
import { type RuleTarget, targetName, targetsOf } from '../store/targets.ts';
import { consume, report, type SweepContext } from './context.ts';
import type { SweepOutcome } from './report.ts';

/**
 * Checks a rule that no record needed when the scan began. A record exists before its rule and is removed after it: so
 * the store is read again, then the rule, and only a rule that still exists has lost its record. In a project that is
 * not recovered yet, recovery will make the record.
 */
export async function checkOrphan(
  context: SweepContext,
  share: Share,
  rule: AccessRule,
  rules: readonly AccessRule[],
): Promise<void> {
  const { session, store, snapshot } = context;
  if (!snapshot.isComplete || !consume(context, 'confirmations', 3)) return;
  const { attachmentId, serverId: writtenId } = readRuleMetadata(rule.metadata);
  const serverId = writtenId ?? parseAttachmentId(attachmentId ?? '')?.serverId ?? null;
  const server = serverId === null ? undefined : await getServer(session, serverId);
  if (server) {
    if (!(await store.isRecovered(server.tenant_id))) return;
    if (await isNeeded(context, server.tenant_id, share, rule)) return;
  }
  const now = await getAccessRule(session, rule.id);
  if (!now || isBeingDenied(now.state)) return;
  const projectId = server?.tenant_id ?? share.project_id;
  const subject = { projectId, serverId, shareId: share.id, ruleId: rule.id, accessTo: rule.access_to };
  if (server !== null) {
    const { outcome, message } = await recreateForRevocation(context, share, now, rules, server);
    report(context, { kind: 'RULE_WITHOUT_ATTACHMENT', outcome, ...subject, message });
    return;
  }
  const finding = { kind: 'RULE_OF_DELETED_SERVER', ...subject } as const;
  if (context.report.isDryRun) {
    report(context, {
      ...finding,
      outcome: 'planned',
      message: 'No attachment, and the server is deleted: it would be revoked',
    });
    return;
  }
  const failure = await revoke(context, share.project_id, share, rule);
  report(context, {
    ...finding,
    outcome: failure === null ? 'done' : 'manual',
    message: `No attachment, and the server is deleted: ${failure ?? 'it is being revoked'}`,
  });
}

/**
 * Recreates the record of a rule that Manila made after its attachment was removed: an allow_access that it served
 * after our deadline. The record is created as `detaching`, so that nothing can cross with the revocation: an attach of
 * the same pair finds the record, and reconciling it does the rest.
 * Only where that is certain: the rule carries this store's id (rules of gateways with another store, or made before
 * this store lost its state, are `manual`), its metadata fits the rule, the share and the server, which are of one
 * project, and the rule is older than any work on it can be. A forged rule is `manual`, and writes nothing into the
 * server's project. Recovery does not ask for the store's id: a store that lost its state has lost its id too, and
 * Manila is the truth then.
 */
async function recreateForRevocation(
  context: SweepContext,
  share: Share,
  rule: AccessRule,
  rules: readonly AccessRule[],
  server: NovaServer | undefined,
): Promise<{ outcome: SweepOutcome; message: string }> {
  const { store, enqueueAfter, report, deadlineMs } = context;
  const { attachmentId, storeId } = readRuleMetadata(rule.metadata);
  const siblings = rules.filter((one) => one.metadata?.attachment_id === attachmentId);
  const isFromThisStore = storeId !== null && storeId === (await store.storeId());
  const key = isFromThisStore && server ? await store.signingKey() : null;
  const [recovered] = key && server ? recordsOf(server.tenant_id, share, siblings, key) : [];
  const lost = recovered?.record;
  if (!lost || lost.serverId !== server?.id) {
    return {
      outcome: 'manual',
      message:
        'A rule made by a gateway that no attachment here needs: attach and detach again, or revoke it in Manila',
    };
  }
  if (Date.now() - (timeOf(rule.created_at) ?? Date.now()) < deadlineMs) {
    return { outcome: 'manual', message: 'A new rule that no attachment needs: it is revoked when it is older' };
  }
  if (report.isDryRun) return { outcome: 'planned', message: 'A rule that no attachment needs: it would be revoked' };
  if (!consume(context, 'reconciles'))
    return { outcome: 'manual', message: 'A rule that no attachment needs: the next scan revokes it' };
  // without its mount point, which another attachment may have by now
  const record = { ...withStatus(lost, 'detaching'), isAccepted: true, mountPoint: null };
  const created = await store.create(record, newEvent('DETACH_STARTED', record), null, 0);
  if (created.outcome === 'created') enqueueAfter(record.projectId, record.id, 0);
  else if (created.outcome === 'exists') return await revokeAlongside(context, share, rule, created.attachment);
  return { outcome: 'done', message: 'A rule that no attachment needs: it is being revoked' };
}

/**
 * Revokes a rule that its attachment does not need (any more), under the attachment's lease: no work on it may come to
 * need the rule.
 */
async function revokeAlongside(
  context: SweepContext,
  share: Share,
  rule: AccessRule,
  { projectId, id }: Attachment,
): Promise<{ outcome: SweepOutcome; message: string }> {
  const { store, leaseMs } = context;
  const owner = randomUUID();
  const claimed = await store.claim(projectId, id, { owner, ms: leaseMs });
  if (typeof claimed === 'string') return { outcome: 'manual', message: 'Its attachment is held by another process' };
  try {
    const failure = await revoke(context, projectId, share, rule);
    const message = `A rule that its attachment does not need: ${failure ?? 'it is being revoked'}`;
    return { outcome: failure === null ? 'done' : 'manual', message };
  } finally {
    await store.release(projectId, id, owner, isInProgress(claimed.status) ? 0 : null);
  }
}

/**
 * Denies the rule under its target's lock, as reconciling an attachment does: a server with the same address may have
 * attached since, and found the rule. Returns null when Manila accepted the denial or the rule is gone, else the
 * reason.
 */
async function revoke(
  context: SweepContext,
  projectId: string,
  share: Share,
  rule: AccessRule,
): Promise<string | null> {
  const { session, store } = context;
  const lock = targetLockKey(share.id, rule.access_type, rule.access_to);
  const owner = randomUUID();
  const { timeoutMs } = session.cloud.settings;
  if (!(await store.lockTarget(projectId, lock, owner, 2 * timeoutMs))) return 'it is being granted again';
  try {
    if (await isNeeded(context, projectId, share, rule)) return 'another attachment needs it now';
    const { isProtected } = readRuleMetadata(rule.metadata);
    await denyAccess(session, share.id, rule.id, { unrestrict: isProtected });
    return null;
  } catch (error) {
    if (!(error instanceof OpenStackError) || error.status === 401 || error.outcome === 'uncertain') throw error;
    return error.status === 404 ? null : error.message;
  } finally {
    await store.unlockTarget(projectId, lock, owner);
  }
}

/** What a share's records need: rules by id, and targets by name. */
export interface NeededRules {
  ruleIds: ReadonlySet<string | null>;
  targets: ReadonlySet<string>;
}

export function neededRules(records: readonly Attachment[]): NeededRules {
  return {
    ruleIds: new Set(records.flatMap(({ targets }) => targets.map(({ ruleId }) => ruleId))),
    targets: new Set(records.flatMap((record) => targetsOf(record).map(targetName))),
  };
}

/** Whether a rule is made by a gateway, not being denied, and not needed by one of the share's records. */
export function isOrphan(shareId: string, rule: AccessRule, needed: NeededRules): boolean {
  if (!isManaged(rule) || isBeingDenied(rule.state)) return false;
  return !needed.ruleIds.has(rule.id) && !needed.targets.has(targetName(targetOf(shareId, rule)));
}

/**
 * Whether a record needs the rule now: in the project, in one that has attachments of the share in the snapshot, or,
 * where Manila redacts the target, the record that the rule names.
 */
async function isNeeded(
  { store, snapshot }: SweepContext,
  projectId: string,
  share: Share,
  rule: AccessRule,
): Promise<boolean> {
  const others = (snapshot.byShare.get(share.id) ?? []).map((record) => record.projectId);
  for (const project of new Set([projectId, ...others])) {
    const [records = []] = await store.listForTargets(project, [targetOf(share.id, rule)], 1);
    if (records.length > 0) return true;
  }
  const { attachmentId } = readRuleMetadata(rule.metadata);
  const named = attachmentId === null ? null : await store.get(projectId, attachmentId);
  return named?.targets.some(({ ruleId }) => ruleId === rule.id) ?? false;
}

function targetOf(shareId: string, { access_type: accessType, access_to: accessTo }: AccessRule): RuleTarget {
  return { shareId, accessType, accessTo };
}
