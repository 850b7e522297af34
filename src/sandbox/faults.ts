import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServiceName } from './cloud.ts';

/** What goes wrong with the requests that it fits. */
export interface Fault {
  service: ServiceName;
  method?: string;
  /** Tried on the path without the service's prefix, as `requests` shows it. */
  path?: RegExp;
  /** For how many requests; without it until removed. */
  times?: number;
  /**
   * `status`: an answer instead of the work (503 by default). `html`: a proxy's 502 page. `reset`: the connection breaks
   * before any work. `lose_reply`: the work is done, then the connection breaks. `hang`: no answer at all, ever.
   * `delay`: the work, `delayMs` later.
   */
  kind: 'status' | 'html' | 'reset' | 'lose_reply' | 'hang' | 'delay';
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
  delayMs?: number;
}

/** A fault in place. */
export interface FaultHandle {
  /** How many requests it met. */
  readonly hits: number;
  remove(): void;
}

/** A fault in place, as the sandbox keeps it. */
export interface ActiveFault {
  readonly fault: Fault;
  hits: number;
}

/** The first fault that fits a request; it counts as met. */
export function meetFault(faults: Set<ActiveFault>, service: ServiceName, method: string, path: string): Fault | null {
  for (const active of faults) {
    const { fault } = active;
    const fits = fault.service === service && (fault.method ?? method) === method && (fault.path?.test(path) ?? true);
    if (!fits || active.hits >= (fault.times ?? Number.POSITIVE_INFINITY)) continue;
    active.hits += 1;
    return fault;
  }
  return null;
}

/** Breaks the connection: the peer sees a reset, or an end before any answer. */
export function breakConnection(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  request.raw.socket.destroy();
}

const PAGE =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n';

/** Answers in place of the service. */
export function answerFault(fault: Fault, reply: FastifyReply): FastifyReply {
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
