/** Reads a project's attachments back from Manila, where every access rule of ours says whose it is. */
import type { Logger } from 'pino';
import { startDeadline } from '../deadline.ts';
import { listAccessRules } from '../openstack/manila/client.ts';
import { listAllShares } from '../openstack/manila/list-all-shares.ts';
import type { AccessRule, Share } from '../openstack/manila/types.ts';
import type { Session } from '../openstack/session.ts';
import { timeOf } from '../openstack/timestamp.ts';
import { accessTypeOf, isAttachable, isSameTarget } from './access-targets.ts';
import {
  type Attachment,
  type AttachmentStatus,
  type EventType,
  type NewEvent,
  parseAttachmentId,
} from './attachment.ts';
import { MANAGED_BY, readRuleMetadata } from './reconcile/observe.ts';
import type { AttachmentStore } from './store/contract.ts';

/** Rule lists asked for at the same time. */
const PARALLEL = 8;
/** How long one rebuild may take, in ms. */
const DEADLINE_MS = 120_000;

const EVENT_OF_STATUS: Record<AttachmentStatus, EventType> = {
  attaching: 'ATTACH_STARTED',
  attached: 'ATTACHED',
  error_attaching: 'ATTACH_FAILED',
  detaching: 'DETACH_STARTED',
  error_detaching: 'DETACH_FAILED',
};

/**
 * Makes sure that the store's records of a project are complete: where its marker is missing (first use, or the store lost its state)
 * they are rebuilt, once in this process however many ask.
 */
export function createRecovery(store: AttachmentStore, log: Logger) {
  const running = new Map<string, Promise<void>>();
  return async function ensureKnown(session: Session, projectId: string): Promise<void> {
    if (await store.isRecovered(projectId)) return;
    const shared =
      running.get(projectId) ??
      recover(store, session, projectId, log).finally(() => {
        running.delete(projectId);
      });
    running.set(projectId, shared);
    await shared;
  };
}

async function recover(store: AttachmentStore, caller: Session, projectId: string, log: Logger): Promise<void> {
  const deadline = startDeadline(DEADLINE_MS);
  try {
    await readBack(store, { ...caller, signal: deadline.signal }, projectId, log);
  } finally {
    deadline.end();
  }
}

async function readBack(store: AttachmentStore, session: Session, projectId: string, log: Logger): Promise<void> {
  const isOwn = session.identity.projectId === projectId;
  const filters = isOwn ? {} : { all_tenants: '1' as const, project_id: projectId };
  const { shares, isComplete } = await listAllShares(session, filters);
  if (!isComplete) log.warn({ projectId, shares: shares.length }, 'the project has more shares: theirs are not read');
  let found = 0;
  const read = async (share: Share) => recordsOf(projectId, share, (await listAccessRules(session, share.id)) ?? []);
  const queue = shares.values();
  const work = async () => {
    for (const share of queue) {
      const lost = await missingFrom(store, await read(share));
      if (lost.size === 0) continue;
      // one that was detached meanwhile is not lost: its rules are gone by now, or the log tells of it before they are read
      const readAfter = await store.lastCursor(projectId);
      for (const record of (await read(share)).filter(({ id }) => lost.has(id))) {
        // an existing record is newer than what was read: create leaves it alone
        const dueInMs = record.status === 'attached' ? null : 0;
        const made = await store.create(record, eventOf(record), null, dueInMs, readAfter);
        if (made.outcome === 'created') found++;
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  await store.markRecovered(projectId);
  log.info({ projectId, shares: shares.length, attachments: found }, 'attachments rebuilt from Manila');
}

/** Where a log lost its end in a failover, those who go on with it must hear of the attachment: how it is now. */
function eventOf(record: Attachment): NewEvent {
  return {
    type: EVENT_OF_STATUS[record.status],
    at: record.statusSince,
    requestId: null,
    reason: null,
    attachment: record,
  };
}

/** The ids of those that the store does not have. */
async function missingFrom(store: AttachmentStore, records: readonly Attachment[]): Promise<Set<string>> {
  const stored = await Promise.all(records.map(({ projectId, id }) => store.get(projectId, id)));
  return new Set(records.filter((_, i) => !stored[i]).map(({ id }) => id));
}

/** The records that a share's rules tell of. Rules that are not ours, or whose metadata is damaged, tell nothing. */
export function recordsOf(projectId: string, share: Share, rules: readonly AccessRule[]): Attachment[] {
  if (!isAttachable(share)) return [];
  const byAttachment = new Map<string, AccessRule[]>();
  for (const rule of rules) {
    const id = rule.metadata?.attachment_id;
    if (rule.metadata?.managed_by !== MANAGED_BY || !id) continue;
    if (parseAttachmentId(id)?.shareId !== share.id) continue;
    byAttachment.set(id, [...(byAttachment.get(id) ?? []), rule]);
  }
  return [...byAttachment].map(([id, own]) => recordOf(projectId, share, id, own));
}

function recordOf(projectId: string, share: Share, id: string, rules: AccessRule[]): Attachment {
  const accessType = accessTypeOf(share);
  const { serverId = '' } = parseAttachmentId(id) ?? {};
  const { mountPoint, userId, isAccessToGiven } = readRuleMetadata(rules[0]?.metadata ?? {});
  const createdAt = rules.map((rule) => iso(rule.created_at)).sort()[0] ?? new Date().toISOString();
  const targets = rules
    .filter((rule, i) => rules.findIndex((one) => isSameTarget(accessType, one.access_to, rule.access_to)) === i)
    .map((rule) => ({ accessTo: rule.access_to, ruleId: rule.id, isOwned: true, state: rule.state }))
    .sort((a, b) => (a.accessTo < b.accessTo ? -1 : 1));
  const status = statusOf(rules);
  return {
    id,
    projectId,
    serverId,
    shareId: share.id,
    mountPoint,
    accessLevel: rules[0]?.access_level === 'ro' ? 'ro' : 'rw',
    accessType,
    requestedAccessTo: isAccessToGiven ? targets.map((target) => target.accessTo) : null,
    targets,
    status,
    isAccepted: status === 'detaching',
    previousStatus: status === 'detaching' ? 'attached' : null,
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
    // with the user's next token the work goes on
    userId,
    createdAt,
    updatedAt: createdAt,
    statusSince: new Date().toISOString(),
    version: 0,
  };
}

// a rule on its way out was denied with somebody's token; the others follow it
function statusOf(rules: readonly AccessRule[]): AttachmentStatus {
  const states = rules.map((rule) => rule.state);
  if (states.some((state) => state === 'queued_to_deny' || state === 'denying')) return 'detaching';
  if (states.includes('error')) return 'error_attaching';
  return states.every((state) => state === 'active') ? 'attached' : 'attaching';
}

function iso(timestamp: string | null | undefined): string {
  return new Date(timeOf(timestamp) ?? Date.now()).toISOString();
}
