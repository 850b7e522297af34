import {
  type ASTNode,
  BREAK,
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import { costOf } from './cost.ts';
import { limitError } from './rules.ts';

/** The arguments that set the length of a list. */
const LENGTHS = new Set(['first', 'ids', 'input']);

/** Variables that are longer as JSON are not cached. */
const MAX_KEY_LENGTH = 1000;

/** The cost of an operation with the variables of its last request. */
interface CachedCost {
  readonly dependsOnVariables: boolean;
  key: string;
  cost: number;
}

/**
 * Creates the check that rejects operations whose cost exceeds `limit`. The cost of an operation is computed once, and
 * again when its variables change if one of them is the length of a list.
 */
export function createCostCheck(schema: GraphQLSchema, limit: number) {
  const cachedCosts = new WeakMap<OperationDefinitionNode, CachedCost>();

  return function checkCost(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Readonly<Record<string, unknown>>,
  ): GraphQLError | null {
    const cost = cachedCostOf(document, operation, variables);
    return cost > limit
      ? limitError(`Cost limit of ${limit} exceeded, found ${cost}: ask for fewer fields, or a smaller \`first\`.`)
      : null;
  };

  function cachedCostOf(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Readonly<Record<string, unknown>>,
  ): number {
    const cached = cachedCosts.get(operation);
    const dependsOnVariables = cached?.dependsOnVariables ?? hasVariableLength(document);
    const key = dependsOnVariables ? JSON.stringify(variables) : '';
    if (cached?.key === key) return cached.cost;
    const cost = costOf({ schema, document, operation, variables });
    if (key.length < MAX_KEY_LENGTH) cachedCosts.set(operation, { dependsOnVariables, key, cost });
    return cost;
  }
}

/** Whether the length of a list is a variable. */
function hasVariableLength(document: DocumentNode): boolean {
  let isFound = false;
  const enter = (node: ASTNode) => {
    isFound = node.kind === Kind.ARGUMENT && LENGTHS.has(node.name.value) && node.value.kind === Kind.VARIABLE;
    return isFound ? BREAK : undefined;
  };
  visit(document, { enter });
  return isFound;
}
