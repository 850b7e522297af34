// Prints every attachment event of the token's project once and in order, also after lost connections and restarts.
//
//   OS_TOKEN=$(openstack token issue -f value -c id) node examples/listener.mjs ws://127.0.0.1:4000/graphql cursor.txt
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const [url, cursorFile] = process.argv.slice(2);
const token = process.env.OS_TOKEN;
if (!url || !cursorFile || !token) {
  process.stderr.write('Usage: OS_TOKEN=<token> node examples/listener.mjs <ws://host/graphql> <cursor file>\n');
  process.exit(2);
}

const LIST = '{ shareAttachments { eventCursor } }';
const EVENTS = `subscription ($after: String!) {
  shareAttachmentEvents(after: $after) { cursor type at attachment { id status fault { message } } }
}`;

// no retries by the client: they would repeat the subscription with its first cursor; the loop below uses the last one
const connectionParams = { 'X-Auth-Token': token };
const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams });

async function* execute(query, variables) {
  for await (const { data, errors } of client.iterate({ query, variables })) {
    if (errors) throw errors;
    yield data;
  }
}

let after = existsSync(cursorFile) ? readFileSync(cursorFile, 'utf8') : null;
function store(cursor) {
  after = cursor;
  writeFileSync(cursorFile, cursor);
}

for (;;) {
  try {
    // a program that keeps its own list of attachments reads it here: later events do not repeat it
    if (!after) for await (const data of execute(LIST)) store(data.shareAttachments.eventCursor);
    for await (const { shareAttachmentEvents: event } of execute(EVENTS, { after })) {
      process.stdout.write(`${JSON.stringify(event)}\n`);
      store(event.cursor);
    }
  } catch (error) {
    if (error.code === 4401) {
      process.stderr.write(`The token is not valid: ${error.reason}\n`);
      process.exit(1);
    }
    if (JSON.stringify(error)?.includes('CURSOR_EXPIRED')) after = null;
  }
  await sleep(50 + 500 * Math.random());
}
