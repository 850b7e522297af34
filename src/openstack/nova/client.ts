import { isForbidden, orNull, path, type Query, request } from '../http/request.ts';
import { NOVA } from '../services.ts';
import type { Session } from '../session.ts';
import { type Sort, sortParameters } from '../sort.ts';
import type { InterfaceAttachment, Link, NovaServer } from './types.ts';

/** Filters of a server list: Nova's own query parameters (nova schemas/servers.py). Since 2.75 an unknown one is a 400. */
export interface ServerFilters {
  /** A regular expression. */
  name?: string;
  status?: readonly string[];
  /** A regular expression, or a part of an address where Neutron can filter by one. */
  ip?: string;
  ip6?: string;
  /** ISO 8601: servers changed or deleted since. */
  'changes-since'?: string;
  /** Admins only: a member gets 403. */
  all_tenants?: '1';
  project_id?: string;
}

/** A server; null if it does not exist for this token (404). */
export function getServer(session: Session, id: string): Promise<NovaServer | null> {
  return orNull(fetchServer(session, id));
}

async function fetchServer(session: Session, id: string): Promise<NovaServer> {
  const options = { path: path`/servers/${id}`, expects: 'server' };
  const { server } = (await request<{ server: NovaServer }>(session, NOVA, options)).body;
  if (server.tenant_id === session.identity.projectId) session.cloud.readers.note(session);
  return server;
}

/**
 * A page of servers, newest first. `hasNext` is true for every full page, because Nova does not look ahead. An unknown
 * marker is a 400; a deleted server is a valid marker. Servers in a cell that is down are missing without notice from a list
 * with a filter or a sort.
 */
export async function listServers(
  session: Session,
  {
    limit,
    marker,
    filters,
    sort,
  }: { limit: number; marker?: string | null; filters?: ServerFilters; sort?: Sort | null },
): Promise<{ servers: NovaServer[]; hasNext: boolean }> {
  const query: Query = { limit, marker, ...filters, ...sortParameters(sort) };
  const { body } = await request<{ servers: NovaServer[]; servers_links?: unknown }>(session, NOVA, {
    path: '/servers/detail',
    query,
    expectsList: 'servers',
  });
  session.cloud.readers.note(session);
  const links: unknown[] = Array.isArray(body.servers_links) ? body.servers_links : [];
  return { servers: body.servers, hasNext: links.some((link) => (link as Link | null)?.rel === 'next') };
}

/** Whether Nova lets the token list the servers of its project, or of all projects. Rejects with an OpenStackError other than 403. */
export async function mayListServers(session: Session, projects: 'own' | 'all'): Promise<boolean> {
  const query: Query = { limit: 1, all_tenants: projects === 'all' ? '1' : null };
  const list = request(session, NOVA, { path: '/servers', query, expectsList: 'servers' });
  return (await orNull(list, isForbidden)) !== null;
}

/** A server's ports with their Neutron networks, which the server's own representation lacks. A deleted server is a 404. */
export async function listInterfaces(session: Session, serverId: string): Promise<InterfaceAttachment[]> {
  const { body } = await request<{ interfaceAttachments: InterfaceAttachment[] }>(session, NOVA, {
    path: path`/servers/${serverId}/os-interface`,
    expectsList: 'interfaceAttachments',
    idKey: 'port_id',
  });
  return body.interfaceAttachments;
}
