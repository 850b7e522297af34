import { isAdmin, type Port, type Server, type Token } from '../cloud.ts';
import { bareMicroseconds, zonedSeconds } from '../time.ts';
import { hostIdOf } from './servers.ts';

/** vm_state and power_state of a status (nova/api/openstack/common.py, nova/compute/power_state.py). */
const STATES: Record<string, readonly [vmState: string, powerState: number]> = {
  ACTIVE: ['active', 1],
  BUILD: ['building', 0],
  SHUTOFF: ['stopped', 4],
  ERROR: ['error', 0],
  DELETED: ['deleted', 0],
  PAUSED: ['paused', 3],
  SUSPENDED: ['suspended', 4],
  SHELVED_OFFLOADED: ['shelved_offloaded', 4],
};
const WITH_PROGRESS = new Set(['ACTIVE', 'BUILD', 'REBUILD', 'RESIZE', 'VERIFY_RESIZE', 'MIGRATING']);
const WITH_FAULT = new Set(['ERROR', 'DELETED']);

/** The vm_state of a server. */
export function vmStateOf(server: Server): string {
  return STATES[server.status]?.[0] ?? server.status.toLowerCase();
}

/** A server in a list without details. */
export function serverSummary(server: Server, origin: string) {
  return { id: server.id, name: server.name, links: linksOf(origin, `servers/${server.id}`) };
}

/** The two links of each Nova object. */
export function linksOf(origin: string, path: string) {
  return [
    { rel: 'self', href: `${origin}/compute/v2.1/${path}` },
    { rel: 'bookmark', href: `${origin}/compute/${path}` },
  ];
}

/** A server with its details, by microversion and role. `isShow`: with the fields that lists do not have. */
export function serverDetail(server: Server, view: { token: Token; version: number; origin: string; isShow: boolean }) {
  const { version, origin, isShow } = view;
  if (server.isCellDown && version >= 69) return downCellView(server, origin, isShow);
  const [vmState, powerState] = STATES[server.status] ?? [vmStateOf(server), 0];
  const since = (minor: number, fields: object) => (version >= minor ? fields : {});
  return {
    id: server.id,
    name: server.name,
    status: statusOf(server),
    tenant_id: server.projectId,
    user_id: server.userId,
    metadata: server.metadata,
    hostId: hostIdOf(server),
    image: imageOf(server, version, origin),
    flavor: flavorOf(server, version, origin),
    created: zonedSeconds(server.createdAt),
    updated: zonedSeconds(server.updatedAt),
    addresses: addressesOf(server.ports),
    accessIPv4: '',
    accessIPv6: '',
    links: linksOf(origin, `servers/${server.id}`),
    'OS-DCF:diskConfig': 'MANUAL',
    ...(WITH_PROGRESS.has(server.status) && { progress: 0 }),
    ...faultOf(server, view.token),
    'OS-EXT-AZ:availability_zone': server.host === null ? '' : 'nova',
    ...since(96, { pinned_availability_zone: null }),
    ...since(100, { scheduler_hints: {} }),
    config_drive: '',
    key_name: server.keyName,
    'OS-SRV-USG:launched_at': server.launchedAt === null ? null : bareMicroseconds(server.launchedAt),
    'OS-SRV-USG:terminated_at': server.terminatedAt === null ? null : bareMicroseconds(server.terminatedAt),
    security_groups: [{ name: 'default' }],
    ...(isAdmin(view.token) && adminFields(server, version)),
    'OS-EXT-STS:task_state': server.taskState,
    'OS-EXT-STS:vm_state': vmState,
    'OS-EXT-STS:power_state': powerState,
    'os-extended-volumes:volumes_attached': server.volumeIds.map((id) => ({
      id,
      ...since(3, { delete_on_termination: false }),
    })),
    ...since(9, { locked: server.isLocked }),
    ...since(73, { locked_reason: server.lockedReason }),
    ...since(19, { description: server.description }),
    ...since(26, { tags: server.tags }),
    ...since(63, { trusted_image_certificates: null }),
    ...since(90, { 'OS-EXT-SRV-ATTR:hostname': server.name }),
    ...(isShow && since(71, { server_groups: [] })),
  };
}

/** The status: a reboot shows while it runs. */
function statusOf({ status, taskState }: Server): string {
  if (status !== 'ACTIVE') return status;
  return taskState === 'rebooting' ? 'REBOOT' : taskState === 'rebooting_hard' ? 'HARD_REBOOT' : status;
}

