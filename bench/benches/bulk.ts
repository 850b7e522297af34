/** `bulk`: 100 pairs of 50 servers and 2 shares with one `attachShares` to the last ATTACHED event, against one pair and by hand. */
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { MAIN, startStore } from '../gateway.ts';
import { stopAll } from '../measure.ts';
import { startServer, startWorker, type Worker } from '../processes.ts';
import { barOf, type Line, median, number, ratio } from '../table.ts';
import { type Pair, signIn, throughRest, timed } from './attach.ts';

const CALL_MS = 20;
const ACTIVE_MS = 300;
const TIMES = 3;
const SERVERS = 50;
const SHARES = 2;
const ONES = 5;

interface Figures {
  readonly times: number[];
  readonly calls: number[];
  /** CPU time of the gateway, in ms. */
  readonly cpu: number[];
}

export async function bulk(): Promise<Line[]> {
  const cloud = await startWorker('sandbox', [String(CALL_MS), String(ACTIVE_MS)]);
  const kept = await startStore();
  const sandboxUrl = cloud.hello.url ?? '';
  const server = await startServer(MAIN, { env: { ...signIn(sandboxUrl), REDIS_URL: kept.redis.url } });
  try {
    const token = await cloud.call<string>({ method: 'token' });
    const gateway = throughGateway(server.url, token);
    const byHand = throughRest(sandboxUrl, token);
    const grid = () => cloud.call<Pair[]>({ method: 'grid', servers: SERVERS, shares: SHARES });
    const single = () => cloud.call<Pair[]>({ method: 'grid', servers: 1, shares: 1 });
    const measure = async (figures: Figures, work: () => Promise<unknown>) => {
      const before = await cloud.call<number>({ method: 'calls' });
      const cpuBefore = await server.cpu();
      figures.times.push(await timed(async () => void (await work())));
      figures.cpu.push(((await server.cpu()) - cpuBefore) / 1000);
      figures.calls.push((await cloud.call<number>({ method: 'calls' })) - before);
    };
    const figures = (): Figures => ({ times: [], calls: [], cpu: [] });
    const [one, many, hand] = [figures(), figures(), figures()];
    await gateway.attach(await single());
    for (let i = 0; i < ONES; i++) {
      const pairs = await single();
      await measure(one, () => gateway.attach(pairs));
    }
    for (let i = 0; i < TIMES; i++) {
      const [ours, theirs] = [await grid(), await grid()];
      await measure(many, () => gateway.attach(ours));
      await measure(hand, () => Promise.all(theirs.map(byHand)));
    }
    gateway.close();
    return lines(one, many, hand);
  } finally {
    await stopAll(cloud as Worker, server);
    await kept.close();
  }
}

function lines(one: Figures, many: Figures, hand: Figures): Line[] {
  const line = (stack: string, { times, calls, cpu }: Figures) => ({
    bench: `bulk: ${SERVERS} servers × ${SHARES} shares to ATTACHED`,
    stack,
    figures: {
      'ms median': number(median(times)),
      'calls to OpenStack': number(median(calls)),
      'CPU ms of the gateway': number(median(cpu)),
      'of one': ratio(median(times), median(one.times)),
    },
  });
  return [
    line('gateway, one pair', one),
    {
      ...line('gateway, attachShares', many),
      bar: barOf('of one', median(many.times) / median(one.times), { atMost: 2 }),
    },
    line('by hand, all at once', hand),
  ];
}

/** One mutation for all pairs, and one subscription for all events. */
function throughGateway(url: string, token: string) {
  const waiting = new Map<string, () => void>();
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { 'X-Auth-Token': token },
  });
  const query = 'subscription { shareAttachmentEvents(after: "0-0") { type attachment { id } } }';
  client.subscribe<{ shareAttachmentEvents: { type: string; attachment: { id: string } } }>(
    { query },
    {
      next: ({ data }) => {
        if (data?.shareAttachmentEvents.type === 'ATTACHED') waiting.get(data.shareAttachmentEvents.attachment.id)?.();
      },
      error: (error) => process.stderr.write(`${error}\n`),
      complete: () => {},
    },
  );
  const attach = async (attachments: readonly Pair[]): Promise<void> => {
    const attached = attachments.map(
      ({ serverId, shareId }) => new Promise<void>((resolve) => waiting.set(`${serverId}:${shareId}`, resolve)),
    );
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-auth-token': token },
      body: JSON.stringify({
        query:
          'mutation ($input: AttachSharesInput!) { attachShares(input: $input) { outcomes { error { message } } } }',
        variables: { input: { attachments } },
      }),
    });
    const body = await response.text();
    if (body.includes('"message"')) throw new Error(body);
    await Promise.all(attached);
  };
  return { attach, close: () => void client.dispose() };
}
