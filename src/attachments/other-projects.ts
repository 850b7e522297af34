/**
 * Attachments of other projects, for operators. A record is filed under its server's project, so a user who sees a server
 * may see its attachments, and they are found in that project.
 */
import pLimit from 'p-limit';
import { getServer } from '../openstack/nova/client.ts';
import type { Session } from '../openstack/session.ts';
import type { Attachment } from './attachment.ts';
import { seesAllProjects } from './read-access.ts';
import type { AttachmentStore } from './store/contract.ts';

/** Maximum number of projects that are read at the same time for one list. */
const CONCURRENCY = 8;

/** A server as Nova showed it to the session. */
export interface ServerRef {
  id: string;
  /** Nova's `tenant_id`. */
  projectId: string;
}

/** A share as Manila showed it to the session. */
export interface ShareRef {
  id: string;
  projectId: string;
}

/** Reads from the store what a project has, which is recovered first where the store does not have it. */
export type ReadIn = <T>(projectId: string, read: () => Promise<T>) => Promise<T>;

/**
 * The project in which a server's attachments are filed: the session's own, unless the session sees all projects and the
 * server is of another. Asks Nova only where the session's project has no attachment of the server.
 */
export async function projectOfServer(store: AttachmentStore, session: Session, serverId: string): Promise<string> {
  const own = session.identity.projectId;
  const [records = []] = await store.listForServers(own, [serverId], 1);
  if (records.length > 0 || !(await seesAllProjects(session))) return own;
  return (await getServer(session, serverId))?.tenant_id ?? own;
}

/** One list for each server that Nova showed the session, in their order: complete, or the `first` oldest. */
export async function listForServersOf(
  store: AttachmentStore,
  readIn: ReadIn,
  servers: readonly ServerRef[],
  first?: number,
): Promise<Attachment[][]> {
  const projects = [...new Set(servers.map(({ projectId }) => projectId))];
  const found = new Map<string, Attachment[]>();
  await pLimit(CONCURRENCY).map(projects, async (projectId) => {
    const ids = servers.filter((server) => server.projectId === projectId).map(({ id }) => id);
    const lists = await readIn(projectId, () => store.listForServers(projectId, ids, first));
    for (const [i, id] of ids.entries()) found.set(id, lists[i] ?? []);
  });
  return servers.map(({ id }) => found.get(id) ?? []);
}

/**
 * One list for each share that Manila showed the session, in their order: of the session's project alone, or of every
 * project for one who sees all projects. Those of a public share may be servers of any project.
 */
export async function listForSharesOf(
  store: AttachmentStore,
  readIn: ReadIn,
  session: Session,
  shares: readonly ShareRef[],
  first?: number,
): Promise<Attachment[][]> {
  const own = session.identity.projectId;
  const ids = shares.map(({ id }) => id);
  const owners = [own, ...shares.map(({ projectId }) => projectId)];
  const isOperator = await seesAllProjects(session);
  const projects = new Set(isOperator ? [...owners, ...(await store.projects())] : [own]);
  const lists = await pLimit(CONCURRENCY).map([...projects], async (projectId) => {
    const read = () => store.listForShares(projectId, ids, first);
    // of a third project, which is not recovered here: no share says that its records are lost
    return owners.includes(projectId) ? await readIn(projectId, read) : await read();
  });
  return ids.map((_, i) => merged(lists.flatMap((list) => list[i] ?? [])).slice(0, first));
}

function merged(records: readonly Attachment[]): Attachment[] {
  return records.toSorted((a, b) => (a.createdAt === b.createdAt ? 0 : a.createdAt < b.createdAt ? -1 : 1));
}
