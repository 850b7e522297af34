/** What the store has, read when the metrics are collected. */
import type { AttachmentStore } from '../attachments/store/contract.ts';
import type { Metrics } from './metrics.ts';

/** How long what was read is kept, in ms: every gateway is asked, and the store is the same. */
const FRESH_MS = 10_000;
/** Maximum number of attachments of one project whose age is read. */
const PER_PROJECT = 100;

interface Snapshot {
  byStatus: Readonly<Record<string, number>>;
  scheduled: number;
  oldestSeconds: number;
}

/** Adds the attachments by status, the length of the due lists and the age of the oldest unsettled attachment. */
export function collectAttachments(metrics: Metrics, store: AttachmentStore): void {
  const read = cached(() => readSnapshot(store));
  metrics.gauge('nmg_attachments', async () =>
    Object.entries((await read()).byStatus).map(([status, count]) => [{ status }, count]),
  );
  metrics.gauge('nmg_reconciles_scheduled', async () => [[{}, (await read()).scheduled]]);
  metrics.gauge('nmg_oldest_unsettled_attachment_seconds', async () => [[{}, (await read()).oldestSeconds]]);
}

async function readSnapshot(store: AttachmentStore): Promise<Snapshot> {
  const { byStatus, scheduled, unsettledProjects } = await store.counts();
  let oldest = Date.now();
  for (const projectId of unsettledProjects) {
    const { items } = await store.list(projectId, {
      first: PER_PROJECT,
      after: null,
      status: ['attaching', 'detaching'],
    });
    for (const { attachment } of items) oldest = Math.min(oldest, Date.parse(attachment.statusSince));
  }
  return { byStatus, scheduled, oldestSeconds: Math.max(0, (Date.now() - oldest) / 1000) };
}

/** Concurrent reads, and reads within FRESH_MS, get the same result. A failure is not kept. */
function cached<T>(read: () => Promise<T>): () => Promise<T> {
  let last: { result: Promise<T>; until: number } | null = null;
  return () => {
    if (last && performance.now() < last.until) return last.result;
    const result = read();
    const current = { result, until: performance.now() + FRESH_MS };
    last = current;
    result.catch(() => {
      if (last === current) last = null;
    });
    return result;
  };
}
