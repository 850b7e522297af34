import type { NewEvent } from '../attachment.ts';
import type { NewShareEvent } from '../shares/operation.ts';
import { isAttachmentEvent, type LogEvent } from './contract.ts';
import { compareCursors, LOG_START } from './order.ts';
import { publish, type Subscriber } from './subscribers.ts';

/** A project's log in process: its last events and its subscribers. */
export interface MemoryLog {
  append(event: NewEvent | NewShareEvent): void;
  last(): string;
  read(after: string, limit: number): LogEvent[] | 'expired';
  readAvailable(after: string | null, limit: number): LogEvent[];
  /** Newest first. */
  readBefore(before: string | null, limit: number): LogEvent[];
  /** Whether it has dropped events. */
  isTruncated(): boolean;
  /** Whether it has an event of this attachment after the cursor, or may have dropped one. */
  hasEventOf(attachmentId: string, after: string): boolean;
  subscribe(listener: Subscriber['listener'], onExpired: Subscriber['onExpired']): () => void;
}

/** Makes an empty log that keeps the last `length` events; `now` is its clock, ms since the epoch. */
export function createMemoryLog(length: number, now: () => number): MemoryLog {
  const entries: LogEvent[] = [];
  const subscribers = new Set<Subscriber>();
  const undelivered: LogEvent[] = [];
  let cursor = LOG_START;
  let hasDropped = false;
  let isDelivering = false;

  // A listener may append: the new event waits until every subscriber has the one being delivered.
  function deliver() {
    if (isDelivering) return;
    isDelivering = true;
    for (let event = undelivered.shift(); event; event = undelivered.shift()) publish(subscribers, event);
    isDelivering = false;
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
      undelivered.push(entry);
      deliver();
    },
    last: () => cursor,
    read(after, limit) {
      const isStart = after === LOG_START && !hasDropped;
      const index = isStart ? -1 : entries.findIndex((entry) => entry.cursor === after);
      if (index < 0 && !isStart) return 'expired';
      return entries.slice(index + 1, index + 1 + limit);
    },
    readAvailable(after, limit) {
      const index = after === null ? 0 : entries.findIndex(({ cursor }) => compareCursors(cursor, after) > 0);
      return index < 0 ? [] : entries.slice(index, index + limit);
    },
    readBefore(before, limit) {
      const older = before === null ? entries : entries.filter(({ cursor }) => compareCursors(cursor, before) < 0);
      return older.slice(-limit).reverse();
    },
    isTruncated: () => hasDropped,
    hasEventOf(attachmentId, after) {
      const later = entries.filter((entry) => compareCursors(entry.cursor, after) > 0);
      return (
        later.length >= length ||
        later.some((event) => isAttachmentEvent(event) && event.attachment.id === attachmentId)
      );
    },
    subscribe(listener, onExpired) {
      const subscriber = { after: cursor, listener, onExpired };
      subscribers.add(subscriber);
      return () => void subscribers.delete(subscriber);
    },
  };
}

/** As Redis does for `XADD *`: the time, and a sequence within one ms or while the clock is behind the log. */
function nextCursor(last: string, ms: number): string {
  const candidate = `${Math.floor(ms)}-0`;
  if (compareCursors(candidate, last) > 0) return candidate;
  const dash = last.indexOf('-');
  return `${last.slice(0, dash)}-${Number(last.slice(dash + 1)) + 1}`;
}

/**
 * A deep copy that cannot be changed, so that all readers can share it: one copy per reader costs more than all else.
 * Plain JSON.
 */
export function frozenCopy<T extends object>(record: T): T {
  return freeze(structuredClone(record));
}

function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) freeze(part);
  return Object.freeze(value);
}
