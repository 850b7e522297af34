import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';

interface VirtualListProps<Item> {
  readonly label: string;
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => string;
  /** The height of a row in px, the same for all. */
  readonly rowHeight: number;
  readonly row: (item: Item) => ReactNode;
  /** The number of items, if it is known to be more than those that are read. */
  readonly total: number;
  /** Called when the user comes near the end of what is read. */
  readonly onEnd: () => void;
}

/** How many rows before the end the next page is asked for. */
const AHEAD = 30;

/** Moves the focus to the first control of the row above or below. */
function moveFocus(event: KeyboardEvent<HTMLElement>) {
  const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
  const target = event.target as HTMLElement;
  if (!step || target.matches('select, input[type=text]')) return;
  const row = target.closest('[role=listitem]');
  const other = row?.[step as 'nextElementSibling'];
  event.preventDefault();
  other?.scrollIntoView({ block: 'nearest' });
  other?.querySelector<HTMLElement>('input, button')?.focus();
}

/** A list of which only the visible rows are in the document. The arrow keys go from row to row. */
export function VirtualList<Item>({ label, items, keyOf, rowHeight, row, total, onEnd }: VirtualListProps<Item>) {
  const scrollElement = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scrollElement.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => keyOf(items[index] as Item),
    overscan: 8,
  });
  const rows = virtualizer.getVirtualItems();
  const lastVisible = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastVisible >= items.length - AHEAD) onEnd();
  });
  return (
    <div className="scroll" ref={scrollElement} data-testid={label}>
      {/* biome-ignore lint/a11y/useSemanticElements: a list element's children may only be list items, and these are placed by hand */}
      <div role="list" aria-label={label} style={{ height: virtualizer.getTotalSize() }} onKeyDown={moveFocus}>
        {rows.map(({ index, key, start }) => (
          // biome-ignore lint/a11y/useSemanticElements: see above
          <div
            role="listitem"
            key={key}
            aria-setsize={total}
            aria-posinset={index + 1}
            style={{ height: rowHeight, transform: `translateY(${start}px)` }}
          >
            {row(items[index] as Item)}
          </div>
        ))}
      </div>
    </div>
  );
}
