import type { Cloud } from '../cloud.ts';
import { type Session, tokenHash } from '../session.ts';

/** Whose eyes a read has: those of one scope are shown the same, and may share their reads under way. */
export interface FlightKey {
  /** Where a write makes the scope's reads old: a project's id, EVERYWHERE, or what belongs to one token only. */
  readonly visibilityKey: string;
  /** The same for all that are shown the same. */
  readonly rights: string;
}

/** A read that is under way, and the token that makes it. */
export interface InFlight<T> {
  readonly result: Promise<T>;
  readonly token: string | null;
}

/** By realm, then by scope and what is asked for. */
export type Flights = Map<string, Map<string, InFlight<unknown>>>;

/** The realm of who sees, and writes, across projects. */
const EVERYWHERE = '*';

const flightKeys = new WeakMap<Session['identity'], FlightKey>();

/**
 * The scope of a session. What Nova and Manila show hangs on the token's user, project and roles (its catalog is in the
 * address): the user stays in it, as an operator's policy may ask for `user_id`, and Manila shows a locked rule's target to its user only. A token with less
 * than its user's rights shares with itself only, because services check an application credential's access rules by token.
 */
export function flightKeyOf({ identity, token }: Pick<Session, 'identity' | 'token'>): FlightKey {
  if (identity.isDelegated) return tokenFlightKey(token, visibilityKeyOf(identity));
  let scope = flightKeys.get(identity);
  if (!scope) {
    const { userId, projectId, roles } = identity;
    scope = { visibilityKey: visibilityKeyOf(identity), rights: JSON.stringify([userId, projectId, roles.toSorted()]) };
    flightKeys.set(identity, scope);
  }
  return scope;
}

/** The scope of a token of which nothing is known yet; null: of who has none. A token is no key: only its hash is kept. */
export function tokenFlightKey(token: string | null, realm?: string): FlightKey {
  const rights = token === null ? 'nobody' : tokenHash(token);
  return { visibilityKey: realm ?? rights, rights };
}

/** Makes a read, or joins the same one of the same scope that is under way. `start` is given what ends the joining early. */
export function singleFlight<T>(
  { inFlight }: Cloud,
  { visibilityKey, rights }: FlightKey,
  token: string | null,
  what: string,
  start: (close: () => void) => Promise<T>,
): InFlight<T> {
  const ofRealm = inFlight.get(visibilityKey) ?? new Map<string, InFlight<unknown>>();
  const key = `${rights} ${what}`;
  const running = ofRealm.get(key);
  // what is asked for says what comes: a key is always one kind of read
  if (running) return running as InFlight<T>;
  let isClosed = false;
  let read: InFlight<T> | null = null;
  const close = () => {
    isClosed = true;
    if (read && ofRealm.get(key) === read) ofRealm.delete(key);
    if (ofRealm.size === 0 && inFlight.get(visibilityKey) === ofRealm) inFlight.delete(visibilityKey);
  };
  read = { result: start(close).finally(close), token };
  if (isClosed) return read;
  ofRealm.set(key, read);
  inFlight.set(visibilityKey, ofRealm);
  return read;
}

/**
 * Lets nobody join a read of before: it may not show what a write changes. That is every read in the writer's project, and
 * those of who sees across projects; all there are when the writer is one of them.
 */
export function invalidate({ inFlight }: Cloud, { visibilityKey }: FlightKey): void {
  if (visibilityKey === EVERYWHERE) inFlight.clear();
  inFlight.delete(visibilityKey);
  inFlight.delete(EVERYWHERE);
}

function visibilityKeyOf({ projectId, roles }: Session['identity']): string {
  return roles.includes('admin') ? EVERYWHERE : projectId;
}
