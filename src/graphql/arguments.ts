import { GatewayError } from '../errors.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MAX_QUOTED = 60;

/**
 * A UUID as Nova and Manila write it, from what a client gave in any case. Anything else is BAD_USER_INPUT, also for a
 * mere lookup: a malformed id is a mistake to hear of, not a server that is absent.
 */
export function uuid(name: string, id: string): string {
  const lowered = id.toLowerCase();
  if (UUID.test(lowered)) return lowered;
  throw new GatewayError('BAD_USER_INPUT', `${name}: expected a UUID, got ${JSON.stringify(id.slice(0, MAX_QUOTED))}`);
}

/** The same for an argument that may be left out. */
export function optionalUuid(name: string, id: string | null | undefined): string | null {
  return id === null || id === undefined ? null : uuid(name, id);
}

/** A filter's list; one that is left out, null or empty filters nothing. */
export function anyOf<T>(values: readonly T[] | null | undefined): readonly T[] | null {
  return values && values.length > 0 ? values : null;
}

/** OpenStack's names are 255 characters at the most, so a longer text to look for is a mistake. */
export function nameText(name: string | null | undefined): string | null {
  if (name && name.length > 255) {
    throw new GatewayError('BAD_USER_INPUT', `filter.name: expected at most 255 characters, got ${name.length}`);
  }
  return name || null;
}
