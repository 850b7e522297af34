/** `fanout`: one event to 2,000 listeners; `sockets`: the memory of an idle listener. */
import { once } from 'node:events';
import { attachmentRecord, eventsDocument, projectId, shareOfServer, tokenOf } from '../data.ts';
import { type Kept, keepAttachments, startGateway, startStore } from '../gateway.ts';
import type { HttpLoaded } from '../load/http.ts';
import type { Opening } from '../load/sockets.ts';
import { compiled, type Server, startServer, startWorker, type Worker } from '../processes.ts';
import { barOf, bars, type Line, median, number, ratio } from '../table.ts';

const LISTENERS = 2000;
const EVENTS = 15;
const IDLE_SOCKETS = 10_000;
const WAIT_MS = 20_000;

interface Heard {
  received: number;
  p50: number;
  p99: number;
  sample: string;
}

/** A stack that sends events to its listeners. */
interface Publisher {
  readonly name: string;
  readonly server: Server;
  readonly publish: () => Promise<unknown>;
}

const NAMES: Record<string, string> = {
  raw: 'ws.send of one string',
  'graphql-ws': 'graphql-ws + graphql-js, stock',
  mercurius: 'Mercurius',
  yoga: 'Yoga + graphql-ws',
};

export async function fanout(): Promise<Line[]> {
  const peers = await eachPublisher(['raw', 'graphql-ws', 'mercurius', 'yoga'], (publisher) =>
    deliver(publisher, [eventsDocument(0)], 1),
  );
  const [ours, scattered, tokens] = await withGateway<Delivered>(async (start) => [
    await start((publisher) => deliver(publisher, [eventsDocument(0)], 1)),
    await start((publisher) =>
      deliver(
        publisher,
        Array.from({ length: 20 }, (_, i) => eventsDocument(i)),
        1,
      ),
    ),
    await start((publisher) => deliver(publisher, [eventsDocument(0)], 200)),
  ]);
  if (!ours || !scattered || !tokens) return [];
  compareEvents([ours, ...peers]);
  const cpuOf = (name: string) => peers.find((one) => one.name === name)?.cpu ?? Number.NaN;
  const stock = cpuOf('graphql-ws');
  const bench = `fanout: ${number(LISTENERS)} listeners`;
  const line = ({ name, cpu, p50, p99, http }: Delivered, stack = NAMES[name] ?? name) => ({
    bench,
    stack,
    figures: {
      'CPU µs/delivery': number(cpu, 1),
      'of ws.send': ratio(cpu, cpuOf('raw')),
      'event to listener p50 ms': number(p50),
      'p99 ms': number(p99),
      ...(http !== null && { 'HTTP p99 ms meanwhile': number(http) }),
    },
  });
  return [
    {
      ...line(ours, 'gateway'),
      bar: bars(
        barOf('of ws.send', ours.cpu / cpuOf('raw'), { atMost: 1.25 }),
        barOf('graphql-ws over it', stock / ours.cpu, { atLeast: 3 }),
        barOf('Mercurius over it', cpuOf('mercurius') / ours.cpu, { atLeast: 4 }),
      ),
    },
    {
      ...line(scattered, 'gateway, 20 documents'),
      bar: barOf('graphql-ws over it', stock / scattered.cpu, { atLeast: 2 }),
    },
    line(tokens, 'gateway, 200 tokens of a project'),
    ...peers.map((peer) => line(peer)),
  ];
}

interface Idle {
  name: string;
  kib: number;
}

export async function sockets(): Promise<Line[]> {
  const measureIdle = async ({ server, name }: Publisher): Promise<Idle> => {
    const listeners = await startWorker('load/sockets');
    const before = await server.rss();
    await listeners.call({ method: 'open', ...openingOf(server, [eventsDocument(0)], 1, IDLE_SOCKETS) });
    const kib = ((await server.rss()) - before) / 1024 / IDLE_SOCKETS;
    await listeners.stop();
    return { name, kib };
  };
  const peers = await eachPublisher(['raw', 'graphql-ws', 'mercurius'], measureIdle);
  const [ours] = await withGateway<Idle>(async (start) => [await start(measureIdle)]);
  return [...(ours ? [ours] : []), ...peers].map(({ name, kib }) => ({
    bench: `sockets: ${number(IDLE_SOCKETS)} idle and subscribed`,
    stack: NAMES[name] ?? name,
    figures: { 'RSS KiB/socket': number(kib, 1) },
    ...(name === 'gateway' && { bar: barOf('KiB', kib, { atMost: 13 }) }),
  }));
}

async function eachPublisher<T>(kinds: readonly string[], measure: (publisher: Publisher) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const name of kinds) {
    const server = await startServer(compiled('servers/peer'), { args: [name] });
    let published = 0;
    // Mercurius and Yoga publish in process: their event comes as a message, the gateway's through Redis
    const publish = () =>
      server.call({ method: 'publish', event: { ...eventOf(++published), cursor: `${published}-0` } });
    results.push(await measure({ name, server, publish: () => fire(publish) }));
    await server.stop();
  }
  return results;
}

