import type { CombinedError, DocumentInput } from '@urql/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import { pipe, subscribe } from 'wonka';

/** A connection's page, as every list of the schema has it. */
export interface Connection<Node> {
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string | null };
  readonly totalCount?: number | null;
}

export interface PagesOptions<Data, Filter, Node> {
  readonly document: DocumentInput<Data, { first: number; after?: string | null; filter?: Filter | null }>;
  readonly filter: Filter | null;
  readonly pageSize: number;
  /** A new number reads all pages again. */
  readonly generation: number;
  readonly connectionOf: (data: Data) => Connection<Node> | null | undefined;
}

/** A list, as far as it is read. */
export interface Pages<Node> {
  readonly nodes: readonly Node[];
  readonly totalCount: number | null;
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly error: CombinedError | null;
  loadMore(): void;
  /** Reads all pages again. */
  reload(): void;
}

/** Maximum number of items of a list that the page reads. */
const MAX_NODES = 20_000;

interface PageState<Node> {
  readonly connection: Connection<Node> | null;
  readonly error: CombinedError | null;
}

/**
 * A list, page by page, each of which follows the cache by itself: a change of one object costs one page, however long the
 * list is.
 */
export function usePages<Data, Filter, Node>(options: PagesOptions<Data, Filter, Node>): Pages<Node> {
  const { document, filter, pageSize, generation, connectionOf } = options;
  const client = useClient();
  const [pages, setPages] = useState<readonly PageState<Node>[]>([]);
  const [isLoading, setLoading] = useState(true);
  const [reloads, setReloads] = useState(0);
  const ends = useRef<(() => void)[]>([]);
  const started = useRef(0);
  const isFresh = generation + reloads > 0;
  const filterKey = JSON.stringify(filter);

  const follow = useCallback(
    (index: number, after: string | null) => {
      started.current = index + 1;
      setLoading(true);
      const variables = { first: pageSize, after, filter: JSON.parse(filterKey) as Filter | null };
      const source = client.query(document, variables, { requestPolicy: isFresh ? 'network-only' : 'cache-first' });
      const { unsubscribe } = pipe(
        source,
        subscribe(({ data, error, stale }) => {
          const connection = (data && connectionOf(data)) ?? null;
          setPages((before) => {
            const next = [...before];
            // a failed refresh keeps what was read before
            next[index] = { connection: connection ?? before[index]?.connection ?? null, error: error ?? null };
            return next;
          });
          if (!stale) setLoading(false);
        }),
      );
      ends.current.push(unsubscribe);
    },
    [client, document, filterKey, pageSize, isFresh, connectionOf],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new generation, or a reload, starts again
  useEffect(() => {
    follow(0, null);
    return () => {
      for (const end of ends.current.splice(0)) end();
      setPages((before) => before.slice(0, 1));
    };
  }, [follow, generation, reloads]);

  const last = pages.at(-1)?.connection;
  const nodes = pages.flatMap(({ connection }) => connection?.nodes ?? []);
  const hasMore = Boolean(last?.pageInfo.hasNextPage) && nodes.length < MAX_NODES;
  return {
    nodes,
    totalCount: pages[0]?.connection?.totalCount ?? null,
    hasMore,
    isLoading,
    error: pages.find(({ error }) => error)?.error ?? null,
    loadMore: () => {
      const after = last?.pageInfo.endCursor;
      if (hasMore && after && started.current === pages.length) follow(pages.length, after);
    },
    reload: () => setReloads((count) => count + 1),
  };
}
