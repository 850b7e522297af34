import type { Duplex } from 'node:stream';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { settledWithin, timeoutError } from '../deadline.ts';
import { type Notification, ROUTING_KEYS } from './message.ts';

/** Timeout of one step of the protocol, in ms. */
const STEP_MS = 5000;
/** Heartbeat of the connection, in seconds, unless the URL sets one. */
const HEARTBEAT_S = 15;
/** Nova's control exchange. */
const EXCHANGE = 'nova';

/** One connection to the message bus. */
export interface Broker {
  /**
   * Resolves when the broker has confirmed all, in this order. After a rejection some may be missing: close it then.
   */
  publish(notifications: readonly Notification[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Connects, and declares the exchange and the queues like oslo.messaging's rabbit driver (impl_rabbit.py, notify_send):
 * a topic exchange, and a queue named after each routing key, so that nothing is lost before a consumer exists.
 * Existing ones stay as they are. Rejects when the broker does not respond in time.
 */
export async function openBroker(url: string, { isDurable }: { isDurable: boolean }): Promise<Broker> {
  const connection = await connect(withHeartbeat(url), { timeout: STEP_MS, noDelay: true, clientProperties: NAME });
  // a lost connection fails the next publish; without a listener the event would end the process
  connection.on('error', () => undefined);
  try {
    await inTime(declare(connection, isDurable));
    return createBroker(connection, await inTime(connection.createConfirmChannel()));
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
      await inTime(channel.waitForConfirms());
      // a broker also confirms messages that no queue takes
      if (returned > 0) throw new Error(`The broker has no queue for ${returned} notifications`);
    },
    close: () => end(connection),
  };
}

/** JSON as kombu sends it; persistent, and returned when no queue takes it. */
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

/** Declares only what is missing: existing ones may be declared otherwise. A failed check closes its channel. */
async function ensure(connection: ChannelModel, check: Step, declare: Step): Promise<void> {
  try {
    await onChannel(connection, check);
  } catch (error) {
    if ((error as { code?: number }).code !== 404) throw error;
    await onChannel(connection, declare);
  }
}

async function onChannel(connection: ChannelModel, step: Step): Promise<void> {
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => undefined);
  await step(channel);
  await channel.close();
}

/** Closes the connection, also when the broker does not respond any more; a lost connection is no failure. */
async function end(connection: ChannelModel): Promise<void> {
  await inTime(connection.close()).catch(() => undefined);
  // not in amqplib's types
  const { stream } = connection.connection as unknown as { stream: Duplex };
  stream.destroy();
}

function inTime<T>(step: Promise<T>): Promise<T> {
  const reason = () => timeoutError(STEP_MS, 'No response from the broker');
  return settledWithin(STEP_MS, step, reason);
}

function withHeartbeat(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', String(HEARTBEAT_S));
  return parsed.href;
}
