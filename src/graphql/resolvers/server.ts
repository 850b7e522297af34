import type { ServerFaultResolvers, ServerFlavorResolvers, ServerPowerState, ServerResolvers } from '../generated.ts';
import { ServerStatus } from '../generated.ts';
import { enumValue } from './enum-value.ts';

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
  name: (server) => server.name ?? '',
  status: (server) => enumValue(ServerStatus, server.status),
  statusRaw: (server) => server.status,
  taskState: (server) => server['OS-EXT-STS:task_state'] ?? null,
  vmState: (server) => server['OS-EXT-STS:vm_state'] ?? null,
  powerState: (server) => POWER_STATES[server['OS-EXT-STS:power_state'] ?? -1] ?? null,
  description: (server) => server.description ?? null,
  addresses: (server) =>
    Object.entries(server.addresses ?? {}).flatMap(([network, addresses]) =>
      addresses.map((address) => ({
        network,
        address: address.addr,
        version: address.version,
        type: address['OS-EXT-IPS:type'] === 'floating' ? 'FLOATING' : 'FIXED',
        macAddress: address['OS-EXT-IPS-MAC:mac_addr'] ?? null,
      })),
    ),
  accessIPv4: (server) => server.accessIPv4 || null,
  accessIPv6: (server) => server.accessIPv6 || null,
  flavor: (server) => server.flavor ?? null,
  imageId: (server) => (server.image ? server.image.id : null),
  keyName: (server) => server.key_name ?? null,
  metadata: (server) => server.metadata ?? {},
  tags: (server) => server.tags ?? [],
  securityGroups: (server) => (server.security_groups ?? []).map(({ name }) => name),
  volumeIds: (server) => (server['os-extended-volumes:volumes_attached'] ?? []).map(({ id }) => id),
  availabilityZone: (server) => server['OS-EXT-AZ:availability_zone'] || null,
  pinnedAvailabilityZone: (server) => server.pinned_availability_zone ?? null,
  hostname: (server) => server['OS-EXT-SRV-ATTR:hostname'] ?? null,
  hostId: (server) => server.hostId || null,
  progress: (server) => server.progress ?? null,
  locked: (server) => server.locked ?? false,
  lockedReason: (server) => server.locked_reason ?? null,
  created: (server) => server.created,
  updated: (server) => server.updated ?? null,
  launchedAt: (server) => server['OS-SRV-USG:launched_at'] ?? null,
  terminatedAt: (server) => server['OS-SRV-USG:terminated_at'] ?? null,
  fault: (server) => server.fault ?? null,
  projectId: (server) => server.tenant_id,
  userId: (server) => server.user_id ?? null,
  sharesAttached: (server, { inNova }, { loaders }) =>
    (inNova ? loaders.attachmentsWithNova : loaders.attachmentsOfServer).load(server.id),
};

/** The flavor that Nova embeds in a server (2.47). */
export const ServerFlavor: ServerFlavorResolvers = {
  name: (flavor) => flavor.original_name,
  vcpus: (flavor) => flavor.vcpus,
  ramMib: (flavor) => flavor.ram,
  diskGib: (flavor) => flavor.disk,
  ephemeralGib: (flavor) => flavor.ephemeral,
  swapMib: (flavor) => flavor.swap,
  extraSpecs: (flavor) => flavor.extra_specs ?? null,
};

export const ServerFault: ServerFaultResolvers = {
  message: (fault) => fault.message,
  code: (fault) => fault.code,
  created: (fault) => fault.created,
  details: (fault) => fault.details ?? null,
};
