/** Loaders of servers and shares by id: few with a GET each, many with one list. */
import DataLoader from 'dataloader';
import { LIST_FROM, listLimit } from '../openstack/list-or-get.ts';

type Loader<T> = DataLoader<string, T | null>;

/** Resources by id. */
export interface ById<T> {
  readonly loader: Loader<T>;
  /**
   * Reads the list in which `count` resources are probably found, unless there are few of them or it was read before, and
   * primes the loader with it. Returns what it read.
   */
  list(count: number): Promise<ReadonlyMap<string, T>>;
}

/**
 * Loads few resources with a GET each, many with one list. One that is missing from the list still gets a GET: it may be
 * another project's public share, in a cell that is down, or beyond the limit.
 */
export function byId<T extends { id: string }>(read: {
  get: (id: string) => Promise<T | null>;
  list: (limit: number) => Promise<T[]>;
}): ById<T> {
  /** The longest list read so far; infinite when it was complete. */
  let listed = 0;
  const loader: Loader<T> = new DataLoader(async (ids) => {
    const found = await list(ids.length);
    return Promise.all(ids.map((id) => found.get(id) ?? read.get(id).catch(asError)));
  });

  async function list(count: number): Promise<ReadonlyMap<string, T>> {
    const limit = listLimit(count);
    if (count < LIST_FROM || limit <= listed) return new Map();
    const items = await read.list(limit);
    listed = items.length < limit ? Number.POSITIVE_INFINITY : limit;
    prime(loader, items);
    return new Map(items.map((item) => [item.id, item]));
  }

  return { loader, list };
}

/** Gives a loader the items of a list. */
export function prime<T extends { id: string }>(loader: Loader<T>, items: readonly T[]): void {
  for (const item of items) loader.prime(item.id, item);
}

/** DataLoader treats an Error among its values as the failure of that key. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
