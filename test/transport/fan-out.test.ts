import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { type FanOut, framesOf, startFanOut } from '../support/fan-out.ts';
import { randomFrom, testSeed } from '../support/random.ts';
import { until } from '../support/until.ts';
import type { WsClient } from '../support/ws-client.ts';

const open: FanOut[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function start(options: Parameters<typeof startFanOut>[0] = {}): Promise<FanOut> {
  const gateway = await startFanOut(options);
  open.push(gateway);
  return gateway;
}

const RECORD = `subscription ($after: String) { shareAttachmentEvents(after: $after) {
  cursor type at requestId attachment { id status mountPoint accessRules { id state } fault { code } } } }`;
const CURSORS = 'subscription ($after: String) { shareAttachmentEvents(after: $after) { cursor } }';
const DOCUMENTS = {
  'fields of the record': RECORD,
  'an alias, a fragment and a typename': `subscription A($after: String) { ...E }
    fragment E on Subscription { e: shareAttachmentEvents(after: $after) { __typename attachment { ...F } } }
    fragment F on ShareAttachment { state: status isStale createdAt }`,
  'a field by a variable': `subscription ($after: String, $x: Boolean = true) {
    shareAttachmentEvents(after: $after) { cursor attachment { status @include(if: $x) id } } }`,
  'a server': `subscription ($after: String) { shareAttachmentEvents(after: $after) {
    cursor attachment { id server { name status } } } }`,
  'a share that is gone': `subscription ($after: String) { shareAttachmentEvents(after: $after) {
    attachment { mountCommands share { name } } } }`,
};

/** A socket that is subscribed, live. */
async function listener(gateway: FanOut, token: string, query: string, variables?: object) {
  const client = await gateway.socket(token);
  const frames = framesOf(client);
  client.subscribe('1', query, variables);
  await client.ping();
  return { client, frames };
}

const cursorsOf = (frames: string[], id = '1') =>
  frames.flatMap((frame) => {
    const message = JSON.parse(frame);
    return message.id === id ? [message.payload.data.shareAttachmentEvents.cursor as string] : [];
  });
const withoutIds = (frames: string[]) => frames.map((frame) => frame.replace(/req-[0-9a-f-]{36}/g, 'req-…'));
const requestIdsOf = (frames: string[]) => frames.map((frame) => frame.match(/"requestId":"(req-[0-9a-f-]{36})"/)?.[1]);

describe('payloads of a group', () => {
  const TOKENS = ['p1 ann', 'p1 ann again', 'p1 bob', 'p1 bob bad', 'p2 cid', 'p2 dot bad'];

  test.each(Object.entries(DOCUMENTS))('%s -> the same bytes as each receives alone', async (_situation, query) => {
    const gateway = await start();
    const from = { p1: await gateway.publish('p1'), p2: await gateway.publish('p2') };
    const live = await Promise.all(
      [...TOKENS, ...TOKENS].map(async (token) => ({ token, ...(await listener(gateway, token, query)) })),
    );
    for (const mountPoint of ['/mnt/a', '/mnt/ü', null]) {
      await gateway.publish('p1', { mountPoint });
      await gateway.publish('p2', { mountPoint, status: 'error_attaching' }, 'ATTACH_FAILED');
    }
    await until(() => live.every(({ frames }) => frames.length === 3));
    expect(gateway.work.shared).toBeGreaterThan(0);
    for (const { token, frames } of live) {
      // a replay goes through graphql-ws, one listener at a time
      const after = from[token.slice(0, 2) as 'p1' | 'p2'];
      const alone = await listener(gateway, token, query, { after });
      await until(() => alone.frames.length === 3);
      expect(withoutIds(frames)).toEqual(withoutIds(alone.frames));
    }
  });

  test('fields of the record -> one execution for all listeners of a project, without a context', async () => {
    const gateway = await start();
    const all = await Promise.all(
      ['p1 ann', 'p1 ann', 'p1 bob', 'p1 bob bad'].map((token) => listener(gateway, token, RECORD)),
    );
    const before = { ...gateway.work };
    for (let i = 0; i < 3; i++) await gateway.publish('p1');
    await until(() => all.every(({ frames }) => frames.length === 3));
    expect(gateway.work).toEqual({ ...before, shared: before.shared + 3 });
  });

  test('fields that are read with a token -> one execution and one context for each token, each with its own', async () => {
    const gateway = await start();
    const tokens = ['p1 ann', 'p1 ann', 'p1 ann', 'p1 ann again', 'p1 ann again', 'p1 bob', 'p1 bob'];
    const all = await Promise.all(
      tokens.map(async (token) => ({ token, ...(await listener(gateway, token, DOCUMENTS['a server'])) })),
    );
    const before = { ...gateway.work };
    await gateway.publish('p1');
    await until(() => all.every(({ frames }) => frames.length === 1));
    expect(gateway.work).toEqual({ ...before, shared: before.shared + 3, contexts: before.contexts + 3 });
    for (const { token, frames } of all) expect(frames[0]).toContain(`"name":"${token}"`);
  });

  test('variables that select events -> separate groups', async () => {
    const gateway = await start();
    const query =
      'subscription ($serverId: ID) { shareAttachmentEvents(serverId: $serverId) { attachment { serverId } } }';
    const [one, two] = ['5e7ae700-0000-4000-8000-000000000001', '5e7ae700-0000-4000-8000-000000000002'];
    const values = [one, one, two, two, undefined, null];
    const all = await Promise.all(values.map((serverId) => listener(gateway, 'p1 ann', query, { serverId })));
    for (const serverId of [one, two]) await gateway.publish('p1', { serverId: serverId as string });
    await until(() => all[4]?.frames.length === 2 && all[5]?.frames.length === 2);
    await Promise.all(all.map(({ client }) => client.ping()));
    const received = all.map(({ frames }) => frames.map((frame) => JSON.parse(frame).payload.data));
    const event = (serverId?: string) => ({ shareAttachmentEvents: { attachment: { serverId } } });
    expect(received).toEqual([
      [event(one)],
      [event(one)],
      [event(two)],
      [event(two)],
      [event(one), event(two)],
      [event(one), event(two)],
    ]);
  });

  test('variables that select fields -> separate groups', async () => {
    const gateway = await start();
    const values = [true, true, false, false];
    const query = DOCUMENTS['a field by a variable'];
    const all = await Promise.all(values.map((x) => listener(gateway, 'p1 ann', query, { x })));
    await gateway.publish('p1');
    await until(() => all.every(({ frames }) => frames.length === 1));
    expect(all.map(({ frames }) => frames[0]?.includes('"status"'))).toEqual(values);
  });

  test('a token that Nova rejects -> errors for its listeners, each with its own request id; the payloads of others are complete', async () => {
    const gateway = await start();
    const tokens = ['p1 ann', 'p1 ann', 'p1 bad', 'p1 bad'];
    const all = await Promise.all(tokens.map((token) => listener(gateway, token, DOCUMENTS['a server'])));
    await gateway.publish('p1');
    await until(() => all.every(({ frames }) => frames.length === 1));
    const [good, alsoGood, rejected, alsoRejected] = all.map(({ frames }) => frames);
    for (const frames of [good, alsoGood]) expect(JSON.parse(frames?.[0] ?? '').payload.errors).toBeUndefined();
    for (const frames of [rejected, alsoRejected]) {
      expect(JSON.parse(frames?.[0] ?? '').payload.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
    expect(new Set([...requestIdsOf(rejected ?? []), ...requestIdsOf(alsoRejected ?? [])]).size).toBe(2);
  });
});

describe('listeners join and leave', () => {
  test('listeners join from any cursor while events are published -> each receives all after its cursor, once, in order', async () => {
    const gateway = await start();
    const log: string[] = ['0-0'];
    for (let i = 0; i < 20; i++) log.push(await gateway.publish('p1'));
    const client = await gateway.socket('p1 ann');
    const frames = framesOf(client);
    const from: number[] = [];
    const random = randomFrom(testSeed());
    const expected = () => from.map((at) => log.slice(at + 1));
    for (let i = 0; i < 60; i++) {
      const at = Math.floor(random() * log.length);
      from.push(at);
      client.subscribe(`${i}`, i % 3 === 0 ? RECORD : CURSORS, { after: log[at] });
      for (let j = 0; j < 3; j++) log.push(await gateway.publish('p1'));
      // from time to time all have caught up, and continue together
      if (i % 10 === 9) await until(() => frames.length >= expected().flat().length);
    }
    await client.ping();
    const received = from.map((_, i) => cursorsOf(frames, `${i}`));
    expect(received).toEqual(expected());
    expect(gateway.work.shared).toBeGreaterThan(0);
  });

  test('a listener without a cursor joins others -> receives events from now on', async () => {
    const gateway = await start();
    const first = await listener(gateway, 'p1 ann', CURSORS);
    const second = await listener(gateway, 'p1 ann', CURSORS);
    const before = await gateway.publish('p1');
    const late = await listener(gateway, 'p1 ann', CURSORS);
    const after = [await gateway.publish('p1'), await gateway.publish('p1')];
    await until(() => [first, second].every(({ frames }) => frames.length === 3) && late.frames.length >= 2);
    await late.client.ping();
    expect(cursorsOf(late.frames)).toEqual(after);
    expect(cursorsOf(first.frames)).toEqual([before, ...after]);
  });

  test('one leaves during its replay -> the others go on', async () => {
    const store = createMemoryStore({ logLength: 10_000 });
    let onReading = () => {};
    let goOn = () => {};
    const reading = new Promise<void>((resolve) => {
      onReading = resolve;
    });
    const released = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let pages = 0;
    const readEvents: AttachmentStore['readEvents'] = async (...args) => {
      pages++;
      if (pages === 2) {
        onReading();
        await released;
      }
      return await store.readEvents(...args);
    };
    const gateway = await start({ store: { ...store, readEvents } });
    const { frames } = await listener(gateway, 'p1 ann', CURSORS);
    const first = await gateway.publish('p1');
    const leaving = await gateway.socket('p1 ann');
    leaving.subscribe('1', CURSORS, { after: '0-0' });
    await reading;
    leaving.send({ id: '1', type: 'complete' });
    await leaving.ping();
    const second = await gateway.publish('p1');
    goOn();
    await leaving.ping();
    const third = await gateway.publish('p1');
    await until(() => frames.length === 3);
    expect(cursorsOf(frames)).toEqual([first, second, third]);
  });

  test('one leaves in a burst -> receives no more; the others receive all', async () => {
    const gateway = await start();
    const staying: WsClient[] = [];
    const received: string[][] = [];
    for (let i = 0; i < 4; i++) {
      const client = await gateway.socket('p1 ann');
      staying.push(client);
      received.push(framesOf(client));
      for (let id = 0; id < 100; id++) client.subscribe(`${id}`, CURSORS);
      await client.ping();
    }
    const leaving = await listener(gateway, 'p1 ann', CURSORS);
    leaving.client.socket.once('message', () => leaving.client.send({ id: '1', type: 'complete' }));
    const published: string[] = [];
    for (let i = 0; i < 10; i++) published.push(await gateway.publish('p1'));
    await until(() => leaving.frames.length > 0);
    await leaving.client.ping();
    const before = leaving.frames.length;
    published.push(await gateway.publish('p1'));
    await until(() => received.every((frames) => frames.length === 100 * published.length));
    await leaving.client.ping();
    expect(leaving.frames.length).toBe(before);
    for (const frames of received)
      for (let id = 0; id < 100; id++) expect(cursorsOf(frames, `${id}`)).toEqual(published);
  });

  test('the first of a group leaves -> the others go on', async () => {
    const gateway = await start();
    const [first, second, third] = await Promise.all(
      ['p1 ann', 'p1 ann', 'p1 ann'].map((token) => listener(gateway, token, CURSORS)),
    );
    const published = [await gateway.publish('p1')];
    await until(() => first?.frames.length === 1);
    await first?.client.close();
    published.push(await gateway.publish('p1'));
    await until(() => second?.frames.length === 2 && third?.frames.length === 2);
    expect(cursorsOf(second?.frames ?? [])).toEqual(published);
    expect(first?.frames).toHaveLength(1);
  });

  test('one stops reading -> only it is closed with 1013, the others receive all', async () => {
    const gateway = await start({ env: { WS_MAX_BUFFER_BYTES: '65536' } });
    const slow = await listener(gateway, 'p1 ann', RECORD);
    const others = await Promise.all(['p1 ann', 'p1 bob'].map((token) => listener(gateway, token, RECORD)));
    slow.client.stall();
    const mountPoint = `/${'x'.repeat(60_000)}`;
    const EVENTS = 1000;
    const close = jest.spyOn(WebSocket.prototype, 'close');
    // the kernel buffers some megabytes before the process does
    for (let count = 1; count <= EVENTS && close.mock.calls.length === 0; count++) {
      await gateway.publish('p1', { mountPoint });
      await until(() => others.every(({ frames }) => frames.length === count));
    }
    close.mockRestore();
    // the server ends the connection when the close is not read within 5 s
    slow.client.resume();
    expect(await slow.client.waitForClose()).toEqual({ code: 1013, reason: 'Too slow: resume from your last cursor' });
    expect(slow.frames.length).toBeLessThan(EVENTS);
    await Promise.all(others.map(({ client }) => client.ping()));
  });

  test('a group loses its log -> an error for each with its own request id; a new listener receives events', async () => {
    const subscriptions: ((error: Error) => void)[] = [];
    const gateway = await start({ store: storeThatLoses(subscriptions) });
    const all = await Promise.all(['p1 ann', 'p1 bob', 'p1 cid'].map((token) => listener(gateway, token, CURSORS)));
    const last = await gateway.publish('p1');
    await until(() => all.every(({ frames }) => frames.length === 1));
    for (const lose of subscriptions.splice(0)) lose(new Error('gone'));
    const errors = await Promise.all(all.map(async ({ client }) => (await client.nextOf('error', '1')).payload[0]));
    for (const error of errors) {
      expect(error).toMatchObject({ extensions: { code: 'CURSOR_EXPIRED' } });
      expect(error.message).toContain(`Events after ${last} are lost`);
    }
    expect(new Set(errors.map((error) => error.extensions.requestId)).size).toBe(3);
    const again = await listener(gateway, 'p1 ann', CURSORS);
    const cursor = await gateway.publish('p1');
    await until(() => again.frames.length === 1);
    expect(cursorsOf(again.frames)).toEqual([cursor]);
  });

  test('one joins a group that lost its log and still executes an event -> receives later events', async () => {
    const subscriptions: ((error: Error) => void)[] = [];
    const gateway = await start({ store: storeThatLoses(subscriptions) });
    const join = () => listener(gateway, 'p1 late', DOCUMENTS['a server']);
    const [first, second] = [await join(), await join()];
    await gateway.publish('p1');
    await until(() => gateway.work.shared === 1);
    for (const lose of subscriptions.splice(0)) lose(new Error('gone'));
    const third = await join();
    gateway.release();
    for (const { client } of [first, second]) await client.nextOf('error', '1');
    const cursor = await gateway.publish('p1');
    await until(() => third.frames.length === 1);
    expect(cursorsOf(third.frames)).toEqual([cursor]);
    expect(first.frames).toHaveLength(1);
  });
});

/** A store whose subscriptions can be made to lose their log. */
function storeThatLoses(onLosts: ((error: Error) => void)[]): AttachmentStore {
  const store = createMemoryStore({ logLength: 100 });
  return {
    ...store,
    subscribe: (project, listener, onLost) => {
      onLosts.push(onLost);
      return store.subscribe(project, listener, onLost);
    },
  };
}
