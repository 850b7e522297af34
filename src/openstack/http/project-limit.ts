import { abortable } from '../../deadline.ts';

/** Bounds how many connections one project uses at the same time, so that the others keep theirs. */
export interface ProjectLimit {
  /**
   * Waits until the project has a free slot; returns the function that releases it, to be called once. Rejects with the
   * signal's reason, or with a ProjectBusyError if too many of the project's requests are waiting.
   */
  acquire(project: string, signal: AbortSignal): Promise<() => void>;
}

/** Too many requests of a project are waiting for a slot. */
export class ProjectBusyError extends Error {}

interface Slots {
  running: number;
  /** Called in order when a slot becomes free. */
  readonly waiting: Set<() => void>;
}

/** Gives each project `limit` slots. At most `maxWaiting` of its requests wait for one. */
export function createProjectLimit(limit: number, maxWaiting: number): ProjectLimit {
  const projects = new Map<string, Slots>();

  function release(project: string, slots: Slots): void {
    const [next] = slots.waiting;
    if (next) {
      slots.waiting.delete(next);
      next();
      return;
    }
    slots.running -= 1;
    if (slots.running === 0) projects.delete(project);
  }

  async function waitForSlot(project: string, slots: Slots, signal: AbortSignal): Promise<void> {
    if (slots.waiting.size >= maxWaiting)
      throw new ProjectBusyError(`${maxWaiting} requests of ${project} are waiting`);
    let onFree = () => {};
    const free = new Promise<void>((resolve) => {
      onFree = resolve;
    });
    slots.waiting.add(onFree);
    try {
      await abortable(free, signal);
    } catch (error) {
      // a slot that was handed over in the same tick goes to the next request
      if (!slots.waiting.delete(onFree)) release(project, slots);
      throw error;
    }
  }

  return {
    async acquire(project, signal) {
      const slots = projects.get(project) ?? { running: 0, waiting: new Set() };
      projects.set(project, slots);
      if (slots.running < limit) slots.running += 1;
      else await waitForSlot(project, slots, signal);
      return () => release(project, slots);
    },
  };
}
