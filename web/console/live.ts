import type { Client } from '@urql/core';
import { pipe, subscribe } from 'wonka';
import type { Session } from '../shared/session.ts';
import { EventCursorDocument, EventsDocument, type EventsSubscription } from './gql/graphql.ts';
import type { EventSocket } from './socket.ts';
import { createStore, type Store } from './store.ts';

export type AttachmentEvent = EventsSubscription['shareAttachmentEvents'];

/** Maximum number of events that the page remembers: it may stay open for days. */
const MAX_EVENTS = 500;
const FIRST_RETRY_MS = 300;
const MAX_RETRY_MS = 10_000;

/** How the page hears of changes. */
export interface LiveState {
  readonly phase: 'connecting' | 'live' | 'lost' | 'signed-out';
  /** Why the connection was lost. */
  readonly reason: string | null;
  /** Since when `phase` holds, in ms since the epoch. */
  readonly since: number;
  /** The number of events that happened while the connection was lost, and were delivered afterwards; null before a loss. */
  readonly caughtUp: number | null;
  /** The events that arrived, newest first. */
  readonly events: readonly AttachmentEvent[];
  /** Grows when the event log had lost the page's position: what the page shows must be read again. */
  readonly generation: number;
}

/** The page's one subscription. */
export interface Live {
  readonly state: Store<LiveState>;
  stop(): void;
}

interface LiveOptions {
  readonly client: Client;
  readonly socket: EventSocket;
  readonly session: Session;
  /** The position of the event log before the page reads its first list; null if it could not be read. */
  readonly cursor: string | null;
}

const initial = (): LiveState => ({
  phase: 'connecting',
  reason: null,
  since: Date.now(),
  caughtUp: null,
  events: [],
  generation: 0,
});

interface Ending {
  readonly reason: string;
  readonly code?: number;
  readonly isCursorExpired?: boolean;
}

/** The reason why a subscription ended: the gateway's error, or how the socket was closed. */
function endingOf(error: unknown): Ending {
  const { graphQLErrors = [], networkError } = error as { graphQLErrors?: readonly unknown[]; networkError?: unknown };
  const first = graphQLErrors[0] as { message: string; extensions: Record<string, unknown> } | undefined;
  if (first) return { reason: first.message, isCursorExpired: first.extensions['code'] === 'CURSOR_EXPIRED' };
  if (!(networkError instanceof CloseEvent)) return { reason: 'The gateway cannot be reached' };
  const { code, reason } = networkError;
  return { reason: reason || (code === 1006 ? 'The connection was cut' : `The gateway closed it (${code})`), code };
}

/**
 * Subscribes from a cursor, and again from the last one when the connection is lost, so that no event is missed. The cache
 * has seen each event before the state has.
 */
export function startLive({ client, socket, session, cursor: start }: LiveOptions): Live {
  const state = createStore(initial());
  let cursor = start;
  let isStopped = false;
  let attempt = 0;
  let wake = () => {};
  let cancel = () => {};

  const isAccepted = socket.onConnected(() => {
    attempt = 0;
    const { phase, caughtUp } = state.get();
    state.update({ phase: 'live', reason: null, since: Date.now(), caughtUp: phase === 'lost' ? 0 : caughtUp });
  });

  function receive(event: AttachmentEvent) {
    cursor = event.cursor;
    const { events, since, caughtUp } = state.get();
    const wasMissed = caughtUp !== null && Date.parse(event.at) < since;
    state.update({
      events: [event, ...events].slice(0, MAX_EVENTS),
      caughtUp: wasMissed ? caughtUp + 1 : caughtUp,
    });
  }

  const listen = (after: string) =>
    new Promise<Ending>((resolve) => {
      const { unsubscribe } = pipe(
        client.subscription(EventsDocument, { after }),
        subscribe(({ data, error }) => {
          if (data) receive(data.shareAttachmentEvents);
          else if (error) resolve(endingOf(error));
        }),
      );
      cancel = () => {
        unsubscribe();
        resolve({ reason: 'The page is offline' });
      };
    });

  /** Reads the present position. What changed before it is unknown: the lists are read again. */
  async function findPosition() {
    const { data } = await client.query(EventCursorDocument, {}, { requestPolicy: 'network-only' }).toPromise();
    cursor = data?.shareAttachments?.eventCursor ?? null;
    if (cursor !== null) state.update({ generation: state.get().generation + 1 });
  }

  async function run() {
    while (!isStopped) {
      const token = await session.token();
      if (cursor === null) await findPosition();
      const ending = cursor === null ? { reason: 'The event log cannot be read' } : await listen(cursor);
      if (isStopped) return;
      if (ending.isCursorExpired) cursor = null;
      if (ending.code === 4401 || ending.code === 4403) session.expire(token, ending.reason);
      const isSignedOut = session.state()?.expired !== null;
      state.update({ phase: isSignedOut ? 'signed-out' : 'lost', reason: ending.reason, since: Date.now() });
      if (!isSignedOut) await pause();
    }
  }

  const pause = () =>
    new Promise<void>((resolve) => {
      const longest = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
      attempt += 1;
      const timer = setTimeout(resolve, longest * (0.5 + Math.random() / 2));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const onOnline = () => wake();
  const onOffline = () => socket.terminate();
  addEventListener('online', onOnline);
  addEventListener('offline', onOffline);
  void run();

  return {
    state,
    stop() {
      isStopped = true;
      removeEventListener('online', onOnline);
      removeEventListener('offline', onOffline);
      isAccepted();
      wake();
      cancel();
      socket.dispose();
    },
  };
}
