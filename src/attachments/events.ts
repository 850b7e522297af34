/** A subscriber's event stream: a replay of the log, then live events, without gap or duplicate, bounded in memory. */
import { GatewayError } from '../errors.ts';
import type { AttachmentEvent } from './attachment.ts';
import type { EventFilter } from './service.ts';
import type { ShareEvent } from './shares/operation.ts';
import { type AttachmentStore, isAttachmentEvent, type LogEvent } from './store/contract.ts';
import { compareCursors, LOG_START } from './store/order.ts';

/** Maximum live events buffered for one subscriber. */
const MAX_BUFFERED = 1000;
/** Events read from the log at once. */
const PAGE = 200;
/** How long to wait before the next attempt to read a page, in ms. */
const RETRY_MS = 1000;

/** One subscriber's events, pulled one by one. `live` serves a consumer that pulls once for several subscribers. */
export interface LogEventStream<E extends LogEvent = LogEvent> extends AsyncIterableIterator<E> {
  readonly live: EventStream<E>;
}

/** A subscriber's position in its project's log. */
export interface EventStream<E extends LogEvent = LogEvent> {
  /** Subscribers with the same key receive the same events from the same cursor on. */
  readonly key: string;
  /** The last event that was delivered or filtered out; before the first one, the end of the log at the start. */
  cursor(): string;
  /** Whether all events so far were delivered: the next one is after `cursor`. Also true once the stream has ended. */
  isIdle(): boolean;
  /** As next(), but null when there is no event yet. */
  poll(): Promise<E | null>;
  /** The error that next() threw, worded for a subscriber at this cursor; null when it did not. */
  errorAt(cursor: string): GatewayError | null;
}

/** The EventStream of a subscription's source stream; null for a source of another kind. */
export function eventStreamOf(source: object): EventStream | null {
  return 'live' in source ? (source as LogEventStream).live : null;
}

/** Which entries of a project's log a subscriber receives. */
interface Selection<E extends LogEvent> {
  /** Equal for subscribers that receive the same. */
  readonly key: readonly (string | null)[];
  readonly isSelected: (event: LogEvent) => event is E;
}

/** The events of a project's attachments: all, or those of a server, a share, or both. */
export function openEventStream(
  store: AttachmentStore,
  projectId: string,
  { serverId, shareId, after }: EventFilter,
): Promise<LogEventStream<AttachmentEvent>> {
  const isSelected = (event: LogEvent): event is AttachmentEvent =>
    isAttachmentEvent(event) &&
    (serverId === null || event.attachment.serverId === serverId) &&
    (shareId === null || event.attachment.shareId === shareId);
  return openLogStream(store, projectId, after, { key: [serverId, shareId], isSelected });
}

/** The events of the shares that this gateway works on: all, or those of one share. */
export function openShareEventStream(
  store: AttachmentStore,
  projectId: string,
  { shareId, after }: Pick<EventFilter, 'shareId' | 'after'>,
): Promise<LogEventStream<ShareEvent>> {
  const isSelected = (event: LogEvent): event is ShareEvent =>
    !isAttachmentEvent(event) && (shareId === null || event.operation.shareId === shareId);
  return openLogStream(store, projectId, after, { key: ['shares', shareId], isSelected });
}

/**
 * Subscribes to a project's events. With a cursor, it reads pages of the log as the subscriber consumes them; live
 * events are buffered meanwhile, and dropped when there are too many, since the log has them. A replay in progress
 * waits while the store is unavailable, as live subscribers do.
 * @throws CURSOR_EXPIRED, BAD_USER_INPUT for a malformed cursor, STATE_UNAVAILABLE
 */
async function openLogStream<E extends LogEvent>(
  store: AttachmentStore,
  projectId: string,
  after: string | null,
  { key, isSelected }: Selection<E>,
): Promise<LogEventStream<E>> {
  if (after !== null && !/^\d{1,15}-\d{1,15}$/.test(after)) {
    throw new GatewayError(
      'BAD_USER_INPUT',
      `after: expected the cursor of an event, got ${JSON.stringify(after.slice(0, 64))}`,
    );
  }
  const state: StreamState = {
    page: [],
    buffer: [],
    hasDropped: false,
    isReplaying: after !== null,
    cursor: after ?? LOG_START,
    errorAt: null,
    wake: null,
    isDone: false,
  };
  const unsubscribe = await store.subscribe(
    projectId,
    (event) => receive(state, event),
    (error) => fail(state, (cursor) => expire(cursor, error)),
  );
  if (after === null) state.cursor = unsubscribe.after;
  const end = async () => {
    if (state.isDone) return;
    state.isDone = true;
    state.wake?.();
    await unsubscribe();
  };
  try {
    if (after !== null) state.page = await readPage(store, projectId, after);
  } catch (error) {
    await end();
    throw error;
  }
  const readNext = () => readNextPage(store, projectId, state);
  return iterate(state, readNext, { key: JSON.stringify([projectId, ...key]), isSelected, end });
}

