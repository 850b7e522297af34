/** The targets of an attachment's access rules: from the share's protocol, the server's addresses and `accessTo`. */
import ipaddr from 'ipaddr.js';
import { GatewayError } from '../errors.ts';
import type { Share } from '../openstack/manila/types.ts';
import type { NovaServer } from '../openstack/nova/types.ts';
import type { AccessType } from './attachment.ts';
import type { Reads } from './reads.ts';

/** Maximum access rules of one attachment. */
export const MAX_TARGETS = 16;

/** The access type that the drivers of a protocol support (manila share/driver.py protocol_access_mapping). */
const ACCESS_TYPES: Record<string, AccessType> = { NFS: 'ip', CIFS: 'user', CEPHFS: 'cephx' };

/** Whether the gateway can attach shares of this share's protocol. */
export function isAttachable(share: Share): boolean {
  return ACCESS_TYPES[share.share_proto.toUpperCase()] !== undefined;
}

/** The access type for a share; null for a protocol that cannot be attached. */
export function accessTypeOf(share: Pick<Share, 'share_proto'>): AccessType | null {
  return ACCESS_TYPES[share.share_proto.toUpperCase()] ?? null;
}

/** The protocols whose shares can be attached. */
export const ATTACHABLE_PROTOCOLS = Object.keys(ACCESS_TYPES);

/** The user's `accessTo`, valid for the type, canonical, sorted, without duplicates. Throws BAD_USER_INPUT. */
export function requestedTargets(type: AccessType, accessTo: readonly string[]): string[] {
  if (accessTo.length === 0 || accessTo.length > MAX_TARGETS) {
    throw new GatewayError('BAD_USER_INPUT', `accessTo: expected 1 to ${MAX_TARGETS} entries, got ${accessTo.length}`);
  }
  return canonicalTargets(type, accessTo);
}

function canonicalTargets(type: AccessType, accessTo: readonly string[]): string[] {
  return [...new Set(accessTo.map((to) => checkTarget(type, to)))].sort();
}

/** The addresses from which a server reaches a share, canonical and sorted; empty without a fixed IPv4 address. */
export interface AddressesFound {
  readonly addresses: readonly string[];
  /** Whether they are on the share's own network; null for a share without one. */
  readonly isOnShareNetwork: boolean | null;
}

/** Finds a server's addresses for a share. Takes two requests for a share on a share network, otherwise none. */
export async function findAddresses(reads: Reads, server: NovaServer, share: Share): Promise<AddressesFound> {
  const { share_network_id: networkId } = share;
  const onShareNetwork = networkId ? await addressesOnShareNetwork(reads, server.id, networkId) : [];
  const found = onShareNetwork.length > 0 ? onShareNetwork : fixedIPv4(server);
  return {
    addresses: canonicalTargets('ip', found),
    isOnShareNetwork: networkId ? onShareNetwork.length > 0 : null,
  };
}

/**
 * An address in the form in which Manila compares it: `10.0.0.5/32` is `10.0.0.5`, IPv6 as in RFC 5952. Null for text
 * that is neither an address nor a network.
 */
export function canonicalAddress(text: string): string | null {
  const [address = '', prefix, more] = text.split('/');
  if (more !== undefined || !isPlainAddress(address)) return null;
  const parsed = ipaddr.parse(address);
  const written = parsed.kind() === 'ipv6' ? (parsed as ipaddr.IPv6).toRFC5952String() : parsed.toString();
  const bits = parsed.kind() === 'ipv6' ? 128 : 32;
  if (prefix === undefined) return written;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) return null;
  return Number(prefix) === bits ? written : `${written}/${Number(prefix)}`;
}

/** A target in the form in which Manila compares it. */
export function canonicalTarget(type: string, accessTo: string): string {
  return (type === 'ip' ? canonicalAddress(accessTo) : null) ?? accessTo;
}

/** Whether two targets of one type are the same to Manila. */
export function isSameTarget(type: string, one: string, other: string): boolean {
  return one === other || canonicalTarget(type, one) === canonicalTarget(type, other);
}

/** Whether the drivers take the address: four decimal numbers, while ipaddr.js alone also takes 10.1 and 0x7f.1. */
function isPlainAddress(address: string): boolean {
  return (
    ipaddr.IPv4.isValidFourPartDecimal(address) ||
    (address.includes(':') && !address.includes('%') && ipaddr.IPv6.isValid(address))
  );
}

function checkTarget(type: AccessType, to: string): string {
  if (type === 'ip') return checkAddress(to);
  // manila api/common.py validate_username and validate_cephx_id
  const isValid =
    type === 'user'
      ? /^[^"/\\[\]:;|=,+*?<>]{4,255}$/.test(to) && !/[\p{Cc}]/u.test(to)
      : /^[\x20-\x7e]{1,255}$/.test(to) && !to.includes('.') && to.trim() === to;
  if (isValid) return to;
  const expected =
    type === 'user'
      ? 'a user of 4 to 255 characters without "/\\[]:;|=,+*?<>'
      : 'a cephx id of printable ASCII without "."';
  throw new GatewayError('BAD_USER_INPUT', `accessTo: expected ${expected}, got ${JSON.stringify(to)}`);
}

function checkAddress(to: string): string {
  const canonical = canonicalAddress(to.trim());
  if (canonical === null) {
    throw new GatewayError('BAD_USER_INPUT', `accessTo: expected an IP address or network, got ${JSON.stringify(to)}`);
  }
  if (canonical.includes('/')) {
    const [address, bits] = ipaddr.parseCIDR(canonical);
    const network = (address.kind() === 'ipv6' ? ipaddr.IPv6 : ipaddr.IPv4).networkAddressFromCIDR(canonical);
    if (network.toNormalizedString() !== address.toNormalizedString()) {
      throw new GatewayError(
        'BAD_USER_INPUT',
        `accessTo: ${JSON.stringify(to)} has host bits set, expected ${canonicalAddress(`${network.toString()}/${bits}`)}`,
      );
    }
  }
  return canonical;
}

function fixedIPv4(server: NovaServer): string[] {
  return Object.values(server.addresses ?? {})
    .flat()
    .filter((address) => address.version === 4 && address['OS-EXT-IPS:type'] === 'fixed')
    .map((address) => address.addr);
}

/**
 * The server's addresses on the Neutron network from which the share is exported. IPv4 only: back ends may drop IPv6
 * rules silently.
 */
async function addressesOnShareNetwork(reads: Reads, serverId: string, shareNetworkId: string): Promise<string[]> {
  const [network, interfaces] = await Promise.all([reads.shareNetwork(shareNetworkId), reads.interfaces(serverId)]);
  const subnets = network?.share_network_subnets ?? [];
  const ids = new Set([network?.neutron_net_id, ...subnets.map((subnet) => subnet.neutron_net_id)].filter(Boolean));
  return interfaces
    .filter((port) => ids.has(port.net_id))
    .flatMap((port) => (port.fixed_ips ?? []).map((ip) => ip.ip_address))
    .filter((ip) => ipaddr.IPv4.isValidFourPartDecimal(ip));
}
