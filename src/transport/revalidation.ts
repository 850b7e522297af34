import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { GatewayError } from '../errors.ts';
import { newRequestId, type Session, tokenHash } from '../openstack/session.ts';
import type { Authenticate } from './authenticate.ts';

/** By how much of the interval a validation is put off at most, so that tokens are not validated all at once. */
const JITTER = 0.2;
/** The shortest interval, in ms, also where TOKEN_CACHE_SECONDS is 0. */
const MIN_INTERVAL_MS = 1000;

interface WatchedToken {
  readonly session: Session;
  /** Called with the reason when the token is no longer valid. */
  readonly listeners: Set<OnInvalid>;
  timer: NodeJS.Timeout;
}

/** Ends what the token was used for. */
export type OnInvalid = (reason: string) => void;

/** Calls the listener when the session's token is no longer valid; returns the function that stops that. */
export type WatchToken = (listener: OnInvalid, session: Session) => () => void;

export interface RevalidationOptions {
  readonly authenticate: Authenticate;
  readonly config: Config;
  readonly log: Logger;
}

/**
 * Validates the tokens of open sockets and streams again every TOKEN_CACHE_SECONDS, one validation for all of a token. Calls
 * their listeners when the token is no longer valid (revoked) or its roles or project have changed; they stay open while
 * Keystone is away.
 */
export function createRevalidation({ authenticate, config, log }: RevalidationOptions): WatchToken {
  const watched = new Map<string, WatchedToken>();

  function schedule(key: string): NodeJS.Timeout {
    const interval = Math.max(config.TOKEN_CACHE_SECONDS * 1000, MIN_INTERVAL_MS);
    return setTimeout(() => void validate(key), interval * (1 + JITTER * Math.random())).unref();
  }

  async function validate(key: string): Promise<void> {
    const token = watched.get(key);
    if (!token) return;
    const reason = await reasonToClose(token.session);
    if (watched.get(key) !== token) return;
    if (reason === null) {
      token.timer = schedule(key);
      return;
    }
    for (const listener of token.listeners) listener(reason);
  }

  async function reasonToClose({ token, identity }: Session): Promise<string | null> {
    const requestId = newRequestId();
    const meta = { requestId, log: log.child({ requestId }) };
    try {
      const { identity: current } = await authenticate(token, meta);
      return rightsOf(current) === rightsOf(identity) ? null : 'The roles of the token have changed: connect again';
    } catch (error) {
      const isInvalid = error instanceof GatewayError && error.code !== 'UPSTREAM_UNAVAILABLE';
      if (isInvalid) return 'The token is no longer valid: connect with a new one';
      meta.log.warn({ err: error }, 'token of open sockets not validated');
      return null;
    }
  }

  return function watch(listener, session) {
    const key = tokenHash(session.token);
    const token = watched.get(key) ?? { session, listeners: new Set<OnInvalid>(), timer: schedule(key) };
    watched.set(key, token);
    token.listeners.add(listener);
    return () => {
      token.listeners.delete(listener);
      if (token.listeners.size > 0 || watched.get(key) !== token) return;
      clearTimeout(token.timer);
      watched.delete(key);
    };
  };
}

function rightsOf({ projectId, roles }: Session['identity']): string {
  return JSON.stringify([projectId, roles.toSorted()]);
}
