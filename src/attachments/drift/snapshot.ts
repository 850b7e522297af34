/** The records of every project, as the sweep compares them with the cloud. */
import type { Attachment } from '../attachment.ts';
import type { AttachmentStore } from '../store/contract.ts';

/** Records read at once. */
const PAGE = 500;

/** A place in the order in which records are read. */
export interface SnapshotPosition {
  projectId: string;
  after: string | null;
}

/** The attachments when the pass began. */
export interface AttachmentSnapshot {
  count: number;
  /** False when there are more than one pass reads: then these are some of them. */
  isComplete: boolean;
  /** Where the next pass goes on; null: at the first again. */
  next: SnapshotPosition | null;
  byServer: Map<string, Attachment[]>;
  byShare: Map<string, Attachment[]>;
}

/** Reads records from a place on, page by page and at most about `most`: no upstream call. */
export async function readSnapshot(
  store: AttachmentStore,
  most: number,
  from: SnapshotPosition | null,
): Promise<AttachmentSnapshot> {
  const known: AttachmentSnapshot = {
    ...{ count: 0, isComplete: from === null, next: null },
    ...{ byServer: new Map(), byShare: new Map() },
  };
  const projects = (await store.projects()).sort();
  for (const projectId of projects.filter((id) => from === null || id >= from.projectId)) {
    for (let after = projectId === from?.projectId ? from.after : null; ; ) {
      if (known.count >= most) return { ...known, isComplete: false, next: { projectId, after } };
      const page = await store.list(projectId, { first: Math.min(PAGE, most), after });
      for (const { attachment } of page.items) add(known, attachment);
      after = page.endPosition ?? page.items.at(-1)?.position ?? null;
      if (!page.hasMore || after === null) break;
    }
  }
  return known;
}

function add(known: AttachmentSnapshot, attachment: Attachment): void {
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
