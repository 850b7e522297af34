import type { FastifyReply, FastifyRequest } from 'fastify';
import { type DocumentNode, GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';
import { operationOf } from '../../graphql/execution/execute.ts';
import { stringifyResult } from '../../graphql/execution/shared-execution.ts';
import type { TransportOptions } from '../options.ts';
import { startRequestDeadline } from '../patience.ts';
import { authenticateRequest, type PreparedOperation, runOperation, statusAndHeaders } from './operation.ts';

/** How many documents are known by their text, and how many characters all of them may have. */
const DOCUMENTS = { max: 1000, maxSize: 1_048_576 };
/** How many pairs of Content-Type and Accept are remembered, and how long one may be. */
const MAX_HEADS = 100;
const LONGEST_HEAD = 500;

interface FastPathEntry extends PreparedOperation {
  readonly mediaType: string;
}

/**
 * The short way for a request that says nothing new: POST, a document and headers that Apollo Server has answered with 200
 * before. Everything else, and everything that is wrong, goes through Apollo Server, which reads requests as the
 * specification wants; what it answers, this answers. What Apollo Server looks at and this does not: headers that only
 * count with a Content-Type of a form (CSRF prevention), and properties of the body that it ignores too.
 */
export function createFastPath(options: TransportOptions) {
  const { config, executor } = options;
  const mediaTypes = new LRUCache<string, string>({ max: MAX_HEADS });
  const documents = new LRUCache<string, DocumentNode>({ ...DOCUMENTS, sizeCalculation: (_, source) => source.length });

  function find({ method, headers, body }: FastifyRequest): FastPathEntry | null {
    if (method !== 'POST' || !isRecord(body)) return null;
    const { query, operationName, variables, ...more } = body;
    if (typeof query !== 'string' || Object.keys(more).length > 0) return null;
    if (!isMissing(operationName) && typeof operationName !== 'string') return null;
    if (!isMissing(variables) && !isRecord(variables)) return null;
    const mediaType = mediaTypes.get(requestKey(headers));
    const document = documents.get(query);
    if (mediaType === undefined || document === undefined) return null;
    const operation = operationOf(document, operationName);
    if (!operation || operation.operation === 'subscription') return null;
    return {
      document,
      operation,
      operationName: operationName ?? undefined,
      variables: variables ?? undefined,
      mediaType,
    };
  }

  async function answer(known: FastPathEntry, request: FastifyRequest, reply: FastifyReply): Promise<string> {
    reply.header('content-type', known.mediaType);
    const patience = startRequestDeadline(config.REQUEST_TIMEOUT_MS);
    try {
      const visit = await authenticateRequest(options, request, patience);
      const { status, errors, data } = await runOperation(options, visit, known);
      reply.code(status);
      return stringifyResult({ errors, data });
    } catch (refusal) {
      if (!(refusal instanceof GraphQLError)) throw refusal;
      const { status, headers } = statusAndHeaders(refusal);
      for (const [name, value] of headers) reply.header(name, value);
      reply.code(status);
      return JSON.stringify({ errors: [refusal] });
    } finally {
      patience.end();
    }
  }

  return {
    /** The answer's body; null when the request is not to be answered here. */
    answer(request: FastifyRequest, reply: FastifyReply): Promise<string> | null {
      const known = find(request);
      return known && answer(known, request, reply);
    },
    /** To be told of each answer of Apollo Server: that it took the document, and how it read the headers. */
    learn({ method, headers, body }: FastifyRequest, reply: FastifyReply): void {
      const mediaType = reply.getHeader('content-type');
      if (reply.statusCode !== 200 || typeof mediaType !== 'string' || method !== 'POST' || !isRecord(body)) return;
      const head = requestKey(headers);
      const document = typeof body.query === 'string' ? executor.documents.find(body.query) : undefined;
      if (!document || head.length > LONGEST_HEAD) return;
      mediaTypes.set(head, mediaType);
      documents.set(body.query as string, document);
    },
  };
}

/** What of the headers decides whether and in which media type a POST is answered. */
function requestKey(headers: FastifyRequest['headers']): string {
  return `${headers['content-type']}\n${headers.accept ?? ''}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMissing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
