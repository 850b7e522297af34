/** What the checks before an attach read of Nova and Manila: for one pair, or once for many. */
import { LIST_FROM, listLimit } from '../openstack/list-or-get.ts';
import { getShare, getShareNetwork, listShares } from '../openstack/manila/client.ts';
import type { AccessRule, Share, ShareNetwork } from '../openstack/manila/types.ts';
import { getServer, listInterfaces, listServers } from '../openstack/nova/client.ts';
import type { InterfaceAttachment, NovaServer } from '../openstack/nova/types.ts';
import type { Session } from '../openstack/session.ts';
import { readRules } from './rule-lists.ts';

/** Reads by id; null for what does not exist for the token. Rejects with an OpenStackError. */
export interface Reads {
  server(id: string): Promise<NovaServer | null>;
  share(id: string): Promise<Share | null>;
  accessRules(shareId: string): Promise<readonly AccessRule[] | null>;
  shareNetwork(id: string): Promise<ShareNetwork | null>;
  interfaces(serverId: string): Promise<InterfaceAttachment[]>;
}

/** Reads each time it is asked. */
export function directReads(session: Session): Reads {
  return {
    server: (id) => getServer(session, id),
    share: (id) => getShare(session, id),
    accessRules: (shareId) => readRules(session, shareId),
    shareNetwork: (id) => getShareNetwork(session, id),
    interfaces: (serverId) => listInterfaces(session, serverId),
  };
}

/**
 * Reads everything once: many servers or shares with one list each, and with a GET what is missing from the list. It must
 * not live longer than the request that it is for.
 */
export function sharedReads(session: Session, serverIds: readonly string[], shareIds: readonly string[]): Reads {
  const direct = directReads(session);
  return {
    server: listedOrGot(
      serverIds,
      async (limit) => (await listServers(session, { limit })).servers,
      (id) => direct.server(id),
    ),
    share: listedOrGot(
      shareIds,
      async (limit) => (await listShares(session, { limit })).shares,
      (id) => direct.share(id),
    ),
    accessRules: once((shareId) => direct.accessRules(shareId)),
    shareNetwork: once((id) => direct.shareNetwork(id)),
    interfaces: once((serverId) => direct.interfaces(serverId)),
  };
}

function listedOrGot<T extends { id: string }>(
  ids: readonly string[],
  list: (limit: number) => Promise<T[]>,
  get: (id: string) => Promise<T | null>,
): (id: string) => Promise<T | null> {
  const count = new Set(ids).size;
  const listed = once(async () => {
    if (count < LIST_FROM) return new Map<string, T>();
    return new Map((await list(listLimit(count))).map((item) => [item.id, item]));
  });
  return once(async (id) => (await listed('')).get(id) ?? (await get(id)));
}

/** The read, made once for each id. */
function once<T>(read: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const results = new Map<string, Promise<T>>();
  return (id) => {
    const result = results.get(id) ?? read(id);
    results.set(id, result);
    return result;
  };
}
