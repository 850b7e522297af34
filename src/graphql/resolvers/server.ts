import type { EmbeddedFlavor, ServerFault as NovaFault } from '../../openstack/nova/types.ts';
import { pageSize } from '../connections/paging.ts';
import {
  type ServerAddress,
  type ServerFaultResolvers,
  type ServerFlavorResolvers,
  type ServerPowerState,
  type ServerResolvers,
  ServerStatus,
} from '../generated.ts';
import { enumValue, upstreamReaders } from './upstream-value.ts';

const { text, integer, flag, timestamp, stringMap, texts, object, objects } = upstreamReaders('nova');

/** Nova's codes (nova/objects/fields.py, InstancePowerState). */
const POWER_STATES: Readonly<Record<number, ServerPowerState>> = {
  0: 'NOSTATE',
  1: 'RUNNING',
  3: 'PAUSED',
  4: 'SHUTDOWN',
  6: 'CRASHED',
  7: 'SUSPENDED',
};

/**
 * Server's fields from Nova's JSON. Optional fields are absent for a server in a cell that Nova cannot reach (since 2.69:
 * status UNKNOWN and few other fields), and below the microversion that introduced them.
 */
export const Server: ServerResolvers = {
  id: (server) => server.id,
  name: (server) => text(server, 'name') ?? '',
  status: (server) => enumValue(ServerStatus, server.status),
  statusRaw: (server) => text(server, 'status'),
  taskState: (server) => text(server, 'OS-EXT-STS:task_state'),
  vmState: (server) => text(server, 'OS-EXT-STS:vm_state'),
  powerState: (server) => POWER_STATES[integer(server, 'OS-EXT-STS:power_state') ?? -1] ?? null,
  description: (server) => text(server, 'description'),
  addresses: (server) =>
    Object.entries(object(server, 'addresses') ?? {}).flatMap(([network, addresses]) =>
      (objects({ addresses }, 'addresses') ?? []).map((address) => addressOf(network, address)),
    ),
  accessIPv4: (server) => text(server, 'accessIPv4') || null,
  accessIPv6: (server) => text(server, 'accessIPv6') || null,
  flavor: (server) => object(server, 'flavor') as EmbeddedFlavor | null,
  imageId: (server) => (server.image ? text(object(server, 'image') ?? {}, 'id') : null),
  keyName: (server) => text(server, 'key_name'),
  metadata: (server) => stringMap(server, 'metadata') ?? {},
  tags: (server) => texts(server, 'tags') ?? [],
  securityGroups: (server) => textsOf(objects(server, 'security_groups'), 'name'),
  volumeIds: (server) => textsOf(objects(server, 'os-extended-volumes:volumes_attached'), 'id'),
  availabilityZone: (server) => text(server, 'OS-EXT-AZ:availability_zone') || null,
  pinnedAvailabilityZone: (server) => text(server, 'pinned_availability_zone'),
  hostname: (server) => text(server, 'OS-EXT-SRV-ATTR:hostname'),
  hostId: (server) => text(server, 'hostId') || null,
  progress: (server) => integer(server, 'progress'),
  locked: (server) => flag(server, 'locked') ?? false,
  lockedReason: (server) => text(server, 'locked_reason'),
  createdAt: (server) => timestamp(server, 'created'),
  updatedAt: (server) => timestamp(server, 'updated'),
  launchedAt: (server) => timestamp(server, 'OS-SRV-USG:launched_at'),
  terminatedAt: (server) => timestamp(server, 'OS-SRV-USG:terminated_at'),
  fault: (server) => object(server, 'fault') as NovaFault | null,
  projectId: (server) => text(server, 'tenant_id'),
  userId: (server) => text(server, 'user_id'),
  actions: (server, { first, after }, { loaders }) => loaders.serverActions(server.id, { first, after }),
  sharesAttached: async (server, { first, inNova }, { loaders, identity }) => {
    const size = pageSize(first);
    const { id, tenant_id: projectId } = server;
    if (inNova) return (await loaders.attachmentsWithNova.load({ id, projectId })).slice(0, size);
    const isOthers = typeof projectId === 'string' && projectId !== identity.projectId;
    const list = isOthers
      ? loaders.attachmentsOfOtherServer.load({ id, projectId })
      : loaders.attachmentsOfServer.load(id);
    return (await list).slice(0, size);
  },
};

function addressOf(network: string, address: Record<string, unknown>): ServerAddress {
  return {
    network,
    address: text(address, 'addr') ?? '',
    version: integer(address, 'version'),
    type: address['OS-EXT-IPS:type'] === 'floating' ? 'FLOATING' : 'FIXED',
    macAddress: text(address, 'OS-EXT-IPS-MAC:mac_addr'),
  };
}

/** One field of each object; objects without it are left out. */
function textsOf(items: Record<string, unknown>[] | null, key: string): string[] {
  return (items ?? []).map((item) => text(item, key)).filter((value) => value !== null);
}

/** The flavor that Nova embeds in a server (2.47). */
export const ServerFlavor: ServerFlavorResolvers = {
  name: (flavor) => text(flavor, 'original_name'),
  vcpus: (flavor) => integer(flavor, 'vcpus'),
  ramMib: (flavor) => integer(flavor, 'ram'),
  diskGib: (flavor) => integer(flavor, 'disk'),
  ephemeralGib: (flavor) => integer(flavor, 'ephemeral'),
  swapMib: (flavor) => integer(flavor, 'swap'),
  extraSpecs: (flavor) => stringMap(flavor, 'extra_specs'),
};

export const ServerFault: ServerFaultResolvers = {
  message: (fault) => text(fault, 'message'),
  code: (fault) => integer(fault, 'code'),
  createdAt: (fault) => timestamp(fault, 'created'),
  details: (fault) => text(fault, 'details'),
};
