import type { NewEvent } from '../attachments/attachment.ts';
import type { AttachmentStore } from '../attachments/store/contract.ts';
import type { Metrics } from './metrics.ts';

/** The methods of the store that are not calls: a subscription lives as long as its subscriber. */
const NOT_TIMED: ReadonlySet<string> = new Set(['subscribe', 'close']);

type Method = (...args: unknown[]) => Promise<unknown>;

/** The store, with the time of each call and the events of its commits counted. */
export function measureStore(store: AttachmentStore, metrics: Metrics): AttachmentStore {
  const timed = Object.entries(store).map(([operation, method]: [string, unknown]) => [
    operation,
    typeof method !== 'function' || NOT_TIMED.has(operation) ? method : measure(metrics, operation, method as Method),
  ]);
  return countEvents(Object.fromEntries(timed) as unknown as AttachmentStore, metrics);
}

function measure(metrics: Metrics, operation: string, method: Method): Method {
  return async (...args) => {
    const startedAt = performance.now();
    let outcome = 'ok';
    try {
      return await method(...args);
    } catch (error) {
      outcome = 'failed';
      throw error;
    } finally {
      const seconds = (performance.now() - startedAt) / 1000;
      metrics.observe('nmg_store_operation_duration_seconds', { operation, outcome }, seconds);
    }
  };
}

function countEvents(store: AttachmentStore, metrics: Metrics): AttachmentStore {
  const count = (event: NewEvent | null | undefined) => {
    if (event) metrics.count('nmg_events_published_total', { type: event.type });
  };
  return {
    ...store,
    async create(attachment, event, ...more) {
      const created = await store.create(attachment, event, ...more);
      if (created.outcome === 'created') count(event);
      return created;
    },
    async commit(attachment, options) {
      const committed = await store.commit(attachment, options);
      if (typeof committed !== 'string') count(options.event);
      return committed;
    },
    async remove(attachment, options) {
      const removed = await store.remove(attachment, options);
      if (removed === 'removed') count(options.event);
      return removed;
    },
  };
}
