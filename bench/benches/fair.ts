/** `fair`: the latency of project B while project A sends all it can, with the limits per project and token and without. */
import { serversQuery, tokenOf } from '../data.ts';
import { keepAttachments, startGateway, startStore } from '../gateway.ts';
import type { HttpLoad, HttpLoaded } from '../load/http.ts';
import { stopAll } from '../measure.ts';
import { startWorker, type Worker } from '../processes.ts';
import { type Line, number } from '../table.ts';

const MS = 6000;
/** As if the gateway had no limits but MAX_IN_FLIGHT. */
const WITHOUT = {
  MAX_RUNNING_PER_PROJECT: '100000',
  MAX_IN_FLIGHT_PER_PROJECT: '100000',
  MAX_IN_FLIGHT_PER_TOKEN: '100000',
};
/** 64 tokens of project A, so that the limit of a token alone is not what helps. The benchmarks have four projects. */
const TOKENS_OF_A = Array.from({ length: 64 }, (_, i) => tokenOf(4 * i));
/** One call to Nova and much to write: what it takes is the event loop. */
const QUERY_OF_A = `{ servers(first: 200) { nodes {
  id name status created updated metadata tags addresses { network address } flavor { name vcpus ramMib } } } }`;
const TOKENS_OF_B = [tokenOf(1)];

export async function fair(): Promise<Line[]> {
  const upstream = await startWorker('upstream', ['50']);
  const kept = await startStore();
  await keepAttachments(kept, 100);
  const [loadA, loadB] = [await startWorker('load/http'), await startWorker('load/http')];
  try {
    const lines: Line[] = [];
    for (const [name, env] of Object.entries({ 'with limits per project': {}, 'without them': WITHOUT })) {
      const gateway = await startGateway(upstream.hello.url ?? '', kept, env);
      const ofA = { url: gateway.url, query: QUERY_OF_A, connections: 200, tokens: TOKENS_OF_A, retryMs: 1000 };
      const ofB = { url: gateway.url, query: serversQuery(20), connections: 4, tokens: TOKENS_OF_B };
      await load(loadB, { ...ofB, ms: 2000 });
      const alone = await load(loadB, { ...ofB, ms: MS });
      const [, beside] = await Promise.all([
        load(loadA, { ...ofA, ms: MS + 2000 }),
        new Promise((resolve) => setTimeout(resolve, 1000)).then(() => load(loadB, { ...ofB, ms: MS })),
      ]);
      await gateway.stop();
      lines.push(lineOf(name, 'B alone', alone), lineOf(name, 'B while A saturates', beside));
    }
    return lines;
  } finally {
    await stopAll(upstream, loadA, loadB);
    await kept.close();
  }
}

const load = (worker: Worker, options: HttpLoad) => worker.call<HttpLoaded>({ method: 'load', ...options });

const lineOf = (name: string, situation: string, { requests, failures, ms, p50, p99 }: HttpLoaded): Line => ({
  bench: `fair shares: ${situation}`,
  stack: name,
  figures: {
    'p50 ms': number(p50, 1),
    'p99 ms': number(p99, 1),
    'requests/s': number(requests / (ms / 1000)),
    failed: number(failures),
  },
});
