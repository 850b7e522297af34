/** The records of every project, as the sweep compares them with the cloud. */
import type { Attachment } from '../attachment.ts';
import type { AttachmentStore } from '../store/contract.ts';

/** Records read at once. */
const PAGE = 500;
/** Records held in memory at the most, about 1 KiB each. */
const MAX_RECORDS = 200_000;

/** All attachments when the pass began. */
export interface KnownAttachments {
  count: number;
  /** False when there are more than the sweep holds. */
  isComplete: boolean;
  byServer: Map<string, Attachment[]>;
  byShare: Map<string, Attachment[]>;
}

/** Reads every record, page by page: no upstream call. */
export async function readKnown(store: AttachmentStore): Promise<KnownAttachments> {
  const known: KnownAttachments = { count: 0, isComplete: true, byServer: new Map(), byShare: new Map() };
  for (const projectId of await store.projects()) {
    for (let after: string | null = null; ; ) {
      const page = await store.list(projectId, { first: PAGE, after });
      for (const { attachment } of page.items) add(known, attachment);
      if (known.count >= MAX_RECORDS) return { ...known, isComplete: false };
      after = page.endPosition ?? page.items.at(-1)?.position ?? null;
      if (!page.hasMore || after === null) break;
    }
  }
  return known;
}

function add(known: KnownAttachments, attachment: Attachment): void {
  known.count++;
  for (const [map, key] of [
    [known.byServer, attachment.serverId],
    [known.byShare, attachment.shareId],
  ] as const) {
    const list = map.get(key);
    if (list) list.push(attachment);
    else map.set(key, [attachment]);
  }
}
