/** `list` and `tiny`: the cost of the stack itself, with its data in memory. */
import { serversQuery, tokenOf } from '../data.ts';
import { loadInTurn, type Measured, type Stack, stopAll } from '../measure.ts';
import { compiled, startServer } from '../processes.ts';
import { barOf, bars, type Line, number, ratio } from '../table.ts';

const PEERS = ['apollo', 'mercurius', 'yoga'];
const NAMES: Record<string, string> = { apollo: 'Apollo Server + Fastify', mercurius: 'Mercurius + JIT', yoga: 'Yoga' };
export const titleOf = (peer: string) => NAMES[peer] ?? peer;

export async function list(): Promise<Line[]> {
  const measured = await run(serversQuery(50), true);
  return lines('list: 50 servers from memory', measured, (cpu, of) =>
    bars(
      barOf('of Mercurius', cpu / of('mercurius'), { atMost: 1.1 }),
      barOf('of Apollo', cpu / of('apollo'), { atMost: 0.2 }),
    ),
  );
}

export async function tiny(): Promise<Line[]> {
  const measured = await run('{ __typename }', false);
  return lines('tiny: { __typename }', measured, (cpu, of) =>
    bars(
      barOf('of Mercurius', cpu / of('mercurius'), { atMost: 2.2 }),
      barOf('of Apollo', cpu / of('apollo'), { atMost: 0.8 }),
    ),
  );
}

async function run(query: string, withStore: boolean): Promise<Measured[]> {
  const stacks: Stack[] = [];
  for (const kind of withStore ? ['list', 'store'] : ['list']) {
    const server = await startServer(compiled('servers/memory-gateway'), { args: [kind] });
    stacks.push({ name: kind === 'list' ? 'gateway' : 'gateway, in-process store', server });
  }
  for (const name of PEERS)
    stacks.push({ name, server: await startServer(compiled('servers/peer'), { args: [name] }) });
  try {
    return await loadInTurn(stacks, { query, connections: 32, tokens: [tokenOf(0)] });
  } finally {
    await stopAll(...stacks.map(({ server }) => server));
  }
}

function lines(
  bench: string,
  measured: readonly Measured[],
  bar: (cpu: number, of: (name: string) => number) => NonNullable<Line['bar']>,
): Line[] {
  const of = (name: string) => measured.find((one) => one.name === name)?.cpu ?? Number.NaN;
  return measured.map(({ name, cpu, perSecond, p99 }) => ({
    bench,
    stack: titleOf(name),
    figures: {
      'CPU µs/request': number(cpu),
      'requests/s': number(perSecond),
      'p99 ms': number(p99, 1),
      'of Mercurius + JIT': ratio(cpu, of('mercurius')),
    },
    ...(name === 'gateway' && { bar: bar(cpu, of) }),
  }));
}
