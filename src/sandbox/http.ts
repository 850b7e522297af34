import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { ServiceName, Token } from './cloud.ts';
import { newRequestId } from './ids.ts';

export type Query = Readonly<Record<string, string | readonly string[]>>;
export type Json = Record<string, unknown>;
type Headers = Record<string, string | string[]>;

/** A request as a handler sees it: who asks, in which microversion, for what. */
export interface Call {
  readonly token: Token;
  /** The minor number of the microversion; 0 where a service has none. */
  readonly version: number;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: unknown;
  readonly headers: FastifyRequest['headers'];
  /** `http://host:port`, as the caller wrote it, for the links in answers. */
  readonly origin: string;
  /** The id that the answer carries. */
  readonly requestId: string;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Headers;
  readonly contentType?: string;
}

export interface Route {
  readonly method: HTTPMethods | HTTPMethods[];
  readonly path: string;
  readonly handle: (call: Call) => Answer;
  /** Minor versions between which the route exists. */
  readonly from?: number;
  /** Needs no token. */
  readonly isOpen?: boolean;
  /** Answered before the service's own pipeline, which gives out request ids. */
  readonly isOutside?: boolean;
}

/** What differs between the services: how a request is let in, and how a refusal looks. */
export interface Door {
  readonly service: ServiceName;
  readonly prefix: string;
  readonly routes: readonly Route[];
  /** Judges token and version, in the service's order; puts into `out` the headers that even a refusal carries. */
  readonly admit: (request: FastifyRequest, route: Route, out: Headers) => { token: Token; version: number };
  readonly refuse: (refusal: Refusal) => Answer;
  /** Headers for the answer's own request id; not every service has them where the middleware refuses. */
  readonly identify: (requestId: string, refusal?: Refusal) => Headers;
  /** The route is not in this version. */
  readonly missing: () => Refusal;
}

/** A service says no. `faultName` is the key of the body in Nova and Manila; `isFromMiddleware` marks keystonemiddleware's own shape. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly faultName: string,
    message: string,
    readonly headers: Headers = {},
    readonly isFromMiddleware = false,
  ) {
    super(message);
    this.name = 'Refusal';
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

/** Puts a service's routes under its prefix. Paths that it does not know get routes' HTML 404, as in the real ones. */
export function mount(app: FastifyInstance, door: Door): void {
  app.register(
    async (scope) => {
      for (const route of door.routes) {
        scope.route({
          method: route.method,
          url: route.path,
          handler: (request, reply) => send(reply, serve(door, route, request)),
        });
      }
      scope.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
        const isUnreadable = (error.statusCode ?? 500) < 500;
        const refusal = isUnreadable
          ? new Refusal(400, 'badRequest', 'Malformed request body')
          : new Refusal(
              500,
              'computeFault',
              'The server has either erred or is incapable of performing the requested operation.',
            );
        return send(reply, door.refuse(refusal));
      });
      scope.setNotFoundHandler((_request, reply) =>
        send(reply, { status: 404, body: HTML_404, contentType: 'text/html; charset=UTF-8' }),
      );
    },
    { prefix: door.prefix },
  );
}

function serve(door: Door, route: Route, request: FastifyRequest): Answer {
  const requestId = newRequestId();
  const out: Headers = {};
  try {
    const { token, version } = door.admit(request, route, out);
    if (version < (route.from ?? 0)) throw door.missing();
    const answer = route.handle({
      token,
      version,
      params: request.params as Record<string, string>,
      query: request.query as Query,
      body: request.body,
      headers: request.headers,
      origin: `http://${request.headers.host ?? 'localhost'}`,
      requestId,
    });
    const identity = route.isOutside ? {} : door.identify(requestId);
    return { ...answer, headers: { ...out, ...identity, ...answer.headers } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const answer = door.refuse(error);
    return { ...answer, headers: { ...out, ...door.identify(requestId, error), ...answer.headers, ...error.headers } };
  }
}

/** Sends bytes, not objects: the framework would add a charset that OpenStack does not send. */
function send(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.code(answer.status).headers(answer.headers ?? {});
  if (answer.body === undefined || answer.body === null) {
    if (answer.contentType) reply.header('content-type', answer.contentType);
    return reply.send();
  }
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  return reply.header('content-type', answer.contentType ?? 'application/json').send(Buffer.from(text));
}

/** One value of a query parameter: the last, where it is repeated. */
export function one(query: Query, name: string): string | undefined {
  const value = query[name];
  return typeof value === 'string' || value === undefined ? value : value.at(-1);
}

/** All values of a query parameter. */
export function all(query: Query, name: string): readonly string[] {
  const value = query[name];
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

/** The object under a key of a body, or null where there is none. */
export function objectIn(body: unknown, key: string): Json | null {
  if (!isObject(body)) return null;
  const value = body[key];
  return isObject(value) ? value : null;
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
