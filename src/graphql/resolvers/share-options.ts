import type { ShareNetworkSubnet as ManilaSubnet } from '../../openstack/manila/types.ts';
import { optionalUuid } from '../arguments.ts';
import { pageSize } from '../connections/paging.ts';
import type {
  AvailabilityZonesResolvers,
  Limit,
  LimitsResolvers,
  QueryResolvers,
  ShareMessageResolvers,
  ShareNetworkResolvers,
  ShareNetworkSubnetResolvers,
} from '../generated.ts';
import { listedType } from './share-type.ts';
import { upstreamReaders } from './upstream-value.ts';

const manila = upstreamReaders('manila');
const nova = upstreamReaders('nova');
const { text, integer, timestamp } = manila;

/** The parent of types whose fields are all read by loaders. */
export type NoParent = Record<string, never>;

/** A subnet of a share network; one without an id is that of a network before Manila 2.51. */
export type SubnetView = Partial<ManilaSubnet>;

/** The root fields that say what a share can be created with. */
export const shareOptionQueries: Pick<
  QueryResolvers,
  'shareTypes' | 'shareNetworks' | 'availabilityZones' | 'limits' | 'shareMessages'
> = {
  shareTypes: async (_root, _args, { loaders }) => (await loaders.shareTypes()).map(listedType),
  shareNetworks: (_root, { first }, { loaders }) => loaders.shareNetworks(pageSize(first)),
  availabilityZones: () => ({}),
  limits: () => ({}),
  shareMessages: (_root, { resourceId, first }, { loaders }) =>
    loaders.shareMessages(optionalUuid('resourceId', resourceId), pageSize(first)),
};

/** ShareNetwork's fields from Manila's JSON. Before 2.51 a network is its only subnet. */
export const ShareNetwork: ShareNetworkResolvers = {
  id: (network) => network.id,
  name: (network) => text(network, 'name'),
  description: (network) => text(network, 'description'),
  status: (network) => text(network, 'status'),
  subnets: (network) => {
    const { neutron_net_id = null, neutron_subnet_id = null, cidr = null, ip_version = null } = network;
    return network.share_network_subnets ?? [{ neutron_net_id, neutron_subnet_id, cidr, ip_version }];
  },
  createdAt: (network) => timestamp(network, 'created_at'),
  projectId: (network) => text(network, 'project_id'),
};

/** ShareNetworkSubnet's fields from Manila's JSON. */
export const ShareNetworkSubnet: ShareNetworkSubnetResolvers = {
  id: (subnet) => text(subnet, 'id'),
  neutronNetworkId: (subnet) => text(subnet, 'neutron_net_id'),
  neutronSubnetId: (subnet) => text(subnet, 'neutron_subnet_id'),
  cidr: (subnet) => text(subnet, 'cidr'),
  ipVersion: (subnet) => integer(subnet, 'ip_version'),
  availabilityZone: (subnet) => text(subnet, 'availability_zone'),
};

/** AvailabilityZones' fields: a list of each service. */
export const AvailabilityZones: AvailabilityZonesResolvers = {
  servers: async (_zones, _args, { loaders }) =>
    (await loaders.serverZones()).map(({ zoneName, zoneState }) => ({
      name: zoneName,
      isAvailable: zoneState ? nova.flag(zoneState, 'available') : null,
    })),
  shares: async (_zones, _args, { loaders }) =>
    (await loaders.shareZones()).map((zone) => ({ name: text(zone, 'name') ?? '', isAvailable: null })),
};

/** Limits' fields: the quotas of each service. */
export const Limits: LimitsResolvers = {
  servers: async (_limits, _args, { loaders }) => {
    const limit = limitsOf(await loaders.serverLimits(), nova.integer);
    return {
      servers: limit('maxTotalInstances', 'totalInstancesUsed'),
      vcpus: limit('maxTotalCores', 'totalCoresUsed'),
      ramMib: limit('maxTotalRAMSize', 'totalRAMUsed'),
      serverGroups: limit('maxServerGroups', 'totalServerGroupsUsed'),
    };
  },
  shares: async (_limits, _args, { loaders }) => {
    const limit = limitsOf(await loaders.shareLimits(), integer);
    return {
      shares: limit('maxTotalShares', 'totalSharesUsed'),
      shareGib: limit('maxTotalShareGigabytes', 'totalShareGigabytesUsed'),
      snapshots: limit('maxTotalShareSnapshots', 'totalShareSnapshotsUsed'),
      snapshotGib: limit('maxTotalSnapshotGigabytes', 'totalSnapshotGigabytesUsed'),
      shareNetworks: limit('maxTotalShareNetworks', 'totalShareNetworksUsed'),
      replicas: limit('maxTotalShareReplicas', 'totalShareReplicasUsed'),
      replicaGib: limit('maxTotalReplicaGigabytes', 'totalReplicaGigabytesUsed'),
    };
  },
};

/** A quota by the service's names; null when the service has none of the name. Services write -1 for no limit. */
function limitsOf(absolute: Record<string, unknown>, read: typeof integer) {
  return (maximumName: string, usedName: string): Limit | null => {
    const maximum = read(absolute, maximumName);
    if (maximum === null) return null;
    return { maximum: maximum < 0 ? null : maximum, used: read(absolute, usedName) };
  };
}

/** ShareMessage's fields from Manila's JSON. */
export const ShareMessage: ShareMessageResolvers = {
  id: (message) => message.id,
  resourceType: (message) => text(message, 'resource_type'),
  resourceId: (message) => text(message, 'resource_id'),
  message: (message) => text(message, 'user_message'),
  actionId: (message) => text(message, 'action_id'),
  detailId: (message) => text(message, 'detail_id'),
  createdAt: (message) => timestamp(message, 'created_at'),
  expiresAt: (message) => timestamp(message, 'expires_at'),
  openstackRequestId: (message) => text(message, 'request_id'),
};
