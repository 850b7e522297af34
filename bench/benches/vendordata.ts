/** `vendordata`: 100 guests a second read which shares to mount, of 5,000 servers with two attachments each. */
import { attachmentRecord, projectId, serverId, shareOfServer, tokenOf } from '../data.ts';
import { type Kept, startGateway, startStore } from '../gateway.ts';
import { stopAll } from '../measure.ts';
import { type Server, startWorker } from '../processes.ts';
import { barOf, type Line, number, quantile } from '../table.ts';

const SERVERS = 5000;
const PER_SECOND = 100;
const SECONDS = 10;
/** What Nova's guest waits for, in ms (docs/guest.md). */
const WITHIN_MS = 1000;

export async function vendordata(): Promise<Line[]> {
  const upstream = await startWorker('upstream', ['0', '100']);
  const kept = await startStore();
  let server: Server | undefined;
  try {
    await attachAll(kept);
    const env = { VENDORDATA: 'true', VENDORDATA_ROLES: 'member' };
    server = await startGateway(upstream.hello.url ?? '', kept, env);
    // the first seconds compile the code and write when each guest was seen
    await load(server, 3);
    const cpu = await server.cpu();
    const times = await load(server, SECONDS);
    const spent = (await server.cpu()) - cpu;
    const p99 = quantile(times, 0.99);
    return [
      {
        bench: `vendordata: ${PER_SECOND} guests a second`,
        stack: `gateway, ${number(SERVERS)} servers`,
        figures: {
          'CPU µs/request': number(spent / times.length),
          'p50 ms': number(quantile(times, 0.5), 1),
          'p99 ms': number(p99, 1),
        },
        bar: barOf('p99 ms', p99, { atMost: WITHIN_MS }),
      },
    ];
  } finally {
    await stopAll(upstream, server);
    await kept.close();
  }
}

async function attachAll({ store }: Kept): Promise<void> {
  const exportedAs = { protocol: 'NFS', paths: ['10.20.0.11:/shares/a', '10.20.0.12:/shares/a'], fileSystem: null };
  for (let from = 0; from < SERVERS; from += 250) {
    const some = Array.from({ length: 250 }, (_, i) => from + i);
    await Promise.all(
      some.flatMap((i) =>
        [0, 1].map((second) => {
          const record = attachmentRecord(i, (shareOfServer(i) + second) % 50, projectId(0));
          const mountPoint = `/mnt/data-${i}-${second}`;
          return store.create({ ...record, mountPoint, exportedAs }, null, null);
        }),
      ),
    );
  }
  await store.markRecovered(projectId(0));
}

/** Sends requests at a constant rate, whether or not earlier ones are answered; resolves with their times in ms, sorted. */
async function load({ url }: Server, seconds: number): Promise<number[]> {
  const times: Promise<number>[] = [];
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (times.length >= seconds * PER_SECOND) {
        clearInterval(timer);
        resolve();
        return;
      }
      times.push(ask(url, times.length));
    }, 1000 / PER_SECOND);
  });
  return (await Promise.all(times)).sort((a, b) => a - b);
}

async function ask(url: string, at: number): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/vendordata`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-auth-token': tokenOf(0) },
    body: JSON.stringify({ 'project-id': projectId(0), 'instance-id': serverId((at * 7919) % SERVERS), metadata: {} }),
  });
  const { fstab } = (await response.json()) as { fstab?: string };
  if (response.status !== 200 || !fstab) throw new Error(`expected a list of mounts, got ${response.status}`);
  return performance.now() - startedAt;
}
