/** The loaders of what belongs to shares and is read beside them: types, networks, zones, quotas, messages, snapshots. */
import DataLoader from 'dataloader';
import * as manila from '../openstack/manila/client.ts';
import * as options from '../openstack/manila/options.ts';
import * as snapshots from '../openstack/manila/snapshots.ts';
import type { Share } from '../openstack/manila/types.ts';
import * as nova from '../openstack/nova/options.ts';
import type { Session } from '../openstack/session.ts';
import { asError, byId, prime } from './by-id.ts';
import { MAX_PAGE } from './connections/paging.ts';
import { listSnapshots } from './connections/snapshots.ts';
import type { QuerySnapshotsArgs } from './generated.ts';

/** The functions of the OpenStack clients that these loaders call. */
export type ShareClients = Pick<typeof manila, 'listMessages'> & typeof options & typeof snapshots & typeof nova;

/** Runs a call within the request's limit of concurrent upstream calls. */
type Run = <T>(call: () => Promise<T>) => Promise<T>;

const CLIENTS: ShareClients = { ...manila, ...options, ...snapshots, ...nova };

/** Creates these loaders for one request. Each list is read once. */
export function createShareLoaders(session: Session, run: Run, clients: ShareClients = CLIENTS) {
  const snapshotsById = byId({
    get: (id) => run(() => clients.getSnapshot(session, id)),
    list: async (limit) => (await run(() => clients.listSnapshots(session, { limit }))).snapshots,
  });
  const snapshot = snapshotsById.loader;
  return {
    /** The share types that the caller can use. */
    shareTypes: once(() => run(() => clients.listShareTypes(session))),
    shareNetworks: (limit: number) => run(() => clients.listShareNetworks(session, { limit })),
    shareZones: once(() => run(() => clients.listAvailabilityZones(session))),
    serverZones: once(() => run(() => clients.listServerZones(session))),
    shareLimits: once(() => run(() => clients.getShareLimits(session))),
    serverLimits: once(() => run(() => clients.getServerLimits(session))),
    shareMessages: (resourceId: string | null, limit: number) =>
      run(() => clients.listMessages(session, { resourceId, limit })),
    /** By id; null when the snapshot does not exist for this token. */
    snapshot,
    /** The same with its list, for the loader of nodes. */
    snapshotsById,
    /** By share, at most MAX_PAGE, newest first. */
    snapshotsOfShare: new DataLoader<
      Pick<Share, 'id'>,
      Awaited<ReturnType<typeof snapshots.listSnapshots>>['snapshots'],
      string
    >((shares) => Promise.all(shares.map(({ id }) => run(() => ofShare(id)).catch(asError))), {
      cacheKeyFn: ({ id }) => id,
    }),
    /** A page of the project's snapshots. */
    snapshots: (args: QuerySnapshotsArgs) =>
      listSnapshots(async (page) => {
        const response = await run(() => clients.listSnapshots(session, page));
        prime(snapshot, response.snapshots);
        return response;
      }, args),
  };

  async function ofShare(id: string) {
    return (await clients.listSnapshots(session, { limit: MAX_PAGE, filters: { share_id: id } })).snapshots;
  }
}

/** A read that is made at most once. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | null = null;
  return () => {
    result ??= read();
    return result;
  };
}
