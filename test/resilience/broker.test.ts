import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type ChannelModel, connect } from 'amqplib';
import { type Logger, pino } from 'pino';
import type { Attachment } from '../../src/attachments/attachment.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { createNotifier } from '../../src/notifications/notifier.ts';
import { DEMO, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { anAttachment, anEvent } from '../support/attachments.ts';
import { type GatewayOptions, startGateway, type TestGateway } from '../support/gateway.ts';
import { listen } from '../support/listener.ts';
import { type RabbitServer, startRabbit } from '../support/rabbitmq.ts';
import { until } from '../support/until.ts';

/** Notifications on a real RabbitMQ, read back with amqp-tools. */

const INFO = 'versioned_notifications.info';
const ERROR = 'versioned_notifications.error';
const ALL_EVENTS = ['share_attach.start', 'share_attach.end', 'share_detach.start', 'share_detach.end'];

let rabbit: RabbitServer;
beforeAll(async () => {
  rabbit = await startRabbit();
}, 120_000);
afterAll(() => rabbit.close());

let sandbox: Sandbox;
const gateways: TestGateway[] = [];
beforeEach(async () => {
  sandbox = await startSandbox({ accessDelayMs: 5 });
});
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close();
  await sandbox.close();
  await onBroker(async (connection) => {
    const channel = await connection.createChannel();
    for (const queue of [INFO, ERROR]) await channel.deleteQueue(queue);
    await channel.deleteExchange('nova');
  });
}, 60_000);

async function start(env: Record<string, string> = {}, options: GatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startGateway({ ...options, sandbox, env: { NOTIFICATION_URL: rabbit.url, ...env } });
  gateways.push(gateway);
  return gateway;
}

async function stop(gateway: TestGateway): Promise<void> {
  gateways.splice(gateways.indexOf(gateway), 1);
  await gateway.close();
}

/** An address that the sandbox's driver rejects (src/sandbox/manila/rules.ts). */
const REJECTED_ADDRESS = '203.0.113.66';
const PAIR = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };
const ATTACH = 'mutation ($i: AttachShareInput!) { attachShare(input: $i) { attachment { id } } }';
const DETACH = 'mutation ($i: DetachShareInput!) { detachShare(input: $i) { attachment { id } } }';

/** Attaches and detaches, waits for the events of both over GraphQL; returns the request ids. */
async function attachAndDetach(gateway: TestGateway): Promise<string[]> {
  const { data } = await gateway.query('{ shareAttachments { eventCursor } }');
  const listener = listen(gateway, { after: data.shareAttachments.eventCursor });
  const attached = await gateway.query(ATTACH, { i: PAIR });
  await listener.until('ATTACHED');
  const detached = await gateway.query(DETACH, { i: PAIR });
  await listener.until('DETACHED');
  await listener.close();
  return [attached, detached].map(({ headers }) => headers.get('x-openstack-request-id') ?? '');
}

// biome-ignore lint/suspicious/noExplicitAny: a message has the shape that its event type gives it
async function consume(queue: string, count: number): Promise<any[]> {
  await until(async () => (await waiting(queue)) !== null);
  const bodies = await rabbit.consume(queue, count);
  return bodies.map((body) => JSON.parse(JSON.parse(body)['oslo.message']));
}
const typesOf = (messages: { event_type: string }[]) => messages.map((one) => one.event_type.replace('instance.', ''));

async function onBroker<T>(work: (connection: ChannelModel) => Promise<T>): Promise<T> {
  const connection = await connect(rabbit.url);
  connection.on('error', () => undefined);
  try {
    return await work(connection);
  } finally {
    await connection.close().catch(() => undefined);
  }
}

/** Number of messages in a queue; null while it does not exist. */
function waiting(queue: string): Promise<number | null> {
  return onBroker(async (connection) => {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    return await channel.checkQueue(queue).then(
      ({ messageCount }) => messageCount,
      () => null,
    );
  });
}

