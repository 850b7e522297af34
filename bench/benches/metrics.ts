/** `metrics`: the gateway with and without METRICS_PORT, in turn, on the rows `tiny` and `list`. */
import { serversQuery, tokenOf } from '../data.ts';
import { loadInTurn, type Measured, type Plan, type Stack, stopAll } from '../measure.ts';
import { compiled, startServer } from '../processes.ts';
import { barOf, type Line, number, ratio } from '../table.ts';

/** Many short runs in turn, so that other load of the machine falls on both alike. */
const PAIRS = { repetitions: 7, warmUpMs: 1500, ms: 1500 };
/** Metrics are on by default: what they may cost. */
const AT_MOST = 1.03;

export async function metrics(): Promise<Line[]> {
  const stacks: Stack[] = [];
  for (const kind of ['metrics', 'list']) {
    const server = await startServer(compiled('servers/memory-gateway'), { args: [kind] });
    stacks.push({ name: kind === 'metrics' ? 'with' : 'without', server });
  }
  const plan = { ...PAIRS, connections: 32, tokens: [tokenOf(0)] };
  try {
    return [
      ...(await compare('metrics: tiny', stacks, { ...plan, query: '{ __typename }' })),
      ...(await compare('metrics: list', stacks, { ...plan, query: serversQuery(50) })),
    ];
  } finally {
    await stopAll(...stacks.map(({ server }) => server));
  }
}

async function compare(bench: string, stacks: readonly Stack[], plan: Plan): Promise<Line[]> {
  const measured = await loadInTurn(stacks, plan);
  const plain = measured.at(-1) as Measured;
  return measured.map(({ name, cpu, perSecond, p99 }) => ({
    bench,
    stack: name,
    figures: {
      'CPU µs/request': number(cpu),
      'CPU of the one without': ratio(cpu, plain.cpu),
      'requests/s': number(perSecond),
      'p99 ms': number(p99, 1),
    },
    ...(name === 'with' && { bar: barOf('of the one without', cpu / plain.cpu, { atMost: AT_MOST }) }),
  }));
}
