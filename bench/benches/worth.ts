/** `worth`: the gateway with and without each of its optimisations, loaded in turn on the row that each is for. */
import { serversQuery, tokenOf } from '../data.ts';
import { keepAttachments, startGateway, startStore } from '../gateway.ts';
import { loadInTurn, type Measured, type Plan, type Stack, stopAll } from '../measure.ts';
import { compiled, startServer, startWorker } from '../processes.ts';
import { barOf, type Line, number, ratio } from '../table.ts';

const FAST_PATH = 'transport/graphql-http/fast-path=fast-path';
const SHARED = 'graphql/execution/shared-execution=shared-execution';
/** Many short runs in turn, so that other load of the machine falls on both alike. */
export const PAIRS = { repetitions: 7, warmUpMs: 1500, ms: 1500 };

export async function worth(): Promise<Line[]> {
  return [...(await fastPath()), ...(await sharedExecutions())];
}

/** A repeated request past Apollo Server, and through it: of nothing, and of 50 servers from memory. */
async function fastPath(): Promise<Line[]> {
  const stacks: Stack[] = [];
  for (const without of [undefined, FAST_PATH]) {
    const server = await startServer(compiled('servers/memory-gateway'), { args: ['list'], without });
    stacks.push({ name: nameOf(without), server });
  }
  const plan = { ...PAIRS, connections: 32, tokens: [tokenOf(0)] };
  try {
    return [
      ...(await compare('fast path: tiny', stacks, { ...plan, query: '{ __typename }' })),
      ...(await compare('fast path: list', stacks, { ...plan, query: serversQuery(50) })),
    ];
  } finally {
    await stopAll(...stacks.map(({ server }) => server));
  }
}

/** 16 clients send the same query with one token, as a dashboard that is open in many windows. */
async function sharedExecutions(): Promise<Line[]> {
  const upstream = await startWorker('upstream', ['2']);
  const url = upstream.hello.url ?? '';
  const kept = await startStore();
  await keepAttachments(kept, 100);
  const counter = () => upstream.call<number>({ method: 'requests' });
  const stacks: Stack[] = [];
  for (const without of [undefined, SHARED]) {
    stacks.push({ name: nameOf(without), server: await startGateway(url, kept, {}, without), counter });
  }
  const plan = { ...PAIRS, query: serversQuery(100), connections: 16 };
  try {
    return [
      ...(await compare('shared executions: dashboard, one token', stacks, { ...plan, tokens: [tokenOf(0)] })),
      ...(await compare('shared executions: dashboard, 16 tokens', stacks, {
        ...plan,
        tokens: Array.from({ length: 16 }, (_, i) => tokenOf(i)),
      })),
    ];
  } finally {
    await stopAll(upstream, ...stacks.map(({ server }) => server));
    await kept.close();
  }
}

const nameOf = (without: string | undefined) => (without ? 'without' : 'with');

/** Loads the stacks in turn and compares them: the last is the one without. `atMost`: the bar of the one with it. */
export async function compare(bench: string, stacks: readonly Stack[], plan: Plan, atMost?: number): Promise<Line[]> {
  const measured = await loadInTurn(stacks, plan);
  const plain = measured.at(-1) as Measured;
  return measured.map(({ name, cpu, perSecond, p50, p99, counted }) => ({
    bench,
    stack: name,
    figures: {
      'CPU µs/request': number(cpu),
      'CPU of the one without': ratio(cpu, plain.cpu),
      'requests/s': number(perSecond),
      'p50 ms': number(p50, 1),
      'p99 ms': number(p99, 1),
      ...(counted > 0 && { 'upstream GETs/request': number(counted, 2) }),
    },
    ...(atMost !== undefined && name === 'with' && { bar: barOf('of the one without', cpu / plain.cpu, { atMost }) }),
  }));
}
