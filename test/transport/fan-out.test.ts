import { afterEach, describe, expect, test } from '@jest/globals';
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

describe('what a group is told', () => {
  const TOKENS = ['p1 ann', 'p1 ann again', 'p1 bob', 'p1 bob bad', 'p2 cid', 'p2 dot bad'];

  test.each(Object.entries(DOCUMENTS))('%s -> byte for byte what each is told alone', async (_situation, query) => {
    const gateway = await start();
    const from = { p1: await gateway.tell('p1'), p2: await gateway.tell('p2') };
    const live = await Promise.all(
      [...TOKENS, ...TOKENS].map(async (token) => ({ token, ...(await listener(gateway, token, query)) })),
    );
    for (const mountPoint of ['/mnt/a', '/mnt/ü', null]) {
      await gateway.tell('p1', { mountPoint });
      await gateway.tell('p2', { mountPoint, status: 'error_attaching' }, 'ATTACH_FAILED');
    }
    await until(() => live.every(({ frames }) => frames.length === 3));
    expect(gateway.work.shared).toBeGreaterThan(0);
    for (const { token, frames } of live) {
      // What is told again goes through graphql-ws, one listener at a time.
      const after = from[token.slice(0, 2) as 'p1' | 'p2'];
      const alone = await listener(gateway, token, query, { after });
      await until(() => alone.frames.length === 3);
      expect(withoutIds(frames)).toEqual(withoutIds(alone.frames));
    }
  });

  test('fields of the record -> one execution for all of a project, with nobody’s context', async () => {
    const gateway = await start();
    const all = await Promise.all(
      ['p1 ann', 'p1 ann', 'p1 bob', 'p1 bob bad'].map((token) => listener(gateway, token, RECORD)),
    );
    const before = { ...gateway.work };
    for (let i = 0; i < 3; i++) await gateway.tell('p1');
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
    await gateway.tell('p1');
    await until(() => all.every(({ frames }) => frames.length === 1));
    expect(gateway.work).toEqual({ ...before, shared: before.shared + 3, contexts: before.contexts + 3 });
    for (const { token, frames } of all) expect(frames[0]).toContain(`"name":"${token}"`);
  });

  test('variables that say what is told -> groups of their own', async () => {
    const gateway = await start();
    const query =
      'subscription ($serverId: ID) { shareAttachmentEvents(serverId: $serverId) { attachment { serverId } } }';
    const [one, two] = ['5e7ae700-0000-4000-8000-000000000001', '5e7ae700-0000-4000-8000-000000000002'];
    const wanted = [one, one, two, two, undefined, null];
    const all = await Promise.all(wanted.map((serverId) => listener(gateway, 'p1 ann', query, { serverId })));
    for (const serverId of [one, two]) await gateway.tell('p1', { serverId: serverId as string });
    await until(() => all[4]?.frames.length === 2 && all[5]?.frames.length === 2);
    await Promise.all(all.map(({ client }) => client.ping()));
    const heard = all.map(({ frames }) => frames.map((frame) => JSON.parse(frame).payload.data));
    const event = (serverId?: string) => ({ shareAttachmentEvents: { attachment: { serverId } } });
    expect(heard).toEqual([
      [event(one)],
      [event(one)],
      [event(two)],
      [event(two)],
      [event(one), event(two)],
      [event(one), event(two)],
    ]);
  });

  test('variables that say what is shown -> groups of their own', async () => {
    const gateway = await start();
    const wanted = [true, true, false, false];
    const query = DOCUMENTS['a field by a variable'];
    const all = await Promise.all(wanted.map((x) => listener(gateway, 'p1 ann', query, { x })));
    await gateway.tell('p1');
    await until(() => all.every(({ frames }) => frames.length === 1));
    expect(all.map(({ frames }) => frames[0]?.includes('"status"'))).toEqual(wanted);
  });

  test('a token that Nova refuses -> errors for its listeners, each with its own request id; the others’ answers are whole', async () => {
    const gateway = await start();
    const tokens = ['p1 ann', 'p1 ann', 'p1 bad', 'p1 bad'];
    const all = await Promise.all(tokens.map((token) => listener(gateway, token, DOCUMENTS['a server'])));
    await gateway.tell('p1');
    await until(() => all.every(({ frames }) => frames.length === 1));
    const [good, alsoGood, refused, alsoRefused] = all.map(({ frames }) => frames);
    for (const frames of [good, alsoGood]) expect(JSON.parse(frames?.[0] ?? '').payload.errors).toBeUndefined();
    for (const frames of [refused, alsoRefused]) {
      expect(JSON.parse(frames?.[0] ?? '').payload.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
    expect(new Set([...requestIdsOf(refused ?? []), ...requestIdsOf(alsoRefused ?? [])]).size).toBe(2);
  });
});

describe('who comes and goes', () => {
  test('listeners come from everywhere in the log while events happen -> each hears all after its cursor, once, in order', async () => {
    const gateway = await start();
    const log: string[] = ['0-0'];
    for (let i = 0; i < 20; i++) log.push(await gateway.tell('p1'));
    const client = await gateway.socket('p1 ann');
    const frames = framesOf(client);
    const from: number[] = [];
    const random = randomFrom(testSeed());
    const expected = () => from.map((at) => log.slice(at + 1));
    for (let i = 0; i < 60; i++) {
      const at = Math.floor(random() * log.length);
      from.push(at);
      client.subscribe(`${i}`, i % 3 === 0 ? RECORD : CURSORS, { after: log[at] });
      for (let j = 0; j < 3; j++) log.push(await gateway.tell('p1'));
      // Now and then all are there at once, and go on together.
      if (i % 10 === 9) await until(() => frames.length >= expected().flat().length);
    }
    await client.ping();
    const heard = from.map((_, i) => cursorsOf(frames, `${i}`));
    expect(heard).toEqual(expected());
    expect(gateway.work.shared).toBeGreaterThan(0);
  });

  test('a listener without a cursor comes while others listen -> hears what happens from now on', async () => {
    const gateway = await start();
    const first = await listener(gateway, 'p1 ann', CURSORS);
    const second = await listener(gateway, 'p1 ann', CURSORS);
    const before = await gateway.tell('p1');
    const late = await listener(gateway, 'p1 ann', CURSORS);
    const after = [await gateway.tell('p1'), await gateway.tell('p1')];
    await until(() => [first, second].every(({ frames }) => frames.length === 3) && late.frames.length >= 2);
    await late.client.ping();
    expect(cursorsOf(late.frames)).toEqual(after);
    expect(cursorsOf(first.frames)).toEqual([before, ...after]);
  });

  test('one leaves while the log is read for it -> the others go on', async () => {
    const store = createMemoryStore({ logLength: 10_000 });
    let isAsked = () => {};
    let goOn = () => {};
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    const released = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let pages = 0;
    const readEvents: AttachmentStore['readEvents'] = async (...args) => {
      pages++;
      if (pages === 2) {
        isAsked();
        await released;
      }
      return await store.readEvents(...args);
    };
    const gateway = await start({ store: { ...store, readEvents } });
    const { frames } = await listener(gateway, 'p1 ann', CURSORS);
    const first = await gateway.tell('p1');
    const leaving = await gateway.socket('p1 ann');
    leaving.subscribe('1', CURSORS, { after: '0-0' });
    await asked;
    leaving.send({ id: '1', type: 'complete' });
    await leaving.ping();
    const second = await gateway.tell('p1');
    goOn();
    await leaving.ping();
    const third = await gateway.tell('p1');
    await until(() => frames.length === 3);
    expect(cursorsOf(frames)).toEqual([first, second, third]);
  });

  test('one leaves in the middle of a burst -> hears no more; the others hear all of it', async () => {
    const gateway = await start();
    const staying: WsClient[] = [];
    const heard: string[][] = [];
    for (let i = 0; i < 4; i++) {
      const client = await gateway.socket('p1 ann');
      staying.push(client);
      heard.push(framesOf(client));
      for (let id = 0; id < 100; id++) client.subscribe(`${id}`, CURSORS);
      await client.ping();
    }
    const leaving = await listener(gateway, 'p1 ann', CURSORS);
    leaving.client.socket.once('message', () => leaving.client.send({ id: '1', type: 'complete' }));
    const told: string[] = [];
    for (let i = 0; i < 10; i++) told.push(await gateway.tell('p1'));
    await until(() => leaving.frames.length > 0);
    await leaving.client.ping();
    const before = leaving.frames.length;
    told.push(await gateway.tell('p1'));
    await until(() => heard.every((frames) => frames.length === 100 * told.length));
    await leaving.client.ping();
    expect(leaving.frames.length).toBe(before);
    for (const frames of heard) for (let id = 0; id < 100; id++) expect(cursorsOf(frames, `${id}`)).toEqual(told);
  });

  test('the first of a group leaves -> the others go on', async () => {
    const gateway = await start();
    const [first, second, third] = await Promise.all(
      ['p1 ann', 'p1 ann', 'p1 ann'].map((token) => listener(gateway, token, CURSORS)),
    );
    const told = [await gateway.tell('p1')];
    await until(() => first?.frames.length === 1);
    await first?.client.close();
    told.push(await gateway.tell('p1'));
    await until(() => second?.frames.length === 2 && third?.frames.length === 2);
    expect(cursorsOf(second?.frames ?? [])).toEqual(told);
    expect(first?.frames).toHaveLength(1);
  });

  test('one stops reading -> it alone is closed with 1013, the others hear all', async () => {
    const gateway = await start({ env: { WS_MAX_BUFFER_BYTES: '65536' } });
    const slow = await listener(gateway, 'p1 ann', RECORD);
    const others = await Promise.all(['p1 ann', 'p1 bob'].map((token) => listener(gateway, token, RECORD)));
    slow.client.stall();
    const mountPoint = `/${'x'.repeat(60_000)}`;
    const EVENTS = 300;
    // The kernel takes some megabytes before anything waits.
    for (let told = 1; told <= EVENTS; told++) {
      await gateway.tell('p1', { mountPoint });
      await until(() => others.every(({ frames }) => frames.length === told));
    }
    slow.client.resume();
    expect(await slow.client.waitForClose()).toEqual({ code: 1013, reason: 'Too slow: resume from your last cursor' });
    expect(slow.frames.length).toBeLessThan(EVENTS);
    await Promise.all(others.map(({ client }) => client.ping()));
  });

  test('events are lost to a group -> each is told with its own request id; who comes then hears on', async () => {
    const losing: ((error: Error) => void)[] = [];
    const gateway = await start({ store: losable(losing) });
    const all = await Promise.all(['p1 ann', 'p1 bob', 'p1 cid'].map((token) => listener(gateway, token, CURSORS)));
    const last = await gateway.tell('p1');
    await until(() => all.every(({ frames }) => frames.length === 1));
    for (const lose of losing.splice(0)) lose(new Error('gone'));
    const errors = await Promise.all(all.map(async ({ client }) => (await client.nextOf('error', '1')).payload[0]));
    for (const error of errors) {
      expect(error).toMatchObject({ extensions: { code: 'CURSOR_EXPIRED' } });
      expect(error.message).toContain(`Events after ${last} are lost`);
    }
    expect(new Set(errors.map((error) => error.extensions.requestId)).size).toBe(3);
    const again = await listener(gateway, 'p1 ann', CURSORS);
    const cursor = await gateway.tell('p1');
    await until(() => again.frames.length === 1);
    expect(cursorsOf(again.frames)).toEqual([cursor]);
  });

  test('one comes to a group that lost its events and is still telling one -> hears on', async () => {
    const losing: ((error: Error) => void)[] = [];
    const gateway = await start({ store: losable(losing) });
    const comes = () => listener(gateway, 'p1 late', DOCUMENTS['a server']);
    const [first, second] = [await comes(), await comes()];
    await gateway.tell('p1');
    await until(() => gateway.work.shared === 1);
    for (const lose of losing.splice(0)) lose(new Error('gone'));
    const third = await comes();
    gateway.release();
    for (const { client } of [first, second]) await client.nextOf('error', '1');
    const cursor = await gateway.tell('p1');
    await until(() => third.frames.length === 1);
    expect(cursorsOf(third.frames)).toEqual([cursor]);
    expect(first.frames).toHaveLength(1);
  });
});

/** A store that can be made to lose the events of everybody who follows. */
function losable(losing: ((error: Error) => void)[]): AttachmentStore {
  const store = createMemoryStore({ logLength: 100 });
  return {
    ...store,
    subscribe: (project, listener, onLost) => {
      losing.push(onLost);
      return store.subscribe(project, listener, onLost);
    },
  };
}
