import type { AttachRequest } from '../attachments/service.ts';
import { GatewayError } from '../errors.ts';
import type { AttachShareCheckInput } from './generated.ts';

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

/** The list of a filter; null when it is absent or empty, which filters nothing. */
export function anyOf<T>(values: readonly T[] | null | undefined): readonly T[] | null {
  return values && values.length > 0 ? values : null;
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
