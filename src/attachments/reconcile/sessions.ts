/** Whose token may finish an attachment's work while this process lives: in memory, bounded, until its expiry. */
import { LRUCache } from 'lru-cache';
import type { ServiceAccount } from '../../openstack/keystone/service-account.ts';
import type { Session } from '../../openstack/session.ts';
import { type Attachment, isInProgress } from '../attachment.ts';
import { hasPending } from '../pending.ts';
import type { Rights } from './decide.ts';

const MAX_SESSIONS = 10_000;
/** A token that expires sooner than this starts no work, in ms. */
const MIN_LIFETIME_MS = 5000;
/** After how long another user's read may observe an attachment that its own user left in progress, in ms. */
const ABANDONED_AFTER_MS = 60_000;
/** How long after a final error the same user's reads do not retry a stale attachment, in ms; attachShare does. */
const REFUSED_FOR_MS = 60_000;
/** After how long a read has Nova's mapping of a virtiofs attachment observed again, in ms: it changes with its server. */
const OBSERVED_FOR_MS = 60_000;
/** The longest backoff that a read waits for, in ms. */
const MAX_BACKOFF_MS = 60_000;

export interface SessionRegistry {
  /** Keeps the session of the user who asked, for an attachment that is in progress. */
  add(id: string, session: Session): void;
  /** Keeps another session of the project where there is none: it observes, and neither grants nor revokes. */
  addObserver(id: string, session: Session): void;
  /** Whether there is a session for the attachment. */
  has(id: string): boolean;
  /** The attachment is no longer in progress. */
  remove(id: string): void;
  /** OpenStack no longer accepts the session's token: neither this registry nor the service account uses it again. */
  evict(id: string, session: Session): void;
  /** The gateway's own session; null where it has no credentials, or Keystone does not accept them now. */
  own(requestId: string): Promise<Session | null>;
  /** The session that may act on a record now: the caller's, else the gateway's own, else null. */
  rightsFor(
    record: Pick<Attachment, 'id' | 'projectId' | 'status' | 'isAccepted'>,
    requestId: string,
  ): Promise<ActingSession | null>;
}

/** A session and what it may do. */
export interface ActingSession {
  session: Session;
  rights: Rights;
}

/** The registry of this process, with the gateway's own account where it has credentials. */
export function createSessionRegistry(account: ServiceAccount | null): SessionRegistry {
  const sessions = new LRUCache<string, ActingSession>({
    max: MAX_SESSIONS,
    ttl: 1,
    ttlResolution: 0,
    ttlAutopurge: false,
  });
  const keep = (id: string, session: Session, rights: Rights) => {
    const ttl = session.identity.expiresAt - Date.now() - MIN_LIFETIME_MS;
    // the request's signal and read hook end with the request, the work does not
    const { signal: _signal, onRead: _onRead, ...durable } = session;
    if (ttl > 0) sessions.set(id, { session: durable, rights }, { ttl });
  };
  return {
    add(id, session) {
      keep(id, session, { mayGrant: true, mayRevoke: true });
    },
    addObserver(id, session) {
      if (!sessions.has(id)) keep(id, session, { mayGrant: false, mayRevoke: false });
    },
    has(id) {
      return sessions.has(id);
    },
    remove(id) {
      sessions.delete(id);
    },
    evict(id, session) {
      if (sessions.get(id)?.session.token === session.token) sessions.delete(id);
      account?.invalidate(session);
    },
    async own(requestId) {
      return (await account?.session(requestId).catch(() => null)) ?? null;
    },
    async rightsFor(record, requestId) {
      const acting = sessions.get(record.id);
      if (acting && (acting.rights.mayGrant || !account)) {
        return { session: { ...acting.session, requestId }, rights: acting.rights };
      }
      if (!account) return null;
      const own = await account.session(requestId);
      return canSee(own, record) ? { session: own, rights: { mayGrant: false, mayRevoke: mayFinish(record) } } : null;
    },
  };
}

/** Whether the gateway's own token sees the record's project: for one that does not, all is a 404, as if deleted. */
function canSee({ identity }: Session, record: Pick<Attachment, 'projectId'>): boolean {
  return identity.projectId === record.projectId || identity.roles.includes('admin');
}

/** The gateway's own token only finishes a detach that Manila accepted from a caller, or of a deleted server. */
function mayFinish(record: Pick<Attachment, 'status' | 'isAccepted'>): boolean {
  return record.status === 'detaching' && record.isAccepted;
}

interface Worker {
  sessions: SessionRegistry;
  queue: {
    /** Whether a reconcile of the attachment runs or is scheduled in this process. */
    has(projectId: string, id: string): boolean;
    enqueueAfter(projectId: string, id: string, delayMs: number): void;
  };
}

/**
 * Lets an authenticated read resume attachments that are in progress or stale: it brings a token. The attachment's own
 * user resumes it fully, also after a crash before the request was accepted; another user of the project only lets the
 * gateway observe one that was abandoned.
 */
export function resumeOnRead({ sessions, queue }: Worker, session: Session, records: readonly Attachment[]): void {
  for (const record of records) {
    const isStale = record.status === 'attached' && record.staleSince !== null && !isRefusedLately(record);
    const isOutdated = isOutdatedMapping(record);
    // of a request that is not accepted yet: its own user's, and since it was made
    const { userId, statusSince } = record.requested?.record ?? record;
    const isUpdating = record.targets.some(({ change }) => change === 'updating');
    if (!(isStale || isOutdated || isUpdating || isInProgress(record.status) || hasPending(record))) continue;
    const isOwnUser = userId === session.identity.userId;
    const isAbandoned = !isStale && Date.now() - Date.parse(statusSince) > ABANDONED_AFTER_MS;
    const hadSession = sessions.has(record.id);
    // a request that may be rejected must not take the place of the session that works on the attachment
    if (record.requested && hadSession) continue;
    // the user's newest token replaces one that may have ended
    if (isOwnUser) sessions.add(record.id, session);
    else if (isAbandoned || isOutdated) sessions.addObserver(record.id, session);
    else continue;
    if (hadSession && queue.has(record.projectId, record.id)) continue;
    queue.enqueueAfter(record.projectId, record.id, remainingBackoffMs(record));
  }
}

/** Whether a virtiofs attachment rests, and was last observed long ago. */
function isOutdatedMapping({ status, virtiofs }: Attachment): boolean {
  if (!virtiofs || isInProgress(status)) return false;
  return virtiofs.observedAt === null || Date.now() - Date.parse(virtiofs.observedAt) > OBSERVED_FOR_MS;
}

/** A read resumes no record before its backoff ends: a client that polls would otherwise set the pace. */
function remainingBackoffMs({ retryAt }: Attachment): number {
  return retryAt ? Math.min(Math.max(Date.parse(retryAt) - Date.now(), 0), MAX_BACKOFF_MS) : 0;
}

function isRefusedLately({ fault }: Attachment): boolean {
  return fault?.code === 'UPSTREAM_REFUSED' && Date.now() - Date.parse(fault.at) < REFUSED_FOR_MS;
}
