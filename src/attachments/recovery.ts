/** Recovers a project's attachments from Manila, where the metadata of every managed rule names its attachment. */
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { startDeadline } from '../deadline.ts';
import { GatewayError } from '../errors.ts';
import { listAccessRules, listAllShares, listExportLocations } from '../openstack/manila/client.ts';
import type { AccessRule, Share } from '../openstack/manila/types.ts';
import { getServer } from '../openstack/nova/client.ts';
import type { Session } from '../openstack/session.ts';
import { timeOf } from '../openstack/timestamp.ts';
import { accessTypeOf, isAttachable, isSameTarget } from './access-targets.ts';
import { type Attachment, type AttachmentStatus, type EventType, newEvent, parseAttachmentId } from './attachment.ts';
import { exportedAs, withExports } from './guest/exported-as.ts';
import { isBeingDenied } from './reconcile/decide.ts';
import { isManaged, readRuleMetadata } from './rule-metadata.ts';
import { checkSignature } from './rule-signature.ts';
import type { AttachmentStore } from './store/contract.ts';

/** Maximum concurrent lists of access rules. */
const CONCURRENCY = 8;
/** Time limit of one recovery, in ms. */
const DEADLINE_MS = 120_000;

const EVENT_OF_STATUS: Record<AttachmentStatus, EventType> = {
  attaching: 'ATTACH_STARTED',
  attached: 'ATTACHED',
  error_attaching: 'ATTACH_FAILED',
  detaching: 'DETACH_STARTED',
  error_detaching: 'DETACH_FAILED',
};

/**
 * Returns a function that makes sure that the store's records of a project are complete. Where the project's marker is
 * missing (first use, or the store lost its state) it recovers them, once in this process for all concurrent callers.
 */
export function createRecovery(store: AttachmentStore, log: Logger) {
  const inFlight = new Map<string, Promise<void>>();
  return async function ensureRecovered(session: Session, projectId: string): Promise<void> {
    if (await store.isRecovered(projectId)) return;
    const shared =
      inFlight.get(projectId) ??
      recover(store, session, projectId, log).finally(() => {
        inFlight.delete(projectId);
      });
    inFlight.set(projectId, shared);
    await shared;
  };
}

async function recover(store: AttachmentStore, caller: Session, projectId: string, log: Logger): Promise<void> {
  const deadline = startDeadline(DEADLINE_MS);
  try {
    await recoverProject(store, { ...caller, signal: deadline.signal }, projectId, log);
  } finally {
    deadline.end();
  }
}

async function recoverProject(store: AttachmentStore, session: Session, projectId: string, log: Logger): Promise<void> {
  const isOwn = session.identity.projectId === projectId;
  const filters = isOwn ? {} : { all_tenants: '1' as const, project_id: projectId };
  const { shares, isComplete } = await listAllShares(session, filters);
  if (!isComplete) {
    const message = `Project ${projectId} has more than ${shares.length} shares: its attachments cannot be recovered`;
    throw new GatewayError('LIMIT_EXCEEDED', message);
  }
  const limit = pLimit(CONCURRENCY);
  try {
    const counts = await Promise.all(shares.map((share) => limit(recoverShare, store, session, projectId, share)));
    await store.markRecovered(projectId);
    const attachments = counts.reduce((sum, count) => sum + count, 0);
    log.info({ projectId, shares: shares.length, attachments }, 'attachments recovered from Manila');
  } finally {
    limit.clearQueue();
  }
}

/** Creates the records that a share's rules name and the store lacks; returns how many. */
async function recoverShare(
  store: AttachmentStore,
  session: Session,
  projectId: string,
  share: Share,
): Promise<number> {
  const key = await store.signingKey();
  const read = async () => recordsOf(projectId, share, (await listAccessRules(session, share.id)) ?? [], key);
  const found = await missingFrom(store, await read());
  if (found.length === 0) return 0;
  const lost = new Set((await confirmServers(session, projectId, found)).map(({ record }) => record.id));
  // an attachment detached meanwhile is not lost: its rules are gone by the second read, or the log has its event
  const readAfter = await store.lastCursor(projectId);
  let count = 0;
  const locations = (await listExportLocations(session, share.id)) ?? [];
  for (const { record: recovered } of (await read()).filter(({ record }) => lost.has(record.id))) {
    const record = withExports(recovered, locations);
    // where a failover lost the end of the log, its subscribers must learn the attachment's current state
    const event = { ...newEvent(EVENT_OF_STATUS[record.status], record), at: record.statusSince };
    // create leaves an existing record alone: that one is newer than what was read
    const created = await store.create(record, event, null, record.status === 'attached' ? null : 0, readAfter);
    if (created.outcome === 'created') count++;
  }
  return count;
}

/** A record that rules name. `isSigned`: the gateway signed all of them, so that its server is of the share's project. */
export interface RecoveredRecord {
  record: Attachment;
  isSigned: boolean;
}

