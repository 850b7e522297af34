/** Tells the message bus what the projects' logs have: at least once, in order, and never in the way of anybody's attach. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { AttachmentStore } from '../attachments/store/contract.ts';
import { type Broker, openBroker } from './broker.ts';
import { notificationOf } from './message.ts';

/** How often the gateway that tells looks for news, and how often another one asks to take its place, in ms. */
const POLL_MS = 500;
const STANDBY_MS = 5000;
/** For how long one gateway tells, in ms, unless it goes on: longer than one page can take. */
const LEASE_MS = 30_000;
/** Backoff after a failure, in ms: doubled each time, and spread. */
const MIN_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** Projects looked at in one round, and events of a project told at once. */
const PROJECTS = 100;
const EVENTS = 100;

/** A lock of the store's that no project has. */
const LOCK = ['notifications', 'notifier'] as const;

export interface NotifierOptions {
  store: AttachmentStore;
  /** `amqp://…`, with the password: it is not logged. */
  url: string;
  /** Whether what is missing on the broker is declared durable. */
  isDurable: boolean;
  log: Logger;
}

export interface Notifier {
  start(): void;
  /** Ends after what is being told; another gateway goes on. */
  stop(): Promise<void>;
}

/**
 * One gateway at a time tells; each project's log from its bookmark on, a page at a time, and the bookmark moves when the
 * broker has confirmed the page. What a crash, a restart or a lost confirmation leaves unsure is told again, with the
 * same message ids.
 */
export function createNotifier({ store, url, isDurable, log }: NotifierOptions): Notifier {
  const owner = randomUUID();
  const publisherId = `nova-manila-gateway:${hostname()}`;
  const about = log.child({ broker: new URL(url).host });
  const stopping = new AbortController();
  const { signal } = stopping;
  let broker: Broker | null = null;
  let failures = 0;
  let running: Promise<void> | null = null;

  const mayTell = () => store.lockTarget(...LOCK, owner, LEASE_MS);

  async function run(): Promise<void> {
    while (!signal.aborted) await sleep(await round(), undefined, { signal }).catch(() => undefined);
    await letGo();
  }

  /** Gives how long to wait before the next one, in ms. */
  async function round(): Promise<number> {
    try {
      if (!(await mayTell())) return STANDBY_MS;
      if (!broker) {
        broker = await openBroker(url, { isDurable });
        about.info('notifications go to the message bus');
      }
      const count = await tellAll(broker);
      failures = 0;
      return count > 0 ? 0 : POLL_MS;
    } catch (error) {
      if (failures === 0) about.warn({ reason: String(error) }, 'notifications wait');
      failures += 1;
      await letGo();
      return Math.min(MIN_RETRY_MS * 2 ** Math.min(failures, 10), MAX_RETRY_MS) * (0.5 + Math.random() / 2);
    }
  }

  /** A page of each project that has news; how many projects had. */
  async function tellAll(to: Broker): Promise<number> {
    const projects = await store.pendingProjects(PROJECTS);
    for (const projectId of projects) {
      if (signal.aborted || !(await mayTell())) break;
      await tellPage(to, projectId);
    }
    return projects.length;
  }

  async function tellPage(to: Broker, projectId: string): Promise<void> {
    const bookmark = await store.checkpoint(projectId);
    let events = await store.readEvents(projectId, bookmark, EVENTS);
    if (events === 'expired') {
      about.warn({ projectId, bookmark }, 'the log dropped events before they were told');
      events = await store.readEvents(projectId, null, EVENTS);
    }
    if (events === 'expired') return;
    await to.publish(events.map((event) => notificationOf(event, publisherId)));
    await store.setCheckpoint(projectId, events.at(-1)?.cursor ?? (await store.lastCursor(projectId)));
  }

  /** Another gateway may reach what this one does not. */
  async function letGo(): Promise<void> {
    const last = broker;
    broker = null;
    await last?.close();
    await store.unlockTarget(...LOCK, owner).catch(() => undefined);
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
