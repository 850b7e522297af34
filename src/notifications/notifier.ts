/**
 * Publishes the events of the projects' logs on the message bus: at least once, in order, and without delaying a
 * mutation.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { AttachmentEvent } from '../attachments/attachment.ts';
import { type AttachmentStore, isAttachmentEvent } from '../attachments/store/contract.ts';
import { LOG_START } from '../attachments/store/order.ts';
import { type Broker, openBroker } from './broker.ts';
import { notificationOf } from './message.ts';

/** Interval at which the leader reads pending projects, and at which another gateway tries to become leader, in ms. */
const POLL_MS = 500;
const STANDBY_MS = 5000;
/** Time to live of the leadership, in ms, renewed before each page: longer than publishing one page can take. */
const LEASE_MS = 30_000;
/** Backoff after a failure, in ms: doubled each time, with jitter. */
const MIN_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** Projects per round, and events of a project per page. */
const PROJECTS = 100;
const PAGE = 100;

/** The leader's lock, in the place of a project and of a target. */
const LEADER_LOCK = ['notifications', 'notifier'] as const;

export interface NotifierOptions {
  store: AttachmentStore;
  /** `amqp://…`, with the password: never logged. */
  url: string;
  /** Whether a missing exchange or queue is declared durable. */
  isDurable: boolean;
  log: Logger;
  /** Called with each event that the broker has confirmed. */
  onPublished?: ((event: AttachmentEvent) => void) | undefined;
}

export interface Notifier {
  start(): void;
  /** Ends after the page being published, and resigns as leader. */
  stop(): Promise<void>;
}

/**
 * The leader publishes each project's log from its checkpoint on, a page at a time; the checkpoint moves when the
 * broker has confirmed the page. After a crash, a restart or a lost confirmation the page is published again, with the
 * same message ids.
 */
export function createNotifier({ store, url, isDurable, log, onPublished }: NotifierOptions): Notifier {
  const owner = randomUUID();
  const publisherId = `nova-manila-gateway:${hostname()}`;
  const brokerLog = log.child({ broker: new URL(url).host });
  const stopping = new AbortController();
  const { signal } = stopping;
  let broker: Broker | null = null;
  let failures = 0;
  let running: Promise<void> | null = null;

  const isLeader = () => store.lockTarget(...LEADER_LOCK, owner, LEASE_MS);

  async function run(): Promise<void> {
    while (!signal.aborted) await sleep(await round(), undefined, { signal }).catch(() => undefined);
    await resign();
  }

  /** Returns the pause before the next round, in ms. */
  async function round(): Promise<number> {
    try {
      if (!(await isLeader())) return STANDBY_MS;
      if (!broker) {
        broker = await openBroker(url, { isDurable });
        brokerLog.info('connected to the message bus');
      }
      const count = await publishPending(broker);
      failures = 0;
      return count > 0 ? 0 : POLL_MS;
    } catch (error) {
      if (failures === 0) brokerLog.warn({ reason: String(error) }, 'notifications cannot be published, trying again');
      failures += 1;
      await resign();
      return Math.min(MIN_RETRY_MS * 2 ** Math.min(failures, 10), MAX_RETRY_MS) * (0.5 + Math.random() / 2);
    }
  }

  /** Publishes a page of each pending project; returns their number. */
  async function publishPending(to: Broker): Promise<number> {
    const projects = await store.pendingProjects(PROJECTS);
    for (const projectId of projects) {
      if (signal.aborted || !(await isLeader())) break;
      await publishPage(to, projectId);
    }
    return projects.length;
  }

  async function publishPage(to: Broker, projectId: string): Promise<void> {
    const checkpoint = await store.checkpoint(projectId);
    const { events, last } = await readPage(projectId, checkpoint);
    const published = events.filter(isAttachmentEvent);
    await to.publish(published.map((event) => notificationOf(event, publisherId)));
    if (onPublished) published.forEach(onPublished);
    // never the log's end as it is now: an event that came meanwhile would be skipped
    await store.setCheckpoint(projectId, last ?? checkpoint ?? LOG_START);
  }

  async function readPage(projectId: string, checkpoint: string | null) {
    const page = checkpoint === null ? 'expired' : await store.readEvents(projectId, checkpoint, PAGE);
    if (page !== 'expired') return { events: page, last: page.at(-1)?.cursor ?? null };
    if (checkpoint !== null) {
      brokerLog.warn({ projectId, checkpoint }, 'the log dropped events before they were published');
    }
    return await store.readAvailable(projectId, checkpoint, PAGE);
  }

  /** Gives up the leadership: another gateway may reach a broker that this one does not. */
  async function resign(): Promise<void> {
    const current = broker;
    broker = null;
    await current?.close();
    await store.unlockTarget(...LEADER_LOCK, owner).catch(() => undefined);
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
