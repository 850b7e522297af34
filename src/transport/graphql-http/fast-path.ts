import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import { operationOf } from '../../graphql/execution/execute.ts';
import { stringifyResult } from '../../graphql/execution/shared-execution.ts';
import type { GraphQLTransportOptions } from '../graphql.ts';
import { authenticateRequest, type PreparedOperation, RejectedRequest, runOperation } from './operation.ts';

/** How many documents are cached by their text, and how many characters all of them may have. */
const DOCUMENTS = { max: 1000, maxSize: 1_048_576 };
/** How many pairs of Content-Type and Accept are cached, and how long one may be, in characters. */
const MAX_HEADERS = 100;
const LONGEST_HEADERS = 500;

interface FastPathOperation extends PreparedOperation {
  readonly mediaType: string;
}

/**
 * Answers repeated requests without Apollo Server: POST, a document and headers that Apollo Server has answered with 200
 * before. It halves the CPU of a small request (0.53 × on `{ __typename }`, 0.86 × on 50 servers: `npm run bench -- tiny
 * list`). Every other request, and every invalid one, goes through Apollo Server, which implements GraphQL over HTTP; the
 * response is the same to the byte. Apollo Server also checks headers that only matter for a form's Content-Type (CSRF
 * prevention), and ignores unknown properties of the body; the fast path leaves both to it.
 */
export function createFastPath(options: GraphQLTransportOptions) {
  const { config, executor } = options;
  const mediaTypes = new LRUCache<string, string>({ max: MAX_HEADERS });
  const documents = new LRUCache<string, DocumentNode>({ ...DOCUMENTS, sizeCalculation: (_, source) => source.length });

  function find({ method, headers, body }: FastifyRequest): FastPathOperation | null {
    if (config.TRUSTED_ONLY || method !== 'POST' || !isRecord(body)) return null;
    const { query, operationName, variables, ...more } = body;
    if (typeof query !== 'string' || Object.keys(more).length > 0) return null;
    if (!isMissing(operationName) && typeof operationName !== 'string') return null;
    if (!isMissing(variables) && !isRecord(variables)) return null;
    const mediaType = mediaTypes.get(headersKey(headers));
    const document = documents.get(query);
    if (mediaType === undefined || document === undefined) return null;
    const operation = operationOf(document, operationName || null);
    if (!operation || operation.operation === 'subscription') return null;
    return {
      document,
      operation,
      // the empty text is no name (GraphQL over HTTP, GET)
      operationName: operationName || undefined,
      variables: variables ?? undefined,
      mediaType,
    };
  }

  async function respond(found: FastPathOperation, request: FastifyRequest, reply: FastifyReply): Promise<string> {
    reply.header('content-type', found.mediaType);
    try {
      const authenticated = await authenticateRequest(options, request, reply);
      try {
        const { status, errors, data } = await runOperation(options, authenticated, found);
        reply.code(status);
        return stringifyResult({ errors, data });
      } finally {
        authenticated.end();
      }
    } catch (rejected) {
      if (!(rejected instanceof RejectedRequest)) throw rejected;
      const { error, status, headers } = rejected;
      for (const [name, value] of headers) reply.header(name, value);
      reply.code(status);
      return JSON.stringify({ errors: [error] });
    }
  }

  return {
    /** The response's body; null when the request has to go through Apollo Server. */
    respond(request: FastifyRequest, reply: FastifyReply): Promise<string> | null {
      const found = find(request);
      return found && respond(found, request, reply);
    },
    /** Remembers the document and the headers of a request that Apollo Server has answered. */
    remember({ method, headers, body }: FastifyRequest, reply: FastifyReply): void {
      const mediaType = reply.getHeader('content-type');
      if (reply.statusCode !== 200 || typeof mediaType !== 'string' || method !== 'POST' || !isRecord(body)) return;
      const key = headersKey(headers);
      const document = typeof body.query === 'string' ? executor.documents.find(body.query) : undefined;
      if (!document || key.length > LONGEST_HEADERS) return;
      mediaTypes.set(key, mediaType);
      documents.set(body.query as string, document);
    },
  };
}

/** The headers that decide whether a POST is answered, and in which media type. */
function headersKey(headers: FastifyRequest['headers']): string {
  return `${headers['content-type']}\n${headers.accept ?? ''}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMissing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
