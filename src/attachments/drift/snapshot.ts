/** A snapshot of the records of every project, which the sweep compares with the cloud. */
import type { Attachment } from '../attachment.ts';
import type { AttachmentStore } from '../store/contract.ts';

/** Records per page. */
const PAGE = 500;

/** A position in the order in which records are read. */
export interface SnapshotPosition {
  projectId: string;
  after: string | null;
}

/** The attachments when the scan began. */
export interface AttachmentSnapshot {
  count: number;
  /** False when there are more records than one scan reads: then this has some of them. */
  isComplete: boolean;
  /** Where the next scan continues; null: at the first record again. */
  next: SnapshotPosition | null;
  byServer: Map<string, Attachment[]>;
  byShare: Map<string, Attachment[]>;
}

/** Reads records page by page from a position on, about `limit` at most. No upstream call. */
export async function readSnapshot(
  store: AttachmentStore,
  limit: number,
  from: SnapshotPosition | null,
): Promise<AttachmentSnapshot> {
  const snapshot: AttachmentSnapshot = {
    ...{ count: 0, isComplete: from === null, next: null },
    ...{ byServer: new Map(), byShare: new Map() },
  };
  const projects = (await store.projects()).sort();
  for (const projectId of projects.filter((id) => from === null || id >= from.projectId)) {
    for (let after = projectId === from?.projectId ? from.after : null; ; ) {
      if (snapshot.count >= limit) return { ...snapshot, isComplete: false, next: { projectId, after } };
      const page = await store.list(projectId, { first: Math.min(PAGE, limit), after });
      for (const { attachment } of page.items) add(snapshot, attachment);
      after = page.endPosition ?? page.items.at(-1)?.position ?? null;
      if (!page.hasMore || after === null) break;
    }
  }
  return snapshot;
}

function add(snapshot: AttachmentSnapshot, attachment: Attachment): void {
  snapshot.count++;
  for (const [map, key] of [
    [snapshot.byServer, attachment.serverId],
    [snapshot.byShare, attachment.shareId],
  ] as const) {
    const list = map.get(key);
    if (list) list.push(attachment);
    else map.set(key, [attachment]);
  }
}
