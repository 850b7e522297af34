/** Recovers a project's attachments from Manila, where the metadata of every managed rule names its attachment. */
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { startDeadline } from '../deadline.ts';
import { GatewayError } from '../errors.ts';
import { OpenStackError } from '../openstack/errors.ts';
import type { ServiceAccount } from '../openstack/keystone/service-account.ts';
import { listAccessRules, listAllShares, listExportLocations } from '../openstack/manila/client.ts';
import type { AccessRule, Share } from '../openstack/manila/types.ts';
import { getServer, listServers } from '../openstack/nova/client.ts';
import type { Session } from '../openstack/session.ts';
import { timeOf } from '../openstack/timestamp.ts';
import { accessTypeOf, isAttachable, isSameTarget } from './access-targets.ts';
import { type Attachment, type AttachmentStatus, type EventType, newEvent, parseAttachmentId } from './attachment.ts';
import { exportedAs, withExports } from './guest/exported-as.ts';
import { isBeingDenied } from './reconcile/decide.ts';
import { isHiddenTarget, isManaged, readRuleMetadata } from './rule-metadata.ts';
import { checkSignature } from './rule-signature.ts';
import type { AttachmentStore } from './store/contract.ts';

/** Servers that one list reads: Nova's default `max_limit`. */
const LISTED_SERVERS = 1000;
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

/** How many recoveries that other callers began a caller waits for before it begins its own. */
const MAX_JOINED = 2;

/**
 * Returns a function that makes sure that the store's records of a project are complete. Where the project's marker is
 * missing (first use, or the store lost its state) it recovers them, once in this process for all concurrent callers. A
 * caller whose token does not suffice fails alone: the others go on with their own.
 * @param account the gateway's own, which recovers what a caller's token may not read
 */
export function createRecovery(store: AttachmentStore, log: Logger, account: ServiceAccount | null = null) {
  const inFlight = new Map<string, Promise<boolean>>();
  return async function ensureRecovered(session: Session, projectId: string): Promise<void> {
    for (let joined = 0; ; joined++) {
      if (await store.isRecovered(projectId)) return;
      const running = inFlight.get(projectId);
      if (!running || joined === MAX_JOINED) break;
      if (await running.catch(unlessOfToken)) return;
    }
    const own = recover({ store, log, account }, session, projectId).finally(() => {
      if (inFlight.get(projectId) === own) inFlight.delete(projectId);
    });
    inFlight.set(projectId, own);
    await own;
  };
}

/** False for an error that says something of the caller's token only. */
function unlessOfToken(error: unknown): false {
  if (error instanceof OpenStackError && error.outcome === 'final') return false;
  throw error;
}

interface Recovery {
  store: AttachmentStore;
  log: Logger;
  account: ServiceAccount | null;
}

/** Recovers with the caller's token, else with the gateway's own. False when neither is known to see the project's shares. */
async function recover(recovery: Recovery, caller: Session, projectId: string): Promise<boolean> {
  const deadline = startDeadline(DEADLINE_MS);
  const own = async () => {
    const session = await recovery.account?.session(caller.requestId).catch(() => null);
    return session ? { ...session, signal: deadline.signal } : null;
  };
  try {
    const isDone = await recoverProject(recovery, { ...caller, signal: deadline.signal }, own, projectId);
    if (isDone) return true;
    const session = await own();
    return session !== null && (await recoverProject(recovery, session, own, projectId));
  } catch (error) {
    unlessOfToken(error);
    const session = await own();
    if (!session || !(await recoverProject(recovery, session, own, projectId))) throw error;
    return true;
  } finally {
    deadline.end();
  }
}

/** The gateway's own session, for what the caller's token does not show; null where it has no credentials. */
type OwnSession = () => Promise<Session | null>;

/**
 * False when the token may not see the project's shares: Manila ignores `all_tenants` of a token that is no
 * administrator's, and lists the shares of its own project. Only a share of the project proves that it does not.
 */
async function recoverProject(
  { store, log }: Recovery,
  session: Session,
  own: OwnSession,
  projectId: string,
): Promise<boolean> {
  const isOwn = session.identity.projectId === projectId;
  const filters = isOwn ? {} : { all_tenants: '1' as const, project_id: projectId };
  const { shares, isComplete } = await listAllShares(session, filters);
  if (!isComplete) {
    const message = `Project ${projectId} has more than ${shares.length} shares: its attachments cannot be recovered`;
    throw new GatewayError('LIMIT_EXCEEDED', message);
  }
  const isProven = isOwn || shares.some((share) => share.project_id === projectId);
  if (!isProven) return false;
  const limit = pLimit(CONCURRENCY);
  const read = { session, own, projectOf: createServerProjects(session, own, projectId) };
  try {
    const counts = await Promise.all(shares.map((share) => limit(recoverShare, store, read, projectId, share)));
    await store.markRecovered(projectId);
    const attachments = counts.reduce((sum, count) => sum + count, 0);
    log.info({ projectId, shares: shares.length, attachments }, 'attachments recovered from Manila');
    return true;
  } finally {
    limit.clearQueue();
  }
}

