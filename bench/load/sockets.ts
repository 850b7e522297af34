/** Opens subscribed sockets, and counts what they are told. Nothing is parsed: the load's core has the sockets' own work to do. */
import { WebSocket } from 'ws';
import { answerQuestions } from '../questions.ts';
import { quantile } from '../table.ts';

/** How many sockets are being opened at once. */
const OPENING = 50;

export interface Opening {
  readonly url: string;
  readonly count: number;
  /** Socket n subscribes the nth, from the start again when there are fewer. */
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

/** Opens, initialises and subscribes; a ping answered after it says that the server has read it all. */
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

/** Waits until so many were received since the last reset, or for `ms`; answers how many, and when, in ms after `since`. */
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

answerQuestions({ open, expect, reset });
process.send?.({});
