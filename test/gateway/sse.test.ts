import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createClient } from 'graphql-sse';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { samplesOf, sumOf } from '../support/metrics.ts';
import { until } from '../support/until.ts';

const EVENTS = 'subscription { shareAttachmentEvents { type } }';
const ATTACH = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id } } }';
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { id } } }';
const PAIR = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };

let gateway: TestGateway;
const aborts: AbortController[] = [];
beforeEach(async () => {
  gateway = await startGateway({ env: { METRICS_PORT: '0', WS_MAX_SUBSCRIPTIONS_PER_TOKEN: '2', SHUTDOWN_MS: '0' } });
});
afterEach(async () => {
  for (const abort of aborts.splice(0)) abort.abort();
  await gateway.close();
});

/** A response that is read as it arrives. */
async function open(headers: Record<string, string> = {}, query = EVENTS, init: RequestInit = {}) {
  const abort = new AbortController();
  aborts.push(abort);
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: {
      ...{ accept: 'text/event-stream', 'content-type': 'application/json', 'x-auth-token': gateway.token },
      ...headers,
    },
    body: JSON.stringify({ query }),
    signal: abort.signal,
    ...init,
  });
  const stream = { response, text: '', isEnded: false, abort: () => abort.abort() };
  void (async () => {
    for await (const chunk of response.body ?? []) stream.text += Buffer.from(chunk).toString();
    stream.isEnded = true;
  })().catch(() => undefined);
  return stream;
}

const typesIn = (text: string) => [...text.matchAll(/"type":"(\w+)"/g)].map(([, type]) => type);
const lastIdIn = (text: string) => [...text.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? '';
const attach = () => gateway.query(ATTACH, { input: PAIR });

describe('a subscription over SSE', () => {
  test('each event has its cursor as id; a client that comes back with Last-Event-ID misses none', async () => {
    const first = await open();
    expect(first.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    await until(() => lastIdIn(first.text) !== '');
    await attach();
    await until(() => typesIn(first.text).includes('ATTACHED'));
    first.abort();
    await gateway.query(DETACH, { input: PAIR });

    const second = await open({ 'last-event-id': lastIdIn(first.text) });
    await until(() => typesIn(second.text).includes('DETACHED'));
    expect([...typesIn(first.text), ...typesIn(second.text)]).toEqual([
      ...['ATTACH_STARTED', 'ATTACHED', 'DETACH_STARTED', 'DETACHED'],
    ]);
  });

  test('a client that lost its connection before the first event resumes too', async () => {
    const first = await open();
    await until(() => lastIdIn(first.text) !== '');
    first.abort();
    await attach();
    const second = await open({ 'last-event-id': lastIdIn(first.text) });
    await until(() => typesIn(second.text).includes('ATTACHED'));
    expect(typesIn(second.text)).toEqual(['ATTACH_STARTED', 'ATTACHED']);
  });

  test('by GET, as EventSource sends it', async () => {
    const response = await fetch(`${gateway.url}?query=${encodeURIComponent(EVENTS)}`, {
      headers: { accept: 'text/event-stream', 'x-auth-token': gateway.token },
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    await response.body?.cancel();
  });

  test('the client of graphql-sse receives the events, and its end releases the subscription', async () => {
    const client = createClient({ url: gateway.url, headers: { 'X-Auth-Token': gateway.token }, retryAttempts: 0 });
    const received: unknown[] = [];
    const stop = client.subscribe(
      { query: EVENTS },
      {
        next: ({ data }) => received.push(data),
        error: (error) => received.push(error),
        complete: () => {},
      },
    );
    const isOpen = async (count: number) =>
      sumOf(await samplesOf(gateway), 'nmg_subscriptions', 'graphql_sse') === count;
    await until(() => isOpen(1));
    await attach();
    await until(() => received.length === 2);
    expect(received[1]).toEqual({ shareAttachmentEvents: { type: 'ATTACHED' } });
    stop();
    await until(() => isOpen(0));
    expect(sumOf(await samplesOf(gateway), 'nmg_events_delivered_total', 'graphql_sse')).toBe(2);
  });

  test.each<[situation: string, headers: Record<string, string>, query: string, status: number, code: string]>([
    ['no token', { 'x-auth-token': '' }, EVENTS, 401, 'UNAUTHENTICATED'],
    ['an unknown field', {}, 'subscription { nothing }', 422, 'GRAPHQL_VALIDATION_FAILED'],
    ['a cursor that the log does not have', { 'last-event-id': '1-1' }, EVENTS, 410, 'CURSOR_EXPIRED'],
    ['a Last-Event-ID that is no cursor', { 'last-event-id': 'x' }, EVENTS, 422, 'BAD_USER_INPUT'],
  ])('%s -> an error with its status, no stream', async (_situation, headers, query, status, code) => {
    const stream = await open(headers, query);
    await until(() => stream.isEnded);
    expect([stream.response.status, stream.response.headers.get('content-type')]).toEqual([
      ...[status, 'application/graphql-response+json; charset=utf-8'],
    ]);
    expect(JSON.parse(stream.text)).toMatchObject({ errors: [{ extensions: { code } }] });
  });

  test('one more than WS_MAX_SUBSCRIPTIONS_PER_TOKEN -> 429 with Retry-After', async () => {
    await open();
    await open();
    const { response } = await open();
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '5']);
  });

  test('a token that expires -> complete, with the time to reconnect', async () => {
    const token = gateway.sandbox.issueToken('demo', { expiresInMs: 4000 });
    const stream = await open({ 'x-auth-token': token });
    await until(() => stream.isEnded);
    expect(stream.text).toMatch(/retry: \d+\nevent: complete\ndata: \n\n$/);
  });

  test('a stop -> complete, and the gateway does not wait for the client', async () => {
    const stream = await open();
    await until(() => lastIdIn(stream.text) !== '');
    await gateway.close();
    await until(() => stream.isEnded);
    expect(stream.text).toMatch(/retry: \d+\nevent: complete\ndata: \n\n$/);
    gateway = await startGateway();
  });

  test('a query -> GraphQL over HTTP answers', async () => {
    const stream = await open({ accept: 'text/event-stream, application/json' }, '{ viewer { roles } }');
    expect(stream.response.headers.get('content-type')).toContain('application/json');
  });
});
