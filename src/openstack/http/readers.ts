import { LRUCache } from 'lru-cache';
import type { Session } from '../session.ts';
import { flightKeyOf } from './single-flight.ts';

/** Maximum number of users, projects and roles that are remembered together. */
const MAX_READERS = 10_000;

/**
 * When Nova or Manila last let a session read resources of its project: each list and each GET that succeeds is noted, so
 * that no call is made to find out. Sessions of the same user, project and roles count as one; an
 * application credential's token counts alone.
 */
export interface Readers {
  /** Notes that a read of the session's project has succeeded. */
  note(session: Session): void;
  /** How long ago that was, in ms; infinite when it is not known. */
  ageMs(session: Session): number;
  /** What Nova last said of whether the session may list the servers of all projects, and how long ago, in ms. */
  allProjects(session: Session): { sees: boolean; ageMs: number } | null;
  noteAllProjects(session: Session, sees: boolean): void;
}

/** Creates the memory of one cloud. */
export function createReaders(): Readers {
  const seen = new LRUCache<string, number>({ max: MAX_READERS });
  const allProjects = new LRUCache<string, { sees: boolean; at: number }>({ max: MAX_READERS });
  return {
    note: (session) => {
      seen.set(flightKeyOf(session).rights, performance.now());
    },
    ageMs: (session) => performance.now() - (seen.get(flightKeyOf(session).rights) ?? Number.NEGATIVE_INFINITY),
    allProjects: (session) => {
      const last = allProjects.get(flightKeyOf(session).rights);
      return last ? { sees: last.sees, ageMs: performance.now() - last.at } : null;
    },
    noteAllProjects: (session, sees) => {
      allProjects.set(flightKeyOf(session).rights, { sees, at: performance.now() });
    },
  };
}
