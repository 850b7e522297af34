import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from 'graphql';

// The descriptions repeat those of schema/: makeExecutableSchema prefers a scalar's own description, even an absent one.

type Strings = Readonly<Record<string, string>>;

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const ZONELESS = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?$/;

/**
 * A timestamp, RFC 3339 in UTC. Nova's `created` has a Z; its `launched_at` and all timestamps of Manila have microseconds
 * and no zone: those are UTC too (oslo.utils timeutils). Digits beyond milliseconds are dropped.
 */
export const DateTime = new GraphQLScalarType<Date | string, string>({
  name: 'DateTime',
  description:
    "A timestamp, RFC 3339 with a zone, for example `2026-11-22T14:40:25.845Z`. OpenStack's timestamps without a zone are UTC.",
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  serialize: (value) => {
    const date = value instanceof Date ? value : typeof value === 'string' ? parse(value, true) : null;
    if (date === null || Number.isNaN(date.getTime())) {
      throw new GraphQLError(`DateTime: expected a timestamp, got ${JSON.stringify(value)}`);
    }
    return date.toISOString();
  },
  parseValue: (value) => fromClient(value),
  parseLiteral: (node) => fromClient(node.kind === Kind.STRING ? node.value : undefined),
});

/** Whether a text is a timestamp of OpenStack that DateTime can serialise. */
export function isTimestamp(text: string): boolean {
  const date = parse(text, true);
  return date !== null && !Number.isNaN(date.getTime());
}

function parse(text: string, isUtcWithoutZone: boolean): Date | null {
  if (RFC3339.test(text)) return new Date(text.replace(' ', 'T'));
  if (isUtcWithoutZone && ZONELESS.test(text)) return new Date(`${text.replace(' ', 'T')}Z`);
  return null;
}

function fromClient(value: unknown): string {
  const date = typeof value === 'string' ? parse(value, false) : null;
  if (date === null || Number.isNaN(date.getTime())) {
    throw new GraphQLError(`DateTime: expected RFC 3339 with a zone, got ${JSON.stringify(value)}`);
  }
  return date.toISOString();
}

/** An object whose values are strings: OpenStack's metadata. The input may be a variable or a literal object. */
export const StringMap = new GraphQLScalarType<Strings, Strings>({
  name: 'StringMap',
  description: 'A JSON object with string values, the form of metadata in OpenStack.',
  serialize: (value) => strings(value),
  parseValue: (value) => strings(value),
  parseLiteral: (node, variables) => strings(valueFromASTUntyped(node, variables)),
});

/** An undefined value is an absent variable, or any variable while a document is validated. */
function strings(value: unknown): Strings {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GraphQLError(`StringMap: expected an object whose values are strings, got ${JSON.stringify(value)}`);
  }
  const given = Object.entries(value).filter(([, text]) => text !== undefined);
  const wrong = given.find(([, text]) => typeof text !== 'string');
  if (wrong) {
    throw new GraphQLError(
      `StringMap: expected a string for ${JSON.stringify(wrong[0])}, got ${JSON.stringify(wrong[1])}`,
    );
  }
  return Object.fromEntries(given);
}
