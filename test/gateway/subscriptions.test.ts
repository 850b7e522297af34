import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { type HeardEvent, type Listener, listen } from '../support/listener.ts';
import { testRedisUrl } from '../support/redis.ts';

const ATTACH = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }';
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { status } } }';
const PAIR = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };
const OTHER = { serverId: DEMO.twoNetworkServerId, shareId: DEMO.cephfsShareId };
const CYCLE = ['ATTACH_STARTED', 'ATTACHED', 'DETACH_STARTED', 'DETACHED'];

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function start(options: Parameters<typeof startGateway>[0] = {}): Promise<TestGateway> {
  const gateway = await startGateway(options);
  open.push(gateway);
  return gateway;
}

function hear(gateway: Pick<TestGateway, 'wsUrl' | 'token'>, variables: Parameters<typeof listen>[1] = {}): Listener {
  const listener = listen(gateway, variables);
  open.push(listener);
  return listener;
}

const types = (events: HeardEvent[]) => events.map((event) => event.type);

/** Attaches, waits until attached, detaches, waits until detached. */
async function cycle(gateway: TestGateway, pair = PAIR): Promise<HeardEvent[]> {
  const { data } = await gateway.query('{ shareAttachments { eventCursor } }');
  const listener = listen(gateway, { ...pair, after: data.shareAttachments.eventCursor });
  await gateway.query(ATTACH, { input: pair });
  const attached = await listener.until('ATTACHED');
  await gateway.query(DETACH, { input: pair });
  const detached = await listener.until('DETACHED');
  await listener.close();
  return [...attached, ...detached];
}

test('a subscriber without a cursor receives the events from now on, in order, each once', async () => {
  const gateway = await start();
  await cycle(gateway);
  const all = hear(gateway);
  // a subscription is live a moment after its request: the first event received is of a pair that is attached until then
  const first = all.next();
  let isHeard = false;
  first.then(() => {
    isHeard = true;
  });
  while (!isHeard) await cycle(gateway);
  // the first event received may be the last of its cycle
  await cycle(gateway);
  const heard = [await first];
  while (heard.length < 4) heard.push(await all.next());
  expect(CYCLE).toContain(heard[0]?.type);
  const from = CYCLE.indexOf(heard[0]?.type ?? '');
  expect(types(heard)).toEqual([...CYCLE, ...CYCLE].slice(from, from + 4));
});

test('filters by server and by share -> only those', async () => {
  const gateway = await start();
  await cycle(gateway, PAIR);
  await cycle(gateway, OTHER);
  const byServer = hear(gateway, { serverId: OTHER.serverId, after: '0-0' });
  const byShare = hear(gateway, { shareId: PAIR.shareId, after: '0-0' });
  expect((await byServer.until('DETACHED')).map((event) => event.attachment.serverId)).toEqual(
    CYCLE.map(() => OTHER.serverId),
  );
  expect((await byShare.until('DETACHED')).map((event) => event.attachment.shareId)).toEqual(
    CYCLE.map(() => PAIR.shareId),
  );
});

test("another project's events are not received", async () => {
  const gateway = await start();
  await cycle(gateway);
  const token = gateway.sandbox.issueToken('other');
  const server = gateway.sandbox.addServer({
    project: 'other',
    ports: [{ network: 'private', fixedIps: ['10.10.0.240'] }],
  });
  const share = gateway.sandbox.addShare({ project: 'other' });
  const theirs = hear({ wsUrl: gateway.wsUrl, token }, { after: '0-0' });
  await gateway.query(ATTACH, { input: { serverId: server.id, shareId: share.id } }, token);
  expect((await theirs.next()).attachment.serverId).toBe(server.id);
});