/** Not awaited: the load is measured at the listeners. */
async function fire(publish: () => Promise<unknown>): Promise<void> {
  publish().catch(() => {});
}

async function withGateway<T>(
  use: (start: (measure: (publisher: Publisher) => Promise<T>) => Promise<T>) => Promise<T[]>,
): Promise<T[]> {
  const upstream = await startWorker('upstream');
  const kept = await startStore();
  await keepAttachments(kept, 1, 1);
  const start = async (measure: (publisher: Publisher) => Promise<T>) => {
    const server = await startGateway(upstream.hello.url ?? '', kept);
    const result = await measure({ name: 'gateway', server, publish: publisherOf(kept) });
    await server.stop();
    return result;
  };
  try {
    return await use(start);
  } finally {
    await upstream.stop();
    await kept.close();
  }
}

function eventOf(version: number) {
  const record = attachmentRecord(0, shareOfServer(0), projectId(0));
  const attachment = { ...record, version };
  return { type: 'ATTACHED' as const, at: record.updatedAt, requestId: record.requestId, reason: null, attachment };
}

/** Commits a change of the one attachment, as reconciling does. */
function publisherOf({ store }: Kept) {
  return async () => {
    const { attachment, ...event } = eventOf(0);
    const now = await store.get(attachment.projectId, attachment.id);
    if (!now) throw new Error('the attachment is gone');
    await store.commit(now, { event: { ...event, attachment: now }, dueInMs: null });
  };
}

interface Delivered {
  name: string;
  /** Microseconds of the server process per delivery. */
  cpu: number;
  /** From publishing to delivery, in ms. */
  p50: number;
  p99: number;
  /** p99 of small queries over HTTP while events are delivered, in ms; null without HTTP. */
  http: number | null;
  sample: string;
}

const openingOf = (server: Server, documents: readonly string[], tokens: number, count: number): Opening => ({
  url: server.url,
  count,
  documents,
  // all of one project
  tokens: Array.from({ length: tokens }, (_, i) => tokenOf(i * 4)),
});

async function deliver(
  { name, server, publish }: Publisher,
  documents: readonly string[],
  tokens: number,
): Promise<Delivered> {
  const listeners = await startWorker('load/sockets');
  await listeners.call({ method: 'open', ...openingOf(server, documents, tokens, LISTENERS) });
  const heard: Heard[] = [];
  for (let i = 0; i < 5; i++) await tellOnce(listeners, publish);
  const before = await server.cpu();
  for (let i = 0; i < EVENTS; i++) heard.push(await tellOnce(listeners, publish));
  const cpu = ((await server.cpu()) - before) / (EVENTS * LISTENERS);
  const lost = heard.find(({ received }) => received !== LISTENERS);
  if (lost) throw new Error(`${name}: ${lost.received} of ${LISTENERS} heard of an event`);
  const http = name === 'gateway' ? await httpMeanwhile(server, listeners, publish) : null;
  await listeners.stop();
  return {
    name,
    cpu,
    p50: median(heard.map((one) => one.p50)),
    p99: median(heard.map((one) => one.p99)),
    http,
    sample: heard[0]?.sample ?? '',
  };
}

async function tellOnce(listeners: Worker, publish: Publisher['publish']): Promise<Heard> {
  await listeners.call({ method: 'reset' });
  const since = Date.now();
  await publish();
  return await listeners.call<Heard>({ method: 'expect', count: LISTENERS, since, ms: WAIT_MS });
}

/** Small queries, one at a time, while events are delivered. */
async function httpMeanwhile(server: Server, listeners: Worker, publish: Publisher['publish']): Promise<number> {
  const worker = await startWorker('load/http');
  const load = { url: server.url, query: '{ __typename }', connections: 1, ms: 2000, tokens: [tokenOf(0)] };
  const loaded = worker.call<HttpLoaded>({ method: 'load', ...load });
  let isLoading = true;
  const ended = loaded.then(() => {
    isLoading = false;
  });
  while (isLoading) await tellOnce(listeners, publish);
  await ended;
  worker.child.kill();
  await once(worker.child, 'exit');
  return (await loaded).p99;
}

/** All send the same bytes, except for the cursor, which comes from the log, and `ws.send`, which has no GraphQL. */
function compareEvents(all: readonly Delivered[]): void {
  const shown = all
    .filter(({ name }) => name !== 'raw')
    // Mercurius sends the type before the id
    .map(({ name, sample }) => ({ name, text: sample.replace(/.*"payload":/, '').replace(/"cursor":"[^"]*"/, '') }));
  const other = shown.find(({ text }) => text !== shown[0]?.text);
  if (other) throw new Error(`${other.name} tells ${other.text}, ${shown[0]?.name} tells ${shown[0]?.text}`);
}
