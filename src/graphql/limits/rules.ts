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

/** What graphql-js' parser is told: how many tokens it reads before it refuses. */
export function parseOptions(config: Config): ParseOptions {
  return { maxTokens: config.MAX_TOKENS };
}

/**
 * The limits that a document alone can cross, as validation rules beside GraphQL's own: depth, aliases, directives, and
 * introspection where it is off. What is below `__schema` does not count into the depth (graphql-js bounds its nesting itself).
 */
export function limitRules(config: Config): readonly ValidationRule[] {
  const told = { propagateOnRejection: false, onReject: [reportLimit] };
  return [
    maxDepthRule({ ...told, n: config.MAX_DEPTH, flattenFragments: true }),
    maxAliasesRule({ ...told, n: config.MAX_ALIASES }),
    maxDirectivesRule({ ...told, n: config.MAX_DIRECTIVES }),
    ...(config.INTROSPECTION ? [] : [NoSchemaIntrospectionCustomRule]),
  ] as ValidationRule[];
}

function reportLimit(context: ValidationContext | null, error: GraphQLError): void {
  context?.reportError(limitError(error.message.replace('Syntax Error: ', '')));
}

/** A limit of the gateway that a document crosses. */
export function limitError(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED' } });
}
