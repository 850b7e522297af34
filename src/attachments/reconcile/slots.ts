/** Records that wait for a slot, per project; the due lists hold the rest. */
const MAX_WAITING_PER_PROJECT = 1000;
const MAX_WAITING = 10_000;

/** The slots in which reconciles run, and the records that wait for one: the projects take turns. */
export interface Slots {
  /** Takes a slot for a record; false: none is free for its project, and the record waits for its turn. */
  take(projectId: string, id: string): boolean;
  /** Gives a slot of a project back. Returns the record whose turn it is, which has no slot yet. */
  release(projectId: string): { projectId: string; id: string } | null;
  isWaiting(projectId: string, id: string): boolean;
}

/**
 * Slots for `total` records at the same time, `perProject` of them of one project.
 * @see MAX_WAITING_PER_PROJECT: a record beyond it does not wait here
 */
export function createSlots(total: number, perProject: number): Slots {
  const taken = new Map<string, number>();
  /** Ids by project: first come, first served within a project; the project that is served goes to the end. */
  const waiting = new Map<string, Set<string>>();
  let sumTaken = 0;
  let sumWaiting = 0;

  const takenBy = (projectId: string) => taken.get(projectId) ?? 0;
  const isFree = (projectId: string) => sumTaken < total && takenBy(projectId) < perProject;

  function wait(projectId: string, id: string): void {
    const ids = waiting.get(projectId) ?? new Set();
    if (ids.has(id) || ids.size >= MAX_WAITING_PER_PROJECT || sumWaiting >= MAX_WAITING) return;
    waiting.set(projectId, ids.add(id));
    sumWaiting += 1;
  }

  function next(): { projectId: string; id: string } | null {
    for (const [projectId, ids] of waiting) {
      const [id] = ids;
      if (id === undefined || !isFree(projectId)) continue;
      ids.delete(id);
      sumWaiting -= 1;
      waiting.delete(projectId);
      if (ids.size > 0) waiting.set(projectId, ids);
      return { projectId, id };
    }
    return null;
  }

  return {
    take(projectId, id) {
      if (!isFree(projectId)) {
        wait(projectId, id);
        return false;
      }
      taken.set(projectId, takenBy(projectId) + 1);
      sumTaken += 1;
      return true;
    },
    release(projectId) {
      sumTaken -= 1;
      if (takenBy(projectId) > 1) taken.set(projectId, takenBy(projectId) - 1);
      else taken.delete(projectId);
      return next();
    },
    isWaiting: (projectId, id) => waiting.get(projectId)?.has(id) ?? false,
  };
}
