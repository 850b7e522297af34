import type { AttachmentEvent, NewEvent } from '../attachment.ts';
import { frozenCopy } from './frozen-copy.ts';
import { compareCursors, LOG_START } from './order.ts';
import { publish, type Subscriber } from './subscribers.ts';

/** A project's log in process: the last `length` events, and those who follow it. */
export interface MemoryLog {
  append(event: NewEvent): void;
  last(): string;
  read(after: string | null, limit: number): AttachmentEvent[] | 'expired';
  /** Whether it has events of this attachment after the cursor, or has dropped what followed that. */
  hasEventOf(attachmentId: string, after: string): boolean;
  subscribe(listener: Subscriber['listener'], onLost: Subscriber['onExpired']): () => void;
}

/** Makes an empty log that keeps the last `length` events; `now` is its clock, ms since the epoch. */
export function createMemoryLog(length: number, now: () => number): MemoryLog {
  const entries: AttachmentEvent[] = [];
  const subscribers = new Set<Subscriber>();
  const untold: AttachmentEvent[] = [];
  let cursor = LOG_START;
  let hasDropped = false;
  let isTelling = false;

  // A listener that appends does so while an event is being told: the new one waits until everybody has the first.
  function tellAll() {
    if (isTelling) return;
    isTelling = true;
    for (let event = untold.shift(); event; event = untold.shift()) publish(subscribers, event);
    isTelling = false;
  }

  return {
    append(event) {
      cursor = nextCursor(cursor, now());
      const entry = frozenCopy({ ...event, cursor });
      entries.push(entry);
      if (entries.length > length) {
        entries.shift();
        hasDropped = true;
      }
      untold.push(entry);
      tellAll();
    },
    last: () => cursor,
    read(after, limit) {
      const isStart = after === null || (after === LOG_START && !hasDropped);
      const index = isStart ? -1 : entries.findIndex((entry) => entry.cursor === after);
      if (index < 0 && !isStart) return 'expired';
      return entries.slice(index + 1, index + 1 + limit);
    },
    hasEventOf(attachmentId, after) {
      const later = entries.filter((entry) => compareCursors(entry.cursor, after) > 0);
      return later.length >= length || later.some(({ attachment }) => attachment.id === attachmentId);
    },
    subscribe(listener, onExpired) {
      const subscriber = { after: cursor, listener, onExpired };
      subscribers.add(subscriber);
      return () => void subscribers.delete(subscriber);
    },
  };
}

/** As Redis does for `XADD *`: the time, and a sequence within one ms or while the clock stands behind the log. */
function nextCursor(last: string, ms: number): string {
  const candidate = `${Math.floor(ms)}-0`;
  if (compareCursors(candidate, last) > 0) return candidate;
  const dash = last.indexOf('-');
  return `${last.slice(0, dash)}-${Number(last.slice(dash + 1)) + 1}`;
}
