// Prints each attachment event of the token's project, once and in order, however often the connection is lost.
// OS_TOKEN=… node listener.mjs ws://127.0.0.1:4000/graphql cursor.txt
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const [url, cursorFile] = process.argv.slice(2);
const LIST = '{ shareAttachments { eventCursor } }';
const EVENTS = `subscription ($after: String!) {
  shareAttachmentEvents(after: $after) { cursor type at attachment { id status fault { message } } }
}`;

// the client's own retries would ask again from the first cursor: the loop below asks from the last one
const connectionParams = { 'X-Auth-Token': process.env.OS_TOKEN };
const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams });

async function* ask(query, variables) {
  for await (const { data, errors } of client.iterate({ query, variables })) {
    if (errors) throw errors;
    yield data;
  }
}

let after = existsSync(cursorFile) ? readFileSync(cursorFile, 'utf8') : null;
for (;;) {
  try {
    // where to begin: here a program also reads what is attached by now, as no later event tells that
    if (!after) for await (const data of ask(LIST)) after = data.shareAttachments.eventCursor;
    for await (const data of ask(EVENTS, { after })) {
      process.stdout.write(`${JSON.stringify(data.shareAttachmentEvents)}\n`);
      after = data.shareAttachmentEvents.cursor;
      writeFileSync(cursorFile, after);
    }
  } catch (error) {
    if (error.code === 4401) throw new Error(`The gateway does not take the token: ${error.reason}`);
    if (JSON.stringify(error)?.includes('CURSOR_EXPIRED')) after = null;
  }
  await sleep(50 + 500 * Math.random());
}
