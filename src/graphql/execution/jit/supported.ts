import {
  type ASTNode,
  BREAK,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isLeafType,
  Kind,
  type NamedTypeNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
  TypeInfo,
  typeFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** Maximum number of fields of a compiled operation, fragments expanded; bounds the time of a compilation. */
const MAX_FIELDS = 1000;

/**
 * The strings that a compiled document may contain. graphql-jit writes literals into the source of a function, and turns
 * one that begins with its own `__MAGIC_DATE__…` into an expression (0.8.9, execution.js, objectStringify). Neither such
 * a string nor one with a character that could end a literal reaches it.
 */
const SAFE_LITERALS = /^[\w .:,=/+-]*$/;

/**
 * Whether graphql-jit executes an operation of a valid document as graphql-js does: queries and subscriptions without
 * introspection, without names or literals that have a meaning in JavaScript, and without literals of object scalars.
 */
export function isSupported(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): boolean {
  return (
    operation.operation !== 'mutation' &&
    isSafe(schema, document) &&
    !hasRecursiveVariable(schema, operation) &&
    countFields(document, operation) <= MAX_FIELDS
  );
}

function isSafe(schema: GraphQLSchema, document: DocumentNode): boolean {
  const types = new TypeInfo(schema);
  let areAllSafe = true;
  const enter = (node: ASTNode) => {
    areAllSafe = isSafeNode(node, types);
    return areAllSafe ? undefined : BREAK;
  };
  visit(document, visitWithTypeInfo(types, { enter }));
  return areAllSafe;
}

function isSafeNode(node: ASTNode, types: TypeInfo): boolean {
  switch (node.kind) {
    case Kind.FIELD:
      return !isReserved(node);
    case Kind.VARIABLE:
      return !node.name.value.startsWith('__');
    case Kind.STRING:
      return SAFE_LITERALS.test(node.value) && !node.value.includes('__');
    case Kind.OBJECT:
      return !isLeafType(getNamedType(types.getInputType()));
    default:
      return true;
  }
}

/** A name with a meaning in JavaScript, as `__proto__`, or a field of introspection. */
function isReserved({ name, alias }: FieldNode): boolean {
  return alias?.value.startsWith('__') === true || (name.value.startsWith('__') && name.value !== '__typename');
}

/** Whether a variable has a recursive input type: graphql-jit would generate its parser without end. */
function hasRecursiveVariable(schema: GraphQLSchema, { variableDefinitions = [] }: OperationDefinitionNode): boolean {
  return variableDefinitions.some(({ type }) => {
    const found = typeFromAST(schema, type as NamedTypeNode);
    return found !== undefined && isRecursiveInput(getNamedType(found), []);
  });
}

function isRecursiveInput(type: GraphQLNamedType, above: readonly GraphQLNamedType[]): boolean {
  if (!isInputObjectType(type)) return false;
  if (above.includes(type)) return true;
  return Object.values(type.getFields()).some((field) => isRecursiveInput(getNamedType(field.type), [...above, type]));
}

/** The number of fields of an operation, fragments expanded; stops soon after MAX_FIELDS. */
function countFields(document: DocumentNode, operation: OperationDefinitionNode): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions) if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  let fields = 0;
  const count = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (fields > MAX_FIELDS) return;
      if (selection.kind === Kind.FIELD) fields++;
      const below =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? fragments.get(selection.name.value)?.selectionSet
          : selection.selectionSet;
      if (below) count(below);
    }
  };
  count(operation.selectionSet);
  return fields;
}
