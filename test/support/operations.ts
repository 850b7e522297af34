import fc from 'fast-check';
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
} from 'graphql';

/** A valid document with variables. */
export interface GeneratedOperation {
  readonly source: string;
  readonly variables: Record<string, unknown>;
}

type Gen = fc.GeneratorValue;

interface Generation {
  readonly schema: GraphQLSchema;
  readonly g: Gen;
  readonly ids: readonly string[];
  readonly definitions: string[];
  readonly variables: Record<string, unknown>;
  readonly fragments: string[];
  fields: number;
  /** Whether the selections are of an interface, whose types have fields of one name and different types. */
  isAbstract: boolean;
}

/** About the maximum number of fields of an operation. */
const MAX_FIELDS = 60;

/**
 * Generates any query or subscription of the schema: with aliases, fragments, @skip and @include; each argument as a
 * literal or a variable, with a default, null or absent. `ids` exist in the context.
 */
export function generateOperation(
  g: Gen,
  schema: GraphQLSchema,
  kind: 'query' | 'subscription',
  ids: readonly string[],
): GeneratedOperation {
  const generation: Generation = {
    schema,
    g,
    ids,
    definitions: [],
    variables: {},
    fragments: [],
    fields: 0,
    isAbstract: false,
  };
  const root = (kind === 'query' ? schema.getQueryType() : schema.getSubscriptionType()) as GraphQLObjectType;
  const selections = kind === 'query' ? selectionsOf(generation, root, 0) : onlyField(generation, root);
  const declared = generation.definitions.length > 0 ? `(${generation.definitions.join(', ')})` : '';
  return {
    source: [`${kind} Made${declared} ${selections}`, ...generation.fragments].join('\n'),
    variables: generation.variables,
  };
}

/** A subscription has one root field. */
function onlyField(generation: Generation, root: GraphQLObjectType): string {
  const [field] = Object.values(root.getFields()) as [GraphQLField<unknown, unknown>];
  return `{ ${field.name} ${selectionsOf(generation, getNamedType(field.type) as GraphQLObjectType, 1)} }`;
}

function selectionsOf(generation: Generation, type: GraphQLObjectType | GraphQLInterfaceType, depth: number): string {
  const { g, schema } = generation;
  const fields = Object.values(type.getFields()).filter(
    (field) => depth < 5 || !isCompositeType(getNamedType(field.type)),
  );
  const count = 1 + g(fc.nat, { max: depth === 0 ? 3 : 6 });
  const parts: string[] = [];
  for (let i = 0; i < count && generation.fields < MAX_FIELDS; i++) {
    const way = g(fc.nat, { max: 11 });
    const field = fields[g(fc.nat, { max: Math.max(0, fields.length - 1) })];
    if (way === 0 || !field) parts.push('__typename');
    else if (way > 4 && isInterfaceType(type)) {
      const one = pick(g, schema.getPossibleTypes(type));
      const before = generation.isAbstract;
      generation.isAbstract = true;
      parts.push(`... on ${one.name} ${selectionsOf(generation, one, depth + 1)}`);
      generation.isAbstract = before;
    } else if (way === 1)
      parts.push(`... on ${type.name}${conditionOf(generation)} ${selectionsOf(generation, type, depth + 1)}`);
    else if (way === 2) parts.push(`...${fragmentOf(generation, type, depth)}${conditionOf(generation)}`);
    else parts.push(fieldOf(generation, field, depth));
  }
  return `{ ${parts.length > 0 ? parts.join(' ') : '__typename'} }`;
}

function fieldOf(generation: Generation, field: GraphQLField<unknown, unknown>, depth: number): string {
  const type = getNamedType(field.type);
  const number = generation.fields++;
  const args = field.args.flatMap((arg) => argumentOf(generation, arg));
  // Two fields of one name with arguments, or of an object type, could not be merged: each gets its own alias.
  const mustAlias = generation.isAbstract || args.length > 0 || isCompositeType(type);
  const alias = mustAlias || generation.g(fc.nat, { max: 5 }) === 0 ? `f${number}: ` : '';
  const given = args.length > 0 ? `(${args.join(', ')})` : '';
  const below = isCompositeType(type)
    ? ` ${selectionsOf(generation, type as GraphQLObjectType | GraphQLInterfaceType, depth + 1)}`
    : '';
  return `${alias}${field.name}${given}${conditionOf(generation)}${below}`;
}

