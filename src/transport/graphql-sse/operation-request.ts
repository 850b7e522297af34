import type { FastifyRequest } from 'fastify';

/** The parameters of a request that may be a subscription. */
export interface OperationRequest {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Record<string, unknown> | null;
}

/**
 * Reads the parameters of a POST or GET; null when they are malformed or cannot be a subscription: then GraphQL over HTTP
 * answers.
 */
export function readOperation({ method, body, query: inUrl }: FastifyRequest): OperationRequest | null {
  const given = (method === 'POST' ? body : inUrl) as Record<string, unknown> | null | undefined;
  if (typeof given !== 'object' || given === null) return null;
  const { query, operationName = null } = given;
  if (typeof query !== 'string' || !/\bsubscription\b/.test(query)) return null;
  if (operationName !== null && typeof operationName !== 'string') return null;
  const variables = readVariables(given.variables);
  return variables === undefined ? null : { query, operationName: operationName || null, variables };
}

/** Undefined for anything but an object, as such or as JSON, and nothing. */
function readVariables(given: unknown): Record<string, unknown> | null | undefined {
  if (given === undefined || given === null || given === '') return null;
  if (typeof given !== 'string') return isRecord(given) ? given : undefined;
  try {
    const parsed: unknown = JSON.parse(given);
    if (parsed === null) return null;
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
