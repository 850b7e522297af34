/** A listener's events: replay from the log, then live, without a gap, each once, and never more than a bounded number in memory. */
import { GatewayError } from '../errors.ts';
import type { AttachmentEvent } from './attachment.ts';
import type { EventFilter } from './service-contract.ts';
import type { AttachmentStore } from './store/contract.ts';
import { compareCursors, LOG_START } from './store/order.ts';

/** Live events that may wait for one listener. */
const MAX_WAITING = 1000;
/** Events read from the log at once. */
const PAGE = 200;
/** How long to wait before a page that could not be read is tried again, in ms. */
const RETRY_MS = 1000;

/**
 * One listener's events, pulled one by one. `live` says the rest of what somebody must know who pulls once for several
 * listeners.
 */
export interface AttachmentEventStream extends AsyncIterableIterator<AttachmentEvent> {
  readonly live: EventStream;
}

/** Where a listener stands in its project's log. */
export interface EventStream {
  /** From the same cursor on, listeners of one key are given the same events. */
  readonly key: string;
  /** The last event that was given or left out; before the first one, where the log stood. */
  cursor(): string;
  /** Whether all that happened was given: what comes next is after `cursor`. Also when it has ended, and gives nothing. */
  isIdle(): boolean;
  /** As next(), but null where that would wait for something to happen. */
  poll(): Promise<AttachmentEvent | null>;
  /** Why next() threw, in words for a listener that stands at this cursor; null when it did not. */
  errorAt(cursor: string): GatewayError | null;
}

/** What a resolver gave as the source of its events, where it is of this kind. */
export function eventStreamOf(source: object): EventStream | null {
  return 'live' in source ? (source as AttachmentEventStream).live : null;
}

/**
 * Follows a project's events. With a cursor, pages of the log are read as the listener takes them; live events wait meanwhile, and are dropped
 * when too many do, since the log has them. Once it began, a replay waits while the store is away, as those who are live do.
 * @throws CURSOR_EXPIRED, BAD_USER_INPUT for what is no cursor, STATE_UNAVAILABLE
 */
export async function openEventStream(
  store: AttachmentStore,
  projectId: string,
  filter: EventFilter,
): Promise<AttachmentEventStream> {
  const { after, serverId, shareId } = filter;
  if (after !== null && !/^\d{1,15}-\d{1,15}$/.test(after)) {
    throw new GatewayError(
      'BAD_USER_INPUT',
      `after: expected the cursor of an event, got ${JSON.stringify(after.slice(0, 64))}`,
    );
  }
  const state: StreamState = {
    page: [],
    waiting: [],
    hasDropped: false,
    isReplaying: after !== null,
    cursor: after ?? LOG_START,
    errorAt: null,
    wake: null,
    isDone: false,
  };
  const unfollow = await store.subscribe(
    projectId,
    (event) => receive(state, event),
    (error) => fail(state, (cursor) => expire(cursor, error)),
  );
  if (after === null) state.cursor = unfollow.after;
  const end = async () => {
    if (state.isDone) return;
    state.isDone = true;
    state.wake?.();
    await unfollow();
  };
  try {
    if (after !== null) state.page = await readPage(store, projectId, after);
  } catch (error) {
    await end();
    throw error;
  }
  const readOn = () => readNextPage(store, projectId, state);
  return iterate(state, readOn, { key: JSON.stringify([projectId, serverId, shareId]), filter, end });
}

interface StreamState {
  /** Read from the log and not taken yet. */
  page: AttachmentEvent[];
  waiting: AttachmentEvent[];
  /** Live events were dropped during a replay: the log has them. */
  hasDropped: boolean;
  isReplaying: boolean;
  /** The last event taken from the log or the queue, also one that the filter left out. */
  cursor: string;
  errorAt: ErrorAt | null;
  wake: (() => void) | null;
  isDone: boolean;
}

type ErrorAt = (cursor: string) => GatewayError;

function receive(state: StreamState, event: AttachmentEvent): void {
  if (state.isDone || state.errorAt) return;
  if (state.waiting.length < MAX_WAITING) {
    state.waiting.push(event);
    state.wake?.();
    return;
  }
  if (state.isReplaying) {
    state.waiting = [];
    state.hasDropped = true;
    return;
  }
  fail(state, (cursor) => {
    const message = `Too slow: ${MAX_WAITING} events wait. Subscribe again after ${cursor}`;
    return new GatewayError('LIMIT_EXCEEDED', message);
  });
}

function fail(state: StreamState, errorAt: ErrorAt): void {
  state.errorAt ??= errorAt;
  state.waiting = [];
  state.wake?.();
}

function expire(cursor: string, cause: Error): GatewayError {
  if (cause instanceof GatewayError) return cause;
  const message = `Events after ${cursor} are lost: list the attachments again`;
  return new GatewayError('CURSOR_EXPIRED', message, {}, { cause });
}

async function readPage(store: AttachmentStore, projectId: string, after: string): Promise<AttachmentEvent[]> {
  const page = await store.readEvents(projectId, after, PAGE);
  if (page !== 'expired') return page;
  throw new GatewayError(
    'CURSOR_EXPIRED',
    `The event log no longer has ${after}: list the attachments again and subscribe from eventCursor`,
  );
}

async function readNextPage(store: AttachmentStore, projectId: string, state: StreamState): Promise<AttachmentEvent[]> {
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

/** Waits for a moment, or until the listener leaves. */
async function pause(state: StreamState): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    state.wake = resolve;
    timer = setTimeout(resolve, RETRY_MS).unref();
  });
  clearTimeout(timer);
  state.wake = null;
}

interface StreamControls {
  key: string;
  filter: EventFilter;
  end: () => Promise<void>;
}

// pulled by the listener: nothing is read from the log before it is wanted
function iterate(
  state: StreamState,
  readOn: () => Promise<AttachmentEvent[]>,
  { key, filter, end }: StreamControls,
): AttachmentEventStream {
  const take = async (mayWait: boolean): Promise<AttachmentEvent | null> => {
    for (;;) {
      if (state.isDone) return null;
      if (state.isReplaying) {
        const replayed = state.page.shift();
        if (replayed) return replayed;
        // what is dropped from here on is behind the next page
        state.hasDropped = false;
        state.page = await readOn();
        if (state.page.length === 0 && !state.hasDropped) state.isReplaying = false;
        continue;
      }
      const live = state.waiting.shift();
      if (live) return live;
      if (state.errorAt) throw state.errorAt(state.cursor);
      if (!mayWait) return null;
      await new Promise<void>((resolve) => {
        state.wake = resolve;
      });
      state.wake = null;
    }
  };
  const isWanted = (event: AttachmentEvent) =>
    (filter.serverId === null || event.attachment.serverId === filter.serverId) &&
    (filter.shareId === null || event.attachment.shareId === filter.shareId);
  const takeWanted = async (mayWait: boolean) => {
    try {
      for (let event = await take(mayWait); event; event = await take(mayWait)) {
        if (compareCursors(event.cursor, state.cursor) <= 0) continue;
        state.cursor = event.cursor;
        if (isWanted(event)) return event;
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
      const event = await takeWanted(true);
      return event ? { value: event, done: false } : { value: undefined, done: true };
    },
    async return() {
      await end();
      return { value: undefined, done: true };
    },
    live: {
      key,
      cursor: () => state.cursor,
      isIdle: () => state.isDone || (!state.isReplaying && state.waiting.length === 0 && state.errorAt === null),
      poll: () => takeWanted(false),
      errorAt: (cursor) => state.errorAt?.(cursor) ?? null,
    },
  };
}
