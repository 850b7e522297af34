/** Opens subscribed sockets and counts the messages. Nothing is parsed, to save time of the load generator's core. */
import { WebSocket } from 'ws';
import { handleCalls } from '../calls.ts';
import { quantile } from '../table.ts';

/** Number of sockets that are opened at the same time. */
const OPENING = 50;

export interface Opening {
  readonly url: string;
  readonly count: number;
  /** Socket n subscribes with the nth document, modulo their number. */
  readonly documents: readonly string[];
  readonly tokens: readonly string[];
}

const sockets: WebSocket[] = [];
let received = 0;
let times: number[] = [];
let sample = '';
let wake = () => {};

async function open({ url, count, documents, tokens }: Opening): Promise<void> {
  let next = 0;
  const openAll = async () => {
    for (let i = next++; i < count; i = next++) {
      await openOne(url, documents[i % documents.length] ?? '', tokens[i % tokens.length] ?? '');
    }
  };
  await Promise.all(Array.from({ length: OPENING }, openAll));
}

/** Opens, initialises and subscribes; the pong to a ping shows that the server has read everything. */
function openOne(url: string, query: string, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws');
    sockets.push(socket);
    const send = (message: object) => socket.send(JSON.stringify(message));
    let isAcknowledged = false;
    let isReady = false;
    socket.on('open', () => send({ type: 'connection_init', payload: { 'X-Auth-Token': token } }));
    socket.on('error', reject);
    socket.on('close', (code) => reject(new Error(`a socket was closed with ${code}`)));
    socket.on('message', (data: Buffer) => {
      if (isReady) {
        if (data.includes('"next"')) count(data);
        return;
      }
      if (!isAcknowledged) {
        isAcknowledged = true;
        send({ id: '1', type: 'subscribe', payload: { query } });
        send({ type: 'ping' });
        return;
      }
      if (data.includes('"error"')) reject(new Error(String(data)));
      isReady = data.includes('"pong"');
      if (isReady) resolve();
    });
  });
}

function count(data: Buffer): void {
  received++;
  times.push(Date.now());
  if (!sample) sample = String(data);
  wake();
}

/** Waits until so many messages were received since the last reset, or for `ms`; returns how many, and when, in ms after `since`. */
async function expect({ count: expected, since, ms }: { count: number; since: number; ms: number }) {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      if (received < expected) return;
      clearTimeout(timer);
      resolve();
    };
    wake();
  });
  wake = () => {};
  const after = times.map((time) => time - since).sort((a, b) => a - b);
  return { received, p50: quantile(after, 0.5), p99: quantile(after, 0.99), sample };
}

function reset(): void {
  received = 0;
  times = [];
  sample = '';
}

handleCalls({ open, expect, reset });
process.send?.({});
