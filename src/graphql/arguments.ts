import { canonicalAddress } from '../attachments/access-targets.ts';
import type { AttachRequest, DetachRequest } from '../attachments/service.ts';
import { GatewayError } from '../errors.ts';
import type { AttachShareCheckInput, AttachShareInput, DetachShareInput } from './generated.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MAX_QUOTED = 60;

/**
 * A UUID argument in lower case, as Nova and Manila write it. Throws BAD_USER_INPUT for anything else, in lookups too: a
 * malformed id is a client's mistake, not an absent server.
 */
export function uuid(name: string, id: string): string {
  const lowered = id.toLowerCase();
  if (UUID.test(lowered)) return lowered;
  throw new GatewayError('BAD_USER_INPUT', `${name}: expected a UUID, got ${JSON.stringify(id.slice(0, MAX_QUOTED))}`);
}

/** The same for an optional argument. */
export function optionalUuid(name: string, id: string | null | undefined): string | null {
  return id === null || id === undefined ? null : uuid(name, id);
}

/** Maximum number of ids of `nodes`. */
const MAX_NODES = 200;

/** The id of a node in lower case: a UUID, or the two of an attachment. Throws BAD_USER_INPUT for anything else. */
export function nodeId(name: string, id: string): string {
  const lowered = id.toLowerCase();
  const parts = lowered.split(':');
  if (parts.length <= 2 && parts.every((part) => UUID.test(part))) return lowered;
  const got = JSON.stringify(id.slice(0, 2 * MAX_QUOTED));
  throw new GatewayError('BAD_USER_INPUT', `${name}: expected a UUID, or <server UUID>:<share UUID>, got ${got}`);
}

/** The ids of `nodes`. Throws BAD_USER_INPUT for a malformed one, and above 200. */
export function nodeIds(ids: readonly string[]): string[] {
  if (ids.length <= MAX_NODES) return ids.map((id, index) => nodeId(`ids.${index}`, id));
  throw new GatewayError('BAD_USER_INPUT', `ids: expected at most ${MAX_NODES}, got ${ids.length}`);
}

/** The list of a filter; null when it is absent or empty, which filters nothing. */
export function anyOf<T>(values: readonly T[] | null | undefined): readonly T[] | null {
  return values && values.length > 0 ? values : null;
}

/** An IP address in canonical spelling; null when it is absent. Throws BAD_USER_INPUT for anything else. */
export function addressText(address: string | null | undefined, name = 'filter.address'): string | null {
  if (address === null || address === undefined) return null;
  const canonical = canonicalAddress(address.trim());
  if (canonical !== null && !address.includes('/')) return canonical;
  const got = JSON.stringify(address.slice(0, MAX_QUOTED));
  throw new GatewayError('BAD_USER_INPUT', `${name}: expected an IPv4 or IPv6 address, got ${got}`);
}

/** The `name` of a filter. Throws BAD_USER_INPUT above 255 characters, the maximum of names in OpenStack. */
export function nameText(name: string | null | undefined): string | null {
  if (name && name.length > 255) {
    throw new GatewayError('BAD_USER_INPUT', `filter.name: expected at most 255 characters, got ${name.length}`);
  }
  return name || null;
}

/** The arguments that attachShare and attachShareCheck have in common. Throws BAD_USER_INPUT. */
export function attachRequest(input: AttachShareCheckInput): AttachRequest {
  return {
    serverId: uuid('serverId', input.serverId),
    shareId: uuid('shareId', input.shareId),
    mountPoint: input.mountPoint ?? null,
    accessLevel: input.accessLevel === 'READ_ONLY' ? 'ro' : 'rw',
    accessTo: input.accessTo ?? null,
    tag: input.tag ?? null,
    isProtected: input.isProtected ?? false,
    isHidden: input.isHidden ?? false,
  };
}

/** The arguments of `attachShare`. Throws BAD_USER_INPUT. */
export function attachArguments(input: AttachShareInput): AttachRequest {
  const via = input.via === 'VIRTIOFS' ? ('virtiofs' as const) : ('access_rule' as const);
  return { ...attachRequest(input), via, tellGuest: input.tellGuest ?? false };
}

/** The arguments of `detachShare`. Throws BAD_USER_INPUT. */
export function detachArguments(input: DetachShareInput): DetachRequest {
  return {
    serverId: uuid('serverId', input.serverId),
    shareId: uuid('shareId', input.shareId),
    mountPoint: input.mountPoint ?? null,
    unmountGraceSeconds: input.unmountGraceSeconds ?? 0,
  };
}
