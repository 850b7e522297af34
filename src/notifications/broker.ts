import type { Duplex } from 'node:stream';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { type Notification, ROUTING_KEYS } from './message.ts';

/** How long the broker may take for one step, in ms. */
const STEP_MS = 5000;
/** How often a silent connection is looked at, in seconds, unless the URL says otherwise. */
const HEARTBEAT_S = 15;
/** Nova's control exchange. */
const EXCHANGE = 'nova';

/** One connection to the message bus. */
export interface Broker {
  /** Resolves when the broker has them all, in this order; rejects when it may not have some: then it is to be closed. */
  publish(notifications: readonly Notification[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Connects, and sees that the exchange and the queues are there as oslo.messaging's rabbit driver does (impl_rabbit.py,
 * notify_send): a topic exchange, and a queue by the name of each routing key, so that nothing is lost before somebody
 * listens. What is there already stays as it is. Rejects when the broker does not do its part in time.
 */
export async function openBroker(url: string, { isDurable }: { isDurable: boolean }): Promise<Broker> {
  const connection = await connect(withHeartbeat(url), { timeout: STEP_MS, noDelay: true, clientProperties: NAME });
  // a lost connection shows at the next publish; without a listener it would end the process
  connection.on('error', () => undefined);
  try {
    await withTimeout(STEP_MS, declare(connection, isDurable));
    return createBroker(connection, await withTimeout(STEP_MS, connection.createConfirmChannel()));
  } catch (error) {
    await end(connection);
    throw error;
  }
}

const NAME = { connection_name: 'nova-manila-gateway' };

function createBroker(connection: ChannelModel, channel: ConfirmChannel): Broker {
  let returned = 0;
  channel.on('error', () => undefined);
  channel.on('return', () => {
    returned += 1;
  });
  return {
    async publish(notifications) {
      for (const { routingKey, body, messageId } of notifications) {
        channel.publish(EXCHANGE, routingKey, body, { ...PROPERTIES, messageId });
      }
      await withTimeout(STEP_MS, channel.waitForConfirms());
      // a broker confirms also what it has no queue for
      if (returned > 0) throw new Error(`The broker has no queue for ${returned} notifications`);
    },
    close: () => end(connection),
  };
}

/** As kombu sends JSON; persistent, and never dropped silently. */
const PROPERTIES = {
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  deliveryMode: 2,
  mandatory: true,
} as const;

async function declare(connection: ChannelModel, durable: boolean): Promise<void> {
  await ensure(
    connection,
    (channel) => channel.checkExchange(EXCHANGE),
    (channel) => channel.assertExchange(EXCHANGE, 'topic', { durable }),
  );
  for (const name of ROUTING_KEYS) {
    await ensure(
      connection,
      (channel) => channel.checkQueue(name),
      (channel) => channel.assertQueue(name, { durable }),
    );
    await onChannel(connection, (channel) => channel.bindQueue(name, EXCHANGE, name));
  }
}

type Step = (channel: ConfirmChannel) => Promise<unknown>;

/** What is there may have been declared otherwise: it is only looked at. A look that fails ends its channel. */
async function ensure(connection: ChannelModel, look: Step, make: Step): Promise<void> {
  try {
    await onChannel(connection, look);
  } catch (error) {
    if ((error as { code?: number }).code !== 404) throw error;
    await onChannel(connection, make);
  }
}

async function onChannel(connection: ChannelModel, step: Step): Promise<void> {
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => undefined);
  await step(channel);
  await channel.close();
}

/** Ends the connection also when the broker does not answer any more; one that is lost already is no failure. */
async function end(connection: ChannelModel): Promise<void> {
  await withTimeout(STEP_MS, connection.close()).catch(() => undefined);
  // not in amqplib's types
  const { stream } = connection.connection as unknown as { stream: Duplex };
  stream.destroy();
}

async function withTimeout<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`The broker did not answer in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function withHeartbeat(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', String(HEARTBEAT_S));
  return parsed.href;
}
