import type { Snapshot } from '../../openstack/manila/types.ts';
import { nameText, optionalUuid } from '../arguments.ts';
import type { QuerySnapshotsArgs, ShareSnapshotFilter } from '../generated.ts';
import { decodeCursor, type Position } from './cursor.ts';
import { collect, pageSize, toConnection } from './paging.ts';
import { escapeLike, toBatch } from './shares.ts';

/** One page of Manila's detail list, with the number of snapshots that match the filters. */
type ReadSnapshots = (page: {
  limit: number;
  offset: number;
  withCount: true;
  filters: ManilaFilters;
}) => Promise<{ snapshots: Snapshot[]; count: number | null }>;

interface ManilaFilters {
  share_id?: string;
  status?: string;
  'name~'?: string;
}

/** The project's snapshots as a connection. Manila has no status `unknown`: that filter matches none. */
export async function listSnapshots(read: ReadSnapshots, { first, after, filter }: QuerySnapshotsArgs) {
  const size = pageSize(first);
  const position = after ? decodeCursor('snapshot', after) : null;
  const filters = filtersOf(filter ?? {});
  let total: number | null = null;
  const readBatch = async (after: Position<'snapshot'> | null) => {
    const offset = after?.offset ?? 0;
    const { snapshots, count } = await read({ limit: size + 1, offset, withCount: true, filters });
    total = count;
    return toBatch(snapshots, count, after);
  };
  const page = await collect<Snapshot, Position<'snapshot'>>(size, position, readBatch);
  return toConnection('snapshot', page, total);
}

function filtersOf({ shareId, name, status }: ShareSnapshotFilter): ManilaFilters {
  const text = nameText(name);
  const id = optionalUuid('filter.shareId', shareId);
  return {
    ...(id !== null && { share_id: id }),
    ...(status && { status: status.toLowerCase() }),
    ...(text && { 'name~': escapeLike(text) }),
  };
}
