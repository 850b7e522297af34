import DataLoader from 'dataloader';
import pLimit from 'p-limit';
import type { Attachments } from '../attachments/service-contract.ts';
import * as manila from '../openstack/manila/client.ts';
import * as nova from '../openstack/nova/client.ts';
import type { Session } from '../openstack/session.ts';
import { listServers } from './connections/servers.ts';
import { listShares } from './connections/shares.ts';
import type { QueryServersArgs, QuerySharesArgs } from './generated.ts';

/**
 * From how many on several servers or shares by id are one list instead of a GET each: neither service takes a list of
 * ids (Nova drops `uuid` for members and lists the whole project; Manila has no such filter). In the gateway's CPU a list of
 * 10 shares is worth 2 GETs, one of 50 3, of 200 8, of 1,000 about 40.
 */
export const LIST_FROM = 3;
/** How many a list is as long as, for each that is looked for: by the same figures it costs no more than the GETs. */
const LISTED_FOR_EACH = 25;
/** Nova's `max_limit` as shipped, and a bound on what one list can cost Manila. What is beyond is got one by one. */
const LIST_LIMIT = 1000;
/** How many calls of one kind or another a request may have under way at once. */
const PARALLEL = 16;

/** The client functions that loaders call. */
export type Clients = Pick<typeof nova, 'getServer' | 'listServers'> &
  Pick<typeof manila, 'getShare' | 'listShares' | 'listExportLocations' | 'listAccessRules'>;

export type Loaders = ReturnType<typeof createLoaders>;

/**
 * The caches of one request: each thing is asked for once, and what one tick asks for is one round trip where the service
 * allows it. An error is that of its key alone, unless the whole round trip failed. A list hands its items to the
 * loaders by id.
 */
export function createLoaders(session: Session, attachments: Attachments, clients: Clients = { ...nova, ...manila }) {
  const limit = pLimit(PARALLEL);

  const server = byId({
    get: (id) => limit(() => clients.getServer(session, id)),
    list: async (most) => (await clients.listServers(session, { limit: most })).servers,
  });
  const share = byId({
    get: (id) => limit(() => clients.getShare(session, id)),
    list: async (most) => (await clients.listShares(session, { limit: most })).shares,
  });

  return {
    /** Null when there is none for this token. */
    server,
    /** Null when there is none for this token. */
    share,
    /** By share id, preferred ones first; empty for a share that is gone. */
    exportLocations: eachAlone(async (shareId) => {
      const locations = await limit(() => clients.listExportLocations(session, shareId));
      return (locations ?? []).toSorted((a, b) => Number(b.preferred ?? false) - Number(a.preferred ?? false));
    }),
    /** By share id; empty for a share that is gone. */
    accessRules: eachAlone(async (shareId) => (await limit(() => clients.listAccessRules(session, shareId))) ?? []),
    /** By server id, oldest first. */
    attachmentsOfServer: new DataLoader((ids: readonly string[]) => attachments.listForServers(session, ids)),
    /** By share id, oldest first. */
    attachmentsOfShare: new DataLoader((ids: readonly string[]) => attachments.listForShares(session, ids)),

    /** A page of the project's servers. */
    servers: (args: QueryServersArgs) =>
      listServers(async (page) => {
        const answer = await clients.listServers(session, page);
        prime(server, answer.servers);
        return answer;
      }, args),
    /** A page of the project's shares. */
    shares: (args: QuerySharesArgs) =>
      listShares(async (page) => {
        const answer = await clients.listShares(session, page);
        prime(share, answer.shares);
        return answer;
      }, args),
  };
}

/** How long the list is that is read to find so many. */
export function listLimit(wanted: number): number {
  return Math.min(LIST_LIMIT, LISTED_FOR_EACH * wanted);
}

type ById<T> = DataLoader<string, T | null>;

/** Few by a GET each, many by one list. Absence from the list proves nothing (other projects' public shares, cells that are down, more than the limit): a GET tells. */
function byId<T extends { id: string }>(read: {
  get: (id: string) => Promise<T | null>;
  list: (limit: number) => Promise<T[]>;
}): ById<T> {
  /** How long a list was read already; without end when it had everything. */
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

/** One call a key; the loader only keeps it from being made twice. */
function eachAlone<T>(read: (id: string) => Promise<T>): DataLoader<string, T> {
  return new DataLoader((ids: readonly string[]) => Promise.all(ids.map((id) => read(id).catch(asError))));
}

function prime<T extends { id: string }>(loader: ById<T>, items: readonly T[]): void {
  for (const item of items) loader.prime(item.id, item);
}

/** DataLoader takes an Error in a key's place as that key's failure. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
