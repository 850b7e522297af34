import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface RestResponse {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a response has the shape of its path
  body: any;
}

export interface RestCall {
  method?: string;
  token?: string | null;
  headers?: Record<string, string>;
  /** An object goes as JSON; a text or bytes as they are. */
  body?: unknown;
}

/** A request whose path goes out as it is written: `fetch` would tidy it up first. */
export async function callRest(origin: string, path: string, call: RestCall = {}): Promise<RestResponse> {
  const { hostname, port } = new URL(origin);
  const { method = 'GET', token, body, headers = {} } = call;
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
  const payload = body === undefined ? undefined : isRaw ? body : JSON.stringify(body);
  return await new Promise((resolve, reject) => {
    const request = httpRequest({
      hostname,
      port,
      path,
      method,
      headers: {
        ...(token ? { 'x-auth-token': token } : {}),
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...(payload === undefined ? {} : { 'content-length': String(Buffer.byteLength(payload)) }),
        ...headers,
      },
    });
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parse(text) });
      });
    });
    request.end(payload);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
