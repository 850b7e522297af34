import type { FastifyInstance } from 'fastify';
import { type GraphQLSchema, printSchema } from 'graphql';

/**
 * Serves the schema in GraphQL's schema definition language, without a token: code generators and editors read it from
 * there. The second path has the ending by which they recognise the language. Call it only where introspection is on.
 */
export function registerSchemaDocument(app: FastifyInstance, schema: GraphQLSchema): void {
  const document = `${printSchema(schema)}\n`;
  for (const url of ['/graphql/schema', '/graphql/schema.graphql']) {
    app.get(url, (_request, reply) => reply.type('text/plain; charset=utf-8').send(document));
  }
}