describe('a gateway with a message bus', () => {
  test('attached and detached -> start and end of both, in order, with user, server and share', async () => {
    const gateway = await start();
    const [attachId, detachId] = await attachAndDetach(gateway);
    const messages = await consume(INFO, 4);
    expect(typesOf(messages)).toEqual(ALL_EVENTS);
    expect(new Set(messages.map((message) => message.message_id)).size).toBe(4);
    for (const [i, message] of messages.entries()) {
      expect(message).toMatchObject({
        priority: 'INFO',
        publisher_id: expect.stringMatching(/^nova-manila-gateway:./),
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/),
      });
      expect(message.payload['nova_object.data']).toEqual({
        uuid: DEMO.serverId,
        share_id: DEMO.nfsShareId,
        tenant_id: DEMO.projectId,
        request_id: i < 2 ? attachId : detachId,
        action_initiator_user: expect.stringMatching(/^[0-9a-f]{32}$/),
        fault: null,
      });
    }
    expect(await waiting(INFO)).toBe(0);
  });

  test('refused -> no message; the driver rejects the rule -> an error with its fault, in the error queue', async () => {
    const gateway = await start();
    const { errors } = await gateway.query(ATTACH, { i: PAIR }, sandbox.issueToken('reader'));
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    const attached = await gateway.query(ATTACH, { i: { ...PAIR, accessTo: [REJECTED_ADDRESS] } });
    expect(attached.errors).toBeUndefined();
    const [failed] = await consume(ERROR, 1);
    expect(failed).toMatchObject({ event_type: 'instance.share_attach.error', priority: 'ERROR' });
    expect(failed.payload['nova_object.data'].fault['nova_object.data']).toEqual({
      exception: 'RULE_ERROR',
      exception_message: expect.stringContaining(REJECTED_ADDRESS),
    });
    expect(typesOf(await consume(INFO, 1))).toEqual(['share_attach.start']);
    expect([await waiting(INFO), await waiting(ERROR)]).toEqual([0, 0]);
  });

  test('exchange and queue declared durable by a consumer -> used as they are', async () => {
    await onBroker(async (connection) => {
      const channel = await connection.createChannel();
      await channel.assertExchange('nova', 'topic', { durable: true });
      await channel.assertQueue(INFO, { durable: true });
    });
    await attachAndDetach(await start());
    expect(typesOf(await consume(INFO, 4))).toEqual(ALL_EVENTS);
  });

  test('NOTIFICATION_DURABLE -> exchange and queues outlive the broker, and so do messages', async () => {
    await attachAndDetach(await start({ NOTIFICATION_DURABLE: 'true' }));
    await until(async () => (await waiting(INFO)) === 4);
    await rabbit.stop();
    await rabbit.start();
    expect(typesOf(await consume(INFO, 4))).toEqual(ALL_EVENTS);
  }, 60_000);
});

describe('a broker that is down', () => {
  test('down -> attach succeeds; up again -> all events are published, in order', async () => {
    const gateway = await start();
    await until(async () => (await waiting(INFO)) !== null);
    await rabbit.stop();
    await attachAndDetach(gateway);
    await rabbit.start();
    expect(typesOf(await consume(INFO, 4))).toEqual(ALL_EVENTS);
    await attachAndDetach(gateway);
    expect(typesOf(await consume(INFO, 4))).toEqual(ALL_EVENTS);
  }, 90_000);

  test('it rejects the password -> attach succeeds, and the log has neither password nor user', async () => {
    const logged: string[] = [];
    const log: Logger = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
    const url = rabbit.url.replace('guest:guest', 'operator:hunter2');
    await attachAndDetach(await start({ NOTIFICATION_URL: url }, { log }));
    await until(() => logged.some((line) => line.includes('notifications cannot be published')));
    expect(logged.filter((line) => /hunter2|operator/.test(line))).toEqual([]);
  });

  test('the queue is deleted -> it is declared again, and the events are published again', async () => {
    const gateway = await start();
    await until(async () => (await waiting(INFO)) !== null);
    await onBroker(async (connection) => {
      const channel = await connection.createChannel();
      await channel.deleteQueue(INFO);
    });
    await attachAndDetach(gateway);
    expect(new Set(typesOf(await consume(INFO, 4)))).toEqual(new Set(ALL_EVENTS));
  });
});

describe('several gateways', () => {
  test('events while no gateway published -> published by the next one; published events are not published again', async () => {
    const REDIS_PREFIX = `test-${randomUUID()}:`;
    const silent = await start({ NOTIFICATION_URL: '', REDIS_PREFIX });
    await attachAndDetach(silent);
    await stop(silent);

    const second = await start({ REDIS_PREFIX });
    expect(typesOf(await consume(INFO, 4))).toEqual(ALL_EVENTS);
    await stop(second);

    const third = await start({ REDIS_PREFIX });
    const [attachId] = await attachAndDetach(third);
    const messages = await consume(INFO, 4);
    expect(typesOf(messages)).toEqual(ALL_EVENTS);
    expect(messages[0].payload['nova_object.data'].request_id).toBe(attachId);
    expect(await waiting(INFO)).toBe(0);
  }, 60_000);

  test('two at once -> one publishes; it stops -> the other takes over', async () => {
    const REDIS_PREFIX = `test-${randomUUID()}:`;
    const [first, second] = [await start({ REDIS_PREFIX }), await start({ REDIS_PREFIX })];
    await attachAndDetach(second);
    expect(typesOf(await consume(INFO, 4))).toEqual(ALL_EVENTS);
    await stop(first);
    await attachAndDetach(second);
    expect(typesOf(await consume(INFO, 4))).toEqual(ALL_EVENTS);
    expect(await waiting(INFO)).toBe(0);
    // sooner than the leadership expires: a gateway that stops resigns
  }, 25_000);
});

