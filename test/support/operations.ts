import fc from 'fast-check';
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';

/** A document that the schema takes, with variables for it. */
export interface GeneratedOperation {
  readonly source: string;
  readonly variables: Record<string, unknown>;
}

type Gen = fc.GeneratorValue;

interface Making {
  readonly schema: GraphQLSchema;
  readonly g: Gen;
  readonly ids: readonly string[];
  readonly definitions: string[];
  readonly variables: Record<string, unknown>;
  readonly fragments: string[];
  fields: number;
}

/** How many fields one operation has at the most, about. */
const MAX_FIELDS = 60;

/**
 * Any query or subscription of the schema: aliases, fragments, @skip and @include, each argument as a literal or a variable, with
 * a default, null or left out. `ids` are those that are somebody's.
 */
export function generateOperation(
  g: Gen,
  schema: GraphQLSchema,
  kind: 'query' | 'subscription',
  ids: readonly string[],
): GeneratedOperation {
  const making: Making = { schema, g, ids, definitions: [], variables: {}, fragments: [], fields: 0 };
  const root = (kind === 'query' ? schema.getQueryType() : schema.getSubscriptionType()) as GraphQLObjectType;
  const selections = kind === 'query' ? selectionsOf(making, root, 0) : onlyField(making, root);
  const declared = making.definitions.length > 0 ? `(${making.definitions.join(', ')})` : '';
  return {
    source: [`${kind} Made${declared} ${selections}`, ...making.fragments].join('\n'),
    variables: making.variables,
  };
}

/** A subscription has one root field; the event's own fields are as free as any. */
function onlyField(making: Making, root: GraphQLObjectType): string {
  const [field] = Object.values(root.getFields()) as [GraphQLField<unknown, unknown>];
  return `{ ${field.name} ${selectionsOf(making, getNamedType(field.type) as GraphQLObjectType, 1)} }`;
}

function selectionsOf(making: Making, type: GraphQLObjectType, depth: number): string {
  const { g } = making;
  const fields = Object.values(type.getFields()).filter(
    (field) => depth < 5 || !isObjectType(getNamedType(field.type)),
  );
  const count = 1 + g(fc.nat, { max: depth === 0 ? 3 : 6 });
  const parts: string[] = [];
  for (let i = 0; i < count && making.fields < MAX_FIELDS; i++) {
    const way = g(fc.nat, { max: 11 });
    const field = fields[g(fc.nat, { max: Math.max(0, fields.length - 1) })];
    if (way === 0 || !field) parts.push('__typename');
    else if (way === 1)
      parts.push(`... on ${type.name}${conditionOf(making)} ${selectionsOf(making, type, depth + 1)}`);
    else if (way === 2) parts.push(`...${fragmentOf(making, type, depth)}${conditionOf(making)}`);
    else parts.push(fieldOf(making, field, depth));
  }
  return `{ ${parts.length > 0 ? parts.join(' ') : '__typename'} }`;
}

function fieldOf(making: Making, field: GraphQLField<unknown, unknown>, depth: number): string {
  const type = getNamedType(field.type);
  const number = making.fields++;
  const args = field.args.flatMap((arg) => argumentOf(making, arg));
  // With arguments, or below an object, two of a name could not be merged: each gets an alias of its own.
  const mustAlias = args.length > 0 || isObjectType(type);
  const alias = mustAlias || making.g(fc.nat, { max: 5 }) === 0 ? `f${number}: ` : '';
  const given = args.length > 0 ? `(${args.join(', ')})` : '';
  const below = isObjectType(type) ? ` ${selectionsOf(making, type, depth + 1)}` : '';
  return `${alias}${field.name}${given}${conditionOf(making)}${below}`;
}

function fragmentOf(making: Making, type: GraphQLObjectType, depth: number): string {
  const name = `Part${making.fragments.length}`;
  const at = making.fragments.push('') - 1;
  making.fragments[at] = `fragment ${name} on ${type.name} ${selectionsOf(making, type, depth + 1)}`;
  return name;
}

