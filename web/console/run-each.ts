/** How many requests of one action run at the same time. */
const CONCURRENCY = 4;

/** Runs an action for each item, a few at a time. */
export async function runEach<Item>(items: readonly Item[], action: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await action(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}