describe('the log and its checkpoint', () => {
  const LOG_LENGTH = 5;

  async function withNotifier(
    store: ReturnType<typeof createMemoryStore>,
    work: () => Promise<void>,
    lines?: object[],
  ) {
    const log = pino(
      { level: lines ? 'warn' : 'silent' },
      { write: (line: string) => void lines?.push(JSON.parse(line) as object) },
    );
    const notifier = createNotifier({ store, url: rabbit.url, isDurable: false, log });
    notifier.start();
    try {
      await work();
    } finally {
      await notifier.stop();
      await store.close();
    }
  }

  async function commit(store: ReturnType<typeof createMemoryStore>, record: Attachment): Promise<Attachment> {
    const next = await store.commit(record, { event: anEvent('ATTACHED', record), dueInMs: null });
    if (typeof next === 'string') throw new Error(next);
    return next;
  }

  test('the log dropped unpublished events -> published from the oldest it has, with a warning', async () => {
    const store = createMemoryStore({ logLength: LOG_LENGTH });
    const created = await store.create(anAttachment(), null, null);
    if (created.outcome !== 'created') throw new Error(created.outcome);
    let record = await commit(store, created.attachment);
    await store.setCheckpoint(record.projectId, await store.lastCursor(record.projectId));
    for (let change = 0; change < 2 * LOG_LENGTH; change++) record = await commit(store, record);
    const lines: object[] = [];
    await withNotifier(
      store,
      async () => {
        expect(typesOf(await consume(INFO, LOG_LENGTH))).toEqual(Array(LOG_LENGTH).fill('share_attach.end'));
        await until(async () => (await store.pendingProjects(1)).length === 0);
      },
      lines,
    );
    expect(lines).toEqual([
      expect.objectContaining({
        msg: 'the log dropped events before they were published',
        projectId: record.projectId,
      }),
    ]);
    expect(await waiting(INFO)).toBe(0);
  });

  test('an event comes after an empty page was read -> it is published', async () => {
    const store = createMemoryStore({ logLength: LOG_LENGTH });
    const created = await store.create(anAttachment(), null, null);
    if (created.outcome !== 'created') throw new Error(created.outcome);
    const record = await commit(store, created.attachment);
    await store.setCheckpoint(record.projectId, await store.lastCursor(record.projectId));
    let pages = 0;
    const racing = {
      ...store,
      // pending, though there is nothing after the checkpoint yet
      pendingProjects: async (limit: number) => (pages === 0 ? [record.projectId] : await store.pendingProjects(limit)),
      readEvents: async (...given: Parameters<typeof store.readEvents>) => {
        const page = await store.readEvents(...given);
        if (pages++ === 0) await commit(store, record);
        return page;
      },
    };
    await withNotifier(racing, async () => {
      expect(typesOf(await consume(INFO, 1))).toEqual(['share_attach.end']);
    });
  });

  test('another gateway is leader -> this one does not read pending projects', async () => {
    const store = createMemoryStore({ logLength: LOG_LENGTH });
    const readers: string[] = [];
    const refused: string[] = [];
    const as = (name: string) => ({
      ...store,
      pendingProjects: (limit: number) => {
        readers.push(name);
        return store.pendingProjects(limit);
      },
      lockTarget: async (...lock: Parameters<typeof store.lockTarget>) => {
        const isHeld = await store.lockTarget(...lock);
        if (!isHeld) refused.push(name);
        return isHeld;
      },
      close: async () => {},
    });
    await withNotifier(as('first'), async () => {
      await until(() => readers.includes('first'));
      await withNotifier(as('second'), async () => {
        await until(() => refused.includes('second'));
        const before = readers.length;
        await until(() => readers.length > before + 1);
      });
    });
    expect(new Set(readers)).toEqual(new Set(['first']));
  });

  test('the checkpoint could not be set -> the page is published again, with the same ids', async () => {
    const store = createMemoryStore({ logLength: LOG_LENGTH });
    const record = anAttachment();
    await store.create(record, anEvent('ATTACH_STARTED', record), null);
    let refusals = 1;
    const failing = {
      ...store,
      setCheckpoint: async (projectId: string, cursor: string) => {
        if (refusals-- > 0) throw new Error('the store is unreachable');
        await store.setCheckpoint(projectId, cursor);
      },
    };
    await withNotifier(failing, async () => {
      const [first, second] = await consume(INFO, 2);
      expect(second).toEqual(first);
      await until(async () => (await store.pendingProjects(1)).length === 0);
    });
    expect(await waiting(INFO)).toBe(0);
  });

  test('more events than one page, in several projects -> all of them, in order within each attachment', async () => {
    const store = createMemoryStore({ logLength: 1000 });
    const projects = Array.from({ length: 3 }, () => randomUUID().replaceAll('-', ''));
    for (const projectId of projects) {
      const created = await store.create(anAttachment({ projectId }), null, null);
      if (created.outcome !== 'created') throw new Error(created.outcome);
      let record = created.attachment;
      for (let change = 0; change < 120; change++) {
        record = await commit(store, { ...record, requestId: `req-${change}` });
      }
    }
    await withNotifier(store, async () => {
      const messages = await consume(INFO, 360);
      for (const projectId of projects) {
        const own = messages.filter((message) => message._context_project_id === projectId);
        expect(own.map((message) => message._context_request_id)).toEqual(
          Array.from({ length: 120 }, (_, change) => `req-${change}`),
        );
      }
    });
  });
});
