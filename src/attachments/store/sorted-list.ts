/** Items in the order of a comparison, each once. Finding a place takes a binary search. */
export interface SortedList<T> {
  add(item: T): void;
  /** Removes the item that compares equal. */
  remove(item: T): void;
  /** At most `count` items, beginning after `from`, or at the first for null. */
  slice(from: T | null, count: number): T[];
  /** The last `count` items. */
  last(count: number): T[];
  readonly size: number;
}

/** Makes an empty list. */
export function createSortedList<T>(compare: (a: T, b: T) => number): SortedList<T> {
  const items: T[] = [];

  /** The index of the first item that is not before this one. */
  function find(item: T): number {
    let [low, high] = [0, items.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(items[middle] as T, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function isAt(index: number, item: T): boolean {
    return index < items.length && compare(items[index] as T, item) === 0;
  }

  return {
    add(item) {
      const index = find(item);
      items.splice(index, isAt(index, item) ? 1 : 0, item);
    },
    remove(item) {
      const index = find(item);
      if (isAt(index, item)) items.splice(index, 1);
    },
    slice(from, count) {
      const index = from === null ? 0 : find(from);
      const start = from !== null && isAt(index, from) ? index + 1 : index;
      return items.slice(start, start + count);
    },
    last: (count) => items.slice(Math.max(0, items.length - count)),
    get size() {
      return items.length;
    },
  };
}
