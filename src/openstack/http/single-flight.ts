import type { Cloud } from '../cloud.ts';
import { type Session, tokenHash } from '../session.ts';

/** Which sessions see the same and may share their reads in flight. */
export interface FlightKey {
  /** What a write invalidates: reads with the same key. A project's id, ALL_PROJECTS, or a token's hash. */
  readonly visibilityKey: string;
  /** Equal for sessions that see the same. */
  readonly rights: string;
}

/** A read in flight, and the token that it was sent with. */
export interface InFlight<T> {
  readonly result: Promise<T>;
  readonly token: string | null;
}

/** Reads in flight by visibility key, then by rights and request. */
export type Flights = Map<string, Map<string, InFlight<unknown>>>;

/** The visibility key of sessions that see and change all projects. */
const ALL_PROJECTS = '*';

const flightKeys = new WeakMap<Session['identity'], FlightKey>();

/**
 * The flight key of a session: its user, project and roles, which decide what Nova and Manila return. The user is part of
 * it because policies may refer to `user_id`, and Manila shows the target of a locked rule to its user only. A delegated
 * token shares with itself only, because services check an application credential's access rules by token.
 */
export function flightKeyOf({ identity, token }: Pick<Session, 'identity' | 'token'>): FlightKey {
  if (identity.isDelegated) return tokenFlightKey(token, visibilityKeyOf(identity));
  let key = flightKeys.get(identity);
  if (!key) {
    const { userId, projectId, roles } = identity;
    key = { visibilityKey: visibilityKeyOf(identity), rights: JSON.stringify([userId, projectId, roles.toSorted()]) };
    flightKeys.set(identity, key);
  }
  return key;
}

/** The flight key of a token that is not validated yet, or of calls without one (null). Only the token's hash is kept. */
export function tokenFlightKey(token: string | null, visibilityKey?: string): FlightKey {
  const rights = token === null ? 'no token' : tokenHash(token);
  return { visibilityKey: visibilityKey ?? rights, rights };
}

/**
 * Starts a read, or joins the same read in flight with the same flight key. `start` is given a function that stops others
 * from joining before the read has ended.
 */
export function singleFlight<T>(
  { inFlight }: Cloud,
  { visibilityKey, rights }: FlightKey,
  token: string | null,
  request: string,
  start: (close: () => void) => Promise<T>,
): InFlight<T> {
  const flights = inFlight.get(visibilityKey) ?? new Map<string, InFlight<unknown>>();
  const key = `${rights} ${request}`;
  const running = flights.get(key);
  // one request always has the same type of result
  if (running) return running as InFlight<T>;
  let isClosed = false;
  let flight: InFlight<T> | null = null;
  const close = () => {
    isClosed = true;
    if (flight && flights.get(key) === flight) flights.delete(key);
    if (flights.size === 0 && inFlight.get(visibilityKey) === flights) inFlight.delete(visibilityKey);
  };
  flight = { result: start(close).finally(close), token };
  if (isClosed) return flight;
  flights.set(key, flight);
  inFlight.set(visibilityKey, flights);
  return flight;
}

/**
 * Stops callers from joining reads that may not show a write: those of the writer's project and those across projects,
 * or all of them if the writer may change all projects.
 */
export function invalidate({ inFlight }: Cloud, { visibilityKey }: FlightKey): void {
  if (visibilityKey === ALL_PROJECTS) inFlight.clear();
  inFlight.delete(visibilityKey);
  inFlight.delete(ALL_PROJECTS);
}

function visibilityKeyOf({ projectId, roles }: Session['identity']): string {
  return roles.includes('admin') ? ALL_PROJECTS : projectId;
}
