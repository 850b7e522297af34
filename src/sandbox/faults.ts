import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServiceName } from './cloud.ts';

/** A fault that the sandbox injects into matching requests. */
export interface Fault {
  service: ServiceName;
  method?: string;
  /** Matched against the path without the service's prefix, as in `requests`. */
  path?: RegExp;
  /** Number of requests; by default until it is removed. */
  times?: number;
  /**
   * `status`: an error response instead of the work (503 by default). `html`: a proxy's 502 page. `reset`: the connection breaks
   * before any work. `lose_reply`: the work is done, then the connection breaks. `hang`: no response, ever.
   * `delay`: the work, `delayMs` later.
   */
  kind: 'status' | 'html' | 'reset' | 'lose_reply' | 'hang' | 'delay';
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
  delayMs?: number;
}

/** An injected fault. */
export interface FaultHandle {
  /** Number of requests that it affected. */
  readonly hits: number;
  remove(): void;
}

/** An injected fault, as the sandbox stores it. */
export interface ActiveFault {
  readonly fault: Fault;
  hits: number;
}

/** Returns the first fault that matches a request, and counts the request. */
export function findFault(faults: Set<ActiveFault>, service: ServiceName, method: string, path: string): Fault | null {
  for (const active of faults) {
    const { fault } = active;
    const fits = fault.service === service && (fault.method ?? method) === method && (fault.path?.test(path) ?? true);
    if (!fits || active.hits >= (fault.times ?? Number.POSITIVE_INFINITY)) continue;
    active.hits += 1;
    return fault;
  }
  return null;
}

/** Breaks the connection: the client sees a reset, or an end before any response. */
export function breakConnection(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  request.raw.socket.destroy();
}

const PAGE =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n';

/** Sends the fault's response in place of the service's. */
export function sendFault(fault: Fault, reply: FastifyReply): FastifyReply {
  const isHtml = fault.kind === 'html';
  const status = fault.status ?? (isHtml ? 502 : 503);
  const fallback = isHtml ? PAGE : { computeFault: { code: status, message: 'Injected by a test.' } };
  const body = fault.body ?? fallback;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = isHtml ? 'text/html' : 'application/json';
  return reply
    .code(status)
    .headers({ 'content-type': type, ...fault.headers })
    .send(Buffer.from(text));
}
