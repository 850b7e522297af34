import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { maxDirectivesRule } from '@escape.tech/graphql-armor-max-directives';
import {
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  type ParseOptions,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import type { Config } from '../../config.ts';

/** The options of graphql-js' parser: the maximum number of tokens. */
export function parseOptions(config: Config): ParseOptions {
  return { maxTokens: config.MAX_TOKENS };
}

/**
 * The limits on a document, as validation rules besides GraphQL's own: depth, aliases, directives, and introspection if
 * it is disabled. Fields below `__schema` do not count towards the depth: graphql-js bounds their nesting itself.
 */
export function limitRules(config: Config): readonly ValidationRule[] {
  const options = { propagateOnRejection: false, onReject: [reportLimit] };
  return [
    maxDepthRule({ ...options, n: config.MAX_DEPTH, flattenFragments: true }),
    maxAliasesRule({ ...options, n: config.MAX_ALIASES }),
    maxDirectivesRule({ ...options, n: config.MAX_DIRECTIVES }),
    ...(config.INTROSPECTION ? [] : [NoSchemaIntrospectionCustomRule]),
  ] as ValidationRule[];
}

/** Rejects every document whose text is not that of a trusted one. */
export function trustedRule(isTrusted: (source: string) => boolean): ValidationRule {
  return (context) => ({
    Document(node) {
      if (isTrusted(node.loc?.source.body ?? '')) return;
      const message = 'Expected a trusted document: this gateway accepts only the operations of its operator';
      context.reportError(new GraphQLError(message, { extensions: { code: 'FORBIDDEN' } }));
    },
  });
}

function reportLimit(context: ValidationContext | null, error: GraphQLError): void {
  context?.reportError(limitError(error.message.replace('Syntax Error: ', '')));
}

/** The error for a document that exceeds a limit of the gateway. */
export function limitError(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED' } });
}
