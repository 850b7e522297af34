import DataLoader from 'dataloader';
import pLimit, { type LimitFunction } from 'p-limit';
import type { AttachmentView } from '../attachments/attachment.ts';
import type { Attachments } from '../attachments/service.ts';
import * as manila from '../openstack/manila/client.ts';
import * as nova from '../openstack/nova/client.ts';
import type { Session } from '../openstack/session.ts';
import { MAX_PAGE } from './connections/paging.ts';
import { listServers } from './connections/servers.ts';
import { listShares } from './connections/shares.ts';
import type { QueryServersArgs, QuerySharesArgs } from './generated.ts';

/**
 * The number of servers or shares by id from which on one list replaces a GET each. Neither service filters by several
 * ids (Nova ignores `uuid` for members and lists the whole project; Manila has no such filter). In the gateway's CPU a
 * list of 10 shares costs as much as 2 GETs, one of 50 as 3, of 200 as 8, of 1,000 as about 40.
 */
export const LIST_FROM = 3;
/** The length of that list per id: by the same figures it costs no more than the GETs. */
const LISTED_PER_ID = 25;
/** Nova's default `max_limit`, and a bound on the cost of one list to Manila. */
const LIST_LIMIT = 1000;
/** Maximum number of concurrent upstream calls of one request. */
const CONCURRENCY = 16;

/** The functions of the OpenStack clients that loaders call. */
export type Clients = Pick<typeof nova, 'getServer' | 'listServers'> &
  Pick<typeof manila, 'getShare' | 'listShares' | 'listExportLocations' | 'listAccessRules'>;

export type Loaders = ReturnType<typeof createLoaders>;

/**
 * Creates the loaders of one request. Each resource is requested once; the keys of one tick are one round trip where the
 * service allows it. An error belongs to its key alone, unless the whole round trip failed. A list primes the loaders by
 * id with its items.
 */
export function createLoaders(session: Session, attachments: Attachments, clients: Clients = { ...nova, ...manila }) {
  let limited: LimitFunction | null = null;
  const limit: <T>(call: () => Promise<T>) => Promise<T> = (call) => {
    limited ??= pLimit(CONCURRENCY);
    return limited(call);
  };

  const server = byId({
    get: (id) => limit(() => clients.getServer(session, id)),
    list: async (listLength) => (await clients.listServers(session, { limit: listLength })).servers,
  });
  const share = byId({
    get: (id) => limit(() => clients.getShare(session, id)),
    list: async (listLength) => (await clients.listShares(session, { limit: listLength })).shares,
  });

  return {
    /** By id; null when the server does not exist for this token. */
    server,
    /** By id; null when the share does not exist for this token. */
    share,
    /** By share id, preferred ones first; empty for a deleted share. */
    exportLocations: onePerKey(async (shareId) => {
      const locations = await limit(() => clients.listExportLocations(session, shareId));
      return (locations ?? []).toSorted((a, b) => Number(b.preferred ?? false) - Number(a.preferred ?? false));
    }),
    /** By share id; empty for a deleted share. */
    accessRules: onePerKey(async (shareId) => (await limit(() => clients.listAccessRules(session, shareId))) ?? []),
    /** When the guest of an attachment's server last read its list of mounts. */
    guestSeenAt: new DataLoader(async (keys: readonly GuestKey[]) => await guestsSeenAt(attachments, keys), {
      cacheKeyFn: ({ projectId, serverId }) => `${projectId} ${serverId}`,
    }),
    /** By server id, at most MAX_PAGE, oldest first. */
    attachmentsOfServer: new DataLoader((ids: readonly string[]) => attachments.listForServers(session, ids, MAX_PAGE)),
    /** By server id, oldest first, then those that only Nova has. */
    attachmentsWithNova: onePerKey((serverId) => limit(() => attachments.listWithNova(session, serverId))),
    /** By share id, at most MAX_PAGE, oldest first. */
    attachmentsOfShare: new DataLoader((ids: readonly string[]) => attachments.listForShares(session, ids, MAX_PAGE)),

    /** A page of the project's servers. */
    servers: (args: QueryServersArgs) =>
      listServers(async (page) => {
        const response = await clients.listServers(session, page);
        prime(server, response.servers);
        return response;
      }, args),
    /** A page of the project's shares. */
    shares: (args: QuerySharesArgs) =>
      listShares(async (page) => {
        const response = await clients.listShares(session, page);
        prime(share, response.shares);
        return response;
      }, args),
  };
}

type GuestKey = Pick<AttachmentView, 'projectId' | 'serverId'>;

/** One round trip for each project: attachments of several projects come together for an administrator only. */
async function guestsSeenAt(attachments: Attachments, keys: readonly GuestKey[]): Promise<(string | null)[]> {
  const byProject = new Map<string, string[]>();
  for (const { projectId, serverId } of keys) {
    byProject.set(projectId, [...(byProject.get(projectId) ?? []), serverId]);
  }
  const found = new Map<string, string | null>();
  await Promise.all(
    [...byProject].map(async ([projectId, serverIds]) => {
      const times = await attachments.guestsSeenAt(projectId, serverIds);
      for (const [i, serverId] of serverIds.entries()) found.set(`${projectId} ${serverId}`, times[i] ?? null);
    }),
  );
  return keys.map(({ projectId, serverId }) => found.get(`${projectId} ${serverId}`) ?? null);
}

/** The length of the list that is read to find `count` resources. */
export function listLimit(count: number): number {
  return Math.min(LIST_LIMIT, LISTED_PER_ID * count);
}

type ById<T> = DataLoader<string, T | null>;

/**
 * Loads few resources with a GET each, many with one list. One that is missing from the list still gets a GET: it may be
 * another project's public share, in a cell that is down, or beyond the limit.
 */
function byId<T extends { id: string }>(read: {
  get: (id: string) => Promise<T | null>;
  list: (limit: number) => Promise<T[]>;
}): ById<T> {
  /** The longest list read so far; infinite when it was complete. */
  let listed = 0;
  const loader: ById<T> = new DataLoader(async (ids) => {
    const found = new Map<string, T>();
    const limit = listLimit(ids.length);
    if (ids.length >= LIST_FROM && limit > listed) {
      const items = await read.list(limit);
      listed = items.length < limit ? Number.POSITIVE_INFINITY : limit;
      for (const item of items) found.set(item.id, item);
      prime(loader, items);
    }
    return Promise.all(ids.map((id) => found.get(id) ?? read.get(id).catch(asError)));
  });
  return loader;
}

/** One call per key; the loader makes each call once. */
function onePerKey<T>(read: (id: string) => Promise<T>): DataLoader<string, T> {
  return new DataLoader((ids: readonly string[]) => Promise.all(ids.map((id) => read(id).catch(asError))));
}

function prime<T extends { id: string }>(loader: ById<T>, items: readonly T[]): void {
  for (const item of items) loader.prime(item.id, item);
}

/** DataLoader treats an Error among its values as the failure of that key. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
