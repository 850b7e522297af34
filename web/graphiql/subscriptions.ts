import type { FetcherParams } from '@graphiql/toolkit';
import type { ExecutionResult } from 'graphql';
import { createClient } from 'graphql-ws';

/** Maximum number of events shown in a tab and of tabs that subscribe: the page may stay open for days. */
const MAX_EVENTS = 20;
const MAX_TABS = 8;

/** The subscription of one tab, with the events that it received. */
interface TabSubscription {
  readonly key: string;
  received: number;
  events: ExecutionResult[];
  errors: unknown[] | null;
  isComplete: boolean;
  /** The view that is on the screen; null while another tab is. */
  view: object | null;
  onChange(): void;
  end(): void;
}

/** The subscriptions of all tabs. */
export interface TabSubscriptions {
  /** Starts the active tab's subscription, or returns the one that continued while another tab was shown. */
  subscribe(params: FetcherParams, connectionParams: Record<string, string>): AsyncIterable<ExecutionResult>;
  /** Sets which tabs exist and which is shown; subscriptions of closed tabs end. */
  showTab(active: string, all: readonly string[]): void;
  /** Whether a tab's subscription continues while the tab does not show it. */
  isInBackground(tab: string): boolean;
  /** Ends all, for example when the token changes. */
  close(): void;
}

/**
 * Keeps subscriptions alive while other tabs are used. GraphiQL itself stops a subscription when its tab is left, so that
 * one could not subscribe in one tab and attach in the next. `onBackgroundEnd` is called when one ends with an error while
 * another tab is shown.
 */
export function createTabSubscriptions(url: string, onBackgroundEnd: (reason: string) => void): TabSubscriptions {
  const byTab = new Map<string, TabSubscription>();
  let activeTab = '';
  const end = (tab: string) => {
    byTab.get(tab)?.end();
    byTab.delete(tab);
  };
  return {
    subscribe(params, connectionParams) {
      const tab = activeTab;
      const key = JSON.stringify([params, connectionParams]);
      const existing = byTab.get(tab);
      if (existing && (existing.isComplete || existing.key !== key)) end(tab);
      const subscription = byTab.get(tab) ?? start(url, key, params, connectionParams, onBackgroundEnd);
      byTab.set(tab, subscription);
      const oldest = byTab.keys().next().value;
      if (byTab.size > MAX_TABS && oldest !== undefined) end(oldest);
      // GraphiQL stops the subscription before it reports the change of tabs, in the same task: a microtask later
      // `activeTab` tells a change of tabs from the stop button
      return show(subscription, () => queueMicrotask(() => activeTab === tab && end(tab)));
    },
    showTab(active, all) {
      activeTab = active;
      for (const [tab, subscription] of byTab) {
        if (!all.includes(tab)) end(tab);
        else if (tab !== active) hide(subscription);
      }
    },
    isInBackground: (tab) => byTab.get(tab)?.isComplete === false && byTab.get(tab)?.view === null,
    close: () => [...byTab.keys()].forEach(end),
  };
}

function hide(subscription: TabSubscription) {
  subscription.view = null;
  subscription.onChange();
}

/** One socket per subscription, as each may have its own headers; it closes with the subscription. */
function start(
  url: string,
  key: string,
  params: FetcherParams,
  connectionParams: Record<string, string>,
  onBackgroundEnd: (reason: string) => void,
): TabSubscription {
  // 4403: the token has expired or is not accepted; retrying with the same one would not help
  const shouldRetry = (event: unknown) => event instanceof CloseEvent && event.code !== 4403;
  const client = createClient({ url, connectionParams, shouldRetry });
  const subscription: TabSubscription = {
    key,
    received: 0,
    events: [],
    errors: null,
    isComplete: false,
    view: null,
    onChange: () => {},
    end: () => complete(null),
  };
  const complete = (errors: unknown[] | null) => {
    subscription.errors = errors;
    subscription.isComplete = true;
    const [error] = (errors ?? []) as { message?: string }[];
    if (error && subscription.view === null) onBackgroundEnd(error.message ?? 'no reason given');
    subscription.onChange();
    void client.dispose();
  };
  client.subscribe(params as { query: string }, {
    next: (event) => {
      subscription.received += 1;
      subscription.events = [event as ExecutionResult, ...subscription.events].slice(0, MAX_EVENTS);
      subscription.onChange();
    },
    error: (cause) => complete(toErrors(cause)),
    complete: () => !subscription.isComplete && complete(null),
  });
  return subscription;
}

function toErrors(cause: unknown): unknown[] {
  if (Array.isArray(cause)) return cause;
  if (cause instanceof CloseEvent) return [{ message: `The socket was closed: ${cause.code} ${cause.reason}`.trim() }];
  return [{ message: cause instanceof Error ? cause.message : 'The socket could not be opened' }];
}

/** What a tab shows: all events, newest first. GraphiQL alone would show only the last one. */
const resultOf = ({ received, events, errors }: TabSubscription) =>
  ({ ...(errors ? { errors } : {}), received, events }) as ExecutionResult;

/** Shows a subscription until it ends or another tab is shown. `onStop` is called when GraphiQL stops it. */
function show(subscription: TabSubscription, onStop: () => void): AsyncIterableIterator<ExecutionResult> {
  const view = {};
  subscription.view = view;
  let hasChanged = true;
  let wake = () => {};
  subscription.onChange = () => {
    hasChanged = true;
    wake();
  };
  async function* results() {
    while (subscription.view === view) {
      if (!hasChanged) await new Promise<void>((resolve) => (wake = resolve));
      if (subscription.view !== view) return;
      hasChanged = false;
      yield resultOf(subscription);
      if (subscription.isComplete && !hasChanged) return;
    }
  }
  const iterator = results();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => iterator.next(),
    return() {
      hide(subscription);
      onStop();
      return Promise.resolve({ done: true as const, value: undefined });
    },
  };
}
