import type { Fetcher, FetcherParams } from '@graphiql/toolkit';
import { type ExecutionResult, getOperationAST, parse } from 'graphql';
import type { Listeners } from './listening.ts';

/** The gateway's one path, for HTTP and WebSocket. */
const PATH = '/graphql';
const DEADLINE_MS = 60_000;

const problem = (message: string): ExecutionResult => ({ errors: [{ message } as never] });

/** The caller's headers: the token of the box, unless the headers editor has one. Header names are case-insensitive. */
function credentials(token: string, typed: Record<string, unknown> = {}): Record<string, string> {
  const headers: Record<string, string> = token ? { 'X-Auth-Token': token } : {};
  for (const [name, value] of Object.entries(typed)) {
    headers[name.toLowerCase() === 'x-auth-token' ? 'X-Auth-Token' : name] = String(value);
  }
  return headers;
}

/** Posts one operation. Never throws: what went wrong on the way is an error in the result, for the reader of the page. */
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
    if (!isJson) return problem(`Expected JSON from the gateway, got HTTP ${response.status} ${response.statusText}`);
    return (await response.json()) as ExecutionResult;
  } catch (cause) {
    return problem(`The gateway did not answer: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** Right after a change of tabs GraphiQL still names the other tab's operation: such a name is dropped. */
function operationOf({ query, operationName }: FetcherParams) {
  try {
    const document = parse(query);
    const named = getOperationAST(document, operationName);
    return named ?? getOperationAST(document);
  } catch {
    return null; // the gateway says better what is wrong with it
  }
}

/** What GraphiQL sends operations with: subscriptions over WebSocket, everything else over HTTP, both with the token. */
export function makeFetcher(token: string, listeners: Listeners): Fetcher {
  return (params, { headers: typed } = {}) => {
    const headers = credentials(token, typed);
    if (!headers['X-Auth-Token']) {
      return problem(
        'No token yet. Put a Keystone token into the box at the top (openstack token issue -f value -c id).',
      );
    }
    const operation = operationOf(params);
    const sent = operation ? { ...params, operationName: operation.name?.value ?? null } : params;
    return operation?.operation === 'subscription' ? listeners.listen(sent, headers) : post(sent, headers);
  };
}
