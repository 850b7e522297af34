import { readdirSync, readFileSync } from 'node:fs';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { resolvers } from './resolvers/index.ts';

/** At the same relative path from src/graphql and dist/graphql. */
const SCHEMA_FOLDER = new URL('../../schema/', import.meta.url);

/** Reads the schema's files, ordered by name. */
export function readTypeDefs(): string[] {
  return readdirSync(SCHEMA_FOLDER)
    .filter((name) => name.endsWith('.graphql'))
    .sort()
    .map((name) => readFileSync(new URL(name, SCHEMA_FOLDER), 'utf8'));
}

let created: GraphQLSchema | null = null;

/** The schema with its resolvers, created at the first call. Throws when a resolver has no field in the schema. */
export function createSchema(): GraphQLSchema {
  created ??= makeExecutableSchema({
    typeDefs: readTypeDefs(),
    resolvers,
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
  });
  return created;
}
