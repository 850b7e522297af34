import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql';

/** The assumed length of a list without `first`: `addresses`, `exportLocations`, … */
const LIST_SIZE = 5;
/** The cost of a field that takes one call to Nova. */
const COST_OF_NOVA_CALL = 10;

/** An operation of a valid document, with the variables as coerced. */
export interface CostedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * The cost of an operation: 1 per field, 10 for one that takes a call to Nova of its own, multiplied by the length of each
 * list around it. A connection or list with a `first` has that length, one of `ids` or `representations` theirs; any
 * other list is assumed to have 5 items; lists of introspection count once. `@skip` and `@include` do not change the cost.
 */
export function costOf({ schema, document, operation, variables }: CostedOperation): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions) if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  const fragmentCosts = new Map<string, number>();

  function costOfSelections(set: SelectionSetNode, parent: GraphQLNamedType | undefined): number {
    let cost = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) cost += costOfField(selection, parent);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) cost += costOfFragment(selection.name.value);
      else cost += costOfSelections(selection.selectionSet, typeNamed(selection.typeCondition?.name.value) ?? parent);
    }
    return cost;
  }

  function costOfField(node: FieldNode, parent: GraphQLNamedType | undefined): number {
    const field = fieldOf(schema, parent, node.name.value);
    if (!field || !node.selectionSet) return 1;
    const type = getNamedType(field.type);
    const below = isCompositeType(type) ? costOfSelections(node.selectionSet, type) : 0;
    return (asksNova(node, field, variables) ? COST_OF_NOVA_CALL : 1) + sizeOf(node, field, parent, variables) * below;
  }

  /** Memoised, so that a small document with many spreads takes no exponential time. */
  function costOfFragment(name: string): number {
    const cached = fragmentCosts.get(name);
    if (cached !== undefined) return cached;
    fragmentCosts.set(name, 0);
    const fragment = fragments.get(name);
    const cost = fragment ? costOfSelections(fragment.selectionSet, typeNamed(fragment.typeCondition.name.value)) : 0;
    fragmentCosts.set(name, cost);
    return cost;
  }

  const typeNamed = (name: string | undefined) => (name === undefined ? undefined : schema.getType(name));
  return costOfSelections(operation.selectionSet, schema.getRootType(operation.operation) ?? undefined);
}

/** Whether the field takes a call to Nova of its own for each parent: `sharesAttached(inNova: true)`, `actions`. */
function asksNova(
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
  variables: Readonly<Record<string, unknown>>,
): boolean {
  if (getNamedType(field.type).name === 'ServerActionConnection') return true;
  if (!field.args.some(({ name }) => name === 'inNova')) return false;
  return argumentsOf(node, field, variables).inNova === true;
}

function fieldOf(schema: GraphQLSchema, parent: GraphQLNamedType | undefined, name: string) {
  if (name === SchemaMetaFieldDef.name && parent === schema.getQueryType()) return SchemaMetaFieldDef;
  if (name === TypeMetaFieldDef.name && parent === schema.getQueryType()) return TypeMetaFieldDef;
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
}

function sizeOf(
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
  parent: GraphQLNamedType | undefined,
  variables: Readonly<Record<string, unknown>>,
): number {
  if (field.args.some(({ name }) => name === 'first')) {
    // Resolvers take null for the default.
    const { first = 1 } = argumentsOf(node, field, variables);
    const defaultFirst = field.args.find(({ name }) => name === 'first')?.defaultValue;
    return Math.max(1, Number(first ?? defaultFirst ?? 1));
  }
  const given = lengthOfInput(node, field, variables);
  if (given !== null) return Math.max(1, given);
  const isPage =
    parent?.name.endsWith('Connection') || parent?.name.endsWith('SharesPayload') || parent?.name.startsWith('__');
  return isListType(getNullableType(field.type)) && !isPage ? LIST_SIZE : 1;
}

/**
 * The length of the list that a field is given, whose items it returns: `ids`, `representations`, or the pairs of a
 * mutation; null without one.
 */
function lengthOfInput(
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
  variables: Readonly<Record<string, unknown>>,
): number | null {
  if (!field.args.some(({ name }) => /^(ids|representations|input)$/.test(name))) return null;
  const { ids, representations, input } = argumentsOf(node, field, variables);
  const list = ids ?? representations ?? (input as { attachments?: unknown } | null | undefined)?.attachments;
  return Array.isArray(list) ? list.length : null;
}

/** The arguments as execution coerces them; none where execution will reject one. */
function argumentsOf(
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
  variables: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  try {
    return getArgumentValues(field, node, variables);
  } catch {
    return {};
  }
}
