import type { FetcherParams } from '@graphiql/toolkit';
import type { ExecutionResult } from 'graphql';
import { createClient } from 'graphql-ws';

/** Most events shown in a tab, and most tabs that listen at once: the page may stay open for days. */
const SHOWN_EVENTS = 20;
const LISTENING_TABS = 8;

/** One subscription of one tab, with what it heard. */
interface Listening {
  readonly key: string;
  received: number;
  events: ExecutionResult[];
  errors: unknown[] | null;
  isOver: boolean;
  /** Which of the views of it is on the screen; none while another tab is. */
  view: object | null;
  changed(): void;
  end(): void;
}

/** The subscriptions of all tabs. */
export interface Listeners {
  /** Starts the active tab's subscription, or shows again the one that goes on since the tab was left. */
  listen(params: FetcherParams, connectionParams: Record<string, string>): AsyncIterable<ExecutionResult>;
  /** Tells which tabs there are, and which is shown; subscriptions of closed tabs end. */
  showTab(active: string, all: readonly string[]): void;
  /** Whether a tab's subscription goes on while the tab does not show it. */
  isAway(tab: string): boolean;
  /** Ends all, for example when the token changes. */
  close(): void;
}

/**
 * Keeps subscriptions alive while other tabs are used. GraphiQL itself stops a subscription when its tab is left,
 * so nobody could listen in one tab and attach in the next.
 */
export function makeListeners(url: string): Listeners {
  const byTab = new Map<string, Listening>();
  let activeTab = '';
  const drop = (tab: string) => {
    byTab.get(tab)?.end();
    byTab.delete(tab);
  };
  return {
    listen(params, connectionParams) {
      const tab = activeTab;
      const key = JSON.stringify([params, connectionParams]);
      const there = byTab.get(tab);
      if (there && (there.isOver || there.key !== key)) drop(tab);
      const listening = byTab.get(tab) ?? start(url, key, params, connectionParams);
      byTab.set(tab, listening);
      const oldest = byTab.keys().next().value;
      if (byTab.size > LISTENING_TABS && oldest !== undefined) drop(oldest);
      // GraphiQL stops first and then says that another tab is shown, both at once: so who left is known a moment later.
      return show(listening, () => queueMicrotask(() => activeTab === tab && drop(tab)));
    },
    showTab(active, all) {
      activeTab = active;
      for (const [tab, listening] of byTab) {
        if (!all.includes(tab)) drop(tab);
        else if (tab !== active) hide(listening);
      }
    },
    isAway: (tab) => byTab.get(tab)?.isOver === false && byTab.get(tab)?.view === null,
    close: () => [...byTab.keys()].forEach(drop),
  };
}

function hide(listening: Listening) {
  listening.view = null;
  listening.changed();
}

/** A socket of its own a subscription, as each may have its own headers; it closes with the subscription. */
function start(url: string, key: string, params: FetcherParams, connectionParams: Record<string, string>): Listening {
  // 4403: the token is not, or no longer, accepted. The same token again would not help.
  const shouldRetry = (event: unknown) => event instanceof CloseEvent && event.code !== 4403;
  const client = createClient({ url, connectionParams, shouldRetry });
  const listening: Listening = {
    key,
    received: 0,
    events: [],
    errors: null,
    isOver: false,
    view: null,
    changed: () => {},
    end: () => finish(null),
  };
  const finish = (errors: unknown[] | null) => {
    listening.errors = errors;
    listening.isOver = true;
    listening.changed();
    void client.dispose();
  };
  client.subscribe(params as { query: string }, {
    next: (event) => {
      listening.received += 1;
      listening.events = [event as ExecutionResult, ...listening.events].slice(0, SHOWN_EVENTS);
      listening.changed();
    },
    error: (cause) => finish(readable(cause)),
    complete: () => !listening.isOver && finish(null),
  });
  return listening;
}

function readable(cause: unknown): unknown[] {
  if (Array.isArray(cause)) return cause;
  if (cause instanceof CloseEvent) return [{ message: `The socket was closed: ${cause.code} ${cause.reason}`.trim() }];
  return [{ message: cause instanceof Error ? cause.message : 'The socket could not be opened' }];
}

/** What a tab shows: every event so far, newest first, where GraphiQL alone would show the last one only. */
const picture = ({ received, events, errors }: Listening) =>
  ({ ...(errors ? { errors } : {}), received, events }) as ExecutionResult;

/** Shows a subscription until it ends or another tab is shown. `left` is told when GraphiQL stops it. */
function show(listening: Listening, left: () => void): AsyncIterableIterator<ExecutionResult> {
  const view = {};
  listening.view = view;
  let isFresh = true;
  let wake = () => {};
  listening.changed = () => {
    isFresh = true;
    wake();
  };
  async function* pictures() {
    while (listening.view === view) {
      if (!isFresh) await new Promise<void>((resolve) => (wake = resolve));
      if (listening.view !== view) return;
      isFresh = false;
      yield picture(listening);
      if (listening.isOver && !isFresh) return;
    }
  }
  const iterator = pictures();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => iterator.next(),
    return() {
      hide(listening);
      left();
      return Promise.resolve({ done: true as const, value: undefined });
    },
  };
}