function conditionOf(making: Making): string {
  const way = making.g(fc.nat, { max: 19 });
  if (way > 3) return '';
  const word = way % 2 === 0 ? 'skip' : 'include';
  const value = making.g(fc.boolean);
  return ` @${word}(if: ${way < 2 ? value : variableOf(making, 'Boolean!', value, undefined)})`;
}

function argumentOf(making: Making, { name, type }: GraphQLArgument): string[] {
  const { g } = making;
  if (!isNonNullType(type) && g(fc.nat, { max: 2 }) === 0) return [];
  const value = anyValue(making, type, 0);
  const way = g(fc.nat, { max: 5 });
  if (way > 2) return [`${name}: ${literalOf(making, value, type)}`];
  const preset = way === 0 && value !== null ? literalOf(making, value, type) : undefined;
  // With a default it may be left out.
  const given = preset !== undefined && g(fc.boolean) ? undefined : value;
  return [`${name}: ${variableOf(making, String(type), given, preset)}`];
}

function variableOf(making: Making, type: string, value: unknown, preset: string | undefined): string {
  const name = `v${making.definitions.length}`;
  making.definitions.push(`$${name}: ${type}${preset === undefined ? '' : ` = ${preset}`}`);
  if (value !== undefined) making.variables[name] = value;
  return `$${name}`;
}

const TEXTS = [
  '',
  'web',
  'ünïcödé',
  'a "quoted" \\ text',
  '*/',
  'dollar $1',
  "'",
  '\u2028',
  '__proto__',
  '__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d0)+(1',
];

/** A value as JSON. */
function anyValue(making: Making, type: GraphQLInputType, depth: number): unknown {
  const { g } = making;
  if (isNonNullType(type)) return scalarOf(making, type.ofType, depth);
  if (g(fc.nat, { max: 14 }) === 0) return null;
  return scalarOf(making, type, depth);
}

function scalarOf(making: Making, type: GraphQLInputType, depth: number): unknown {
  const { g } = making;
  if (isNonNullType(type)) return scalarOf(making, type.ofType, depth);
  if (isListType(type)) {
    const items = Array.from({ length: g(fc.nat, { max: 3 }) }, () => scalarOf(making, type.ofType, depth + 1));
    // One item may stand for a list of one.
    return items.length === 1 && g(fc.boolean) ? items[0] : items;
  }
  if (isEnumType(type)) return pick(g, type.getValues()).name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter((field) => isNonNullType(field.type) || g(fc.boolean));
    return Object.fromEntries(fields.map((field) => [field.name, anyValue(making, field.type, depth + 1)]));
  }
  switch (String(type)) {
    case 'Int':
      return g(fc.integer, { min: -3, max: 250 });
    case 'Float':
      return g(fc.nat, { max: 100 }) / 4;
    case 'Boolean':
      return g(fc.boolean);
    case 'ID':
      return g(fc.nat, { max: 4 }) === 0 ? pick(g, TEXTS) : pick(g, making.ids);
    case 'DateTime':
      return '2026-11-22T14:40:25+01:00';
    case 'StringMap':
      return Object.fromEntries(['env', 'team'].filter(() => g(fc.boolean)).map((key) => [key, pick(g, TEXTS)]));
    default:
      return pick(g, TEXTS);
  }
}

function pick<T>(g: Gen, all: readonly T[]): T {
  return all[g(fc.nat, { max: all.length - 1 })] as T;
}

/** A value as it stands in a document; what is inside of it may be a variable. */
function literalOf(making: Making, value: unknown, type: GraphQLInputType): string {
  if (isNonNullType(type)) return literalOf(making, value, type.ofType);
  if (value === null) return 'null';
  if (isListType(type)) {
    if (!Array.isArray(value)) return literalOf(making, value, type.ofType);
    return `[${value.map((item) => literalOf(making, item, type.ofType)).join(', ')}]`;
  }
  if (isEnumType(type)) return String(value);
  if (typeof value === 'object') {
    const fields = isInputObjectType(type) ? type.getFields() : null;
    const shown = Object.entries(value as Record<string, unknown>).map(([name, one]) => {
      const field = fields?.[name];
      return `${name}: ${field ? literalOf(making, one, field.type) : JSON.stringify(one)}`;
    });
    return `{ ${shown.join(', ')} }`;
  }
  return JSON.stringify(value);
}
