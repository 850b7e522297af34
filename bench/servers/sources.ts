/** Data sources of the peers: memory, or the upstream over an undici Pool. */
import { Pool } from 'undici';
import type { Attachment } from '../../src/attachments/attachment.ts';
import type { Share } from '../../src/openstack/manila/types.ts';
import type { NovaServer } from '../../src/openstack/nova/types.ts';
import { attachmentRecord, manilaShare, novaServer, projectId, SHARES, shareOfServer } from '../data.ts';

export type PeerAttachment = Pick<Attachment, 'id' | 'status' | 'mountPoint' | 'accessLevel' | 'shareId'>;

export interface Source {
  servers(token: string, limit: number): Promise<NovaServer[]>;
  attachmentsOf(token: string, serverIds: readonly string[]): Promise<PeerAttachment[][]>;
  shares(token: string, ids: readonly string[]): Promise<Share[]>;
}

/** The cloud in memory; the gateway's `list` benchmark uses it too. */
export function memoryCloud(servers = 200) {
  const project = projectId(0);
  const attachments = Array.from({ length: servers }, (_, i) => attachmentRecord(i, shareOfServer(i), project));
  return {
    servers: Array.from({ length: servers }, (_, i) => novaServer(i, project)),
    shares: new Map(
      Array.from({ length: SHARES }, (_, i) => manilaShare(i, project)).map((share) => [share.id, share]),
    ),
    attachments,
    byServer: new Map(attachments.map((attachment) => [attachment.serverId, [attachment]])),
  };
}

export function memorySource(): Source {
  const cloud = memoryCloud();
  return {
    servers: async (_token, limit) => cloud.servers.slice(0, limit),
    attachmentsOf: async (_token, ids) => ids.map((id) => cloud.byServer.get(id) ?? []),
    shares: async (_token, ids) => ids.map((id) => cloud.shares.get(id) as Share),
  };
}

interface NovaAttachment {
  uuid: string;
  share_id: string;
  status: 'attached';
  tag: string;
  access_level: 'rw';
}

/** Nova's share attachments (2.97) and Manila's shares have no endpoint for several: one GET each, as in DataLoader's documentation. */
export function httpSource(url: string): Source {
  const pool = new Pool(url, { connections: 64, pipelining: 1 });
  const get = async <T>(token: string, path: string): Promise<T> => {
    const { body } = await pool.request({ method: 'GET', path, headers: { 'x-auth-token': token } });
    return (await body.json()) as T;
  };
  return {
    servers: async (token, limit) =>
      (await get<{ servers: NovaServer[] }>(token, `/compute/v2.1/servers/detail?limit=${limit}`)).servers,
    attachmentsOf: (token, ids) =>
      Promise.all(
        ids.map(async (id) => {
          const { shares } = await get<{ shares: NovaAttachment[] }>(token, `/compute/v2.1/servers/${id}/shares`);
          return shares.map((one) => ({
            id: one.uuid,
            status: one.status,
            mountPoint: one.tag,
            accessLevel: one.access_level,
            shareId: one.share_id,
          }));
        }),
      ),
    shares: (token, ids) =>
      Promise.all(ids.map(async (id) => (await get<{ share: Share }>(token, `/share/v2/shares/${id}`)).share)),
  };
}
