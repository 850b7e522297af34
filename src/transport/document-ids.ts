/** Requests that name a trusted document by its id, over HTTP: the id is replaced by the document. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TrustedDocuments } from '../graphql/trusted-documents.ts';
import { sendError } from './error-responses.ts';

/** Replaces `documentId` of requests to `/graphql`. Call it before the transports of GraphQL are registered. */
export function registerDocumentIds(app: FastifyInstance, trusted: TrustedDocuments): void {
  app.addHook('preHandler', async (request, reply) => {
    if (request.routeOptions.url !== '/graphql') return;
    if (request.method === 'POST') replaceInBody(request, reply, trusted);
    else if (request.method === 'GET') replaceInUrl(request, reply, trusted);
  });
}

function replaceInBody(request: FastifyRequest, reply: FastifyReply, trusted: TrustedDocuments): void {
  const body = request.body as Record<string, unknown> | null;
  if (typeof body !== 'object' || body === null || body.documentId === undefined) return;
  const query = documentOf(body.documentId, body.query, reply, trusted);
  if (query === null) return;
  const { documentId: _, ...rest } = body;
  request.body = { ...rest, query };
}

function replaceInUrl(request: FastifyRequest, reply: FastifyReply, trusted: TrustedDocuments): void {
  const given = request.query as Record<string, unknown>;
  if (given.documentId === undefined) return;
  const query = documentOf(given.documentId, given.query, reply, trusted);
  if (query === null) return;
  const url = new URL(request.url, 'http://gateway');
  url.searchParams.delete('documentId');
  url.searchParams.set('query', query);
  request.raw.url = url.pathname + url.search;
  request.query = { ...given, documentId: undefined, query };
}

/** The document of an id; null after an error was sent. */
function documentOf(id: unknown, query: unknown, reply: FastifyReply, trusted: TrustedDocuments): string | null {
  if (typeof id !== 'string' || query !== undefined) {
    sendError(reply, 422, 'Expected either query or documentId, each a string');
    return null;
  }
  const found = trusted.find(id);
  if (found === undefined)
    sendError(reply, 404, `No document has the id ${JSON.stringify(id.slice(0, 100))}`, 'NOT_FOUND');
  return found ?? null;
}
