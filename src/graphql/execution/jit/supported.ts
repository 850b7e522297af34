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

/** Fields that a compiled operation may have with its fragments spread out: what bounds how long compiling takes. */
const MAX_FIELDS = 1000;

/**
 * What a string in a document may be made of. graphql-jit writes literals into the source of a function, and turns one that
 * begins with its own `__MAGIC_DATE__…` into an expression (0.8.9, execution.js, objectStringify): such a string, or one
 * with anything that could end a literal, never gets there.
 */
const SAFE_LITERALS = /^[\w .:,=/+-]*$/;

/**
 * Whether graphql-jit answers an operation of a valid document as graphql-js does: queries and subscriptions without
 * introspection, names or literals that mean something in JavaScript, or literals of a scalar that is an object.
 */
export function isSupported(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): boolean {
  return (
    operation.operation !== 'mutation' &&
    isHarmless(schema, document) &&
    !hasRecursiveVariable(schema, operation) &&
    countFields(document, operation) <= MAX_FIELDS
  );
}

function isHarmless(schema: GraphQLSchema, document: DocumentNode): boolean {
  const types = new TypeInfo(schema);
  let isSo = true;
  const enter = (node: ASTNode) => {
    isSo = isHarmlessNode(node, types);
    return isSo ? undefined : BREAK;
  };
  visit(document, visitWithTypeInfo(types, { enter }));
  return isSo;
}

function isHarmlessNode(node: ASTNode, types: TypeInfo): boolean {
  switch (node.kind) {
    case Kind.FIELD:
      return !isReserved(node);
    case Kind.STRING:
      return SAFE_LITERALS.test(node.value) && !node.value.includes('__');
    case Kind.OBJECT:
      return !isLeafType(getNamedType(types.getInputType()));
    default:
      return true;
  }
}

/** A name that JavaScript gives a meaning, as `__proto__`, or the introspection's. */
function isReserved({ name, alias }: FieldNode): boolean {
  return alias?.value.startsWith('__') === true || (name.value.startsWith('__') && name.value !== '__typename');
}

/** Whether a variable's type is an input that holds itself: graphql-jit would write its parser without an end. */
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

/** Fields of an operation, each fragment as often as it is spread; stops soon after MAX_FIELDS. */
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
