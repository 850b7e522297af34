/** Reads servers for many records at once. */
import DataLoader from 'dataloader';
import { LIST_FROM, listLimit } from '../../openstack/list-or-get.ts';
import { getServer, listServers } from '../../openstack/nova/client.ts';
import type { NovaServer } from '../../openstack/nova/types.ts';
import type { Identity, Session } from '../../openstack/session.ts';

interface ServerRead {
  readonly session: Session;
  readonly id: string;
}

const loaders = new WeakMap<Identity, DataLoader<ServerRead, NovaServer | null, string>>();

/**
 * A server; null if it does not exist for this token (404). Records that ask in the same tick with the same user's token,
 * because one list of their share's rules answered all of them, are answered by one list of servers.
 */
export function readServer(session: Session, id: string): Promise<NovaServer | null> {
  // a token with access rules of its own may read one server, and no list
  if (session.identity.isDelegated) return getServer(session, id);
  let loader = loaders.get(session.identity);
  if (!loader) {
    loader = new DataLoader(readServers, { cache: false });
    loaders.set(session.identity, loader);
  }
  return loader.load({ session, id });
}

async function readServers(reads: readonly ServerRead[]): Promise<(NovaServer | null | Error)[]> {
  const listed = await listServersOf(reads);
  return await Promise.all(
    reads.map(async ({ session, id }) => listed.get(id) ?? (await getServer(session, id).catch(asError))),
  );
}

/** The servers that one list shows; none when there are few, or the list fails: then each is read by itself. */
async function listServersOf(reads: readonly ServerRead[]): Promise<ReadonlyMap<string, NovaServer>> {
  const [first] = reads;
  const count = new Set(reads.map(({ id }) => id)).size;
  if (!first || count < LIST_FROM) return new Map();
  // each record's lease ends at its own time: the list has the timeout of one call
  const { signal: _signal, ...session } = first.session;
  const { servers } = await listServers(session, { limit: listLimit(count) }).catch(() => ({ servers: [] }));
  return new Map(servers.map((server) => [server.id, server]));
}

/** DataLoader treats an Error among its values as the failure of that key. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
