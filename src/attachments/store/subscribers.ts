import type { LogEvent } from './contract.ts';
import { compareCursors } from './order.ts';

/** One subscriber of a project's log. */
export interface Subscriber {
  /** Events up to this cursor are not delivered: they were appended before it subscribed. */
  readonly after: string;
  readonly listener: (event: LogEvent) => void;
  readonly onExpired: (error: Error) => void;
}

/**
 * Delivers one event to all who subscribed before it was appended; they share the object and must not change it. A
 * subscriber whose listener throws is removed, and its `onExpired` is called: the others must not miss an event for its
 * bug.
 */
export function publish(subscribers: Set<Subscriber>, event: LogEvent): void {
  for (const subscriber of subscribers) {
    if (compareCursors(event.cursor, subscriber.after) <= 0) continue;
    try {
      subscriber.listener(event);
    } catch (error) {
      subscribers.delete(subscriber);
      subscriber.onExpired(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
