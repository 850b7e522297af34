import DataLoader from 'dataloader';
import pLimit, { type LimitFunction } from 'p-limit';
import type { AttachmentView } from '../attachments/attachment.ts';
import { preferredFirst } from '../attachments/guest/exported-as.ts';
import type { HistoryOptions, ReadHistory } from '../attachments/history.ts';
import type { ServerRef, ShareRef } from '../attachments/other-projects.ts';
import type { Attachments } from '../attachments/service.ts';
import * as manila from '../openstack/manila/client.ts';
import * as nova from '../openstack/nova/client.ts';
import { listInstanceActions } from '../openstack/nova/shares.ts';
import type { Session } from '../openstack/session.ts';
import { asError, byId, prime } from './by-id.ts';
import { listActions } from './connections/history.ts';
import { MAX_PAGE } from './connections/paging.ts';
import { listServers } from './connections/servers.ts';
import { listShares } from './connections/shares.ts';
import type { QueryServersArgs, QuerySharesArgs } from './generated.ts';
import { createNodeLoader } from './nodes.ts';
import { createShareLoaders } from './share-loaders.ts';

/** Maximum number of concurrent upstream calls of one request. */
const CONCURRENCY = 16;

/** The functions of the OpenStack clients that loaders call. */
export type Clients = { listInstanceActions: typeof listInstanceActions } & Pick<
  typeof nova,
  'getServer' | 'listServers'
> &
  Pick<typeof manila, 'getShare' | 'listShares' | 'listExportLocations' | 'listAccessRules'>;

export type Loaders = ReturnType<typeof createLoaders>;

/**
 * Creates the loaders of one request. Each resource is requested once; the keys of one tick are one round trip where the
 * service allows it. An error belongs to its key alone, unless the whole round trip failed. A list primes the loaders by
 * id with its items.
 */
export function createLoaders(
  session: Session,
  attachments: Attachments,
  clients: Clients = { ...nova, ...manila, listInstanceActions },
) {
  let limited: LimitFunction | null = null;
  const limit: <T>(call: () => Promise<T>) => Promise<T> = (call) => {
    limited ??= pLimit(CONCURRENCY);
    return limited(call);
  };

  const servers = byId({
    get: (id) => limit(() => clients.getServer(session, id)),
    list: async (listLength) => (await clients.listServers(session, { limit: listLength })).servers,
  });
  const shares = byId({
    get: (id) => limit(() => clients.getShare(session, id)),
    list: async (listLength) => (await clients.listShares(session, { limit: listLength })).shares,
  });

  let readHistory: ReadHistory | null = null;
  const server = servers.loader;
  const share = shares.loader;

  const { snapshotsById, ...shareLoaders } = createShareLoaders(session, limit);

  return {
    ...shareLoaders,
    /** By id; null when the server does not exist for this token. */
    server,
    /** By id; null when the share does not exist for this token. */
    share,
    /** A server, a share, a snapshot or an attachment by its id; null when there is none. */
    node: createNodeLoader({
      servers,
      shares,
      snapshots: snapshotsById,
      attachment: (...pair) => attachments.get(session, ...pair),
    }),
    /** By share id, preferred ones first; empty for a deleted share. */
    exportLocations: onePerKey(async (shareId) => {
      const locations = await limit(() => clients.listExportLocations(session, shareId));
      return preferredFirst(locations ?? []);
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
    attachmentsWithNova: onePerKey(
      (server: ServerRef) => limit(() => attachments.listWithNova(session, server)),
      ({ id }) => id,
    ),
    /** By share id, at most MAX_PAGE, oldest first. */
    attachmentsOfShare: new DataLoader((ids: readonly string[]) => attachments.listForShares(session, ids, MAX_PAGE)),
    /** The same for servers of other projects. */
    attachmentsOfOtherServer: new DataLoader(
      (servers: readonly ServerRef[]) => attachments.listForServersOf(session, servers, MAX_PAGE),
      { cacheKeyFn: ({ id }) => id },
    ),
    /** The same for shares of other projects, and for public shares. */
    attachmentsOfOtherShare: new DataLoader(
      (shares: readonly ShareRef[]) => attachments.listForSharesOf(session, shares, MAX_PAGE),
      { cacheKeyFn: ({ id }) => id },
    ),

    /** A page of the project's history; the log is read once for all of them. */
    history: (options: HistoryOptions) => {
      readHistory ??= attachments.historyReader(session);
      return readHistory(options);
    },
    /** A page of a server's actions. */
    serverActions: (serverId: string, args: Parameters<typeof listActions>[1]) =>
      listActions((page) => limit(() => clients.listInstanceActions(session, serverId, page)), args),
    /** A page of the project's servers. */
    servers: (args: Partial<QueryServersArgs>) =>
      listServers(
        async (page) => {
          const response = await clients.listServers(session, page);
          prime(server, response.servers);
          return response;
        },
        args,
        (ids) => haveAttachments(ids, attachments.listForServers(session, ids, 1)),
      ),
    /** A page of the project's shares. */
    shares: (args: Partial<QuerySharesArgs>) =>
      listShares(
        async (page) => {
          const response = await clients.listShares(session, page);
          prime(share, response.shares);
          return response;
        },
        args,
        (ids) => haveAttachments(ids, attachments.listForShares(session, ids, 1)),
      ),
  };
}

type GuestKey = Pick<AttachmentView, 'projectId' | 'serverId'>;

/** The ids whose list of attachments is not empty. */
async function haveAttachments(ids: readonly string[], lists: Promise<readonly unknown[][]>): Promise<Set<string>> {
  const read = await lists;
  return new Set(ids.filter((_id, index) => (read[index]?.length ?? 0) > 0));
}

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

/** One call per key; the loader makes each call once. */
function onePerKey<T, K = string>(
  read: (key: K) => Promise<T>,
  cacheKeyFn?: (key: K) => unknown,
): DataLoader<K, T, unknown> {
  const options = cacheKeyFn ? { cacheKeyFn } : {};
  return new DataLoader((keys: readonly K[]) => Promise.all(keys.map((key) => read(key).catch(asError))), options);
}
