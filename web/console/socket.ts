import type { SubscriptionForwarder } from '@urql/core';
import { createClient } from 'graphql-ws';
import type { Session } from '../shared/session.ts';
import { socketUrl } from '../shared/urls.ts';

/** A connection that answers no ping within this time is treated as lost. */
const PING_MS = 10_000;
const PONG_MS = 5_000;

/** The page's WebSocket. It is open while something is subscribed. */
export interface EventSocket {
  readonly forward: SubscriptionForwarder;
  /** Calls the listener when the gateway has accepted the connection; returns a function that removes it. */
  onConnected(listener: () => void): () => void;
  /** Drops the connection at once, as if it were lost. */
  terminate(): void;
  dispose(): void;
}

/** Creates the socket. It does not reconnect by itself: that would repeat a subscription with its first cursor. */
export function createEventSocket(session: Session): EventSocket {
  let pongTimer: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: socketUrl(),
    retryAttempts: 0,
    keepAlive: PING_MS,
    connectionParams: async () => ({ 'X-Auth-Token': await session.token() }),
    on: {
      ping: (isReceived) => {
        if (!isReceived) pongTimer = setTimeout(() => client.terminate(), PONG_MS);
      },
      pong: (isReceived) => {
        if (isReceived) clearTimeout(pongTimer);
      },
      closed: () => clearTimeout(pongTimer),
    },
  });
  return {
    forward: ({ query = '', variables }) => ({
      subscribe: (sink) => ({
        unsubscribe: client.subscribe(
          { query, variables: variables as Record<string, unknown> },
          {
            next: (result) => sink.next(result as Parameters<typeof sink.next>[0]),
            error: (error) => sink.error(error),
            complete: () => sink.complete(),
          },
        ),
      }),
    }),
    onConnected: (listener) => client.on('connected', listener),
    terminate: () => client.terminate(),
    dispose: () => void client.dispose(),
  };
}
