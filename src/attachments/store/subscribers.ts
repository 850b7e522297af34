import type { AttachmentEvent } from '../attachment.ts';
import { compareCursors } from './order.ts';

/** One who follows a project's log. */
export interface Subscriber {
  /** Events up to here were appended before it came. */
  readonly after: string;
  readonly listener: (event: AttachmentEvent) => void;
  readonly onExpired: (error: Error) => void;
}

/**
 * Hands one event to everybody who came before it was appended. The event is the same object for all: read only.
 * A listener that throws loses the log and is dropped: the others must not miss an event for its bug.
 */
export function publish(followers: Set<Subscriber>, event: AttachmentEvent): void {
  for (const follower of followers) {
    if (compareCursors(event.cursor, follower.after) <= 0) continue;
    try {
      follower.listener(event);
    } catch (error) {
      followers.delete(follower);
      follower.onExpired(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