/** Those that the store does not have. */
async function missingFrom(store: AttachmentStore, found: readonly RecoveredRecord[]): Promise<RecoveredRecord[]> {
  const stored = await Promise.all(found.map(({ record }) => store.get(record.projectId, record.id)));
  return found.filter((_, i) => !stored[i]);
}

/**
 * Those whose server is of the project. What is not signed, anyone who may write the rules of the share can have written:
 * it must not name the server of another project. Nova is asked; a server that it does not show is not confirmed.
 */
async function confirmServers(
  session: Session,
  projectId: string,
  found: readonly RecoveredRecord[],
): Promise<RecoveredRecord[]> {
  const isConfirmed = await pLimit(CONCURRENCY).map(found, async ({ record, isSigned }) => {
    return isSigned || (await getServer(session, record.serverId))?.tenant_id === projectId;
  });
  return found.filter((_, i) => isConfirmed[i]);
}

/**
 * The records that the rules of a share of the project name. Rules that are not managed name none; neither do those whose
 * metadata does not fit: signed for another rule, or of another share, server or project.
 */
export function recordsOf(
  projectId: string,
  share: Share,
  rules: readonly AccessRule[],
  key: string,
): RecoveredRecord[] {
  if (!isAttachable(share) || share.project_id !== projectId) return [];
  const byAttachment = new Map<string, { rules: AccessRule[]; isSigned: boolean }>();
  for (const rule of rules) {
    const { attachmentId, serverId } = readRuleMetadata(rule.metadata);
    const pair = parseAttachmentId(attachmentId ?? '');
    if (!isManaged(rule) || !attachmentId || pair?.shareId !== share.id) continue;
    if (serverId !== null && serverId !== pair.serverId) continue;
    const signature = checkSignature(key, share.id, rule);
    if (signature === 'invalid') continue;
    const before = byAttachment.get(attachmentId) ?? { rules: [], isSigned: true };
    byAttachment.set(attachmentId, {
      rules: [...before.rules, rule],
      isSigned: before.isSigned && signature === 'valid',
    });
  }
  return [...byAttachment].map(([id, { rules: own, isSigned }]) => ({
    record: recordOf(projectId, share, id, own),
    isSigned,
  }));
}

function recordOf(projectId: string, share: Share, id: string, rules: AccessRule[]): Attachment {
  const accessType = accessTypeOf(share) ?? 'ip';
  const { serverId = '' } = parseAttachmentId(id) ?? {};
  const { mountPoint, userId, isAccessToGiven, isProtected, isHidden } = readRuleMetadata(rules[0]?.metadata);
  const createdAt = rules.map((rule) => iso(rule.created_at)).sort()[0] ?? new Date().toISOString();
  const targets = rules
    .filter((rule, i) => rules.findIndex((one) => isSameTarget(accessType, one.access_to, rule.access_to)) === i)
    .map((rule) => ({ accessTo: rule.access_to, ruleId: rule.id, isOwned: true, state: rule.state }))
    .sort((a, b) => (a.accessTo < b.accessTo ? -1 : 1));
  const graceUntil = graceOf(rules);
  const status = graceUntil ? 'detaching' : statusOf(rules);
  return {
    id,
    projectId,
    serverId,
    shareId: share.id,
    mountPoint,
    exportedAs: exportedAs(share),
    accessLevel: rules[0]?.access_level === 'ro' ? 'ro' : 'rw',
    ...(isProtected && { isProtected }),
    ...(isHidden && { isHidden }),
    accessType,
    requestedAccessTo: isAccessToGiven ? targets.map((target) => target.accessTo) : null,
    targets,
    status,
    isAccepted: status === 'detaching',
    previousStatus: status === 'detaching' ? 'attached' : null,
    ...(graceUntil && { graceUntil }),
    reason: null,
    attempts: 0,
    failures: 0,
    fault:
      status === 'error_attaching'
        ? {
            code: 'RULE_ERROR',
            message: 'Manila could not apply the access rule',
            at: new Date().toISOString(),
            openstackRequestId: null,
          }
        : null,
    staleSince: null,
    requestId: null,
    // this user's next token resumes the work
    userId,
    createdAt,
    updatedAt: createdAt,
    statusSince: new Date().toISOString(),
    version: 0,
  };
}

/** Until when a detach waits for the guest to unmount: once it is marked, Manila has accepted the detach. */
function graceOf(rules: readonly AccessRule[]): string | undefined {
  const marks = rules.flatMap(({ metadata }) => readRuleMetadata(metadata).detachAfter ?? []);
  return marks.length === rules.length ? marks.toSorted().at(-1) : undefined;
}

/** A rule that is being denied was revoked with a caller's token: the attachment's other rules follow. */
function statusOf(rules: readonly AccessRule[]): AttachmentStatus {
  const states = rules.map((rule) => rule.state);
  if (states.some(isBeingDenied)) return 'detaching';
  if (states.includes('error')) return 'error_attaching';
  return states.every((state) => state === 'active') ? 'attached' : 'attaching';
}

function iso(timestamp: string | null | undefined): string {
  return new Date(timeOf(timestamp) ?? Date.now()).toISOString();
}
