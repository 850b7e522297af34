import type { ExecutionResult } from 'graphql';

const END = { done: true, value: undefined } as const;

/**
 * A subscription's results from its source's events, one at a time and in order. graphql-js' own map is not used: its
 * return() on an async generator waits for the next event, and it hands one context to every event.
 * return() here ends a waiting next() and the source at once; what the source throws is thrown as `explain` makes it.
 */
export function mapEvents<Event>(
  source: AsyncIterator<Event>,
  run: (event: Event) => Promise<ExecutionResult>,
  explain: (error: unknown) => Error,
): AsyncIterableIterator<ExecutionResult> {
  let isEnded = false;
  let endWaiting = () => {};

  async function advance(): Promise<IteratorResult<ExecutionResult>> {
    try {
      const step = await source.next();
      if (step.done || isEnded) return END;
      return { done: false, value: await run(step.value) };
    } catch (error) {
      isEnded = true;
      throw explain(error);
    }
  }

  return {
    next: () =>
      new Promise((resolve, reject) => {
        if (isEnded) return resolve(END);
        endWaiting = () => resolve(END);
        advance().then(resolve, reject);
      }),
    async return() {
      isEnded = true;
      endWaiting();
      // Not waited for: a generator that waits for an event answers return() only after it.
      source.return?.()?.catch(() => {});
      return END;
    },
    async throw(error) {
      await this.return?.();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
