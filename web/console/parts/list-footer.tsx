import type { Pages } from '../use-pages.ts';

interface ListFooterProps {
  readonly list: Pages<unknown>;
  readonly noun: string;
  readonly isFiltered: boolean;
}

function wordsOf({ nodes, totalCount, hasMore, isLoading }: Pages<unknown>, noun: string, isFiltered: boolean): string {
  const nouns = nodes.length === 1 ? noun : `${noun}s`;
  if (nodes.length === 0) return isLoading ? 'Reading…' : `No ${noun}${isFiltered ? ' matches the filter' : ''}`;
  if (!hasMore) return `${nodes.length} ${nouns}`;
  return totalCount === null
    ? `${nodes.length} ${nouns} read, and more`
    : `${nodes.length} of ${totalCount} ${nouns} read`;
}

/** How much of a list is read. */
export function ListFooter({ list, noun, isFiltered }: ListFooterProps) {
  return (
    <footer className="quiet">
      {wordsOf(list, noun, isFiltered)}
      {list.hasMore && (
        <button type="button" className="small" onClick={list.loadMore}>
          More
        </button>
      )}
    </footer>
  );
}
