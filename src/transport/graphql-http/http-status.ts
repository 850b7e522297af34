/**
 * The status and the media type of responses: GraphQL over HTTP, September 2026 ("Status Codes", "Body"), or the draft
 * before it. Apollo Server implements an older draft; what differs is corrected here.
 */
import type { FastifyReply } from 'fastify';

export type HttpSpec = '2026' | 'draft';

const RESPONSE_JSON = 'application/graphql-response+json';
const JSON_TYPE = 'application/json';

/** The status of a response with data and errors, and its reason phrase, which Node does not know. */
const PARTIAL_SUCCESS = 294;
const PARTIAL_SUCCESS_PHRASE = 'Partial Success';

/** Errors of a well-formed request that was not executed: its document, its operation or its variables. */
const REQUEST_ERRORS: ReadonlySet<string> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'BAD_USER_INPUT',
  'LIMIT_EXCEEDED',
]);

/** A response before it is sent. */
export interface GraphQLResponse {
  /** The status that Apollo Server or the executor chose. */
  readonly status: number;
  /** Whether there are errors. */
  readonly hasErrors: boolean;
  readonly body: string;
}

/** Creates the function that sets the status and the media type of a reply by a specification. */
export function createStatusRules(spec: HttpSpec): (reply: FastifyReply, response: GraphQLResponse) => void {
  return spec === '2026' ? applyReleased : applyDraft;
}

function applyReleased(reply: FastifyReply, { status, hasErrors, body }: GraphQLResponse): void {
  if (status === 200 && !hasErrors) return;
  const isResponseJson = mediaTypeOf(reply) === RESPONSE_JSON;
  if (status === 200 && hasData(body)) {
    if (!isResponseJson) return;
    reply.raw.statusMessage = PARTIAL_SUCCESS_PHRASE;
    reply.code(PARTIAL_SUCCESS);
    return;
  }
  reply.code(isUnprocessable(status, firstError(body)) ? 422 : status);
  // a client that reads application/json only trusts it in a 2xx response: this type says that the error is GraphQL's
  reply.header('content-type', `${RESPONSE_JSON}; charset=utf-8`);
}

/** 200 for well-formed requests with application/json, whatever became of them. */
function applyDraft(reply: FastifyReply, { status, body }: GraphQLResponse): void {
  if (status !== 400 || mediaTypeOf(reply) !== JSON_TYPE) return;
  if (REQUEST_ERRORS.has(firstError(body).code)) reply.code(200);
}

interface FirstError {
  readonly code: string;
  readonly message: string;
}

/** Whether a request can be read, but not executed: everything that Apollo Server calls 400, but text that does not parse. */
function isUnprocessable(status: number, { code, message }: FirstError): boolean {
  if (status === 200) return true;
  if (status !== 400 || code === 'GRAPHQL_PARSE_FAILED') return false;
  // a request that another site may have made the browser send is not read at all
  return !message.includes('Cross-Site Request Forgery');
}

function mediaTypeOf(reply: FastifyReply): string {
  return String(reply.getHeader('content-type') ?? '')
    .split(';', 1)[0]
    ?.trim() as string;
}

function hasData(body: string): boolean {
  return 'data' in (JSON.parse(body) as object);
}

function firstError(body: string): FirstError {
  const { errors } = JSON.parse(body) as { errors?: { message?: string; extensions?: { code?: string } }[] };
  return { code: errors?.[0]?.extensions?.code ?? '', message: errors?.[0]?.message ?? '' };
}
