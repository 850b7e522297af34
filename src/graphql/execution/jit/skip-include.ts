import {
  type ASTNode,
  type DirectiveNode,
  type DocumentNode,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  visit,
} from 'graphql';

type Variables = Readonly<Record<string, unknown>>;

/** The names of the variables in @skip and @include, each once. */
export function conditionsOf(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  const enter = (node: ASTNode) => {
    if (node.kind !== Kind.DIRECTIVE || !isCondition(node)) return;
    const value = node.arguments?.[0]?.value;
    if (value?.kind === Kind.VARIABLE) names.add(value.name.value);
  };
  visit(document, { enter });
  return [...names];
}

/** The names of the variables inside literal objects and lists, each once. */
export function innerVariablesOf(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  let depth = 0;
  const isLiteral = ({ kind }: ASTNode) => kind === Kind.OBJECT || kind === Kind.LIST;
  visit(document, {
    enter: (node) => {
      if (isLiteral(node)) depth++;
      else if (node.kind === Kind.VARIABLE && depth > 0) names.add(node.name.value);
    },
    leave: (node) => {
      if (isLiteral(node)) depth--;
    },
  });
  return [...names];
}

/** Removes what these variables skip, and all @skip and @include, from a document. */
export function applySkipInclude(document: DocumentNode, variables: Variables): DocumentNode {
  const enter = (node: ASTNode) => {
    if (node.kind === Kind.DIRECTIVE) return isCondition(node) ? null : undefined;
    const directives = 'directives' in node ? (node.directives ?? []) : [];
    return directives.some((directive) => isSkipped(directive as DirectiveNode, variables)) ? null : undefined;
  };
  return visit(document, { enter });
}

function isCondition({ name }: DirectiveNode): boolean {
  return name.value === GraphQLSkipDirective.name || name.value === GraphQLIncludeDirective.name;
}

function isSkipped(directive: DirectiveNode, variables: Variables): boolean {
  if (!isCondition(directive)) return false;
  const value = directive.arguments?.[0]?.value;
  const isTrue =
    value?.kind === Kind.VARIABLE ? variables[value.name.value] : value?.kind === Kind.BOOLEAN && value.value;
  return (directive.name.value === GraphQLSkipDirective.name) === Boolean(isTrue);
}
