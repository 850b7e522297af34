/**
 * Reads the fields of OpenStack's JSON. Services leave out fields that their documentation promises and change types
 * between releases: an absent value is null, and one of another type is an UPSTREAM_ERROR of its own field, which is
 * nullable for that reason.
 */
import { GatewayError } from '../../errors.ts';
import type { ServiceName } from '../../openstack/services.ts';
import { isTimestamp } from './scalars.ts';

const MAX_QUOTED = 60;

/**
 * The schema's enum value for a word of OpenStack: the word in upper case, or `UNKNOWN` when the schema does not have it.
 * Services add states over time; the schema has the raw word in a field beside it.
 */
export function enumValue<V extends string>(values: Readonly<Record<string, V>>, word: unknown): V | 'UNKNOWN' {
  const name = typeof word === 'string' ? word.toUpperCase() : '';
  return Object.hasOwn(values, name) ? (values[name] as V) : 'UNKNOWN';
}

/** Creates the readers for the JSON of a service. Each takes an object and the name of its field. */
export function upstreamReaders(service: ServiceName) {
  function reader<V>(expected: string, isExpected: (value: unknown) => value is V) {
    return <T extends object>(object: T, key: keyof T & string): V | null => {
      const value: unknown = object[key];
      if (value === null || value === undefined) return null;
      if (isExpected(value)) return value;
      const got = JSON.stringify(value).slice(0, MAX_QUOTED);
      const message = `${TITLES[service]} sent an unexpected value of \`${key}\`: expected ${expected}, got ${got}`;
      throw new GatewayError('UPSTREAM_ERROR', message, { service });
    };
  }

  return {
    text: reader('a string', (value): value is string => typeof value === 'string'),
    /** A GraphQL Int: 32 bits. */
    integer: reader('an integer', (value): value is number => typeof value === 'number' && (value | 0) === value),
    flag: reader('true or false', (value): value is boolean => typeof value === 'boolean'),
    timestamp: reader('a timestamp', (value): value is string => typeof value === 'string' && isTimestamp(value)),
    stringMap: reader('an object of strings', isStringMap),
    texts: reader('a list of strings', isListOf(isText)),
    object: reader('an object', isRecord),
    objects: reader('a list of objects', isListOf(isRecord)),
  };
}

const TITLES: Record<ServiceName, string> = { keystone: 'Keystone', nova: 'Nova', manila: 'Manila' };

const isText = (value: unknown): value is string => typeof value === 'string';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStringMap(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every(isText);
}

function isListOf<T>(isItem: (value: unknown) => value is T) {
  return (value: unknown): value is T[] => Array.isArray(value) && value.every(isItem);
}
