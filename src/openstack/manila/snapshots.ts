/** Snapshots of shares. */
import { orNull, path, request } from '../http/request.ts';
import { MANILA } from '../services.ts';
import type { Session } from '../session.ts';
import type { Snapshot } from './types.ts';

/** Filters of a snapshot list: Manila's own query parameters. */
export interface SnapshotFilters {
  share_id?: string;
  status?: string;
  /** Text contained in the name. Since 2.36. */
  'name~'?: string;
}

/** A snapshot; null if it does not exist for this token. */
export function getSnapshot(session: Session, id: string): Promise<Snapshot | null> {
  return orNull(fetchSnapshot(session, id));
}

async function fetchSnapshot(session: Session, id: string): Promise<Snapshot> {
  const options = { path: path`/snapshots/${id}`, expects: 'snapshot' };
  return (await request<{ snapshot: Snapshot }>(session, MANILA, options)).body.snapshot;
}

/** A page of snapshots, newest first. `count` is the number on all pages; null before 2.79, and without `withCount`. */
export async function listSnapshots(
  session: Session,
  options: { limit: number; offset?: number; withCount?: boolean; filters?: SnapshotFilters },
): Promise<{ snapshots: Snapshot[]; count: number | null }> {
  const { limit, offset, withCount, filters } = options;
  const query = { limit, offset, with_count: withCount ? 'True' : null, ...filters };
  const { body } = await request<{ snapshots: Snapshot[]; count?: unknown }>(session, MANILA, {
    path: '/snapshots/detail',
    query,
    expectsList: 'snapshots',
  });
  return { snapshots: body.snapshots, count: Number.isInteger(body.count) ? Number(body.count) : null };
}

/** Creates a snapshot: Manila answers 202 with `creating`. Repeating the call makes a second one. */
export async function createSnapshot(
  session: Session,
  snapshot: { share_id: string; name?: string; description?: string; metadata?: Record<string, string> },
): Promise<Snapshot> {
  const options = { method: 'POST' as const, path: '/snapshots', body: { snapshot }, expects: 'snapshot' };
  return (await request<{ snapshot: Snapshot }>(session, MANILA, options)).body.snapshot;
}

/** Starts the deletion of a snapshot. */
export async function deleteSnapshot(session: Session, id: string): Promise<void> {
  await request(session, MANILA, { method: 'DELETE', path: path`/snapshots/${id}` });
}
