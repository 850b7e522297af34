/** Loads a server over HTTP: each connection sends the next request when it has the response. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Dispatcher } from 'undici';
import { handleCalls } from '../calls.ts';
import { quantile } from '../table.ts';

export interface HttpLoad {
  readonly url: string;
  readonly query: string;
  readonly connections: number;
  readonly ms: number;
  /** Connection n sends the nth token, modulo their number. */
  readonly tokens: readonly string[];
  /** How long a connection waits after a failure, in ms; default: not at all. */
  readonly retryMs?: number;
}

export interface HttpLoaded {
  /** Responses, all of them with 200 and as many bytes as the first. */
  readonly requests: number;
  readonly failures: number;
  /** From the first request to the last response, in ms. */
  readonly ms: number;
  readonly p50: number;
  readonly p99: number;
}

async function load({ url, query, connections, ms, tokens, retryMs }: HttpLoad): Promise<HttpLoaded> {
  const body = JSON.stringify({ query });
  const times: number[] = [];
  let failures = 0;
  let length = 0;
  const startedAt = performance.now();
  const endsAt = startedAt + ms;
  const clients = Array.from({ length: connections }, () => new Client(url, { pipelining: 1 }));
  await Promise.all(
    clients.map(async (client, i) => {
      const headers = { 'content-type': 'application/json', 'x-auth-token': tokens[i % tokens.length] ?? '' };
      while (performance.now() < endsAt) {
        const sentAt = performance.now();
        const { status, bytes } = await once(client, { path: '/graphql', method: 'POST', headers, body });
        times.push(performance.now() - sentAt);
        if (status === 200) length ||= bytes;
        if (status === 200 && bytes === length) continue;
        failures++;
        if (retryMs !== undefined) await sleep(retryMs);
      }
    }),
  );
  const took = performance.now() - startedAt;
  await Promise.all(clients.map((client) => client.close()));
  times.sort((a, b) => a - b);
  return { requests: times.length, failures, ms: took, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** undici's cheapest interface: the bytes of the response are counted and dropped. */
function once(client: Client, options: Dispatcher.DispatchOptions): Promise<{ status: number; bytes: number }> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let bytes = 0;
    client.dispatch(options, {
      onRequestStart() {},
      onResponseStart(_controller, code) {
        status = code;
      },
      onResponseData(_controller, chunk) {
        bytes += chunk.length;
      },
      onResponseEnd: () => resolve({ status, bytes }),
      onResponseError: (_controller, error) => reject(error),
    });
  });
}

handleCalls({ load });
process.send?.({});
