/** `dashboard`: 100 servers with attachments and shares over HTTP, upstream delay 2 ms; one token, then 16 of 4 projects. */
import { serversQuery, tokenOf } from '../data.ts';
import { keepAttachments, startGateway, startStore } from '../gateway.ts';
import { loadInTurn, type Measured, type Stack, stopAll } from '../measure.ts';
import { compiled, startServer, startWorker } from '../processes.ts';
import { barOf, type Line, number, ratio } from '../table.ts';
import { titleOf } from './list.ts';

const CLIENTS = 16;
const PEERS = ['apollo', 'mercurius', 'yoga'];

export async function dashboard(): Promise<Line[]> {
  const upstream = await startWorker('upstream', ['2']);
  const url = upstream.hello.url ?? '';
  const kept = await startStore();
  await keepAttachments(kept, 100);
  const counter = () => upstream.call<number>({ method: 'requests' });
  const stacks: Stack[] = [{ name: 'gateway', server: await startGateway(url, kept), counter }];
  for (const name of PEERS) {
    stacks.push({ name, server: await startServer(compiled('servers/peer'), { args: [name, url] }), counter });
  }
  const plan = { query: serversQuery(100), connections: CLIENTS, repetitions: 3, warmUpMs: 1500, ms: 2500 };
  try {
    const one = await loadInTurn(stacks, { ...plan, tokens: [tokenOf(0)] });
    const many = await loadInTurn(stacks, { ...plan, tokens: Array.from({ length: CLIENTS }, (_, i) => tokenOf(i)) });
    return [
      ...lines('dashboard: 100 servers, one token', one, 6),
      ...lines('dashboard: 16 tokens of 4 projects', many, 1.5),
    ];
  } finally {
    await stopAll(upstream, ...stacks.map(({ server }) => server));
    await kept.close();
  }
}

function lines(bench: string, measured: readonly Measured[], atLeast: number): Line[] {
  const best = Math.max(...measured.filter(({ name }) => name !== 'gateway').map(({ perSecond }) => perSecond));
  return measured.map(({ name, cpu, perSecond, p50, p99, counted }) => ({
    bench,
    stack: titleOf(name),
    figures: {
      'requests/s': number(perSecond),
      'of the best peer': ratio(perSecond, best),
      'upstream GETs/request': number(counted, 1),
      'CPU µs/request': number(cpu),
      'p50 ms': number(p50),
      'p99 ms': number(p99),
    },
    ...(name === 'gateway' && { bar: barOf('of the best peer', perSecond / best, { atLeast }) }),
  }));
}