test('after a cursor: all events since, then live, without gap or duplicate, while changes continue', async () => {
  const gateway = await start();
  const [first] = await cycle(gateway);
  const busy = Promise.all([cycle(gateway, PAIR), cycle(gateway, OTHER)]);
  const resumed = hear(gateway, { after: first?.cursor ?? '' });
  const heard: HeardEvent[] = [];
  while (heard.length < 3 + 2 * CYCLE.length) heard.push(await resumed.next());
  await busy;
  const whole = hear(gateway, { after: '0-0' });
  const log: HeardEvent[] = [];
  while (log.length < heard.length + 1) log.push(await whole.next());
  expect(heard).toEqual(log.slice(1));
  expect(new Set(heard.map((event) => event.cursor)).size).toBe(heard.length);
});

test('a list and its eventCursor -> every change since, none before', async () => {
  const gateway = await start();
  await cycle(gateway);
  const { data } = await gateway.query('{ shareAttachments { eventCursor } }');
  await gateway.query(ATTACH, { input: OTHER });
  const listener = hear(gateway, { after: data.shareAttachments.eventCursor });
  expect(types(await listener.until('ATTACHED'))).toEqual(['ATTACH_STARTED', 'ATTACHED']);
});

test('a cursor that the log no longer has -> CURSOR_EXPIRED; a malformed one -> BAD_USER_INPUT', async () => {
  const gateway = await start({ env: { EVENT_LOG_LENGTH: '10' } });
  const [first] = await cycle(gateway);
  for (let i = 0; i < 3; i++) await cycle(gateway);
  await expect(hear(gateway, { after: first?.cursor ?? '' }).next()).rejects.toThrow(/no longer has/);
  await expect(hear(gateway, { after: 'yesterday' }).next()).rejects.toThrow(
    /expected the cursor of an event, got "yesterday"/,
  );
});

test("two gateways on one Redis receive each other's events", async () => {
  const prefix = `test-${randomUUID()}:`;
  const one = await start({ env: { REDIS_PREFIX: prefix } });
  const two = await start({ env: { REDIS_PREFIX: prefix }, sandbox: one.sandbox });
  const listener = hear(two, { after: '0-0' });
  await cycle(one);
  expect(types(await listener.until('DETACHED'))).toEqual(CYCLE);
  const { data } = await two.query('{ shareAttachments { totalCount } }');
  expect(data.shareAttachments.totalCount).toBe(0);
});

test('an event has its server and share as of its delivery', async () => {
  const gateway = await start();
  await cycle(gateway);
  const { createClient } = await import('graphql-ws');
  const { WebSocket } = await import('ws');
  const client = createClient({
    url: gateway.wsUrl,
    webSocketImpl: WebSocket,
    connectionParams: { 'X-Auth-Token': gateway.token },
  });
  const query = `subscription { shareAttachmentEvents(after: "0-0") {
    type at requestId attachment { mountCommands server { name status } share { name sizeGib } } } }`;
  const events = client.iterate({ query });
  const { value } = await events.next();
  expect(value?.errors).toBeUndefined();
  expect(value?.data?.shareAttachmentEvents).toMatchObject({
    type: 'ATTACH_STARTED',
    requestId: expect.stringMatching(/^req-/),
    attachment: { server: { name: 'web-01' }, share: { name: 'home-dirs' } },
  });
  await events.return?.();
  await client.dispose();
});

test('any number of subscribers -> one Redis subscription a project, and none after the last one leaves', async () => {
  const prefix = `test-${randomUUID()}:`;
  const gateway = await start({ env: { REDIS_PREFIX: prefix } });
  await cycle(gateway);
  const listeners = Array.from({ length: 20 }, () => hear(gateway, { after: '0-0' }));
  for (const listener of listeners) await listener.until('DETACHED');
  const redis = new Redis(testRedisUrl());
  const channels = async () => (await redis.pubsub('SHARDCHANNELS', `*${prefix}*`)) as string[];
  const [channel] = await channels();
  expect(await redis.pubsub('SHARDNUMSUB', channel ?? '')).toEqual([channel, 1]);
  for (const listener of listeners) await listener.close();
  while ((await channels()).length > 0) await new Promise(setImmediate);
  await redis.quit();
});
