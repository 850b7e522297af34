/** `metrics`: the gateway with and without METRICS_PORT, in turn, on the rows `tiny` and `list`. */
import { serversQuery, tokenOf } from '../data.ts';
import { type Stack, stopAll } from '../measure.ts';
import { compiled, startServer } from '../processes.ts';
import type { Line } from '../table.ts';
import { compare, PAIRS } from './worth.ts';

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
      ...(await compare('metrics: tiny', stacks, { ...plan, query: '{ __typename }' }, AT_MOST)),
      ...(await compare('metrics: list', stacks, { ...plan, query: serversQuery(50) }, AT_MOST)),
    ];
  } finally {
    await stopAll(...stacks.map(({ server }) => server));
  }
}
