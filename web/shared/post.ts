const DEADLINE_MS = 60_000;

/** An error of the gateway, as every response has it. */
export interface ApiError {
  readonly message: string;
  readonly extensions?: {
    readonly code?: string;
    readonly requestId?: string;
    readonly openstackRequestId?: string;
  };
}

/** A response of the gateway. `isAway`: the gateway did not respond, or a proxy did instead. */
export interface ApiResponse {
  readonly data?: unknown;
  readonly errors?: readonly ApiError[];
  readonly isAway?: boolean;
}

const away = (message: string): ApiResponse => ({ errors: [{ message }], isAway: true });

/** Posts JSON to the gateway. Never throws: a failure of the request is an error in the response. */
export async function postJson(url: string, body: object, headers: Record<string, string>): Promise<ApiResponse> {
  const accept = 'application/graphql-response+json, application/json;q=0.9';
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const isJson = response.headers.get('content-type')?.includes('json');
    if (!isJson) return away(`Expected JSON from the gateway, got HTTP ${response.status} ${response.statusText}`);
    return (await response.json()) as ApiResponse;
  } catch (cause) {
    return away(`The gateway did not respond: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