function fragmentOf(generation: Generation, type: GraphQLObjectType | GraphQLInterfaceType, depth: number): string {
  const name = `Part${generation.fragments.length}`;
  const at = generation.fragments.push('') - 1;
  generation.fragments[at] = `fragment ${name} on ${type.name} ${selectionsOf(generation, type, depth + 1)}`;
  return name;
}

function conditionOf(generation: Generation): string {
  const way = generation.g(fc.nat, { max: 19 });
  if (way > 3) return '';
  const word = way % 2 === 0 ? 'skip' : 'include';
  const value = generation.g(fc.boolean);
  return ` @${word}(if: ${way < 2 ? value : variableOf(generation, 'Boolean!', value, undefined)})`;
}

function argumentOf(generation: Generation, { name, type }: GraphQLArgument): string[] {
  const { g } = generation;
  if (!isNonNullType(type) && g(fc.nat, { max: 2 }) === 0) return [];
  const value = anyValue(generation, type, 0);
  const way = g(fc.nat, { max: 5 });
  if (way > 2) return [`${name}: ${literalOf(generation, value, type)}`];
  const preset = way === 0 && value !== null ? literalOf(generation, value, type) : undefined;
  // With a default it may be absent.
  const given = preset !== undefined && g(fc.boolean) ? undefined : value;
  return [`${name}: ${variableOf(generation, String(type), given, preset)}`];
}

function variableOf(generation: Generation, type: string, value: unknown, preset: string | undefined): string {
  const name = `v${generation.definitions.length}`;
  generation.definitions.push(`$${name}: ${type}${preset === undefined ? '' : ` = ${preset}`}`);
  if (value !== undefined) generation.variables[name] = value;
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
function anyValue(generation: Generation, type: GraphQLInputType, depth: number): unknown {
  const { g } = generation;
  if (isNonNullType(type)) return scalarOf(generation, type.ofType, depth);
  if (g(fc.nat, { max: 14 }) === 0) return null;
  return scalarOf(generation, type, depth);
}

function scalarOf(generation: Generation, type: GraphQLInputType, depth: number): unknown {
  const { g } = generation;
  if (isNonNullType(type)) return scalarOf(generation, type.ofType, depth);
  if (isListType(type)) {
    const items = Array.from({ length: g(fc.nat, { max: 3 }) }, () => scalarOf(generation, type.ofType, depth + 1));
    // A single value stands for a list of one.
    return items.length === 1 && g(fc.boolean) ? items[0] : items;
  }
  if (isEnumType(type)) return pick(g, type.getValues()).name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter((field) => isNonNullType(field.type) || g(fc.boolean));
    return Object.fromEntries(fields.map((field) => [field.name, anyValue(generation, field.type, depth + 1)]));
  }
  switch (String(type)) {
    case 'Int':
      return g(fc.integer, { min: -3, max: 250 });
    case 'Float':
      return g(fc.nat, { max: 100 }) / 4;
    case 'Boolean':
      return g(fc.boolean);
    case 'ID':
      return g(fc.nat, { max: 4 }) === 0 ? pick(g, TEXTS) : pick(g, generation.ids);
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

/** A value as a literal; its parts may be variables. */
function literalOf(generation: Generation, value: unknown, type: GraphQLInputType): string {
  if (isNonNullType(type)) return literalOf(generation, value, type.ofType);
  if (value === null) return 'null';
  if (isListType(type)) {
    if (!Array.isArray(value)) return literalOf(generation, value, type.ofType);
    return `[${value.map((item) => literalOf(generation, item, type.ofType)).join(', ')}]`;
  }
  if (isEnumType(type)) return String(value);
  if (typeof value === 'object') {
    const fields = isInputObjectType(type) ? type.getFields() : null;
    const shown = Object.entries(value as Record<string, unknown>).map(([name, one]) => {
      const field = fields?.[name];
      return `${name}: ${field ? literalOf(generation, one, field.type) : JSON.stringify(one)}`;
    });
    return `{ ${shown.join(', ')} }`;
  }
  return JSON.stringify(value);
}