interface StreamState {
  /** Read from the log and not consumed yet. */
  page: LogEvent[];
  /** Live events that are not consumed yet. */
  buffer: LogEvent[];
  /** Live events were dropped during a replay; the log has them. */
  hasDropped: boolean;
  isReplaying: boolean;
  /** The last event taken from the log or the buffer, also one that was filtered out. */
  cursor: string;
  errorAt: ErrorAt | null;
  wake: (() => void) | null;
  isDone: boolean;
}

type ErrorAt = (cursor: string) => GatewayError;

function receive(state: StreamState, event: LogEvent): void {
  if (state.isDone || state.errorAt) return;
  if (state.buffer.length < MAX_BUFFERED) {
    state.buffer.push(event);
    state.wake?.();
    return;
  }
  if (state.isReplaying) {
    state.buffer = [];
    state.hasDropped = true;
    return;
  }
  fail(state, (cursor) => {
    const message = `Too slow: ${MAX_BUFFERED} events are waiting. Subscribe again after ${cursor}`;
    return new GatewayError('LIMIT_EXCEEDED', message);
  });
}

function fail(state: StreamState, errorAt: ErrorAt): void {
  state.errorAt ??= errorAt;
  state.buffer = [];
  state.wake?.();
}

function expire(cursor: string, cause: Error): GatewayError {
  if (cause instanceof GatewayError) return cause;
  const message = `Events after ${cursor} are lost: list the attachments again`;
  return new GatewayError('CURSOR_EXPIRED', message, {}, { cause });
}

async function readPage(store: AttachmentStore, projectId: string, after: string): Promise<LogEvent[]> {
  const page = await store.readEvents(projectId, after, PAGE);
  if (page !== 'expired') return page;
  throw new GatewayError(
    'CURSOR_EXPIRED',
    `The event log no longer has ${after}: list the attachments again and subscribe from eventCursor`,
  );
}

async function readNextPage(store: AttachmentStore, projectId: string, state: StreamState): Promise<LogEvent[]> {
  while (!state.isDone) {
    try {
      return await readPage(store, projectId, state.cursor);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'STATE_UNAVAILABLE') throw error;
      await pause(state);
    }
  }
  return [];
}

/** Waits for RETRY_MS, or until the subscriber leaves. */
async function pause(state: StreamState): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    state.wake = resolve;
    timer = setTimeout(resolve, RETRY_MS).unref();
  });
  clearTimeout(timer);
  state.wake = null;
}

interface StreamControls<E extends LogEvent> {
  key: string;
  isSelected: (event: LogEvent) => event is E;
  end: () => Promise<void>;
}

/** The iterator. Pull-based: nothing is read from the log before the subscriber asks for it. */
function iterate<E extends LogEvent>(
  state: StreamState,
  readNext: () => Promise<LogEvent[]>,
  { key, isSelected, end }: StreamControls<E>,
): LogEventStream<E> {
  const take = async (mayWait: boolean): Promise<LogEvent | null> => {
    for (;;) {
      if (state.isDone) return null;
      if (state.isReplaying) {
        const replayed = state.page.shift();
        if (replayed) return replayed;
        // an event dropped from here on comes after the next page
        state.hasDropped = false;
        state.page = await readNext();
        if (state.page.length === 0 && !state.hasDropped) state.isReplaying = false;
        continue;
      }
      const live = state.buffer.shift();
      if (live) return live;
      if (state.errorAt) throw state.errorAt(state.cursor);
      if (!mayWait) return null;
      await new Promise<void>((resolve) => {
        state.wake = resolve;
      });
      state.wake = null;
    }
  };
  const takeMatching = async (mayWait: boolean): Promise<E | null> => {
    try {
      for (let event = await take(mayWait); event; event = await take(mayWait)) {
        if (compareCursors(event.cursor, state.cursor) <= 0) continue;
        state.cursor = event.cursor;
        if (isSelected(event)) return event;
      }
      return null;
    } catch (error) {
      await end();
      throw error;
    }
  };

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const event = await takeMatching(true);
      return event ? { value: event, done: false } : { value: undefined, done: true };
    },
    async return() {
      await end();
      return { value: undefined, done: true };
    },
    live: {
      key,
      cursor: () => state.cursor,
      isIdle: () => state.isDone || (!state.isReplaying && state.buffer.length === 0 && state.errorAt === null),
      poll: () => takeMatching(false),
      errorAt: (cursor) => state.errorAt?.(cursor) ?? null,
    },
  };
}
