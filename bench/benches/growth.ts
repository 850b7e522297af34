/** `growth`: one page of 50, while the project around it grows. */
import { attachmentRecord, projectId, serversQuery, tokenOf } from '../data.ts';
import { type Kept, keepAttachments, startGateway, startStore } from '../gateway.ts';
import { loadInTurn, stopAll } from '../measure.ts';
import { startWorker } from '../processes.ts';
import { barOf, bars, type Line, number } from '../table.ts';

/** Servers and attachments in the project. The ten attachments of the page exist from the start. */
const SIZES = [
  { servers: 100, attachments: 10 },
  { servers: 1000, attachments: 1000 },
  { servers: 5000, attachments: 20_000 },
];
const PAGE_ATTACHMENTS = 10;
const CLIENTS = 8;
const QUERIES = {
  servers: serversQuery(50),
  attachments: '{ shareAttachments(first: 10) { totalCount nodes { id status mountPoint } } }',
};

export async function growth(): Promise<Line[]> {
  const upstream = await startWorker('upstream', ['0', '100']);
  const kept = await startStore();
  await keepAttachments(kept, PAGE_ATTACHMENTS, 1);
  const server = await startGateway(upstream.hello.url ?? '', kept);
  const points: Point[] = [];
  // one token per client, all of one project: with one token, clients would share executions
  const tokens = Array.from({ length: CLIENTS }, (_, i) => tokenOf(i * 4));
  try {
    let attachments = PAGE_ATTACHMENTS;
    for (const size of SIZES) {
      await upstream.call({ method: 'servers', count: size.servers });
      await addAttachments(kept, attachments, size.attachments);
      attachments = size.attachments;
      for (const [name, query] of Object.entries(QUERIES)) {
        const before = await storeTime(kept);
        const plan = { query, connections: CLIENTS, tokens, repetitions: 3, warmUpMs: 1000, ms: 1500 };
        const [measured] = await loadInTurn([{ name: 'gateway', server }], plan);
        const after = await storeTime(kept);
        points.push({
          name,
          size,
          cpu: measured?.cpu ?? Number.NaN,
          store: (after.usec - before.usec) / (after.calls - before.calls),
        });
      }
    }
  } finally {
    await stopAll(upstream, server);
    await kept.close();
  }
  return points.map((point) => lineOf(point, points));
}

interface Point {
  name: string;
  size: (typeof SIZES)[number];
  /** Microseconds of the gateway per request, and of Redis per script. */
  cpu: number;
  store: number;
}

function lineOf({ name, size, cpu, store }: Point, points: readonly Point[]): Line {
  const first = points.find((point) => point.name === name);
  const isLast = size === SIZES.at(-1);
  return {
    bench: `growth: a page of ${name}`,
    stack: `${number(size.servers)} servers, ${number(size.attachments)} attachments`,
    figures: { 'CPU µs/request': number(cpu), 'Redis µs/script': number(store, 1) },
    ...(first &&
      isLast && {
        bar: bars(
          barOf('CPU of the first', cpu / first.cpu, { atMost: 1.2 }),
          barOf('store of the first', store / first.store, { atMost: 1.2 }),
        ),
      }),
  };
}

/** Attachments of servers that are not on the page. */
async function addAttachments({ store }: Kept, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 500) {
    const some = Array.from({ length: Math.min(500, to - at) }, (_, i) => at + i);
    await Promise.all(some.map((i) => store.create(attachmentRecord(10_000 + i, i % 50, projectId(0)), null, null)));
  }
}

/** The time that Redis has spent in scripts, and their number. */
async function storeTime({ connections }: Kept): Promise<{ calls: number; usec: number }> {
  const info = await connections.commands.info('commandstats');
  const found = /^cmdstat_evalsha:calls=(\d+),usec=(\d+)/m.exec(info);
  return { calls: Number(found?.[1] ?? 0), usec: Number(found?.[2] ?? 0) };
}
