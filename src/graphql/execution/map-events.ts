import type { ExecutionResult } from 'graphql';

const END = { done: true, value: undefined } as const;

/**
 * MapSourceToResponseEvent of the specification (6.2.3.2): the results of a subscription, one event at a time and in
 * order. graphql-js' own is not used: its return() on an async generator waits for the next event, and it passes one
 * context to every event. return() here ends a pending next() and the source at once. Errors of the source are thrown as
 * `formatError` returns them.
 */
export function mapEvents<Event>(
  source: AsyncIterator<Event>,
  execute: (event: Event) => Promise<ExecutionResult>,
  formatError: (error: unknown) => Error,
): AsyncIterableIterator<ExecutionResult> {
  let isEnded = false;
  let endPending = () => {};

  async function advance(): Promise<IteratorResult<ExecutionResult>> {
    try {
      const step = await source.next();
      if (step.done || isEnded) return END;
      return { done: false, value: await execute(step.value) };
    } catch (error) {
      isEnded = true;
      throw formatError(error);
    }
  }

  return {
    next: () =>
      new Promise((resolve, reject) => {
        if (isEnded) return resolve(END);
        endPending = () => resolve(END);
        advance().then(resolve, reject);
      }),
    async return() {
      isEnded = true;
      endPending();
      // Not awaited: a generator that waits for an event returns only after it.
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
