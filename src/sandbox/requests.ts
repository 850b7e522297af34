import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Cloud, ServiceName } from './cloud.ts';
import { type ActiveFault, breakConnection, type Fault, findFault, sendFault } from './faults.ts';
import { later, notify } from './work.ts';

const MAX_REQUESTS = 10_000;

/** A received request, for tests that count and compare. */
export interface RecordedRequest {
  readonly service: ServiceName;
  readonly method: string;
  /** Without `/identity/v3`, `/compute/v2.1` or `/share/v2`, and without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  /** Status of the response; 0 before it, and if there is none. */
  readonly status: number;
  /** The X-Openstack-Request-Id that the caller sent. */
  readonly requestId: string | null;
  /** As requested: `2.96`. */
  readonly microversion: string | null;
}

interface Waiting {
  fits: (request: RecordedRequest) => boolean;
  resolve: (request: RecordedRequest) => void;
}

/** The received requests, and the faults for those to come. */
export interface Recorder {
  readonly requests: RecordedRequest[];
  readonly waiting: Set<Waiting>;
  readonly faults: Set<ActiveFault>;
  readonly down: Set<ServiceName>;
}

/** A recorder without requests and faults. */
export function makeRecorder(): Recorder {
  return { requests: [], waiting: new Set(), faults: new Set(), down: new Set() };
}

const PREFIXES: readonly (readonly [ServiceName, root: string, version: string])[] = [
  ['keystone', '/identity', '/v3'],
  ['nova', '/compute', '/v2.1'],
  ['manila', '/share', '/v2'],
];

/** Records every request as it arrives, and applies the faults. */
export function watchRequests(app: FastifyInstance, cloud: Cloud, recorder: Recorder, log?: Logger): void {
  const faultOf = new WeakMap<FastifyRequest, Fault>();
  const recordOf = new WeakMap<FastifyRequest, { -readonly [K in keyof RecordedRequest]: RecordedRequest[K] }>();
  app.addHook('onRequest', (request, reply, next) => {
    const record = describe(request);
    if (!record) return next();
    keep(recorder, record);
    recordOf.set(request, record);
    const fault = recorder.down.has(record.service)
      ? ({ service: record.service, kind: 'reset' } as const)
      : findFault(recorder.faults, record.service, record.method, record.path);
    if (fault) faultOf.set(request, fault);
    meet(cloud, fault, request, reply, next);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const record = recordOf.get(request);
    if (faultOf.get(request)?.kind === 'lose_reply') request.raw.socket.destroy();
    else if (record) record.status = reply.statusCode;
    log?.debug({ ...record }, 'sandbox request');
    notify(cloud);
    return payload;
  });
}

function meet(cloud: Cloud, fault: Fault | null, request: FastifyRequest, reply: FastifyReply, next: () => void): void {
  if (fault?.kind === 'reset') breakConnection(request, reply);
  else if (fault?.kind === 'hang') reply.hijack();
  else if (fault?.kind === 'status' || fault?.kind === 'html') sendFault(fault, reply);
  else if (fault?.kind === 'delay') later(cloud, fault.delayMs ?? cloud.stepMs, next);
  else next();
}

function describe(request: FastifyRequest): RecordedRequest | null {
  const [path = '/'] = request.url.split('?');
  const found = PREFIXES.find(([, root]) => path === root || path.startsWith(`${root}/`));
  if (!found) return null;
  const [service, root, version] = found;
  const prefix = root + version;
  const isVersioned = path === prefix || path.startsWith(`${prefix}/`);
  const { headers } = request;
  return {
    service,
    method: request.method,
    path: isVersioned ? path.slice(prefix.length) || '/' : path,
    query: { ...(request.query as RecordedRequest['query']) },
    status: 0,
    requestId: first(headers['x-openstack-request-id']),
    microversion:
      first(headers['x-openstack-manila-api-version'] ?? headers['openstack-api-version'])?.replace(/^compute /, '') ??
      null,
  };
}

function keep(recorder: Recorder, record: RecordedRequest): void {
  recorder.requests.push(record);
  if (recorder.requests.length > MAX_REQUESTS) recorder.requests.shift();
  for (const waiting of [...recorder.waiting]) {
    if (!waiting.fits(record)) continue;
    recorder.waiting.delete(waiting);
    waiting.resolve(record);
  }
}

function first(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}
