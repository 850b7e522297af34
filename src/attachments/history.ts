/** What happened to a project's attachments, newest first: its event log read backwards. */
import { GatewayError } from '../errors.ts';
import type { AttachmentEvent } from './attachment.ts';
import { type AttachmentStore, isAttachmentEvent } from './store/contract.ts';
import { isCursor } from './store/order.ts';

/** Events read from the log at once. */
const PAGE = 500;
/** Maximum reads of the log for one page of events. */
const MAX_READS = 10;

/** Which events a page has. */
export interface HistoryOptions {
  /** Maximum number of events. */
  readonly first: number;
  /** The cursor of an event: the page begins with the next older one; null: with the newest. */
  readonly after: string | null;
  readonly serverId: string | null;
  readonly shareId: string | null;
  /** The project of an attachment that the caller was shown; left out: the caller's, or the server's. */
  readonly projectId?: string;
}

/** A page of the history. */
export interface HistoryPage {
  readonly events: readonly AttachmentEvent[];
  readonly hasMore: boolean;
  /** Where the next page begins; null for an empty last page. */
  readonly endCursor: string | null;
  /** Whether the log once had older events than it has now. */
  readonly isTruncated: boolean;
}

/**
 * Creates the reader of one request: pages of the log are read once for all histories that it is asked for. A page that
 * matches few of MAX_READS pages of the log is shorter than `first`, and continues at its `endCursor`.
 */
export function createHistoryReader(store: AttachmentStore, projectId: string) {
  const pages = new Map<string, ReturnType<AttachmentStore['readBefore']>>();

  function readPage(before: string | null): ReturnType<AttachmentStore['readBefore']> {
    const key = before ?? '';
    const page = pages.get(key) ?? store.readBefore(projectId, before, PAGE);
    pages.set(key, page);
    return page;
  }

  return async function readHistory({ first, after, serverId, shareId }: HistoryOptions): Promise<HistoryPage> {
    if (after !== null && !isCursor(after)) {
      const got = JSON.stringify(after.slice(0, 64));
      throw new GatewayError('BAD_USER_INPUT', `after: expected the cursor of an event, got ${got}`);
    }
    const matches = ({ attachment }: AttachmentEvent) =>
      (serverId === null || attachment.serverId === serverId) && (shareId === null || attachment.shareId === shareId);
    const events: AttachmentEvent[] = [];
    let before = after;
    for (let reads = 0; ; reads++) {
      const page = await readPage(before);
      const { isTruncated } = page;
      events.push(...page.events.filter(isAttachmentEvent).filter(matches));
      if (events.length > first) {
        const shown = events.slice(0, first);
        return { events: shown, hasMore: true, endCursor: shown.at(-1)?.cursor ?? null, isTruncated };
      }
      if (page.last === null) return { events, hasMore: false, endCursor: events.at(-1)?.cursor ?? null, isTruncated };
      if (reads === MAX_READS - 1) return { events, hasMore: true, endCursor: page.last, isTruncated };
      before = page.last;
    }
  };
}

export type ReadHistory = ReturnType<typeof createHistoryReader>;
