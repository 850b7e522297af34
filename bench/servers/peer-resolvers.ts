/** Resolvers and loaders as the documentation of the three peers advises: one DataLoader per request over the upstream's REST. */
import DataLoader from 'dataloader';
import type { Share } from '../../src/openstack/manila/types.ts';
import type { NovaServer } from '../../src/openstack/nova/types.ts';
import type { PeerAttachment, Source } from './sources.ts';

export interface PeerContext {
  token: string;
  loaders: ReturnType<typeof createLoaders>;
  source: Source;
}

export function createPeerContext(source: Source, token: string): PeerContext {
  return { token, source, loaders: createLoaders(source, token) };
}

function createLoaders(source: Source, token: string) {
  return {
    attachments: new DataLoader((ids: readonly string[]) => source.attachmentsOf(token, ids)),
    share: new DataLoader((ids: readonly string[]) => source.shares(token, ids)),
  };
}

export const resolvers = {
  Query: {
    servers: async (_: unknown, { first }: { first: number }, { source, token }: PeerContext) => ({
      nodes: await source.servers(token, first),
    }),
  },
  Server: {
    addresses: ({ addresses = {} }: NovaServer) =>
      Object.entries(addresses).flatMap(([network, all]) => all.map((one) => ({ ...one, network }))),
    sharesAttached: ({ id }: NovaServer, _: unknown, { loaders }: PeerContext) => loaders.attachments.load(id),
  },
  ServerFlavor: {
    name: (flavor: { original_name: string }) => flavor.original_name,
    ramMib: (flavor: { ram: number }) => flavor.ram,
  },
  ServerAddress: {
    address: ({ addr }: { addr: string }) => addr,
    type: (address: { 'OS-EXT-IPS:type'?: string }) => (address['OS-EXT-IPS:type'] ?? 'fixed').toUpperCase(),
  },
  ShareAttachment: {
    status: ({ status }: PeerAttachment) => status.toUpperCase(),
    accessLevel: ({ accessLevel }: PeerAttachment) => (accessLevel === 'ro' ? 'READ_ONLY' : 'READ_WRITE'),
    share: ({ shareId }: PeerAttachment, _: unknown, { loaders }: PeerContext) => loaders.share.load(shareId),
  },
  Share: {
    sizeGib: ({ size }: Share) => size,
    status: ({ status }: Share) => status.toUpperCase(),
    protocol: (share: Share) => share.share_proto,
  },
};
