import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { TestGateway } from './gateway.ts';

/** An event as the tests' subscription selects it. */
export interface HeardEvent {
  cursor: string;
  type: string;
  reason: string | null;
  attachment: {
    id: string;
    serverId: string;
    shareId: string;
    status: string;
    fault: { code: string; message: string } | null;
    accessRules: { accessTo: string; state: string }[];
  };
}

export interface Listener {
  /** The next event; jest's own timeout ends the wait. */
  next(): Promise<HeardEvent>;
  /** The events up to and with the first of this type. */
  until(type: string): Promise<HeardEvent[]>;
  close(): Promise<void>;
}

const EVENTS = `subscription ($serverId: ID, $shareId: ID, $after: String) {
  shareAttachmentEvents(serverId: $serverId, shareId: $shareId, after: $after) {
    cursor type reason
    attachment { id serverId shareId status fault { code message } accessRules { accessTo state } }
  }
}`;

/** A program that listens to attachment events with the graphql-ws client, live once this resolves when `after` is given or an event comes. */
export function listen(
  gateway: Pick<TestGateway, 'wsUrl' | 'token'>,
  variables: { serverId?: string; shareId?: string; after?: string } = {},
): Listener {
  const client: Client = createClient({
    url: gateway.wsUrl,
    webSocketImpl: WebSocket,
    connectionParams: { 'X-Auth-Token': gateway.token },
    retryAttempts: 0,
  });
  const results = client.iterate<{ shareAttachmentEvents: HeardEvent }>({ query: EVENTS, variables });
  const next = async () => {
    const { value, done } = await results.next();
    if (done) throw new Error('The subscription ended');
    if (value.errors) throw new Error(value.errors.map((error: { message: string }) => error.message).join('; '));
    if (!value.data) throw new Error('An event without data');
    return value.data.shareAttachmentEvents;
  };
  return {
    next,
    async until(type) {
      const heard: HeardEvent[] = [];
      do heard.push(await next());
      while (heard.at(-1)?.type !== type);
      return heard;
    },
    async close() {
      await results.return?.();
      await client.dispose();
    },
  };
}
