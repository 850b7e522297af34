import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from 'graphql';

// Descriptions stand here again: makeExecutableSchema lets a scalar's own win over schema/'s, also when it has none.

type Strings = Readonly<Record<string, string>>;

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const ZONELESS = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?$/;

/**
 * A moment, RFC 3339 in UTC. Nova's `created` comes with a Z, its `launched_at` and all of Manila's without a zone and
 * with microseconds: those are UTC too (oslo.utils timeutils). Digits after the third of the second are cut.
 */
export const DateTime = new GraphQLScalarType<Date | string, string>({
  name: 'DateTime',
  description:
    "A moment in time, RFC 3339 with a zone, for example `2026-11-22T14:40:25.845Z`. OpenStack's zone-less timestamps are UTC.",
  serialize: (value) => {
    const moment = value instanceof Date ? value : typeof value === 'string' ? parse(value, true) : null;
    if (moment === null || Number.isNaN(moment.getTime())) {
      throw new GraphQLError(`DateTime: expected a timestamp, got ${JSON.stringify(value)}`);
    }
    return moment.toISOString();
  },
  parseValue: (value) => fromClient(value),
  parseLiteral: (node) => fromClient(node.kind === Kind.STRING ? node.value : undefined),
});

function parse(text: string, isUtcWithoutZone: boolean): Date | null {
  if (RFC3339.test(text)) return new Date(text.replace(' ', 'T'));
  if (isUtcWithoutZone && ZONELESS.test(text)) return new Date(`${text.replace(' ', 'T')}Z`);
  return null;
}

function fromClient(value: unknown): string {
  const moment = typeof value === 'string' ? parse(value, false) : null;
  if (moment === null || Number.isNaN(moment.getTime())) {
    throw new GraphQLError(`DateTime: expected RFC 3339 with a zone, got ${JSON.stringify(value)}`);
  }
  return moment.toISOString();
}

/** An object whose values are strings: OpenStack's metadata. As an input it is taken as a variable and as a literal object. */
export const StringMap = new GraphQLScalarType<Strings, Strings>({
  name: 'StringMap',
  description: 'A JSON object whose values are strings, as OpenStack keeps metadata.',
  serialize: (value) => strings(value),
  parseValue: (value) => strings(value),
  parseLiteral: (node, variables) => strings(valueFromASTUntyped(node, variables)),
});

/** An undefined value is a variable that is left out, or, while a document is only validated, one not known yet. */
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