/** The image, with the properties that it had at the creation of the server since 2.98. */
function imageOf({ imageId, flavor }: Server, version: number, origin: string) {
  if (imageId === null) return '';
  const properties = {
    min_ram: '0',
    min_disk: String(flavor.disk),
    disk_format: 'raw',
    container_format: 'bare',
    base_image_ref: imageId,
  };
  return { id: imageId, links: bookmark(origin, `images/${imageId}`), ...(version >= 98 && { properties }) };
}

/** The known fields of a server whose cell is down (api-guide/source/down_cells.rst). */
function downCellView(server: Server, origin: string, isShow: boolean) {
  const basics = {
    id: server.id,
    status: 'UNKNOWN',
    tenant_id: server.projectId,
    created: zonedSeconds(server.createdAt),
    links: linksOf(origin, `servers/${server.id}`),
  };
  if (!isShow) return basics;
  return {
    ...basics,
    user_id: server.userId,
    image: server.imageId === null ? '' : { id: server.imageId, links: bookmark(origin, `images/${server.imageId}`) },
    flavor: flavorOf(server, 69, origin),
    'OS-EXT-AZ:availability_zone': 'UNKNOWN',
    'OS-EXT-STS:power_state': 0,
    server_groups: [],
  };
}

function bookmark(origin: string, path: string) {
  return linksOf(origin, path).slice(1);
}

/** Id and link before 2.47; since then all but the id. */
function flavorOf({ flavor }: Server, version: number, origin: string) {
  if (version < 47) return { id: flavor.id, links: bookmark(origin, `flavors/${flavor.id}`) };
  const { vcpus, ram, disk, extraSpecs = {} } = flavor;
  return { vcpus, ram, disk, ephemeral: 0, swap: 0, original_name: flavor.name, extra_specs: extraSpecs };
}

function faultOf({ fault, status }: Server, token: Token) {
  if (!fault || !WITH_FAULT.has(status)) return {};
  const details = isAdmin(token) ? { details: 'Traceback (most recent call last): …' } : {};
  return { fault: { code: fault.code, created: zonedSeconds(fault.at), message: fault.message, ...details } };
}

function adminFields(server: Server, version: number) {
  const attribute = (name: string, value: unknown) => ({ [`OS-EXT-SRV-ATTR:${name}`]: value });
  const later = {
    ...attribute('reservation_id', `r-${server.id.slice(0, 8)}`),
    ...attribute('launch_index', 0),
    ...attribute('hostname', server.name),
    ...attribute('kernel_id', ''),
    ...attribute('ramdisk_id', ''),
    ...attribute('root_device_name', '/dev/vda'),
    ...attribute('user_data', null),
  };
  return {
    ...attribute('host', server.host),
    ...attribute('instance_name', `instance-${server.id.slice(0, 8)}`),
    ...attribute('hypervisor_hostname', server.host),
    ...(version >= 3 && later),
    ...(version >= 16 && { host_status: server.host === null ? '' : 'UP' }),
  };
}

type Address = {
  version: 4 | 6;
  addr: string;
  'OS-EXT-IPS:type': 'fixed' | 'floating';
  'OS-EXT-IPS-MAC:mac_addr': string;
};

/** Addresses by network name: networks with the same name are merged, as in Nova. */
export function addressesOf(ports: readonly Port[]): Record<string, Address[]> {
  const byName: Record<string, Address[]> = {};
  for (const { network, mac, fixedIps, floatingIps } of ports) {
    const entry =
      (type: 'fixed' | 'floating') =>
      (addr: string): Address => ({
        version: addr.includes(':') ? 6 : 4,
        addr,
        'OS-EXT-IPS:type': type,
        'OS-EXT-IPS-MAC:mac_addr': mac,
      });
    const before = byName[network.name] ?? [];
    byName[network.name] = [...before, ...fixedIps.map(entry('fixed')), ...floatingIps.map(entry('floating'))];
  }
  return byName;
}

/** An interface of `os-interface`: network and subnet ids, no floating addresses; `tag` since 2.70. */
export function interfaceView(port: Port, version: number) {
  return {
    net_id: port.network.id,
    port_id: port.id,
    mac_addr: port.mac,
    port_state: 'ACTIVE',
    fixed_ips: port.fixedIps.map((address) => ({
      subnet_id: port.network.subnets.find((subnet) => subnet.version === (address.includes(':') ? 6 : 4))?.id,
      ip_address: address,
    })),
    ...(version >= 70 && { tag: null }),
  };
}
