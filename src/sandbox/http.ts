import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { ServiceName, Token } from './cloud.ts';
import { newRequestId } from './ids.ts';

export type Query = Readonly<Record<string, string | readonly string[]>>;
export type Json = Record<string, unknown>;
type Headers = Record<string, string | string[]>;

/** A request as a handler receives it, with its token and microversion. */
export interface Call {
  readonly token: Token;
  /** The minor number of the microversion; 0 for a service without microversions. */
  readonly version: number;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: unknown;
  readonly headers: FastifyRequest['headers'];
  /** `http://host:port` as in the request, for the links in responses. */
  readonly origin: string;
  /** The request id in the response. */
  readonly requestId: string;
}

export interface ApiResponse {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Headers;
  readonly contentType?: string;
}

export interface Route {
  readonly method: HTTPMethods | HTTPMethods[];
  readonly path: string;
  readonly handle: (call: Call) => ApiResponse;
  /** The minor version that added the route. */
  readonly from?: number;
  /** Needs no token. */
  readonly isOpen?: boolean;
  /** Handled before the service's pipeline, which adds request ids. */
  readonly isBeforePipeline?: boolean;
}

/** An OpenStack service: its routes, how it authenticates a request, and what its errors look like. */
export interface ServiceApi {
  readonly service: ServiceName;
  readonly prefix: string;
  readonly routes: readonly Route[];
  /** Checks token and microversion in the service's order; adds to `out` the headers that errors have too. */
  readonly authenticate: (request: FastifyRequest, route: Route, out: Headers) => { token: Token; version: number };
  readonly errorResponse: (error: ApiError) => ApiResponse;
  /** The headers with the request id; not every service sends them with an error of the middleware. */
  readonly requestIdHeaders: (requestId: string, error?: ApiError) => Headers;
  /** The error for a route that the microversion does not have. */
  readonly notInVersion: () => ApiError;
}

/** An error response of a service. `faultName` is the key of the body in Nova and Manila; `isFromMiddleware`: in the form of keystonemiddleware. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly faultName: string,
    message: string,
    readonly headers: Headers = {},
    readonly isFromMiddleware = false,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

const HTML_404 = `<html>
 <head>
  <title>404 Not Found</title>
 </head>
 <body>
  <h1>404 Not Found</h1>
  The resource could not be found.<br /><br />



 </body>
</html>
`;

/** Registers a service's routes under its prefix. Unknown paths get the HTML 404 of the real services. */
export function mount(app: FastifyInstance, api: ServiceApi): void {
  app.register(
    async (scope) => {
      for (const route of api.routes) {
        scope.route({
          method: route.method,
          url: route.path,
          handler: (request, reply) => send(reply, serve(api, route, request)),
        });
      }
      scope.setErrorHandler((thrown: { statusCode?: number }, _request, reply) => {
        const isUnreadable = (thrown.statusCode ?? 500) < 500;
        const error = isUnreadable
          ? new ApiError(400, 'badRequest', 'Malformed request body')
          : new ApiError(
              500,
              'computeFault',
              'The server has either erred or is incapable of performing the requested operation.',
            );
        return send(reply, api.errorResponse(error));
      });
      scope.setNotFoundHandler((_request, reply) =>
        send(reply, { status: 404, body: HTML_404, contentType: 'text/html; charset=UTF-8' }),
      );
    },
    { prefix: api.prefix },
  );
}

function serve(api: ServiceApi, route: Route, request: FastifyRequest): ApiResponse {
  const requestId = newRequestId();
  const out: Headers = {};
  try {
    const { token, version } = api.authenticate(request, route, out);
    if (version < (route.from ?? 0)) throw api.notInVersion();
    const response = route.handle({
      token,
      version,
      params: request.params as Record<string, string>,
      query: request.query as Query,
      body: request.body,
      headers: request.headers,
      origin: `http://${request.headers.host ?? 'localhost'}`,
      requestId,
    });
    const requestIds = route.isBeforePipeline ? {} : api.requestIdHeaders(requestId);
    return { ...response, headers: { ...out, ...requestIds, ...response.headers } };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const response = api.errorResponse(error);
    const headers = { ...out, ...api.requestIdHeaders(requestId, error), ...response.headers, ...error.headers };
    return { ...response, headers };
  }
}

/** Sends a response as bytes: for objects the framework would add a charset that OpenStack does not send. */
function send(reply: FastifyReply, response: ApiResponse): FastifyReply {
  reply.code(response.status).headers(response.headers ?? {});
  if (response.body === undefined || response.body === null) {
    if (response.contentType) reply.header('content-type', response.contentType);
    return reply.send();
  }
  const text = typeof response.body === 'string' ? response.body : JSON.stringify(response.body);
  return reply.header('content-type', response.contentType ?? 'application/json').send(Buffer.from(text));
}

/** The value of a query parameter; the last one if it is repeated. */
export function one(query: Query, name: string): string | undefined {
  const value = query[name];
  return typeof value === 'string' || value === undefined ? value : value.at(-1);
}

/** All values of a query parameter. */
export function all(query: Query, name: string): readonly string[] {
  const value = query[name];
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

/** The object under a key of a body, or null. */
export function objectIn(body: unknown, key: string): Json | null {
  if (!isObject(body)) return null;
  const value = body[key];
  return isObject(value) ? value : null;
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
