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

/** The argument that chooses where a subscription starts. It does not change the result of an event. */
const CURSOR_ARGUMENT = 'after';

/** What the result of an event depends on, besides the event and the document. */
export interface EventSharing {
  /** Whether a resolver may use the subscriber's token or identity; if not, all subscribers of a project share the result. */
  readonly needsToken: boolean;
  /** The variables that the result depends on. */
  readonly variables: readonly string[];
}

/**
 * Creates the analysis that decides which subscribers can share the execution of an event. A resolver without a context
 * parameter cannot use a token; one with it may, and so may a field whose type is only known at run time.
 */
export function createEventSharing(schema: GraphQLSchema) {
  const analysed = new WeakMap<OperationDefinitionNode, EventSharing>();

  return function eventSharing(document: DocumentNode, operation: OperationDefinitionNode): EventSharing {
    const cached = analysed.get(operation);
    if (cached) return cached;
    const sharing = { needsToken: usesContext(schema, document), variables: variablesOf(schema, document) };
    analysed.set(operation, sharing);
    return sharing;
  };
}

function usesContext(schema: GraphQLSchema, document: DocumentNode): boolean {
  const types = new TypeInfo(schema);
  let hasContext = false;
  const enter = (node: ASTNode) => {
    if (node.kind === Kind.FIELD && node.name.value !== '__typename' && takesContext(types)) hasContext = true;
  };
  visit(document, visitWithTypeInfo(types, { enter }));
  return hasContext;
}

/** Whether the resolver of the visited field has a third parameter, or its type is only known at run time. */
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
