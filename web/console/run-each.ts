import type { ApiError } from '../shared/post.ts';

/** How many requests of one action run at the same time. */
const CONCURRENCY = 4;

/** What became of one item: not answered yet, accepted, or the error. */
export type Outcome = { readonly state: 'waiting' } | { readonly state: 'accepted' } | { readonly error: ApiError };

/** Runs an action for each item, a few at a time. One that fails leaves the others alone. */
export async function runEach<Item>(
  items: readonly Item[],
  action: (item: Item) => Promise<ApiError | null>,
  onOutcome: (item: Item, outcome: Outcome) => void,
): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      const error = await action(item);
      onOutcome(item, error ? { error } : { state: 'accepted' });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}