/** Creates the records that a share's rules name and the store lacks; returns how many. */
async function recoverShare(
  store: AttachmentStore,
  { session, own, projectOf }: { session: Session; own: OwnSession; projectOf: ServerProjects },
  projectId: string,
  share: Share,
): Promise<number> {
  const key = await store.signingKey();
  const read = async () => recordsOf(projectId, share, await readRules(session, own, share.id), key);
  const found = await missingFrom(store, await read());
  if (found.length === 0) return 0;
  const confirmed = await confirmServers(projectOf, projectId, found);
  const projects = new Map(confirmed.map(({ record }) => [record.id, record.projectId]));
  // an attachment detached meanwhile is not lost: its rules are gone by the second read, or the log has its event
  const readAfter = new Map<string, string>();
  for (const project of new Set(projects.values())) readAfter.set(project, await store.lastCursor(project));
  let count = 0;
  const locations = (await listExportLocations(session, share.id)) ?? [];
  for (const { record: recovered } of await read()) {
    const project = projects.get(recovered.id);
    if (project === undefined) continue;
    const record = withExports(filedUnder(project, recovered), locations);
    // where a failover lost the end of the log, its subscribers must learn the attachment's current state
    const event = { ...newEvent(EVENT_OF_STATUS[record.status], record), at: record.statusSince };
    // create leaves an existing record alone: that one is newer than what was read
    const created = await store.create(
      record,
      event,
      null,
      record.status === 'attached' ? null : 0,
      readAfter.get(project) ?? null,
    );
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
 * Those whose server is known to be the right one, filed under its project. What is not signed, anyone who may write the
 * rules of the share can have written: it must not name the server of another project, or one that Nova does not show.
 * What is signed is filed under the server's project, which is another one after a share was transferred; a server that
 * Nova does not show is taken to be of the share's project: it may be deleted, and then drift detection revokes the rule.
 */
async function confirmServers(
  projectOf: ServerProjects,
  projectId: string,
  found: readonly RecoveredRecord[],
): Promise<RecoveredRecord[]> {
  const confirmed = await pLimit(CONCURRENCY).map(found, async ({ record, isSigned }) => {
    const project = await projectOf(record.serverId, isSigned);
    if (!isSigned) return project === projectId ? [{ record, isSigned }] : [];
    return [{ record: filedUnder(project ?? projectId, record), isSigned }];
  });
  return confirmed.flat();
}

/** The record in its server's project. Where that is not the share's, its metadata names it to the share's project. */
function filedUnder(projectId: string, record: Attachment): Attachment {
  return projectId === record.projectId ? record : { ...record, projectId, isForeignShare: true };
}

/**
 * The project of a server; null when Nova does not show it.
 * @param isOptional null too where Nova does not answer
 */
type ServerProjects = (serverId: string, isOptional: boolean) => Promise<string | null>;

/** Lists the project's servers once, and asks for others one by one, also with the gateway's own token. */
function createServerProjects(session: Session, own: OwnSession, projectId: string): ServerProjects {
  const isOwn = session.identity.projectId === projectId;
  const filters = isOwn ? {} : { all_tenants: '1' as const, project_id: projectId };
  let listed: Promise<Map<string, string>> | null = null;
  const list = async () => {
    const { servers } = await listServers(session, { limit: LISTED_SERVERS, filters });
    return new Map(servers.map(({ id, tenant_id }) => [id, tenant_id]));
  };
  const ask = async (serverId: string) => {
    const shown = await getServer(session, serverId);
    if (shown) return shown.tenant_id;
    const account = await own();
    return account ? ((await getServer(account, serverId))?.tenant_id ?? null) : null;
  };
  return async (serverId, isOptional) => {
    try {
      listed ??= list();
      return (await listed).get(serverId) ?? (await ask(serverId));
    } catch (error) {
      if (isOptional && error instanceof OpenStackError) return null;
      throw error;
    }
  };
}

/** A share's rules. Where one of the gateway's is hidden from this token, as the gateway's own token shows them. */
async function readRules(session: Session, own: OwnSession, shareId: string): Promise<AccessRule[]> {
  const rules = (await listAccessRules(session, shareId)) ?? [];
  if (!rules.some((rule) => isManaged(rule) && isHiddenTarget(rule))) return rules;
  const account = await own();
  return account ? ((await listAccessRules(account, shareId)) ?? rules) : rules;
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
