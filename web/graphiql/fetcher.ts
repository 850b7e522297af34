import type { Fetcher, FetcherParams } from '@graphiql/toolkit';
import { type ExecutionResult, getOperationAST, parse } from 'graphql';
import type { TabSubscriptions } from './subscriptions.ts';

/** The page's own path, for HTTP and WebSocket: `/graphql`, below the prefix of a proxy. */
export const PATH = location.pathname;
const DEADLINE_MS = 60_000;

const errorResult = (message: string): ExecutionResult => ({ errors: [{ message } as never] });

/** The request's headers: the token of the token box, unless the headers editor has one. Header names are case-insensitive. */
function headersOf(token: string, edited: Record<string, unknown> = {}): Record<string, string> {
  const headers: Record<string, string> = token ? { 'X-Auth-Token': token } : {};
  for (const [name, value] of Object.entries(edited)) {
    headers[name.toLowerCase() === 'x-auth-token' ? 'X-Auth-Token' : name] = String(value);
  }
  return headers;
}

/** Posts one operation. Never throws: a failure of the request is an error in the result, which the page shows. */
export async function post(params: FetcherParams, headers: Record<string, string>): Promise<ExecutionResult> {
  const accept = 'application/graphql-response+json, application/json;q=0.9';
  try {
    const response = await fetch(PATH, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept },
      body: JSON.stringify(params),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const isJson = response.headers.get('content-type')?.includes('json');
    if (!isJson)
      return errorResult(`Expected JSON from the gateway, got HTTP ${response.status} ${response.statusText}`);
    return (await response.json()) as ExecutionResult;
  } catch (cause) {
    return errorResult(`The gateway did not respond: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** The operation to execute. Right after a change of tabs GraphiQL still passes the name of the other tab's operation: it is ignored. */
function operationOf({ query, operationName }: FetcherParams) {
  try {
    const document = parse(query);
    const named = getOperationAST(document, operationName);
    return named ?? getOperationAST(document);
  } catch {
    return null; // the gateway's error for it is more precise
  }
}

/** What a result says of the token or the gateway, for the header: null when both are well. */
function problemOf({ errors = [] }: ExecutionResult): string | null {
  const [first] = errors;
  if (!first || (first.extensions && first.extensions['code'] !== 'UNAUTHENTICATED')) return null;
  return first.message;
}

/**
 * GraphiQL's fetcher: sends subscriptions over WebSocket and everything else over HTTP, both with the token. After each
 * operation over HTTP it reports whether the token is still accepted and the gateway responds.
 */
export function createFetcher(
  token: string,
  subscriptions: TabSubscriptions,
  onProblem: (problem: string | null) => void,
): Fetcher {
  const postAndReport = async (params: FetcherParams, headers: Record<string, string>) => {
    const result = await post(params, headers);
    onProblem(problemOf(result));
    return result;
  };
  return (params, { headers: edited } = {}) => {
    const headers = headersOf(token, edited);
    if (!headers['X-Auth-Token']) {
      return errorResult(
        'No token. Enter a Keystone token at the top of the page (openstack token issue -f value -c id).',
      );
    }
    const operation = operationOf(params);
    const sent = operation ? { ...params, operationName: operation.name?.value ?? null } : params;
    return operation?.operation === 'subscription'
      ? subscriptions.subscribe(sent, headers)
      : postAndReport(sent, headers);
  };
}
