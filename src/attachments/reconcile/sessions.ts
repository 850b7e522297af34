/** Whose token may finish an attachment's work while this process lives. Tokens stay in memory, bounded, and go with their expiry. */
import { LRUCache } from 'lru-cache';
import type { ServiceAccount } from '../../openstack/keystone/service-account.ts';
import type { Session } from '../../openstack/session.ts';
import type { Attachment } from '../attachment.ts';
import type { Rights } from './decide.ts';

const MAX_SESSIONS = 10_000;
/** A token with less life than this is not used to start anything, in ms. */
const MIN_LIFETIME_MS = 5000;

export interface SessionRegistry {
  /** Keeps the session of the user who asked at hand, for an attachment that is not settled yet. */
  add(id: string, session: Session): void;
  /** Keeps another session of the project at hand where there is none: it observes, and neither grants nor revokes. */
  addObserver(id: string, session: Session): void;
  /** Whether a session is at hand. */
  has(id: string): boolean;
  /** The attachment is settled. */
  remove(id: string): void;
  /** OpenStack no longer takes the session's token: it is not used again, here or for the gateway's own account. */
  evict(id: string, session: Session): void;
  /** Whose session may act on a record now, and how far: the caller's, else the gateway's own, else null. */
  rightsFor(record: Attachment, requestId: string): Promise<ActingSession | null>;
}

/** A session and how far it may go. */
export interface ActingSession {
  session: Session;
  rights: Rights;
}

/** Sessions at hand, and the gateway's own where it has credentials. */
export function createSessionRegistry(account: ServiceAccount | null): SessionRegistry {
  const sessions = new LRUCache<string, ActingSession>({
    max: MAX_SESSIONS,
    ttl: 1,
    ttlResolution: 0,
    ttlAutopurge: false,
  });
  const keep = (id: string, session: Session, rights: Rights) => {
    const life = session.identity.expiresAt - Date.now() - MIN_LIFETIME_MS;
    // what is the request's own ends with the request: the work goes on
    const { signal: _signal, onRead: _onRead, ...lasting } = session;
    if (life > 0) sessions.set(id, { session: lasting, rights }, { ttl: life });
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

// to a token without a view of the project everything is 404, which would read as deleted
function canSee({ identity }: Session, record: Attachment): boolean {
  return identity.projectId === record.projectId || identity.roles.includes('admin');
}

// the gateway's own credentials only finish what a caller was accepted for, or revoke for a server that is gone
function mayFinish(record: Attachment): boolean {
  return record.status === 'detaching' && record.isAccepted;
}
