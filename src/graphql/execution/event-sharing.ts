import {
  type ASTNode,
  type DocumentNode,
  type GraphQLSchema,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** The argument of a subscription that says from where, and nothing of what an event's answer looks like. */
const CURSOR_ARGUMENT = 'after';

/** What the answer to an event hangs on, beside the event itself and the document. */
export interface EventSharing {
  /** Whether it may be read with the subscriber's token, or tell who that is; else everybody of the project is told the same. */
  readonly needsToken: boolean;
  /** The variables that have a say in it. */
  readonly variables: readonly string[];
}

/**
 * Makes the look at a valid document that tells for whom an event needs to be answered only once. A resolver that takes no
 * context can ask nobody; one that takes it, and a field whose resolver is not known before, may.
 */
export function createEventSharing(schema: GraphQLSchema) {
  const known = new WeakMap<OperationDefinitionNode, EventSharing>();

  return function scopeOf(document: DocumentNode, operation: OperationDefinitionNode): EventSharing {
    const found = known.get(operation);
    if (found) return found;
    const scope = { needsToken: usesContext(schema, document), variables: variablesOf(schema, document) };
    known.set(operation, scope);
    return scope;
  };
}

function usesContext(schema: GraphQLSchema, document: DocumentNode): boolean {
  const types = new TypeInfo(schema);
  let isSo = false;
  const enter = (node: ASTNode) => {
    if (node.kind === Kind.FIELD && node.name.value !== '__typename' && takesContext(types)) isSo = true;
  };
  visit(document, visitWithTypeInfo(types, { enter }));
  return isSo;
}

/** Whether the resolver of the field that stands there has a third parameter, or is that of a type not known yet. */
function takesContext(types: TypeInfo): boolean {
  const field = types.getFieldDef();
  return !isObjectType(types.getParentType()) || !field || (field.resolve?.length ?? 0) > 2;
}

function variablesOf(schema: GraphQLSchema, document: DocumentNode): readonly string[] {
  const types = new TypeInfo(schema);
  const names = new Set<string>();
  const enter = (node: ASTNode) => {
    if (node.kind === Kind.VARIABLE_DEFINITION) return false;
    if (node.kind === Kind.ARGUMENT && node.name.value === CURSOR_ARGUMENT && isOfSubscription(schema, types)) {
      return false;
    }
    if (node.kind === Kind.VARIABLE) names.add(node.name.value);
    return undefined;
  };
  visit(document, visitWithTypeInfo(types, { enter }));
  return [...names];
}

function isOfSubscription(schema: GraphQLSchema, types: TypeInfo): boolean {
  return types.getParentType() === schema.getSubscriptionType();
}
