import type { Attachment, NewEvent, Target } from '../attachment.ts';
import type { NewShareEvent } from '../shares/operation.ts';
import type { AttachmentPage, ListOptions, LogEvent } from './contract.ts';

/** Records and events as text in Redis, and its flat replies as objects. */

/** The event as the log keeps it, with the record's version after the change; '' for none. */
export function eventJson(event: NewEvent | null | undefined, version: number): string {
  return event ? JSON.stringify({ ...event, attachment: { ...event.attachment, version } }) : '';
}

/** An event from its JSON; throws for what is none. */
export function parseEvent(json: string, cursor: string): LogEvent {
  const event = JSON.parse(json) as NewEvent | NewShareEvent;
  if ('operation' in event) return { ...event, cursor };
  return { ...event, attachment: withCurrentChanges(event.attachment), cursor };
}

/** A record from its JSON; its version is a separate field, because a claim bumps it without reading the rest. */
export function parseRecord(version: string, json: string): Attachment {
  return { ...withCurrentChanges(JSON.parse(json) as Attachment), version: Number(version) };
}

/** Records written before 0.2.0 call a target that is being added or removed `coming` or `leaving`. */
const FORMER_CHANGES: Record<string, NonNullable<Target['change']>> = { coming: 'adding', leaving: 'removing' };

function withCurrentChanges<T extends { targets: Target[] }>(attachment: T): T {
  const targets = attachment.targets.map((target): Target => {
    const current = target.change && FORMER_CHANGES[target.change];
    return current ? { ...target, change: current } : target;
  });
  return { ...attachment, targets };
}

/** Records from a flat list of version and JSON. */
export function parseRecords(values: readonly unknown[]): Attachment[] {
  return inPairs(values).map(([version, json]) => parseRecord(version, json));
}

/** A flat list as pairs. */
export function inPairs(values: readonly unknown[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < values.length; i += 2) pairs.push([String(values[i]), String(values[i + 1])]);
  return pairs;
}

/** The reply of lua/list.lua as a page. */
export function parsePage(values: readonly unknown[], { status, serverId, shareId }: ListOptions): AttachmentPage {
  const [cursor, total, hasMore, endPosition, ...flat] = values;
  const isFiltered = status !== undefined || serverId !== undefined || shareId !== undefined;
  const items: AttachmentPage['items'] = [];
  for (let i = 0; i + 2 < flat.length; i += 3) {
    items.push({ position: String(flat[i]), attachment: parseRecord(String(flat[i + 1]), String(flat[i + 2])) });
  }
  return {
    items,
    hasMore: hasMore === 1,
    totalCount: isFiltered ? null : Number(total),
    cursor: String(cursor),
    ...(endPosition === '' ? {} : { endPosition: String(endPosition) }),
  };
}

/** Merges lists: the first item of each, then the second of each, and so on; at most `limit` items. */
export function roundRobin<T>(lists: readonly (readonly T[])[], limit: number): T[] {
  const ranks = Math.max(0, ...lists.map((list) => list.length));
  const taken: T[] = [];
  for (let rank = 0; rank < ranks && taken.length < limit; rank++) {
    for (const list of lists) {
      const item = list[rank];
      if (item !== undefined && taken.length < limit) taken.push(item);
    }
  }
  return taken;
}
