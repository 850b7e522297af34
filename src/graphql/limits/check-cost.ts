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

/** What is remembered of an operation: what its cost hangs on, and the cost of its last variables. */
interface CachedCost {
  readonly hangsOnVariables: boolean;
  key: string;
  cost: number;
}

/**
 * Makes the check that refuses operations dearer than `limit`. The cost of an operation is worked out once, and again only
 * for variables of other values than the last, where a `first` is one of them.
 */
export function createCostCheck(schema: GraphQLSchema, limit: number) {
  const known = new WeakMap<OperationDefinitionNode, CachedCost>();

  return function refuseDear(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Readonly<Record<string, unknown>>,
  ): GraphQLError | null {
    const cost = costOfKnown(document, operation, variables);
    return cost > limit
      ? limitError(`Cost limit of ${limit} exceeded, found ${cost}: ask for fewer fields, or a smaller \`first\`.`)
      : null;
  };

  function costOfKnown(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Readonly<Record<string, unknown>>,
  ): number {
    const before = known.get(operation);
    const hangsOnVariables = before?.hangsOnVariables ?? hasVariableFirst(document);
    const key = hangsOnVariables ? JSON.stringify(variables) : '';
    if (before?.key === key) return before.cost;
    const cost = costOf({ schema, document, operation, variables });
    if (key.length < LONGEST_KEY) known.set(operation, { hangsOnVariables, key, cost });
    return cost;
  }
}

/** Variables that are longer as JSON are not remembered. */
const LONGEST_KEY = 1000;

function hasVariableFirst(document: DocumentNode): boolean {
  let isSo = false;
  const enter = (node: ASTNode) => {
    isSo = node.kind === Kind.ARGUMENT && node.name.value === 'first' && node.value.kind === Kind.VARIABLE;
    return isSo ? BREAK : undefined;
  };
  visit(document, { enter });
  return isSo;
}
