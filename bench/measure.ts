/** Common to several benchmarks: compare the responses of several servers, load them in turn, take medians. */
import type { HttpLoad, HttpLoaded } from './load/http.ts';
import { type Server, startWorker, type Worker } from './processes.ts';
import { median } from './table.ts';

/** One stack under load, and what else to count around a run. */
export interface Stack {
  readonly name: string;
  readonly server: Server;
  /** A counter that is read before and after each run: the table shows the difference per request. */
  readonly counter?: () => Promise<number>;
}

export interface Measured {
  readonly name: string;
  /** CPU of the server process, in microseconds per request. */
  readonly cpu: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly counted: number;
}

export interface Plan extends Pick<HttpLoad, 'query' | 'connections' | 'tokens'> {
  readonly repetitions?: number;
  readonly warmUpMs?: number;
  readonly ms?: number;
}

/** Loads each stack in turn, several times in alternating order; medians of the repetitions. Throws when a stack responds differently from the first. */
export async function loadInTurn(stacks: readonly Stack[], plan: Plan): Promise<Measured[]> {
  const { query, connections, tokens, repetitions = 3, warmUpMs = 1500, ms = 2000 } = plan;
  await compareAnswers(stacks, query, tokens[0] ?? '');
  const worker = await startWorker('load/http');
  const runs = new Map<string, Run[]>(stacks.map(({ name }) => [name, []]));
  const load = { query, connections, tokens };
  for (const stack of stacks) await run(worker, stack, { ...load, url: stack.server.url, ms: warmUpMs });
  for (let i = 0; i < repetitions; i++) {
    for (const stack of i % 2 === 0 ? stacks : stacks.toReversed()) {
      runs.get(stack.name)?.push(await run(worker, stack, { ...load, url: stack.server.url, ms }));
    }
  }
  await worker.stop();
  return [...runs].map(([name, all]) => {
    const middle = (key: keyof Run) => median(all.map((one) => one[key]));
    return {
      name,
      cpu: middle('cpu'),
      perSecond: middle('perSecond'),
      p50: middle('p50'),
      p99: middle('p99'),
      counted: middle('counted'),
    };
  });
}

type Run = Omit<Measured, 'name'>;

async function run(worker: Worker, { name, server, counter }: Stack, load: HttpLoad): Promise<Run> {
  const [cpuBefore, countBefore] = [await server.cpu(), (await counter?.()) ?? 0];
  const { requests, failures, ms, p50, p99 } = await worker.call<HttpLoaded>({ method: 'load', ...load });
  const [cpuAfter, countAfter] = [await server.cpu(), (await counter?.()) ?? 0];
  if (failures > 0) throw new Error(`${name}: ${failures} of ${requests} responses differ from the first`);
  return {
    cpu: (cpuAfter - cpuBefore) / requests,
    perSecond: requests / (ms / 1000),
    p50,
    p99,
    counted: (countAfter - countBefore) / requests,
  };
}

/** Byte for byte, except for the line break at the end of Apollo Server's responses. */
async function compareAnswers(stacks: readonly Stack[], query: string, token: string): Promise<void> {
  let expected: string | null = null;
  for (const { name, server } of stacks) {
    // repeated: later responses may come from a compiled query
    for (let i = 0; i < 3; i++) {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-auth-token': token },
        body: JSON.stringify({ query }),
      });
      const text = (await response.text()).trimEnd();
      expected ??= text;
      if (response.status !== 200 || text !== expected || text.includes('"errors"')) {
        throw new Error(
          `${name} responds with ${response.status}, differently from ${stacks[0]?.name}: ${text.slice(0, 500)}`,
        );
      }
    }
  }
}

/** Stops all; those that were never started are ignored. */
export async function stopAll(...all: readonly (Worker | undefined)[]): Promise<void> {
  await Promise.all(all.map((one) => one?.stop()));
}
