import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import type { TestGateway } from './gateway.ts';
import { until } from './until.ts';

const EVENTS = `subscription ($after: String) {
  shareEvents(after: $after) {
    cursor type shareId
    share { name status sizeGib }
    operation { id type status sizeGib fault { code message } }
  }
}`;

/** An event of `shareEvents`. */
export interface HeardShareEvent {
  cursor: string;
  type: string;
  shareId: string | null;
  share: { name: string; status: string; sizeGib: number } | null;
  operation: { id: string; type: string; status: string; fault: { code: string; message: string } | null };
}

/** Collects the project's share events from the start of its log. */
export function listenToShares({ wsUrl, token }: Pick<TestGateway, 'wsUrl' | 'token'>) {
  const heard: HeardShareEvent[] = [];
  const client = createClient({ url: wsUrl, webSocketImpl: WebSocket, connectionParams: { 'X-Auth-Token': token } });
  const ended = collect();
  // the end of the connection: `close` waits for it
  ended.catch(() => undefined);

  async function collect(): Promise<void> {
    const results = client.iterate<{ shareEvents: HeardShareEvent }>({ query: EVENTS, variables: { after: '0-0' } });
    for await (const { data } of results) if (data) heard.push(data.shareEvents);
  }

  return {
    heard,
    /** The types of all events, when one of this type has come. */
    types: async (last: string) => {
      await until(() => heard.at(-1)?.type === last);
      return heard.map(({ type }) => type);
    },
    async close() {
      await client.dispose();
      await ended.catch(() => undefined);
    },
  };
}
