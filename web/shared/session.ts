import { useSyncExternalStore } from 'react';
import { type ApiError, postJson } from './post.ts';
import { projectToken } from './projects.ts';
import { graphqlUrl } from './urls.ts';

/** Whose token it is. */
export interface Viewer {
  readonly user: { readonly id: string; readonly name: string };
  readonly project: { readonly id: string; readonly name: string };
  readonly roles: readonly string[];
  readonly expiresAt: string;
}

/** Who is signed in. The token is kept in memory only: a reload of the page forgets it. */
export interface SessionState {
  readonly token: string;
  readonly viewer: Viewer;
  /** The position of the project's event log at the sign-in; null if it could not be read. */
  readonly eventCursor: string | null;
  /** Why the token is no longer accepted; null while it is. */
  readonly expired: string | null;
}

/** The page's session. */
export interface Session {
  state(): SessionState | null;
  subscribe(onChange: () => void): () => void;
  /** Asks the gateway whose token it is, and signs in. Resolves with the error if the gateway rejects the token. */
  signIn(token: string): Promise<ApiError | null>;
  /** Gets a token of a project for the user of a token, and signs in with it. */
  signInTo(token: string, projectId: string): Promise<ApiError | null>;
  signOut(): void;
  /** Marks a token as no longer accepted; ignored if the session has another one by now. */
  expire(token: string, reason: string): void;
  /** Resolves with a token that is accepted: at once, or when the user has signed in again. */
  token(): Promise<string>;
}

const VIEWER = `query Viewer {
  viewer { user { id name } project { id name } roles expiresAt }
  shareAttachments(first: 1) { eventCursor }
}`;

interface ViewerData {
  readonly viewer?: Viewer | null;
  readonly shareAttachments?: { readonly eventCursor: string } | null;
}

/** Timers take no more than 31 bits of milliseconds. */
const MAX_TIMER_MS = 2_147_000_000;

/** Creates the session, signed out. */
export function createSession(): Session {
  let current: SessionState | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listeners = new Set<() => void>();

  function set(next: SessionState | null) {
    current = next;
    for (const listener of [...listeners]) listener();
  }

  function subscribe(onChange: () => void) {
    listeners.add(onChange);
    return () => void listeners.delete(onChange);
  }

  function expire(token: string, reason: string) {
    if (current?.token === token && current.expired === null) set({ ...current, expired: reason });
  }

  function expireInTime({ token, viewer }: SessionState) {
    clearTimeout(timer);
    const ms = Date.parse(viewer.expiresAt) - Date.now();
    if (ms < MAX_TIMER_MS) timer = setTimeout(() => expire(token, 'The token has expired'), Math.max(0, ms));
  }

  async function signIn(token: string): Promise<ApiError | null> {
    const { data, errors } = await postJson(graphqlUrl(), { query: VIEWER }, { 'X-Auth-Token': token });
    const { viewer, shareAttachments } = (data ?? {}) as ViewerData;
    if (!viewer) return errors?.[0] ?? { message: 'The gateway did not say whose token it is' };
    const next = { token, viewer, eventCursor: shareAttachments?.eventCursor ?? null, expired: null };
    expireInTime(next);
    set(next);
    return null;
  }

  return {
    state: () => current,
    subscribe,
    expire,
    signIn,
    async signInTo(token, projectId) {
      const scoped = await projectToken(token, projectId);
      return scoped.token === null ? scoped.error : await signIn(scoped.token);
    },
    signOut() {
      clearTimeout(timer);
      set(null);
    },
    token: () =>
      new Promise((resolve) => {
        const check = () => {
          if (!current || current.expired !== null) return;
          unsubscribe();
          resolve(current.token);
        };
        const unsubscribe = subscribe(check);
        check();
      }),
  };
}

/** The session's state, in a component. */
export const useSession = (session: Session): SessionState | null =>
  useSyncExternalStore(session.subscribe, session.state);
