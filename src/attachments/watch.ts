/** A listener's events: replay from the log, then live, without a gap, each once, and never more than a bounded number in memory. */
import { GatewayError } from '../errors.ts';
import type { AttachmentEvent } from './attachment.ts';
import type { WatchFilter } from './service-contract.ts';
import type { AttachmentStore } from './store/contract.ts';
import { compareCursors, LOG_START } from './store/order.ts';

/** Live events that may wait for one listener. */
const MAX_WAITING = 1000;
/** Events read from the log at once. */
const PAGE = 200;
/** How long to wait before a page that could not be read is tried again, in ms. */
const RETRY_MS = 1000;

/**
 * Follows a project's events. With a cursor, pages of the log are read as the listener takes them; live events wait meanwhile, and are dropped
 * when too many do, since the log has them. Once it began, a replay waits while the store is away, as those who are live do.
 * @throws CURSOR_EXPIRED, BAD_USER_INPUT for what is no cursor, STATE_UNAVAILABLE
 */
export async function watchEvents(
  store: AttachmentStore,
  projectId: string,
  filter: WatchFilter,
): Promise<AsyncIterableIterator<AttachmentEvent>> {
  const { after } = filter;
  if (after !== null && !/^\d{1,15}-\d{1,15}$/.test(after)) {
    throw new GatewayError(
      'BAD_USER_INPUT',
      `after: expected the cursor of an event, got ${JSON.stringify(after.slice(0, 64))}`,
    );
  }
  const state: Watch = {
    waiting: [],
    hasDropped: false,
    isReplaying: after !== null,
    cursor: after,
    error: null,
    wake: null,
    isDone: false,
  };
  const unfollow = await store.follow(
    projectId,
    (event) => receive(state, event),
    (error) => fail(state, lost(state, error)),
  );
  const end = async () => {
    if (state.isDone) return;
    state.isDone = true;
    state.wake?.();
    await unfollow();
  };
  let page: AttachmentEvent[] = [];
  try {
    if (after !== null) page = await readPage(store, projectId, after);
  } catch (error) {
    await end();
    throw error;
  }
  return iterate(state, page, () => readNextPage(store, projectId, state), filter, end);
}

interface Watch {
  waiting: AttachmentEvent[];
  /** Live events were dropped during a replay: the log has them. */
  hasDropped: boolean;
  isReplaying: boolean;
  /** The last event taken from the log or the queue, also one that the filter left out. */
  cursor: string | null;
  error: GatewayError | null;
  wake: (() => void) | null;
  isDone: boolean;
}

function receive(state: Watch, event: AttachmentEvent): void {
  if (state.isDone || state.error) return;
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
  fail(
    state,
    new GatewayError(
      'LIMIT_EXCEEDED',
      `Too slow: ${MAX_WAITING} events wait. Subscribe again after ${state.cursor ?? 'your last cursor'}`,
    ),
  );
}

function fail(state: Watch, error: GatewayError): void {
  state.error ??= error;
  state.waiting = [];
  state.wake?.();
}

function lost(state: Watch, cause: Error): GatewayError {
  return cause instanceof GatewayError
    ? cause
    : new GatewayError(
        'CURSOR_EXPIRED',
        `Events after ${state.cursor ?? 'the last one'} are lost: list the attachments again`,
        {},
        { cause },
      );
}

async function readPage(store: AttachmentStore, projectId: string, after: string): Promise<AttachmentEvent[]> {
  const page = await store.readEvents(projectId, after, PAGE);
  if (page !== 'expired') return page;
  throw new GatewayError(
    'CURSOR_EXPIRED',
    `The event log no longer has ${after}: list the attachments again and subscribe from eventCursor`,
  );
}

async function readNextPage(store: AttachmentStore, projectId: string, state: Watch): Promise<AttachmentEvent[]> {
  while (!state.isDone) {
    try {
      return await readPage(store, projectId, state.cursor ?? LOG_START);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'STATE_UNAVAILABLE') throw error;
      await pause(state);
    }
  }
  return [];
}

/** Waits for a moment, or until the listener leaves. */
async function pause(state: Watch): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    state.wake = resolve;
    timer = setTimeout(resolve, RETRY_MS).unref();
  });
  clearTimeout(timer);
  state.wake = null;
}

// pulled by the listener: nothing is read from the log before it is wanted
function iterate(
  state: Watch,
  first: AttachmentEvent[],
  next: () => Promise<AttachmentEvent[]>,
  filter: WatchFilter,
  end: () => Promise<void>,
): AsyncIterableIterator<AttachmentEvent> {
  let page = first;
  const take = async (): Promise<AttachmentEvent | null> => {
    for (;;) {
      if (state.isDone) return null;
      if (state.isReplaying) {
        const replayed = page.shift();
        if (replayed) return replayed;
        // what is dropped from here on is behind the next page
        state.hasDropped = false;
        page = await next();
        if (page.length === 0 && !state.hasDropped) state.isReplaying = false;
        continue;
      }
      const live = state.waiting.shift();
      if (live) return live;
      if (state.error) throw state.error;
      await new Promise<void>((resolve) => {
        state.wake = resolve;
      });
      state.wake = null;
    }
  };
  const isWanted = (event: AttachmentEvent) =>
    (filter.serverId === null || event.attachment.serverId === filter.serverId) &&
    (filter.shareId === null || event.attachment.shareId === filter.shareId);

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        for (let event = await take(); event; event = await take()) {
          if (state.cursor !== null && compareCursors(event.cursor, state.cursor) <= 0) continue;
          state.cursor = event.cursor;
          if (isWanted(event)) return { value: event, done: false };
        }
        return { value: undefined, done: true };
      } catch (error) {
        await end();
        throw error;
      }
    },
    async return() {
      await end();
      return { value: undefined, done: true };
    },
  };
}
